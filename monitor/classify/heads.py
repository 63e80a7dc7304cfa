"""Heads of one's own: the tags' last layer, trained on one's own labels in seconds, without torch.

The shipped last layer (`weights/heads.safetensors`) and its calibration are where training starts from and what holds
it: a few dozen labels bend it a little, thousands a lot. It reads the encoder's features, which stay as they are; so do
vector, facts and status. It is kept only if it is better on labels that it did not learn from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.classify.logistic import newton, sigmoid
from monitor.classify.taxonomy import TAGS
from monitor.classify.weights import SHIPPED, Settings, read_checked, read_manifest, way_out
from monitor.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HEADS: Final = "heads.safetensors"
#: labels without which nothing is learned
FEWEST: Final = 20
FOLDS: Final = 5
#: how firmly the shipped weights hold; the one with the lowest loss on held-out labels is taken
HOLDS: Final = (3.0, 30.0, 300.0, 3000.0, 10000.0)
BIAS_FREEDOM: Final = 3.0
#: log loss must fall by this, and by a hundredth of itself, where F1 stays the same
BETTER_LOSS: Final = 0.001


@dataclass(frozen=True, slots=True, eq=False)
class TagHead:
    """Weights (tag, feature) and biases: features to the logit of a calibrated probability."""

    weight: Floats
    bias: Floats

    def logits(self, features: Floats) -> Floats:
        """(entry, tag)"""
        found: Floats = features @ self.weight.T + self.bias
        return found

    def body(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {"weight": self.weight.round(6).tolist(), "bias": self.bias.round(6).tolist()}

    @staticmethod
    def of(body: Mapping[str, Any]) -> TagHead:
        """From JSON. Raises ModelError for what is no head of these tags."""
        import numpy as np

        try:
            weight, bias = np.array(body["weight"], dtype=np.float64), np.array(body["bias"], dtype=np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"the head in the archive is garbled ({error}); `monitor train --undo` leaves it"
            ) from None
        if weight.ndim != 2 or weight.shape[0] != len(TAGS) or bias.shape != (len(TAGS),):
            raise ModelError("the head in the archive is of other tags; `monitor train --undo` leaves it")
        return TagHead(weight, bias)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training gave. The figures are on labels that were held out, each once."""

    head: TagHead
    #: labels, f1_before, f1_after, loss_before, loss_after, hold
    figures: Mapping[str, float]

    @property
    def better(self) -> bool:
        """More right and no less sure, or as much right and surer: F1 of a few labels alone is half chance."""
        f = self.figures
        surer = f["loss_before"] - f["loss_after"]
        if f["f1_after"] == f["f1_before"]:
            return surer > max(BETTER_LOSS, f["loss_before"] / 100)
        return f["f1_after"] > f["f1_before"] and surer >= 0


def shipped_head(folder: Path | None, settings: Settings) -> TagHead:
    """The last layer of the model in a folder, with its calibration folded in. Raises ModelError."""
    import numpy as np
    from safetensors.numpy import load

    place = SHIPPED if folder is None else folder
    manifest = read_manifest(place)
    if HEADS not in manifest:
        raise ModelError(f"{place} has no {HEADS}, so that no head can be trained on it; {way_out(place)}")
    try:
        tensors = load(read_checked(place, HEADS, manifest))
        weight, bias = tensors["event_out.weight"], tensors["event_out.bias"]
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{place / HEADS} cannot be loaded ({error}); {way_out(place)}") from error
    scale = np.array([settings.calibration[tag].scale for tag in TAGS])
    shift = np.array([settings.calibration[tag].shift for tag in TAGS])
    rows = weight[: len(TAGS)].astype(np.float64)
    return TagHead(rows * scale[:, None], bias[: len(TAGS)].astype(np.float64) * scale + shift)


def train_head(
    features: Floats,
    titles: Sequence[str],
    tags: Sequence[Sequence[str]],
    start: TagHead,
    thresholds: Mapping[str, float],
) -> Trained:
    """A head for these labelled entries: features (entry, feature), their titles, and the tags that they have."""
    import numpy as np

    wanted = np.array([[tag in own for tag in TAGS] for own in tags], dtype=np.float64)
    limits = np.array([thresholds[tag] for tag in TAGS])
    folds = np.array([fold_of(title) for title in titles])
    before = start.logits(features)
    best: tuple[float, float, float] | None = None
    for hold in HOLDS:
        held_out = np.zeros_like(before)
        for fold in range(FOLDS):
            test = folds == fold
            if test.any():
                held_out[test] = fit(features[~test], wanted[~test], start, hold).logits(features[test])
        found = (-log_loss(held_out, wanted), micro_f1(held_out, wanted, limits), hold)
        best = found if best is None or found > best else best
    assert best is not None
    figures = {
        "labels": len(titles),
        "f1_before": round(micro_f1(before, wanted, limits), 4),
        "f1_after": round(best[1], 4),
        "loss_before": round(log_loss(before, wanted), 5),
        "loss_after": round(-best[0], 5),
        "hold": best[2],
    }
    return Trained(head=fit(features, wanted, start, best[2]), figures=figures)


def fold_of(title: str) -> int:
    """A fold that depends on the title alone, so that reprints are never on both sides."""
    plain = " ".join(title.casefold().split())
    return hashlib.blake2b(plain.encode("utf-8", "replace"), digest_size=4).digest()[0] % FOLDS


def fit(features: Floats, wanted: Floats, start: TagHead, hold: float) -> TagHead:
    """Each tag's weights of greatest likelihood under a normal prior around where they start.

    Only what the labels' features span can move, so the work is done in as many dimensions as there are labels.
    """
    import numpy as np

    # a bias may move more freely: how common a tag is differs between people's feeds
    inputs = np.hstack([features, np.full((len(features), 1), BIAS_FREEDOM)])
    prior = np.hstack([start.weight, start.bias[:, None] / BIAS_FREEDOM])
    left, sizes, right = np.linalg.svd(inputs, full_matrices=False)
    spanned = left * sizes
    found = np.empty_like(prior)
    for number in range(len(prior)):
        moved = newton(spanned, inputs @ prior[number], wanted[:, number], hold)
        found[number] = prior[number] + moved @ right
    return TagHead(found[:, :-1], found[:, -1] * BIAS_FREEDOM)


def micro_f1(logits: Floats, wanted: Floats, thresholds: Floats) -> float:
    """Over all tags; 1 where there is nothing to find and nothing was found."""
    given = sigmoid(logits) >= thresholds
    right = float((given * wanted).sum())
    total = float(given.sum() + wanted.sum())
    return 2 * right / total if total else 1.0


def log_loss(logits: Floats, wanted: Floats) -> float:
    """The mean over entries and tags."""
    import numpy as np

    return float((np.logaddexp(0, logits) - wanted * logits).mean())


def key_of(labels: Sequence[tuple[int, Sequence[str]]]) -> str:
    """One key for the same labels."""
    plain = json.dumps(sorted((number, sorted(tags)) for number, tags in labels))
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
