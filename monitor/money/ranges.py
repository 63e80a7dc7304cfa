"""Atoms side by side: the longest of those that overlap, and ranges of two. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace
from decimal import Decimal

from monitor.money import patterns as p
from monitor.money import words as w
from monitor.money.atoms import Atom


def without_overlap(atoms: list[Atom]) -> list[Atom]:
    """The longest of overlapping atoms, one with a currency first; in order."""
    kept: list[Atom] = []
    for atom in sorted(atoms, key=lambda a: (a.currency is None, -(a.end - a.start), a.start)):
        index = bisect_left(kept, atom.start, key=lambda a: a.start)
        free_before = index == 0 or kept[index - 1].end <= atom.start
        free_after = index == len(kept) or atom.end <= kept[index].start
        if free_before and free_after:
            kept.insert(index, atom)
    return kept


def join_ranges(plain: str, atoms: list[Atom]) -> list[Atom]:
    """Two neighbours with "-", "to" or "between ... and" become one range, or share the scale of the second."""
    joined: list[Atom] = []
    index = 0
    while index < len(atoms):
        atom = atoms[index]
        following = atoms[index + 1] if index + 1 < len(atoms) else None
        pair = _range_of(plain, atom, following) if following is not None else None
        if pair is None:
            joined.append(atom)
            index += 1
        else:
            joined.extend(pair)
            index += 2
    return joined


def _range_of(plain: str, first: Atom, second: Atom) -> list[Atom] | None:
    gap = plain[first.end : second.start]
    if len(gap) > 7 or first.vague or second.vague or first.low is not None or second.low is not None:
        return None
    before = plain[max(0, first.start - 10) : first.start].lower()
    between = re.search(r"(?:between|entre|zwischen|tra|介于|介於)\s*$", before)
    if not (p.range_gap().fullmatch(gap) or (between and p.and_gap().fullmatch(gap))):
        return None
    currency = first.currency or second.currency
    if currency is None or (first.currency and second.currency and first.currency != second.currency):
        return None
    if second.currency is None and re.match(rf"\s+(?:{w.COUNTED})\b", plain[second.end : second.end + 16], re.I):
        return None
    if first.scale is None and second.scale is not None:
        # "$3-4 billion"; a bare number far below the second is no part of it ("Top 3 - 500 million dollars")
        if not first.number < second.number <= first.number * (50 if first.currency else 10):
            return None
        first = replace(first, scale=second.scale)
    elif (
        second.currency is None and second.scale is None and (gap.strip() not in {"-", "~"} or first.scale is not None)
    ):
        return None
    first, second = replace(first, currency=currency), replace(second, currency=currency)
    moved = re.search(r"(?:\bfrom|\bde|\bvon|从|從)\s*$", before) and gap.strip() not in {"-", "~"}
    if moved or not first.value < second.value:
        return [first, second] if first.scale is not None or second.scale is None else None
    low, high = first.value, second.value
    return [
        Atom(
            start=first.start, end=second.end, number=(low + high) / 2, scale=Decimal(1), currency=currency, vague=True,
            low=low, high=high,
        )
    ]  # fmt: skip
