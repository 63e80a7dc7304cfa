"""One run of the daemon: lock, health server, ticks, signals, reload, drain."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.clock import SystemClock
from monitor.config.settings import Settings
from monitor.daemon.seam import App, Reload
from monitor.daemon.watch import Watch
from monitor.errors import ConfigError, MonitorError
from monitor.health import HealthServer, Response, Troubles, text_page
from monitor.locks import InstanceLock
from monitor.logs import get_logger
from monitor.paths import ensure_state_folder
from monitor.protocols import Clock
from monitor.systemd import Notifier
from monitor.ticks import PIPELINES, Ticks

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
            watch = Watch(lambda: self._app, self.ticks, self._troubles, self._clock, self._notifier)
            self.ticks.start(settings.ticks)
            self._notifier.ready(self._app.describe())
            self._log.info("started", pid=os.getpid(), health=self.address or "off", state=self._app.describe())
            await self._pulse(watch)
            self._notifier.stopping("finishing what is under way", settings.ticks.drain.total_seconds() + LETTING_GO)
            self._log.info("stopping", because=self._stop.name, under_way=self.ticks.under_way() or "nothing")
            self._app.stop()
            await self.ticks.drain(settings.ticks.drain.total_seconds(), LETTING_GO)
            watch.end()
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
            fresh.follow(old)
            self._app = fresh
            self.ticks.reschedule(fresh.settings.ticks)
        await old.aclose()
        if old.settings.health != fresh.settings.health:
            self._log.warning("settings.health is read at the start only; restart for it")
        fresh.metrics.reloads.labels("taken").inc()
        self._notifier.ready(fresh.describe())
        self._log.info("feeds.yaml taken up", state=fresh.describe())

    # ------------------------------------------------------------ pulse

    async def _pulse(self, watch: Watch) -> None:
        """A look every few seconds, until the stop."""
        while not self._stop.event.is_set():
            watch.look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.event.wait(), self._pulse_seconds)

    # ------------------------------------------------------------ health

    def _health_server(self, settings: Settings) -> HealthServer | None:
        if not settings.health.enabled:
            return None
        pages = {"/healthz": self._healthz, "/readyz": self._readyz, "/metrics": self._metrics}
        handlers = {"/unsubscribe/": self._unsubscribe}
        return HealthServer(settings.health.host, settings.health.port, pages, handlers)

    def _unsubscribe(self, method: str, token: str) -> Response:
        if not self._app.settings.base_url:
            return text_page(404, ["settings.base_url is not set"])
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
