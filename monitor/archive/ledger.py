"""The ledger: deals and launches with their filters and totals, and facts corrected by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

import sqlalchemy as sa

from monitor.archive import lines
from monitor.archive import records as its
from monitor.archive.engine import Database
from monitor.archive.ledgerfilter import EVERYTHING, LedgerFilter, conditions
from monitor.archive.lines import LedgerLine
from monitor.archive.marking import mark_entries
from monitor.archive.tables import entities, facts, record_parties, records, stories
from monitor.errors import NotFound
from monitor.types import Fact, LedgerRecord

__all__ = ["COMPANY_ROLES", "By", "Ledger", "LedgerFilter", "LedgerLine", "Sort", "Total"]

Sort = Literal["newest", "oldest", "amount"]
By = Literal["year", "month", "company", "investor", "round", "type", "status"]
#: roles by which a company is counted; who gives the money is counted as investor
COMPANY_ROLES: Final = ("recipient", "acquirer", "target", "partner", "developer")
#: fields of which a record has one leading value: a corrected one takes the place of the last correction
_SINGLE: Final = ("amount", "valuation", "round", "status", "stake", "version", "size", "licence", "family")


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A line of a sum."""

    key: str
    count: int
    #: sum of those with a known amount
    usd: Decimal
    #: how many those are
    with_amount: int


