"""Another model for the tags: what is refused, and the built-in one answering where the other cannot."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.classify.encoder import Encoder
from monitor.classify.foreign import Foreign, ForeignSpec, check, kind_of, tag_named
from monitor.classify.taught import Taught
from monitor.classify.taxonomy import TAGS
from monitor.config import load_config
from monitor.errors import ConfigError, ModelError
from monitor.testing import SilentLog
from monitor.types import encoder_of

TEXT = ("Halden raises $40 million to train robots with language models", "The round was led by Northgate.")
FEEDS = "feeds: [{id: a, name: A, url: https://a.example/}]\n"


def test_a_model_of_the_hub_is_pinned() -> None:
    with pytest.raises(ModelError, match="40 letters"):
        check(ForeignSpec(name="someone/model", revision="main"))
    check(ForeignSpec(name="someone/model", revision="a" * 40))


def test_a_folder_without_safetensors_is_never_loaded(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickled code")
    with pytest.raises(ModelError, match="safetensors"):
        check(ForeignSpec(name=str(tmp_path)))
    with pytest.raises(ModelError, match="no such folder"):
        check(ForeignSpec(name=str(tmp_path / "away")))


def test_labels_say_which_pipeline() -> None:
    assert kind_of(["Model Launch", "funding", "other"]) == "text-classification"
    assert kind_of(["contradiction", "neutral", "entailment"]) == "zero-shot-classification"
    with pytest.raises(ModelError, match="neither"):
        kind_of(["LABEL_0", "LABEL_1"])
    assert tag_named(" Product_Launch ") == "product-launch"


def test_where_it_cannot_be_used_the_built_in_one_answers_and_it_is_said_once(tmp_path: Path) -> None:
    built_in = Taught(Encoder(), lambda: None)
    log = SilentLog()
    classifier = Foreign(ForeignSpec(name=str(tmp_path)), built_in, log)
    assert classifier.classify([TEXT]) == built_in.classify([TEXT])
    classifier.classify([TEXT])
    assert encoder_of(classifier.model_id) == built_in.model_id, "its vectors are the encoder's own"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("classifier: {model: someone/model}", "pinned"),
        ("classifier: {model: someone/model, revision: main}", "pinned"),
        ("classifier: {model: ./away}", "no such folder"),
        ("classifier: {modle: x}", "model"),
        ("classifier: {second_opinion: {url: 'https://a.example/v1', model: m, api_key: clear}}", "in clear"),
        ("classifier: {second_opinion: {model: m}}", "url"),
        ("classifier: {second_opinion: {url: 'https://a.example/', model: m, daily_budget: -1}}", "daily_budget"),
    ],
)
def test_mistakes_of_the_section(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text(f"{text}\n{FEEDS}")
    with pytest.raises(ConfigError, match=says):
        load_config(file, {})


def test_the_section(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    file = tmp_path / "feeds.yaml"
    file.write_text(
        "classifier:\n  model: ./mine\n  second_opinion:\n    url: https://api.example/v1/chat/completions\n"
        f"    model: m\n    api_key: ${{KEY}}\n    daily_budget: 7\n{FEEDS}"
    )
    found = load_config(file, {"KEY": "k"}).classifier
    assert found.model == str(tmp_path / "mine")
    assert found.second_opinion is not None
    assert found.second_opinion.api_key is not None
    assert (found.second_opinion.api_key.reveal(), found.second_opinion.daily_budget) == ("k", 7)
    file.write_text(FEEDS)
    assert load_config(file, {}).classifier.model == "built-in"


def test_a_model_in_a_folder_says_the_tags(tmp_path: Path) -> None:
    """A tiny model of random weights, made here: its scores mean nothing, but they are what comes out."""
    pytest.importorskip("torch", reason="torch is not installed (the train extra): no foreign model is run")
    transformers: Any = pytest.importorskip(
        "transformers", reason="transformers is not installed: no foreign model is run"
    )
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "halden", "raises", "robots"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        id2label=dict(enumerate(TAGS)), label2id={tag: n for n, tag in enumerate(TAGS)}, num_labels=len(TAGS),
    )  # fmt: skip
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path, safe_serialization=True)
    transformers.BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    built_in = Taught(Encoder(), lambda: None)
    [read] = Foreign(ForeignSpec(name=str(tmp_path)), built_in, SilentLog()).classify([TEXT])
    [own] = built_in.classify([TEXT])
    assert read.model_id != own.model_id
    assert read.scores != own.scores
    assert set(read.scores) == set(TAGS)
    assert read.vector == own.vector
    assert set(read.tags) == {tag for tag, score in read.scores.items() if score >= 0.5}
    assert "torch" in sys.modules
