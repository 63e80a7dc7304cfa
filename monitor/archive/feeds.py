"""Feeds: their state between polls, and the one transaction that stores what polls brought."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.arrivals import store_drafts
from monitor.archive.bulk import update_rows
from monitor.archive.edits import store_changes
from monitor.archive.engine import Database
from monitor.archive.forgetting import still_listed
from monitor.archive.recognise import known_entries
from monitor.archive.sql import chunks, upsert
from monitor.archive.tables import feeds, hosts
from monitor.types import FeedSpec, FeedState, KnownEntry, PollOutcome

STATE_FIELDS: Final = tuple(f.name for f in fields(FeedState) if f.name != "feed_id")
_FIELDS: Final = ("feed_id", *STATE_FIELDS)
_FORGOTTEN: Final = dict.fromkeys(("etag", "last_modified", "body_hash", "redirect_url", "error", "error_kind"))
_DESCRIBED: Final = ("name", "category", "language", "authority", "spec_url", "enabled", "configured")
#: in the order in which `_state` reads them
_COLUMNS: Final = (feeds.c.id, *(feeds.c[name] for name in STATE_FIELDS))


class Feeds:
    """The FeedStore of protocols.py."""

    def __init__(self, database: Database) -> None:
        self._database = database
        #: rows of keys of gone entries that polls met, until the next `store`
        self._met: set[int] = set()
        self._lock = threading.Lock()

    def sync(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        """Feeds of the file to rows: new ones are due at once, vanished ones stay but are not polled.

        A feed whose address was edited forgets validators and redirects of the old one. What was learned else stays.
        """
        with self._database.write() as connection:
            rows = connection.execute(sa.select(feeds.c.id, *(feeds.c[name] for name in _DESCRIBED)))
            known = {row.id: dict(zip(_DESCRIBED, tuple(row)[1:], strict=True)) for row in rows}
            named = {spec.id for spec in specs}
            gone = [{"b_id": i} for i, values in known.items() if values["configured"] and i not in named]
            if gone:
                connection.execute(_LEAVE, gone)
            new = [_new_feed(spec, now) for spec in specs if spec.id not in known]
            if new:
                connection.execute(sa.insert(feeds), new)
            for spec in specs:
                # a thousand feeds stand in the file as they did before: these cost nothing
                if spec.id in known and (values := _edited(spec, known[spec.id], now)):
                    connection.execute(sa.update(feeds).where(feeds.c.id == spec.id).values(values))

    def due(
        self, now: datetime, *, limit: int = 1000, feed_ids: Sequence[str] | None = None, force: bool = False
    ) -> list[FeedState]:
        """States of enabled feeds whose next_poll_at has come, most overdue first; with `force` all (of feed_ids)."""
        query = sa.select(*_COLUMNS).where(feeds.c.configured, feeds.c.enabled)
        if not force:
            query = query.where(sa.or_(feeds.c.next_poll_at.is_(None), feeds.c.next_poll_at <= now))
        if feed_ids is not None:
            query = query.where(feeds.c.id.in_(list(feed_ids)))
        # NULLs sort first on SQLite and last on PostgreSQL: say it.
        query = query.order_by(feeds.c.next_poll_at.asc().nulls_first(), feeds.c.id).limit(limit)
        with self._database.read() as connection:
            return [_state(row) for row in connection.execute(query)]

    def states(self) -> list[FeedState]:
        """All feeds of feeds.yaml, switched off ones too, by id."""
        query = sa.select(*_COLUMNS).where(feeds.c.configured).order_by(feeds.c.id)
        with self._database.read() as connection:
            return [_state(row) for row in connection.execute(query)]

    def state(self, feed_id: str) -> FeedState | None:
        """One feed's, also of one that left feeds.yaml."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(*_COLUMNS).where(feeds.c.id == feed_id)).first()
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
        gone: set[int] = set()
        with self._database.read() as connection:
            found = known_entries(connection, feed_ids, guid_hashes, link_hashes, content_hashes, gone=gone)
        with self._lock:
            self._met |= gone
        return found

    def store(self, outcomes: Sequence[PollOutcome]) -> list[int]:
        """One transaction: states, validators, new entries (pending), changes, host pauses. Ids of the new entries.

        An entry whose (feed, guid) or (feed, link without guid) already stands is not stored twice, whatever is asked.
        """
        if not outcomes:
            return []
        with self._lock:
            met, self._met = self._met, set()
        with self._database.write(lock=1) as connection:
            if met:
                still_listed(connection, met, outcomes[0].at)
            _ensure_feeds(connection, outcomes)
            _store_states(self._database, connection, outcomes)
            _store_pauses(self._database, connection, outcomes)
            for outcome in outcomes:
                if outcome.changes:
                    store_changes(self._database, connection, outcome.feed_id, outcome.changes, outcome.at)
            return store_drafts(self._database, connection, [d for o in outcomes for d in o.drafts])

    def details(self) -> list[dict[str, Any]]:
        """Every feed that has a row, for `feeds health`: its description, its state, and its newest entry's time."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(feeds).order_by(feeds.c.id)).mappings().all()
        return [dict(row) for row in rows]


_LEAVE: Final = sa.update(feeds).where(feeds.c.id == sa.bindparam("b_id")).values(configured=False, enabled=False)
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


def _edited(spec: FeedSpec, known: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns that a changed line of feeds.yaml changes."""
    values = {name: value for name, value in _described(spec).items() if value != known[name]}
    if "spec_url" in values:
        values |= {**_FORGOTTEN, "url": spec.url, "redirect_count": 0, "failures": 0.0, "next_poll_at": now}
        values["next_poll_why"] = "its address was edited"
    return values


def _new_feed(spec: FeedSpec, now: datetime) -> dict[str, Any]:
    due = {"url": spec.url, "next_poll_at": now, "next_poll_why": "new", "added_at": now}
    return {"id": spec.id, **_described(spec), **due}


def _state(row: Any) -> FeedState:
    return FeedState(**dict(zip(_FIELDS, row, strict=True)))


def _store_states(database: Database, connection: Connection, outcomes: Sequence[PollOutcome]) -> None:
    if database.is_sqlite:
        rows = [{"id": o.feed_id, **{name: getattr(o.state, name) for name in STATE_FIELDS}} for o in outcomes]
        update_rows(connection, feeds, "id", STATE_FIELDS, rows)
        return
    values = [{"b_id": o.feed_id, **{name: getattr(o.state, name) for name in STATE_FIELDS}} for o in outcomes]
    connection.execute(_UPDATE_STATE, values)


def _store_pauses(database: Database, connection: Connection, outcomes: Sequence[PollOutcome]) -> None:
    pauses: dict[str, datetime] = {}
    for o in outcomes:
        if o.host and o.host_pause_until is not None:
            pauses[o.host] = max(o.host_pause_until, pauses.get(o.host, o.host_pause_until))
    if pauses:
        rows = [{"host": host, "pause_until": until} for host, until in sorted(pauses.items())]
        connection.execute(upsert(database, hosts, ["host"], ["pause_until"]), rows)


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
