"""What one call of the command line was told, and what it opened. Everything is opened when it is first asked for."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.archive import Archive
    from monitor.config import Config
    from monitor.protocols import Clock

T = TypeVar("T")


class Session:
    """The options that stand before or after any command, and the objects that follow from them."""

    def __init__(self) -> None:
        #: config (Path), database (URL), now (ISO text), where they were given
        self.told: dict[str, Any] = {}
        #: what no log may show, of every feeds.yaml that was read
        self._secrets: frozenset[str] = frozenset()

    def tell(self, name: str, value: Any) -> None:
        """Takes an option that stands before or after the command. Raises UsageError for a --now that is no time."""
        self.told[name] = value
        if name == "now":
            self.__dict__.pop("clock", None)
            _ = self.clock

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

    def reload(self) -> Config:
        """Reads feeds.yaml again, for the daemon; its logs follow it. Raises ConfigError, and keeps the old one."""
        from monitor.config import load_config

        self.config = load_config(self.config_path, os.environ, database=self.told.get("database"))
        self.begin_logs(service=True)
        return self.config

    @cached_property
    def database_url(self) -> str:
        """The archive's address: an option or the environment names it, never feeds.yaml, so none is read here."""
        from monitor.paths import database_url

        return database_url(self.told.get("database"), os.environ)

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

    def run(self, work: Callable[[App], Awaitable[T]]) -> T:
        """Runs `work` on an App of its own, in a loop of its own, and closes both."""
        import asyncio

        from monitor.app import App

        self.begin_logs()

        async def whole() -> T:
            app = App(self.config, self.clock)
            try:
                return await work(app)
            finally:
                await app.aclose()

        return asyncio.run(whole())

    def begin_logs(self, *, service: bool = False) -> None:
        """As settings.logs says for the daemon; commands by hand tell errors only, with --verbose what happens."""
        from dataclasses import replace

        from monitor.logs import configure, secrets_of

        logs = self.config.settings.logs
        if not service:
            logs = replace(logs, format="console", level="info" if self.told.get("verbose") else "error")
        elif self.told.get("verbose"):
            logs = replace(logs, level="debug")
        # rounds that began under the last feeds.yaml may still tell of its secrets
        self._secrets |= secrets_of(self.config)
        configure(logs, secrets=self._secrets, environ=os.environ)

    def close(self) -> None:
        """Closes what was opened."""
        for name in ("archive", "reader"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()


@contextmanager
def nobody_runs(session: Session) -> Iterator[None]:
    """Raises TryAgain while a daemon of this state folder runs, and keeps one from starting."""
    from monitor.locks import InstanceLock
    from monitor.paths import ensure_state_folder, state_folder

    lock = InstanceLock(ensure_state_folder(state_folder(os.environ)))
    lock.acquire(session.now())
    try:
        yield
    finally:
        lock.release()


def session_of(context: Any) -> Session:
    """The call's session."""
    session = context.find_root().ensure_object(Session)
    assert isinstance(session, Session)
    return session
