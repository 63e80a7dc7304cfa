"""What binds two tellings whatever the numbers say: the same sum and the same two names, near in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.stories.pairs import Weigher
from monitor.stories.sketch import Sketch, sketch
from monitor.stories.vetoes import bond, veto
from monitor.stories.words import load_table

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
RARE = Weigher(lambda word: 0.2 if word in {"ai", "ki"} else 4.0)


def told(title: str, *, language: str = "en", hours: float = 0.0, **more: Any) -> Sketch:
    import numpy as np

    return sketch(
        entry_id=1,
        publisher="a.example",
        language=language,
        published_at=NOON + timedelta(hours=hours),
        title=title,
        summary="",
        seen=np.zeros(4, np.float32),
        blurred=True,
        table=load_table(),
        scores={},
        parts={},
        find_companies=None,
        **more,
    )


ENGLISH = "Heronics invests €15 million in Qalam"


@pytest.mark.parametrize(
    ("title", "hours", "bound"),
    [
        ("Heronics steckt 15 Millionen Euro in KI-Start-up Qalam", 3.0, True),
        ("Heronics steckt 15 Millionen Euro in KI-Start-up Qalam", 60.0, False),
        ("Heronics steckt 25 Millionen Euro in KI-Start-up Qalam", 3.0, False),
        ("Heronics steckt 15 Millionen Euro in KI-Start-up Vireo", 3.0, False),
        ("Heronics und Qalam arbeiten zusammen", 3.0, False),
    ],
)
def test_the_same_sum_and_names_bind(title: str, hours: float, bound: bool) -> None:
    a, b = told(ENGLISH), told(title, language="de", hours=hours)
    assert (bond(a, b, RARE) is not None) is bound
    assert (bond(b, a, RARE) is not None) is bound


def test_words_that_everybody_says_are_no_names() -> None:
    assert bond(told("AI start-up Qalam eyes $50B"), told("Newsletter: AI chips, Qalam $50B"), RARE) is None


@pytest.mark.parametrize(
    ("one", "other", "bound"),
    [
        ("Qalam seeks $26.6 billion valuation in listing", "Qalam拟以266亿美元估值上市", True),
        # a billion is anybody's
        ("Qalam seeks $20 billion valuation in listing", "Qalam拟以200亿美元估值上市", False),
        # each names somebody else
        ("Heronics backs Qalam with $26 million", "Heronics backs Vireo with $26 million", False),
    ],
)
def test_one_name_binds_with_a_sum_of_its_own(one: str, other: str, bound: bool) -> None:
    assert (bond(told(one), told(other, language="zh"), RARE) is not None) is bound


def test_a_title_of_many_pictures_tells_of_many_events() -> None:
    letter = told("Qalam at $26B 💰, Vireo's new chip 🧠, robots 🤖")
    assert veto(letter, told("Qalam valued at $26B"), RARE) == "a round-up or live page is not one event"
    assert veto(told("Qalam valued at $26B 🚀"), told("Qalam worth $26B"), RARE) is None
