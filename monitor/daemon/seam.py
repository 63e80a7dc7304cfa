"""What the daemon is given: the rooms, wired, and a way to make them anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, Self

from monitor.config.settings import Settings
from monitor.health import Response
from monitor.metrics import Metrics


class App(Protocol):
    """What the daemon is given: the rooms, wired. One App per reading of feeds.yaml."""

    @property
    def settings(self) -> Settings: ...

    @property
    def metrics(self) -> Metrics: ...

    async def collect(self) -> str:
        """One round over the feeds that are due. Returns a line for the log, "" when nothing was due."""
        ...

    async def understand(self) -> str:
        """One round over pending entries; likewise."""
        ...

    async def deliver(self) -> str:
        """Makes the digests that are due, sends what waits; likewise."""
        ...

    async def heartbeat(self) -> None:
        """Asks settings.health.heartbeat_url."""
        ...

    def troubles(self) -> Mapping[str, str]:
        """What is wrong for longer than a round: a kind ("network", "model", "database", "outbox") and words."""
        ...

    def describe(self) -> str:
        """One line on how it stands: "412 feeds, 3 failing, next digest 07:00"."""
        ...

    def unsubscribe(self, method: str, token: str) -> Response:
        """Answers GET and POST of a reader's link; in a thread, and only where a base_url is configured."""
        ...

    def follow(self, before: Self) -> None:
        """Takes over, before its first round, what the App of the last feeds.yaml knew to be wrong."""
        ...

    def stop(self) -> None:
        """The daemon is about to end: rounds under way begin nothing more that takes long."""
        ...

    async def aclose(self) -> None:
        """Ends workers and connections. Nothing of it is called afterwards."""
        ...


Reload = Callable[[], App | None]
