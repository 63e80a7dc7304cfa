"""When a digest is due, in words or as five cron fields, to five cron fields that read the same everywhere.

The day of the week is always written in names: 0 is Sunday for cron and Monday for APScheduler.
"""

from __future__ import annotations

import re

from monitor.config.problems import nearest
from monitor.config.scalars import time_of_day

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
LONG_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LONGEST_MONTH = dict(zip(range(1, 13), (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), strict=True))
HELP = 'write "daily at 08:00", "weekdays at 08:00", "weekly on monday at 08:00" or five cron fields'

_WORDS = re.compile(
    r"(?P<kind>daily|weekdays|weekends|weekly|monthly|hourly)"
    r"(?:\s+on\s+(?:the\s+)?(?P<on>[\w, ]+?))?(?:\s+at\s+(?P<at>\d{1,2}:\d{2}))?",
    re.I,
)


def to_cron(value: object) -> str:
    """Five cron fields of a schedule in words or in cron's own. Raises ValueError with what is wrong."""
    text = " ".join(str(value).split())
    match = _WORDS.fullmatch(text)
    if match is not None:
        return _words_to_cron(match["kind"].lower(), match["on"], match["at"])
    fields = text.split(" ")
    if len(fields) == 5 and not re.match(r"[a-z]+$", fields[0], re.I):
        return _check_cron(fields)
    raise ValueError(f"'{text[:80]}' is no schedule; {HELP}")


def _words_to_cron(kind: str, on: str | None, at: str | None) -> str:
    if kind == "hourly":
        if on or at:
            raise ValueError("'hourly' takes no day and no time")
        return "0 * * * *"
    hour, minute = (int(part) for part in time_of_day(at or "08:00").split(":"))
    clock = f"{minute} {hour}"
    if kind == "weekly":
        return f"{clock} * * {','.join(_day_name(day) for day in re.split(r'[, ]+|and', on or 'monday') if day)}"
    if kind == "monthly":
        return _check_cron([str(minute), str(hour), _day_of_month(on or "1"), "*", "*"])
    if on:
        raise ValueError(f"'{kind}' takes no day; {HELP}")
    return f"{clock} * * " + {"daily": "*", "weekdays": "mon-fri", "weekends": "sat,sun"}[kind]


def _day_name(word: str) -> str:
    low = word.lower()
    if low in LONG_DAYS:
        return DAYS[LONG_DAYS.index(low)]
    if low in DAYS:
        return low
    meant = nearest(low, LONG_DAYS)
    raise ValueError(f"'{word}' is no day of the week" + (f"; did you mean '{meant}'?" if meant else ""))


def _day_of_month(word: str) -> str:
    match = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", word.strip(), re.I)
    if match is None:
        raise ValueError(f"'{word}' is no day of the month; write a number from 1 to 31")
    return match.group(1)


def _check_cron(fields: list[str]) -> str:
    minute, hour, day, month, weekday = fields
    _values(minute, "minute", 0, 59)
    _values(hour, "hour", 0, 23)
    days = _values(day, "day of the month", 1, 31)
    months = _values(month, "month", 1, 12, MONTHS)
    weekdays = {number % 7 for number in _values(weekday, "day of the week", 0, 7, DAYS)}
    if weekday == "*" and not any(number <= LONGEST_MONTH[each] for each in months for number in days):
        raise ValueError(f"'{' '.join(fields)}' never comes: no such day in that month")
    return " ".join((minute, hour, day.lower(), month.lower(), _weekday_field(weekdays)))


def _values(field: str, what: str, low: int, high: int, names: tuple[str, ...] = ()) -> set[int]:
    """The numbers that a cron field stands for."""
    found: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        if step and (not step.isdigit() or int(step) == 0):
            raise ValueError(f"cron: '{step}' is no step for the {what}")
        if span == "*":
            first, last = low, high
        else:
            begin, dash, end = span.partition("-")
            first = _number(begin, what, low, high, names)
            last = _number(end, what, low, high, names) if dash else high if step else first
        if first > last:
            raise ValueError(f"cron: '{span}' runs backwards for the {what}")
        found.update(range(first, last + 1, int(step or 1)))
    return found


def _number(word: str, what: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if word in names:
        return names.index(word) + low
    if not word.isdigit() or not low <= int(word) <= high:
        meant = nearest(word, names) if word and not word.isdigit() else None
        hint = f"; did you mean '{meant}'?" if meant else f" (from {low} to {high})"
        raise ValueError(f"cron: '{word}' is no {what}{hint}")
    return int(word)


def _weekday_field(numbers: set[int]) -> str:
    if len(numbers) == 7:
        return "*"
    if numbers == {1, 2, 3, 4, 5}:
        return "mon-fri"
    # Monday first, as people and APScheduler count
    return ",".join(DAYS[number] for number in sorted(numbers, key=lambda day: (day + 6) % 7))
