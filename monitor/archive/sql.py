"""Small pieces of SQL that the two databases spell differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from monitor.archive.engine import Database

T = TypeVar("T")


def chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The values in runs of at most `size`: a statement takes a limited number of parameters."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def insert_into(database: Database, table: sa.Table) -> Any:
    """An INSERT that knows ON CONFLICT."""
    return sqlite.insert(table) if database.is_sqlite else postgresql.insert(table)


def upsert(database: Database, table: sa.Table, keys: Sequence[str], columns: Sequence[str]) -> Any:
    """INSERT, and where the keys stand already, UPDATE of these columns."""
    statement = insert_into(database, table)
    return statement.on_conflict_do_update(index_elements=list(keys), set_={c: statement.excluded[c] for c in columns})
