"""The daemon in the test's own loop: ticks, troubles, clock, reload, drain."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.config.settings import HealthSettings, LogSettings
from monitor.daemon import Daemon
from monitor.errors import ArchiveBusy, ConfigError, FetchError, TryAgain, Unavailable
from monitor.locks import InstanceLock
from monitor.logs import configure
from monitor.testing import MONDAY, FakeClock
from monitor.types import Secret
from tests.daemon.fake import FakeApp, settings_in


class Logged:
    """The JSON lines that were logged."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        configure(LogSettings(format="json", level="debug"), stream=self.stream)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def of(self, words: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if words in line["event"]]


@pytest.fixture
def logged() -> Logged:
    return Logged()


def run(test: Callable[[], Awaitable[None]]) -> None:
    """One test's coroutine, in a loop of its own."""
    asyncio.run(asyncio.wait_for(test(), 30))


@contextlib.asynccontextmanager
async def running(app: FakeApp, **given: Any) -> AsyncIterator[Daemon]:
    """A daemon that has begun; ended by its own stop."""
    options: dict[str, Any] = {"reload": lambda: None, "clock": FakeClock(), "environ": {}, "pulse": 0.02, **given}
    daemon = Daemon(app, **options)
    task = asyncio.create_task(daemon.run())
    try:
        first = asyncio.create_task(app.until("deliver", 1))
        await asyncio.wait({task, first}, return_when=asyncio.FIRST_COMPLETED)
        first.cancel()
        if task.done():
            await task
        yield daemon
    finally:
        if not task.done():
            daemon.stop("the test")
        assert await task == 0


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def get(address: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_all_three_pipelines_tick_and_the_app_is_closed_once(tmp_path: Path, logged: Logged) -> None:
    async def test() -> None:
        app = FakeApp(settings_in(tmp_path))
        async with running(app):
            for name in ("collect", "understand", "deliver"):
                await app.until(name, 3)
        assert app.closed == 1

    run(test)
    assert logged.lines[0]["event"] == "started"
    assert logged.lines[-1]["event"] == "stopped"


def test_a_round_never_runs_beside_itself_and_skipped_ticks_are_told(tmp_path: Path, logged: Logged) -> None:
    async def test() -> None:
        app = FakeApp(settings_in(tmp_path))
        at_once = 0
        most = 0
        release = asyncio.Event()

        async def slow() -> str:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            await release.wait()
            at_once -= 1
            return ""

        app.behave["collect"] = slow
        async with running(app):
            skipped = app.metrics.ticks_skipped.labels("collect")
            await until(lambda: skipped._value.get() >= 3)
            release.set()
            await app.until("collect", 3)
        assert most == 1

    run(test)
    assert len(logged.of("tick skipped")) == 1
    assert logged.of("ticks skipped while the round ran")[0]["count"] >= 3


def test_a_round_that_hangs_is_told_though_the_scheduler_ticks(tmp_path: Path, logged: Logged) -> None:
    async def test() -> None:
        app, clock, release = FakeApp(settings_in(tmp_path)), FakeClock(), asyncio.Event()

        async def hangs() -> str:
            await release.wait()
            return ""

        app.behave["collect"] = hangs
        async with running(app, clock=clock) as daemon:
            await app.until("collect", 1)
            skipped = app.metrics.ticks_skipped.labels("collect")

            async def ready(status: int, words: str = "") -> None:
                while True:
                    found = await asyncio.to_thread(get, daemon.address, "/readyz")
                    if found[0] == status and words in found[1]:
                        return
                    await asyncio.sleep(0.01)

            for hours, status, words in [(1.0, 200, ""), (1.1, 503, "the round of collect has hung for 2 h")]:
                clock.advance(hours * 3600)
                before = skipped._value.get()
                await until(lambda before=before: skipped._value.get() >= before + 3)  # type: ignore[misc]
                assert daemon.ticks.alive(app.settings.ticks) is (status == 200)
                await ready(status, words)
            release.set()
            await app.until("collect", 2)
            await ready(200)

    run(test)


def test_a_round_that_fails_is_told_once_and_once_when_it_works_again(tmp_path: Path, logged: Logged) -> None:
    async def test() -> None:
        app = FakeApp(settings_in(tmp_path))

        async def locked() -> str:
            raise ArchiveBusy("monitor.db: locked by another program; try again")

        async def broken() -> str:
            raise RuntimeError("a bug")

        app.behave["collect"] = locked
        app.behave["understand"] = broken
        async with running(app) as daemon:
            await app.until("collect", 4)
            await app.until("understand", 4)
            status, words = await asyncio.to_thread(get, daemon.address, "/readyz")
            assert status == 503
            assert "locked by another program" in words
            del app.behave["collect"]
            await app.until("collect", app.rounds["collect"] + 2)
            status, _ = await asyncio.to_thread(get, daemon.address, "/readyz")
            assert status == 200, "a model that fails blocks neither polling nor sending"

    run(test)
    failures = logged.of("the round failed")
    assert sorted(line["pipeline"] for line in failures) == ["collect", "understand"]
    assert "RuntimeError" in next(line for line in failures if line["pipeline"] == "understand")["exception"]
    assert [line["pipeline"] for line in logged.of("works again")] == ["collect"]


def test_no_network_is_said_once_and_does_not_end_it(tmp_path: Path, logged: Logged) -> None:
    async def test() -> None:
        app = FakeApp(settings_in(tmp_path))
        app.wrong = {"network": "none of 112 feeds can be reached"}
        async with running(app) as daemon:
            await app.until("collect", 10)
            status, words = await asyncio.to_thread(get, daemon.address, "/readyz")
            assert (status, "none of 112 feeds" in words) == (200, True)
            app.wrong = {}
            await until(lambda: bool(logged.of("trouble is over")))

    run(test)
    assert len([line for line in logged.of("trouble") if line["event"] == "trouble"]) == 1


@pytest.mark.parametrize("hours", [-1, 8])
def test_a_clock_that_was_set_stops_nothing(tmp_path: Path, logged: Logged, hours: int) -> None:
    async def test() -> None:
        app = FakeApp(settings_in(tmp_path))
        clock = FakeClock()
        async with running(app, clock=clock) as daemon:
            # what APScheduler would do after a clock set back: wait until its planned time comes
            daemon.ticks.postpone(timedelta(hours=1))
            before = app.rounds["collect"]
            clock.jump(hours * 3600)
            await app.until("collect", before + 2)
        assert app.metrics.clock_jumps._value.get() == 1

    run(test)
    assert len(logged.of("the clock was set")) == 1


def test_a_clock_that_runs_evenly_is_not_suspected(tmp_path: Path, logged: Logged) -> None:
    async def test() -> None:
        app = FakeApp(settings_in(tmp_path))
        clock = FakeClock()
        async with running(app, clock=clock):
            clock.advance(50)
            await app.until("collect", 5)

    run(test)
    assert not logged.of("the clock was set")


def test_reload_swaps_the_app_between_rounds(tmp_path: Path, logged: Logged) -> None:
    async def test() -> None:
        first = FakeApp(settings_in(tmp_path))
        second = FakeApp(settings_in(tmp_path), name="second")
        release = asyncio.Event()

        async def slow() -> str:
            await release.wait()
            assert first.closed == 0, "it was closed under a running round"
            return ""

        async with running(first, reload=lambda: second) as daemon:
            first.behave["collect"] = slow
            await first.until("collect", first.rounds["collect"] + 1)
            reload = asyncio.create_task(daemon.reload())
            await asyncio.sleep(0)
            assert second.rounds["collect"] == 0
            release.set()
            await reload
            await second.until("collect", 2)
            assert first.closed == 1
        assert second.closed == 1
        assert first.closed == 1

    run(test)
    assert logged.of("feeds.yaml taken up")[0]["state"] == "the second app"


def test_a_reload_ends_no_trouble(tmp_path: Path, logged: Logged) -> None:
    """What the last App knew to be wrong is neither over nor news because feeds.yaml was read again."""

    async def test() -> None:
        app = FakeApp(settings_in(tmp_path))
        app.wrong["network"] = "no feed can be reached since 08:00 UTC"
        second = FakeApp(settings_in(tmp_path), name="second")
        async with running(app, reload=lambda: second) as daemon:
            await until(lambda: bool(logged.of("trouble")))
            await daemon.reload()
            await second.until("collect", 3)
            second.wrong = {}
            await until(lambda: bool(logged.of("trouble is over")))

    run(test)
    assert [line["event"] for line in logged.of("trouble")] == ["trouble", "trouble is over"]
    events = [line["event"] for line in logged.lines]
    assert events.index("trouble") < events.index("feeds.yaml taken up") < events.index("trouble is over")


def test_a_wrong_feeds_yaml_keeps_the_old_one(tmp_path: Path, logged: Logged) -> None:
    async def test() -> None:
        app = FakeApp(settings_in(tmp_path))

        def wrong() -> FakeApp:
            raise ConfigError("feeds.yaml:3:1: one", "feeds.yaml:9:1: two")

        async with running(app, reload=wrong) as daemon:
            await daemon.reload()
            await app.until("collect", app.rounds["collect"] + 2)
        assert app.closed == 1

    run(test)
    assert [line["problem"] for line in logged.of("the old one stays")] == [
        "feeds.yaml:3:1: one",
        "feeds.yaml:9:1: two",
    ]


def test_the_stop_waits_for_rounds_under_way_and_starts_none(tmp_path: Path, logged: Logged) -> None:
    async def test() -> None:
        app = FakeApp(settings_in(tmp_path))
        release = asyncio.Event()
        ended = []

        async def slow() -> str:
            await release.wait()
            ended.append("slow")
            return ""

        async with running(app) as daemon:
            app.behave["deliver"] = slow
            await app.until("deliver", app.rounds["deliver"] + 1)
            daemon.stop("SIGTERM")
            await until(lambda: bool(logged.of("stopping")))
            # the app was told, so that a round over slow servers need not be waited for
            await until(lambda: app.stopped == 1)
            counted = app.rounds["collect"]
            await asyncio.sleep(0.2)  # four ticks' time, in which none may come
            assert app.rounds["collect"] == counted
            release.set()
        assert ended == ["slow"]

    run(test)
    assert "deliver" in logged.of("stopping")[0]["under_way"]


def test_a_round_that_does_not_end_is_cancelled(tmp_path: Path, logged: Logged) -> None:
    async def test() -> None:
        settings = settings_in(tmp_path)
        app = FakeApp(replace(settings, ticks=replace(settings.ticks, drain=timedelta(seconds=0.05))))
        cancelled = []

        async def endless() -> str:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append("deliver")
                raise
            return ""

        app.behave["deliver"] = endless
        async with running(app):
            pass
        assert cancelled == ["deliver"]
        assert app.closed == 1

    run(test)
    assert logged.of("not done in time, cancelled")[0]["rounds"] == "deliver"


def test_pages(tmp_path: Path) -> None:
    async def test() -> None:
        app = FakeApp(settings_in(tmp_path))
        async with running(app) as daemon:
            assert await asyncio.to_thread(get, daemon.address, "/healthz") == (200, "ok\n")
            status, words = await asyncio.to_thread(get, daemon.address, "/readyz")
            assert (status, words.splitlines()) == (200, ["ready", "the first app"])
            status, words = await asyncio.to_thread(get, daemon.address, "/metrics")
            assert status == 200
            assert 'monitor_tick_seconds_count{pipeline="collect"}' in words
            assert "process_resident_memory_bytes" in words
            status, _ = await asyncio.to_thread(get, daemon.address, "/secrets")
            assert status == 404

    run(test)


def test_a_taken_health_port_is_one_line_and_the_lock_is_let_go(tmp_path: Path) -> None:
    async def test() -> None:
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        app = FakeApp(settings_in(tmp_path, health=HealthSettings(port=port)))
        daemon = Daemon(app, reload=lambda: None, clock=FakeClock(), environ={})
        with pytest.raises(Unavailable, match=rf"^health port 127.0.0.1:{port} is in use; set settings.health.port"):
            await daemon.run()
        server.close()
        await server.wait_closed()
        assert app.closed == 1
        InstanceLock(tmp_path).acquire(MONDAY)

    run(test)


def test_a_second_daemon_is_told_who_runs(tmp_path: Path) -> None:
    async def test() -> None:
        app = FakeApp(settings_in(tmp_path))
        async with running(app):
            second = FakeApp(settings_in(tmp_path))
            with pytest.raises(TryAgain, match=r"^already running as process \d+ since 2024-02-26T08:00:00"):
                await Daemon(second, reload=lambda: None, clock=FakeClock(), environ={}).run()
            assert second.closed == 1

    run(test)


def test_the_heartbeat_beats_while_nothing_blocks(tmp_path: Path) -> None:
    async def test() -> None:
        health = HealthSettings(port=0, heartbeat_url=Secret("http://127.0.0.1/ping"))
        app = FakeApp(settings_in(tmp_path, health=health))
        clock = FakeClock()
        async with running(app, clock=clock):
            await app.until("heartbeat", 1)
            app.wrong = {"database": "it is full"}
            await app.until("collect", app.rounds["collect"] + 3)
            clock.advance(400)
            await app.until("collect", app.rounds["collect"] + 5)
            assert app.rounds["heartbeat"] == 1, "a silent heartbeat is how others learn of it"
            app.wrong = {}
            await app.until("heartbeat", 2)

    run(test)


def test_a_heartbeat_that_is_not_heard_is_told_once_each_way(tmp_path: Path, logged: Logged) -> None:
    async def unheard() -> str:
        raise FetchError("heartbeat: ClientConnectorDNSError", kind="connect")

    async def test() -> None:
        health = HealthSettings(port=0, heartbeat_url=Secret("http://127.0.0.1/ping"))
        app = FakeApp(settings_in(tmp_path, health=health))
        app.behave["heartbeat"] = unheard
        clock = FakeClock()
        async with running(app, clock=clock):
            for beats in (1, 2, 3):
                await app.until("heartbeat", beats)
                clock.advance(400)
            app.behave.clear()
            await until(lambda: bool(logged.of("is heard again")))

    run(test)
    assert len(logged.of("was not heard")) == 1


def test_a_readers_link_is_answered_where_it_can_be_reached(tmp_path: Path, logged: Logged) -> None:
    async def test() -> None:
        app = FakeApp(settings_in(tmp_path, base_url="https://news.example"))
        async with running(app) as daemon:
            answer = await asyncio.to_thread(get, daemon.address, "/unsubscribe/a.token")
            assert answer == (200, "GET a.token")
            answer = await asyncio.to_thread(get, daemon.address, "/unsubscribe/no-archive")
            assert answer == (503, "please try again in a few minutes\n")
            assert logged.of("cannot unsubscribe")
        async with running(FakeApp(settings_in(tmp_path))) as daemon:
            status, _ = await asyncio.to_thread(get, daemon.address, "/unsubscribe/a.token")
            assert status == 404

    run(test)
