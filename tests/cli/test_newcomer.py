"""What one meets before anything was collected, and with values that cannot be: a line that says how to go on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitor.archive import open_archive
from tests.archive.samples import DAY, NOW, draft, stored
from tests.cli.conftest import MINE, on, one_line

QUESTIONS = (
    ["search", "mistral"], ["deals"], ["launches", "--json"], ["show", "1"], ["explain", "1"], ["companies", "list"],
    ["companies", "show", "Mistral"], ["digest", "list"], ["outbox", "list"], ["feeds", "health"], ["db", "stats"],
    ["stories", "pin", "1"], ["digest", "preview"],
)  # fmt: skip


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize("place", ["none.db", "no/such/folder/none.db"])
def test_where_nothing_was_collected_yet_every_question_says_how_to_begin(
    words: list[str], place: str, mine: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / place
    assert on(path, *words, "--config", str(mine)) == 66
    err = one_line(capfd)
    assert err.startswith("monitor: nothing has been collected yet")
    assert "`monitor run`" in err
    assert "`monitor poll`" in err
    assert str(path) in err
    assert (f"no folder {path.parent}" in err) == (place != "none.db")
    assert ("--database names another" in err) == (place != "none.db")
    assert not path.exists()


def test_an_archive_without_entries_says_so_and_one_that_waits_for_the_model_too(
    database: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for words in (["search", "mistral"], ["deals"], ["deals", "--sum"], ["launches", "--json"], ["companies", "list"]):
        assert on(database, *words) == 1
        assert one_line(capfd).startswith("nothing has been collected yet: start `monitor run`")
    with open_archive(str(database)) as archive:
        stored(archive, draft("a"), draft("b"))
    assert on(database, "deals") == 1
    assert one_line(capfd) == "nothing matched; 2 entries wait to be read: `monitor classify --pending`\n"
    assert on(database, "deals", "--json") == 1
    assert capfd.readouterr() == ("[]\n", "")


def test_what_stands_in_feeds_yaml_is_listed_without_an_archive(
    mine: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mine.write_text(f"{MINE}topics:\n  - name: chips\n    keywords: [GPU]\n")
    for command, note in (("topics", "no archive yet: nothing has been counted"), ("feeds", f"2 feeds in {mine}")):
        assert on(tmp_path / "none.db", command, "list", "--config", str(mine)) == 0
        assert one_line(capfd) == f"{note}\n"
    assert not (tmp_path / "none.db").exists()


def test_an_older_schema_names_the_upgrade(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(database)) as other:
        other.execute("UPDATE alembic_version SET version_num = '0001'")
        other.commit()
    for words in QUESTIONS[:4]:
        assert on(database, *words) == 78
        assert "run `monitor db upgrade`" in one_line(capfd)


def test_a_folder_that_cannot_be_made_is_named(mine: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    for words in (["poll"], ["run", "--once"], ["db", "upgrade"]):
        assert on(tmp_path / "file" / "x.db", *words, "--config", str(mine)) == 73
        err = capfd.readouterr().err.splitlines()[-1]
        assert f"its folder {tmp_path / 'file'} cannot be made" in err
        assert "--database" in err


WRONG_VALUES = (
    (["search", "x", "--since", "someday"], "--since: 'someday' is no date: write 2026-05-31, "),
    (["search", "x", "--until", "2026-13"], "--until: '2026-13' is no date of the calendar"),
    (["search", "x", "--since", "today", "--until", "yesterday"], "--since today is later than --until yesterday"),
    (["search", "x", "--sort", "size"], "--sort size: known are newest, best, amount"),
    (["search", "x", "--min-amount", "abc"], "--min-amount: 'abc' is no amount: write 100M, 1.5B or 250000 (USD)"),
    (["search", "x", "--limit", "-1"], "'--limit': -1 is less than 1"),
    (["search", "since:someday"], "since: 'someday' is no date"),
    (["deals", "--limit", "many"], "'--limit': 'many' is not a whole number"),
    (["deals", "--by", "decade"], "--by decade: known are year, month, "),
    (["deals", "--by", "year", "--sort", "size"], "--sort size: known are newest, oldest, amount"),
    (["deals", "--type", "model-launch"], "--type model-launch: known are funding, acquisition, partnership"),
    (["deals", "--status", "sure"], "--status sure: known are confirmed, rumoured"),
    (["deals", "--min-amount", "-5"], "--min-amount: '-5' is no amount"),
    (["launches", "--by", "decade"], "--by decade: known are"),
    (["launches", "--sort", "size"], "--sort size: known are"),
    (["companies", "list", "--kind", "shop"], "--kind shop: known are company, lab, investor, university, government"),
    (["outbox", "list", "--state", "lost"], "--state lost: known are ready, "),
    (["evaluate", "drift", "--by", "day"], "--by day: known are week, feed"),
    (["digest", "preview", "--since", "someday"], "--since: 'someday' is no date"),
    (["digest", "backtest", "daily", "--since", "someday"], "--since: 'someday' is no date"),
    (["stories", "rebuild", "--since", "someday"], "--since: 'someday' is no date"),
    (["reclassify", "--since", "someday"], "--since: 'someday' is no date"),
    (["label", "--since", "someday"], "--since: 'someday' is no date"),
    (["db", "prune", "--older-than", "someday"], "--older-than: 'someday' is no date"),
    (["feeds", "list", "--now", "tomorrow"], "--now tomorrow: not an ISO time such as"),
    (["feeds", "list", "--category", "shops"], "--category shops: known are press"),
)


@pytest.mark.parametrize(("words", "told"), WRONG_VALUES, ids=[" ".join(words) for words, _ in WRONG_VALUES])
def test_a_wrong_value_is_told_before_anything_is_opened(
    words: list[str], told: str, mine: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """There is no archive here: whoever opened it would say that instead."""
    assert on(tmp_path / "none.db", *words, "--config", str(mine)) == 2
    assert told in one_line(capfd)


def test_days_have_names(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with open_archive(str(database)) as archive:
        stored(archive, draft("a", title="Word", published_at=NOW - DAY))
    found = {
        ("--since", "yesterday"): True,
        ("--since", "today"): False,
        ("--since", "3 days"): True,
        ("--since", "this week"): False,
        ("--until", "last week"): True,
        ("since:last-week",): True,
    }
    for words, there in found.items():
        code = 0 if there else 1
        assert on(database, "search", "word", *words, "--now", NOW.isoformat(), "--json") == code, words
    capfd.readouterr()


def test_a_backup_replaces_a_file_only_when_told_to(
    database: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "copy.bak"
    target.write_text("of great value")
    assert on(database, "db", "backup", str(target)) == 73
    assert one_line(capfd) == f"monitor: {target} is there already: name another file, or say --force to replace it\n"
    assert target.read_text() == "of great value"
    before = database.read_bytes()
    assert on(database, "db", "backup", str(database), "--force") == 73
    assert "the archive itself" in one_line(capfd)
    assert on(database, "db", "backup", str(tmp_path)) == 73
    assert "that is a folder" in one_line(capfd)
    assert database.read_bytes() == before
    assert on(database, "db", "backup", str(target), "--force") == 0
    assert on(target, "db", "check") == 0
