"""Texts that are named by a file, and words that look as if they did."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.cli.textfiles import refuse_path
from tests.cli.conftest import one_line


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["none.txt"], 66, "none.txt: no such file; --file FILE reads one"),
        (["./none"], 66, "none: no such file"),
        (["{tmp}/there.txt"], 2, "is a file: `monitor classify --file {tmp}/there.txt` reads it"),
        (["{tmp}/"], 65, "{tmp}: a folder"),
        (["--file", "none.txt"], 66, "none.txt: no such file"),
        (["--file", "{tmp}"], 65, "{tmp}: a folder; name a file in it"),
        (["--file", "{tmp}/binary"], 65, "{tmp}/binary: a binary file; text in UTF-8 is needed"),
        (["--file", "{tmp}/latin"], 65, "{tmp}/latin:2: not UTF-8 (invalid continuation byte); save it as UTF-8"),
    ],
)
def test_classify_of_what_is_no_text(
    words: list[str], code: int, told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "there.txt").write_text("Halden raises $120 million\n")
    (tmp_path / "binary").write_bytes(b"\x7fELF\x02\x01\x00\x00" * 20)
    (tmp_path / "latin").write_bytes(b"plain\n" + "Société".encode("latin-1") + b"\n")
    assert main(["classify", *(word.replace("{tmp}", str(tmp_path)) for word in words)]) == code
    assert told.replace("{tmp}", str(tmp_path)) in one_line(capfd)


@pytest.mark.parametrize("words", [["GPT-5.5"], ["Node.js"], ["read", "notes.txt"], ["What is in notes.txt"], ["a/b"]])
def test_a_title_is_no_file(words: list[str]) -> None:
    refuse_path(words)


def test_what_comes_by_a_pipe_and_is_no_text_is_told_too() -> None:
    program = [sys.executable, "-m", "monitor", "classify", "--file", "-"]
    done = subprocess.run(program, input=b"a\xff\n", capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (65, b"")
    assert done.stderr == b"monitor: stdin:1: not UTF-8 (invalid start byte); save it as UTF-8\n"
