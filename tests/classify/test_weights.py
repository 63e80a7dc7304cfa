"""The weights folder: what is missing, cut, swapped or not a file of numbers is refused in one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from monitor.classify import check_weights, load_classifier
from monitor.classify.weights import GRAPH, MANIFEST, SETTINGS, SHIPPED, TOKENIZER
from monitor.errors import ModelError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "weights"
    shutil.copytree(SHIPPED, copy)
    return copy


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as checked:
        check_weights(folder)
    with pytest.raises(ModelError):
        load_classifier(folder).classify([("a", "b")])
    text = str(checked.value)
    assert "\n" not in text
    assert str(folder) in text
    return text


def test_the_shipped_weights_are_whole_and_small() -> None:
    check_weights()
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 45_000_000
    assert {path.suffix for path in SHIPPED.iterdir()} <= {".onnx", ".json", ".safetensors", ".md"}


@pytest.mark.parametrize("name", [GRAPH, TOKENIZER, SETTINGS, MANIFEST])
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{name} is missing" in refusal(folder)


@pytest.mark.parametrize("name", [GRAPH, TOKENIZER, SETTINGS])
def test_a_truncated_file(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2])
    assert "should be" in refusal(folder)


def test_a_swapped_file(folder: Path) -> None:
    data = bytearray((folder / GRAPH).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / GRAPH).write_bytes(bytes(data))
    assert "its content changed" in refusal(folder)


@pytest.mark.parametrize("name", ["model.pkl", "pytorch_model.bin", "../../evil.json", "code.py"])
def test_a_manifest_that_lists_what_is_never_loaded(folder: Path, name: str) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][name] = {"sha256": "0" * 64, "bytes": 1}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert "never loaded" in refusal(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 2}', '{"format": 1, "files": {}}'])
def test_a_damaged_manifest(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text)
    refusal(folder)


def test_a_file_that_comes_back_is_used(folder: Path) -> None:
    (folder / GRAPH).rename(folder / "away")
    classifier = load_classifier(folder)
    with pytest.raises(ModelError):
        classifier.classify([("a", "b")])
    (folder / "away").rename(folder / GRAPH)
    assert len(classifier.classify([("a", "b")])) == 1
