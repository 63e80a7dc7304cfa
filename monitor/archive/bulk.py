"""Many rows at once: the tables' own types turn the values, the driver gets them without further ceremony.

SQLAlchemy's way costs three calls for each value and one for each row; here it is one for each value. SQLite only:
PostgreSQL's time goes elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from monitor.archive.tables import Moment, Words, cap

Turn = Callable[[Any], Any]
#: rows of one statement (SQLite takes 32,766 values); few sizes, since the driver keeps what it has prepared
_SIZES: Final = (200, 20, 1)


def insert_new(
    connection: Connection, table: sa.Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    """INSERT of rows (values of `names`) whose keys do not stand yet; the ids of those that were stored."""
    values = _turned(connection.dialect, table, names, rows)
    width = len(names)
    ids: list[int] = []
    at = 0
    for size in _SIZES:
        statement = _insert(table, tuple(names), size)
        while len(rows) - at >= size:
            part = tuple(values[at * width : (at + size) * width])
            ids += connection.exec_driver_sql(statement, part).scalars()
            at += size
    return ids


def update_rows(
    connection: Connection, table: sa.Table, key: str, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """UPDATE of `names` where `key` is the row's."""
    if not rows:
        return
    every = (*names, key)
    values = _turned(connection.dialect, table, every, rows)
    width = len(every)
    tuples = [tuple(values[at : at + width]) for at in range(0, len(values), width)]
    connection.exec_driver_sql(_update(table, key, tuple(names)), tuples)


def _turned(dialect: Dialect, table: sa.Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """All values, row by row, as the driver takes them."""
    columns = [_column(dialect, table.c[name].type, [row[name] for row in rows]) for name in names]
    return [value for row in zip(*columns, strict=True) for value in row]


def _column(dialect: Dialect, kind: sa.types.TypeEngine[Any], values: list[Any]) -> list[Any]:
    if isinstance(kind, Words):
        limit = kind.limit
        return [None if text is None else cap(text, limit) for text in values]
    turn: Turn | None = kind.dialect_impl(dialect).bind_processor(dialect)
    if turn is None:
        return values
    if isinstance(kind, Moment):
        # all rows of one poll have its time
        turned = {value: None if value is None else turn(value) for value in set(values)}
        return [turned[value] for value in values]
    return [None if value is None else turn(value) for value in values]


@cache
def _insert(table: sa.Table, names: tuple[str, ...], rows: int) -> str:
    marks = f"({', '.join('?' * len(names))})"
    columns = ", ".join(f'"{name}"' for name in names)
    return (
        f'INSERT INTO "{table.name}" ({columns}) VALUES {", ".join([marks] * rows)} '  # noqa: S608 - our own names
        "ON CONFLICT DO NOTHING RETURNING id"
    )


@cache
def _update(table: sa.Table, key: str, names: tuple[str, ...]) -> str:
    sets = ", ".join(f'"{name}" = ?' for name in names)
    return f'UPDATE "{table.name}" SET {sets} WHERE "{key}" = ?'  # noqa: S608 - our own names


__all__ = ["insert_new", "update_rows"]
