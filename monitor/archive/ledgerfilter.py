"""What `deals` and `launches` keep, as conditions on records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.marks import key_of
from monitor.archive.names import entity_ids
from monitor.archive.tables import cap, record_parties, records, story_publishers


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFilter:
    """What `deals` and `launches` keep. Several values of one field mean any; fields add up. Empty fields keep all."""

    types: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    rounds: tuple[str, ...] = ()
    investors: tuple[str, ...] = ()
    developers: tuple[str, ...] = ()
    #: takes part in any role
    companies: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    #: in USD
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None
    story_id: int | None = None


EVERYTHING: Final = LedgerFilter()


def conditions(connection: Connection, deals: bool, wanted: LedgerFilter) -> list[Any] | None:
    """What a record must be; None: a name is asked for that nobody bears."""
    r = records.c
    conditions: list[Any] = [r.is_deal.is_(deals)]
    if wanted.types:
        conditions.append(r.kind.in_([cap(t.lower(), 32) for t in wanted.types]))
    if wanted.statuses:
        conditions.append(r.status.in_([cap(s.lower(), 16) for s in wanted.statuses]))
    if wanted.rounds:
        conditions.append(r.round_key.in_([key_of(name) for name in wanted.rounds]))
    if wanted.since is not None:
        conditions.append(r.announced_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(r.announced_at <= wanted.until)
    if wanted.min_amount is not None:
        conditions.append(r.usd >= wanted.min_amount)
    if wanted.max_amount is not None:
        conditions.append(r.usd <= wanted.max_amount)
    if wanted.story_id is not None:
        conditions.append(r.story_id == wanted.story_id)
    if wanted.publishers:
        told = sa.select(story_publishers.c.story_id).where(
            story_publishers.c.publisher.in_([cap(p.lower(), 256) for p in wanted.publishers])
        )
        conditions.append(r.story_id.in_(told))
    if wanted.tags:
        conditions.append(r.kind.in_([cap(t.lower(), 32) for t in wanted.tags]))
    for names, role in ((wanted.companies, None), (wanted.investors, "investor"), (wanted.developers, "developer")):
        if names:
            ids = entity_ids(connection, names)
            if not ids:
                return None
            conditions.append(r.id.in_(_parties(ids, role, deals, wanted)))
    return conditions


def _parties(ids: Sequence[int], role: str | None, deals: bool, wanted: LedgerFilter) -> Any:
    """Records of these entities: one walk of one index, with the bounds of time that it holds, too."""
    p = record_parties.c
    query = sa.select(p.record_id).where(p.entity_id.in_(ids), p.is_deal.is_(deals))
    if role is not None:
        query = query.where(p.role == role)
    if wanted.since is not None:
        query = query.where(p.announced_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(p.announced_at <= wanted.until)
    return query
