"""How much may be under way at once: requests, and bytes that wait to be stored."""

from __future__ import annotations

import asyncio
from types import TracebackType


class Slots:
    """Requests under way at once. One that takes long gives its slot away and goes on beside the others.

    So a hundred servers that never answer do not keep those waiting that would. `beside`: how many may do so, since
    each holds a socket. patience: seconds that a request has its slot for itself.
    """

    def __init__(self, size: int, *, beside: int, patience: float) -> None:
        self.free = asyncio.Semaphore(size)
        self.beside = beside
        self.patience = patience

    def one(self) -> Slot:
        """A slot, to be entered with `async with`."""
        return Slot(self)


class Slot:
    """One request's."""

    __slots__ = ("_held", "_slots", "_timer")

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._held = False
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        await self._slots.free.acquire()
        self._held = True
        self._wait()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._held:
            self._slots.free.release()
        else:
            self._slots.beside += 1

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._slots.patience, self._lend)

    def _lend(self) -> None:
        if self._slots.beside <= 0:
            self._wait()
            return
        self._slots.beside -= 1
        self._held = False
        self._slots.free.release()


class Room:
    """Bytes that wait to be read and stored; fetching pauses while they are too many. Each round has one of its own."""

    def __init__(self, size: int = 32_000_000) -> None:
        self._size = size
        self._held = 0
        self._free = asyncio.Event()
        self._free.set()

    async def wait(self) -> None:
        await self._free.wait()

    def take(self, size: int) -> None:
        self._held += size
        if self._held >= self._size:
            self._free.clear()

    def give(self, size: int) -> None:
        self._held -= size
        if self._held < self._size:
            self._free.set()


__all__ = ["Room", "Slot", "Slots"]
