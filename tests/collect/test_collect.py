"""A whole round: fetched, read, recognised, stored, on a real archive and a loopback server."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from monitor.archive import Archive, open_archive, upgrade
from monitor.clock import SystemClock
from monitor.collect import Collector
from monitor.errors import ArchiveError, FetchError
from monitor.feeds.fetch import HttpFetcher
from monitor.feeds.hosts import HostGates
from monitor.feeds.settings import CollectSettings
from monitor.feeds.worker import WorkerPool
from monitor.guard import Guard, guarded_session
from monitor.testing import FakeClock, SilentLog
from monitor.types import FeedSpec, FeedState, Fetched, KnownEntry, NotModified, PollOutcome
from tests.collect import virtual
from tests.collect.week import InlineParser
from tests.feeds.server import (
    Behaviour,
    Server,
    answer,
    conditional,
    item,
    one_after_another,
    redirect,
    rss,
    serving,
    silent,
)

SETTINGS = CollectSettings(host_gap=0.0, total_timeout=2.0, workers=1)


def run(
    tmp_path: Path,
    use: Callable[[Archive, Collector, Server, SilentLog], Awaitable[None]],
    routes: dict[str, Behaviour],
    *,
    dead: bool = False,
) -> None:
    async def main() -> None:
        url = f"sqlite:///{tmp_path / 'archive.db'}"
        upgrade(url)
        clock, log = SystemClock(), SilentLog()
        guard = Guard([ipaddress.ip_network("127.0.0.0/8")])
        gates = HostGates(SETTINGS.host_gap, clock)
        with open_archive(url) as archive:
            async with (
                serving(**routes) as server,
                guarded_session(guard, total=None, auto_decompress=False) as session,
            ):
                port = 1 if dead else server.port
                specs = [
                    FeedSpec(id=name, url=f"http://127.0.0.{n}:{port}/{name}", name=name)
                    for n, name in enumerate(routes, 2)
                ]
                archive.feeds.sync(specs, clock.now())
                pool = WorkerPool(SETTINGS)
                fetcher = HttpFetcher(session, guard, gates, SETTINGS, clock)
                collector = Collector(specs, archive.feeds, fetcher, pool, clock, SETTINGS, log, gates=gates)
                try:
                    await use(archive, collector, server, log)
                finally:
                    await pool.close()

    asyncio.run(main())


def test_good_feeds_are_stored_once_and_bad_ones_have_a_cause(tmp_path: Path) -> None:
    document = rss(*(item(n) for n in range(3)))
    grown = rss(*(item(n) for n in range(5)))
    routes = {
        "steady": conditional(document, '"1"'),
        "growing": one_after_another(answer(document), answer(grown)),
        "moved": redirect("/steady", 301),
        "html": answer(b"<html><title>Hi</title></html>"),
        "missing": answer(status="404 Not Found"),
        "slow": silent,
        "busy": answer(status="429 Slow", headers={"Retry-After": "600"}),
        "cut": answer(document[:-60], length=len(document), headers={"ETag": '"c"'}),
    }

    async def use(archive: Archive, collector: Collector, server: Server, log: SilentLog) -> None:
        seen: list[tuple[int, int, str, str]] = []
        first = await collector.poll(on_progress=lambda *call: seen.append(call))
        assert (first.due, first.polled, first.failed, first.throttled) == (8, 8, 3, 1)
        assert first.new == 3 * 3 + 2 and first.news == 0
        assert [done for done, *_ in seen] == list(range(1, 9)) and {total for _, total, *_ in seen} == {8}
        second = await collector.poll(force=True)
        assert second.new == 2 and second.news == 2 and second.not_modified == 2 and second.paused == 1
        states = {state.feed_id: state for state in archive.feeds.states()}
        assert {name: state.error_kind for name, state in states.items() if state.error_kind} == {
            "html": "html",
            "missing": "http",
            "slow": "timeout",
            "busy": "throttled",
        }
        assert states["cut"].etag is None and states["cut"].body_hash is None
        assert states["steady"].etag == '"1"' and states["growing"].entries == 5
        assert all(state.next_poll_at is not None and state.next_poll_why for state in states.values())
        assert len(server.asked("/busy")) == 1
        third = await collector.poll()
        assert (third.due, third.polled) == (0, 0)

    run(tmp_path, use, routes)


def test_a_permanent_redirect_is_learned_after_three_good_polls(tmp_path: Path) -> None:
    routes = {"old": redirect("/new", 301), "other": answer(rss())}

    async def use(archive: Archive, collector: Collector, server: Server, log: SilentLog) -> None:
        server.routes["/new"] = answer(rss(item(1)))
        urls = []
        for _ in range(4):
            await collector.poll(force=True)
            urls.append(next(state.url for state in archive.feeds.states() if state.feed_id == "old"))
        assert [url.rpartition("/")[2] for url in urls] == ["old", "old", "new", "new"]
        assert len(server.asked("/old")) == 3

    run(tmp_path, use, routes)


def test_when_nothing_answers_it_is_our_own_outage(tmp_path: Path) -> None:
    routes = {f"f{n}": answer(rss()) for n in range(4)}

    async def use(archive: Archive, collector: Collector, server: Server, log: SilentLog) -> None:
        since = set()
        for _ in range(2):
            report = await collector.poll(force=True)
            assert (report.outage, report.failed) == (4, 0)
            since.add(collector.outage_since)
        assert None not in since and len(since) == 1
        assert all(state.failures == 0 for state in archive.feeds.states())
        # the daemon tells it, once
        assert log.lines == []

    run(tmp_path, use, routes, dead=True)


def test_a_bug_over_one_feed_is_that_feeds_outcome(tmp_path: Path) -> None:
    routes = {"good": answer(rss(item(1))), "bad": answer(rss(item(2)))}

    async def use(archive: Archive, collector: Collector, server: Server, log: SilentLog) -> None:
        specs = [FeedSpec(id=s.feed_id, url=s.url, name=s.feed_id) for s in archive.feeds.states()]
        # a spec that no file could give: its language is no text
        collector.use([replace(s, language=7) if s.id == "bad" else s for s in specs])  # type: ignore[arg-type]
        report = await collector.poll()
        assert report.polled == 2 and report.new >= 1

    run(tmp_path, use, routes)


def test_a_host_that_refuses_by_way_of_a_redirect_is_left_alone_by_all(tmp_path: Path) -> None:
    busy = answer(status="429 Slow", headers={"Retry-After": "600"})
    routes = {"away": busy, "own": answer(rss(item(1)))}

    async def use(archive: Archive, collector: Collector, server: Server, log: SilentLog) -> None:
        own = next(state.url for state in archive.feeds.states() if state.feed_id == "own")
        server.routes["/away"] = redirect(own.replace("/own", "/busy"))
        server.routes["/busy"] = busy
        first = await collector.poll(feed_ids=["away"], force=True)
        assert (first.throttled, len(server.asked("/busy"))) == (1, 1)
        host = own.split("/")[2]
        pauses = archive.feeds.host_pauses(SystemClock().now())
        assert list(pauses) == [host] and (pauses[host] - SystemClock().now()).total_seconds() > 590
        # the other feed of that host is not asked, and waits as long
        second = await collector.poll(force=True)
        assert (second.paused, server.asked("/own"), len(server.asked("/busy"))) == (1, [], 1)
        waiting = next(state for state in archive.feeds.states() if state.feed_id == "own")
        assert waiting.next_poll_at is not None and waiting.next_poll_at >= pauses[host]
        assert "left alone" in waiting.next_poll_why and waiting.failures == 0
        # what a person asks for by name is asked
        third = await collector.poll(feed_ids=["own"], force=True)
        assert (third.new, len(server.asked("/own"))) == (1, 1)

    run(tmp_path, use, routes)


def test_a_stop_ends_the_round_with_what_is_in_flight_and_loses_nothing(tmp_path: Path) -> None:
    """One host with twenty feeds, one with one: a stop in the middle stores what was fetched, the rest stays due."""
    clock = FakeClock()
    url = f"sqlite:///{tmp_path / 'archive.db'}"
    upgrade(url)
    specs = [FeedSpec(id=f"f{n}", url=f"https://many.test/{n}", name="F") for n in range(20)]
    specs.append(FeedSpec(id="one", url="https://lone.test/feed", name="One"))
    asked: list[str] = []

    class Slow:
        async def fetch(self, spec: FeedSpec, state: FeedState, *, full: bool = False) -> Fetched:
            async with gates.turn(spec.url.split("/")[2]):
                asked.append(spec.id)
                if len(asked) == 6:
                    collector.stop()
                await asyncio.sleep(1.0)
            return Fetched(url=spec.url, status=200, body=rss(item(1)))

    settings = CollectSettings()
    gates = HostGates(settings.host_gap, clock)
    with open_archive(url) as archive:
        archive.feeds.sync(specs, clock.now())
        collector = Collector(specs, archive.feeds, Slow(), InlineParser(), clock, settings, SilentLog(), gates=gates)

        async def main() -> None:
            report = await collector.poll()
            assert len(asked) == 6 and (report.polled, report.new, report.deferred) == (6, 6, 15)
            # nothing waited for the turns of those that were not asked
            assert clock.monotonic() - 1000.0 < 20
            left = archive.feeds.due(clock.now())
            assert {state.feed_id for state in left} == {spec.id for spec in specs} - set(asked)
            assert (await collector.poll()).polled == 0 and len(asked) == 6

        virtual.run(clock, main())


def test_a_cancelled_round_stores_what_was_read(tmp_path: Path) -> None:
    clock = FakeClock()
    url = f"sqlite:///{tmp_path / 'archive.db'}"
    upgrade(url)
    specs = [FeedSpec(id=f"f{n}", url=f"https://h{n}.test/", name="F") for n in range(5)]

    class Uneven:
        async def fetch(self, spec: FeedSpec, state: FeedState, *, full: bool = False) -> Fetched:
            await asyncio.sleep(1.0 if spec.id in ("f0", "f1") else 25.0)
            return Fetched(url=spec.url, status=200, body=rss(item(1)))

    with open_archive(url) as archive:
        archive.feeds.sync(specs, clock.now())
        collector = Collector(specs, archive.feeds, Uneven(), InlineParser(), clock, CollectSettings(), SilentLog())

        async def main() -> None:
            polling = asyncio.create_task(collector.poll())
            await asyncio.sleep(1.0)
            for _ in range(20):
                await asyncio.sleep(0)
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
            assert polling.cancelled()
            states = {state.feed_id: state for state in archive.feeds.states()}
            assert [name for name in sorted(states) if states[name].entries] == ["f0", "f1"]

        virtual.run(clock, main())


def _last_good(tmp_path: Path, hanging: int) -> float:
    """Seconds until the last of the feeds that answer is stored, with so many of 1,000 that say nothing."""
    clock = FakeClock()
    url = f"sqlite:///{tmp_path / f'{hanging}.db'}"
    upgrade(url)
    settings = CollectSettings()
    specs = [FeedSpec(id=f"f{n}", url=f"https://h{n}.test/", name="F") for n in range(1000)]
    done: dict[str, float] = {}

    class Mixed:
        async def fetch(self, spec: FeedSpec, state: FeedState, *, full: bool = False) -> NotModified:
            number = int(spec.id[1:])
            if hanging and number % (1000 // hanging) == 0:
                await asyncio.sleep(settings.total_timeout)
                raise FetchError(f"{spec.url}: timed out", kind="timeout")
            await asyncio.sleep(0.2)
            return NotModified(url=spec.url)

    with open_archive(url) as archive:
        archive.feeds.sync(specs, clock.now())
        collector = Collector(specs, archive.feeds, Mixed(), InlineParser(), clock, settings, SilentLog())

        async def main() -> None:
            report = await collector.poll(
                on_progress=lambda _, total, feed, result: (
                    done.__setitem__(feed, clock.monotonic() - 1000.0) if result == "not-modified" else None
                )
            )
            assert (report.not_modified, report.failed) == (1000 - hanging, hanging)

        virtual.run(clock, main())
    return max(done.values())


def test_two_hundred_silent_servers_do_not_make_eight_hundred_others_late(tmp_path: Path) -> None:
    alone, among = _last_good(tmp_path, 0), _last_good(tmp_path, 200)
    assert among < 1.5 * alone


class Feeds:
    """A FeedStore in memory, whose disk may be full."""

    def __init__(self, specs: Sequence[FeedSpec]) -> None:
        self._states = [FeedState(feed_id=spec.id, url=spec.url) for spec in specs]
        self.full = False
        self.stored: list[PollOutcome] = []

    def due(self, *_: object, **__: object) -> list[FeedState]:
        return self._states

    def states(self) -> list[FeedState]:
        return self._states

    def sync(self, *_: object, **__: object) -> None: ...

    def next_due(self) -> None: ...

    def host_pauses(self, *_: object, **__: object) -> dict[str, datetime]:
        return {}

    def known(self, *_: object, **__: object) -> dict[str, list[KnownEntry]]:
        return {}

    def store(self, outcomes: Sequence[PollOutcome]) -> list[int]:
        if self.full:
            raise ArchiveError("the disk is full")
        self.stored += outcomes
        return []


def test_rounds_that_could_not_be_stored_hold_nothing_against_the_next() -> None:
    clock = FakeClock()
    specs = [FeedSpec(id=f"f{n}", url=f"https://h{n}.test/", name="F") for n in range(6)]
    large = rss(item(1)) + b" " * 9_000_000
    store = Feeds(specs)

    class Large:
        async def fetch(self, spec: FeedSpec, state: FeedState, *, full: bool = False) -> Fetched:
            return Fetched(url=spec.url, status=200, body=large)

    async def main() -> None:
        collector = Collector(specs, store, Large(), InlineParser(), clock, CollectSettings(), SilentLog())
        store.full = True
        with pytest.raises(ArchiveError):
            await collector.poll()
        store.full = False
        async with asyncio.timeout(600):
            assert (await collector.poll()).polled == 6

    virtual.run(clock, main())


def test_a_crowded_host_that_never_answers_does_not_hold_the_round_up() -> None:
    clock, settings = FakeClock(), CollectSettings()
    specs = [FeedSpec(id=f"dead{n:02}", url=f"https://dead.test/{n}", name="F") for n in range(20)]
    specs.append(FeedSpec(id="good", url="https://good.test/feed", name="Good"))
    gates = HostGates(settings.host_gap, clock)

    class Dead:
        async def fetch(self, spec: FeedSpec, state: FeedState, *, full: bool = False) -> NotModified:
            if spec.id != "good":
                async with gates.turn("dead.test"):
                    await asyncio.sleep(settings.total_timeout)
                raise FetchError(f"{spec.url}: timed out", kind="timeout")
            return NotModified(url=spec.url)

    async def main() -> None:
        store = Feeds(specs)
        collector = Collector(specs, store, Dead(), InlineParser(), clock, settings, SilentLog(), gates=gates)
        report = await collector.poll()
        assert report.not_modified == 1 and report.failed in (2, 3) and report.failed + report.deferred == 20
        assert report.seconds < settings.round_seconds + settings.total_timeout + 3 * settings.host_gap
        # those that were left stay due; what a person asks for is done to its end
        assert len(store.stored) == 1 + report.failed
        everything = await collector.poll(force=True)
        assert (everything.failed, everything.deferred) == (20, 0)

    virtual.run(clock, main())


@pytest.mark.parametrize("kind", ["refused-address", "tls"])
def test_a_captive_portal_is_our_own_outage(kind: str) -> None:
    """It gives its own address for every name, and its own certificate."""
    clock = FakeClock()
    specs = [FeedSpec(id=f"f{n}", url=f"https://h{n}.test/", name="F") for n in range(5)]

    class Portal:
        open = False

        async def fetch(self, spec: FeedSpec, state: FeedState, *, full: bool = False) -> NotModified:
            if self.open and spec.id == "f0":
                return NotModified(url=spec.url)
            raise FetchError(f"{spec.url}: {kind}", kind=kind)

    async def main() -> None:
        portal = Portal()
        collector = Collector(specs, Feeds(specs), portal, InlineParser(), clock, CollectSettings(), SilentLog())
        shut = await collector.poll()
        assert (shut.outage, shut.failed) == (5, 0) and collector.outage_since is not None
        # once anything answers, it is each feed's own
        portal.open = True
        opened = await collector.poll()
        assert (opened.outage, opened.failed) == (0, 4) and collector.outage_since is None

    virtual.run(clock, main())
