"""The values of fields: dates, ages and amounts as people write them. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

_AGE: Final = re.compile(r"(\d{1,5})\s*(h|d|w|mo|m|y)\Z", re.I)

_DATE: Final = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?(?:Z|\+00:00)?)?)?)?\Z", re.I
)

_MONEY: Final = re.compile(
    r"(?:US)?\$?\s*([\d.,_]+)\s*(k|m|mn|mio|million|b|bn|billion|t|tn|trillion)?\s*(?:usd|\$)?\Z", re.I
)
_SCALES: Final = {"k": 3, "m": 6, "b": 9, "t": 12}


def parse_when(text: str, now: datetime | None = None, *, end: bool = False) -> datetime:
    """A date, month, year (UTC), time or age as a moment; with `end` the last of it. Raises ValueError in words."""
    text = text.strip()
    if age := _AGE.match(text):
        if now is None:
            raise ValueError(f"{text!r}: an age needs a present")
        try:
            return now - _age(int(age[1]), age[2].lower())
        except OverflowError:
            return datetime(1, 1, 1, tzinfo=UTC)
    if now is not None and text.lower() in ("today", "yesterday", "now"):
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if text.lower() == "now":
            return now
        return (
            _last_of(day - timedelta(days=text.lower() == "yesterday"), "day")
            if end
            else day - timedelta(days=text.lower() == "yesterday")
        )
    match = _DATE.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no date: write 2026-05-31, 2026-05, 2026 or an age such as 7d")
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


def _age(count: int, unit: str) -> timedelta:
    days = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "mo": 30, "y": 365}[unit]
    return timedelta(days=count * days)


def _last_of(start: datetime, unit: str) -> datetime:
    if unit == "time":
        return start
    if unit == "year":
        start = start.replace(month=12, day=31)
    elif unit == "month":
        start = start.replace(day=monthrange(start.year, start.month)[1])
    return start.replace(hour=23, minute=59, second=59, microsecond=999999)
