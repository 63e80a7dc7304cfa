"""The rows of deals and launches: written from a story's LedgerRecords, read back as such.

A fact that a person set stands and leads whatever the entries say later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive import rows
from monitor.archive.marks import key_of
from monitor.archive.sql import chunks
from monitor.archive.tables import entities, evidence, facts, record_parties, records
from monitor.types import Fact, LedgerRecord, Status

DEALS: Final = frozenset({"funding", "acquisition", "partnership"})
Key = tuple[str, int]


def records_of(connection: Connection, story_ids: Sequence[int]) -> dict[int, list[LedgerRecord]]:
    """The records of stories, with facts and evidence."""
    found: dict[int, list[LedgerRecord]] = defaultdict(list)
    for part in chunks(list(story_ids), 5000):
        query = (
            sa.select(records)
            .where(records.c.story_id.in_(part))
            .order_by(records.c.story_id, records.c.kind, records.c.number)
        )
        heads = connection.execute(query).mappings().all()
        all_facts = facts_of(connection, [head["id"] for head in heads])
        for head in heads:
            found[head["story_id"]].append(record(head, all_facts.get(head["id"], [])))
    return found


def record(head: Mapping[Any, Any], its_facts: Sequence[Fact]) -> LedgerRecord:
    """A record of its row and its facts."""
    status, at = Status(head["status"]), head["announced_at"]
    return LedgerRecord(kind=head["kind"], status=status, facts=tuple(its_facts), announced_at=at)


def facts_of(connection: Connection, record_ids: Sequence[int]) -> dict[int, list[Fact]]:
    """Facts by record, the leading one of each field first."""
    found: dict[int, list[Fact]] = defaultdict(list)
    for part in chunks(list(record_ids), 5000):
        mine = facts.c.record_id.in_(part)
        quotes = defaultdict(list)
        joined = sa.select(evidence).join(facts, facts.c.id == evidence.c.fact_id).where(mine)
        for row in connection.execute(joined.order_by(evidence.c.fact_id, evidence.c.position)).mappings():
            quotes[row["fact_id"]].append(rows.quote(row))
        ordered = sa.select(facts).where(mine).order_by(facts.c.record_id, facts.c.position)
        for row in connection.execute(ordered).mappings():
            found[row["record_id"]].append(rows.fact(row, quotes[row["id"]]))
    return found


def replace_records(connection: Connection, by_story: Mapping[int, Sequence[LedgerRecord]]) -> None:
    """Makes these the records of these stories. A record keeps its id while its story has one of that kind."""
    story_ids = list(by_story)
    standing = _standing(connection, story_ids)
    by_hand = facts_of(connection, [head["id"] for head in standing.values()])
    owners = _owners(connection)
    seen: set[tuple[int, Key]] = set()
    written: list[tuple[int, LedgerRecord]] = []
    for story_id, its_records in by_story.items():
        for key, found in _numbered(its_records):
            seen.add((story_id, key))
            head = standing.get((story_id, key))
            hand = [f for f in by_hand.get(head["id"], []) if f.by_hand] if head is not None else []
            full = _led_by(found, hand, owners)
            written.append((_write_head(connection, story_id, key, full, head), full))
    gone = [h for where, h in standing.items() if where not in seen]
    kept = [h for h in gone if any(f.by_hand for f in by_hand.get(h["id"], []))]
    lost = [h["id"] for h in gone if h not in kept]
    for part in chunks(lost, 5000):
        connection.execute(sa.delete(records).where(records.c.id.in_(part)))
    _write_facts(connection, written)


def _standing(connection: Connection, story_ids: Sequence[int]) -> dict[tuple[int, Key], Mapping[Any, Any]]:
    found: dict[tuple[int, Key], Mapping[Any, Any]] = {}
    for part in chunks(story_ids, 5000):
        for row in connection.execute(sa.select(records).where(records.c.story_id.in_(part))).mappings():
            found[row["story_id"], (row["kind"], row["number"])] = row
    return found


def _owners(connection: Connection) -> dict[int, int]:
    """Entities that were merged by hand, and into what."""
    query = sa.select(entities.c.id, entities.c.merged_into).where(entities.c.merged_into.is_not(None))
    into = {row.id: row.merged_into for row in connection.execute(query)}
    return {number: _last(into, number) for number in into}


def _last(into: Mapping[int, int], number: int) -> int:
    seen = set()
    while number in into and number not in seen:
        seen.add(number)
        number = into[number]
    return number


def _numbered(its_records: Sequence[LedgerRecord]) -> list[tuple[Key, LedgerRecord]]:
    count: dict[str, int] = defaultdict(int)
    numbered: list[tuple[Key, LedgerRecord]] = []
    for found in its_records:
        numbered.append(((found.kind, count[found.kind]), found))
        count[found.kind] += 1
    return numbered


def _led_by(found: LedgerRecord, hand: Sequence[Fact], owners: Mapping[int, int]) -> LedgerRecord:
    """The record with the facts that a person set in front, each value once."""
    values = {(f.field, f.value) for f in hand}
    merged = [*hand, *(f for f in found.facts if (f.field, f.value) not in values)]
    merged = [_owned(f, owners) for f in merged]
    status = next((f.value for f in hand if f.field == "status" and f.value in set(Status)), found.status.value)
    return LedgerRecord(kind=found.kind, status=Status(status), facts=tuple(merged), announced_at=found.announced_at)


def _owned(found: Fact, owners: Mapping[int, int]) -> Fact:
    if found.entity_id is None or found.entity_id not in owners:
        return found
    return Fact(
        field=found.field,
        value=found.value,
        entity_id=owners[found.entity_id],
        amount=found.amount,
        usd=found.usd,
        evidence=found.evidence,
        by_hand=found.by_hand,
    )


def _first(found: LedgerRecord, *fields: str) -> Fact | None:
    return next((f for name in fields for f in found.values(name)), None)


def head_values(found: LedgerRecord) -> dict[str, Any]:
    """The columns that are searched and summed: the leading value of each."""
    money, worth = _first(found, "amount"), _first(found, "valuation")
    step, name = _first(found, "round"), _first(found, "model", "product")
    amount = money.amount if money else None
    return {
        "kind": found.kind,
        "is_deal": found.kind in DEALS,
        "status": found.status.value,
        "announced_at": found.announced_at,
        "usd": money.usd if money else None,
        "amount": amount.value if amount else None,
        "currency": amount.currency[:8] if amount else None,
        "amount_text": amount.text if amount else None,
        "valuation_usd": worth.usd if worth else None,
        "round": step.value[:128] if step else None,
        "round_key": key_of(step.value)[:128] if step else None,
        "name": name.value if name else None,
    }


def _write_head(
    connection: Connection, story_id: int, key: Key, found: LedgerRecord, head: Mapping[Any, Any] | None
) -> int:
    values = {**head_values(found), "story_id": story_id, "number": key[1]}
    if head is None:
        number = connection.execute(sa.insert(records).values(values).returning(records.c.id)).scalar_one()
        return int(number)
    connection.execute(sa.update(records).where(records.c.id == head["id"]).values(values))
    return int(head["id"])


def _write_facts(connection: Connection, written: Sequence[tuple[int, LedgerRecord]]) -> None:
    ids = [number for number, _ in written]
    for part in chunks(ids, 5000):
        connection.execute(sa.delete(facts).where(facts.c.record_id.in_(part)))
        connection.execute(sa.delete(record_parties).where(record_parties.c.record_id.in_(part)))
    new = [
        {"record_id": number, "position": position, **rows.fact_values(f)}
        for number, found in written
        for position, f in enumerate(found.facts)
    ]
    if not new:
        return
    statement = sa.insert(facts).returning(facts.c.id, sort_by_parameter_order=True)
    fact_ids = connection.execute(statement, new).scalars().all()
    its = [f for _, found in written for f in found.facts]
    quotes = [
        {"fact_id": fact_id, "position": position, **rows.quote_values(q)}
        for fact_id, f in zip(fact_ids, its, strict=True)
        for position, q in enumerate(f.evidence)
    ]
    if quotes:
        connection.execute(sa.insert(evidence), quotes)
    if parties := [party for number, found in written for party in _parties(number, found)]:
        connection.execute(sa.insert(record_parties), parties)


def _parties(record_id: int, found: LedgerRecord) -> list[dict[str, Any]]:
    head = head_values(found)
    common = {
        "record_id": record_id,
        "is_deal": head["is_deal"],
        "announced_at": head["announced_at"],
        "usd": head["usd"],
    }
    pairs = dict.fromkeys((f.entity_id, f.field) for f in found.facts if f.entity_id is not None)
    return [{**common, "entity_id": entity_id, "role": role} for entity_id, role in pairs]
