"""What commands print: tables for people, JSON and CSV for programs.

Texts of feeds go to the terminal as text, never as markup. Numbers, times and money have one form each in JSON:
whole numbers and floats, ISO 8601 in UTC, a Decimal as a number (whole where it is whole).
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from monitor.types import Secret

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: where nothing tells a width: a log, a pipe of a service
WIDE = 120
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


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
    style: str = ""


def console(*, stderr: bool = False) -> Console:
    """A rich console that has no colour off a terminal or with NO_COLOR."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=_width(), highlight=False, markup=False, emoji=False, soft_wrap=False)


def _width() -> int | None:
    """None: as the terminal says. Somewhere else tables are WIDE unless COLUMNS says otherwise."""
    if os.environ.get("COLUMNS", "").isdigit():
        return max(20, int(os.environ["COLUMNS"]))
    return None if any(s.isatty() for s in (sys.stdin, sys.stdout, sys.stderr) if s is not None) else WIDE


def put(*parts: RenderableType) -> None:
    """Prints texts and rich objects to stdout."""
    out = console()
    for part in parts:
        out.print(part)


def say(text: str = "") -> None:
    """A line on stdout."""
    sys.stdout.write(f"{clean(text)}\n")


def note(text: str) -> None:
    """A line for people beside the data: stderr, so that pipes stay clean."""
    sys.stdout.flush()
    sys.stderr.write(f"{clean(text)}\n")


def clean(text: str) -> str:
    """No control characters: nothing that a terminal obeys. Lines stay."""
    return _UNSAFE.sub("", text)


def as_json(value: Any) -> Any:
    """Records, times, money, enums and secrets as what JSON knows."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Secret, Path)):
        return "***" if isinstance(value, Secret) else str(value)
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(value):
        return {f.name: as_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(as_json(v) for v in value)
    if isinstance(value, Iterable):
        return [as_json(v) for v in value]
    return str(value)


def print_json(value: Any) -> None:
    """One document; a list has an element a line, so that it reads and compares well."""
    plain = as_json(value)
    if isinstance(plain, list):
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in plain)
        sys.stdout.write(f"[\n{rows}\n]\n" if rows else "[]\n")
    else:
        sys.stdout.write(f"{json.dumps(plain, ensure_ascii=False, indent=2)}\n")


def print_json_lines(values: Iterable[Any]) -> None:
    """One document a line, each as soon as it is there."""
    for value in values:
        sys.stdout.write(f"{json.dumps(as_json(value), ensure_ascii=False)}\n")
        sys.stdout.flush()


def print_csv(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> None:
    """CSV with a head; lists joined by "; ". A text that a spreadsheet would run as a formula gets an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    sys.stdout.write(buffer.getvalue())


def _cell(value: Any) -> str:
    plain = as_json(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, (int, float)):
        return str(plain)
    if isinstance(plain, list):
        plain = "; ".join(str(v) for v in plain)
    elif isinstance(plain, dict):
        plain = json.dumps(plain, ensure_ascii=False)
    text = clean(str(plain)).replace("\r", " ")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


Form = Literal["table", "json", "csv"]


def form_of(*, json_: bool, csv_: bool = False) -> Form:
    """The form that was asked for. Raises UsageError for two at once."""
    if json_ and csv_:
        from monitor.errors import UsageError

        raise UsageError("--json and --csv: choose one")
    return "json" if json_ else "csv" if csv_ else "table"


def emit(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    form: Form = "table",
    *,
    names: Sequence[str] | None = None,
    title: str | None = None,
) -> None:
    """Prints rows in the form asked for. names: the fields of CSV, if not the columns'."""
    if form == "json":
        print_json(list(rows))
    elif form == "csv":
        print_csv(rows, names or [c.field for c in columns])
    elif rows:
        put(table(rows, columns, title=title))


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], *, title: str | None = None) -> RenderableType:
    """A table without boxes. Where it is too wide the columns of highest rank are left out."""
    from rich.table import Table
    from rich.text import Text

    cells = [[_shown(row.get(c.field), c) for c in columns] for row in rows]
    kept = _fitting(cells, columns, console().width)
    grid = Table(box=None, pad_edge=False, title=title, title_justify="left", header_style="bold", padding=(0, 2, 0, 0))
    for number in kept:
        column = columns[number]
        grid.add_column(
            column.head,
            justify="right" if column.right else "left",
            no_wrap=not column.wrap,
            overflow="fold" if column.wrap else "ellipsis",
            style=column.style,
            ratio=None,
        )
    for row in cells:
        grid.add_row(*(Text(row[number]) for number in kept))
    return grid


def _shown(value: Any, column: Column) -> str:
    return "" if value is None else clean(column.show(value)).replace("\n", " ")


def _fitting(cells: Sequence[Sequence[str]], columns: Sequence[Column], width: int) -> list[int]:
    """Numbers of the columns that stay: as long as the fixed ones and 24 characters for each wrapping one fit."""
    kept = list(range(len(columns)))

    def needs(number: int) -> int:
        longest = max([len(columns[number].head), *(len(row[number]) for row in cells)])
        return 2 + (min(longest, 24) if columns[number].wrap else longest)

    while len(kept) > 1 and sum(needs(n) for n in kept) > width:
        worst = max(kept, key=lambda n: (columns[n].rank, n))
        if columns[worst].rank == 0:
            break
        kept.remove(worst)
    return kept
