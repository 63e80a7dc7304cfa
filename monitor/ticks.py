"""The ticks of the three pipelines, by APScheduler: at most one round of each at a time, none lost, skipped ones told.

APScheduler owns no truth here: it only asks "is something due?" often enough. What is due stands in the archive.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_SUBMITTED, JobEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.config.settings import TickSettings
from monitor.errors import MonitorError
from monitor.health import Troubles
from monitor.logs import get_logger
from monitor.metrics import Metrics
from monitor.protocols import Clock

PIPELINES = ("collect", "understand", "deliver")
#: a scheduler that has not shown itself for so many intervals, and at least so many seconds, hangs
PATIENCE = 4
LEAST_PATIENCE = 60.0
#: seconds after which a round hangs, and does not only take long. Polls end by themselves, since each host has a
#: minute and each request half of one: ten thousand hosts that never answer take twenty minutes. A round of
#: understanding reads a bounded batch; one of delivering sends what waits: five thousand mails, a second each, take an
#: hour and a half.
LONGEST = {"collect": 2 * 3600.0, "understand": 6 * 3600.0, "deliver": 6 * 3600.0}

Round = Callable[[], Awaitable[str]]


class Ticks:
    """Starts rounds at intervals until it is drained."""

    def __init__(self, rounds: Mapping[str, Round], clock: Clock, metrics: Metrics, troubles: Troubles) -> None:
        self._rounds = rounds
        self._clock = clock
        self._metrics = metrics
        self._troubles = troubles
        self._log = get_logger("ticks")
        self._running: dict[str, asyncio.Task[Any]] = {}
        #: when each of them began
        self._begun: dict[str, float] = {}
        self._skipped: dict[str, int] = {}
        self._may_begin = asyncio.Event()
        self._may_begin.set()
        self._ending = False
        self._last_sign = clock.monotonic()
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        )
        self.kinds = frozenset(PIPELINES)

    def start(self, settings: TickSettings) -> None:
        """Plans all pipelines, the first round of each at once."""
        self._scheduler.add_listener(self._on_event, EVENT_JOB_SUBMITTED | EVENT_JOB_MAX_INSTANCES)
        self._last_sign = self._clock.monotonic()
        self._plan(settings)
        self._scheduler.start()

    def reschedule(self, settings: TickSettings) -> None:
        """Plans all of them anew from now: after the clock was set, or with new intervals."""
        self._plan(settings)

    def postpone(self, by: timedelta) -> None:
        """Puts all next ticks off."""
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=job.next_run_time + by)

    def _plan(self, settings: TickSettings) -> None:
        for name in PIPELINES:
            seconds = max(0.01, getattr(settings, name).total_seconds())
            self._scheduler.add_job(
                self._tick,
                "interval",
                seconds=seconds,
                id=name,
                args=[name],
                replace_existing=True,
                next_run_time=datetime.now(UTC),
            )

    def alive(self, settings: TickSettings) -> bool:
        """It ticks, and no round hangs. Measured by the monotonic clock."""
        return self.trouble(settings) is None

    def trouble(self, settings: TickSettings) -> str | None:
        """Why it is not alive: nothing was planned or left out lately, or a round has run for hours."""
        now = self._clock.monotonic()
        shortest: float = min(getattr(settings, name).total_seconds() for name in PIPELINES)
        if now - self._last_sign > max(PATIENCE * shortest, LEAST_PATIENCE):
            return "the scheduler has not ticked for too long"
        for name, begun in self._begun.items():
            if now - begun > LONGEST[name]:
                return f"the round of {name} has hung for {(now - begun) / 3600:.0f} h"
        return None

    def under_way(self) -> str:
        """The rounds that run now, in words."""
        return ", ".join(sorted(self._running))

    @contextlib.asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """No round begins inside; those under way have ended."""
        self._may_begin.clear()
        try:
            while self._running:
                await asyncio.wait(self._running.values())
            yield
        finally:
            self._may_begin.set()

    async def drain(self, seconds: float, letting_go: float) -> None:
        """Starts nothing more, waits for what runs, cancels what is not done in time."""
        self._ending = True
        self._may_begin.set()
        self._scheduler.pause()
        if self._running:
            await asyncio.wait(self._running.values(), timeout=seconds)
        if self._running:
            self._log.warning("not done in time, cancelled", rounds=self.under_way(), seconds=seconds)
            for task in self._running.values():
                task.cancel()
            await asyncio.wait(self._running.values(), timeout=letting_go)
        self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # it ends in the next turn of the loop

    async def _tick(self, name: str) -> None:
        await self._may_begin.wait()
        if self._ending:
            return
        task = asyncio.current_task()
        assert task is not None
        self._running[name] = task
        begun = self._begun[name] = self._clock.monotonic()
        try:
            words = await self._rounds[name]()
        except asyncio.CancelledError:
            if not self._ending:
                raise
        except MonitorError as error:
            self._failed(name, str(error))
        except Exception as error:  # noqa: BLE001 - one round's bug must not end the daemon
            self._failed(name, f"a bug: {type(error).__name__}: {error}", bug=True)
        else:
            self._succeeded(name, words, self._clock.monotonic() - begun)
        finally:
            self._running.pop(name, None)
            self._begun.pop(name, None)
            self._tell_skipped(name)

    def _succeeded(self, name: str, words: str, seconds: float) -> None:
        self._metrics.ticks.labels(name).observe(seconds)
        _, over = self._troubles.replace(frozenset({name}), {})
        if over:
            self._log.info("works again", pipeline=name, after=over[name])
        if words:
            self._log.info(words, pipeline=name, seconds=round(seconds, 3))

    def _failed(self, name: str, words: str, *, bug: bool = False) -> None:
        """Logged when it begins or changes, not at every tick; the next tick tries again."""
        self._metrics.tick_failures.labels(name).inc()
        if self._troubles.now.get(name) != words:
            self._log.error("the round failed, the next tick tries again", pipeline=name, error=words, exc_info=bug)
        self._troubles.replace(frozenset({name}), {name: words})

    def _on_event(self, event: JobEvent) -> None:
        self._last_sign = self._clock.monotonic()
        if event.code == EVENT_JOB_MAX_INSTANCES:
            name = str(event.job_id)
            self._metrics.ticks_skipped.labels(name).inc()
            self._skipped[name] = self._skipped.get(name, 0) + 1
            if self._skipped[name] == 1:
                self._log.info("tick skipped: the last round still runs", pipeline=name)

    def _tell_skipped(self, name: str) -> None:
        count = self._skipped.pop(name, 0)
        if count > 1:
            self._log.info("ticks skipped while the round ran", pipeline=name, count=count)
