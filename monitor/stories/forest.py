"""Gradient-boosted trees, small: evaluated in numpy from plain lists, learnt in numpy too. No pickles.

A tree of depth d is a full binary tree: 2^d - 1 splits (feature, bound; a value above the bound goes right, a missing
value goes left) and 2^d leaves. The forest's answer is the logistic of the leaves' sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from monitor.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS: Final = 64
#: beyond every value: JSON has no infinity
HUGE: Final = 3e38


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forest:
    """features: names in the order of the columns. split, bound: (trees, 2^d - 1); leaf: (trees, 2^d)."""

    features: tuple[str, ...]
    base: float
    split: NDArray[np.int16]
    bound: NDArray[np.float32]
    leaf: NDArray[np.float32]

    def __call__(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, features) to n probabilities."""
        trees, depth = np.arange(len(self.split)), (self.leaf.shape[1]).bit_length() - 1
        at = np.zeros((len(rows), len(self.split)), np.int32)
        across = np.arange(len(rows))[:, None]
        for _ in range(depth):
            right = rows[across, self.split[trees, at]] > self.bound[trees, at]
            at = 2 * at + 1 + right
        total = self.base + self.leaf[trees, at - self.split.shape[1]].sum(axis=1, dtype=np.float64)
        chances: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-total))
        return chances


def to_json(forest: Forest) -> dict[str, Any]:
    """Plain lists, rounded so that a diff can be read."""
    return {
        "features": list(forest.features),
        "base": round(forest.base, 5),
        "split": forest.split.tolist(),
        "bound": [[float(f"{x:.5g}") for x in row] for row in forest.bound.tolist()],
        "leaf": [[round(x, 4) for x in row] for row in forest.leaf.tolist()],
    }


def from_json(data: Mapping[str, Any]) -> Forest:
    """The forest of `to_json`. Raises ModelError on anything else."""
    try:
        forest = Forest(
            features=tuple(map(str, data["features"])),
            base=float(data["base"]),
            split=np.asarray(data["split"], np.int16),
            bound=np.asarray(data["bound"], np.float32),
            leaf=np.asarray(data["leaf"], np.float32),
        )
        trees, splits = forest.split.shape
        right = forest.bound.shape == (trees, splits) and forest.leaf.shape == (trees, splits + 1)
        right = right and 0 <= int(forest.split.min()) <= int(forest.split.max()) < len(forest.features)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the story weights are corrupt ({error}): reinstall the monitor") from error
    if not right or not np.isfinite(forest.leaf).all():
        raise ModelError("the story weights are corrupt (shapes do not fit): reinstall the monitor")
    return forest


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a forest is grown."""

    trees: int = 140
    depth: int = 4
    rate: float = 0.08
    #: least sum of second derivatives in a leaf
    least: float = 4.0
    ridge: float = 5.0
    rows: float = 0.7
    columns: float = 0.5
    seed: int = 1


def grow(
    features: tuple[str, ...],
    rows: NDArray[np.float32],
    truth: NDArray[np.float64],
    weight: NDArray[np.float64] | None = None,
    recipe: Recipe | None = None,
) -> Forest:
    """Boosting on the logistic loss, level by level over histograms. truth may be fractions."""
    recipe = recipe or Recipe()
    chance = np.random.default_rng(recipe.seed)
    weight = np.ones(len(rows)) if weight is None else weight
    edges = [_edges(column) for column in rows.T]
    binned = np.stack([_bin(column, edge) for column, edge in zip(rows.T, edges, strict=True)])
    share = float(np.average(truth, weights=weight))
    base = float(np.log(share / (1 - share)))
    total = np.full(len(rows), base)
    grown = []
    for _ in range(recipe.trees):
        guess = 1.0 / (1.0 + np.exp(-total))
        chosen = chance.random(len(rows)) < recipe.rows
        columns = np.flatnonzero(chance.random(len(features)) < recipe.columns)
        if not len(columns):
            columns = np.arange(len(features))
        slope, bend = weight * (guess - truth), weight * guess * (1 - guess)
        tree, place = _tree(binned, slope * chosen, bend * chosen, columns, edges, recipe)
        total += tree[2][place]
        grown.append(tree)
    return Forest(
        features=features,
        base=base,
        split=np.array([tree[0] for tree in grown], np.int16),
        bound=np.array([tree[1] for tree in grown], np.float32),
        leaf=np.array([tree[2] for tree in grown], np.float32),
    )


def _edges(column: NDArray[np.float32]) -> NDArray[np.float32]:
    known = column[~np.isnan(column)]
    if not len(known):
        return np.zeros(0, np.float32)
    return np.unique(np.quantile(known, np.linspace(0, 1, BINS)[1:-2], method="nearest")).astype(np.float32)


def _bin(column: NDArray[np.float32], edges: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Bin 0 holds what is missing, bin b the values above edge b - 2 and at most edge b - 1."""
    found = 1 + np.searchsorted(edges, column, side="left")
    return np.where(np.isnan(column), 0, found).astype(np.uint8)


