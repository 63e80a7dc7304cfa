"""A story's entries to its deals and launches: one record per kind, each fact with all its evidence. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.ledger.companies import CompanyIndex
from monitor.ledger.developments import words_status
from monitor.ledger.events import of_one_event
from monitor.ledger.mentions import PARTIES, Mention, read_mentions
from monitor.ledger.merging import merge_mentions
from monitor.ledger.reading import DEALS
from monitor.protocols import Rates
from monitor.types import Classification, Entry, Fact, LedgerRecord, Role, Span, Status, Tag

#: order of a story's records
KINDS = (
    Tag.FUNDING.value,
    Tag.ACQUISITION.value,
    Tag.PARTNERSHIP.value,
    Tag.MODEL_LAUNCH.value,
    Tag.PRODUCT_LAUNCH.value,
)
#: without one of these a record says nothing
_ESSENTIAL = {
    Tag.FUNDING.value: {"recipient", "investor", "amount", "valuation"},
    Tag.ACQUISITION.value: {"acquirer", "target"},
    Tag.PARTNERSHIP.value: {"partner"},
    Tag.MODEL_LAUNCH.value: {"model", "developer"},
    Tag.PRODUCT_LAUNCH.value: {"product", "developer"},
}

Member = tuple[Entry, Classification]


def read_records(
    members: Sequence[Member], companies: CompanyIndex, rates: Rates, tags: Sequence[str] | None = None
) -> tuple[LedgerRecord, ...]:
    """The deals and launches of a story from all its entries, in the order of KINDS.

    A record stands for each of the five among the story's `tags` (None: all that any entry has), if an entry has it
    and the texts name at least one party, name or amount. Its facts are merged by entity, amount or model name;
    conflicting values follow the best-supported one. Amounts, valuations and totals raised are never mixed. A deal of
    which only a sum is told does not stand beside one whose parties are. Never raises.
    """
    told = {tag for _, classification in members for tag in classification.tags}
    kinds = [kind for kind in KINDS if kind in told and (tags is None or kind in tags)]
    mentions: list[Mention] = []
    for entry, classification in members:
        own = [kind for kind in kinds if kind in classification.tags]
        if own:
            mentions += read_mentions(entry, classification, own, companies, rates)
    mentions = _with_parties(mentions)
    found = (_record(kind, members, [m for m in mentions if m.kind == kind], companies) for kind in kinds)
    records = [record for record in found if record is not None]
    if any(record.kind in DEALS and _names_somebody(record) for record in records):
        records = [record for record in records if record.kind not in DEALS or _names_somebody(record)]
    return tuple(records)


def _with_parties(mentions: Sequence[Mention]) -> list[Mention]:
    """A sum of a kind of deal for which no entry names anybody is of the deal whose parties its own entry names."""
    named = {m.kind for m in mentions if m.field in PARTIES}
    homes: dict[int, str] = {}
    for kind in DEALS:
        for m in mentions:
            if m.kind == kind and m.field in PARTIES:
                homes.setdefault(m.evidence.entry_id, kind)
    return [
        replace(m, kind=homes[m.evidence.entry_id])
        if m.field == "amount" and m.kind not in named and m.evidence.entry_id in homes
        else m
        for m in mentions
    ]


def _names_somebody(record: LedgerRecord) -> bool:
    return any(fact.field in PARTIES for fact in record.facts)


def _record(
    kind: str, members: Sequence[Member], mentions: Sequence[Mention], companies: CompanyIndex
) -> LedgerRecord | None:
    mentions = of_one_event(mentions, kind)
    facts = merge_mentions([*mentions, *_owner_mentions(mentions, companies)], companies)
    if not any(fact.field in _ESSENTIAL[kind] for fact in facts):
        return None
    own = [(entry, c) for entry, c in members if kind in c.tags]
    status = _status(own)
    announced = [entry for entry, c in own if _entry_status(entry, c) is Status.CONFIRMED]
    first = min(announced or [entry for entry, _ in own], key=lambda entry: entry.published_at)
    return LedgerRecord(
        kind=kind,  # type: ignore[arg-type]  # KINDS has only these five
        status=status,
        facts=facts,
        announced_at=first.published_at,
    )


def _owner_mentions(mentions: Sequence[Mention], companies: CompanyIndex) -> list[Mention]:
    """The maker of a known product where no entry names one (Copilot is Microsoft's).

    Of a known model also where only others are named: a cloud that offers it, a rival that it is compared with.
    """
    makers = {m.value for m in mentions if m.field == "developer"}
    houses = makers | {companies.parent_of(name) for name in makers}
    found = []
    for mention in mentions:
        if mention.field != "model" and (makers or mention.field != "product"):
            continue
        owner = companies.owner_of(mention.value)
        entity = companies.get(owner) if owner else None
        if entity is not None and not {entity.name, entity.parent} & houses - {None}:
            found.append(
                replace(mention, field="developer", key=entity.key, value=entity.name, entity=entity, guess=not makers)
            )
    return found


def _entry_status(entry: Entry, classification: Classification) -> Status:
    return classification.status or words_status(f"{entry.title}. {entry.summary}") or Status.CONFIRMED


def _status(own: Sequence[Member]) -> Status:
    """Confirmed once a primary source, two publishers, the established press last, or as many as doubt it say so."""
    confirmed = {entry.publisher for entry, c in own if _entry_status(entry, c) is Status.CONFIRMED}
    primary = any(entry.authority >= 3 and _entry_status(entry, c) is Status.CONFIRMED for entry, c in own)
    rumoured = {entry.publisher for entry, c in own if _entry_status(entry, c) is Status.RUMOURED} - confirmed
    last = max(own, key=lambda member: (member[0].published_at, member[0].id))
    settled = _entry_status(*last) is Status.CONFIRMED and last[0].authority >= 2
    if primary or settled or len(confirmed) >= 2 or (confirmed and len(confirmed) >= len(rumoured)):
        return Status.CONFIRMED
    return Status.RUMOURED


def companies_of(records: Sequence[LedgerRecord]) -> tuple[str, ...]:
    """The canonical names of all that take part in a story's records, leading ones first, each once."""
    names: dict[str, None] = {}
    for record in records:
        for fact in record.facts:
            if fact.field in PARTIES:
                names.setdefault(fact.value)
    return tuple(names)


def with_hand_facts(new: LedgerRecord, old: LedgerRecord | None) -> LedgerRecord:
    """The record with what a person set in its former state: such a fact leads its field, and stands."""
    by_hand = [fact for fact in old.facts if fact.by_hand] if old else []
    if not by_hand:
        return new
    facts: list[Fact] = list(by_hand)
    for fact in new.facts:
        twin = next((i for i, f in enumerate(facts) if f.field == fact.field and f.value == fact.value), None)
        if twin is None:
            facts.append(fact)
        elif facts[twin].by_hand:
            facts[twin] = replace(facts[twin], evidence=facts[twin].evidence or fact.evidence)
    return replace(new, facts=tuple(facts))


def spans_of(entry: Entry, facts: dict[str, list[str]]) -> tuple[Span, ...]:
    """Spans of labelled facts ({role: [words]}) at each first place in title and summary (LABELS.md's form)."""
    spans = []
    for role, values in facts.items():
        for words in values:
            for name, text in (("title", entry.title), ("summary", entry.summary)):
                start = text.find(words)
                if start >= 0:
                    spans.append(
                        Span(role=Role(role), text=words, field=name, start=start, end=start + len(words))  # type: ignore[arg-type]
                    )
    return tuple(spans)
