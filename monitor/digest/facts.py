"""The facts of a story in words: who, how much, which round, which model; each once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from monitor.digest.wording import dollars, listed, money, written_in
from monitor.language import readable
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


#: two sums of one currency within this ratio are one, rounded with other care; of two currencies, at another rate
SAME_SUM, SAME_ABROAD = Decimal("1.01"), Decimal("1.06")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who is shown the facts: the languages that they read, and the headline that stands above."""

    languages: tuple[str, ...] = ()
    headline: str = ""


def facts(records: Sequence[LedgerRecord], reader: Reader | None = None) -> tuple[FactView, ...]:
    """Who, how much, which round, which model: of all records of a story, each once, as the reader can read it.

    A sum that the headline gives stands before others; the same sum in other words or another currency is no other one.
    """
    reader = reader or Reader()
    by_field: dict[str, list[Fact]] = {}
    for record in records:
        for fact in record.facts:
            known = by_field.setdefault(fact.field, [])
            if all(fact.value.casefold() != other.value.casefold() for other in known):
                known.append(fact)
    _leave_out_what_is_said(by_field)
    shown = [_fact(name, words, by_field[name], reader) for name, words in FACT_WORDS.items() if by_field.get(name)]
    return tuple(_without_repeats(shown))


def _leave_out_what_is_said(by_field: dict[str, list[Fact]]) -> None:
    """A version that stands in the model's name, and a valuation that is the amount again."""
    names = " ".join(_letters(fact.value) for fact in by_field.get(Role.MODEL, ()))
    for name in ("family", "version", "size"):
        by_field[name] = [fact for fact in by_field.get(name, ()) if _letters(fact.value) not in names]
    sums = {fact.usd for fact in by_field.get(Role.AMOUNT, ()) if fact.usd is not None}
    by_field[Role.VALUATION] = [fact for fact in by_field.get(Role.VALUATION, ()) if fact.usd not in sums]


def _fact(name: str, words: tuple[str, str], values: list[Fact], reader: Reader) -> FactView:
    if name in PLURAL:
        # names in letters that the reader knows first: the same company may stand there in others, too
        texts = sorted(map(_value, values), key=lambda text: not readable(text, reader.languages))
        if name in (Role.MODEL, Role.PRODUCT) and readable(texts[0], reader.languages):
            # what is launched has its name in the letters that the reader knows, too
            texts = [text for text in texts if readable(text, reader.languages)]
        return FactView(label=words[0] if len(texts) == 1 else words[1], value=listed(texts, 4))
    if name in (Role.AMOUNT, Role.VALUATION):
        texts = [_sum(same, reader) for same in _sums(values, reader)]
    else:
        texts = [_value(fact) for fact in values]
    return FactView(label=words[0], value=texts[0], also=listed(texts[1:], 2))


def _letters(text: str) -> str:
    """`GPT-5.5 Instant` and `GPT‑5.5Instant` are one name."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _sums(values: Sequence[Fact], reader: Reader) -> list[list[Fact]]:
    """Facts of one sum together; the one that the headline gives first, else in the ledger's order."""
    groups: list[list[Fact]] = []
    for fact in values:
        known = next((group for group in groups if any(_same(fact, other) for other in group)), None)
        if known is None:
            groups.append([fact])
        else:
            known.append(fact)
    headline = _squeezed(reader.headline)
    return sorted(groups, key=lambda group: not any(_stands_in(fact, headline) for fact in group))


def _same(one: Fact, other: Fact) -> bool:
    if not one.usd or not other.usd or one.amount is None or other.amount is None:
        return one.usd is None and other.usd is None and one.value.casefold() == other.value.casefold()
    most = SAME_SUM if one.amount.currency == other.amount.currency else SAME_ABROAD
    return max(one.usd, other.usd) <= most * min(one.usd, other.usd)


def _stands_in(fact: Fact, headline: str) -> bool:
    return any(text and _squeezed(text) in headline for text in _spellings(fact))


def _squeezed(text: str) -> str:
    return "".join(text.casefold().split())


def _spellings(fact: Fact) -> list[str]:
    """Ways in which the sum was written: the leading one, then the evidence's."""
    lead = fact.amount.text if fact.amount is not None else ""
    return [each for each in (lead, *(quote.quote for quote in fact.evidence)) if each]


def _sum(same: Sequence[Fact], reader: Reader) -> str:
    """As written, in letters that the reader knows; else in figures, with the currency's sign."""
    for fact in same:
        if readable(_spellings(fact)[0] if _spellings(fact) else fact.value, reader.languages):
            return _value(fact)
    for fact in same:
        for text in _spellings(fact):
            if fact.amount is not None and readable(text, reader.languages) and written_in(text, fact.amount.currency):
                return _value(replace(fact, amount=replace(fact.amount, text=text)))
    return _in_figures(same[0])


def _in_figures(fact: Fact) -> str:
    """The ledger's own words for the sum ("up to $3.5B"), or the number where these cannot be read either."""
    text, amount = clean_line(fact.value, limit=NAME), fact.amount
    if not text.replace("€", "").replace("£", "").replace("¥", "").isascii() and amount is not None and amount.value:
        text = money(amount.value, amount.currency)
    if fact.usd is not None and amount is not None and amount.currency != "USD":
        return f"{text} (about {dollars(fact.usd)})"
    return text


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
