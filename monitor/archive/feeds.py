"""Feeds: their state between polls, and the one transaction that stores what polls brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from monitor.archive.engine import Database
from monitor.archive.marks import marks_of_entry
from monitor.archive.sql import chunks, insert_into, upsert
from monitor.archive.tables import TITLE_BYTES, cap, entries, entry_revisions, feeds, hosts, past_keys
from monitor.archive.textindex import index_entries
from monitor.text import cjk_pieces
from monitor.types import EntryChange, EntryDraft, FeedSpec, FeedState, KnownEntry, PollOutcome

STATE_FIELDS: Final = tuple(f.name for f in fields(FeedState) if f.name != "feed_id")
_FORGOTTEN: Final = dict.fromkeys(("etag", "last_modified", "body_hash", "redirect_url", "error", "error_kind"))
_KEYS: Final = ("guid_hash", "link_hash", "content_hash")


class Feeds:
    """The FeedStore of protocols.py."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        """Feeds of the file to rows: new ones are due at once, vanished ones stay but are not polled.

        A feed whose address was edited forgets validators and redirects of the old one. What was learned else stays.
        """
        with self._database.write() as connection:
            rows = connection.execute(sa.select(feeds.c.id, feeds.c.spec_url)).all()
            known = {row.id: row.spec_url for row in rows}
            connection.execute(sa.update(feeds).where(feeds.c.configured).values(configured=False, enabled=False))
            new = [_new_feed(spec, now) for spec in specs if spec.id not in known]
            if new:
                connection.execute(sa.insert(feeds), new)
            for spec in specs:
                if spec.id in known:
                    values = _described(spec)
                    if spec.url != known[spec.id]:
                        values |= {
                            **_FORGOTTEN,
                            "url": spec.url,
                            "redirect_count": 0,
                            "failures": 0.0,
                            "next_poll_at": now,
                        }
                        values["next_poll_why"] = "its address was edited"
                    connection.execute(sa.update(feeds).where(feeds.c.id == spec.id).values(values))

    def due(
        self, now: datetime, *, limit: int = 1000, feed_ids: Sequence[str] | None = None, force: bool = False
    ) -> list[FeedState]:
        """States of enabled feeds whose next_poll_at has come, most overdue first; with `force` all (of feed_ids)."""
        query = sa.select(feeds).where(feeds.c.configured, feeds.c.enabled)
        if not force:
            query = query.where(sa.or_(feeds.c.next_poll_at.is_(None), feeds.c.next_poll_at <= now))
        if feed_ids is not None:
            query = query.where(feeds.c.id.in_(list(feed_ids)))
        # NULLs sort first on SQLite and last on PostgreSQL: say it.
        query = query.order_by(feeds.c.next_poll_at.asc().nulls_first(), feeds.c.id).limit(limit)
        with self._database.read() as connection:
            return [_state(row) for row in connection.execute(query).mappings()]

    def states(self) -> list[FeedState]:
        """All feeds of feeds.yaml, switched off ones too, by id."""
        query = sa.select(feeds).where(feeds.c.configured).order_by(feeds.c.id)
        with self._database.read() as connection:
            return [_state(row) for row in connection.execute(query).mappings()]

    def state(self, feed_id: str) -> FeedState | None:
        """One feed's, also of one that left feeds.yaml."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(feeds).where(feeds.c.id == feed_id)).mappings().first()
        return None if row is None else _state(row)

    def next_due(self) -> datetime | None:
        """When the next poll of any feed is due."""
        query = sa.select(sa.func.min(feeds.c.next_poll_at)).where(feeds.c.configured, feeds.c.enabled)
        with self._database.read() as connection:
            due: datetime | None = connection.scalar(query)
        return due

    def host_pauses(self, now: datetime) -> dict[str, datetime]:
        """Hosts that asked to be left alone, and until when."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(hosts).where(hosts.c.pause_until > now)).all()
        return {row.host: row.pause_until for row in rows}

    def known(
        self,
        feed_ids: Sequence[str],
        guid_hashes: Iterable[bytes],
        link_hashes: Iterable[bytes],
        content_hashes: Iterable[bytes],
    ) -> dict[str, list[KnownEntry]]:
        """Per feed, its stored entries that share a key with what is asked; one query per kind for the whole batch.

        Keys that an entry had before come as a KnownEntry of their own with the same entry_id; so do those of
        entries that were pruned.
        """
        asked = dict(zip(_KEYS, (guid_hashes, link_hashes, content_hashes), strict=True))
        wanted, found = set(feed_ids), dict[tuple[Any, ...], KnownEntry]()
        by_feed: dict[str, list[KnownEntry]] = {feed_id: [] for feed_id in feed_ids}
        with self._database.read() as connection:
            for table, number in ((entries, entries.c.id), (past_keys, past_keys.c.entry_id)):
                keys = [table.c[name] for name in _KEYS]
                columns = [number.label("entry_id"), table.c.feed_id, *keys, table.c.revision]
                for name, hashes in asked.items():
                    for part in chunks(list(set(hashes) - {None}), 5000):
                        for row in connection.execute(sa.select(*columns).where(table.c[name].in_(part))):
                            key = tuple(row)
                            if row.feed_id in wanted and key not in found:
                                found[key] = KnownEntry(
                                    entry_id=row.entry_id,
                                    guid_hash=row.guid_hash,
                                    link_hash=row.link_hash,
                                    content_hash=row.content_hash,
                                    revision=row.revision,
                                )
                                by_feed[row.feed_id].append(found[key])
        return by_feed

    def store(self, outcomes: Sequence[PollOutcome]) -> list[int]:
        """One transaction: states, validators, new entries (pending), changes, host pauses. Ids of the new entries.

        An entry whose (feed, guid) or (feed, link without guid) already stands is not stored twice, whatever is asked.
        """
        if not outcomes:
            return []
        with self._database.write(lock=1) as connection:
            _ensure_feeds(connection, outcomes)
            values = [{"b_id": o.feed_id, **{f: getattr(o.state, f) for f in STATE_FIELDS}} for o in outcomes]
            connection.execute(_UPDATE_STATE, values)
            pauses = {o.host: o.host_pause_until for o in outcomes if o.host and o.host_pause_until is not None}
            if pauses:
                rows = [{"host": host, "pause_until": until} for host, until in sorted(pauses.items())]
                connection.execute(upsert(self._database, hosts, ["host"], ["pause_until"]), rows)
            for outcome in outcomes:
                if outcome.changes:
                    _store_changes(self._database, connection, outcome.feed_id, outcome.changes, outcome.at)
            return _store_drafts(self._database, connection, [d for o in outcomes for d in o.drafts])

    def details(self) -> list[dict[str, Any]]:
        """Every feed that has a row, for `feeds health`: its description, its state, and its newest entry's time."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(feeds).order_by(feeds.c.id)).mappings().all()
        return [dict(row) for row in rows]


