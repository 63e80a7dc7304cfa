"""An event loop whose time is a FakeClock: waiting costs nothing, and a week passes as fast as its work is done."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from monitor.testing import FakeClock

T = TypeVar("T")


class _Jumping(selectors.SelectSelector):
    """Where a loop would sleep until its next timer, the clock is moved on instead."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout > 0:
            self._clock.advance(timeout)
        # without a timer only a socket could wake the loop
        return super().select(0 if timeout is not None else None)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock: FakeClock) -> None:
        super().__init__(_Jumping(clock))
        self._clock = clock

    def time(self) -> float:
        return self._clock.monotonic()


class _Inline(ThreadPoolExecutor):
    """Work for threads is done at once: no time passes in it, and nothing depends on the machine's mood."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


def run(clock: FakeClock, work: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result, in the clock's own time. No sockets."""
    with asyncio.Runner(loop_factory=lambda: _Loop(clock)) as runner:
        runner.get_loop().set_default_executor(_Inline())
        return runner.run(work)
