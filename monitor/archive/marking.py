"""What an entry is found by because of its story: kept in line whenever a story changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.engine import Database
from monitor.archive.marks import marks_of_story
from monitor.archive.sql import chunks
from monitor.archive.tables import entries, stories, story_publishers
from monitor.archive.textindex import index_entries


def write_publishers(connection: Connection, by_story: Mapping[int, Sequence[str]]) -> None:
    """Whose entries a story has, for the ledger's filter."""
    for part in chunks(list(by_story), 5000):
        connection.execute(sa.delete(story_publishers).where(story_publishers.c.story_id.in_(part)))
    values = [{"story_id": n, "publisher": p[:256]} for n, names in by_story.items() for p in dict.fromkeys(names)]
    if values:
        connection.execute(sa.insert(story_publishers), values)


def mark_entries(
    database: Database, connection: Connection, story_ids: Sequence[int], *, also: Sequence[int] = ()
) -> None:
    """Marks of a story's entries (and of `also`) brought in line with the story; only those that differ are written."""
    shown = [entries.c[name] for name in ("id", "title", "summary", "marks")]
    about = [stories.c[name] for name in ("tags", "topics", "companies", "usd")]
    joined = sa.select(*shown, stories.c.id.label("story"), *about).outerjoin_from(
        entries, stories, entries.c.story_id == stories.c.id
    )
    found: dict[int, Any] = {}
    for column, numbers in ((entries.c.story_id, story_ids), (entries.c.id, also)):
        for part in chunks(numbers, 5000):
            found.update((row.id, row) for row in connection.execute(joined.where(column.in_(part))))
    changed = []
    for row in found.values():
        none = row.story is None
        marks = marks_of_story(
            row.marks, *((), (), (), None) if none else (row.tags, row.topics, row.companies, row.usd)
        )
        if marks != row.marks:
            changed.append((row.id, row.title, row.summary, marks))
    if changed:
        update = sa.update(entries).where(entries.c.id == sa.bindparam("b_id")).values(marks=sa.bindparam("b_marks"))
        connection.execute(update, [{"b_id": number, "b_marks": marks} for number, _, _, marks in changed])
        index_entries(database, connection, changed)
