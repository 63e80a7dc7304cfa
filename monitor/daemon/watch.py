"""The daemon's look at itself, every few seconds: has the clock been set, what is wrong, does it still tick?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from monitor.daemon.seam import App
from monitor.errors import MonitorError
from monitor.health import Troubles, disk_trouble
from monitor.logs import get_logger
from monitor.protocols import Clock
from monitor.systemd import Notifier
from monitor.ticks import Ticks


class Watch:
    """Tells troubles once when they begin and once when they are over; plans ticks anew when the clock was set."""

    def __init__(
        self, app: Callable[[], App], ticks: Ticks, troubles: Troubles, clock: Clock, notifier: Notifier
    ) -> None:
        self._app = app
        self._ticks = ticks
        self._troubles = troubles
        self._clock = clock
        self._notifier = notifier
        self._log = get_logger("daemon")
        self._wall_minus_monotonic = self._drift()
        self._heartbeat_at = float("-inf")
        self._beat: asyncio.Task[None] | None = None
        self._unheard = False

    def look(self) -> None:
        """One look. Needs a running loop."""
        self._notice_clock()
        self._notice_troubles()
        self._sign_of_life()
        if self._ticks.alive(self._app().settings.ticks):
            self._notifier.watchdog()

    def end(self) -> None:
        """A heartbeat under way is let go."""
        if self._beat is not None:
            self._beat.cancel()

    def _drift(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    def _notice_clock(self) -> None:
        """APScheduler plans by the wall clock: set back an hour, it would wait an hour for the next tick."""
        drift = self._drift()
        jump = drift - self._wall_minus_monotonic
        if abs(jump) <= self._app().settings.ticks.clock_tolerance.total_seconds():
            return
        self._wall_minus_monotonic = drift
        self._app().metrics.clock_jumps.inc()
        direction = "forward (or this machine slept)" if jump > 0 else "back"
        self._log.warning(
            "the clock was set; ticks planned anew", by=str(timedelta(seconds=round(abs(jump)))), to=direction
        )
        self._ticks.reschedule(self._app().settings.ticks)

    def _notice_troubles(self) -> None:
        app = self._app()
        found = dict(app.troubles())
        if words := disk_trouble(app.settings.state_folder):
            found["disk"] = words
        if words := self._ticks.trouble(app.settings.ticks):
            found["ticks"] = words
        kinds = frozenset({*found, *self._troubles.now}) - self._ticks.kinds
        begun, over = self._troubles.replace(kinds, found)
        for kind, words in begun.items():
            self._log.warning("trouble", kind=kind, words=words)
        for kind, words in over.items():
            self._log.info("trouble is over", kind=kind, words=words)
        for kind in {*kinds, *self._ticks.kinds}:
            app.metrics.troubles.labels(kind).set(kind in self._troubles.now)
        self._notifier.status("; ".join([app.describe(), *self._troubles.now.values()]))

    def _sign_of_life(self) -> None:
        """To another machine, while nothing blocks the work."""
        health = self._app().settings.health
        due = self._clock.monotonic() - self._heartbeat_at >= health.heartbeat_interval.total_seconds()
        if health.heartbeat_url is None or not due or self._troubles.blocking:
            return
        self._heartbeat_at = self._clock.monotonic()
        self._beat = asyncio.get_running_loop().create_task(self._heartbeat(), name="heartbeat")

    async def _heartbeat(self) -> None:
        try:
            await self._app().heartbeat()
        except (MonitorError, OSError, TimeoutError) as error:
            if not self._unheard:
                self._log.warning("the heartbeat was not heard", error=str(error))
            self._unheard = True
        else:
            if self._unheard:
                self._log.info("the heartbeat is heard again")
            self._unheard = False
