"""Deals and launches as tables show them: a record with what counts of its story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive import records as its
from monitor.archive.tables import records, stories
from monitor.types import Fact, LedgerRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """A deal or launch with what a table shows of its story."""

    id: int
    story_id: int
    record: LedgerRecord
    #: leading values
    usd: Decimal | None
    amount_text: str | None
    currency: str | None
    valuation_usd: Decimal | None
    round: str | None
    #: the model's or product's
    name: str | None
    title: str
    url: str | None
    independent: int
    publishers: tuple[str, ...]

    def parties(self, *roles: str) -> tuple[str, ...]:
        """Names in these roles, in order, each once."""
        return tuple(dict.fromkeys(f.value for role in roles for f in self.record.values(role)))


def load(connection: Connection, record_ids: Sequence[int]) -> list[LedgerLine]:
    """Lines in the order of the ids."""
    if not record_ids:
        return []
    told = [stories.c[name] for name in ("title", "url", "independent", "publishers")]
    query = (
        sa.select(records, *told).join(stories, stories.c.id == records.c.story_id).where(records.c.id.in_(record_ids))
    )
    heads = {row["id"]: row for row in connection.execute(query).mappings()}
    its_facts = its.facts_of(connection, list(heads))
    return [_line(heads[number], its_facts.get(number, [])) for number in record_ids if number in heads]


def _line(head: Any, its_facts: Sequence[Fact]) -> LedgerLine:
    names = (
        "id",
        "story_id",
        "usd",
        "amount_text",
        "currency",
        "valuation_usd",
        "round",
        "name",
        "title",
        "url",
        "independent",
    )
    publishers = tuple(p[0] for p in head["publishers"])
    return LedgerLine(record=its.record(head, its_facts), publishers=publishers, **{name: head[name] for name in names})
