from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.archive import Archive, open_archive, upgrade
from monitor.errors import CannotCreate, DataError, NotFound
from tests.archive.samples import (
    DAY,
    MODEL,
    NOW,
    deal,
    draft,
    labelled,
    outcome,
    party,
    quoted,
    stored,
    sum_of,
    told,
    understood,
)
from tests.archive.test_deliveries import sent


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = str(tmp_path / "monitor.db")
    upgrade(path)
    return path


def test_prune_keeps_keys_ledger_and_what_is_recent(archive: Archive) -> None:
    old = draft("old", first_seen_at=NOW - 100 * DAY, title="Oldword", guid_hash=None)
    told_of = draft("told", first_seen_at=NOW - 90 * DAY)
    long = [draft("start", first_seen_at=NOW - 80 * DAY), draft("end")]
    pinned = draft("pinned", first_seen_at=NOW - 70 * DAY)
    waiting = draft("waiting", first_seen_at=NOW - 60 * DAY)
    ids = stored(archive, old, told_of, *long, pinned, waiting)
    by_title = {archive.entries.get(i).title: i for i in ids}  # type: ignore[union-attr]
    past = {"first_seen_at": NOW - 90 * DAY, "last_seen_at": NOW - 90 * DAY}
    gone = understood(archive, [by_title["Oldword"]], told("Gone", **past))
    record = deal(sum_of("5"), party("recipient", "X", None, quoted(1, "five")))
    kept = understood(archive, [by_title["Title of told"]], told("Deal", records=(record,), usd=Decimal(5), **past))
    understood(archive, [by_title["Title of start"], by_title["Title of end"]], told("Long", entry_count=2))
    star = understood(archive, [by_title["Title of pinned"]], told("Star", **past))
    archive.stories.set_pinned(star, True)

    pruned = archive.keep.prune(NOW - 30 * DAY)

    assert (pruned.entries, pruned.stories) == (2, 1)
    assert archive.stories.get(gone) is None
    story = archive.stories.get(kept)
    assert story is not None
    assert story.records[0].values("recipient")[0].evidence[0].quote == "five"
    assert [line.title for line in archive.ledger.deals()] == ["Deal"]
    assert archive.keep.stats()["entries"] == 4
    assert archive.search.search("oldword") == []
    assert stored(archive) == []
    known = archive.feeds.known(["lab"], [], [old.link_hash or b""], [])["lab"]
    assert [k.entry_id for k in known] == [by_title["Oldword"]]
    assert archive.keep.check() == []


def test_prune_takes_settled_digests(archive: Archive) -> None:
    sent(archive, 1, due_at=NOW - 100 * DAY)
    waiting = sent(archive, 2, due_at=NOW - 99 * DAY)
    from monitor.types import DeliveryState

    [first] = [d for d in archive.deliveries.list() if d.digest_id != waiting]
    archive.deliveries.record(first.id, DeliveryState.SENT, NOW)
    assert archive.keep.prune(NOW - 30 * DAY).digests == 1
    assert [d["id"] for d in archive.deliveries.digests()] == [waiting]


def test_vectors_are_forgotten(archive: Archive) -> None:
    ids = stored(archive, draft("old", first_seen_at=NOW - 100 * DAY), draft("new"))
    understood(archive, ids, told(entry_count=2))
    assert archive.keep.forget_vectors(NOW - 30 * DAY) == 1
    assert [bool(m.classification.vector) for m in archive.stories.window(NOW - DAY, MODEL)] == [False, True]


def test_vectors_of_no_story_are_forgotten_alone(archive: Archive) -> None:
    old, older = draft("b", first_seen_at=NOW - 50 * DAY), draft("a", first_seen_at=NOW - 100 * DAY)
    told_of, loose = stored(archive, older, old)
    understood(archive, [told_of])
    archive.stories.apply({loose: labelled(tags=())}, {}, [], NOW)
    assert archive.keep.forget_vectors(NOW - 30 * DAY, loose=True) == 1
    read = [archive.entries.understood(number) for number in (told_of, loose)]
    assert [bool(each and each[1] and each[1].vector) for each in read] == [True, False]


