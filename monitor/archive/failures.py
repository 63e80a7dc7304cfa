"""What a database's error means for a person: one line with the archive, the cause and the way out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from monitor.errors import (
    ArchiveBusy,
    ArchiveDenied,
    ArchiveError,
    ArchiveMissing,
    ArchiveUnreachable,
    SchemaOutOfDate,
    UsageError,
)

if TYPE_CHECKING:
    from monitor.archive.engine import Database

_RESTORE: Final = "restore a backup with `monitor db restore FILE`"


@contextmanager
def explained(database: Database) -> Iterator[None]:
    """Turns what the database refuses into the ArchiveError of its cause. A programming error stays what it is."""
    try:
        yield
    except OverflowError as error:
        # of SQLite's driver: a number of more than 64 bits, which only a person can have typed
        if "SQLite" not in str(error):
            raise
        raise UsageError(f"archive {database.name}: no row has a number as large as that; see the lists") from error
    except (sa.exc.DBAPIError, sa.exc.TimeoutError, sqlite3.Error) as error:
        known = _explain(database, error)
        if known is None:
            raise
        raise known from error


def _explain(database: Database, error: Exception) -> ArchiveError | None:
    if isinstance(error, sa.exc.TimeoutError):
        return ArchiveBusy(f"archive {database.name}: all connections are in use; try again")
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _explain_sqlite(database, cause)
    return _explain_postgres(database, cause)


def _explain_sqlite(database: Database, cause: sqlite3.Error) -> ArchiveError | None:
    # Extended codes carry the primary one in their low byte.
    code = getattr(cause, "sqlite_errorcode", None)
    primary = (code or 0) & 0xFF
    name = database.name
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ArchiveBusy(
            f"archive {name} is locked by another program (waited {database.busy_seconds:g} s): end it or try again"
        )
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return ArchiveDenied(
            f"archive {name} cannot be written: give this user write access to the file and its folder"
        )
    if primary == sqlite3.SQLITE_FULL:
        return ArchiveError(f"archive {name}: the disk is full; free some space, nothing was half stored")
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        what = "is damaged" if primary == sqlite3.SQLITE_CORRUPT else "is not an SQLite database or is damaged"
        return ArchiveError(f"archive {name} {what} ({cause}): {_RESTORE}, or move the file away to begin a new one")
    if primary == sqlite3.SQLITE_CANTOPEN:
        return _cannot_open(database)
    if primary == sqlite3.SQLITE_IOERR:
        return ArchiveError(f"archive {name}: the disk gave an error ({cause}); check it, then `monitor db check`")
    return _missing_table(database, str(cause))


def _cannot_open(database: Database) -> ArchiveError:
    path = database.path.absolute()
    if not path.parent.is_dir():
        return ArchiveMissing(f"archive {path}: there is no folder {path.parent}; create it or name another --database")
    if not path.exists() and database.read_only:
        return ArchiveMissing(f"there is no archive {path} yet: `monitor run` or `monitor poll` begins one")
    if path.is_dir():
        return ArchiveError(f"archive {path} is a folder; name a file in it with --database")
    return ArchiveDenied(f"archive {path} cannot be opened: give this user access to the file and its folder")


def _explain_postgres(database: Database, cause: BaseException | None) -> ArchiveError | None:
    state = getattr(cause, "sqlstate", None) or _state_of_refusal(str(cause))
    words = str(cause).strip().splitlines()[0] if cause is not None and str(cause).strip() else "no answer"
    name = database.name
    if state in ("55P03", "40001", "40P01", "57014"):
        return ArchiveBusy(
            f"archive {name} is locked by another program (waited {database.busy_seconds:g} s): try again"
        )
    if state[:2] == "28":
        return ArchiveDenied(f"archive {name}: the server refuses this user ({words}); check user and password")
    if state == "3D000":
        return ArchiveMissing(f"archive {name}: there is no such database; create it with `createdb`")
    if state in ("42501", "25006"):
        return ArchiveDenied(f"archive {name} cannot be written ({words}): grant this user its tables")
    if state == "53100":
        return ArchiveError(f"archive {name}: the server's disk is full; nothing was half stored")
    if state[:2] in ("58", "XX"):
        return ArchiveError(f"archive {name}: the server gave an error ({words}); look into its log")
    if state[:2] in ("08", "53", "57") or (not state and _is_lost(cause)):
        return ArchiveUnreachable(f"archive {name} cannot be reached ({words}): is the server running?")
    return _missing_table(database, words) if state == "42P01" else None


def _state_of_refusal(words: str) -> str:
    """A connection that the server refuses comes without a code: its words tell."""
    if "FATAL:" not in words:
        return ""
    if "authentication failed" in words or "pg_hba.conf" in words or ("role " in words and "does not exist" in words):
        return "28000"
    return "3D000" if "database " in words and "does not exist" in words else ""


def _is_lost(cause: BaseException | None) -> bool:
    import psycopg

    return isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError))


def _missing_table(database: Database, words: str) -> ArchiveError | None:
    if words.startswith("no such table") or ("relation" in words and "does not exist" in words):
        return SchemaOutOfDate(
            f"archive {database.name} has no tables of this program ({words}): run `monitor db upgrade`"
        )
    return None
