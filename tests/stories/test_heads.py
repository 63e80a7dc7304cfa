"""A head of one's own in front of the encoder changes tags, not vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.stories.world import DEAL, matcher, member


def test_vectors_are_seen_through_the_encoders_lens_whatever_head_read_the_entry() -> None:
    held = matcher()
    plain = member(1, *DEAL[0])
    taught = replace(plain, classification=replace(plain.classification, model_id="keywords-1+0a1b"))
    other = replace(plain, classification=replace(plain.classification, model_id="keywords-2"))
    assert not held.sketch(taught).blurred
    assert np.array_equal(held.sketch(plain).seen, held.sketch(taught).seen)
    assert held.sketch(other).blurred


def test_a_lens_that_was_ground_here_serves_all_heads() -> None:
    held = matcher(model_id="shipped")
    told = [member(number, *DEAL[number % len(DEAL)], hours=float(number)).classification for number in range(250)]
    assert held.focus(replace(read, model_id="keywords-1+0a1b") for read in told)
    assert not held.sketch(member(1, *DEAL[0])).blurred
