"""Dates as feeds write them, to aware UTC.

The two common forms are read here, the hundred others by feedparser's own readers, so that both ways agree by
construction. Fractions of a second are dropped, a missing zone is UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EARLIEST = 1990
_LATEST = 2200
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:([Zz])|([+-])(\d\d):(\d\d))\Z", re.A)
_RFC = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? +)?(\d{1,2}) +([a-z]{3})[a-z]* +(\d{4}) +(\d{1,2}):(\d\d)(?::(\d\d))?"
    r" +(?:(gmt|utc|ut|z)|([+-])(\d\d)(\d\d))\Z",
    re.I | re.A,
)


def parse_date(text: str | None) -> datetime | None:
    """An aware UTC datetime between 1990 and 2200, or None."""
    if not text:
        return None
    text = text.strip()
    if not text or len(text) > 100:
        return None
    when = _common(text)
    if when is None:
        when = _by_feedparser(text)
    return when if when is not None and _EARLIEST <= when.year < _LATEST else None


def _common(text: str) -> datetime | None:
    try:
        match = _ISO.match(text)
        if match:
            year, month, day, hour, minute, second, _, sign, zone_hour, zone_minute = match.groups()
            when = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        else:
            match = _RFC.match(text)
            if not match:
                return None
            day, name, year, hour, minute, second, _, sign, zone_hour, zone_minute = match.groups()
            month_number = _MONTHS.get(name.lower())
            if month_number is None:
                return None
            when = datetime(int(year), month_number, int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC)
        if sign:
            offset = timedelta(hours=int(zone_hour), minutes=int(zone_minute))
            when = when - offset if sign == "+" else when + offset
    except (ValueError, OverflowError):
        return None
    return when


def _by_feedparser(text: str) -> datetime | None:
    from feedparser.datetimes import _parse_date

    try:
        found = _parse_date(text)
        if not found:
            return None
        year, month, day, hour, minute, second = found[:6]
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except Exception:  # noqa: BLE001 - its readers raise whatever they meet; a date is never worth a feed
        return None


__all__ = ["parse_date"]
