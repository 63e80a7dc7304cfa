"""Entries that could not be understood: set aside with their error, taken up again when their time has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.engine import Database
from monitor.archive.sql import chunks, upsert
from monitor.archive.tables import entries, set_aside

#: how long after its first, second ... failure an entry is tried again; then after the last of these, for ever
PATIENCE: Final = tuple(timedelta(minutes=minutes) for minutes in (10, 60, 360, 1440, 7 * 1440))
_COLUMNS: Final = ("error", "reader", "tries", "at", "retry_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An entry that was set aside. reader: the program and the model that failed on it, `tries` times."""

    entry_id: int
    feed_id: str
    title: str
    error: str
    reader: str
    tries: int
    at: datetime
    retry_at: datetime


def put_aside(
    database: Database, failed: Sequence[tuple[int, int, str]], reader: str, now: datetime
) -> dict[int, datetime]:
    """(entry, the revision that was read, error) are set aside; when each is tried again.

    Its story, tags and facts stay as they were. One that its publisher edited meanwhile stays pending.
    """
    found: dict[int, datetime] = {}
    with database.write() as connection:
        tried = _tries(connection, [number for number, _, _ in failed], reader)
        there = _present(connection, [number for number, _, _ in failed])
        rows = []
        for number, _, error in failed:
            if number not in there:
                continue
            tries = tried.get(number, 0) + 1
            found[number] = now + PATIENCE[min(tries, len(PATIENCE)) - 1]
            values = (error, reader[:256], tries, now, found[number])
            rows.append({"entry_id": number, **dict(zip(_COLUMNS, values, strict=True))})
        if rows:
            connection.execute(upsert(database, set_aside, ["entry_id"], _COLUMNS), rows)
            same = sa.and_(entries.c.id == sa.bindparam("b_id"), entries.c.revision == sa.bindparam("b_revision"))
            told = [{"b_id": number, "b_revision": revision} for number, revision, _ in failed if number in there]
            connection.execute(sa.update(entries).where(same).values(pending=False), told)
    return found


def take_up(database: Database, reader: str, now: datetime, *, all_of_them: bool = False) -> int:
    """Those whose time has come, or on which another program or model failed, are pending again; how many."""
    c = set_aside.c
    due = sa.select(c.entry_id)
    if not all_of_them:
        due = due.where(sa.or_(c.retry_at <= now, c.reader != reader[:256]))
    waiting = sa.and_(entries.c.id.in_(due), ~entries.c.pending)
    with database.read() as connection:
        # nearly always there is none: then nobody is kept waiting for the right to write
        if connection.execute(due.limit(1)).first() is None:
            return 0
    with database.write() as connection:
        return connection.execute(sa.update(entries).where(waiting).values(pending=True)).rowcount


def failures(database: Database, entry_ids: Sequence[int] | None = None, *, limit: int = 1000) -> list[Failure]:
    """What is set aside (of these entries), the latest first."""
    query = sa.select(set_aside, entries.c.feed_id, entries.c.title).join(entries, entries.c.id == set_aside.c.entry_id)
    query = query.order_by(set_aside.c.at.desc(), set_aside.c.entry_id.desc()).limit(limit)
    found: list[Failure] = []
    with database.read() as connection:
        for part in [None] if entry_ids is None else chunks(list(entry_ids), 5000):
            asked = query if part is None else query.where(set_aside.c.entry_id.in_(part))
            found += [Failure(**row) for row in connection.execute(asked).mappings()]
    return found


def forget(connection: Connection, entry_ids: Sequence[int]) -> None:
    """They have been understood."""
    for part in chunks(entry_ids, 5000):
        connection.execute(sa.delete(set_aside).where(set_aside.c.entry_id.in_(part)))


def _tries(connection: Connection, entry_ids: Sequence[int], reader: str) -> dict[int, int]:
    """How often this reader has failed on them."""
    found: dict[int, int] = {}
    c = set_aside.c
    for part in chunks(entry_ids, 5000):
        query = sa.select(c.entry_id, c.tries).where(c.entry_id.in_(part), c.reader == reader[:256])
        found.update((row.entry_id, row.tries) for row in connection.execute(query))
    return found


def _present(connection: Connection, entry_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for part in chunks(entry_ids, 5000):
        found.update(connection.scalars(sa.select(entries.c.id).where(entries.c.id.in_(part))))
    return found


__all__ = ["PATIENCE", "Failure", "failures", "forget", "put_aside", "take_up"]
