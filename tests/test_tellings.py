"""Our own groups of entries: kept without texts, found again in a corpus."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import DataError
from monitor.tellings import OWN, own_tellings, text_key, without_texts


def entry(title: str, day: int, summary: str = "") -> dict[str, Any]:
    return {
        "title": title,
        "summary": summary,
        "source": "Example",
        "url": f"https://news.example/{day}",
        "published": f"2026-03-{day:02}",
        "lang": "en",
    }


ENTRIES = [
    entry("Orvane opens its model", 4),
    entry("Orvane gives its weights away", 3),
    entry("A recipe for plum cake", 3),
    entry("Orvane opens its model", 5),
    entry("Orvane's weights: a first look", 5, "Is it any good?"),
]


def folder(tmp_path: Path, entries: list[dict[str, Any]], lines: list[dict[str, Any]]) -> Path:
    with gzip.open(tmp_path / "corpus.jsonl.gz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(each) + "\n" for each in entries)
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return tmp_path


def test_groups_are_kept_without_a_word_of_the_texts_and_found_again(tmp_path: Path) -> None:
    lines = without_texts("n1", ENTRIES, [[0, 1]], [[1, 4]], left_out=[2])
    assert "Orvane" not in json.dumps(lines)
    assert len(lines) == 3  # the cake is left out, and a text that stands twice counts once
    found = own_tellings(folder(tmp_path, ENTRIES, lines), tmp_path / "labels.jsonl")
    assert [row["title"] for row in found] == [ENTRIES[1]["title"], ENTRIES[0]["title"], ENTRIES[4]["title"]]
    first, second, third = found
    assert first["story"] == second["story"] != third["story"]
    assert first["window"] == "n1"
    assert first["unsure"] == [third["id"]]
    assert third["unsure"] == [first["id"]]


def test_what_the_corpus_lacks_is_left_out(tmp_path: Path) -> None:
    lines = without_texts("n1", ENTRIES, [[0, 1]], [])
    found = own_tellings(folder(tmp_path, ENTRIES[:1], lines), tmp_path / "labels.jsonl")
    assert [row["id"] for row in found] == [text_key(ENTRIES[0]["title"], "")]


def test_no_corpus_gives_nothing_and_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"labels\.jsonl"):
        own_tellings(tmp_path, tmp_path / "labels.jsonl")
    (tmp_path / "labels.jsonl").write_text("", encoding="utf-8")
    assert own_tellings(tmp_path, tmp_path / "labels.jsonl") == []
    (tmp_path / "corpus.jsonl.gz").write_bytes(b"not gzip")
    with pytest.raises(DataError, match="corpus"):
        own_tellings(tmp_path, tmp_path / "labels.jsonl")


def test_our_own_groups_are_whole() -> None:
    lines = [json.loads(line) for line in OWN.read_text(encoding="utf-8").splitlines()]
    keys = {line["key"] for line in lines}
    assert len(keys) == len(lines) > 500
    assert all(set(line.get("unsure", ())) <= keys for line in lines)
    assert all(set(line) <= {"key", "window", "group", "unsure"} for line in lines)
