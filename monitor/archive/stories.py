"""Stories: what the matcher remembers, what a digest chooses from, and the transaction that stores an understanding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive import hands, rows
from monitor.archive.apply import Understanding
from monitor.archive.engine import Database
from monitor.archive.entities import canonical_names
from monitor.archive.matching import stories_with_words
from monitor.archive.records import records_of
from monitor.archive.selecting import fits
from monitor.archive.sql import chunks
from monitor.archive.tables import classifications, decisions, developments, entries, feeds, stories
from monitor.query import Query, merged
from monitor.types import Classification, Development, Entry, Selection, Story, StoryMember, StoryUpdate


class Stories:
    """The StoryStore of protocols.py, and what commands ask for besides."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def window(self, since: datetime, model_id: str, *, after_entry_id: int = 0) -> list[StoryMember]:
        """Members of stories seen since then whose vectors are of that model's encoder, in order of arrival."""
        same = rows.encoded_by(classifications.c.model_id, model_id)
        labelled = [classifications.c[name] for name in _CLASSIFICATION]
        columns = [entries.c[name] for name in ("id", "story_id", "title", "summary", "publisher", "language")]
        query = (
            sa.select(*columns, entries.c.published_at, entries.c.first_seen_at, feeds.c.authority, *labelled)
            .join_from(stories, entries, entries.c.story_id == stories.c.id)
            .join(classifications, classifications.c.entry_id == entries.c.id)
            .join(feeds, feeds.c.id == entries.c.feed_id)
            .where(stories.c.last_seen_at >= since, same, entries.c.id > after_entry_id)
            .order_by(entries.c.id)
        )
        with self._database.read() as connection:
            return [_member(row) for row in connection.execute(query).mappings()]

    def get(self, story_id: int) -> Story | None:
        """A story with its records and developments; one that was merged away leads to where it went."""
        found = self.get_many([story_id])
        return found.get(story_id)

    def get_many(self, story_ids: Sequence[int]) -> dict[int, Story]:
        """Stories by the ids that were asked for."""
        with self._database.read() as connection:
            targets = hands.targets(connection, story_ids)
            found = {story.id: story for story in _load(connection, sorted(set(targets.values())))}
        return {asked: found[target] for asked, target in targets.items() if target in found}

    def apply(
        self,
        classifications: Mapping[int, Classification],
        topics: Mapping[int, Mapping[str, float]],
        updates: Sequence[StoryUpdate],
        now: datetime,
        *,
        revisions: Mapping[int, int] | None = None,
    ) -> list[int]:
        """One transaction: classifications by entry id, topics, stories, decisions, developments, ledger. Story ids,
        in the order of `updates`.

        Entries with a classification are no longer pending, unless `revisions` (entry id to the revision that was read)
        says that they were edited meanwhile. Doing it again after a crash makes nothing twice; an entry that a person
        has placed stays where it is, and facts that a person set stand. Where another writer changed a story since an
        update was made from it, StoryChanged is raised and nothing is written. An update that does not say what it was
        made from is written all the same; a story that became another meanwhile takes its entries and is counted again.
        """
        with self._database.write(lock=2) as connection:
            understanding = Understanding(self._database, connection, now)
            return understanding.store(classifications, topics, updates, revisions or {})

    def arrived(
        self, selection: Selection, since: datetime, until: datetime, *, announced_only: bool = True, limit: int = 5000
    ) -> list[Story]:
        """Stories that qualify and whose news_at (or last_seen_at if not announced_only) is in (since, until].

        Newest first; muted ones never, nor those whose tags are only possible, unless a person has pinned them.
        """
        column = stories.c.news_at if announced_only else stories.c.last_seen_at
        wanted = merged(Query(), selection, until)
        found: list[Story] = []
        with self._database.read() as connection:
            wanted = canonical_names(connection, wanted)
            query = sa.select(stories).where(
                column > since, column <= until, ~stories.c.muted, stories.c.merged_into.is_(None)
            )
            if wanted.min_amount is not None:
                query = query.where(stories.c.usd >= wanted.min_amount)
            if wanted.min_publishers > 1:
                query = query.where(stories.c.independent >= wanted.min_publishers)
            heads = connection.execute(query.order_by(column.desc(), stories.c.id.desc())).mappings()
            for page in heads.partitions(1000):
                candidates = [s for s in (rows.story(head) for head in page) if _is_told(s) and fits(s, wanted)]
                if wanted.words is not None and candidates:
                    with_words = stories_with_words(self._database, connection, wanted, [s.id for s in candidates])
                    candidates = [s for s in candidates if s.id in with_words]
                found += candidates
                if len(found) >= limit:
                    break
            return _load(connection, [s.id for s in found[:limit]])

    def tellings(self, story_ids: Sequence[int]) -> dict[int, list[tuple[Entry, Classification | None]]]:
        """The entries of these stories with what was read in them, in order of arrival."""
        found: dict[int, list[tuple[Entry, Classification | None]]] = defaultdict(list)
        with self._database.read() as connection:
            for part in chunks(sorted(set(story_ids)), 5000):
                query = rows.select_understood().where(entries.c.story_id.in_(part)).order_by(entries.c.id)
                for row in connection.execute(query).mappings():
                    found[row["story_id"]].append((rows.entry(row), rows.classification(row, "c_")))
        return dict(found)

    def latest(self, *, limit: int = 50, before_id: int | None = None) -> list[Story]:
        """The newest stories by when they were last seen, without their records: for pages and tables."""
        query = sa.select(stories).where(stories.c.merged_into.is_(None), ~stories.c.muted)
        if before_id is not None:
            query = query.where(stories.c.id < before_id)
        query = query.order_by(stories.c.last_seen_at.desc(), stories.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [rows.story(row) for row in connection.execute(query).mappings()]

    def decisions(self, story_id: int) -> list[dict[str, Any]]:
        """Why each entry is in the story: entry_id, title, publisher, url, score, reason, numbers, at, by_hand."""
        shown = [decisions.c[name] for name in ("entry_id", "story_id", "score", "reason", "numbers", "at", "by_hand")]
        query = (
            sa.select(*shown, entries.c.title, entries.c.publisher, entries.c.url)
            .join(entries, entries.c.id == decisions.c.entry_id)
            .where(decisions.c.story_id == story_id)
            .order_by(decisions.c.id)
        )
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def merge(self, into: int, others: Sequence[int], now: datetime) -> None:
        """All entries of `others` go into `into` and stay there. Raises NotFound."""
        with self._database.write(lock=2) as connection:
            hands.merge(self._database, connection, into, others, now)

    def split(self, story_id: int, entry_ids: Sequence[int], now: datetime) -> int:
        """These entries become a story of their own and stay in it; its id. Raises NotFound, UsageError."""
        with self._database.write(lock=2) as connection:
            return hands.split(self._database, connection, story_id, entry_ids, now)

    def set_pinned(self, story_id: int, pinned: bool) -> None:
        """Pinned stories stand first in each digest that they qualify for. Raises NotFound."""
        with self._database.write() as connection:
            hands.set_flag(connection, story_id, "pinned", pinned)

    def set_muted(self, story_id: int, muted: bool) -> None:
        """Muted stories are in no digest. Raises NotFound."""
        with self._database.write() as connection:
            hands.set_flag(connection, story_id, "muted", muted)


_CLASSIFICATION = ("model_id", "scores", "tags", "possible", "status", "status_score", "spans", "vector")


def _member(values: Mapping[Any, Any]) -> StoryMember:
    found = rows.classification(values)
    assert found is not None
    return StoryMember(
        entry_id=values["id"],
        story_id=values["story_id"],
        title=values["title"],
        summary=values["summary"],
        publisher=values["publisher"],
        published_at=values["published_at"],
        first_seen_at=values["first_seen_at"],
        classification=found,
        language=values["language"],
        authority=values["authority"],
    )


def _is_told(story: Story) -> bool:
    return bool(story.tags or story.topics or story.pinned)


def _load(connection: Connection, story_ids: Sequence[int]) -> list[Story]:
    """Whole stories, in the order of the ids."""
    found: dict[int, Story] = {}
    steps: dict[int, list[Development]] = defaultdict(list)
    records = records_of(connection, story_ids)
    for part in chunks(story_ids, 5000):
        told = sa.select(developments).where(developments.c.story_id.in_(part))
        for row in connection.execute(told.order_by(developments.c.at, developments.c.id)).mappings():
            steps[row["story_id"]].append(rows.development(row))
        for row in connection.execute(sa.select(stories).where(stories.c.id.in_(part))).mappings():
            found[row["id"]] = rows.story(row, records.get(row["id"], ()), steps[row["id"]])
    return [found[number] for number in story_ids if number in found]
