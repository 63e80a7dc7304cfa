from __future__ import annotations

from datetime import timedelta

from monitor.archive import Archive
from monitor.archive.upkeep import Upkeep
from monitor.testing import FakeClock
from monitor.types import DeliveryState
from tests.archive.samples import DAY, NOW
from tests.archive.test_deliveries import MAIL, sent


class Counted:
    """The archive's keeping, and what was asked of it."""

    def __init__(self, archive: Archive) -> None:
        self.keep = archive.keep
        self.optimized = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.keep, name)

    def optimize(self) -> None:
        self.optimized += 1
        self.keep.optimize()


def test_once_a_day_also_across_restarts_and_clocks_that_are_set(archive: Archive) -> None:
    keep, clock = Counted(archive), FakeClock(NOW)

    def upkeep() -> Upkeep:
        return Upkeep(keep, clock, deliveries=None)  # type: ignore[arg-type]

    running = upkeep()
    for _ in range(3):
        running.run()
    upkeep().run()
    assert keep.optimized == 1
    clock.advance(timedelta(hours=23).total_seconds())
    running.run()
    assert keep.optimized == 1
    clock.advance(timedelta(hours=1).total_seconds())
    running.run()
    running.run()
    assert keep.optimized == 2
    clock.jump(-timedelta(days=300).total_seconds())
    running.run()
    running.run()
    assert keep.optimized == 3


def test_texts_of_old_deliveries_are_dropped(archive: Archive) -> None:
    [part] = archive.deliveries.of_digest(sent(archive, 1))
    archive.deliveries.record(part.id, DeliveryState.SENT, NOW)
    clock = FakeClock(NOW + 89 * DAY)
    upkeep = Upkeep(archive.keep, clock, deliveries=90 * DAY)
    assert upkeep.run() == ""
    clock.advance(2 * 86400)
    assert upkeep.run() == "upkeep dropped texts of old deliveries (1)"
    assert archive.deliveries.list() == []
    assert archive.deliveries.already_sent("daily", MAIL[1], MAIL[0], [1]) == {1: 0}
    clock.advance(2 * 86400)
    assert Upkeep(archive.keep, clock, deliveries=None).run() == ""
