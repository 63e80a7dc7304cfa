"""Teaching by command, with the shipped model: topics; label, train, reclassify, undo."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from monitor.archive import Archive, open_archive
from monitor.classify import check_weights
from monitor.classify.asking import in_order, read_answer, unsureness
from monitor.classify.taxonomy import TAGS
from monitor.errors import ModelError
from monitor.types import Entry, Status
from tests.archive.samples import DAY, NOW, draft, labelled, stored
from tests.cli.conftest import Call

CITIES = "Lille Turin Graz Porto Cork Malmö Gdańsk Brno Ghent Tartu Kaunas Split Aarhus Bergen Leeds Bilbao".split()


@pytest.fixture
def url(empty_file: Path, tmp_path: Path) -> str:
    """SQLite alone: what the archive itself does is tested on both elsewhere."""
    import shutil

    shutil.copyfile(empty_file, tmp_path / "monitor.db")
    return f"sqlite:///{tmp_path / 'monitor.db'}"


@pytest.fixture
def _weights() -> None:
    try:
        check_weights()
    except ModelError as error:
        pytest.skip(f"no weights to run with: {error}")


def fill(archive: Archive) -> list[int]:
    """Half of them of a kind that a person calls a partnership and the shipped model does not."""
    texts = []
    for number, city in enumerate(CITIES):
        texts.append((f"Observatory of {city} lends its telescope to the museum of {CITIES[number - 1]}", ""))
        texts.append((f"Rain keeps visitors away from the market of {city}", "Traders hope for a dry Saturday."))
    drafts = [draft(f"n{n}", title=title, summary=summary) for n, (title, summary) in enumerate(texts)]
    return stored(archive, *drafts)


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


@pytest.mark.usefixtures("_weights")
def test_label_then_train_then_reclassify(url: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way: the model does not know, is told, is better where it was not told, reads anew, and goes back."""
    with open_archive(url) as archive:
        ids = fill(archive)
    assert call("classify", "--pending").code == 0
    assert call("search", "tag:partnership").code == 1, "the shipped model sees none"
    assert call("train").code == 1, "nothing to learn from yet"
    # in the loop: the questions' order is the model's, so each is answered by what its title says
    with open_archive(url) as archive:
        choice = archive.teaching.unlabelled()
    with open_archive(url) as archive:
        told = archive.entries.many(ids)
    order = [entry.title for entry, _ in in_order(choice, thresholds(), int((NOW + DAY).timestamp()) // 86400)]
    assert sorted(order) == sorted(entry.title for entry in told.values())
    typed(monkeypatch, "what?", *("5" if "telescope" in title else "0" for title in order[:-4]), "q")
    done = call("label")
    assert done.code == 0, done.err
    assert "28 labels stored, 28 in all" in done.out
    assert "not understood" in done.err
    left = [entry for entry in told.values() if entry.title in order[-4:]]
    dry = call("train", "--dry-run", "--json")
    assert (dry.code, dry.json["better"], dry.json["kept"]) == (0, True, False)
    assert call("train", "--undo").code == 1, "nothing was kept"
    trained = call("train", "--json")
    assert trained.code == 0, trained.out
    assert trained.json["f1_after"] > trained.json["f1_before"] == 0
    would = call("reclassify", "--dry-run", "--json")
    assert (would.json["applied"], would.json["other_model"]) == (False, 32)
    assert would.json["added"]["partnership"] >= 12
    assert call("search", "tag:partnership").code == 1
    read = call("reclassify", "--json")
    assert read.json["added"] == would.json["added"]
    found = call("search", "tag:partnership", "--entries", "--limit", "40", "--json").json
    assert {row["title"] for row in found} >= {e.title for e in left if "telescope" in e.title}, (
        "also what was not told"
    )
    assert all("telescope" in row["title"] for row in found)
    digest = call("digest", "preview", "daily", "--json")
    assert "telescope" not in digest.out, "reading again announces nothing"
    back = call("train", "--undo")
    assert (back.code, "as shipped" in back.out) == (0, True)
    assert call("reclassify", "--json").json["removed"]["partnership"] >= 12
    assert call("search", "tag:partnership").code == 1


def thresholds() -> dict[str, float]:
    from monitor.classify.weights import SHIPPED, read_settings

    return dict(read_settings(SHIPPED, (SHIPPED / "model.json").read_bytes()).thresholds)


def test_labels_by_number_and_as_a_file(url: str, call: Call, tmp_path: Path) -> None:
    with open_archive(url) as archive:
        [one, two] = stored(archive, draft("one"), draft("two"))
    assert call("label", str(one), "--tag", "funding", "--tag", "acquisition", "--rumoured").code == 0
    assert call("label", str(two), "--none").code == 0
    assert call("label", "--export", str(tmp_path / "mine.jsonl")).code == 0
    rows = [json.loads(line) for line in (tmp_path / "mine.jsonl").read_text().splitlines()]
    # both commands begin at the same --now, so either may be the older one
    assert sorted((r["id"], r["tags"], r["status"]) for r in rows) == [
        (one, ["funding", "acquisition"], "rumoured"),
        (two, [], None),
    ]
    assert call("label", "--export", str(tmp_path / "mine.jsonl")).code == 2, "no file is overwritten"
    assert call("label", str(one), "--forget").code == 0
    with open_archive(url) as archive:
        assert [label.entry_id for label in archive.teaching.labels()] == [two]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("label", "17", "--none"), 66, "no entry 17"),
        (("label", "17"), 2, "--tag"),
        (("label", "--tag", "funding"), 2, "need entries"),
        (("label", "1", "--tag", "gardening"), 2, "model-launch"),
        (("label", "1", "--tag", "funding", "--none"), 2, "--tag"),
        (("label",), 1, "no entry waits"),
        (("train",), 1, "too few"),
        (("train", "--undo"), 1, "nothing to undo"),
        (("topics", "list"), 1, "no topics"),
        (("topics", "test", "chips"), 66, "no topic is called 'chips'"),
        (("topics", "test"), 2, "--description"),
        (("topics", "add", "AI Chips", "--description", "x"), 2, "small letters"),
        (("topics", "add", "funding", "--description", "x"), 2, "built-in"),
        (("topics", "add", "chips"), 2, "--description"),
        (("topics", "remove", "chips"), 66, "no topic"),
    ],
)
def test_mistakes_are_one_line(call: Call, words: tuple[str, ...], code: int, says: str) -> None:
    done = call(*words)
    assert done.code == code
    assert says in done.err
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("_weights")
def test_a_topic_from_its_birth_to_its_end(url: str, call: Call, mine: Path) -> None:
    with open_archive(url) as archive:
        fill(archive)
    words = ("--description", "Telescopes and astronomy", "--keyword", "telescope")
    before = mine.read_text()
    tried = call("topics", "test", *words, "--json")
    assert (tried.code, tried.json["matched"], tried.json["entries"]) == (0, 16, 32)
    assert mine.read_text() == before, "trying stores nothing"
    assert call("topics", "add", "stars", *words, "--example", "A comet over Lille").code == 0
    assert "the lab's own" in mine.read_text(), "comments stay"
    assert call("check-config").code == 0
    assert call("classify", "--pending").code == 0
    listed = call("topics", "list", "--json").json
    assert [(row["name"], row["entries"], row["keywords"]) for row in listed] == [("stars", 16, ["telescope"])]
    assert len(call("search", "topic:stars", "--entries", "--limit", "40", "--json").json) == 16
    assert call("search", "rain", "topic:stars").code == 1
    named = call("topics", "test", "stars", "--limit", "3", "--json").json
    assert (len(named["matches"]), named["matched"]) == (3, 16)
    assert call("topics", "remove", "stars").code == 0
    assert call("check-config").code == 0
    assert mine.read_text().startswith(before)


