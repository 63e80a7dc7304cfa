"""The pure parts: word places, name swaps, paths of marks, calibration, figures."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from monitor.classify.calibrate import apply_platt, choose_mildest, choose_threshold, fit_platt, keep_precise
from monitor.classify.data.write import entries
from monitor.classify.dataset import Row, occurrences, swap_names
from monitor.classify.encoding import Encoded
from monitor.classify.evaluate import average_precision, evaluate_facts, evaluate_tags, expected_calibration_error
from monitor.classify.labels import join_labels, without_text
from monitor.classify.spans import best_runs, read_spans, whole_sum, without_parts
from monitor.classify.taxonomy import ROLES, TAGS
from monitor.errors import DataError
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


def test_labels_keep_places_and_no_text() -> None:
    entry = {"title": "Qalam raises $5M", "summary": "Nuvia Ventures led the seed for Qalam.", "lang": "en"}
    told = {
        **entry,
        "tags": ["funding"],
        "status": "confirmed",
        "facts": {"recipient": ["Qalam"], "amount": ["$5M"], "investor": ["Nuvia Ventures"]},
    }
    label = without_text(told)
    assert not any(word in json.dumps(label) for word in ("Qalam", "Nuvia", "$5M"))
    other = {"title": "Something else", "summary": ""}
    joined = list(join_labels([label, without_text(other)], [entry, entry]))
    assert [(row.title, row.tags, row.status, dict(row.facts)) for row in joined] == [
        (
            entry["title"],
            ("funding",),
            "confirmed",
            {"recipient": ("Qalam",), "amount": ("$5M",), "investor": ("Nuvia Ventures",)},
        )
    ]


def test_a_label_whose_fact_is_not_in_the_text_says_so() -> None:
    with pytest.raises(DataError, match="'Qualam' does not stand"):
        without_text(
            {"title": "Qalam raises", "tags": ["funding"], "status": "confirmed", "facts": {"recipient": ["Qualam"]}}
        )


def test_thresholds_move_until_precision_is_kept() -> None:
    likely = np.array([[0.9], [0.8], [0.7], [0.6], [0.5], [0.4]])
    right = np.array([[True], [True], [True], [False], [True], [False]])
    known = np.ones_like(right)
    loose = keep_precise([(likely, right, known)], [0.4], 0.6)
    strict = keep_precise([(likely, right, known)], [0.4], 1.0)
    assert (likely >= loose)[:, 0].sum() == 5
    assert (likely >= strict)[:, 0].sum() == 3


def test_an_unsure_tag_moves_no_threshold() -> None:
    likely = np.array([[0.9], [0.6]])
    right = np.array([[True], [False]])
    known = np.array([[True], [False]])
    assert keep_precise([(likely, right, known)], [0.5], 1.0) == [0.5]


def test_the_mildest_bias_and_floor_within_the_slack_are_chosen() -> None:
    assert choose_mildest([(0.8, 0.0, 0.0), (0.804, -1.0, 0.85), (0.6, 0.5, 0.0)]) == (0.0, 0.0)
    assert choose_mildest([(0.7, 0.0, 0.0), (0.804, -1.0, 0.85)]) == (-1.0, 0.85)


@pytest.mark.parametrize(
    ("text", "run", "whole"),
    [
        ("Qalam raises $1.3 billion.", "3 bill", "$1.3 billion"),
        ("Qalam lève 40 millions d'euros", "40", "40 millions d'euros"),
        ("Qalam raises a lot", "a lot", None),
    ],
)
def test_a_sum_is_told_whole_or_not_at_all(text: str, run: str, whole: str | None) -> None:
    start = text.index(run)
    found = whole_sum(text, start, start + len(run))
    assert (found and text[found[0] : found[1]]) == whole


def test_marks_become_names_without_the_words_after_them_and_unsure_ones_are_left_out() -> None:
    text = "Heron by Qalam"
    offsets = [(0, 5), (6, 8), (9, 14)]
    encoded = Encoded(ids=[0, 7, 8, 9, 2], title_offsets=offsets, summary_offsets=[])
    marks = np.full((5, len(ROLES), 3), 0.0, dtype=np.float32)
    marks[:, :, 0] = 6.0
    product = ROLES.index("product")
    marks[1, product] = (0.0, 6.0, 0.0)
    marks[2, product] = (0.0, 0.0, 1.0)
    biases = np.zeros(len(ROLES), dtype=np.float32)
    told = [
        [span.text for span in read_spans(marks, encoded, text, "", {"product"}, biases, [floor] * len(ROLES))]
        for floor in (0.0, 0.99)
    ]
    assert told == [["Heron"], []]
