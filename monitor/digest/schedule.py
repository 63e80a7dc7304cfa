"""When a digest is due: five cron fields, told in local time of an IANA zone.

A local time that a clock change leaves out moves to the next minute that exists; one that a clock change
repeats counts once, the first time. So every due time is one instant, and there is one digest for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.errors import ConfigError

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
#: a digest that is late by more than this is merged into the next one
CATCH_UP = timedelta(hours=24)

_MONTHS = {
    m: n for n, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_WEEKDAYS = {d: n for n, d in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
#: how far back the due time before is looked for; a leap day's is eight years away at most
_REACHES = (2, 9, 64, 400, 3000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """Five fields, each the set of its values. Day of month and day of week join by `or` when both are restricted."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    #: 0 is Sunday
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def matches(self, day: date) -> bool:
        """Whether any time of that local day is due."""
        if day.month not in self.months:
            return False
        by_date = day.day in self.days
        by_weekday = day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_date and by_weekday
        return by_date or by_weekday


@lru_cache(maxsize=256)
def parse_cron(text: str) -> Cron:
    """The five fields `minute hour day month weekday` (lists, ranges, steps, English names). Raises ConfigError."""
    fields = text.split()
    if len(fields) != 5:
        raise ConfigError(f"schedule {text!r}: five fields are needed (minute hour day month weekday)")
    try:
        minutes = _field(fields[0], 0, 59)
        hours = _field(fields[1], 0, 23)
        days = _field(fields[2], 1, 31)
        months = _field(fields[3], 1, 12, _MONTHS)
        weekdays = {n % 7 for n in _field(fields[4], 0, 7, _WEEKDAYS)}
    except ValueError as error:
        raise ConfigError(f"schedule {text!r}: {error}") from None
    return Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=frozenset(days),
        months=frozenset(months),
        weekdays=frozenset(weekdays),
        any_day=fields[2].startswith("*"),
        any_weekday=fields[4].startswith("*"),
    )


def _field(text: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    values: set[int] = set()
    for piece in text.lower().split(","):
        span, slash, step_text = piece.partition("/")
        step = int(step_text) if slash and step_text.isdecimal() else 1
        if slash and (not step_text.isdecimal() or step < 1):
            raise ValueError(f"{piece!r} has no step that can be counted")
        if span == "*":
            first, last = low, high
        else:
            start, dash, end = span.partition("-")
            first = _number(start, names)
            last = _number(end, names) if dash else (high if slash else first)
        if not (low <= first <= last <= high):
            raise ValueError(f"{piece!r} is not within {low}-{high}")
        values.update(range(first, last + 1, step))
    return values


def _number(text: str, names: dict[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if not text.isdecimal():
        raise ValueError(f"{text!r} is not a number")
    return int(text)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises ConfigError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"time zone {name!r} is not known: use an IANA name such as Europe/Paris") from None


def due_times(cron: str, time_zone: str, after: datetime, until: datetime) -> list[datetime]:
    """All due instants in (after, until], UTC, ascending, each once. Raises ConfigError for a schedule that is none."""
    if until <= after:
        return []
    fields, zone = parse_cron(cron), zone_of(time_zone)
    found: set[datetime] = set()
    # a day of margin on both sides: a missing time may move past midnight, and zones skip whole days
    day = after.astimezone(zone).date() - DAY
    last = until.astimezone(zone).date() + DAY
    while day <= last:
        if fields.matches(day):
            found.update(at for at in _instants(day, fields, zone) if after < at <= until)
        day += DAY
    return sorted(found)


def _instants(day: date, fields: Cron, zone: ZoneInfo) -> Iterator[datetime]:
    for hour in fields.hours:
        for minute in fields.minutes:
            yield instant(datetime.combine(day, time(hour, minute)), zone)


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a naive local time: its first occurrence, or that of the next minute that exists."""
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return first
    # In a gap the offset before the change carries past it; the change itself is the first valid minute.
    low, high = first - DAY - DAY, first
    while high - low > MINUTE:
        middle = low + ((high - low) // 2 // MINUTE) * MINUTE
        if middle.astimezone(zone).replace(tzinfo=None) >= local:
            high = middle
        else:
            low = middle
    return high


def previous_due(cron: str, time_zone: str, at: datetime) -> datetime | None:
    """The last due instant before `at`; None if the schedule has none in eight years."""
    for days in _REACHES:
        found = due_times(cron, time_zone, at - days * DAY, at - timedelta(microseconds=1))
        if found:
            return found[-1]
    return None


def next_due(cron: str, time_zone: str, at: datetime) -> datetime | None:
    """The first due instant after `at`; None if the schedule has none in eight years."""
    for days in _REACHES:
        found = due_times(cron, time_zone, at, at + days * DAY)
        if found:
            return found[0]
    return None


def period(cron: str, time_zone: str, at: datetime) -> timedelta:
    """From the due time before `at` to `at`; a day where there is none."""
    before = previous_due(cron, time_zone, at)
    return at - before if before else DAY


def look_back(cron: str, time_zone: str, at: datetime) -> timedelta:
    """Two periods: back to the due time before the last one, so that a weekend is bridged as a whole."""
    before = previous_due(cron, time_zone, at)
    if before is None:
        return 2 * DAY
    return at - before + period(cron, time_zone, before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A digest that is to be made now, and how many earlier due times it stands for."""

    at: datetime
    since: datetime
    merged: int = 0


def what_is_due(
    cron: str, time_zone: str, last_due: datetime | None, now: datetime, back: timedelta | None = None
) -> Due | None:
    """The digest to make now, if one is due.

    What was missed is caught up within 24 hours, several missed due times as one digest for the latest; what is
    older waits for the next due time. Either way the look-back begins where the first missed digest's would have.
    `last_due` is the newest that is not after `now`: what was made while the clock stood wrong ends nothing.
    """
    start = now - CATCH_UP if last_due is None else max(last_due, now - CATCH_UP)
    times = due_times(cron, time_zone, start, now)
    if not times:
        return None
    at = times[-1]
    first = times[0]
    missed = len(times) - 1
    if last_due is not None and last_due < start:
        earlier = due_times(cron, time_zone, last_due, start)
        first = earlier[0] if earlier else first
        missed += len(earlier)
    return Due(at=at, since=first - (back or look_back(cron, time_zone, first)), merged=missed)


def first_missed(cron: str, time_zone: str, last_due: datetime, now: datetime) -> datetime | None:
    """The first due time after the last digest that is over by now; None if none is."""
    due = next_due(cron, time_zone, last_due)
    return due if due is not None and due <= now else None


def since_by_hand(
    cron: str, time_zone: str, last_due: datetime | None, now: datetime, back: timedelta | None = None
) -> datetime:
    """Where a digest that is made at `now` by hand begins: with it the due times that were missed are made up for."""
    missed = first_missed(cron, time_zone, last_due, now) if last_due is not None else None
    first = missed or now
    return first - (back or look_back(cron, time_zone, first))
