"""An App that does what a test tells it, and a daemon program around it for tests that need a process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.config.settings import HealthSettings, Settings, TickSettings
from monitor.errors import ArchiveBusy
from monitor.metrics import Metrics


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Settings with quick ticks, a free health port and a state folder of the test's own."""
    ticks = {name: timedelta(seconds=0.05) for name in ("collect", "understand", "deliver")}
    values: dict[str, Any] = {
        "state_folder": folder,
        "database_url": f"sqlite:///{folder}/monitor.db",
        "ticks": TickSettings(**ticks, drain=timedelta(seconds=20)),
        "health": HealthSettings(port=0),
    }
    return Settings(**{**values, **changes})


class FakeApp:
    """Counts the rounds; `behave` replaces what a round does."""

    def __init__(self, settings: Settings, *, name: str = "first") -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.name = name
        self.rounds = dict.fromkeys(("collect", "understand", "deliver", "heartbeat"), 0)
        self.behave: dict[str, Callable[[], Awaitable[str]]] = {}
        self.wrong: dict[str, str] = {}
        self.closed = 0
        self.stopped = 0
        self._seen = asyncio.Condition()

    async def _round(self, name: str) -> str:
        assert not self.closed, f"{name} of an app that was closed"
        self.rounds[name] += 1
        async with self._seen:
            self._seen.notify_all()
        return await self.behave[name]() if name in self.behave else ""

    async def until(self, name: str, count: int) -> None:
        """Waits for a number of rounds."""
        async with self._seen:
            await self._seen.wait_for(lambda: self.rounds[name] >= count)

    async def collect(self) -> str:
        return await self._round("collect")

    async def understand(self) -> str:
        return await self._round("understand")

    async def deliver(self) -> str:
        return await self._round("deliver")

    async def heartbeat(self) -> None:
        await self._round("heartbeat")

    def troubles(self) -> Mapping[str, str]:
        return self.wrong

    def describe(self) -> str:
        return f"the {self.name} app"

    def unsubscribe(self, method: str, token: str) -> tuple[int, str, bytes]:
        if token == "no-archive":
            raise ArchiveBusy("the archive is locked")
        return 200, "text/plain", f"{method} {token}".encode()

    def follow(self, before: FakeApp) -> None:
        self.wrong = {**before.wrong, **self.wrong}

    def stop(self) -> None:
        self.stopped += 1

    async def aclose(self) -> None:
        self.closed += 1