_UPDATE_STATE: Final = (
    sa.update(feeds).where(feeds.c.id == sa.bindparam("b_id")).values({f: sa.bindparam(f) for f in STATE_FIELDS})
)


def _described(spec: FeedSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "category": spec.category,
        "language": spec.language,
        "authority": spec.authority,
        "spec_url": spec.url,
        "enabled": spec.enabled,
        "configured": True,
    }


def _new_feed(spec: FeedSpec, now: datetime) -> dict[str, Any]:
    due = {"url": spec.url, "next_poll_at": now, "next_poll_why": "new", "added_at": now}
    return {"id": spec.id, **_described(spec), **due}


def _state(values: Mapping[Any, Any]) -> FeedState:
    return FeedState(feed_id=values["id"], **{name: values[name] for name in STATE_FIELDS})


def _ensure_feeds(connection: Connection, outcomes: Sequence[PollOutcome]) -> None:
    """A feed that was never synced gets a row, so that one odd outcome cannot fail the batch of all the others."""
    ids = {o.feed_id for o in outcomes} | {d.feed_id for o in outcomes for d in o.drafts}
    known: set[str] = set()
    for part in chunks(sorted(ids), 5000):
        known |= set(connection.scalars(sa.select(feeds.c.id).where(feeds.c.id.in_(part))))
    if unknown := ids - known:
        urls = {o.feed_id: o.state.url for o in outcomes}
        at = outcomes[0].at
        rows = [
            {"id": i, "name": i, "spec_url": urls.get(i, ""), "url": urls.get(i, ""), "added_at": at}
            for i in sorted(unknown)
        ]
        connection.execute(sa.insert(feeds), [row | {"enabled": False, "configured": False} for row in rows])


