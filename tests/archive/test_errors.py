"""A database that cannot be used: one line with the thing and the way out, the right exit code, and nothing lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from monitor.archive import open_archive, upgrade
from monitor.archive.engine import Database
from monitor.errors import (
    ArchiveBusy,
    ArchiveDenied,
    ArchiveError,
    ArchiveMissing,
    ArchiveNew,
    ArchiveUnreachable,
    CannotCreate,
    ConfigError,
    MonitorError,
    SchemaOutOfDate,
)
from tests.archive.samples import NOW, draft, outcome, spec, stored
from tests.modes import obey_modes

LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An archive with one entry, closed."""
    path = tmp_path / "monitor.db"
    upgrade(f"sqlite:///{path}")
    with open_archive(str(path)) as archive:
        stored(archive, draft("one"))
    return path


def _one_line(error: MonitorError, name: object) -> None:
    assert "\n" not in str(error)
    assert str(name) in str(error)


def test_locked_by_another_process(file: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as locker:
        assert locker.stdout is not None
        assert locker.stdout.readline() == "locked\n"
        with open_archive(str(file), busy_seconds=0.1) as archive:
            assert archive.entries.pending_count() == 1, "readers are not kept out"
            with pytest.raises(ArchiveBusy, match="locked by another program") as caught:
                archive.feeds.store([outcome(draft("two"))])
            _one_line(caught.value, file)
            assert caught.value.exit_code == 75
            locker.communicate("")
            assert len(archive.feeds.store([outcome(draft("two"))])) == 1


def test_a_writer_waits_its_turn(file: Path) -> None:
    """Many processes write at once and none is refused."""
    program = (
        "import sys; from tests.archive.samples import *; from monitor.archive import open_archive\n"
        "with open_archive(sys.argv[1]) as archive:\n"
        "    for n in range(15): assert archive.feeds.store([outcome(draft(f'{sys.argv[2]}-{n}'))])\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, str(file), str(n)]) for n in range(4)]
    assert [child.wait(60) for child in children] == [0, 0, 0, 0]
    with open_archive(str(file)) as archive:
        assert archive.entries.pending_count() == 61
        assert archive.keep.check() == []


WRITER = """
import sys
from monitor.archive import open_archive
from monitor.errors import ArchiveDenied
from tests.archive.samples import draft, outcome

try:
    with open_archive(sys.argv[1]) as archive:
        archive.feeds.store([outcome(draft("two"))])
except ArchiveDenied as error:
    print(error)
with open_archive(sys.argv[1], read_only=True) as archive:
    print(archive.entries.pending_count())
"""


@pytest.mark.parametrize("folder_mode", [0o500, 0o700])
def test_a_file_that_may_not_be_written(file: Path, folder_mode: int) -> None:
    file.chmod(0o400)
    file.parent.chmod(folder_mode)
    try:
        program = [sys.executable, "-c", WRITER, str(file)]
        done = subprocess.run(program, capture_output=True, text=True, preexec_fn=obey_modes, timeout=60)
    finally:
        file.parent.chmod(0o700)
    assert done.returncode == 0, done.stderr
    refused, count = done.stdout.splitlines()
    assert str(file) in refused
    assert count == "1"


def test_read_only_never_writes(file: Path) -> None:
    with open_archive(str(file), read_only=True) as archive:
        assert archive.entries.pending_count() == 1
        with pytest.raises(ArchiveError, match="reading only"):
            archive.feeds.store([outcome(draft("two"))])


def test_a_write_that_the_database_refuses_as_read_only(file: Path) -> None:
    database = Database(str(file))
    with pytest.raises(ArchiveDenied) as caught, database.write() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.exec_driver_sql("DELETE FROM entries")
    _one_line(caught.value, file)
    assert caught.value.exit_code == 77
    database.close()


def test_a_full_disk_half_stores_nothing(file: Path) -> None:
    with open_archive(str(file)) as archive:
        limit = archive._database
        with limit.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
        from sqlalchemy import event

        def small(driver: sqlite3.Connection, _: object, __: object) -> None:
            driver.execute(f"PRAGMA max_page_count={pages + 8}").close()

        event.listen(limit.engine, "checkout", small)
        drafts = [draft(f"n{n}", summary="words " * 400) for n in range(200)]
        with pytest.raises(ArchiveError, match="disk is full") as caught:
            archive.feeds.store([outcome(*drafts)])
        _one_line(caught.value, file)
        assert caught.value.exit_code == 74
        event.remove(limit.engine, "checkout", small)
        limit.engine.dispose()
        assert archive.entries.pending_count() == 1
        assert archive.keep.check() == []
        assert len(archive.feeds.store([outcome(*drafts)])) == 200


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no small file system to fill")
def test_a_backup_onto_a_full_disk_leaves_nothing(file: Path) -> None:
    with open_archive(str(file)) as archive, pytest.raises((CannotCreate, ArchiveError)):
        archive.keep.backup(Path("/dev/full/x"))


@pytest.mark.parametrize(
    "content", [b"", b"not a database, but a longer text" * 50, b"SQLite format 3\x00" + b"\xff" * 5000]
)
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.db"
    path.write_bytes(content)
    with open_archive(str(path)) as archive, pytest.raises(ArchiveError) as caught:
        archive.check_schema()
    _one_line(caught.value, path)
    assert caught.value.exit_code == (66 if not content else 74)
    assert ("monitor poll" if not content else "restore") in str(caught.value)
    assert path.read_bytes()[: len(content)] == content or not content


def test_a_truncated_file(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    for name in ("-wal", "-shm"):
        file.with_name(file.name + name).unlink(missing_ok=True)
    with open_archive(str(file)) as archive, pytest.raises(ArchiveError, match="damaged") as caught:
        for _ in range(3):
            archive.keep.check()
            archive.keep.stats()
            archive.feeds.store([outcome(*(draft(f"x{n}") for n in range(300)))])
    _one_line(caught.value, file)
    assert caught.value.exit_code == 74


def test_no_folder_and_no_file(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "monitor.db"
    with open_archive(str(path)) as archive:
        with pytest.raises(ArchiveNew, match=f"no folder {path.parent}.*`monitor run`") as new:
            archive.check_schema()
        _one_line(new.value, path)
        with pytest.raises(ArchiveMissing, match="no folder") as caught:
            archive.entries.pending()
    _one_line(caught.value, path)
    nowhere = open_archive(str(tmp_path / "none.db"), read_only=True)
    with nowhere, pytest.raises(ArchiveMissing, match="no archive") as caught:
        nowhere.entries.pending()
    assert caught.value.exit_code == 73
    assert not (tmp_path / "none.db").exists()


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with open_archive(str(tmp_path)) as archive, pytest.raises(ArchiveError, match="is a folder"):
        archive.entries.pending()


def test_a_place_where_no_folder_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for place in ("file/deep/monitor.db", "file/monitor.db"):
        with pytest.raises(CannotCreate, match="a file is in the way") as caught:
            upgrade(f"sqlite:///{tmp_path / place}")
        _one_line(caught.value, (tmp_path / place).parent)
        assert "--database" in str(caught.value)
        assert caught.value.exit_code == 73


def test_no_copy_goes_over_the_archive_or_a_folder(file: Path) -> None:
    before = file.read_bytes()
    with open_archive(str(file)) as archive:
        for place, why in ((file, "the archive itself"), (file.parent, "a folder"), (file / "x", "no folder")):
            with pytest.raises(CannotCreate, match=why):
                archive.keep.backup(place)
    assert file.read_bytes() == before
    other = open_archive(str(file.parent / "none" / "monitor.db"))
    with other, pytest.raises(CannotCreate, match=f"no folder {file.parent / 'none'}"):
        other.keep.restore(file)


def test_a_newer_schema_is_refused_and_left_alone(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    for ask in (lambda: open_archive(str(file)).check_schema(), lambda: upgrade(str(file))):
        with pytest.raises(SchemaOutOfDate, match="9999, newer than this program") as caught:
            ask()
        _one_line(caught.value, file)
        assert caught.value.exit_code == 78


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "http://[", "nonsense://"])
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_archive(url)
    assert caught.value.exit_code == 78


def test_a_server_that_is_not_there() -> None:
    archive = open_archive("postgresql://u:s3cret@127.0.0.1:1/x?connect_timeout=2")
    with archive, pytest.raises(ArchiveUnreachable, match="cannot be reached") as caught:
        archive.check_schema()
    assert "s3cret" not in str(caught.value)
    assert caught.value.exit_code == 69


@pytest.mark.postgres
def test_a_database_that_the_server_lacks() -> None:
    url = os.environ.get("MONITOR_TEST_POSTGRES_URL")
    if not url:
        pytest.skip("MONITOR_TEST_POSTGRES_URL is not set")
    archive = open_archive(url.rpartition("/")[0] + "/no_such_database")
    with archive, pytest.raises(ArchiveMissing, match="no such database"):
        archive.check_schema()


def test_a_programming_error_is_no_archive_error(file: Path) -> None:
    database = Database(str(file))
    with pytest.raises(Exception, match="no such column") as caught, database.read() as connection:
        connection.exec_driver_sql("SELECT nonsense FROM entries")
    assert not isinstance(caught.value, MonitorError)
    database.close()


def test_a_feed_written_to_while_another_is_read(file: Path) -> None:
    """A reader keeps its view while a writer commits, and neither waits."""
    with open_archive(str(file), busy_seconds=0.2) as archive, archive._database.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM entries").scalar()
        archive.feeds.sync([spec("lab"), spec("b")], NOW)
        assert archive.feeds.store([outcome(draft("later"))])
        assert connection.exec_driver_sql("SELECT count(*) FROM entries").scalar() == before
