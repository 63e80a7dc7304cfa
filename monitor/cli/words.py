"""How commands say times, money, scores and counts to people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_STEPS = (("y", 365 * 86400), ("w", 7 * 86400), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_LARGE = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}


def clean(text: str) -> str:
    """No control characters: nothing that a terminal obeys. Lines stay."""
    return _UNSAFE.sub("", text)


def day(when: datetime | None) -> str:
    """2024-02-26"""
    return "" if when is None else when.astimezone(UTC).strftime("%Y-%m-%d")


def minute(when: datetime | None) -> str:
    """2024-02-26 14:31"""
    return "" if when is None else when.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def span(length: timedelta | float) -> str:
    """The two largest steps of a length: "2d 3h", "5m"."""
    seconds = int(length.total_seconds() if isinstance(length, timedelta) else length)
    parts: list[str] = []
    for letter, size in _STEPS:
        if seconds >= size and len(parts) < 2:
            parts.append(f"{seconds // size}{letter}")
            seconds %= size
        elif parts:
            break
    return " ".join(parts) or "0s"


def ago(when: datetime | None, now: datetime) -> str:
    """ "3h ago", "in 5m", "never"."""
    if when is None:
        return "never"
    gap = now - when
    if abs(gap) < timedelta(seconds=1):
        return "now"
    return f"{span(gap)} ago" if gap > timedelta() else f"in {span(-gap)}"


def money(value: Decimal | int | float | None, currency: str = "USD") -> str:
    """$6.6B, €385M, CHF 20M; empty for None."""
    if value is None:
        return ""
    amount = Decimal(str(value))
    for size, letter in _LARGE:
        if amount >= size:
            short = f"{(amount / size).quantize(Decimal('0.01')).normalize():f}{letter}"
            break
    else:
        short = f"{amount.normalize():f}"
    sign = _SIGNS.get(currency)
    return f"{sign}{short}" if sign else f"{currency} {short}"


def score(value: float | None) -> str:
    """0.93"""
    return "" if value is None else f"{value:.2f}"


def listed(words: Iterable[str] | None) -> str:
    """ "a, b, c\""""
    return ", ".join(words or ())


def several(count: int, one: str, many: str | None = None) -> str:
    """ "1 feed", "3 feeds", "2 entries"."""
    if count == 1:
        return f"1 {one}"
    return f"{count:,} {many or (one[:-1] + 'ies' if one.endswith('y') else one + 's')}"


def size(count: int) -> str:
    """Bytes: "1.4 MB"."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
