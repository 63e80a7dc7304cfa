"""The daemon: asks the three pipelines at intervals, and minds clocks, signals, health and the service manager.

    lock | health server | ticks: collect, understand, deliver | READY
    every few seconds: has the clock been set? what troubles are there? tell systemd, log what changed
    SIGHUP: read feeds.yaml again, swap | SIGTERM: no new rounds, wait for those under way, end

What is left to do is a column of the archive, never a memory of this process: it may be killed at any moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from monitor.clock import SystemClock
from monitor.config.settings import Settings
from monitor.errors import ConfigError, MonitorError
from monitor.health import HealthServer, Response, Troubles, disk_trouble, text_page
from monitor.locks import InstanceLock
from monitor.logs import get_logger
from monitor.metrics import Metrics
from monitor.paths import ensure_state_folder
from monitor.protocols import Clock
from monitor.systemd import Notifier
from monitor.ticks import PIPELINES, Ticks


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

    def stop(self) -> None:
        """The daemon is about to end: rounds under way begin nothing more that takes long."""
        ...

    async def aclose(self) -> None:
        """Ends workers and connections. Nothing of it is called afterwards."""
        ...


Reload = Callable[[], App | None]
#: seconds between two looks at clocks and troubles
PULSE = 5.0
#: seconds that cancelled rounds get to let go
LETTING_GO = 5.0


@dataclass(slots=True)
class _Stop:
    """The wish to end, and which signal said so."""

    event: asyncio.Event = field(default_factory=asyncio.Event)
    name: str = ""


class Daemon:
    """One run of the daemon. `run` returns the exit code."""

    def __init__(
        self, app: App, *, reload: Reload, clock: Clock, environ: Mapping[str, str], pulse: float = PULSE
    ) -> None:
        self._app = app
        self._reload = reload
        self._clock = clock
        self._notifier = Notifier(environ)
        self._pulse_seconds = min(pulse, (self._notifier.watchdog_seconds or pulse * 3) / 3)
        self._log = get_logger("daemon")
        self._troubles = Troubles()
        self.ticks = Ticks(self._rounds(), clock, app.metrics, self._troubles)
        self._stop = _Stop()
        self._wall_minus_monotonic = 0.0
        self._heartbeat_at = float("-inf")
        self._swapping = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.address = ""

    async def run(self) -> int:
        """Until a signal. Raises TryAgain (already running), CannotCreate, Unavailable (health port)."""
        settings = self._app.settings
        lock = InstanceLock(settings.state_folder)
        health = self._health_server(settings)
        try:
            ensure_state_folder(settings.state_folder)
            lock.acquire(self._clock.now())
            if health is not None:
                self.address = await health.start()
            await self._serve(settings)
        finally:
            if health is not None:
                await health.stop()
            await self._app.aclose()
            lock.release()
        return 0

    async def _serve(self, settings: Settings) -> None:
        with self._signals():
            self._wall_minus_monotonic = self._drift()
            self.ticks.start(settings.ticks)
            self._notifier.ready(self._app.describe())
            self._log.info("started", pid=os.getpid(), health=self.address or "off", state=self._app.describe())
            await self._pulse()
            self._notifier.stopping("finishing what is under way", settings.ticks.drain.total_seconds() + LETTING_GO)
            self._log.info("stopping", because=self._stop.name, under_way=self.ticks.under_way() or "nothing")
            self._app.stop()
            await self.ticks.drain(settings.ticks.drain.total_seconds(), LETTING_GO)
            for task in self._tasks:
                task.cancel()
            self._log.info("stopped")

    def _rounds(self) -> dict[str, Callable[[], Awaitable[str]]]:
        """Looked up at each tick: a reload swaps the App."""
        return {name: lambda name=name: getattr(self._app, name)() for name in PIPELINES}  # type: ignore[misc]

    # ------------------------------------------------------------ signals

    @contextlib.contextmanager
    def _signals(self) -> Any:
        loop = asyncio.get_running_loop()
        handlers = {signal.SIGTERM: self._on_stop, signal.SIGINT: self._on_stop, signal.SIGHUP: self._on_reload}
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler, number)
        with contextlib.suppress(OSError, ValueError, AttributeError):  # stderr without a descriptor
            faulthandler.register(signal.SIGUSR1)
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)

    def _on_stop(self, number: signal.Signals) -> None:
        if self._stop.event.is_set():
            self._log.warning("ends at once", because=f"a second {number.name}")
            # as if nothing had caught it: the archive's transactions make any moment safe
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.stop(number.name)

    def stop(self, because: str) -> None:
        """Lets what is under way end, then returns from `run`."""
        self._stop.name = because
        self._stop.event.set()

    def _on_reload(self, number: signal.Signals) -> None:
        task = asyncio.get_running_loop().create_task(self.reload(), name=number.name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------ reload

    async def reload(self) -> None:
        """Reads feeds.yaml again. A wrong one changes nothing, and the log says what is wrong with it."""
        async with self._swapping:
            self._notifier.reloading()
            fresh, problems = await self._read_again()
            if fresh is None:
                for problem in problems:
                    self._log.error("feeds.yaml is wrong; the old one stays in force", problem=problem)
                self._app.metrics.reloads.labels("kept").inc()
                self._notifier.ready(f"feeds.yaml is wrong, the old one stays; {self._app.describe()}")
                return
            await self._swap(fresh)

    async def _read_again(self) -> tuple[App | None, tuple[str, ...]]:
        try:
            return await asyncio.to_thread(self._reload), ()
        except ConfigError as error:
            return None, error.problems
        except MonitorError as error:
            return None, (str(error),)
        except Exception:  # noqa: BLE001 - a bug in reading a file must not end what runs well
            self._log.exception("the reload failed; the old feeds.yaml stays in force")
            return None, ()

    async def _swap(self, fresh: App) -> None:
        old = self._app
        async with self.ticks.paused():
            self._app = fresh
            self.ticks.reschedule(fresh.settings.ticks)
        await old.aclose()
        if old.settings.health != fresh.settings.health:
            self._log.warning("settings.health is read at the start only; restart for it")
        fresh.metrics.reloads.labels("taken").inc()
        self._notifier.ready(fresh.describe())
        self._log.info("feeds.yaml taken up", state=fresh.describe())

    # ------------------------------------------------------------ pulse

    async def _pulse(self) -> None:
        """Until the stop: every few seconds a look at the clock, the ticks, the troubles."""
        while not self._stop.event.is_set():
            self._notice_clock()
            await self._notice_troubles()
            if self.ticks.alive(self._app.settings.ticks):
                self._notifier.watchdog()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.event.wait(), self._pulse_seconds)

    def _drift(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    def _notice_clock(self) -> None:
        """APScheduler plans by the wall clock: set back an hour, it would wait an hour for the next tick."""
        drift = self._drift()
        jump = drift - self._wall_minus_monotonic
        if abs(jump) <= self._app.settings.ticks.clock_tolerance.total_seconds():
            return
        self._wall_minus_monotonic = drift
        self._app.metrics.clock_jumps.inc()
        direction = "forward (or this machine slept)" if jump > 0 else "back"
        self._log.warning(
            "the clock was set; ticks planned anew", by=str(timedelta(seconds=round(abs(jump)))), to=direction
        )
        self.ticks.reschedule(self._app.settings.ticks)

    async def _notice_troubles(self) -> None:
        found = dict(self._app.troubles())
        if words := disk_trouble(self._app.settings.state_folder):
            found["disk"] = words
        if not self.ticks.alive(self._app.settings.ticks):
            found["ticks"] = "the scheduler has not ticked for too long"
        kinds = frozenset({*found, *self._troubles.now}) - self.ticks.kinds
        begun, over = self._troubles.replace(kinds, found)
        for kind, words in begun.items():
            self._log.warning("trouble", kind=kind, words=words)
        for kind, words in over.items():
            self._log.info("trouble is over", kind=kind, words=words)
        for kind in {*kinds, *self.ticks.kinds}:
            self._app.metrics.troubles.labels(kind).set(kind in self._troubles.now)
        self._notifier.status("; ".join([self._app.describe(), *self._troubles.now.values()]))
        await self._beat()

    async def _beat(self) -> None:
        """A sign of life to another machine, while nothing blocks the work."""
        health = self._app.settings.health
        due = self._clock.monotonic() - self._heartbeat_at >= health.heartbeat_interval.total_seconds()
        if health.heartbeat_url is None or not due or self._troubles.blocking:
            return
        self._heartbeat_at = self._clock.monotonic()
        task = asyncio.get_running_loop().create_task(self._heartbeat(), name="heartbeat")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _heartbeat(self) -> None:
        try:
            await self._app.heartbeat()
        except (MonitorError, OSError, TimeoutError) as error:
            self._log.warning("the heartbeat was not heard", error=str(error))

    # ------------------------------------------------------------ health

    def _health_server(self, settings: Settings) -> HealthServer | None:
        if not settings.health.enabled:
            return None
        pages = {"/healthz": self._healthz, "/readyz": self._readyz, "/metrics": self._metrics}
        handlers = {"/unsubscribe/": self._unsubscribe} if settings.base_url else {}
        return HealthServer(settings.health.host, settings.health.port, pages, handlers)

    def _unsubscribe(self, method: str, token: str) -> Response:
        try:
            return self._app.unsubscribe(method, token)
        except MonitorError as error:
            self._log.warning("cannot unsubscribe now", error=str(error))
            return text_page(503, ["please try again in a few minutes"])

    def _healthz(self) -> Response:
        return text_page(200, ["ok"])

    def _readyz(self) -> Response:
        lines = [f"{kind}: {words}" for kind, words in self._troubles.now.items()]
        if self._troubles.blocking or self._stop.event.is_set():
            return text_page(503, ["not ready", *lines])
        return text_page(200, ["ready", self._app.describe(), *lines])

    def _metrics(self) -> Response:
        metrics = self._app.metrics
        return 200, metrics.content_type, metrics.exposition()


async def run_daemon(
    app: App,
    *,
    reload: Reload,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """Runs until SIGTERM or SIGINT; returns the exit code.

    reload builds a new App of feeds.yaml as it stands now, and raises ConfigError (or returns None) where it is wrong.
    The daemon closes every App that it was given. Raises TryAgain, CannotCreate, Unavailable before it has started.
    """
    told = os.environ if environ is None else environ
    return await Daemon(app, reload=reload, clock=clock or SystemClock(), environ=told).run()
