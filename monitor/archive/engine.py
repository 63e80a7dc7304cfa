"""Connections and transactions on SQLite and PostgreSQL, and their errors in one line each.

SQLite: WAL, foreign keys, `synchronous=FULL` (a commit that was acknowledged survives a power cut; we commit rarely),
BEGIN IMMEDIATE for writers, one writer at a time in this process, ten seconds of patience with others.
PostgreSQL: READ COMMITTED, prepared statements and JIT off (generic plans and compilation spoil short queries).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.pool import QueuePool

from monitor.archive.failures import explained
from monitor.errors import ArchiveError, ConfigError

BUSY_SECONDS: Final = 10.0
#: one number of the application for all advisory locks on PostgreSQL
LOCK_SPACE: Final = 0x6D6F6E69
_WRITE: Final = "monitor_write"


def parse_url(text: str) -> URL:
    """A database URL: SQLite or PostgreSQL; a path alone names an SQLite file. Raises ConfigError."""
    try:
        # `?` in a path is a letter like others
        url = make_url(text) if "://" in text else URL.create("sqlite", database=text)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise ConfigError(
            f"the database URL cannot be read: use sqlite:///PATH or postgresql://HOST/NAME ({error})"
        ) from None
    kind = url.get_backend_name()
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise ConfigError(f"database {kind}: only sqlite:///PATH and postgresql://HOST/NAME are known")
    if not url.database or url.database == ":memory:":
        raise ConfigError("an archive in memory would be lost at the end: use sqlite:///PATH")
    return url.set(drivername="sqlite+pysqlite")


class Database:
    """One engine, and the two ways to use it: `read()` and `write()`."""

    def __init__(self, url: str, *, read_only: bool = False, busy_seconds: float = BUSY_SECONDS) -> None:
        self.url = parse_url(url)
        self.read_only = read_only
        self.busy_seconds = busy_seconds
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.is_postgres = not self.is_sqlite
        self._writer = threading.Lock()
        self.engine = self._sqlite_engine() if self.is_sqlite else self._postgres_engine()

    @property
    def name(self) -> str:
        """The archive for people: the file's path, or the URL without its password."""
        return str(self.path) if self.is_sqlite else self.url.set(drivername="postgresql").render_as_string()

    @property
    def path(self) -> Path:
        """The file (SQLite only)."""
        return Path(self.url.database or "")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view: all that is read within is of one moment (on SQLite)."""
        with explained(self), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self, *, lock: int | None = None) -> Iterator[Connection]:
        """One transaction: all or nothing. `lock`: on PostgreSQL, only one holder of that number at a time anywhere."""
        if self.read_only:
            raise ArchiveError(f"archive {self.name} was opened for reading only")
        engine = self.engine.execution_options(**{_WRITE: True})
        with explained(self), self._writer, engine.begin() as connection:
            if lock is not None and self.is_postgres:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK_SPACE, lock)))
            yield connection

    def close(self) -> None:
        """Gives back all connections; on SQLite the write-ahead log is emptied into the file."""
        self.engine.dispose()

    def _sqlite_engine(self) -> Engine:
        engine = sa.create_engine(
            self.url,
            creator=self._open_file,
            poolclass=QueuePool,
            pool_size=4,
            max_overflow=28,
            pool_timeout=self.busy_seconds,
        )
        event.listen(engine, "begin", _begin)
        return engine

    def _open_file(self) -> sqlite3.Connection:
        location = "file:" + quote(str(self.path.absolute()))
        if self.read_only:
            location += "?mode=ro"
            # A reader of a WAL file writes its -shm; where the folder forbids that, a file at rest is read as it lies.
            if (
                not os.access(self.path.absolute().parent, os.W_OK)
                and not self.path.with_name(self.path.name + "-wal").exists()
            ):
                location += "&immutable=1"
        connection = sqlite3.connect(
            location, uri=True, timeout=self.busy_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in self._pragmas(connection):
                connection.execute(f"PRAGMA {pragma}").close()
        except BaseException:
            connection.close()
            raise
        return connection

    def _pragmas(self, connection: sqlite3.Connection) -> Iterator[str]:
        yield f"busy_timeout={int(self.busy_seconds * 1000)}"
        yield "foreign_keys=ON"
        yield "cache_size=-8000"
        yield "temp_store=MEMORY"
        if self.read_only:
            yield "query_only=ON"
            return
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            yield "journal_mode=WAL"
        yield "synchronous=FULL"
        yield "journal_size_limit=67108864"

    def _postgres_engine(self) -> Engine:
        options: dict[str, Any] = {"prepare_threshold": None, "application_name": "ai-news-monitor"}
        query = self.url.query
        if "connect_timeout" not in query:
            options["connect_timeout"] = 10
        settings = ["jit=off", "timezone=UTC", f"lock_timeout={int(self.busy_seconds * 1000)}"]
        if self.read_only:
            settings.append("default_transaction_read_only=on")
        given = query.get("options", "")
        options["options"] = " ".join([*(f"-c {s}" for s in settings), given if isinstance(given, str) else ""]).strip()
        url = self.url.difference_update_query(["options"])
        return sa.create_engine(url, connect_args=options, pool_size=4, max_overflow=28, pool_pre_ping=True)


def _begin(connection: Connection) -> None:
    # A deferred transaction that turns writer halfway fails at once when another wrote meanwhile, whatever the timeout.
    write = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
