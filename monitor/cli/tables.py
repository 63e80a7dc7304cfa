"""Tables for people: without boxes, as wide as the terminal, in a pipe as wide as they need.

Widths are cells of a terminal: a Chinese or Japanese character takes two, an accent none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitor.cli.words import clean

if TYPE_CHECKING:
    from rich.table import Table

#: cells between two columns
GAP = 2
#: what a column that may take several lines keeps at least, where it has so much
NARROW = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: its head, the row's field (JSON and CSV use that name), and how a person sees the value."""

    head: str
    field: str
    show: Callable[[Any], str] = str
    right: bool = False
    #: gives way first where the terminal is narrow; 0 stays longest
    rank: int = 0
    #: may take several lines
    wrap: bool = False
    #: is never cut nor folded, so that it can be copied: left out of a narrow terminal, and nowhere else
    whole: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The place that a table has. width: cells; None: as many as it needs. terminal: a person looks at it."""

    width: int | None
    terminal: bool


def grid(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], room: Room, title: str | None = None) -> Table:
    """The table for that room. Where it is too wide the columns of highest rank are left out."""
    from rich.table import Table
    from rich.text import Text

    cells = [[_shown(row.get(c.field), c) for c in columns] for row in rows]
    widths = [_longest(c.head, [row[number] for row in cells]) for number, c in enumerate(columns)]
    kept = fitting(widths, columns, room)
    made = Table(
        box=None,
        pad_edge=False,
        title=title,
        title_justify="left",
        header_style="bold",
        padding=(0, GAP, 0, 0),
        width=_own_width(widths, columns, kept, room),
    )
    for column in (columns[number] for number in kept):
        made.add_column(
            column.head,
            justify="right" if column.right else "left",
            no_wrap=not column.wrap,
            overflow="fold" if column.wrap else "ellipsis",
            style=column.style,
        )
    for row in cells:
        made.add_row(*(Text(row[number]) for number in kept))
    return made


def fitting(widths: Sequence[int], columns: Sequence[Column], room: Room) -> list[int]:
    """Numbers of the columns that stay: as long as the fixed ones and NARROW cells for each wrapping one fit."""
    kept = list(range(len(columns)))
    if room.width is None:
        return kept
    while len(kept) > 1 and _least(widths, columns, kept) > room.width:
        going = [n for n in kept if columns[n].rank and (room.terminal or not columns[n].whole)]
        if not going:
            break
        kept.remove(max(going, key=lambda n: (columns[n].rank, n)))
    return kept


def _least(widths: Sequence[int], columns: Sequence[Column], kept: Sequence[int]) -> int:
    """Cells that these columns need at least."""
    return sum(GAP + (min(widths[n], NARROW) if columns[n].wrap else widths[n]) for n in kept) - GAP


def _own_width(widths: Sequence[int], columns: Sequence[Column], kept: Sequence[int], room: Room) -> int | None:
    """The table's width where it is not the terminal's to say."""
    if room.width is None:
        return sum(GAP + widths[n] for n in kept) - GAP
    if room.terminal or not any(columns[n].whole for n in kept):
        return None
    least = _least(widths, columns, kept)
    return least if least > room.width else None


def _longest(head: str, texts: Sequence[str]) -> int:
    from rich.cells import cell_len

    return max(cell_len(head), *(cell_len(text) for text in texts), 1)


def _shown(value: Any, column: Column) -> str:
    return "" if value is None else clean(column.show(value)).replace("\n", " ")
