"""How much a story's own deal is worth, and how well that is supported. Pure.

An amount counts where the ledger has it as the amount of a deal whose company is named: never a valuation, a market,
a total raised before, or a number that merely stands in the text. It counts in full when several publishers or the
company itself give it, in a headline; less when one outlet does, further down, of a deal that is not confirmed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from monitor.digest.wording import counted, dollars
from monitor.types import DevelopmentKind, Fact, LedgerRecord, Role, Status, Story, Tag

#: whose deal it is: without one of these an amount is nobody's
WHOSE: dict[str, tuple[str, ...]] = {
    Tag.FUNDING: (Role.RECIPIENT,),
    Tag.ACQUISITION: (Role.TARGET, Role.ACQUIRER),
    Tag.PARTNERSHIP: (Role.PARTNER,),
}
#: by the number of publishers that give it
VOICES = {1: 0.6, 2: 0.85}
BELOW_THE_HEADLINE = 0.6
UNCONFIRMED = 0.5
FIRST_HAND = 3
#: smaller ones say nothing of a deal's weight
LEAST = Decimal(1_000_000)
UNSURE_STEPS = frozenset({DevelopmentKind.RUMOUR, DevelopmentKind.IN_TALKS})


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAmount:
    """USD, how far it is supported (0-1), and that in words."""

    usd: Decimal
    support: float
    words: str

    @property
    def powers(self) -> float:
        """Powers of ten over a million."""
        return max(math.log10(float(self.usd / LEAST)), 0.0)


def own_amount(story: Story) -> OwnAmount | None:
    """The amount of the story's own deal, of several deals the one that weighs most; None where there is none."""
    found = [amount for record in story.records if (amount := _of_record(record, story)) is not None]
    return max(found, key=lambda amount: (amount.powers * amount.support, amount.usd), default=None)


def unconfirmed(story: Story) -> str:
    """Why the event is not sure, in a word: `rumoured`, `in talks`; "" for one that is."""
    steps = sorted(story.developments, key=lambda step: (step.at, step.id or 0))
    if story.status is Status.RUMOURED:
        return "rumoured"
    if steps and steps[-1].kind in UNSURE_STEPS:
        return "in talks" if steps[-1].kind is DevelopmentKind.IN_TALKS else "rumoured"
    return ""


def denied(story: Story) -> bool:
    """Whether the last that was heard of it is that it is off."""
    steps = sorted(story.developments, key=lambda step: (step.at, step.id or 0))
    return bool(steps) and steps[-1].kind is DevelopmentKind.DENIED


def _of_record(record: LedgerRecord, story: Story) -> OwnAmount | None:
    if not any(record.values(field) for field in WHOSE.get(record.kind, ())) or denied(story):
        return None
    known = [fact for fact in record.values(Role.AMOUNT) if fact.usd is not None and fact.usd >= LEAST]
    if not known:
        return None
    # of amounts that contradict each other with equal support the smaller one
    most = max(_voices(fact) for fact in known)
    fact = min((f for f in known if f.by_hand or _voices(f) == most), key=lambda f: (not f.by_hand, f.usd or LEAST))
    assert fact.usd is not None
    support, words = _support(fact, record, story)
    return OwnAmount(usd=fact.usd, support=support, words=", ".join([dollars(fact.usd), *words]))


def _support(fact: Fact, record: LedgerRecord, story: Story) -> tuple[float, list[str]]:
    if fact.by_hand:
        return 1.0, ["set by hand"]
    voices = _voices(fact)
    support, words = VOICES.get(voices, 1.0), [f"from {counted(voices, 'publisher')}"]
    if story.authority >= FIRST_HAND:
        support, words = 1.0, ["first hand"]
    if not any(quote.field == "title" for quote in fact.evidence):
        support *= BELOW_THE_HEADLINE
        words.append("in no headline")
    if record.status is Status.RUMOURED or unconfirmed(story):
        support *= UNCONFIRMED
        words.append("not confirmed")
    return support, words


def _voices(fact: Fact) -> int:
    return max(len({quote.publisher for quote in fact.evidence}), 1)