def _store_drafts(database: Database, connection: Connection, drafts: Sequence[EntryDraft]) -> list[int]:
    if not drafts:
        return []
    # Feeds list the newest first; ids follow the time of publication within what arrived together.
    ordered = sorted(drafts, key=lambda d: (d.first_seen_at, d.published_at))
    statement = insert_into(database, entries).on_conflict_do_nothing()
    if database.is_sqlite:
        returned = connection.execute(statement.returning(entries.c.id), [_row(d) for d in ordered])
        return sorted(returned.scalars())
    columns = (entries.c.id, entries.c.title, entries.c.summary, entries.c.marks)
    stored = connection.execute(statement.returning(*columns), [_row(d) for d in ordered]).all()
    index_entries(database, connection, [(row.id, row.title, row.summary, row.marks) for row in stored])
    return sorted(row.id for row in stored)


def _row(draft: EntryDraft) -> dict[str, Any]:
    return {
        "feed_id": draft.feed_id,
        "guid": draft.guid,
        "guid_hash": draft.guid_hash,
        "link_hash": draft.link_hash,
        "content_hash": draft.content_hash,
        "url": draft.url,
        "title": draft.title,
        "summary": draft.summary,
        **pieces(draft.title, draft.summary),
        "marks": marks_of_entry(draft.feed_id, draft.published_at, draft.publisher, draft.language),
        "author": draft.author,
        "published_at": draft.published_at,
        "first_seen_at": draft.first_seen_at,
        "publisher": draft.publisher[:256],
        "publisher_name": draft.publisher_name,
        "language": draft.language[:16],
        "announce": draft.announce,
        "pending": True,
        "placed_by_hand": False,
        "revision": 1,
    }


def pieces(title: str, summary: str) -> dict[str, str | None]:
    """What SQLite indexes in the place of a text that holds Chinese or Japanese."""
    cut_title, cut_summary = cjk_pieces(title), cjk_pieces(summary)
    return {
        "pieces_title": None if cut_title == title else cut_title,
        "pieces_summary": None if cut_summary == summary else cut_summary,
    }


def _store_changes(
    database: Database, connection: Connection, feed_id: str, changes: Sequence[EntryChange], at: datetime
) -> None:
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
    values: dict[str, Any] = {key: getattr(change, key) or getattr(row, key) for key in _KEYS}
    if change.guid_hash is not None and taken.get(change.guid_hash, row.id) != row.id:
        values["guid_hash"] = row.guid_hash
    if values["guid_hash"] is None:
        values |= (
            {"link_hash": row.link_hash} if row.link_hash is not None else {key: getattr(row, key) for key in _KEYS}
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
    if any(getattr(keys, name) is not None and getattr(keys, name) != values[name] for name in _KEYS[:2]):
        return True
    return keys.guid_hash is None and keys.link_hash is None and keys.content_hash != values["content_hash"]


def _past(entry_id: int, feed_id: str, keys: Row[Any] | EntryChange) -> dict[str, Any]:
    values = {"entry_id": entry_id, "feed_id": feed_id, "revision": keys.revision}
    return values | {key: getattr(keys, key) for key in _KEYS}


def _remember(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Stores former keys, each once: a feed that swaps two guids for ever must not fill the table."""
    if not rows:
        return
    ids = sorted({row["entry_id"] for row in rows})
    columns = [past_keys.c.entry_id, *(past_keys.c[key] for key in _KEYS)]
    known = {tuple(r) for r in connection.execute(sa.select(*columns).where(past_keys.c.entry_id.in_(ids)))}
    new = {(row["entry_id"], *(row[key] for key in _KEYS)): row for row in rows}
    if fresh := [row for key, row in new.items() if key not in known]:
        connection.execute(sa.insert(past_keys), fresh)
