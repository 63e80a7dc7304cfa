"""What is read from one entry: mentions of values, each with its quote and its place. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from monitor.ledger.companies import CompanyIndex
from monitor.ledger.entities import Entity
from monitor.protocols import Rates
from monitor.types import Amount, Entry, Evidence, Role, Tag

FieldName = Literal["title", "summary"]
#: field, start, end
Place = tuple[FieldName, int, int]

#: which roles belong to which kind of record
ROLES: dict[str, frozenset[Role]] = {
    Tag.FUNDING.value: frozenset({Role.RECIPIENT, Role.INVESTOR, Role.ROUND}),
    Tag.ACQUISITION.value: frozenset({Role.ACQUIRER, Role.TARGET}),
    Tag.PARTNERSHIP.value: frozenset({Role.PARTNER}),
    Tag.MODEL_LAUNCH.value: frozenset({Role.DEVELOPER, Role.MODEL}),
    Tag.PRODUCT_LAUNCH.value: frozenset({Role.DEVELOPER, Role.PRODUCT}),
}
#: kinds that have money, in the order in which an amount of an entry with several is given to them
DEALS = (Tag.FUNDING.value, Tag.ACQUISITION.value, Tag.PARTNERSHIP.value)
PARTIES = frozenset({"recipient", "investor", "acquirer", "target", "partner", "developer"})

#: more no company raises at once: it is what it is worth, or a slip of the pen
MOST_RAISED = Decimal(150_000_000_000)
FIELDS: tuple[FieldName, ...] = ("title", "summary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A value of a record's field in one entry."""

    kind: str
    field: str
    #: equal for what is one value
    key: str
    #: canonical
    value: str
    evidence: Evidence
    authority: int
    at: datetime
    entity: Entity | None = None
    amount: Amount | None = None
    usd: Decimal | None = None
    #: read from the words alone
    guess: bool = False
    #: it stands where a name takes hardly part: a speaker's house, a place where the product runs
    aside: bool = False
    #: the words around a sum say what it is
    stated: bool = False
    #: how sure the reading is, 0 to 1
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Reader:
    """What reading one entry needs at hand."""

    entry: Entry
    kinds: tuple[str, ...]
    companies: CompanyIndex
    rates: Rates
    context: str

    def text(self, name: FieldName) -> str:
        return self.entry.title if name == "title" else self.entry.summary

    def mention(
        self, kind: str, field: str, key: str, value: str, at: Place,
        *, entity: Entity | None = None, amount: Amount | None = None, guess: bool = False,
        aside: bool = False, stated: bool = False,
    ) -> Mention:  # fmt: skip
        name, start, end = at
        usd = None
        if amount is not None and amount.value is not None:
            usd = self.rates.usd(amount.value, amount.currency, self.entry.published_at)
        evidence = Evidence(
            entry_id=self.entry.id, revision=self.entry.revision, publisher=self.entry.publisher, field=name,
            start=start, end=end, quote=self.text(name)[start:end],
        )  # fmt: skip
        return Mention(
            kind=kind, field=field, key=key, value=value, evidence=evidence, authority=self.entry.authority,
            at=self.entry.published_at, entity=entity, amount=amount, usd=usd, guess=guess,
            aside=aside, stated=stated,
        )  # fmt: skip
