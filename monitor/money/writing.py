"""Amounts written short, for people. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from monitor.money import words as w
from monitor.types import Amount


def format_amount(amount: Amount) -> str:
    """Short, for people: "$6.6B", "€385M", "CHF 30M", "$3B–$4B", "$1B+", "up to $4B", "~$18B", "undisclosed".

    Three significant digits; `parse_amount` reads it back.
    """
    if amount.value is None:
        return "undisclosed"
    if amount.low is not None and amount.high is not None and amount.low < amount.high:
        return f"{_short(amount.low, amount.currency)}–{_short(amount.high, amount.currency)}"
    short = _short(amount.value, amount.currency)
    if amount.low is not None:
        return f"{short}+"
    if amount.high is not None:
        return f"up to {short}"
    return f"~{short}" if amount.approximate else short


def format_usd(value: Decimal) -> str:
    """US dollars, short: "$6.6B"."""
    return _short(value, "USD")


def _short(value: Decimal, currency: str) -> str:
    sign = "-" if value < 0 else ""
    size = _rounded(abs(value))
    for scale, letter in ((w.TRILLION, "T"), (w.BILLION, "B"), (w.MILLION, "M"), (w.THOUSAND, "K")):
        if size >= scale:
            number = f"{_plain(size / scale)}{letter}"
            break
    else:
        number = _plain(size)
    symbol = w.SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{currency} {number}"


def _rounded(value: Decimal) -> Decimal:
    """To three significant digits, cents at the finest."""
    if value == 0:
        return value
    step = Decimal(1).scaleb(max(value.adjusted() - 2, -2))
    return (value / step).to_integral_value(ROUND_HALF_EVEN) * step


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
