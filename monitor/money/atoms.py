"""A number with its neighbours, and what they name: a currency, a scale. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.money import patterns as p
from monitor.money import words as w


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """A number with its neighbours. `number` is as written, `scale` what multiplies it."""

    start: int
    end: int
    number: Decimal
    scale: Decimal | None
    currency: str | None
    more: bool = False
    vague: bool = False
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def value(self) -> Decimal:
        return self.number * (self.scale or 1)


def currency_of(before: str | None, after: str | None, *, strong: bool) -> str | None:
    """Currency of the words around a number; what is also another word needs a scale or a long number."""
    first = None
    if before:
        key = before.strip()
        first = w.BEFORE.get(key) or next((v for k, v in w.BEFORE.items() if k.lower() == key.lower()), None)
        if first is None and key.upper() in w.CODES:
            first = key.upper() if strong or key.upper() in w.MAJOR else None
        elif key in {"RM", "Rp", "kr", "DH", "Dh", "NIS"} and not strong:
            first = None
    if after:
        second = _currency_after(after, strong=strong)
        if first is None or (second and first in {"USD", "JPY"} and before and before.strip() in {"$", "¥"}):
            return second or first
    return first


def _currency_after(after: str, *, strong: bool) -> str | None:
    word = after.strip()
    if word in w.AFTER_CJK:
        return w.AFTER_CJK[word]
    if word in w.BEFORE:
        return w.BEFORE[word]
    if word.upper() in w.CODES:
        return word.upper() if strong or word.upper() in w.MAJOR else None
    low = word.lower()
    if low in w.WEAK_AFTER and not strong:
        return None
    return next((code for pattern, code in p.after_patterns() if pattern.fullmatch(low)), None)


def plain_scale(word: str) -> Decimal:
    """What a scale's word multiplies by, whatever the language."""
    low = word.lower().rstrip(".")
    return next(scale for scale, pattern in p.scale_patterns() if pattern.fullmatch(low))
