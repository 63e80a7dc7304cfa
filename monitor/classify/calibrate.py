"""From logits to probabilities and decisions: Platt scaling, thresholds, the "possible" band, the roles' biases.

Pure functions over dev outputs. Platt scaling has two numbers a tag, so it cannot learn a few hundred entries by
heart as isotonic regression would; thresholds are chosen on a smoothed curve for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from monitor.classify.weights import Platt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

GRID: Final = tuple(round(0.15 + 0.01 * step, 2) for step in range(71))
SMOOTH: Final = 5
#: A tag is possible from this part of its threshold on.
POSSIBLE: Final = 0.35
BIASES: Final = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


def fit_platt(logits: Floats, right: Flags, rounds: int = 50, prior: float = 1e-2) -> Platt:
    """Scale and shift of greatest likelihood, by Newton's method; the prior holds them when there is little to fit."""
    import numpy as np

    inputs = np.stack([logits, np.ones_like(logits)], axis=1)
    wanted = right.astype(np.float64)
    middle = np.array([1.0, 0.0])

    def loss(weights: Floats) -> float:
        values = inputs @ weights
        return float((np.logaddexp(0, values) - wanted * values).sum() + prior / 2 * ((weights - middle) ** 2).sum())

    weights: Floats = middle
    for _ in range(rounds):
        given = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (given - wanted) + prior * (weights - middle)
        curve = (inputs * (given * (1 - given))[:, None]).T @ inputs + prior * np.eye(2)
        step = np.linalg.solve(curve, slope)
        # A full step can overshoot where the curve is flat.
        while loss(weights - step) > loss(weights) and float(np.abs(step).max()) > 1e-9:
            step = step / 2
        weights = weights - step
        if float(np.abs(step).max()) < 1e-6:
            break
    return Platt(scale=round(float(weights[0]), 5), shift=round(float(weights[1]), 5))


def apply_platt(logits: Floats, platt: Platt) -> Floats:
    """Probabilities."""
    import numpy as np

    values: Floats = 1 / (1 + np.exp(-np.clip(platt.scale * logits + platt.shift, -30, 30)))
    return values


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


def choose_bias(score: Callable[[float], float]) -> float:
    """The bias with the best score, the mildest of equals."""
    return max(BIASES, key=lambda bias: (round(score(bias), 4), -abs(bias)))
