"""sd_notify on our side."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

import pytest

from monitor.systemd import Notifier


def test_without_a_manager_nothing_happens() -> None:
    notifier = Notifier({})
    notifier.ready("fine")
    notifier.watchdog()
    assert notifier.watchdog_seconds is None


def test_a_manager_that_has_gone_is_no_error(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready("fine")


def test_an_abstract_socket_and_one_line_of_status() -> None:
    name = f"monitor-test-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name)
        manager.settimeout(10)
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).status("two\nlines\r\nREADY=0")
        assert manager.recv(4096) == b"STATUS=two lines READY=0"


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_the_watchdog_s_time(environ: dict[str, str], seconds: float | None) -> None:
    assert Notifier(environ).watchdog_seconds == seconds
