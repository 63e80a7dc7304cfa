"""What commands print: tables for people, JSON and CSV for programs.

Texts of feeds go to the terminal as text, never as markup. Numbers, times and money have one form each in JSON:
whole numbers and floats, ISO 8601 in UTC, a Decimal as a number (whole where it is whole).
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from monitor.cli.tables import Column, Room, grid
from monitor.cli.words import clean
from monitor.types import Secret

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: of texts that no terminal shows: a log, a pipe
WIDE = 120
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def console(*, stderr: bool = False) -> Console:
    """A rich console that has no colour off a terminal or with NO_COLOR."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=_width(), highlight=False, markup=False, emoji=False, soft_wrap=False)


def _told_width() -> int | None:
    """What COLUMNS says."""
    told = os.environ.get("COLUMNS", "")
    return max(20, int(told)) if told.isdecimal() else None


def _width() -> int | None:
    """Of running texts. None: as the terminal says. Elsewhere WIDE, unless COLUMNS says otherwise."""
    told = _told_width()
    if told is not None:
        return told
    return None if any(s.isatty() for s in (sys.stdin, sys.stdout, sys.stderr) if s is not None) else WIDE


def room() -> Room:
    """Of tables: COLUMNS, else the terminal's width, else as much as they need: a pipe gets a row a line."""
    terminal = sys.stdout.isatty()
    return Room(width=_told_width() or (console().width if terminal else None), terminal=terminal)


def put(*parts: RenderableType) -> None:
    """Prints texts and rich objects to stdout."""
    out = console()
    if sys.stdout.isatty():
        for part in parts:
            out.print(part)
        return
    with out.capture() as captured:
        for part in parts:
            # a table may be wider than running text
            out.print(part, crop=False)
    # blanks that fill the last column are of no use to a program, and fold where a pager shows them
    sys.stdout.write("\n".join(line.rstrip(" ") for line in captured.get().split("\n")))


def say(text: str = "") -> None:
    """A line on stdout."""
    sys.stdout.write(f"{clean(text)}\n")


def note(text: str) -> None:
    """A line for people beside the data: stderr, so that pipes stay clean."""
    sys.stdout.flush()
    sys.stderr.write(f"{clean(text)}\n")


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
    """A table for where stdout goes; `put` prints it."""
    return grid(rows, columns, room(), title)


__all__ = [
    "Column",
    "Form",
    "as_json",
    "clean",
    "console",
    "emit",
    "form_of",
    "note",
    "print_csv",
    "print_json",
    "print_json_lines",
    "put",
    "room",
    "say",
    "table",
]
