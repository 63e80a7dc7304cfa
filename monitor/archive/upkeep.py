"""What a running monitor does for its archive once a day, so that years of it stay small and quick."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Protocol

from monitor.clock import parse_utc
from monitor.protocols import Clock

EVERY: Final = timedelta(days=1)
#: the archive's note of when it was done last
NOTE: Final = "upkeep"
#: vectors of entries in no story, which only topics read: a month to look back on, and some days
LOOSE: Final = timedelta(days=35)


class Keeping(Protocol):
    """What it asks of the archive."""

    def get(self, key: str) -> str | None: ...
    def put(self, key: str, value: str) -> None: ...
    def forget_deliveries(self, older_than: datetime) -> int: ...
    def forget_keys(self, unlisted_for: timedelta, now: datetime) -> int: ...
    def forget_vectors(self, older_than: datetime, *, loose: bool = ...) -> int: ...
    def optimize(self) -> None: ...


class Upkeep:
    """Called at any interval; does something once a day, also across restarts."""

    def __init__(
        self,
        keep: Keeping,
        clock: Clock,
        *,
        deliveries: timedelta | None,
        former_keys: timedelta | None = None,
    ) -> None:
        """deliveries: for how long the texts of what was sent are kept; None: for ever. former_keys: likewise the keys
        of pruned entries, once their feed does not list them any more.
        """
        self._keep = keep
        self._clock = clock
        self._deliveries = deliveries
        self._former_keys = former_keys
        self._next: datetime | None = None

    def run(self) -> str:
        """A line on what was done, "" for nothing. Raises ArchiveError; then the next call tries again."""
        now = self._clock.now()
        if self._next is not None and now < self._next <= now + EVERY:
            return ""
        last = _read(self._keep.get(NOTE))
        # a note of the future was made by a clock that stood wrong
        if last is not None and last <= now < last + EVERY:
            self._next = last + EVERY
            return ""
        gone = self._keep.forget_deliveries(now - self._deliveries) if self._deliveries is not None else 0
        keys = self._keep.forget_keys(self._former_keys, now) if self._former_keys is not None else 0
        self._keep.forget_vectors(now - LOOSE, loose=True)
        self._keep.optimize()
        self._keep.put(NOTE, now.isoformat())
        self._next = now + EVERY
        counts = ((gone, "texts of old deliveries"), (keys, "keys of old entries"))
        told = ", ".join(f"{what} ({count})" for count, what in counts if count)
        return f"upkeep dropped {told}" if told else ""


def _read(note: str | None) -> datetime | None:
    try:
        return parse_utc(note) if note else None
    except ValueError:
        return None
