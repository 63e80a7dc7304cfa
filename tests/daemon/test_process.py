"""The daemon as a process: what signals do to it, what systemd hears, what a kill leaves behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30


class Program:
    """tests/daemon/program.py under our hands."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.seen: list[dict[str, object]] = []

    def until_logged(self, words: str) -> dict[str, object]:
        """Reads the log up to an event."""
        stream: IO[str] = self.process.stderr  # type: ignore[assignment]
        for line in stream:
            event = json.loads(line) if line.startswith("{") else {"event": line}
            self.seen.append(event)
            if words in str(event["event"]):
                return event
        raise AssertionError(f"it ended without {words!r}: {self.seen}")

    def ended(self) -> int:
        return self.process.wait(PATIENCE)


@contextmanager
def program(folder: Path, *words: str, environ: dict[str, str] | None = None) -> Iterator[Program]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.daemon.program", str(folder), *words],
        cwd=ROOT,
        env={**os.environ, **(environ or {})},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Program(process)
    finally:
        process.kill()
        process.communicate()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_sigterm_lets_the_round_end_and_exits_with_0(tmp_path: Path) -> None:
    with program(tmp_path, "slow") as it:
        until((tmp_path / "round-began").exists)
        it.process.send_signal(signal.SIGTERM)
        assert it.until_logged("stopping")["because"] == "SIGTERM"
        (tmp_path / "finish").touch()
        assert it.ended() == 0
    assert (tmp_path / "round-ended").exists()


def test_a_second_sigterm_ends_it_at_once(tmp_path: Path) -> None:
    with program(tmp_path, "slow") as it:
        until((tmp_path / "round-began").exists)
        it.process.send_signal(signal.SIGTERM)
        it.until_logged("stopping")
        it.process.send_signal(signal.SIGTERM)
        assert it.ended() == -signal.SIGTERM, "systemd takes an end by SIGTERM for a clean one"
    assert not (tmp_path / "round-ended").exists()


def test_sighup_reads_feeds_yaml_again_and_keeps_the_old_one_when_wrong(tmp_path: Path) -> None:
    with program(tmp_path) as it:
        it.until_logged("started")
        (tmp_path / "wrong").touch()
        it.process.send_signal(signal.SIGHUP)
        assert it.until_logged("is wrong")["problem"] == "feeds.yaml:1:1: this is wrong"
        (tmp_path / "wrong").unlink()
        it.process.send_signal(signal.SIGHUP)
        assert it.until_logged("taken up")["state"] == "the second app"
        it.process.send_signal(signal.SIGINT)
        assert it.ended() == 0


def test_a_killed_daemon_leaves_no_lock(tmp_path: Path) -> None:
    with program(tmp_path) as it:
        it.until_logged("started")
        it.process.kill()
        it.ended()
    assert (tmp_path / "daemon.lock").read_text().startswith(str(it.process.pid))
    with program(tmp_path) as it:
        it.until_logged("started")
        it.process.terminate()
        assert it.ended() == 0


def test_a_second_daemon_exits_with_75(tmp_path: Path) -> None:
    with program(tmp_path) as first:
        first.until_logged("started")
        with program(tmp_path) as second:
            _, words = second.process.communicate(timeout=PATIENCE)
            assert second.process.returncode == 75
            assert words.startswith(f"already running as process {first.process.pid} since ")
            assert len(words.splitlines()) == 1


def test_systemd_hears_ready_status_watchdog_reloading_and_stopping(tmp_path: Path) -> None:
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(PATIENCE)

        def heard(words: str) -> str:
            while True:
                message = manager.recv(4096).decode()
                if words in message:
                    return message

        environ = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "300000"}
        with program(tmp_path, environ=environ) as it:
            ready = heard("READY=1")
            assert "STATUS=the first app" in ready
            assert f"MAINPID={it.process.pid}" in ready
            for _ in range(3):
                heard("WATCHDOG=1")
            it.process.send_signal(signal.SIGHUP)
            assert "MONOTONIC_USEC=" in heard("RELOADING=1")
            assert "STATUS=the second app" in heard("READY=1")
            it.process.send_signal(signal.SIGTERM)
            assert "EXTEND_TIMEOUT_USEC=" in heard("STOPPING=1")
            assert it.ended() == 0
