"""Small pieces of SQL that the two databases spell differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

if TYPE_CHECKING:
    from monitor.archive.engine import Database

T = TypeVar("T")


def chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The values in runs of at most `size`: a statement takes a limited number of parameters."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def insert_into(database: Database, table: sa.Table) -> Any:
    """An INSERT that knows ON CONFLICT."""
    # Here: each dialect is a fifth of SQLAlchemy's import, and a search on SQLite needs no PostgreSQL.
    if database.is_sqlite:
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def upsert(database: Database, table: sa.Table, keys: Sequence[str], columns: Sequence[str]) -> Any:
    """INSERT, and where the keys stand already, UPDATE of these columns."""
    statement = insert_into(database, table)
    return statement.on_conflict_do_update(index_elements=list(keys), set_={c: statement.excluded[c] for c in columns})


def flagged(column: sa.Column[bool]) -> sa.ColumnElement[Any]:
    """Where the flag is set, as an index of such rows says it.

    SQLAlchemy writes `= 1` on SQLite, which then does not see that the index fits and reads the whole table.
    """
    return sa.literal_column(f"{column.table.name}.{column.name}")
