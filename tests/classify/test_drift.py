"""The drift report: chance is not drift, a change is, and few entries say nothing."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from monitor.classify.drift import by_feed, by_week, week_of

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Read:
    at: datetime
    tags: tuple[str, ...] = ()
    feed_id: str = "lab"
    model_id: str = "m"
    possible: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)


def week(number: int, rate: float, count: int = 400, score: float = 0.9, feed: str = "lab") -> list[Read]:
    generator = random.Random(number)
    return [
        Read(
            MONDAY + timedelta(weeks=number, minutes=n),
            ("funding",) if generator.random() < rate else (),
            feed,
            scores={"funding": score},
        )
        for n in range(count)
    ]


def test_the_same_rate_is_no_drift() -> None:
    rows = by_week([read for n in range(10) for read in week(n, 0.1)])
    assert [row["odd"] for row in rows] == [[]] * 10
    assert [row["entries"] for row in rows] == [400] * 10
    assert 0.05 < rows[0]["tags"]["funding"] < 0.15
    assert rows[0]["confidence"] == 0.9


def test_a_model_that_goes_blind_shows() -> None:
    rows = by_week([*week(0, 0.15), *week(1, 0.15), *week(2, 0.15), *week(3, 0.03)])
    assert [bool(row["odd"]) for row in rows] == [False, False, False, True]
    assert any(words.startswith("funding 1") for words in rows[3]["odd"])


def test_scores_that_sink_show_though_the_rate_does_not() -> None:
    rows = by_week([*week(0, 0.3), *week(1, 0.3), *week(2, 0.3, score=0.6)])
    assert rows[2]["odd"] == ["confidence 0.90 -> 0.60"]


def test_a_handful_says_nothing() -> None:
    rows = by_week([*week(0, 0.2), *week(1, 1.0, count=10)])
    assert rows[1]["odd"] == []


def test_the_odd_feed_comes_first() -> None:
    reads = [read for n in range(4) for read in week(n, 0.2, feed="a")]
    reads += [read for n in range(3) for read in week(n, 0.2, feed="b", count=200)] + week(3, 0.0, feed="b", count=200)
    rows = by_feed(reads, MONDAY + timedelta(weeks=3))
    assert [row["feed"] for row in rows] == ["b", "a"]
    assert [row["entries"] for row in rows] == [200, 400]
    assert rows[0]["odd"]
    assert not rows[1]["odd"]


def test_nothing_read_is_no_row() -> None:
    assert by_week([]) == []
    assert by_feed([], MONDAY) == []


def test_a_week_begins_on_monday_in_utc() -> None:
    assert week_of(MONDAY) == "2026-03-02"
    assert week_of(MONDAY - timedelta(seconds=1)) == "2026-02-23"
    assert week_of(datetime.fromisoformat("2026-03-02T01:00:00+03:00")) == "2026-02-23"
