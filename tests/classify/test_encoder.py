"""The shipped model in service: order, batch independence, exact places, lazy loading, traps, many tellings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.classify import load_classifier
from monitor.classify.evaluate import evaluate_facts, evaluate_tags
from monitor.classify.taxonomy import TAGS, roles_for
from monitor.protocols import Classifier

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def test_nothing_heavy_is_imported_before_the_first_text() -> None:
    code = (
        "import sys; from monitor.classify import load_classifier; load_classifier();"
        "sys.exit(any(n in sys.modules for n in ('onnxruntime', 'tokenizers', 'numpy', 'torch', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_scores_do_not_depend_on_neighbours(classifier: Classifier) -> None:
    texts = [(row["title"], row["summary"] * (1 + number % 7)) for number, row in enumerate(rows("traps.jsonl")[-64:])]
    together = classifier.classify(texts)
    for text, one in zip(texts, together, strict=True):
        (alone,) = classifier.classify([text])
        assert max(abs(alone.scores[tag] - one.scores[tag]) for tag in TAGS) <= 0.02
        assert alone.spans == one.spans


def test_spans_stand_where_they_say_and_belong_to_the_tags(classifier: Classifier) -> None:
    texts = [(f"  “{row['title']}” — 速報 🚀", row["summary"] + " ") for row in rows("mistral.jsonl")]
    found = classifier.classify(texts)
    for (title, summary), one in zip(texts, found, strict=True):
        for span in one.spans:
            assert (title if span.field == "title" else summary)[span.start : span.end] == span.text
            assert span.role in roles_for(one.tags)
            assert 0 <= span.score <= 1
    assert sum(len(one.spans) for one in found) > 10


def test_vectors_are_unit_float16(classifier: Classifier) -> None:
    for one in classifier.classify([("A", ""), ("", ""), ("Ein Satz", "und noch einer")]):
        vector = np.frombuffer(one.vector, "<f2").astype(np.float32)
        assert vector.shape == (128,)
        assert abs(float(np.linalg.norm(vector)) - 1) < 0.01


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800 lone", "x" * 100_000, "🤖" * 400, "שלום", "\n\n"])
def test_odd_texts(classifier: Classifier, text: str) -> None:
    (one,) = classifier.classify([(text, text)])
    assert set(one.scores) == set(TAGS)


def test_nothing_in_nothing_out(classifier: Classifier) -> None:
    assert classifier.classify([]) == []


def test_traps(classifier: Classifier) -> None:
    traps = rows("traps.jsonl")
    found = classifier.classify([(row["title"], row["summary"]) for row in traps])
    wrong = [
        (row["title"], one.tags) for row, one in zip(traps, found, strict=True) if set(row["tags"]) != set(one.tags)
    ]
    assert len(traps) >= 150
    assert len(wrong) <= 0.05 * len(traps), wrong


def test_one_story_in_many_tellings(classifier: Classifier) -> None:
    tellings = rows("mistral.jsonl")
    found = classifier.classify([(row["title"], row["summary"]) for row in tellings])
    assert evaluate_tags(tellings, found)["micro"]["f1"] >= 0.85
    assert evaluate_facts(tellings, found)["micro"]["recall"] >= 0.7


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "floor"), [("dev-natural.jsonl", 0.7), ("dev.jsonl", 0.7), ("dev-languages.jsonl", 0.5)]
)
def test_labelled_entries(classifier: Classifier, name: str, floor: float) -> None:
    path = HERE.parents[2] / "shared" / "data" / name
    if not path.is_file():
        pytest.skip("the labelled entries are not at hand")
    gold = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = classifier.classify([(row["title"], row["summary"]) for row in gold])
    assert evaluate_tags(gold, found)["micro"]["f1"] >= floor
