"""Parts of a digest, cut at story borders so that each keeps a receiver's limits. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def pages(
    items: Sequence[Item], *, weight: Callable[[Item], int], fits: Callable[[Sequence[Item]], bool], aim: int
) -> list[list[Item]]:
    """The fewest parts of neighbouring items that all fit, of about equal weight, in order; [[]] for no items.

    `aim`: how much weight a part holds at most, roughly; `fits` has the last word. An item that fits nowhere gets a
    part of its own: texts are cut beforehand so that this does not happen.
    """
    if not items:
        return [[]]
    weights = [weight(item) for item in items]
    number = max(1, math.ceil(sum(weights) / max(aim, 1)))
    while number < len(items):
        parts = _balanced(items, weights, number)
        if all(fits(part) for part in parts):
            return parts
        number += 1
    return [[item] for item in items]


def _balanced(items: Sequence[Item], weights: Sequence[int], number: int) -> list[list[Item]]:
    total = sum(weights) or 1
    parts: list[list[Item]] = [[] for _ in range(number)]
    before = 0
    for item, weight in zip(items, weights, strict=True):
        place = min(int((before + weight / 2) * number / total), number - 1)
        parts[place].append(item)
        before += weight
    return [part for part in parts if part]
