"""What the matcher finds about a story that an entry may join, and what it decides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A story that an entry might join, and what speaks for it."""

    key: int
    row: tuple[float, ...]
    chances: Mapping[int, float]
    veto: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """key: the story that it joins; None: it begins one."""

    key: int | None
    score: float = 0.0
    reason: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


#: where a join's row says which part of the story's core names the entry names
CORE_NAMES: Final = 12


def numbers_of(chance: float, view: View, ranked: Sequence[tuple[float, View]]) -> dict[str, float]:
    """What is stored with the decision, for `explain` and for tuning."""
    second = next((other for other, its in ranked if its.key != view.key), 0.0)
    row = view.row
    found = {
        "join": round(chance, 4),
        "second": round(second, 4),
        "best_pair": round(row[0], 4),
        "mean_pair": round(row[1], 4),
        "entries": row[6],
        "centre": round(row[9], 4),
        "words": round(row[13], 4),
        "names": round(row[CORE_NAMES], 4),
        "hours": round(row[15], 2),
    }
    return {name: value for name, value in found.items() if not math.isnan(value)}
