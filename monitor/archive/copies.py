"""Backups and restoring them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from monitor.archive.engine import Database
from monitor.archive.failures import explained
from monitor.errors import ArchiveError, CannotCreate, DataError, NotFound, Unavailable


def copy_to(database: Database, target: Path) -> Path:
    """A whole, checked copy of the archive as of one moment, while it is in use. Never leaves half a file.

    SQLite: an SQLite file, by the online backup interface (a plain copy would miss the write-ahead log). PostgreSQL:
    a dump in pg_dump's custom format. A file of that name is replaced. Raises CannotCreate, Unavailable (no pg_dump).
    """
    target = target.absolute()
    _refuse_place(database, target)
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    try:
        if database.is_sqlite:
            _copy_file(database, partial)
        else:
            _dump(database, partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise CannotCreate(f"backup {target}: {error.strerror or error}; name another file") from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _refuse_place(database: Database, target: Path) -> None:
    """Before anything is copied: raises CannotCreate where no copy may be put."""
    if not target.parent.is_dir():
        raise CannotCreate(f"backup {target}: there is no folder {target.parent}; create it or name another file")
    if target.is_dir():
        raise CannotCreate(f"backup {target}: that is a folder; name a file in it")
    if database.is_sqlite and target.exists() and database.path.exists() and target.samefile(database.path):
        raise CannotCreate(f"backup {target}: that is the archive itself; name another file")


def restore_from(database: Database, source: Path) -> None:
    """Makes a backup the archive. What the archive held is kept beside it as `.replaced` (SQLite).

    The monitor must not be running. Raises NotFound, DataError, TryAgain by way of ArchiveBusy.
    """
    source = source.absolute()
    if not source.is_file():
        raise NotFound(f"there is no backup {source}")
    if database.is_postgres:
        _restore_dump(database, source)
        return
    _check_file(source)
    path = database.path.absolute()
    if not path.parent.is_dir():
        raise CannotCreate(f"archive {path}: there is no folder {path.parent}; make it, or name another --database")
    if path.exists() and source.samefile(path):
        raise DataError(f"{source} is the archive itself: name a backup")
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        shutil.copyfile(source, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        if path.exists():
            _settle(database)
            database.engine.dispose()
            path.replace(path.with_name(f"{path.name}.replaced"))
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        partial.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise CannotCreate(f"archive {path}: {error.strerror or error}; nothing was restored") from error
    finally:
        partial.unlink(missing_ok=True)


def _copy_file(database: Database, partial: Path) -> None:
    if not database.path.exists():
        raise NotFound(f"there is no archive {database.path}")
    partial.unlink(missing_ok=True)
    with explained(database):
        location = _uri(database.path, "mode=ro")
        with (
            closing(sqlite3.connect(location, uri=True, timeout=database.busy_seconds)) as source,
            closing(sqlite3.connect(partial)) as target,
        ):
            source.backup(target, pages=2000, sleep=0.01)
            target.execute("PRAGMA journal_mode=DELETE").close()
    _check_file(partial)


def _uri(path: Path, options: str) -> str:
    """SQLite's address of a file: in a folder's name `?`, `#` and `%` are letters like others."""
    return f"file:{quote(str(path.absolute()))}?{options}"


def _check_file(path: Path) -> None:
    try:
        with closing(sqlite3.connect(_uri(path, "mode=ro&immutable=1"), uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            ours = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()[0]
    except sqlite3.Error as error:
        raise DataError(f"{path} is not a backup of an archive or is damaged ({error})") from error
    if verdict != "ok":
        raise DataError(f"{path} is damaged ({verdict}): use another backup")
    if not ours:
        raise DataError(f"{path} is an SQLite file, but no archive of this program")


def _settle(database: Database) -> None:
    """Empties the write-ahead log into a file that can still be read, so that `.replaced` is whole."""
    try:
        with closing(sqlite3.connect(database.path, timeout=1.0)) as connection:
            row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:
        return  # it may be damaged: that is why a backup is restored
    if row and row[0]:
        raise ArchiveError(f"archive {database.name} is in use: stop the monitor before restoring")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise Unavailable(
            f"{name} is not installed: install the PostgreSQL client tools (postgresql-client) for backups"
        )
    return path


def _run(database: Database, command: list[str]) -> None:
    url = database.url.set(drivername="postgresql")
    password = url.password
    plain = url.set(password=None).render_as_string(hide_password=False)
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    done = subprocess.run(  # noqa: S603  a fixed command, its arguments are not of strangers
        [*command, f"--dbname={plain}"], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = (done.stderr.strip().splitlines() or ["no words"])[0]
        raise ArchiveError(f"{Path(command[0]).name} of {database.name} failed: {words}")


def _dump(database: Database, partial: Path) -> None:
    command = [_tool("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--file={partial}"]
    _run(database, command)


def _restore_dump(database: Database, source: Path) -> None:
    with source.open("rb") as file:
        if file.read(5) != b"PGDMP":
            raise DataError(f"{source} is no dump of pg_dump's custom format")
    command = [_tool("pg_restore"), "--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction"]
    _run(database, [*command, str(source)])
