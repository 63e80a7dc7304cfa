"""CSV that a spreadsheet cannot be tricked with, and sums."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.export import csv_cell, csv_text, sum_by


@pytest.mark.parametrize(
    "text", ["=1+1", "+49 123", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "\u00a0=HYPERLINK(1)"]
)
def test_a_formula_is_only_text(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        ("Acme", "Acme"),
        (Decimal("-5.50"), "-5.50"),
        (Decimal("1E+9"), "1000000000"),
        (-3, "-3"),
        (1.5, "1.5"),
        (True, "true"),
        (["Acme", "Zorb"], "Acme; Zorb"),
        (("=x",), "'=x"),
        (datetime(2026, 5, 4, tzinfo=UTC), "2026-05-04T00:00:00+00:00"),
        ("a\x00b", "ab"),
        ("a-b", "a-b"),
    ],
)
def test_cells(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


@given(st.lists(st.fixed_dictionaries({"a": st.text(), "b": st.one_of(st.none(), st.text())}), max_size=5))
def test_rows_come_back_and_no_cell_begins_like_a_formula(rows: list[dict[str, str | None]]) -> None:
    read = list(csv.reader(io.StringIO(csv_text(["a", "b"], rows), newline="")))
    assert read[0] == ["a", "b"]
    assert len(read) == len(rows) + 1
    for row in read[1:]:
        assert len(row) == 2
        assert all(not cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)


ROWS = [
    {
        "announced_at": datetime(2025, 3, 1, tzinfo=UTC),
        "usd": Decimal(100),
        "investor": ["Accel", "GV"],
        "round": "seed",
    },
    {"announced_at": datetime(2026, 1, 9, tzinfo=UTC), "usd": None, "investor": [], "round": "seed"},
    {"announced_at": datetime(2026, 2, 9, tzinfo=UTC), "usd": Decimal(50), "investor": ["GV"], "round": None},
]


def test_sums() -> None:
    assert [(t.group, t.count, t.usd, t.without_amount) for t in sum_by(ROWS)] == [("total", 3, Decimal(150), 1)]
    assert [(t.group, t.usd) for t in sum_by(ROWS, "year")] == [("2025", Decimal(100)), ("2026", Decimal(50))]
    assert [t.group for t in sum_by(ROWS, "month")] == ["2025-03", "2026-01", "2026-02"]
    assert [(t.group, t.usd) for t in sum_by(ROWS, "investor")] == [
        ("GV", Decimal(150)),
        ("Accel", Decimal(100)),
        ("unknown", Decimal(0)),
    ]
    assert [(t.group, t.count) for t in sum_by(ROWS, "round")] == [("seed", 2), ("unknown", 1)]
    assert sum_by([]) == []
