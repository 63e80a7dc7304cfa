"""Ledger rows as CSV that a spreadsheet can be trusted with, and sums of them. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

#: a cell that begins so is a formula to Excel, LibreOffice and Google Sheets
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_cell(value: object) -> str:
    """A value as a CSV cell; text that a spreadsheet would run as a formula gets a quote before it.

    None is empty, times are ISO, numbers stay numbers (negative ones too), lists are joined with "; ".
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        text = "; ".join(str(part) for part in value)
    else:
        text = str(value)
    text = text.replace("\x00", "")
    return f"'{text}" if text.lstrip(" \u00a0\u3000").startswith(_FORMULA) else text


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as CSV (RFC 4180, a heading, CRLF); a column that a row lacks is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([csv_cell(column) for column in columns])
    for row in rows:
        writer.writerow([csv_cell(row.get(column)) for column in columns])
    return out.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Deals of one group."""

    group: str
    count: int
    #: of those with an amount in US dollars
    usd: Decimal
    #: how many had none, so that nobody reads the sum as complete
    without_amount: int


def sum_by(rows: Iterable[Mapping[str, Any]], by: str | None = None) -> list[Total]:
    """Totals of deal rows by "year", "month" or a field ("company", "investor", "round"); None: one total.

    A row has `announced_at` (datetime), `usd` (Decimal or None) and the field as a text or a list; a deal with two
    investors counts in full for each, so the groups of "company" and "investor" may add up to more than the whole.
    Years and months come in order of time, the rest by sum, then count, then name.
    """
    sums: dict[str, tuple[int, Decimal, int]] = {}
    for row in rows:
        usd = row.get("usd")
        for group in _groups(row, by):
            count, total, without = sums.get(group, (0, Decimal(0), 0))
            sums[group] = (count + 1, total + (usd or 0), without + (usd is None))
    totals = [Total(group=g, count=c, usd=u, without_amount=w) for g, (c, u, w) in sums.items()]
    if by in ("year", "month"):
        return sorted(totals, key=lambda t: t.group)
    return sorted(totals, key=lambda t: (-t.usd, -t.count, t.group.casefold()))


def _groups(row: Mapping[str, Any], by: str | None) -> list[str]:
    if by is None:
        return ["total"]
    if by in ("year", "month"):
        return [f"{row['announced_at']:{'%Y' if by == 'year' else '%Y-%m'}}"]
    value = row.get(by)
    if value is None or value == "" or value == [] or value == ():
        return ["unknown"]
    if isinstance(value, str):
        return [value]
    return list(dict.fromkeys(str(part) for part in value))
