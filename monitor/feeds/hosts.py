"""One request at a time and a gap between requests, for each host.

`Spacing` decides (pure: monotonic times in, waits out), `HostGates` waits. A gap counts from the end of the last
request, so that a server never sees two requests closer than the gap, however its network jitters.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from monitor.protocols import Clock

#: keys without a request for so long are forgotten
_FORGET = 3600.0


class Spacing:
    """When the next request to a host may start. Times are monotonic seconds."""

    def __init__(self, gap: float) -> None:
        self._gap = gap
        self._ended: dict[str, float] = {}

    def wait(self, host: str, now: float) -> float:
        """Seconds until a request to this host may start."""
        ended = self._ended.get(host)
        return 0.0 if ended is None else max(0.0, ended + self._gap - now)

    def ended(self, host: str, now: float) -> None:
        """A request to this host has ended."""
        self._ended[host] = now

    def forget(self, now: float) -> None:
        """Drops hosts that need no spacing any more."""
        keep = max(self._gap, _FORGET)
        self._ended = {host: at for host, at in self._ended.items() if now - at < keep}

    def __len__(self) -> int:
        return len(self._ended)


class _Gate:
    """One host's turn, and how many hold it or wait for it."""

    __slots__ = ("lock", "users")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0


class HostGates:
    """Turns for requests: first come, first served at each host, and no host keeps another waiting.

    `sleep` waits monotonic seconds; a simulation passes its own.
    """

    def __init__(self, gap: float, clock: Clock, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._spacing = Spacing(gap)
        self._clock = clock
        self._sleep = sleep
        self._gates: dict[str, _Gate] = {}
        #: hosts that asked to be left alone, and until when
        self._pauses: dict[str, float] = {}

    async def ready(self, host: str) -> None:
        """Waits until the gap after the host's last request is over; promises nothing about a turn."""
        while (wait := self._spacing.wait(host, self._clock.monotonic())) > 0:
            await self._sleep(wait)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Inside, this is the only request to `host`, and the last one ended at least a gap ago."""
        gate = self._gates.setdefault(host, _Gate())
        gate.users += 1
        try:
            async with gate.lock:
                # asyncio may wake a little early; the gap is a promise
                while (wait := self._spacing.wait(host, self._clock.monotonic())) > 0:
                    await self._sleep(wait)
                try:
                    yield
                finally:
                    self._spacing.ended(host, self._clock.monotonic())
        finally:
            gate.users -= 1

    def pause(self, host: str, seconds: float) -> None:
        """The host asked to be left alone for so long from now; its newest word holds."""
        self._pauses[host] = self._clock.monotonic() + seconds

    def paused(self, host: str) -> float:
        """Seconds for which this host is still to be left alone; 0: it may be asked."""
        until = self._pauses.get(host)
        return 0.0 if until is None else max(0.0, until - self._clock.monotonic())

    def tidy(self) -> None:
        """Forgets idle hosts; called between rounds."""
        now = self._clock.monotonic()
        self._spacing.forget(now)
        self._gates = {host: gate for host, gate in self._gates.items() if gate.users}
        self._pauses = {host: until for host, until in self._pauses.items() if until > now}


__all__ = ["HostGates", "Spacing"]
