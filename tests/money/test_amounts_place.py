"""Where a sum ends: with its currency, not with its sentence."""

from __future__ import annotations

import pytest

from monitor.money import parse_amounts


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("It is valued at $900 million.", ["$900 million"]),
        ("für 7 Mrd. Euro gekauft", ["7 Mrd. Euro"]),
        ("sammelt 3 Mio. € ein", ["3 Mio. €"]),
        ("raised $3bn. It sold", ["$3bn"]),
    ],
)
def test_the_full_stop_of_a_sentence_is_no_part_of_a_sum(text: str, sums: list[str]) -> None:
    assert [text[start:end] for start, end, _ in parse_amounts(text)] == sums
