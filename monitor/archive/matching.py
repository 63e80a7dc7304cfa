"""Which entries the full-text index finds, on either database, by the plan that is cheap there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.engine import Database
from monitor.archive.marks import (
    amount_marks_from,
    company_mark,
    feed_mark,
    language_mark,
    publisher_mark,
    span_marks,
    tag_mark,
)
from monitor.archive.tables import entries
from monitor.archive.textindex import fts5_match, tsquery
from monitor.query import Query


def groups_of(query: Query, span: tuple[Any, Any]) -> tuple[list[list[str]], list[str]]:
    """(groups of marks of which one each is wanted, marks that are refused). `span`: see `span_of`."""
    groups = [
        [tag_mark(t) for t in query.tags],
        [tag_mark(t) for t in query.topics],
        [company_mark(c) for c in query.companies],
        [publisher_mark(p) for p in query.publishers],
        [language_mark(code) for code in query.languages],
        [feed_mark(f) for f in query.feeds],
        amount_marks_from(query.min_amount) if query.min_amount is not None else [],
        span_marks(query.since, query.until, *span) if span[0] is not None else [],
    ]
    refused = [tag_mark(t) for t in query.without_tags] + [company_mark(c) for c in query.without_companies]
    refused += [publisher_mark(p) for p in query.without_publishers]
    return [g for g in groups if g], refused


class Matches:
    """The entries that a query's words and marks find."""

    def __init__(self, database: Database, connection: Connection, query: Query, span: tuple[Any, Any]) -> None:
        self._sqlite = database.is_sqlite
        self._connection = connection
        groups, refused = groups_of(query, span)
        build = fts5_match if self._sqlite else tsquery
        self.text = build(query.words, groups, refused)
        self._until_past = query.until is not None

    def newest(self, limit: int, before_id: int | None = None) -> list[int]:
        """Ids of the newest, newest first."""
        parameters = {"text": self.text, "limit": limit, "before": before_id or 2**62}
        if self._sqlite:
            statement = (
                "SELECT rowid FROM entries_fts WHERE entries_fts MATCH :text AND rowid < :before "
                "ORDER BY rowid DESC LIMIT :limit"
            )
        elif self._walk_is_cheap(limit):
            statement = (
                "SELECT entry_id FROM entry_search WHERE document @@ CAST(:text AS tsquery) AND entry_id < :before "
                "ORDER BY entry_id DESC LIMIT :limit"
            )
        else:
            # Left to itself the planner walks the newest entries one by one until it has met enough of a rare word.
            statement = (
                "WITH found AS MATERIALIZED "
                "(SELECT entry_id FROM entry_search WHERE document @@ CAST(:text AS tsquery)) "
                "SELECT entry_id FROM found WHERE entry_id < :before ORDER BY entry_id DESC LIMIT :limit"
            )
        return list(self._connection.execute(sa.text(statement), parameters).scalars())

    def stories(self, first_id: int, last_id: int) -> set[int]:
        """Stories that have an entry among the found with an id in that range."""
        parameters = {"text": self.text, "first": first_id, "last": last_id}
        if self._sqlite:
            statement = (
                "SELECT DISTINCT e.story_id FROM entries_fts f CROSS JOIN entries e ON e.id = f.rowid "
                "WHERE f.entries_fts MATCH :text AND f.rowid BETWEEN :first AND :last AND e.story_id IS NOT NULL"
            )
        else:
            statement = (
                "WITH found AS MATERIALIZED (SELECT entry_id FROM entry_search "
                "WHERE document @@ CAST(:text AS tsquery) AND entry_id BETWEEN :first AND :last) "
                "SELECT DISTINCT e.story_id FROM found JOIN entries e ON e.id = found.entry_id "
                "WHERE e.story_id IS NOT NULL"
            )
        return set(self._connection.execute(sa.text(statement), parameters).scalars())

    def _walk_is_cheap(self, limit: int) -> bool:
        """Walking looks at limit / share entries, the index at share * all: the planner guesses the share."""
        explain = "EXPLAIN (FORMAT JSON) SELECT entry_id FROM entry_search WHERE document @@ CAST(:text AS tsquery)"
        plan = self._connection.execute(sa.text(explain), {"text": self.text}).scalar()
        plan = json.loads(plan) if isinstance(plan, str) else plan
        found = float(plan[0]["Plan"]["Plan Rows"]) if plan else 0.0
        size = self._connection.execute(
            sa.text("SELECT reltuples FROM pg_class WHERE oid = CAST('entry_search' AS regclass)")
        ).scalar()
        size = max(float(size or 0), 1000.0)
        if self._until_past:
            # the walk would begin with all that came since
            return found > size / 20
        # Words too rare for its statistics are guessed at half a per cent, of which none may be there. Measured: an
        # entry that the index finds costs about seven times one of the walk.
        return found > size / 160 and 7 * found * found > limit * size


def span_of(connection: Connection) -> tuple[Any, Any]:
    """(first year of publication that is looked for, last time that is): the bounds of what marks can say."""
    last = connection.scalar(sa.select(entries.c.first_seen_at).order_by(entries.c.id.desc()).limit(1))
    return (None, None) if last is None else (1990, last)


def stories_with_words(database: Database, connection: Connection, query: Query, story_ids: Sequence[int]) -> set[int]:
    """Those stories of which an entry has the query's words."""
    bounds = sa.select(sa.func.min(entries.c.id), sa.func.max(entries.c.id)).where(entries.c.story_id.in_(story_ids))
    first, last = connection.execute(bounds).one()
    if first is None:
        return set()
    words = Query(words=query.words)
    return Matches(database, connection, words, (None, None)).stories(first, last)


def stories_with_marks(database: Database, connection: Connection, marks: Sequence[str]) -> set[int]:
    """Stories of which an entry has one of the marks."""
    build = fts5_match if database.is_sqlite else tsquery
    matches = Matches(database, connection, Query(), (None, None))
    matches.text = build(None, [list(marks)])
    return matches.stories(0, 2**62)
