"""Heads of one's own: they begin as shipped, learn what is asked, and are not kept when they are no better."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.classify.encoder import Encoder
from monitor.classify.heads import FOLDS, TagHead, fold_of, key_of, shipped_head, train_head
from monitor.classify.taught import OwnHead, Taught
from monitor.classify.taxonomy import TAGS
from monitor.errors import ModelError
from monitor.types import encoder_of

TEXTS = [
    ("Halden raises $40 million to train robots with language models", "The round was led by Northgate."),
    ("Aurelia opens the weights of Aurelia 2, a language model", ""),
    ("How to sharpen a chisel", "It takes patience."),
    ("Corvid buys AI start-up Tessera", "Terms were not disclosed."),
]
THRESHOLDS = dict.fromkeys(TAGS, 0.5)


def zero_head(features: int = 6) -> TagHead:
    return TagHead(np.zeros((len(TAGS), features)), np.full(len(TAGS), -2.0))


def test_the_shipped_head_is_the_encoder_s_last_layer() -> None:
    """What is trained from must be what is in use, calibration and all."""
    encoder = Encoder()
    classifier = Taught(encoder, lambda: None)
    shipped = classifier.classify(TEXTS)
    start = shipped_head(None, encoder.engine().settings)
    own = OwnHead(key="k", base=encoder.model_id, body=start.body())
    again = Taught(encoder, lambda: own).classify(TEXTS)
    for one, two in zip(shipped, again, strict=True):
        assert max(abs(one.scores[tag] - two.scores[tag]) for tag in TAGS) <= 0.001
        assert (one.tags, one.spans, one.vector, one.status) == (two.tags, two.spans, two.vector, two.status)
        assert (two.model_id, encoder_of(two.model_id)) == (f"{one.model_id}+k", one.model_id)


def test_a_head_of_another_encoder_is_not_used() -> None:
    encoder = Encoder()
    own = OwnHead(key="k", base="another", body={"weight": "nonsense"})
    classifier = Taught(encoder, lambda: own)
    assert classifier.model_id == encoder.model_id
    assert classifier.classify(TEXTS[:1])[0].model_id == encoder.model_id


@pytest.mark.parametrize("body", [{}, {"weight": [[1.0]], "bias": [1.0]}, {"weight": "x", "bias": []}])
def test_a_garbled_head_is_one_line(body: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="monitor train --undo"):
        TagHead.of(body)


def labelled(count: int, *, noise: bool, seed: int = 4) -> tuple[np.ndarray, list[str], list[list[str]]]:
    """Features of which the first says "funding", if there is anything to learn at all."""
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(count, 6))
    says = generator.random(count) < 0.5 if noise else features[:, 0] > 0
    return features, [f"title {n}" for n in range(count)], [["funding"] if yes else [] for yes in says]


def test_what_can_be_learned_is_learned_and_better() -> None:
    features, titles, tags = labelled(120, noise=False)
    trained = train_head(features, titles, tags, zero_head(), THRESHOLDS)
    assert trained.better
    assert trained.figures["f1_after"] > 0.85 > trained.figures["f1_before"]
    given = trained.head.logits(features)[:, TAGS.index("funding")] > 0
    assert float((given == (features[:, 0] > 0)).mean()) > 0.9


def test_what_is_already_right_is_not_bettered_by_noise() -> None:
    features, titles, _ = labelled(60, noise=False)
    features[:, 0] = np.sign(features[:, 0])
    start = zero_head()
    start.weight[TAGS.index("funding"), 0] = 30.0
    start.bias[:] = -9.0
    start.bias[TAGS.index("funding")] = 0.0
    tags = [["funding"] if row[0] > 0 else [] for row in features]
    assert not train_head(features, titles, tags, start, THRESHOLDS).better


def test_reprints_are_never_on_both_sides() -> None:
    assert fold_of("Halden  raises MONEY") == fold_of("halden raises money ")
    assert {fold_of(f"title {n}") for n in range(200)} == set(range(FOLDS))


def test_the_key_says_what_was_learned_from() -> None:
    assert key_of([(1, ("a", "b")), (2, ())]) == key_of([(2, ()), (1, ("b", "a"))])
    assert key_of([(1, ("a",))]) != key_of([(1, ())])
