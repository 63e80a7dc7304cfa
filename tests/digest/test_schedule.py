"""One digest per due time: across clock changes, downtime, and clocks that jump."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.digest.schedule import (
    due_times,
    first_missed,
    look_back,
    next_due,
    parse_cron,
    period,
    previous_due,
    since_by_hand,
    what_is_due,
)
from monitor.errors import ConfigError

DAY = timedelta(days=1)
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "UTC"]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(cron: str, zone: str, after: str, until: str) -> list[str]:
    times = due_times(cron, zone, utc(after), utc(until))
    return [at.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M%z") for at in times]


@pytest.mark.parametrize(
    ("zone", "cron", "after", "until", "expected"),
    [
        # forward: 02:30 does not exist and moves to 03:00
        ("Europe/Berlin", "30 2 * * *", "2026-03-28", "2026-03-30",
         ["03-28 02:30+0100", "03-29 03:00+0200"]),
        # back: 02:30 comes twice and counts the first time
        ("Europe/Berlin", "30 2 * * *", "2026-10-24", "2026-10-26",
         ["10-24 02:30+0200", "10-25 02:30+0200"]),
        ("Europe/Berlin", "0 8 * * *", "2026-03-28", "2026-03-30",
         ["03-28 08:00+0100", "03-29 08:00+0200"]),
        ("America/New_York", "15 2 * * *", "2026-03-07T06:00", "2026-03-09",
         ["03-07 02:15-0500", "03-08 03:00-0400"]),
        ("America/New_York", "30 1 * * *", "2026-10-31", "2026-11-02",
         ["10-31 01:30-0400", "11-01 01:30-0400"]),
        # half an hour: 02:00 becomes 02:30, and 02:00 becomes 01:30
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03", "2026-10-05",
         ["10-04 02:30+1100", "10-05 02:15+1100"]),
        ("Australia/Lord_Howe", "45 1 * * *", "2026-04-03T16:00", "2026-04-05T16:00",
         ["04-05 01:45+1100", "04-06 01:45+1030"]),
        ("Asia/Kolkata", "0 8 * * *", "2026-03-28", "2026-03-30",
         ["03-28 08:00+0530", "03-29 08:00+0530"]),
        # a whole day that was left out
        ("Pacific/Apia", "0 12 * * *", "2011-12-29", "2012-01-01",
         ["12-29 12:00-1000", "12-31 00:00+1400", "12-31 12:00+1400", "01-01 12:00+1400"]),
        # several missing minutes move to one and the same
        ("Europe/Berlin", "*/15 2 * * *", "2026-03-28T22:00", "2026-03-29T22:00", ["03-29 03:00+0200"]),
        ("Europe/Berlin", "0 * * * *", "2026-10-24T23:00", "2026-10-25T03:30",
         ["10-25 02:00+0200", "10-25 03:00+0100", "10-25 04:00+0100"]),
    ],
)  # fmt: skip
def test_clock_changes(zone: str, cron: str, after: str, until: str, expected: list[str]) -> None:
    assert local(cron, zone, after, until) == expected


def test_fields() -> None:
    assert local("0 8 * * mon-fri", "UTC", "2026-05-01", "2026-05-05") == ["05-01 08:00+0000", "05-04 08:00+0000"]
    # both days restricted: either is enough
    assert local("0 8 13 * fri", "UTC", "2026-05-01T09:00", "2026-05-14") == ["05-08 08:00+0000", "05-13 08:00+0000"]
    assert local("5/20 6,7 1 jan *", "UTC", "2026-01-01", "2026-01-01T06:50") == [
        "01-01 06:05+0000", "01-01 06:25+0000", "01-01 06:45+0000"]  # fmt: skip
    assert parse_cron("0 0 * * 7").weekdays == frozenset({0})
    assert next_due("0 0 29 2 *", "UTC", utc("2026-01-01")) == utc("2028-02-29")
    assert previous_due("0 0 30 2 *", "UTC", utc("2026-01-01")) is None


@pytest.mark.parametrize("cron", ["", "* * * *", "60 * * * *", "* * 0 * *", "5-2 * * * *", "*/0 * * * *", "a * * * *"])
def test_no_schedule(cron: str) -> None:
    with pytest.raises(ConfigError, match="schedule"):
        due_times(cron, "UTC", utc("2026-01-01"), utc("2026-01-02"))


def test_no_zone() -> None:
    with pytest.raises(ConfigError, match="Europe/Paris"):
        due_times("0 8 * * *", "Mars/Olympus", utc("2026-01-01"), utc("2026-01-02"))


def test_look_back_bridges_a_weekend() -> None:
    monday = utc("2026-05-04T08:00")
    assert period("0 8 * * mon-fri", "UTC", monday) == 3 * DAY
    assert look_back("0 8 * * mon-fri", "UTC", monday) == 4 * DAY
    assert look_back("0 8 * * mon-fri", "UTC", monday + DAY) == 4 * DAY
    assert look_back("0 8 * * *", "UTC", monday) == 2 * DAY
    assert look_back("0 8 * * mon", "UTC", monday) == 14 * DAY


def test_three_days_of_downtime_make_one_digest_that_begins_where_the_first_would_have() -> None:
    last, now = utc("2026-05-01T08:00"), utc("2026-05-04T10:00")
    due = what_is_due("0 8 * * *", "UTC", last, now)
    assert due is not None
    assert due.at == utc("2026-05-04T08:00")
    assert due.since == utc("2026-05-02T08:00") - 2 * DAY
    assert due.merged == 2
    assert what_is_due("0 8 * * *", "UTC", due.at, now) is None


def test_later_than_a_day_waits_for_the_next_due_time_and_loses_nothing() -> None:
    last, wednesday = utc("2026-04-27T08:00"), utc("2026-05-06T10:00")
    assert what_is_due("0 8 * * mon", "UTC", last, wednesday) is None
    due = what_is_due("0 8 * * mon", "UTC", last, utc("2026-05-11T08:00"))
    assert due is not None
    assert due.since == utc("2026-05-04T08:00") - 14 * DAY
    assert due.merged == 1


def test_first_time() -> None:
    due = what_is_due("0 8 * * *", "UTC", None, utc("2026-05-04T10:00"))
    assert due is not None
    assert due.at == utc("2026-05-04T08:00")
    assert what_is_due("0 8 * * mon", "UTC", None, utc("2026-05-06T10:00")) is None


def test_clock_back_an_hour_makes_no_second_digest() -> None:
    at = utc("2026-05-04T08:00")
    assert what_is_due("0 8 * * *", "UTC", at, at - timedelta(minutes=30)) is None
    assert what_is_due("0 8 * * *", "UTC", at, at + timedelta(minutes=30)) is None


def test_clock_forward_a_day_and_back_leaves_each_due_time_one_digest() -> None:
    made: list[datetime] = []
    for text in ["05-04T08:05", "05-05T08:05", "05-04T08:10", "05-05T07:59", "05-05T08:05", "05-06T08:00"]:
        now = utc(f"2026-{text}")
        due = what_is_due("0 8 * * *", "UTC", max((at for at in made if at <= now), default=None), now)
        if due:
            made.append(due.at)
    assert made == [utc("2026-05-04T08:00"), utc("2026-05-05T08:00"), utc("2026-05-06T08:00")]


def test_a_digest_by_hand_begins_where_the_first_missed_one_would_have() -> None:
    cron, now = "0 8 * * *", utc("2026-05-08T15:00")
    due = what_is_due(cron, "UTC", utc("2026-05-04T08:00"), now)
    assert due is not None
    assert since_by_hand(cron, "UTC", utc("2026-05-04T08:00"), now) == due.since == utc("2026-05-03T08:00")
    assert since_by_hand(cron, "UTC", utc("2026-05-08T08:00"), now) == now - look_back(cron, "UTC", now)
    assert since_by_hand(cron, "UTC", None, now, 3 * DAY) == now - 3 * DAY
    assert first_missed(cron, "UTC", utc("2026-05-07T08:00"), utc("2026-05-08T07:59")) is None
    assert first_missed(cron, "UTC", utc("2026-05-07T08:00"), utc("2026-05-08T08:00")) == utc("2026-05-08T08:00")


@given(
    zone=st.sampled_from(ZONES),
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 1)),
    days=st.integers(1, 12),
    cut=st.floats(0, 1),
)
def test_daily_is_once_a_local_day_and_cutting_a_window_in_two_changes_nothing(
    zone: str, minute: int, hour: int, start: datetime, days: int, cut: float
) -> None:
    cron, after = f"{minute} {hour} * * *", start.replace(tzinfo=UTC)
    until = after + days * DAY
    times = due_times(cron, zone, after, until)
    middle = after + (until - after) * cut
    assert times == due_times(cron, zone, after, middle) + due_times(cron, zone, middle, until)
    dates = [at.astimezone(ZoneInfo(zone)).date() for at in times]
    assert len(set(dates)) == len(dates)
    assert abs(len(times) - days) <= 1
    assert all(at.second == 0 and at.tzinfo is UTC for at in times)


@given(
    zone=st.sampled_from(ZONES),
    ticks=st.lists(st.integers(1, 5000), min_size=5, max_size=60),
    start=st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 20)),
)
def test_any_ticking_makes_every_due_time_one_digest_or_merges_it(zone: str, ticks: list[int], start: datetime) -> None:
    cron, now = "30 2 * * *", start.replace(tzinfo=UTC)
    first, made, merged = now, [], 0
    last: datetime | None = now
    for minutes in ticks:
        now += timedelta(minutes=minutes)
        due = what_is_due(cron, zone, last, now)
        if due:
            made.append(due.at)
            merged += due.merged
            last = due.at
    every = due_times(cron, zone, first, now)
    assert made == sorted(set(made))
    assert set(made) <= set(every)
    waiting = [at for at in every if not made or at > made[-1]]
    assert len(made) + merged + len(waiting) == len(every)
    assert all(now - at > DAY for at in waiting)
