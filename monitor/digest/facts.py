"""The facts of a story in words: who, how much, which round, which model; each once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.digest.wording import dollars, listed
from monitor.text import clean_line
from monitor.types import Fact, LedgerRecord, Role

NAME = 60

#: the facts in the order in which they are read, and what they are called: one, several
FACT_WORDS: dict[str, tuple[str, str]] = {
    Role.AMOUNT: ("Amount", "Amounts"),
    Role.ROUND: ("Round", "Rounds"),
    Role.RECIPIENT: ("Company", "Companies"),
    Role.ACQUIRER: ("Buyer", "Buyers"),
    Role.TARGET: ("Target", "Targets"),
    Role.INVESTOR: ("Investor", "Investors"),
    Role.VALUATION: ("Valuation", "Valuations"),
    "stake": ("Stake", "Stakes"),
    Role.MODEL: ("Model", "Models"),
    "family": ("Family", "Families"),
    "version": ("Version", "Versions"),
    "size": ("Size", "Sizes"),
    "licence": ("Licence", "Licences"),
    Role.PRODUCT: ("Product", "Products"),
    Role.DEVELOPER: ("By", "By"),
    Role.PARTNER: ("Partner", "Partners"),
}
#: several values of these belong together; of all others the second is a contradiction
PLURAL = frozenset({Role.INVESTOR, Role.PARTNER, Role.MODEL, Role.PRODUCT, Role.TARGET, Role.ACQUIRER, Role.DEVELOPER})


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """`Amount`, `€15M (about $16.3M)`."""

    label: str
    value: str
    #: what other entries said
    also: str = ""


def facts(records: Sequence[LedgerRecord]) -> tuple[FactView, ...]:
    """Who, how much, which round, which model: of all records of a story, each once."""
    by_field: dict[str, list[Fact]] = {}
    for record in records:
        for fact in record.facts:
            known = by_field.setdefault(fact.field, [])
            if all(fact.value.casefold() != other.value.casefold() for other in known):
                known.append(fact)
    _leave_out_what_is_said(by_field)
    shown = [_fact(name, words, by_field[name]) for name, words in FACT_WORDS.items() if by_field.get(name)]
    return tuple(_without_repeats(shown))


def _leave_out_what_is_said(by_field: dict[str, list[Fact]]) -> None:
    """A version that stands in the model's name, and a valuation that is the amount again."""
    names = " ".join(fact.value for fact in by_field.get(Role.MODEL, ())).casefold()
    for name in ("family", "version", "size"):
        by_field[name] = [fact for fact in by_field.get(name, ()) if fact.value.casefold() not in names]
    sums = {fact.usd for fact in by_field.get(Role.AMOUNT, ()) if fact.usd is not None}
    by_field[Role.VALUATION] = [fact for fact in by_field.get(Role.VALUATION, ()) if fact.usd not in sums]


def _fact(name: str, words: tuple[str, str], values: list[Fact]) -> FactView:
    texts = [_value(fact) for fact in values]
    if name in PLURAL:
        return FactView(label=words[0] if len(texts) == 1 else words[1], value=listed(texts, 4))
    return FactView(label=words[0], value=texts[0], also=listed(texts[1:], 2))


def _value(fact: Fact) -> str:
    text = clean_line(fact.amount.text if fact.amount and fact.amount.text else fact.value, limit=NAME)
    if fact.usd is not None:
        if fact.amount is not None and fact.amount.currency != "USD":
            return f"{text} (about {dollars(fact.usd)})"
        if not text.isascii():
            # 300亿美元
            return f"{text} ({dollars(fact.usd)})"
    return text


def _without_repeats(shown: list[FactView]) -> list[FactView]:
    """Partners or a developer that are all said already, as a deal's company or investor, are not said again."""
    said: set[str] = set()
    kept = []
    for fact in shown:
        names = set(fact.value.split(", "))
        if fact.label in ("By", "Partner", "Partners") and names <= said:
            continue
        said |= names
        kept.append(fact)
    return kept
