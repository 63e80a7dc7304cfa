"""Entries that their publisher changed: new words are a revision, former keys are remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from monitor.archive.arrivals import pieces
from monitor.archive.engine import Database
from monitor.archive.recognise import KEYS
from monitor.archive.sql import insert_into
from monitor.archive.tables import TITLE_BYTES, cap, entries, entry_revisions, past_keys
from monitor.archive.textindex import index_entries
from monitor.types import EntryChange


def store_changes(
    database: Database, connection: Connection, feed_id: str, changes: Sequence[EntryChange], at: datetime
) -> None:
    """Stores one feed's changes. An entry that is not there (any more) is left out."""
    last = {change.entry_id: change for change in changes}
    stored = connection.execute(
        sa.select(entries).where(entries.c.id.in_(list(last)), entries.c.feed_id == feed_id)
    ).all()
    taken = _taken_guids(connection, feed_id, list(last.values()))
    remembered: list[dict[str, Any]] = []
    for row in stored:
        change = last[row.id]
        values = _change_values(row, change, taken)
        remembered += [_past(row.id, feed_id, keys) for keys in (row, change) if _must_remember(values, keys)]
        if values["revision"] != row.revision:
            old = {
                "entry_id": row.id,
                "revision": row.revision,
                "title": row.title,
                "summary": row.summary,
                "url": row.url,
            }
            connection.execute(insert_into(database, entry_revisions).on_conflict_do_nothing(), [old | {"until": at}])
        connection.execute(sa.update(entries).where(entries.c.id == row.id).values(values))
        if database.is_postgres and values["revision"] != row.revision:
            index_entries(database, connection, [(row.id, values["title"], values["summary"], row.marks)])
    _remember(connection, remembered)


def _change_values(row: Row[Any], change: EntryChange, taken: Mapping[bytes, int]) -> dict[str, Any]:
    """The columns of a changed entry. New words are a new revision and are read again; new keys alone are neither.

    A key that is the only one, or under which another entry stands, is not moved: it is remembered beside.
    """
    title = cap(change.title, TITLE_BYTES)
    values: dict[str, Any] = {key: getattr(change, key) or getattr(row, key) for key in KEYS}
    if change.guid_hash is not None and taken.get(change.guid_hash, row.id) != row.id:
        values["guid_hash"] = row.guid_hash
    if values["guid_hash"] is None:
        values |= (
            {"link_hash": row.link_hash} if row.link_hash is not None else {key: getattr(row, key) for key in KEYS}
        )
    values |= {"url": change.url or row.url, "revision": row.revision}
    if (title, change.summary) != (row.title, row.summary):
        values |= {"title": title, "summary": change.summary, **pieces(title, change.summary), "pending": True}
        values["revision"] = max(change.revision, row.revision + 1)
    return values


def _taken_guids(connection: Connection, feed_id: str, changes: Sequence[EntryChange]) -> Mapping[bytes, int]:
    guids = [c.guid_hash for c in changes if c.guid_hash is not None]
    query = sa.select(entries.c.guid_hash, entries.c.id).where(
        entries.c.guid_hash.in_(guids), entries.c.feed_id == feed_id
    )
    return {row.guid_hash: row.id for row in connection.execute(query)} if guids else {}


def _must_remember(values: Mapping[str, Any], keys: Row[Any] | EntryChange) -> bool:
    """Whether these keys name the entry and are not those that its row holds now."""
    if any(getattr(keys, name) is not None and getattr(keys, name) != values[name] for name in KEYS[:2]):
        return True
    return keys.guid_hash is None and keys.link_hash is None and keys.content_hash != values["content_hash"]


def _past(entry_id: int, feed_id: str, keys: Row[Any] | EntryChange) -> dict[str, Any]:
    values = {"entry_id": entry_id, "feed_id": feed_id, "revision": keys.revision}
    return values | {key: getattr(keys, key) for key in KEYS}


def _remember(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Stores former keys, each once: a feed that swaps two guids for ever must not fill the table."""
    if not rows:
        return
    ids = sorted({row["entry_id"] for row in rows})
    columns = [past_keys.c.entry_id, *(past_keys.c[key] for key in KEYS)]
    known = {tuple(r) for r in connection.execute(sa.select(*columns).where(past_keys.c.entry_id.in_(ids)))}
    new = {(row["entry_id"], *(row[key] for key in KEYS)): row for row in rows}
    if fresh := [row for key, row in new.items() if key not in known]:
        connection.execute(sa.insert(past_keys), fresh)


__all__ = ["store_changes"]
