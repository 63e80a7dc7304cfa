"""One digest per due time: four zones, both clock changes, downtime, and clocks that are set.

Due times are found here by walking the minutes of the zone, not by the code under test.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.types import Delivery
from tests.deliver.rig import Rig
from tests.deliver.test_round import DAY, HOUR, PAIR, keeper_rig, story_ids
from tests.digest.fixtures import SPEC, story

#: zone, and the local days of its clock changes in 2026 (Kolkata has none: any day will do)
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Asia/Kolkata", date(2026, 3, 29)),
    ("Asia/Kolkata", date(2026, 10, 25)),
]
#: in the hour that is left out or comes twice, wherever there is one
AT = (2, 15)


def due_times(zone: str, begin: datetime, end: datetime) -> list[datetime]:
    """For each local day the first minute at or after AT."""
    tz, found, seen = ZoneInfo(zone), [], set()
    at = begin
    while at <= end:
        local = at.astimezone(tz)
        if (local.hour, local.minute) >= AT and local.date() not in seen:
            seen.add(local.date())
            # a day that had begun is not ours
            if at > begin:
                found.append(at)
        at += timedelta(minutes=1)
    return found


def rig_in(folder: Path, zone: str) -> tuple[Rig, list[Delivery]]:
    spec = replace(SPEC, cron=f"{AT[1]} {AT[0]} * * *", time_zone=zone, quiet="note")
    rig, keeper = keeper_rig(folder, digests=[spec], spec=replace(PAIR, recipients=("ada",)))
    return rig, keeper.got


def made(got: list[Delivery]) -> list[str]:
    """Keys of the digests in the order in which they came; each must have come once."""
    keys = [d.digest_key for d in got if d.part.number == 1]
    assert max(Counter(keys).values(), default=1) == 1, keys
    return keys


def key(at: datetime) -> str:
    return f"daily@{at:%Y-%m-%dT%H:%MZ}"


@pytest.fixture(params=CHANGES, ids=[f"{zone.split('/')[1]}-{day:%b}" for zone, day in CHANGES])
def place(request: pytest.FixtureRequest) -> tuple[str, datetime]:
    """A zone, and UTC noon three days before its change."""
    zone, day = request.param
    return zone, datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - 3 * DAY


def test_each_hour_a_story_each_local_day_a_digest(tmp_path: Path, place: tuple[str, datetime]) -> None:
    zone, start = place
    rig, got = rig_in(tmp_path, zone)
    rig.clock.set(start)

    async def run() -> None:
        await rig.deliverer.run_due()
        for hour in range(24 * 7):
            rig.stories.put(story(hour + 1, f"Hour {hour}", at=start + hour * HOUR))
            rig.clock.set(start + hour * HOUR + timedelta(minutes=59))
            await rig.deliverer.run_due()

    asyncio.run(run())
    end = rig.clock.now()
    expected = due_times(zone, start, end)
    # what was due before the start is made once, too: the machine may just have been off
    assert made(got)[1:] == [key(at) for at in expected]
    sent = story_ids(got)
    assert len(sent) == len(set(sent))
    in_time = [hour + 1 for hour in range(24 * 7) if start + hour * HOUR <= expected[-1]]
    assert set(in_time) <= set(sent), "nothing is lost between two digests"


def test_three_days_down_over_the_change(tmp_path: Path, place: tuple[str, datetime]) -> None:
    zone, start = place
    start += 2 * DAY
    rig, got = rig_in(tmp_path, zone)
    rig.clock.set(start)
    asyncio.run(rig.deliverer.run_due())
    for hour in range(72):
        rig.stories.put(story(hour + 1, f"Hour {hour}", at=start + (hour + 1) * HOUR))
    rig.clock.set(start + 3 * DAY + timedelta(minutes=1))
    asyncio.run(rig.start().run_due())
    missed = due_times(zone, start, rig.clock.now())
    assert len(missed) == 3
    assert made(got)[1:] == [key(missed[-1])], "merged into the latest"
    assert sorted(story_ids(got)) == list(range(1, 73))
    asyncio.run(rig.start().run_due())
    assert len(made(got)) == 2


@pytest.mark.parametrize("jumps", [(-1,), (24,), (24, -24), (-1, 24, -24, 1)], ids=str)
def test_the_clock_is_set(tmp_path: Path, place: tuple[str, datetime], jumps: tuple[int, ...]) -> None:
    """Set by so many hours, one after another, each a little after a due time; then it goes on."""
    zone, start = place
    rig, got = rig_in(tmp_path, zone)
    rig.clock.set(start)
    latest = start

    async def run() -> None:
        nonlocal latest
        waiting = list(jumps)
        due = due_times(zone, start, start + 12 * DAY)
        end = start + 7 * DAY
        while rig.clock.now() < end:
            now = rig.clock.now()
            latest = max(latest, now)
            await rig.deliverer.run_due()
            if waiting and any(timedelta() <= now - at < timedelta(minutes=20) for at in due):
                rig.clock.jump(3600 * waiting.pop(0))
                await rig.deliverer.run_due()
                latest = max(latest, rig.clock.now())
            rig.clock.advance(20 * 60)
        assert not waiting

    asyncio.run(run())
    keys, every = made(got)[1:], [key(at) for at in due_times(zone, start, latest)]
    assert sorted(set(keys)) == keys
    assert set(keys) <= set(every)
    # only a jump forward passes over due times, which are merged into the next digest
    passed = len(every) - len(keys)
    assert passed <= sum(hours // 24 for hours in jumps if hours > 0)
    assert every[-1] in keys


@pytest.mark.parametrize(
    ("cron", "hours"),
    [("0 8,18 * * *", 24), ("0 * * * *", 24), ("0 8 * * *", 47), ("0 8 * * *", 24 * 365 * 5)],
    ids=str,
)
def test_a_clock_that_stood_wrong_for_a_minute_swallows_no_story(tmp_path: Path, cron: str, hours: int) -> None:
    spec = replace(SPEC, cron=cron, time_zone="UTC")
    rig, keeper = keeper_rig(tmp_path, digests=[spec], spec=replace(PAIR, recipients=("ada",)))
    rig.clock.set(datetime(2026, 5, 4, 9, tzinfo=UTC))

    async def run() -> None:
        await rig.deliverer.run_due()
        rig.clock.jump(hours * 3600)
        await rig.deliverer.run_due()
        rig.clock.jump(-hours * 3600)
        for hour in range(24 * 6):
            rig.stories.put(story(hour + 1, f"Hour {hour}", at=rig.clock.now() + timedelta(minutes=5)))
            rig.clock.advance(3600)
            await rig.deliverer.run_due()

    asyncio.run(run())
    sent = story_ids(keeper.got)
    assert len(sent) == len(set(sent))
    assert set(range(1, 24 * 5)) <= set(sent)
