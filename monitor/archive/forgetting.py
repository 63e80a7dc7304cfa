"""What years would pile up: keys of entries that are gone.

Keys of an entry that was pruned are needed for as long as its feed lists it: it must not come back as new. When a poll
meets such a key, `seen_at` says so, to a month. A key goes when its feed has not listed it for so long and has brought
a new entry since: then its whole document was read, and the old entry was not in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.engine import Database
from monitor.archive.sql import chunks
from monitor.archive.tables import entries, past_keys

#: `seen_at` lags behind by so much, so that a poll seldom writes it
GRAIN: Final = timedelta(days=30)
#: a feed that brought nothing for so long keeps the keys of what is gone
_LIVELY: Final = timedelta(days=60)
#: rows of one transaction: a running monitor is not kept waiting
_AT_ONCE: Final = 5000


def still_listed(connection: Connection, row_ids: Collection[int], at: datetime) -> None:
    """A poll at that time met these keys of entries that are gone."""
    c = past_keys.c
    for part in chunks(sorted(row_ids), _AT_ONCE):
        stale = sa.and_(c.id.in_(part), c.seen_at < at - GRAIN)
        connection.execute(sa.update(past_keys).where(stale).values(seen_at=at))


def forget_keys(database: Database, unlisted_for: timedelta, now: datetime) -> int:
    """Drops keys of entries that are gone and that their feed has not listed for so long; how many.

    Those pruned since the last time count as listed until now.
    """
    c = past_keys.c
    gone = ~sa.exists().where(entries.c.id == c.entry_id)
    for part in _pages(database, sa.select(c.id).where(c.seen_at.is_(None), gone)):
        with database.write() as connection:
            fresh = sa.update(past_keys).where(c.id.in_([row.id for row in part]), gone).values(seen_at=now)
            connection.execute(fresh)
    newest = _newest(database, now - _LIVELY)
    dropped = 0
    for part in _pages(database, sa.select(c.id, c.feed_id, c.seen_at).where(c.seen_at < now - unlisted_for)):
        old = [row.id for row in part if row.feed_id in newest and row.seen_at < newest[row.feed_id] - unlisted_for]
        if old:
            with database.write() as connection:
                dropped += connection.execute(sa.delete(past_keys).where(c.id.in_(old))).rowcount
    return dropped


def _newest(database: Database, since: datetime) -> dict[str, datetime]:
    """When each feed last brought an entry, of those that did since then."""
    c = entries.c
    query = sa.select(c.feed_id, sa.func.max(c.first_seen_at).label("at")).where(c.first_seen_at >= since)
    with database.read() as connection:
        return {row.feed_id: row.at for row in connection.execute(query.group_by(c.feed_id))}


def _pages(database: Database, query: sa.Select[Any]) -> Iterator[list[Any]]:
    """The query's rows by their number, page by page, each read in a short transaction."""
    number, last = next(iter(query.selected_columns)), 0
    while True:
        with database.read() as connection:
            rows = list(connection.execute(query.where(number > last).order_by(number).limit(_AT_ONCE)).all())
        if not rows:
            return
        yield rows
        last = rows[-1].id


__all__ = ["GRAIN", "forget_keys", "still_listed"]
