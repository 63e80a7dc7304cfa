"""Tables: they fit a terminal, they are whole in a pipe, and their columns stand under each other in any script."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from monitor.archive import open_archive
from monitor.cli.output import Column, emit
from monitor.cli.tables import GAP, Room, fitting
from monitor.types import FeedState
from tests.archive.samples import NOW, draft, outcome, spec
from tests.cli.conftest import MINE, Call

URL = "https://news.example/rss/search?q=" + "a+long+search+" * 12
COLUMNS = (
    Column(head="Story", field="id", right=True),
    Column(head="Title", field="title", wrap=True),
    Column(head="Publisher", field="publisher", rank=3),
)
TITLES = (
    "Halden opens its weights",
    "人工智能公司发布新模型",
    "ハルデンが資金調達",
    "Cafe\u0301 model 🤖 is out",
    "한국 모델",
)


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("width", ["", "120"])
def test_columns_stand_under_each_other_in_any_script(
    width: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    emit([{"id": n, "title": title, "publisher": "PUB"} for n, title in enumerate(TITLES)], COLUMNS)
    head, *rows = lines_of(capsys)
    assert [row.split()[0] for row in rows] == [str(n) for n in range(len(TITLES))]
    assert {cell_len(row[: row.index("PUB")]) for row in rows} == {cell_len(head[: head.index("Publisher")])}


@pytest.mark.parametrize("width", [30, 46, 80])
def test_wide_characters_fold_where_they_reach_the_edge(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    emit([{"id": 1, "title": TITLES[1] * 5, "publisher": "株式会社ニュース出版"}], COLUMNS)
    lines = lines_of(capsys)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(line for line in lines[1:]).count("模型") == 5
    # by characters it would fit from 43 cells on, and be cut
    assert ("Publisher" in lines[0]) == (width == 80)


@given(
    st.lists(st.integers(1, 90), min_size=3, max_size=3),
    st.one_of(st.none(), st.integers(20, 200)),
    st.booleans(),
)
def test_only_columns_that_may_go_are_left_out(widths: list[int], width: int | None, terminal: bool) -> None:
    columns = (COLUMNS[0], Column(head="Name", field="n", rank=1), Column(head="URL", field="u", whole=True, rank=2))
    kept = fitting(widths, columns, Room(width=width, terminal=terminal))
    assert 0 in kept
    needed = sum(widths) + 2 * GAP
    if width is None or needed <= width:
        assert kept == [0, 1, 2]
    elif terminal:
        assert 2 not in kept
    else:
        assert 2 in kept


def test_a_pipe_gets_a_row_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    title = "Words of a very long title " * 20
    emit([{"id": 1, "title": title, "publisher": "P"}, {"id": 2, "title": "short", "publisher": ""}], COLUMNS)
    lines = lines_of(capsys)
    assert len(lines) == 3
    assert title.rstrip() in lines[1]
    assert lines[2] == "    2  short"


@pytest.fixture
def long_list(mine: Path) -> Path:
    mine.write_text(MINE.replace("https://wire.example/feed", URL))
    return mine


@pytest.mark.parametrize("columns", [None, "80", "40"])
def test_an_address_is_whole_in_a_pipe(
    columns: str | None, call: Call, long_list: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS") if columns is None else monkeypatch.setenv("COLUMNS", columns)
    lines = call("feeds", "list").out.splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("  https://lab.example/feed")
    assert lines[2].endswith(f"  {URL}")


def test_the_list_of_feeds_tells_how_they_are(call: Call, url: str) -> None:
    assert "State" not in call("feeds", "list").out, "no feed was ever polled"
    assert [row["state"] for row in call("feeds", "list", "--json").json] == [None, None]
    with open_archive(url) as archive:
        # switched off in feeds.yaml since
        archive.feeds.sync([spec("lab"), spec("wire")], NOW)
        polled = FeedState(feed_id="lab", url="https://lab.example/feed", ok_at=NOW)
        archive.feeds.store([outcome(draft("a", "lab"), state=polled)])
    rows = {row["id"]: row for row in call("feeds", "list", "--json").json}
    assert (rows["lab"]["state"], rows["wire"]["state"]) == ("well", "off")
    assert (rows["lab"]["ok_at"], rows["wire"]["ok_at"]) == (NOW.isoformat(), None)
    head, lab, wire = call("feeds", "list").out.splitlines()
    assert "State  Last good  URL" in head
    assert "well   1d ago     https://lab.example/feed" in lab
    assert "off               https://wire.example/feed" in wire


@pytest.mark.parametrize("width", [60, 80, 300])
def test_a_terminal_gets_the_columns_that_fit(width: int, long_list: Path) -> None:
    """On a real one: no line is longer than it, no address is cut or folded."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environ = {**os.environ, "TERM": "xterm"}
    environ.pop("COLUMNS", None)
    program = [sys.executable, "-m", "monitor", "--config", str(long_list), "feeds", "list"]
    done = subprocess.run(program, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environ)
    os.close(theirs)
    shown = b""
    # the other side is closed: after what was written comes an error
    with suppress(OSError):
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    assert done.returncode == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()
    assert lines[0].split()[:2] == ["Id", "Name"]
    assert len(lines) == 3
    assert all(len(line.rstrip()) <= width for line in lines)
    assert lines[1].rstrip().endswith("https://lab.example/feed") == (width == 300)
    assert lines[2].rstrip().endswith(URL) == (width == 300)
