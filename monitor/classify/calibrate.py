"""From logits to probabilities and decisions: Platt scaling, thresholds, the "possible" band, the roles' biases.

Pure functions over dev outputs. Platt scaling has two numbers a tag, so it cannot learn a few hundred entries by
heart as isotonic regression would; thresholds are chosen on a smoothed curve for the same reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from monitor.classify.logistic import newton, sigmoid
from monitor.classify.weights import Platt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

GRID: Final = tuple(round(0.15 + 0.01 * step, 2) for step in range(71))
SMOOTH: Final = 5
SWEEPS: Final = 6
#: A tag is possible from this part of its threshold on.
POSSIBLE: Final = 0.35
BIASES: Final = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
FLOORS: Final = (0.0, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85)
#: a milder choice is worth this much F1: a few dozen facts of a role tell no finer
SLACK: Final = 0.005


def fit_platt(logits: Floats, right: Flags, rounds: int = 50, prior: float = 1e-2) -> Platt:
    """Scale and shift of greatest likelihood, by Newton's method; the prior holds them when there is little to fit."""
    import numpy as np

    inputs = np.stack([logits, np.ones_like(logits)], axis=1)
    middle = np.array([1.0, 0.0])
    weights = middle + newton(inputs, inputs @ middle, right.astype(np.float64), prior, rounds)
    return Platt(scale=round(float(weights[0]), 5), shift=round(float(weights[1]), 5))


def apply_platt(logits: Floats, platt: Platt) -> Floats:
    """Probabilities."""
    return sigmoid(platt.scale * logits + platt.shift)


def f1(right: Flags, given: Flags) -> float:
    """F1 of decisions; 0 where there is nothing to find."""
    both = int((right & given).sum())
    total = int(right.sum()) + int(given.sum())
    return 2 * both / total if total else 0.0


def choose_threshold(groups: Sequence[tuple[Floats, Flags]]) -> float:
    """The threshold with the best F1, averaged over groups of entries and smoothed over its neighbours."""
    import numpy as np

    curve = np.array([np.mean([f1(right, given >= at) for given, right in groups]) for at in GRID])
    padded = np.pad(curve, SMOOTH // 2, mode="edge")
    smooth = np.convolve(padded, np.ones(SMOOTH) / SMOOTH, mode="valid")
    best = np.flatnonzero(smooth >= smooth.max() - 1e-9)
    return GRID[int(best[len(best) // 2])]


def keep_precise(
    groups: Sequence[tuple[Floats, Flags, Flags]], thresholds: Sequence[float], precision: float
) -> list[float]:
    """The thresholds moved until the first group's micro precision is reached, at the least loss of micro F1.

    A group is (probabilities, right, known), each (entry, tag). One tag's threshold moves at a time, until none does.
    """
    chosen = list(thresholds)
    for _ in range(SWEEPS):
        before = list(chosen)
        for tag in range(len(chosen)):
            worth = [(_worth(groups, chosen, tag, at, precision), at) for at in GRID]
            chosen[tag] = max(worth)[1]
        if chosen == before:
            break
    return chosen


def _worth(
    groups: Sequence[tuple[Floats, Flags, Flags]], thresholds: Sequence[float], tag: int, at: float, precision: float
) -> tuple[float, float]:
    import numpy as np

    tried = np.array([at if number == tag else value for number, value in enumerate(thresholds)])
    scores, first = [], 0.0
    for number, (likely, right, known) in enumerate(groups):
        given = (likely >= tried) & known
        both, told = int((given & right).sum()), int(given.sum())
        scores.append(2 * both / max(1, told + int((right & known).sum())))
        if number == 0:
            first = both / max(1, told)
    short = max(0.0, precision - first)
    return round(float(np.mean(scores)) - short, 5), -abs(at - thresholds[tag])


def fit_status(logits: Floats, rumoured: Flags) -> Platt:
    """Platt for "rumoured", shifted so that one half is the border with the best accuracy."""
    import numpy as np

    platt = fit_platt(logits, rumoured)
    given = apply_platt(logits, platt)
    borders = np.linspace(0.2, 0.8, 61)
    right = np.array([float(((given >= border) == rumoured).mean()) for border in borders])
    best = np.flatnonzero(right >= right.max() - 1e-9)
    border = float(borders[best[len(best) // 2]])
    return Platt(scale=platt.scale, shift=round(platt.shift - float(np.log(border / (1 - border))), 5))


def choose_mildest(options: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Of (F1, bias, floor) the bias and the floor with the best F1; the mildest of those within half a point of it."""
    best = max(score for score, _bias, _floor in options)
    good = [(abs(bias) + floor, bias, floor) for score, bias, floor in options if score >= best - SLACK]
    _size, bias, floor = min(good)
    return bias, floor
