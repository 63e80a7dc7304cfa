"""One daemon per state folder: a file that is locked while it runs, and says who holds it.

The lock is the kernel's (flock), so a daemon that was killed leaves none behind; the file's text is only for people.
"""

from __future__ import annotations

import fcntl
import os
from datetime import datetime
from pathlib import Path

from monitor.errors import CannotCreate, TryAgain


class InstanceLock:
    """Holds ``daemon.lock`` of a state folder from `acquire` to `release`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "daemon.lock"
        self._descriptor: int | None = None

    def acquire(self, now: datetime) -> None:
        """Raises TryAgain when another process holds it, CannotCreate when the file cannot be written."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CannotCreate(
                f"{self.path}: {error.strerror or error}; set MONITOR_HOME to a folder that can be written"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise TryAgain(f"already running{holder}; stop it first, or set MONITOR_HOME to another folder") from None
        except OSError as error:
            os.close(descriptor)
            raise CannotCreate(
                f"{self.path}: cannot be locked ({error.strerror or error}); "
                "set MONITOR_HOME to a folder on a disk of this machine"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {now.isoformat(timespec='seconds')}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Empties the file and lets it go. The file stays: removing it would let two processes lock two files."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def _holder(descriptor: int) -> str:
    words = os.pread(descriptor, 200, 0).decode("ascii", "replace").split()
    if len(words) == 2 and words[0].isdigit():
        return f" as process {words[0]} since {words[1]}"
    return ""
