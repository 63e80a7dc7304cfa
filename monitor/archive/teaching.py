"""What a person taught: labels of entries, and the heads that were learned from them or for a topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from monitor.archive.engine import Database
from monitor.archive.rows import classification, entry, select_understood
from monitor.archive.sql import chunks, upsert
from monitor.archive.tables import classifications, entries, entry_topics, feeds, heads, labels, stories
from monitor.types import Classification, Entry, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a person says an entry is about. status: of the event, where there is a tag and it was said."""

    entry_id: int
    title: str
    summary: str
    tags: tuple[str, ...]
    status: Status | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Something learned. kind: "tags" or "topic"; key: of what it was learned from; base: the model's id."""

    id: int
    kind: str
    name: str
    key: str
    base: str
    body: Mapping[str, Any]
    figures: Mapping[str, Any]
    at: datetime
    in_use: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One entry's scores, for a report over time."""

    at: datetime
    feed_id: str
    model_id: str
    tags: tuple[str, ...]
    possible: tuple[str, ...]
    scores: Mapping[str, float]


class Teaching:
    """Labels and heads. Every method may raise ArchiveError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------ labels

    def label(self, told: Entry, tags: Sequence[str], now: datetime, *, status: Status | None = None) -> None:
        """Says what an entry is about; what was said of it before is replaced."""
        values = {
            "entry_id": told.id,
            "title": told.title,
            "summary": told.summary,
            "tags": list(tags),
            "status": status.value if status else None,
            "at": now,
        }
        with self._database.write() as connection:
            columns = ("title", "summary", "tags", "status", "at")
            connection.execute(upsert(self._database, labels, ["entry_id"], columns), [values])

    def unlabel(self, entry_id: int) -> bool:
        """Takes a label back; whether there was one."""
        with self._database.write() as connection:
            return connection.execute(sa.delete(labels).where(labels.c.entry_id == entry_id)).rowcount > 0

    def labels(self) -> list[Label]:
        """All labels, oldest first."""
        query = sa.select(labels).order_by(labels.c.at, labels.c.entry_id)
        with self._database.read() as connection:
            return [
                Label(
                    entry_id=row.entry_id,
                    title=row.title,
                    summary=row.summary,
                    tags=tuple(row.tags),
                    status=Status(row.status) if row.status else None,
                    at=row.at,
                )
                for row in connection.execute(query)
            ]

    def unlabelled(self, *, since: datetime | None = None, limit: int = 5000) -> list[tuple[Entry, Classification]]:
        """Entries that the model has read and no person has labelled, newest first."""
        query = (
            select_understood()
            .where(classifications.c.entry_id.is_not(None), entries.c.id.not_in(sa.select(labels.c.entry_id)))
            .order_by(entries.c.id.desc())
            .limit(limit)
        )
        if since is not None:
            query = query.where(entries.c.first_seen_at >= since)
        found = []
        with self._database.read() as connection:
            for row in connection.execute(query).mappings():
                read = classification(row, "c_")
                if read is not None and read.scores:
                    found.append((entry(row), read))
        return found

    # ------------------------------------------------------------ heads

    def head(self, kind: str, name: str) -> Head | None:
        """The one in use; None: none, or it was taken back."""
        query = sa.select(heads).where(heads.c.kind == kind, heads.c.name == name, heads.c.in_use)
        with self._database.read() as connection:
            row = connection.execute(query.order_by(heads.c.id.desc()).limit(1)).mappings().first()
        return None if row is None else Head(**row)

    def heads(self, kind: str, name: str | None = None) -> list[Head]:
        """All of that kind that were ever learned and kept, newest first."""
        query = sa.select(heads).where(heads.c.kind == kind).order_by(heads.c.id.desc())
        if name is not None:
            query = query.where(heads.c.name == name)
        with self._database.read() as connection:
            return [Head(**row) for row in connection.execute(query).mappings()]

    def use(
        self,
        kind: str,
        name: str,
        *,
        key: str,
        base: str,
        body: Mapping[str, Any],
        figures: Mapping[str, Any],
        now: datetime,
        keep: int = 10,
    ) -> int:
        """Puts a head in use; those before stay to go back to, at most `keep` of them. Its id."""
        mine = sa.and_(heads.c.kind == kind, heads.c.name == name)
        values = {"kind": kind, "name": name, "key": key, "base": base, "body": dict(body), "figures": dict(figures)}
        with self._database.write() as connection:
            connection.execute(sa.update(heads).where(mine).values(in_use=False))
            made = sa.insert(heads).values(**values, at=now, in_use=True).returning(heads.c.id)
            number = int(connection.execute(made).scalar_one())
            newest = sa.select(heads.c.id).where(mine).order_by(heads.c.id.desc()).limit(keep)
            kept = list(connection.scalars(newest))
            connection.execute(sa.delete(heads).where(mine, heads.c.id.not_in(kept)))
        return number

    def undo(self, kind: str, name: str) -> tuple[Head, Head | None] | None:
        """Takes the head in use back; it, and the one before that is in use now. None: there was none in use."""
        current = self.head(kind, name)
        if current is None:
            return None
        before = next((each for each in self.heads(kind, name) if each.id < current.id), None)
        with self._database.write() as connection:
            connection.execute(sa.delete(heads).where(heads.c.id == current.id))
            if before is not None:
                connection.execute(sa.update(heads).where(heads.c.id == before.id).values(in_use=True))
        return current, before

    def drop(self, kind: str, name: str) -> None:
        """Forgets all heads of that name: a topic was removed."""
        with self._database.write() as connection:
            connection.execute(sa.delete(heads).where(heads.c.kind == kind, heads.c.name == name))

    # ------------------------------------------------------------ topics

    def recent(self, limit: int = 6000) -> list[tuple[str, str, str, bytes]]:
        """(title, summary, model id, vector or nothing) of the entries that the model read last, newest first."""
        c = classifications.c
        query = (
            sa.select(entries.c.title, entries.c.summary, c.model_id, c.vector)
            .join_from(classifications, entries, entries.c.id == c.entry_id)
            .order_by(entries.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [
                (row.title, row.summary, row.model_id, bytes(row.vector or b"")) for row in connection.execute(query)
            ]

    def topic_counts(self, since: datetime) -> dict[str, int]:
        """Entries of each topic that were seen since then."""
        query = (
            sa.select(entry_topics.c.topic, sa.func.count())
            .join_from(entry_topics, entries, entries.c.id == entry_topics.c.entry_id)
            .where(entries.c.first_seen_at >= since)
            .group_by(entry_topics.c.topic)
        )
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def hush(self, entry_ids: Sequence[int] = (), *, story_ids: Sequence[int] = ()) -> None:
        """These entries, and those stories with all their entries, are no news: nothing announces them."""
        silent = {"announce": False}
        with self._database.write() as connection:
            for part in chunks(sorted(set(entry_ids)), 5000):
                connection.execute(sa.update(entries).where(entries.c.id.in_(part)).values(silent))
            for part in chunks(sorted(set(story_ids)), 5000):
                connection.execute(sa.update(entries).where(entries.c.story_id.in_(part)).values(silent))
                connection.execute(sa.update(stories).where(stories.c.id.in_(part)).values(news_at=None))

    # ------------------------------------------------------------ reports

    def readings(self, since: datetime) -> list[Reading]:
        """What the model read in entries since then, oldest first."""
        c = classifications.c
        shown = (entries.c.first_seen_at, entries.c.feed_id, c.model_id, c.tags, c.possible, c.scores)
        query = (
            sa.select(*shown)
            .join_from(classifications, entries, entries.c.id == c.entry_id)
            .where(entries.c.first_seen_at >= since)
            .order_by(entries.c.id)
        )
        with self._database.read() as connection:
            return [
                Reading(
                    at=row.first_seen_at,
                    feed_id=row.feed_id,
                    model_id=row.model_id,
                    tags=tuple(row.tags),
                    possible=tuple(row.possible),
                    scores=row.scores,
                )
                for row in connection.execute(query)
            ]

    def feed_names(self) -> dict[str, str]:
        """Feed ids to names."""
        with self._database.read() as connection:
            return {row.id: row.name for row in connection.execute(sa.select(feeds.c.id, feeds.c.name))}
