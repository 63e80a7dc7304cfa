"""What can be wrong around the monitor: each time one line that names the thing and the way out, and its exit code."""

from __future__ import annotations

import os
import resource
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from monitor.cli import main
from tests.cli.conftest import MINE, on, one_line
from tests.modes import obey_modes


def run_program(*words: str, preexec: object = None) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "monitor", *words]
    return subprocess.run(program, capture_output=True, text=True, preexec_fn=preexec, timeout=60)  # type: ignore[call-overload,no-any-return]


# ---------------------------------------------------------------- the database


def test_a_locked_database_is_75(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert on(database, "stories", "pin", "1") == 75
    err = one_line(capfd)
    assert "is locked by another program" in err
    assert str(database) in err


def test_a_read_only_database_is_77_for_writers_and_answers_readers(database: Path) -> None:
    database.chmod(0o400)
    database.parent.chmod(0o500)
    where = ("--database", f"sqlite:///{database}")
    try:
        read = run_program(*where, "db", "stats", preexec=obey_modes)
        written = run_program(*where, "stories", "pin", "1", preexec=obey_modes)
    finally:
        database.parent.chmod(0o700)
    assert (read.returncode, read.stderr) == (0, "")
    assert written.returncode == 77
    assert written.stderr.count("\n") == 1
    assert "cannot be written" in written.stderr


def test_a_full_disk_is_74_and_nothing_is_half_stored(database: Path) -> None:
    size = database.stat().st_size

    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    target = database.with_name("copy.bak")
    done = run_program("--database", f"sqlite:///{database}", "db", "backup", str(target), preexec=small_files_only)
    assert done.returncode in (73, 74)
    assert done.stderr.count("\n") == 1
    assert str(database.parent) in done.stderr
    assert not target.exists()
    assert not list(database.parent.glob("*.partial"))


@pytest.mark.parametrize("damage", ["not a database", "pages"])
def test_a_corrupt_database_is_74(database: Path, damage: str, capfd: pytest.CaptureFixture[str]) -> None:
    raw = bytearray(database.read_bytes())
    if damage == "pages":
        raw[100:] = b"\xa5" * (len(raw) - 100)
    else:
        raw[:] = b"Once upon a time there was a text file. " * 100
    database.write_bytes(bytes(raw))
    assert on(database, "search", "mistral") == 74
    err = one_line(capfd)
    assert "damaged" in err
    assert "monitor db restore" in err


def test_a_newer_schema_is_78_for_every_command(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(database)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
    for words in (["search", "x"], ["deals"], ["stories", "pin", "1"], ["db", "upgrade"], ["poll"]):
        assert on(database, *words) == 78
        assert "newer than this program" in one_line(capfd)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://x/y", "only sqlite"),
        ("sqlite:///:memory:", "in memory"),
        ("postgresql://monitor@127.0.0.1:1/none", "cannot be reached"),
    ],
)
def test_an_address_that_is_no_archive(url: str, words: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--database", url, "search", "x"]) in (69, 78)
    assert words in one_line(capfd)


# ---------------------------------------------------------------- feeds.yaml


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"\x7fELF\x00\x01\x02", "binary file"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b"feeds: [", "not YAML"),
        (b"just words", "must begin with a section"),
    ],
)
@pytest.mark.parametrize("command", [["check-config"], ["poll"], ["run", "--once"], ["feeds", "list"]])
def test_a_feeds_yaml_that_is_none_is_78(
    content: bytes | None, words: str, command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.yaml"
    if content is not None:
        path.write_bytes(content)
    assert main(["--config", str(path), *command]) == 78
    err = one_line(capfd)
    assert words in err
    assert str(path) in err


def test_all_mistakes_of_a_feeds_yaml_are_told_at_once(mine: Path, capfd: pytest.CaptureFixture[str]) -> None:
    mine.write_text(MINE.replace("schedule:", "shedule:").replace("https://lab", "gopher://lab"))
    assert main(["--config", str(mine), "check-config"]) == 78
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) >= 2
    assert any("shedule" in line and "schedule" in line for line in lines)
    assert any("gopher" in line or "url" in line for line in lines)
    assert main(["--config", str(mine), "check-config", "--json"]) == 78


# ---------------------------------------------------------------- files, ports, the model


def test_init_writes_a_file_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "deep" / "feeds.yaml"
    assert main(["init", "--config", str(path)]) == 0
    assert main(["check-config", "--config", str(path)]) == 0
    assert path.read_text().count("\n  #") > 10, "the comments are there"
    capfd.readouterr()
    assert main(["init", "--config", str(path)]) == 73
    assert "--force" in one_line(capfd)
    path.write_text("mine")
    assert main(["init", "--config", str(path), "--force"]) == 0
    assert path.read_text() != "mine"


def test_a_port_in_use_is_69(mine: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        mine.write_text(MINE.replace("settings:\n", f"settings:\n  health:\n    port: {port}\n"))
        done = run_program("--config", str(mine), "run")
    assert done.returncode == 69
    assert str(port) in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_missing_model_is_69_and_says_how_to_mend_it(
    mine: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mine.write_text(MINE.replace("settings:\n", f"settings:\n  classify:\n    model: {tmp_path / 'none'}\n"))
    assert main(["--config", str(mine), "classify", "Aurelia opens the weights of Aurelia 2"]) == 69
    assert "manifest.json is missing" in one_line(capfd)
    labelled = tmp_path / "labelled.jsonl"
    labelled.write_text('{"title": "x", "tags": []}\n')
    assert main(["--config", str(mine), "evaluate", "tags", str(labelled)]) == 69
    assert main(["--config", str(mine), "doctor"]) == 1


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [(None, 66, "no such file"), ("no json\n", 65, ":1: not JSON"), ('{"a": 1}\n', 65, ":1:"), ("\n", 65, "no line")],
)
def test_labelled_files_that_cannot_be_read(
    content: str | None, code: int, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "labelled.jsonl"
    if content is not None:
        path.write_text(content)
    assert main(["evaluate", "tags", str(path)]) == code
    assert words in one_line(capfd)


def test_classify_wants_one_kind_of_input(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["classify"]) == 2
    assert main(["classify", "a text", "--pending"]) == 2


def test_restoring_over_a_running_monitor_is_75(
    database: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from datetime import UTC, datetime

    from monitor.locks import InstanceLock

    home = Path(os.environ["MONITOR_HOME"])
    home.mkdir()
    copy = tmp_path / "copy.bak"
    assert on(database, "db", "backup", str(copy)) == 0
    lock = InstanceLock(home)
    lock.acquire(datetime.now(UTC))
    capfd.readouterr()
    assert on(database, "db", "restore", str(copy)) == 75
    assert "already running" in one_line(capfd)
    lock.release()
    assert on(database, "db", "restore", str(copy)) == 0
    assert on(database, "db", "check") == 0