_Grown = tuple[list[int], list[float], "NDArray[np.float64]"]


def _tree(
    binned: NDArray[np.uint8],
    slope: NDArray[np.float64],
    bend: NDArray[np.float64],
    columns: NDArray[np.intp],
    edges: list[NDArray[np.float32]],
    recipe: Recipe,
) -> tuple[_Grown, NDArray[np.intp]]:
    """One tree, and the leaf in which each row ends."""
    at = np.zeros(binned.shape[1], np.intp)
    splits: list[int] = []
    bounds: list[float] = []
    for level in range(recipe.depth):
        nodes = 2**level
        best_gain = np.full(nodes, 1e-6)
        best_column = np.zeros(nodes, np.intp)
        # no split: everything goes left
        best_bin = np.full(nodes, BINS, np.intp)
        for column in columns:
            gain = _gains(binned[column], at, nodes, slope, bend, recipe)[:, : len(edges[column]) + 1]
            top = gain.argmax(axis=1)
            better = gain[np.arange(nodes), top] > best_gain
            best_gain = np.where(better, gain[np.arange(nodes), top], best_gain)
            best_column = np.where(better, column, best_column)
            best_bin = np.where(better, top, best_bin)
        splits += best_column.tolist()
        bounds += [_bound(edges[column], cut) for column, cut in zip(best_column, best_bin, strict=True)]
        at = 2 * at + (binned[best_column[at], np.arange(binned.shape[1])] > best_bin[at])
    leaves = 2**recipe.depth
    top_sum = np.bincount(at, slope, leaves)
    bottom = np.bincount(at, bend, leaves)
    return (splits, bounds, -recipe.rate * top_sum / (bottom + recipe.ridge)), at


def _bound(edges: NDArray[np.float32], cut: int) -> float:
    """The value above which rows go right, if bins up to `cut` go left."""
    if cut == 0:
        return -HUGE
    return float(edges[cut - 1]) if cut < BINS else HUGE


def _gains(
    bins: NDArray[np.uint8],
    at: NDArray[np.intp],
    nodes: int,
    slope: NDArray[np.float64],
    bend: NDArray[np.float64],
    recipe: Recipe,
) -> NDArray[np.float64]:
    """(nodes, BINS): what is won by sending bins up to b left."""
    place = at * BINS + bins
    left_slope = np.bincount(place, slope, nodes * BINS).reshape(nodes, BINS).cumsum(axis=1)
    left_bend = np.bincount(place, bend, nodes * BINS).reshape(nodes, BINS).cumsum(axis=1)
    all_slope, all_bend = left_slope[:, -1:], left_bend[:, -1:]
    right_slope, right_bend = all_slope - left_slope, all_bend - left_bend

    def worth(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return a * a / (b + recipe.ridge)

    gain = worth(left_slope, left_bend) + worth(right_slope, right_bend) - worth(all_slope, all_bend)
    enough = (left_bend >= recipe.least) & (right_bend >= recipe.least)
    return np.where(enough, gain, -1.0)
