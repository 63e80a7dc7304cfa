"""Which stored entries share a key with what a document holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.sql import chunks
from monitor.archive.tables import entries, past_keys
from monitor.types import KnownEntry

#: an entry's keys, as columns
KEYS: Final = ("guid_hash", "link_hash", "content_hash")
#: (table, its column with the entry's number)
_TABLES: Final = (("entries", "id"), ("past_keys", "entry_id"))
_PART: Final = 4096


def known_entries(
    connection: Connection,
    feed_ids: Sequence[str],
    guid_hashes: Iterable[bytes],
    link_hashes: Iterable[bytes],
    content_hashes: Iterable[bytes],
    *,
    gone: set[int] | None = None,
) -> dict[str, list[KnownEntry]]:
    """Per feed, its stored entries that share a key with what is asked; one query per kind and table.

    Keys that an entry had before come as a KnownEntry of their own with the same entry_id; so do those of
    entries that were pruned. gone: takes the rows of those that `seen_at` is kept of.
    """
    asked = dict(zip(KEYS, (guid_hashes, link_hashes, content_hashes), strict=True))
    by_feed: dict[str, dict[KnownEntry, None]] = {feed_id: {} for feed_id in feed_ids}
    for table, number in _TABLES:
        for name, hashes in asked.items():
            for part in chunks(list(set(hashes) - {None}), _PART):
                for feed_id, entry_id, guid, link, content, revision, row in _rows(
                    connection, table, number, name, part
                ):
                    if feed_id in by_feed:
                        if row is not None and gone is not None:
                            gone.add(row)
                        found = KnownEntry(
                            entry_id=entry_id,
                            guid_hash=guid,
                            link_hash=link,
                            content_hash=content,
                            revision=revision,
                        )
                        by_feed[feed_id][found] = None
    return {feed_id: list(found) for feed_id, found in by_feed.items()}


def _rows(connection: Connection, table: str, number: str, name: str, part: Sequence[bytes]) -> Iterable[Any]:
    if connection.dialect.name == "sqlite":
        # the driver itself: thousands of values are a long way through SQLAlchemy's expansion of IN; filled up to
        # a power of two, since the driver keeps each length that it has prepared
        count = min(1 << (len(part) - 1).bit_length(), _PART)
        values = (*part, *(tuple(part[-1:]) * (count - len(part))))
        places = ", ".join("?" * count)
        words = (
            f"SELECT feed_id, {number}, guid_hash, link_hash, content_hash, revision, "  # noqa: S608
            f"{'NULL' if table == 'entries' else 'CASE WHEN seen_at IS NOT NULL THEN id END'} FROM {table} "
            f"WHERE {name} IN ({places})"
        )
        return connection.exec_driver_sql(words, values).all()
    source = entries if table == "entries" else past_keys
    row: Any = sa.null() if table == "entries" else sa.case((source.c.seen_at.is_not(None), source.c.id))
    columns = [source.c.feed_id, source.c[number], *(source.c[key] for key in KEYS), source.c.revision, row]
    return connection.execute(sa.select(*columns).where(source.c[name].in_(part))).all()


__all__ = ["KEYS", "known_entries"]
