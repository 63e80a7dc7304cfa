"""The values of fields: dates, ages and amounts as people write them. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

_AGE: Final = re.compile(
    r"(?:(?:last|past) )?(\d{1,5}) ?(h|hours?|d|days?|w|weeks?|mo|m|months?|y|years?)(?: ago)?\Z", re.I
)
_NAMED: Final = re.compile(r"(?:(now|today|yesterday)|(this|last) (week|month|year))\Z", re.I)
#: "last-week", "3_days", as words in a query or a shell are written
_JOINED: Final = re.compile(r"(?<=\w)[\s_-]+(?=\w)")

_DATE: Final = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?(?:Z|\+00:00)?)?)?)?\Z", re.I
)

_MONEY: Final = re.compile(
    r"(?:US)?\$?\s*([\d.,_]+)\s*(k|m|mn|mio|million|b|bn|billion|t|tn|trillion)?\s*(?:usd|\$)?\Z", re.I
)
_SCALES: Final = {"k": 3, "m": 6, "b": 9, "t": 12}


def parse_when(text: str, now: datetime | None = None, *, end: bool = False) -> datetime:
    """A date, month, year (UTC), time or age as a moment; with `end` the last of it. Raises ValueError in words.

    Ages are `7d`, `3 days`, `2 weeks ago`; days and weeks (from Monday) have names: today, yesterday, this week, last
    month.
    """
    text = text.strip()
    spaced = _JOINED.sub(" ", text)
    if (age := _AGE.match(spaced)) or _NAMED.match(spaced):
        if now is None:
            raise ValueError(f"{text!r}: an age needs a present")
        return _age_before(now, age) if age else _named(spaced.lower(), now, end=end)
    match = _DATE.match(text)
    if match is None:
        return _iso_time(text)
    year, month, day_of, hour, minute, second = (None if g is None else int(g) for g in match.groups())
    try:
        start = datetime(year or 0, month or 1, day_of or 1, hour or 0, minute or 0, second or 0, tzinfo=UTC)
    except ValueError:
        raise ValueError(f"{text!r} is no date of the calendar") from None
    unit = "year" if month is None else "month" if day_of is None else "day" if hour is None else "time"
    return _last_of(start, unit) if end else start


def parse_amount(text: str) -> Decimal:
    """USD: "100M", "$1.5bn", "250000". Raises ValueError in words."""
    match = _MONEY.match(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no amount: write 100M, 1.5B or 250000 (USD)")
    digits = match[1].replace("_", "")
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
        digits = digits.replace(",", "")
    try:
        value = Decimal(digits.replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"{text!r} is no amount: write 100M, 1.5B or 250000 (USD)") from None
    return value.scaleb(_SCALES[match[2][0].lower()]) if match[2] else value


def _iso_time(text: str) -> datetime:
    """An ISO time with an offset or parts of a second."""
    try:
        if "T" not in text.upper():
            raise ValueError
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is no date: write 2026-05-31, 2026-05, 2026, yesterday, last week or an age such as 7d"
        ) from None


def _age_before(now: datetime, age: re.Match[str]) -> datetime:
    days = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "y": 365}[age[2][0].lower()]
    try:
        return now - timedelta(days=int(age[1]) * days)
    except OverflowError:
        return datetime(1, 1, 1, tzinfo=UTC)


def _named(words: str, now: datetime, *, end: bool) -> datetime:
    """The first moment of "yesterday", "this week", "last month" in UTC; with `end` the last."""
    if words == "now":
        return now
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    which, _, unit = words.partition(" ")
    if unit == "week":
        start = day - timedelta(days=day.weekday() + 7 * (which == "last"))
    elif unit == "month":
        start = day.replace(day=1)
        start = (start - timedelta(days=1)).replace(day=1) if which == "last" else start
    elif unit == "year":
        start = day.replace(year=day.year - (which == "last"), month=1, day=1)
    else:
        unit, start = "day", day - timedelta(days=which == "yesterday")
    return _last_of(start, unit) if end else start


def _last_of(start: datetime, unit: str) -> datetime:
    if unit == "time":
        return start
    if unit == "year":
        start = start.replace(month=12, day=31)
    elif unit == "week":
        start += timedelta(days=6)
    elif unit == "month":
        start = start.replace(day=monthrange(start.year, start.month)[1])
    return start.replace(hour=23, minute=59, second=59, microsecond=999999)
