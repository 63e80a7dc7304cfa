"""Logistic regression with numpy: Newton's method for a few columns, accelerated descent for many. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Real = TypeVar("Real", np.float32, np.float64)


def sigmoid(logits: NDArray[Real]) -> NDArray[Real]:
    """Probabilities."""
    import numpy as np

    values: NDArray[Real] = np.reciprocal(1 + np.exp(-np.clip(logits, -30, 30)))
    return values


def newton(inputs: Floats, begin: Floats, wanted: Floats, hold: float, rounds: int = 30) -> Floats:
    """The weights to add to where the logits begin, of greatest likelihood, held at nothing by `hold`.

    Each step is halved until it helps: a full one can overshoot where the curve is flat.
    """
    import numpy as np

    def loss(move: Floats) -> float:
        logits = begin + inputs @ move
        return float((np.logaddexp(0, logits) - wanted * logits).sum() + hold / 2 * (move @ move))

    move: Floats = np.zeros(inputs.shape[1])
    for _ in range(rounds):
        given = sigmoid(begin + inputs @ move)
        slope = inputs.T @ (given - wanted) + hold * move
        curve = (inputs * (given * (1 - given))[:, None]).T @ inputs + hold * np.eye(len(move))
        step = np.linalg.solve(curve, slope)
        now = loss(move)
        while loss(move - step) > now and float(np.abs(step).max()) > 1e-9:
            step = step / 2
        move = move - step
        if float(np.abs(step).max()) < 1e-6:
            break
    return move


def logistic(table: Singles, right: Singles, worth: Singles, *, prior: float = 1.0, rounds: int = 200) -> Singles:
    """Weights and, last, the bias of greatest likelihood under a normal prior; accelerated gradient descent."""
    import numpy as np

    inputs = np.hstack([table, np.ones((len(table), 1), dtype=np.float32)])
    held = np.full(inputs.shape[1], prior, dtype=np.float32)
    held[-1] = 1e-3
    step = np.float32(1 / (0.25 * _largest(inputs * np.sqrt(worth)[:, None]) + prior))
    weights = np.zeros(inputs.shape[1], dtype=np.float32)
    ahead, pace = weights.copy(), 1.0
    for _ in range(rounds):
        given = sigmoid(inputs @ ahead)
        fresh = ahead - step * (inputs.T @ (worth * (given - right)) + held * ahead)
        faster = (1 + math.sqrt(1 + 4 * pace * pace)) / 2
        ahead = fresh + np.float32((pace - 1) / faster) * (fresh - weights)
        weights, pace = fresh, faster
    return weights


def _largest(inputs: Singles) -> float:
    """The largest eigenvalue of inputs' product with itself, a little above, by power iteration."""
    import numpy as np

    vector = np.ones(inputs.shape[1], dtype=np.float32)
    length = 1.0
    for _ in range(30):
        vector = inputs.T @ (inputs @ (vector / np.linalg.norm(vector)))
        length = float(np.linalg.norm(vector))
    return 1.1 * max(length, 1e-6)
