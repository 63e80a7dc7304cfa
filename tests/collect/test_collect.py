"""A whole round: fetched, read, recognised, stored, on a real archive and a loopback server."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from monitor.archive import Archive, open_archive, upgrade
from monitor.clock import SystemClock
from monitor.collect import Collector
from monitor.feeds.fetch import HttpFetcher
from monitor.feeds.hosts import HostGates
from monitor.feeds.settings import CollectSettings
from monitor.feeds.worker import WorkerPool
from monitor.guard import Guard, guarded_session
from monitor.testing import SilentLog
from monitor.types import FeedSpec
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
