"""The index of words, in each database's own way."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from monitor.archive.tables.base import postgres_metadata
from monitor.archive.tables.kinds import Lexemes

#: PostgreSQL's index of words, in a table of its own: an entry's other columns change without rewriting it.
entry_search = sa.Table(
    "entry_search",
    postgres_metadata,
    sa.Column("entry_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("document", Lexemes, nullable=False),
    sa.Index("ix_entry_search_document", "document", info={"using": "gin"}),
)

#: SQLite's: FTS5 over the entries themselves (nothing is stored twice), kept by triggers: no path can forget it.
SQLITE_SEARCH: Final = (
    """CREATE VIEW entry_texts AS
    SELECT id, coalesce(pieces_title, title) AS title, coalesce(pieces_summary, summary) AS summary, marks
    FROM entries""",
    """CREATE VIRTUAL TABLE entries_fts USING fts5(
    title, summary, marks, content='entry_texts', content_rowid='id', tokenize='unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER entries_fts_insert AFTER INSERT ON entries BEGIN
    INSERT INTO entries_fts(rowid, title, summary, marks) VALUES (new.id,
        coalesce(new.pieces_title, new.title), coalesce(new.pieces_summary, new.summary), new.marks);
    END""",
    """CREATE TRIGGER entries_fts_delete AFTER DELETE ON entries BEGIN
    INSERT INTO entries_fts(entries_fts, rowid, title, summary, marks) VALUES ('delete', old.id,
        coalesce(old.pieces_title, old.title), coalesce(old.pieces_summary, old.summary), old.marks);
    END""",
    """CREATE TRIGGER entries_fts_update
    AFTER UPDATE OF title, summary, pieces_title, pieces_summary, marks ON entries BEGIN
    INSERT INTO entries_fts(entries_fts, rowid, title, summary, marks) VALUES ('delete', old.id,
        coalesce(old.pieces_title, old.title), coalesce(old.pieces_summary, old.summary), old.marks);
    INSERT INTO entries_fts(rowid, title, summary, marks) VALUES (new.id,
        coalesce(new.pieces_title, new.title), coalesce(new.pieces_summary, new.summary), new.marks);
    END""",
)