class Ledger:
    """`deals` and `launches`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def deals(self, wanted: LedgerFilter = EVERYTHING, *, sort: Sort = "newest", limit: int = 50) -> list[LedgerLine]:
        """Funding, acquisitions, partnerships that fit. A name that nobody bears finds nothing."""
        return self._lines(True, wanted, sort, limit)

    def launches(
        self, wanted: LedgerFilter = EVERYTHING, *, sort: Sort = "newest", limit: int = 50
    ) -> list[LedgerLine]:
        """Launches of models and products that fit."""
        return self._lines(False, wanted, sort, limit)

    def totals(
        self, wanted: LedgerFilter = EVERYTHING, *, by: By | None = None, deals: bool = True, limit: int = 100
    ) -> list[Total]:
        """Count and USD of what fits, per year, month, company, investor, round, type or status; `by` None: one line.

        A deal with three investors counts for each of them, so those lines do not add up to the whole. Times come in
        order, the others by sum.
        """
        with self._database.read() as connection:
            kept = conditions(connection, deals, wanted)
            if kept is None:
                return []
            key, source = self._grouped(by)
            r = records.c
            query = sa.select(key.label("key"), sa.func.count(), sa.func.sum(r.usd), sa.func.count(r.usd))
            query = query.select_from(source).where(*kept).group_by(key)
            if by in ("company", "investor"):
                roles = ("investor",) if by == "investor" else COMPANY_ROLES
                # one company may have two roles in one deal
                each = sa.select(key.label("key"), r.id, r.usd).select_from(source).where(*kept)
                once = each.where(record_parties.c.role.in_(roles)).distinct().subquery()
                query = sa.select(once.c.key, sa.func.count(), sa.func.sum(once.c.usd), sa.func.count(once.c.usd))
                query = query.group_by(once.c.key)
            found = [_total(row) for row in connection.execute(query)]
        if by in ("year", "month"):
            return sorted(found, key=lambda t: t.key)[-limit:]
        return sorted((t for t in found if t.count), key=lambda t: (-t.usd, -t.count, t.key))[:limit]

    def get(self, record_id: int) -> LedgerLine | None:
        """One deal or launch."""
        with self._database.read() as connection:
            found = lines.load(connection, [record_id])
        return found[0] if found else None

    def of_story(self, story_id: int) -> list[LedgerLine]:
        """A story's, with their numbers (which `correct` takes)."""
        with self._database.read() as connection:
            query = (
                sa.select(records.c.id).where(records.c.story_id == story_id).order_by(records.c.kind, records.c.number)
            )
            return lines.load(connection, list(connection.scalars(query)))

    def correct(self, record_id: int, fact: Fact) -> LedgerLine:
        """Sets a fact by hand: it leads from now on, whatever entries say. Raises NotFound."""
        with self._database.write(lock=2) as connection:
            head = connection.execute(sa.select(records).where(records.c.id == record_id)).mappings().first()
            if head is None:
                raise NotFound(f"there is no record {record_id}: `monitor show STORY` shows the numbers of records")
            standing = its.records_of(connection, [head["story_id"]])[head["story_id"]]
            f = facts.c
            old = sa.and_(f.record_id == record_id, f.field == fact.field, f.by_hand)
            if fact.field not in _SINGLE:
                old = sa.and_(old, f.value == fact.value)
            connection.execute(sa.delete(facts).where(old))
            changed = [_corrected(r, fact) if _is(r, standing, head) else r for r in standing]
            its.replace_records(connection, {head["story_id"]: changed})
            highest = (
                sa.select(sa.func.max(records.c.usd)).where(records.c.story_id == head["story_id"]).scalar_subquery()
            )
            connection.execute(sa.update(stories).where(stories.c.id == head["story_id"]).values(usd=highest))
            mark_entries(self._database, connection, [head["story_id"]])
            return lines.load(connection, [record_id])[0]

    def companies_since(self, since: datetime) -> set[str]:
        """Names that took part in a record announced since then."""
        p = record_parties.c
        query = (
            sa.select(entities.c.name).join(record_parties, p.entity_id == entities.c.id).where(p.announced_at >= since)
        )
        with self._database.read() as connection:
            return set(connection.scalars(query.distinct()))

    def _lines(self, deals: bool, wanted: LedgerFilter, sort: Sort, limit: int) -> list[LedgerLine]:
        r = records.c
        order = {
            "newest": (r.announced_at.desc(), r.id.desc()),
            "oldest": (r.announced_at, r.id),
            "amount": (r.usd.desc().nulls_last(), r.announced_at.desc(), r.id.desc()),
        }[sort]
        with self._database.read() as connection:
            kept = conditions(connection, deals, wanted)
            if kept is None:
                return []
            if sort == "amount" and wanted.min_amount is None:
                # without this the index on sums cannot give the order
                with_sum = list(
                    connection.scalars(
                        sa.select(r.id).where(*kept, r.usd.is_not(None)).order_by(r.usd.desc(), *order[1:]).limit(limit)
                    )
                )
                rest = sa.select(r.id).where(*kept, r.usd.is_(None)).order_by(*order[1:]).limit(limit - len(with_sum))
                return lines.load(
                    connection, with_sum + (list(connection.scalars(rest)) if len(with_sum) < limit else [])
                )
            query = sa.select(r.id).where(*kept).order_by(*order).limit(limit)
            return lines.load(connection, list(connection.scalars(query)))

    def _grouped(self, by: By | None) -> tuple[Any, Any]:
        """(what is grouped by, from where)."""
        r = records.c
        if by in ("year", "month"):
            length = 4 if by == "year" else 7
            if self._database.is_sqlite:
                return sa.func.substr(sa.type_coerce(r.announced_at, sa.Text), 1, length), records
            return sa.func.to_char(
                sa.type_coerce(r.announced_at, sa.DateTime(timezone=True)), "YYYY-MM"[:length]
            ), records
        if by in ("company", "investor"):
            source = records.join(record_parties, record_parties.c.record_id == r.id)
            return entities.c.name, source.join(entities, entities.c.id == record_parties.c.entity_id)
        column = {"round": sa.func.coalesce(r.round_key, ""), "type": r.kind, "status": r.status}
        return (column[by] if by is not None else sa.literal("all")), records


def _total(row: Any) -> Total:
    cents = row[2]
    usd = cents if isinstance(cents, Decimal) and row[2] is not None else Decimal(0)
    return Total(key=row[0] or "", count=row[1], usd=usd, with_amount=row[3])


def _is(candidate: LedgerRecord, standing: Sequence[LedgerRecord], head: Any) -> bool:
    """Whether it is the head's record: the story's n-th of that kind."""
    same = [r for r in standing if r.kind == head["kind"]]
    return head["number"] < len(same) and same[head["number"]] is candidate


def _corrected(found: LedgerRecord, fact: Fact) -> LedgerRecord:
    hand = Fact(
        field=fact.field,
        value=fact.value,
        entity_id=fact.entity_id,
        amount=fact.amount,
        usd=fact.usd,
        evidence=fact.evidence,
        by_hand=True,
    )
    kept = [
        f
        for f in found.facts
        if not (f.field == fact.field and (f.value == fact.value or (f.by_hand and f.field in _SINGLE)))
    ]
    return LedgerRecord(kind=found.kind, status=found.status, facts=(hand, *kept), announced_at=found.announced_at)
