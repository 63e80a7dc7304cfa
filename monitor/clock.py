"""Time is told once: the wall clock for windows and schedules, the monotonic one for waits."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class FixedStartClock:
    """A wall clock that was told a time (``--now``) and runs on from there."""

    def __init__(self, start: datetime) -> None:
        self._start = parse_utc(start)
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    def monotonic(self) -> float:
        return time.monotonic()


def parse_utc(when: datetime | str) -> datetime:
    """An aware UTC datetime of an ISO text or a datetime; a naive one is taken as UTC. Raises ValueError."""
    value = datetime.fromisoformat(when) if isinstance(when, str) else when
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