def test_a_topic_that_a_digest_asks_for_is_not_removed(call: Call, mine: Path) -> None:
    assert call("topics", "add", "stars", "--keyword", "telescope").code == 0
    mine.write_text(
        mine.read_text().replace("schedule: daily at 08:00", "schedule: daily at 08:00\n    select: {topics: stars}")
    )
    assert call("check-config").code == 0
    done = call("topics", "remove", "stars")
    assert (done.code, "digest 'daily'" in done.err) == (2, True)


def test_answers() -> None:
    read = labelled(tags=("funding",), status=Status.RUMOURED)
    asked = {
        text: (a.kind, a.tags, a.status) if (a := read_answer(text, read)) else None
        for text in ("", "0", "3", "34r", "4 3", "s", "Q", "b", "9", "0r", "03", "r", "x3")
    }
    assert asked == {
        "": ("label", ("funding",), Status.RUMOURED),
        "0": ("label", (), None),
        "3": ("label", ("funding",), Status.CONFIRMED),
        "34r": ("label", ("funding", "acquisition"), Status.RUMOURED),
        "4 3": ("label", ("funding", "acquisition"), Status.CONFIRMED),
        "s": ("skip", (), None),
        "Q": ("quit", (), None),
        "b": ("back", (), None),
        "9": None,
        "0r": None,
        "03": None,
        "r": None,
        "x3": None,
    }


def test_the_unsure_are_asked_about_first_and_the_sure_as_well() -> None:
    limits = dict.fromkeys(TAGS, 0.5)
    near, far = labelled(scores={"funding": 0.49}), labelled(scores={"funding": 0.001})
    assert unsureness(near, limits) > unsureness(far, limits)
    assert unsureness(labelled(scores={}), limits) == 0
    rows = []
    for number in range(30):
        title = f"title {number if number else 1}"
        entry = Entry(
            id=number, feed_id="a", url=None, title=title, summary="", author=None, published_at=NOW,
            first_seen_at=NOW, publisher="a", publisher_name="A", language="en", announce=True,
        )  # fmt: skip
        rows.append((entry, near if number < 10 else far))
    asked = [entry.id for entry, _ in in_order(rows, limits, seed=1)]
    assert len(asked) == 29, "each title once"
    assert sum(number < 10 for number in asked[:6]) >= 4
    assert any(number >= 10 for number in asked[:6])
