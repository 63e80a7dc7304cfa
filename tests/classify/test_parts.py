"""The pure parts: word places, name swaps, paths of marks, calibration, figures."""

from __future__ import annotations

import random

import numpy as np

from monitor.classify.calibrate import apply_platt, choose_threshold, fit_platt
from monitor.classify.data.write import entries
from monitor.classify.dataset import Row, occurrences, swap_names
from monitor.classify.evaluate import average_precision, evaluate_facts, evaluate_tags, expected_calibration_error
from monitor.classify.spans import best_runs, without_parts
from monitor.classify.taxonomy import TAGS
from monitor.types import Classification, Role, Span, Status


def test_occurrences_are_whole_words() -> None:
    assert occurrences("xAI and AI, AI!", "AI") == [(8, 10), (12, 14)]
    assert occurrences("发布新模型", "新模型") == [(2, 5)]


def test_a_swap_changes_text_and_facts_alike() -> None:
    row = Row(title="Acorn raises $5M", summary="Acorn is new.", tags=("funding",), facts={"recipient": ("Acorn",)})
    pools = {
        role: ["Birch"] for role in ("recipient", "investor", "acquirer", "target", "partner", "amount", "valuation")
    }
    swapped = [swap_names(row, pools, random.Random(seed)) for seed in range(20)]
    assert {(one.title, one.facts["recipient"]) for one in swapped} == {
        ("Acorn raises $5M", ("Acorn",)),
        ("Birch raises $5M", ("Birch",)),
    }


def test_no_inside_follows_an_outside() -> None:
    logits = np.log(np.array([[0.9, 0.05, 0.05], [0.5, 0.1, 0.4], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], dtype=np.float32))
    assert [(start, end) for start, end, _ in best_runs(logits)] == [(2, 3)]


def test_the_longer_of_two_names_stays() -> None:
    spans = [
        Span(role=Role.PARTNER, text=text, field="title", start=0, end=len(text), score=0.5)
        for text in ("Mistral AI", "Mistral")
    ]
    assert [span.text for span in without_parts(spans)] == ["Mistral AI"]


def test_platt_finds_the_scale_that_made_the_labels() -> None:
    source = np.random.default_rng(3)
    logits = source.normal(0, 3, 20_000)
    right = source.random(20_000) < 1 / (1 + np.exp(-(0.5 * logits - 1)))
    platt = fit_platt(logits, right)
    assert abs(platt.scale - 0.5) < 0.05
    assert abs(platt.shift + 1) < 0.1
    given = apply_platt(logits, platt)
    assert expected_calibration_error(list(zip(given.tolist(), right.tolist(), strict=True))) < 0.02
    assert 0.15 <= choose_threshold([(given, right)]) <= 0.85


def test_average_precision() -> None:
    assert average_precision([(0.9, True), (0.8, False), (0.7, True)]) == 0.8333


def test_reports() -> None:
    span = Span(role=Role.RECIPIENT, text="Acorn ", field="title", start=0, end=6)
    given = Classification(
        model_id="m",
        scores=dict.fromkeys(TAGS, 0.1) | {"funding": 0.9},
        tags=("funding",),
        status=Status.CONFIRMED,
        spans=(span,),
    )
    gold = [{"tags": ["funding"], "status": "confirmed", "facts": {"recipient": ["acorn"], "amount": ["$5M"]}}]
    tags, facts = evaluate_tags(gold, [given]), evaluate_facts(gold, [given])
    assert tags["micro"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert tags["status_accuracy"] == 1.0
    assert facts["per"]["recipient"]["f1"] == 1.0
    assert facts["micro"]["recall"] == 0.5
    gold[0]["unsure_facts"] = [["amount", "$5M"]]
    assert evaluate_facts(gold, [given])["micro"]["recall"] == 1.0


def test_our_own_entries_state_their_facts() -> None:
    made = entries()
    assert made == entries()
    for row in made:
        for texts in row["facts"].values():
            assert all(occurrences(f"{row['title']}\n{row['summary']}", text) for text in texts)
