"""Small forests: learnt, written, read, evaluated."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from monitor.errors import ModelError
from monitor.stories.forest import Recipe, from_json, grow, to_json
from monitor.stories.weights import dump, grind, load, parse, unit

NAMES = ("x", "y", "noise")


def _taught() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(3)
    rows = chance.random((3000, 3)).astype(np.float32)
    return rows, ((rows[:, 0] > 0.5) ^ (rows[:, 1] > 0.5)).astype(float)


def test_a_forest_learns_what_no_single_feature_tells() -> None:
    rows, truth = _taught()
    forest = grow(NAMES, rows[:2000], truth[:2000], recipe=Recipe(trees=60, columns=1.0))
    right = ((forest(rows[2000:]) > 0.5) == truth[2000:]).mean()
    assert right > 0.95


def test_json_keeps_a_forest() -> None:
    rows, truth = _taught()
    forest = grow(NAMES, rows, truth, recipe=Recipe(trees=20))
    again = from_json(json.loads(json.dumps(to_json(forest))))
    assert np.abs(again(rows) - forest(rows)).mean() < 0.01


def test_what_is_missing_goes_left_in_learning_and_in_use() -> None:
    rows, truth = _taught()
    rows[:, 0] = np.where(truth > 0, np.nan, 0.7)
    forest = grow(NAMES, rows, truth, recipe=Recipe(trees=20, columns=1.0))
    assert ((forest(rows) > 0.5) == (truth > 0)).all()


def test_learning_is_repeatable() -> None:
    rows, truth = _taught()
    one, two = (grow(NAMES, rows, truth, recipe=Recipe(trees=10)) for _ in range(2))
    assert to_json(one) == to_json(two)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("threshold"),
        lambda data: data["pair"].pop("leaf"),
        lambda data: data["join"]["split"].__setitem__(0, [999] * 7),
        lambda data: data["pair"]["leaf"].pop(),
    ],
)
def test_corrupt_weights_are_a_model_error(damage) -> None:  # type: ignore[no-untyped-def]
    data = json.loads(json.dumps(dump(load())))
    damage(data)
    with pytest.raises(ModelError, match="reinstall"):
        parse(data)


def test_the_lens_is_for_one_model_only() -> None:
    chance = np.random.default_rng(1)
    vectors = chance.normal(size=(200, 16)).astype(np.float32) + 2.0
    weights = parse(json.loads(json.dumps({**dump(load()), "lens": None})))
    assert weights.lens_for("one", 16) is None
    lens = grind(vectors, "one")
    focused = replace(weights, lens=lens)
    assert focused.lens_for("one", 16) is lens
    assert focused.lens_for("two", 16) is None
    assert focused.lens_for("one", 32) is None
    seen = np.array([lens(v) for v in vectors])
    assert np.allclose(np.linalg.norm(seen, axis=1), 1.0, atol=1e-4)
    plain = np.array([unit(v) for v in vectors])
    assert abs((seen @ seen.T).mean()) < 0.1 < (plain @ plain.T).mean(), "what all have in common is gone"
