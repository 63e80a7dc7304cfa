"""New entries: drafts to rows, indexed for full-text search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection

from monitor.archive.bulk import insert_new
from monitor.archive.engine import Database
from monitor.archive.marks import marks_of_entry
from monitor.archive.sql import insert_into
from monitor.archive.tables import entries
from monitor.archive.textindex import index_entries
from monitor.text import cjk_pieces
from monitor.types import EntryDraft


def store_drafts(database: Database, connection: Connection, drafts: Sequence[EntryDraft]) -> list[int]:
    """Stores those whose keys do not stand yet, as pending; their ids."""
    if not drafts:
        return []
    # Feeds list the newest first; ids follow the time of publication within what arrived together.
    rows = [_row(d) for d in sorted(drafts, key=lambda d: (d.first_seen_at, d.published_at))]
    if database.is_sqlite:
        return sorted(insert_new(connection, entries, list(rows[0]), rows))
    columns = (entries.c.id, entries.c.title, entries.c.summary, entries.c.marks)
    statement = insert_into(database, entries).on_conflict_do_nothing()
    stored = connection.execute(statement.returning(*columns), rows).all()
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


__all__ = ["pieces", "store_drafts"]
