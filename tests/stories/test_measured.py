"""The bars of matching, on labelled days that no weights have seen."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from monitor.stories.evaluate import evaluate_stories, score, to_members
from monitor.stories.match import Matcher
from monitor.stories.weights import load
from monitor.stories.words import load_table
from monitor.types import Classification
from tests.stories.world import DEAL, KeywordClassifier, matcher

Read = tuple[list[dict[str, Any]], list[Classification]]


@pytest.fixture(scope="module")
def dev(shared: Path) -> Read:
    from monitor.classify import check_weights, load_classifier
    from monitor.errors import ModelError

    try:
        check_weights()
    except ModelError as error:
        pytest.skip(f"no classifier to read with: {error}")
    lines = (shared / "data" / "stories-dev.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return rows, load_classifier(threads=1).classify([(row["title"], row["summary"]) for row in rows])


@pytest.mark.shared
@pytest.mark.timeout(300)
def test_stories_of_unseen_days(dev: Read) -> None:
    report = evaluate_stories(*dev, Matcher(load(), load_table()))
    assert report["n"] == 481
    assert report["pairwise"]["precision"] >= 0.87
    assert report["pairwise"]["recall"] >= 0.50
    assert report["bcubed"]["f1"] >= 0.885


@pytest.mark.shared
@pytest.mark.timeout(300)
def test_the_order_of_arrival_changes_little(dev: Read) -> None:
    plain = evaluate_stories(*dev, Matcher(load(), load_table()))["bcubed"]["f1"]
    for seed in range(3):
        order = list(range(len(dev[0])))
        random.Random(seed).shuffle(order)
        shuffled = evaluate_stories(*dev, Matcher(load(), load_table()), order=order)["bcubed"]["f1"]
        assert abs(shuffled - plain) <= 0.02


def rows(*stories: str, unsure: dict[int, list[str]] | None = None) -> list[dict[str, Any]]:
    return [{"id": str(i), "story": story, "unsure": (unsure or {}).get(i, [])} for i, story in enumerate(stories)]


def test_scores_of_a_known_case() -> None:
    report = score(rows("a", "a", "a", "b"), [1, 1, 2, 2])
    assert report["pairwise"] == {"precision": 0.5, "recall": pytest.approx(1 / 3), "f1": pytest.approx(0.4)}
    assert report["bcubed"]["precision"] == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)
    assert report["bcubed"]["recall"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)
    assert (report["n"], report["stories"]) == (4, 2)


def test_pairs_that_are_unsure_count_nowhere() -> None:
    perfect = score(rows("a", "a", "b", unsure={2: ["0", "1"]}), [1, 1, 1])
    assert perfect["pairwise"]["precision"] == perfect["bcubed"]["precision"] == 1.0


def test_all_right_is_one_and_all_apart_has_no_recall() -> None:
    told = rows("a", "a", "b")
    assert score(told, [5, 5, 6])["bcubed"]["f1"] == score(told, [5, 5, 6])["pairwise"]["f1"] == 1.0
    assert score(told, [1, 2, 3])["pairwise"]["recall"] == 0.0


def test_evaluation_runs_the_online_matcher() -> None:
    texts = [*DEAL, ("Hedgehogs love wet gardens", "A walk in the park.")]
    told = [
        {"id": str(i), "title": title, "summary": summary, "published": f"2024-02-26T0{i}:00:00Z", "story": story}
        for i, ((title, summary), story) in enumerate(zip(texts, "aaaaaab", strict=True))
    ]
    read = KeywordClassifier().classify(texts)
    report = evaluate_stories(told, read, matcher())
    assert report["pairwise"]["precision"] == report["pairwise"]["recall"] == 1.0
    assert report["stories"] == 2
    assert len(to_members(told, read)) == 7
