"""The archive as the rest of the program sees it: one object with a store per subject.

Each store's module is imported when it is first asked for, so that a search does not pay for the outbox.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from monitor.archive import schema
from monitor.archive.engine import BUSY_SECONDS, Database

if TYPE_CHECKING:
    from monitor.archive.deliveries import Deliveries
    from monitor.archive.entities import Entities
    from monitor.archive.entries import Entries
    from monitor.archive.feeds import Feeds
    from monitor.archive.keep import Keep
    from monitor.archive.ledger import Ledger
    from monitor.archive.search import Search
    from monitor.archive.stories import Stories
    from monitor.archive.teaching import Teaching


class Archive:
    """Opened by `open_archive`; its stores may be used from several threads. Every method may raise ArchiveError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @cached_property
    def feeds(self) -> Feeds:
        from monitor.archive.feeds import Feeds

        return Feeds(self._database)

    @cached_property
    def entries(self) -> Entries:
        from monitor.archive.entries import Entries

        return Entries(self._database)

    @cached_property
    def stories(self) -> Stories:
        from monitor.archive.stories import Stories

        return Stories(self._database)

    @cached_property
    def entities(self) -> Entities:
        from monitor.archive.entities import Entities

        return Entities(self._database)

    @cached_property
    def ledger(self) -> Ledger:
        from monitor.archive.ledger import Ledger

        return Ledger(self._database)

    @cached_property
    def search(self) -> Search:
        from monitor.archive.search import Search

        return Search(self._database)

    @cached_property
    def deliveries(self) -> Deliveries:
        from monitor.archive.deliveries import Deliveries

        return Deliveries(self._database)

    @cached_property
    def keep(self) -> Keep:
        from monitor.archive.keep import Keep

        return Keep(self._database)

    @cached_property
    def teaching(self) -> Teaching:
        from monitor.archive.teaching import Teaching

        return Teaching(self._database)

    @property
    def name(self) -> str:
        """For people: the file's path, or the URL without its password."""
        return self._database.name

    @property
    def is_sqlite(self) -> bool:
        return self._database.is_sqlite

    @property
    def path(self) -> Path | None:
        """The file, where the archive is one."""
        return self._database.path if self._database.is_sqlite else None

    def check_schema(self) -> None:
        """Raises SchemaOutOfDate unless the archive has exactly this program's schema."""
        schema.check_schema(self._database)

    def is_empty(self) -> bool:
        """Nothing has been collected yet."""
        return schema.is_empty(self._database)

    def close(self) -> None:
        """Gives back all connections."""
        self._database.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_archive(url: str, *, read_only: bool = False, busy_seconds: float = BUSY_SECONDS) -> Archive:
    """The archive behind a database URL or a path; nothing is read yet. Raises ConfigError for what is no such URL.

    read_only: for commands that only ask; works on a file and in a folder that may not be written.
    """
    return Archive(Database(url, read_only=read_only, busy_seconds=busy_seconds))


def upgrade(url: str, *, backup: bool = True, keep: int | None = None) -> Path | None:
    """Makes the archive if there is none and brings it to this program's schema; the backup made before, if any.

    All in one transaction: a program that dies on the way leaves the archive as it was. keep: so many of such backups
    stay, the newest; None: all.
    """
    database = Database(url)
    try:
        return schema.upgrade(database, backup=backup, keep=keep)
    finally:
        database.close()
