"""One daemon a state folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.errors import CannotCreate, TryAgain
from monitor.locks import InstanceLock, SendingLock
from monitor.testing import MONDAY


def test_held_until_released(tmp_path: Path) -> None:
    first, second = InstanceLock(tmp_path), InstanceLock(tmp_path)
    first.acquire(MONDAY)
    with pytest.raises(
        TryAgain, match=rf"^already running as process {os.getpid()} since 2024-02-26T08:00:00\+00:00; "
    ):
        second.acquire(MONDAY)
    first.release()
    first.release()
    second.acquire(MONDAY)
    second.release()


def test_a_file_of_odd_text_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "daemon.lock").write_bytes(b"\xff\x00" * 4000)
    lock = InstanceLock(tmp_path)
    lock.acquire(MONDAY)
    assert (tmp_path / "daemon.lock").read_text() == f"{os.getpid()} 2024-02-26T08:00:00+00:00\n"
    lock.release()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CannotCreate, match=r"daemon.lock: No such file or directory; set MONITOR_HOME"):
        InstanceLock(tmp_path / "gone").acquire(MONDAY)


def test_who_sends_by_hand_keeps_who_recovers_out_and_not_each_other(tmp_path: Path) -> None:
    lock = SendingLock(tmp_path)
    with lock.shared(), SendingLock(tmp_path).shared(), lock.alone() as alone:
        assert not alone
    with lock.alone() as alone:
        assert alone
        with SendingLock(tmp_path).alone() as another:
            assert not another
    with pytest.raises(CannotCreate, match=r"sending.lock: No such file"), SendingLock(tmp_path / "gone").shared():
        pass
