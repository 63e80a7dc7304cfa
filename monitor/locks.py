"""One daemon per state folder: a file that is locked while it runs, and says who holds it. Another for who sends.

The locks are the kernel's (flock), so a program that was killed leaves none behind; a file's text is only for people.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from monitor.errors import CannotCreate, MonitorError, TryAgain


class InstanceLock:
    """Holds ``daemon.lock`` of a state folder from `acquire` to `release`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "daemon.lock"
        self._descriptor: int | None = None

    def acquire(self, now: datetime) -> None:
        """Raises TryAgain when another process holds it, CannotCreate when the file cannot be written."""
        descriptor = _opened(self.path)
        try:
            if not _locked(descriptor, self.path, fcntl.LOCK_EX | fcntl.LOCK_NB):
                holder = _holder(descriptor)
                raise TryAgain(f"already running{holder}; stop it first, or set MONITOR_HOME to another folder")
        except MonitorError:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {now.isoformat(timespec='seconds')}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Empties the file and lets it go. The file stays: removing it would let two processes lock two files."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


class SendingLock:
    """``sending.lock`` of a state folder: shared by all who send by hand, held alone by who asks what a crash left."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "sending.lock"

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Waits for one who holds it alone, which takes moments. Raises CannotCreate."""
        descriptor = _opened(self.path)
        try:
            _locked(descriptor, self.path, fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody else holds it, now and within. Raises CannotCreate."""
        descriptor = _opened(self.path)
        try:
            yield _locked(descriptor, self.path, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotCreate(
            f"{path}: {error.strerror or error}; set MONITOR_HOME to a folder that can be written"
        ) from error


def _locked(descriptor: int, path: Path, how: int) -> bool:
    """False when another process holds it and `how` does not wait."""
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        return False
    except OSError as error:
        raise CannotCreate(
            f"{path}: cannot be locked ({error.strerror or error}); "
            "set MONITOR_HOME to a folder on a disk of this machine"
        ) from error
    return True


def _holder(descriptor: int) -> str:
    words = os.pread(descriptor, 200, 0).decode("ascii", "replace").split()
    if len(words) == 2 and words[0].isdigit():
        return f" as process {words[0]} since {words[1]}"
    return ""
