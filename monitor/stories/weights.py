"""The learnt part of matching: two small forests, a lens for the vectors, a threshold. One JSON file, no pickles."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from monitor.errors import ModelError
from monitor.stories.forest import Forest, from_json, to_json
from monitor.stories.groups import JOIN_FEATURES
from monitor.stories.pairs import FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lens:
    """Takes from the vectors what all news of AI has in common: mean and half-whitening, for one model."""

    model_id: str
    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]

    def __call__(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """The vector through the lens, of unit length."""
        return unit(np.asarray((vector - self.mean) @ self.matrix, np.float32))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """pair: are these two of one event; join: does this entry belong to that story; from which chance on it joins."""

    pair: Forest
    join: Forest
    threshold: float
    lens: Lens | None = None

    def lens_for(self, model_id: str, size: int) -> Lens | None:
        """The lens, if it was ground for that model's vectors."""
        fits = self.lens is not None and self.lens.model_id == model_id and len(self.lens.mean) == size
        return self.lens if fits else None


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of length one; a zero vector stays zero."""
    length = float(np.linalg.norm(vector))
    scaled: NDArray[np.float32] = (vector / length if length > 0 else vector).astype(np.float32)
    return scaled


def grind(vectors: NDArray[np.float32], model_id: str, *, ridge: float = 0.1, power: float = 0.25) -> Lens:
    """A lens from unlabelled vectors: whitened by half, as whole whitening makes noise loud."""
    mean = vectors.mean(axis=0)
    spread = np.cov((vectors - mean).T)
    values, turns = np.linalg.eigh(spread + ridge * np.trace(spread) / len(spread) * np.eye(len(spread)))
    return Lens(model_id=model_id, mean=mean.astype(np.float32), matrix=(turns * values**-power).astype(np.float32))


def dump(weights: Weights) -> dict[str, Any]:
    """Plain JSON; the lens as base64 of little-endian float16."""
    lens = weights.lens
    return {
        "threshold": weights.threshold,
        "pair": to_json(weights.pair),
        "join": to_json(weights.join),
        "lens": lens and {"model_id": lens.model_id, "mean": _pack(lens.mean), "matrix": _pack(lens.matrix)},
    }


def parse(data: Any) -> Weights:
    """The weights of `dump`. Raises ModelError."""
    try:
        lens = data["lens"]
        weights = Weights(
            pair=from_json(data["pair"]),
            join=from_json(data["join"]),
            threshold=float(data["threshold"]),
            lens=lens and _lens(lens),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the story weights are corrupt ({error}): reinstall the monitor") from error
    if weights.pair.features != FEATURES or weights.join.features != JOIN_FEATURES:
        raise ModelError("the story weights are of another version: reinstall the monitor, or learn them anew")
    return weights


def load(path: Path | None = None) -> Weights:
    """The weights that ship with the monitor, or those of a file. Raises ModelError."""
    try:
        text = (path or files("monitor.stories") / "weights.json").read_text(encoding="utf-8")
        return parse(json.loads(text))
    except (OSError, ValueError) as error:
        raise ModelError(f"the story weights cannot be read ({error}): reinstall the monitor") from error


def _lens(data: dict[str, str]) -> Lens:
    mean = _unpack(data["mean"])
    return Lens(model_id=data["model_id"], mean=mean, matrix=_unpack(data["matrix"]).reshape(len(mean), len(mean)))


def _pack(values: NDArray[np.float32]) -> str:
    return base64.b64encode(values.astype("<f2").tobytes()).decode("ascii")


def _unpack(text: str) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float32)
