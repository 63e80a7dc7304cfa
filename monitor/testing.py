"""Public fakes of the seams in protocols.py, for the tests of this project and of those who build on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: an ordinary Monday morning
MONDAY = datetime(2024, 2, 26, 8, 0, tzinfo=UTC)


class FakeClock:
    """A clock that moves when told to. Wall and monotonic time move together unless `jump` is used."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set(self, now: datetime) -> None:
        """Time passes until `now` (which must not lie in the past)."""
        self.advance((now - self._now).total_seconds())

    def jump(self, seconds: float) -> None:
        """The wall clock is set forward or back; monotonic time does not move."""
        self._now += timedelta(seconds=seconds)
