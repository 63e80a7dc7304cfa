"""Filters that `search`, `deals` and `launches` share, as people type them. All are read before anything is opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from monitor.errors import UsageError
from monitor.query import parse_amount, parse_when


def moment(text: str | None, now: datetime, option: str, *, end: bool = False) -> datetime | None:
    """A time as `parse_when` reads it: `30d`, `yesterday`, `2024-02`, an ISO time. Raises UsageError that names the
    option."""
    if text is None:
        return None
    try:
        return parse_when(text, now, end=end)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def window(since: str | None, until: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """What --since and --until say. Raises UsageError, also where nothing can lie between them."""
    begin, end = moment(since, now, "--since"), moment(until, now, "--until", end=True)
    if begin is not None and end is not None and begin > end:
        raise UsageError(f"--since {since} is later than --until {until}: nothing lies between them")
    return begin, end


def usd(text: str | None, option: str) -> Decimal | None:
    """US dollars of `100m`, `1.5bn`, `250000`. Raises UsageError that names the option."""
    if text is None:
        return None
    try:
        return parse_amount(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def choice(text: str, known: Sequence[str], option: str) -> Any:
    """One of the known words. Raises UsageError that lists them."""
    word = text.strip().lower()
    if word not in known:
        raise UsageError(f"{option} {text}: known are {', '.join(known)}")
    return word
