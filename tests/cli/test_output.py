"""What is printed: JSON with one form for each thing, CSV that no spreadsheet runs, tables that fit."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.output import Column, as_json, clean, emit, form_of, print_csv, print_json
from monitor.errors import UsageError
from monitor.types import Amount, Secret, Tag

COLUMNS = [
    Column(head="Title", field="title", wrap=True),
    Column(head="Sum", field="sum", right=True, rank=1),
    Column(head="Feeds", field="feeds", rank=2, show=lambda feeds: ", ".join(feeds)),
]
ROW = {"title": "Halden raises $120 million", "sum": "$120M", "feeds": ["wire", "courier"]}


def test_json_has_one_form_for_each_kind_of_value() -> None:
    amount = Amount(value=Decimal("385000000"), currency="EUR", text="€385M", low=Decimal("0.5"))
    plain = as_json({"a": amount, "at": datetime(2024, 2, 26, tzinfo=UTC), "tag": Tag.FUNDING, "key": b"\x01"})
    assert json.loads(json.dumps(plain)) == {
        "a": {"value": 385000000, "currency": "EUR", "text": "€385M", "low": 0.5, "high": None, "approximate": False},
        "at": "2024-02-26T00:00:00+00:00",
        "tag": "funding",
        "key": "01",
    }


def test_a_secret_never_reaches_json() -> None:
    assert "hunter2" not in json.dumps(as_json({"password": Secret("hunter2")}))


def test_a_list_is_one_document_with_an_element_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([{"n": 1}, {"n": 2}])
    out = capsys.readouterr().out
    assert json.loads(out) == [{"n": 1}, {"n": 2}]
    assert out.count("\n") == 4
    print_json([])
    assert json.loads(capsys.readouterr().out) == []


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_no_cell_of_csv_begins_as_a_formula(texts: list[str]) -> None:
    from contextlib import redirect_stdout

    with redirect_stdout(io.StringIO()) as out:
        print_csv([{"a": text, "b": texts} for text in texts], ["a", "b"])
    rows = list(csv.reader(io.StringIO(out.getvalue())))
    assert len(rows) == len(texts) + 1
    for cell in (cell for row in rows[1:] for cell in row):
        assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_number_of_csv_stays_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    print_csv([{"n": Decimal("-5"), "t": "=1+1"}], ["n", "t"])
    assert capsys.readouterr().out == "n,t\n-5,'=1+1\n"


@pytest.mark.parametrize("width", [30, 40, 60, 80, 200])
def test_a_table_fits_its_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    emit([ROW] * 3, COLUMNS)
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= width for line in lines)
    assert "Title" in lines[0]
    assert ("Feeds" in lines[0]) == (width >= 60)


def test_text_of_a_feed_is_neither_markup_nor_a_command_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    emit([{**ROW, "title": "[bold red]x[/] \x1b[31m :rocket: \x07"}], COLUMNS)
    out = capsys.readouterr().out
    assert "[bold red]x[/]" in out
    assert ":rocket:" in out
    assert "\x1b" not in out
    assert "\x07" not in out


@given(st.text())
def test_clean_leaves_no_control_characters_but_line_ends_and_tabs(text: str) -> None:
    assert all(c in "\n\t" or not (ord(c) < 32 or 127 <= ord(c) < 160) for c in clean(text))


def test_two_forms_at_once_are_refused() -> None:
    with pytest.raises(UsageError, match="choose one"):
        form_of(json_=True, csv_=True)
