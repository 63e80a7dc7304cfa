"""What one call of the command line was told, and what it opened. Everything is opened when it is first asked for."""

from __future__ import annotations

import os
import re
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.archive import Archive
    from monitor.config import Config
    from monitor.protocols import Clock

_NAMES_DATABASE = re.compile(rb"^[^#\n]*\bdatabase_url\b", re.MULTILINE)


class Session:
    """The options that stand before or after any command, and the objects that follow from them."""

    def __init__(self) -> None:
        #: config (Path), database (URL), now (ISO text), where they were given
        self.told: dict[str, Any] = {}

    @cached_property
    def clock(self) -> Clock:
        """The machine's clock, or one that starts at --now."""
        from monitor.clock import FixedStartClock, SystemClock, parse_utc

        told = self.told.get("now")
        if told is None:
            return SystemClock()
        try:
            return FixedStartClock(parse_utc(told))
        except ValueError:
            raise UsageError(f"--now {told}: not an ISO time such as 2026-05-01T08:00:00+00:00") from None

    def now(self) -> datetime:
        return self.clock.now()

    @property
    def config_path(self) -> Path | None:
        path: Path | None = self.told.get("config")
        return path

    @cached_property
    def config(self) -> Config:
        """feeds.yaml and the environment. Raises ConfigError with all mistakes."""
        from monitor.config import load_config

        return load_config(self.config_path, os.environ, database=self.told.get("database"))

    @cached_property
    def database_url(self) -> str:
        """The archive's address. feeds.yaml is read for it only where it alone names one."""
        from monitor.paths import configured_database_url, database_url, find_feeds_file

        told = self.told.get("database")
        if configured_database_url(told, os.environ) is None:
            path = find_feeds_file(self.config_path, os.environ, Path.cwd()).path
            if path.is_file() and _NAMES_DATABASE.search(path.read_bytes()):
                return self.config.settings.database_url
        return database_url(told, os.environ)

    @cached_property
    def reader(self) -> Archive:
        """The archive for reading only; its schema is checked. Raises ArchiveError."""
        return self._opened(read_only=True)

    @cached_property
    def archive(self) -> Archive:
        """The archive for hand decisions; its schema is checked. Raises ArchiveError."""
        return self._opened(read_only=False)

    def _opened(self, *, read_only: bool) -> Archive:
        from monitor.archive import open_archive

        archive = open_archive(self.database_url, read_only=read_only)
        archive.check_schema()
        return archive

    @cached_property
    def app(self) -> App:
        """All rooms, wired by feeds.yaml."""
        from monitor.app import App

        return App(self.config, self.clock)

    def close(self) -> None:
        """Closes what was opened."""
        for name in ("app", "archive", "reader"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()


def session_of(context: Any) -> Session:
    """The call's session."""
    session = context.find_root().ensure_object(Session)
    assert isinstance(session, Session)
    return session
