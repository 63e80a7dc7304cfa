"""Entries: what waits to be understood, and what the archive holds of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from monitor.archive import aside
from monitor.archive.engine import Database
from monitor.archive.rows import classification, encoded_by, entry, select_entries, select_understood
from monitor.archive.sql import chunks, flagged
from monitor.archive.tables import classifications, entries, entry_revisions, entry_topics, set_aside
from monitor.types import Classification, Entry
from monitor.urls import link_key

Understood = tuple[Entry, Classification | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What an entry said until its publisher edited it."""

    revision: int
    title: str
    summary: str
    url: str | None
    until: datetime


class Entries:
    """The EntryStore of protocols.py, and what commands ask for besides."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pending(self, limit: int = 512) -> list[Entry]:
        """Entries not yet understood, oldest arrival first. One that was edited comes again, with its story_id."""
        query = select_entries().where(flagged(entries.c.pending)).order_by(entries.c.id).limit(limit)
        with self._database.read() as connection:
            return [entry(row) for row in connection.execute(query).mappings()]

    def pending_count(self) -> int:
        query = sa.select(sa.func.count()).select_from(entries).where(flagged(entries.c.pending))
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def waiting(self, entry_ids: Sequence[int]) -> set[int]:
        """Those of them that wait to be read: new ones, or edited since they were read."""
        found: set[int] = set()
        with self._database.read() as connection:
            for part in chunks(list(entry_ids), 5000):
                query = sa.select(entries.c.id).where(entries.c.id.in_(part), entries.c.pending)
                found.update(connection.scalars(query))
        return found

    def put_aside(
        self, failed: Sequence[tuple[int, int, str]], *, reader: str, now: datetime
    ) -> Mapping[int, datetime]:
        """(entry, the revision that was read, error): no longer pending, until when each is tried again."""
        return aside.put_aside(self._database, failed, reader, now)

    def take_up(self, *, reader: str, now: datetime, all_of_them: bool = False) -> int:
        """What was set aside is pending again where its time has come, or where another reader failed; how many."""
        return aside.take_up(self._database, reader, now, all_of_them=all_of_them)

    def failures(self, entry_ids: Sequence[int] | None = None, *, limit: int = 1000) -> list[aside.Failure]:
        """What is set aside (of these entries) with its error, the latest first."""
        return aside.failures(self._database, entry_ids, limit=limit)

    def aside_count(self) -> int:
        """Entries that are set aside and do not wait to be read."""
        query = sa.select(sa.func.count()).select_from(set_aside.join(entries)).where(~entries.c.pending)
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def get(self, entry_id: int) -> Entry | None:
        with self._database.read() as connection:
            row = connection.execute(select_entries().where(entries.c.id == entry_id)).mappings().first()
        return None if row is None else entry(row)

    def by_url(self, url: str) -> list[Entry]:
        """Entries under that address in any spelling, newest first."""
        query = select_entries().where(entries.c.link_hash == link_key(url)).order_by(entries.c.id.desc()).limit(200)
        with self._database.read() as connection:
            return [entry(row) for row in connection.execute(query).mappings()]

    def of_story(self, story_id: int) -> list[Understood]:
        """A story's entries in order of arrival."""
        query = select_understood().where(entries.c.story_id == story_id).order_by(entries.c.id)
        with self._database.read() as connection:
            return [_understood(row) for row in connection.execute(query).mappings()]

    def understood(self, entry_id: int) -> Understood | None:
        """One entry with what the model read in it."""
        with self._database.read() as connection:
            row = connection.execute(select_understood().where(entries.c.id == entry_id)).mappings().first()
        return None if row is None else _understood(row)

    def understood_many(self, entry_ids: Sequence[int]) -> list[Understood]:
        """These entries with what the model read in them, in order of arrival."""
        found: list[Understood] = []
        with self._database.read() as connection:
            for part in chunks(sorted(entry_ids), 5000):
                query = select_understood().where(entries.c.id.in_(part)).order_by(entries.c.id)
                found += [_understood(row) for row in connection.execute(query).mappings()]
        return found

    def topics(self, entry_id: int) -> dict[str, float]:
        """Scores of the user's topics."""
        query = sa.select(entry_topics.c.topic, entry_topics.c.score).where(entry_topics.c.entry_id == entry_id)
        with self._database.read() as connection:
            return {row.topic: row.score for row in connection.execute(query)}

    def topics_of(self, entry_ids: Sequence[int]) -> dict[int, dict[str, float]]:
        """Scores of the user's topics by entry; only of those that have any."""
        found: dict[int, dict[str, float]] = {}
        columns = (entry_topics.c.entry_id, entry_topics.c.topic, entry_topics.c.score)
        with self._database.read() as connection:
            for part in chunks(list(entry_ids), 5000):
                query = sa.select(*columns).where(entry_topics.c.entry_id.in_(part)).order_by(*columns[:2])
                for row in connection.execute(query):
                    found.setdefault(row.entry_id, {})[row.topic] = row.score
        return found

    def revisions(self, entry_id: int) -> list[Revision]:
        """What it said before, oldest first. Evidence points into these or into the present text."""
        query = sa.select(entry_revisions).where(entry_revisions.c.entry_id == entry_id)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(entry_revisions.c.revision)).mappings().all()
        names = ("revision", "title", "summary", "url", "until")
        return [Revision(**{name: row[name] for name in names}) for row in rows]

    def each(
        self, *, since: datetime | None = None, in_story: bool = False, batch: int = 1000
    ) -> Iterator[list[Understood]]:
        """All entries seen since then, in order of arrival, in batches: for `stories rebuild` and exports."""
        last = 0
        while True:
            query = select_understood().where(entries.c.id > last).order_by(entries.c.id).limit(batch)
            if since is not None:
                query = query.where(entries.c.first_seen_at >= since)
            if in_story:
                query = query.where(entries.c.story_id.is_not(None))
            with self._database.read() as connection:
                rows = [_understood(row) for row in connection.execute(query).mappings()]
            if not rows:
                return
            yield rows
            last = rows[-1][0].id

    def count(self, *, since: datetime | None = None) -> int:
        query = sa.select(sa.func.count()).select_from(entries)
        if since is not None:
            query = query.where(entries.c.first_seen_at >= since)
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def near_misses(self, *, since: datetime | None = None, limit: int = 100) -> list[Understood]:
        """Entries with no tag, but one in the band below its threshold; newest first."""
        near = flagged(classifications.c.near_miss)
        query = select_understood().where(near).order_by(classifications.c.entry_id.desc())
        if since is not None:
            query = query.where(entries.c.first_seen_at >= since)
        with self._database.read() as connection:
            return [_understood(row) for row in connection.execute(query.limit(limit)).mappings()]

    def read_again(self, *, since: datetime | None = None, unless_model: str | None = None, heads: bool = True) -> int:
        """Entries become pending again (a new model, `reclassify`); how many. Their stories stay as they are.

        unless_model: but for those that it has read; without `heads`, that its encoder has read, whatever the head.
        What was set aside comes back at its own time.
        """
        query = sa.update(entries).where(~entries.c.pending).values(pending=True)
        if since is not None:
            query = query.where(entries.c.first_seen_at >= since)
        if unless_model is not None:
            by = classifications.c.model_id
            same = by == unless_model if heads else encoded_by(by, unless_model)
            # asked for each entry: all that the model ever read would be the whole archive
            query = query.where(~sa.exists().where(classifications.c.entry_id == entries.c.id, same))
            query = query.where(~sa.exists().where(set_aside.c.entry_id == entries.c.id))
        with self._database.write() as connection:
            return connection.execute(query).rowcount

    def many(self, entry_ids: Sequence[int]) -> Mapping[int, Entry]:
        """Entries by id."""
        found: dict[int, Entry] = {}
        with self._database.read() as connection:
            for part in chunks(list(entry_ids), 5000):
                rows = connection.execute(select_entries().where(entries.c.id.in_(part))).mappings()
                found.update((row["id"], entry(row)) for row in rows)
        return found


def _understood(values: Mapping[Any, Any]) -> Understood:
    return entry(values), classification(values, "c_")