def test_notes_and_counts(archive: Archive) -> None:
    assert archive.keep.get("model") is None
    archive.keep.put("model", "a")
    archive.keep.put("model", "b")
    assert archive.keep.get("model") == "b"
    [one] = stored(archive, draft("one"))
    stats = archive.keep.stats()
    assert (stats["entries"], stats["pending"], stats["stories"], stats["first_seen_at"]) == (1, 1, 0, NOW)
    understood(archive, [one], told(records=(deal(),)))
    stats = archive.keep.stats()
    assert (stats["pending"], stats["deals"], stats["launches"]) == (0, 1, 0)
    assert stats["bytes"] > 10_000
    archive.keep.ping()


def test_vacuum_and_rebuild(archive: Archive) -> None:
    stored(archive, draft("one", title="Findable 人工智能"))
    archive.keep.vacuum()
    archive.keep.optimize()
    archive.keep.rebuild_search()
    assert len(archive.search.search("findable 智能")) == 1
    assert archive.keep.check() == []


def test_check_sees_an_index_that_lies(file: str) -> None:
    with open_archive(file) as archive:
        stored(archive, draft("one", title="Findable"))
        with archive._database.write() as connection:
            connection.exec_driver_sql("DROP TRIGGER entries_fts_update")
            connection.exec_driver_sql("UPDATE entries SET title = 'Silently changed'")
        assert any("full-text" in line for line in archive.keep.check())
        archive.keep.rebuild_search()
        assert archive.keep.check() == []
        assert len(archive.search.search("silently")) == 1


def test_a_backup_is_whole_while_the_archive_is_written(file: str, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with open_archive(file) as archive:
        ids = stored(archive, *(draft(f"n{n}") for n in range(50)))
        assert archive.keep.backup(target) == target
        stored(archive, draft("later"))
    with open_archive(str(target), read_only=True) as copy:
        copy.check_schema()
        assert [e.id for e in copy.entries.pending()] == ids
    assert sorted(p.name for p in tmp_path.iterdir() if "partial" in p.name) == []
    with open_archive(file) as archive, pytest.raises(CannotCreate):
        archive.keep.backup(tmp_path / "nowhere" / "copy.db")


def test_restoring(file: str, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with open_archive(file) as archive:
        stored(archive, draft("one"))
        archive.keep.backup(target)
        stored(archive, draft("two"))
        archive.keep.restore(target)
        assert [e.title for e in archive.entries.pending()] == ["Title of one"]
        assert archive.keep.check() == []
    with open_archive(file + ".replaced", read_only=True) as before:
        assert before.entries.pending_count() == 2


def test_only_a_backup_is_restored(file: str, tmp_path: Path) -> None:
    odd, foreign = tmp_path / "odd", tmp_path / "foreign.db"
    odd.write_text("no database")
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE x (y)")
        connection.commit()
    with open_archive(file) as archive:
        stored(archive, draft("one"))
        for source, error in (
            (odd, DataError),
            (foreign, DataError),
            (tmp_path / "none", NotFound),
            (Path(file), DataError),
        ):
            with pytest.raises(error):
                archive.keep.restore(source)
        assert archive.entries.pending_count() == 1


def test_a_damaged_archive_can_be_restored(file: str, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with open_archive(file) as archive:
        stored(archive, draft("one"))
        archive.keep.backup(target)
    Path(file).write_bytes(b"rubbish" * 1000)
    with open_archive(file) as archive:
        archive.keep.restore(target)
        assert archive.entries.pending_count() == 1


@pytest.mark.postgres
def test_a_dump_can_be_restored(tmp_path: Path) -> None:
    import shutil

    import psycopg

    from tests.archive.conftest import fresh_postgres

    base = fresh_postgres().partition("?")[0]
    if shutil.which("pg_dump") is None:
        pytest.skip("no pg_dump")
    name = "dump_" + tmp_path.name.replace("-", "_").lower()
    with psycopg.connect(base, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
    url = base.rpartition("/")[0] + f"/{name}"
    try:
        upgrade(url)
        with open_archive(url) as archive:
            stored(archive, draft("one", title="Findable"))
            archive.keep.backup(tmp_path / "copy.dump")
            archive.feeds.store([outcome(draft("two"))])
            (tmp_path / "odd").write_text("no dump")
            with pytest.raises(DataError):
                archive.keep.restore(tmp_path / "odd")
            archive.keep.restore(tmp_path / "copy.dump")
            archive.check_schema()
            assert [h.title for h in archive.search.search("findable")] == ["Findable"]
            assert archive.entries.pending_count() == 1
    finally:
        with psycopg.connect(base, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]
