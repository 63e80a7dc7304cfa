"""A week of polling in a few minutes: the real pipeline on a real archive, against a world with a clock of its own.

    python -m tests.collect.week [--days 7] [--feeds 400] [--domains 60] [--seed 1]

prints how polite it was from the servers' side, how soon news was in the archive, and what a poller that asks every
feed once an hour would have done in the same world.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import aiohttp
import sqlalchemy as sa

from monitor.archive import Archive, open_archive, upgrade
from monitor.archive.tables import entries as entries_table
from monitor.collect import Collector
from monitor.feeds.fetch import HttpFetcher
from monitor.feeds.hosts import HostGates
from monitor.feeds.parse import parse
from monitor.feeds.settings import CollectSettings
from monitor.guard import Guard
from monitor.testing import FakeClock, SilentLog
from monitor.types import FeedSpec, Fetched, ParsedFeed
from tests.collect import virtual
from tests.collect.world import DAY, HOUR, World, when

#: the daemon's
TICK = 15.0


class InlineParser:
    """Reads at once, in this process: the documents are our own."""

    async def parse(self, fetched: Fetched, *, feed_id: str) -> ParsedFeed:
        return parse(fetched.body, url=fetched.url, content_type=fetched.content_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a week came to."""

    requests: int
    refused: int
    too_close: float
    soonest_feed: float
    broken: tuple[str, ...]
    #: seconds from publication to the archive, of entries that came while it ran
    delays: tuple[float, ...]
    #: entries that were out of their document before anybody asked, and those of them whose feed knows of a gap
    missed: int
    missed_and_known: int
    #: the most requests in any minute
    busiest: int
    #: of a poller that asks each feed once an hour, whatever anybody says
    hourly_requests: int
    hourly_refused: int
    hourly_delays: tuple[float, ...]
    hourly_missed: int
    errors: tuple[str, ...]
    statuses: Counter[int]
    failures: float


def simulate(
    folder: Path, *, days: float, feeds: int, domains: int, seed: int, outage: bool = True, sleep: bool = True
) -> Outcome:
    """Runs the world for `days`."""
    clock = FakeClock()
    world = World(clock, seed=seed, feeds=feeds, domains=domains, days=days)
    if outage:
        world.outages.append((days * DAY * 0.3, days * DAY * (0.3 + 0.012)))
    asleep = (days * DAY * 0.6, days * DAY * (0.6 + 0.042)) if sleep else (-1.0, -1.0)
    url = f"sqlite:///{folder / 'week.db'}"
    upgrade(url)
    log = SilentLog()
    with open_archive(url) as archive:
        virtual.run(clock, _live(world, archive, clock, log, asleep, random.Random(seed)))
        return _judge(world, archive, log, asleep, url)


async def _live(
    world: World, archive: Archive, clock: FakeClock, log: SilentLog, asleep: tuple[float, float], rng: random.Random
) -> None:
    settings = CollectSettings()
    gates = HostGates(settings.host_gap, clock)
    fetcher = HttpFetcher(cast("aiohttp.ClientSession", world), Guard(), gates, settings, clock)
    specs = [FeedSpec(id=feed.id, url=feed.url, name=feed.id) for feed in world.feeds.values()]
    archive.feeds.sync(specs, clock.now())
    collector = Collector(specs, archive.feeds, fetcher, InlineParser(), clock, settings, log, gates=gates, rng=rng)
    end = world.days * DAY
    while world.now() < end:
        begun = world.now()
        if asleep[0] <= begun < asleep[1]:
            clock.advance(asleep[1] - begun)
        await collector.poll()
        # ticks in which nothing is due do nothing; they are left out
        due = archive.feeds.next_due()
        wait = max(when(world, due) - world.now(), 0.0) if due is not None else TICK
        ticks = max(1, -int(-max(wait, world.now() - begun) // TICK))
        await asyncio.sleep(max(begun + ticks * TICK - world.now(), 0.1))


def _judge(world: World, archive: Archive, log: SilentLog, asleep: tuple[float, float], url: str) -> Outcome:
    by_host: dict[str, list[Any]] = defaultdict(list)
    by_feed: dict[str, list[float]] = defaultdict(list)
    for seen in world.seen:
        by_host[seen.host].append(seen)
        by_feed[seen.host + seen.path].append(seen.begin)
    gaps = [b.begin - a.end for rows in by_host.values() for a, b in pairwise(sorted(rows, key=lambda s: s.begin))]
    again = [b - a for times in by_feed.values() for a, b in pairwise(sorted(times))]
    first, last = 0.15 * world.days * DAY, 0.9 * world.days * DAY
    arrived = _arrivals(world, url)
    states = {state.feed_id: state for state in archive.feeds.states()}
    delays, missed, known = [], 0, 0
    for feed in world.feeds.values():
        read_since = states[feed.id].baseline_at
        begun = max(first, when(world, read_since)) if read_since is not None else last
        for number, at in enumerate(feed.published):
            if not begun <= at < last:
                continue
            came = arrived.get((feed.id, number))
            if came is not None:
                delays.append(came - at)
            elif feed.visible(world.now()).start > number:
                missed += 1
                known += bool(states[feed.id].gaps)
    hourly = _hourly(world, asleep, first, last)
    minutes = Counter(int(seen.begin // 60) for seen in world.seen if seen.begin > HOUR)
    return Outcome(
        requests=len(world.seen),
        refused=sum(seen.status in (403, 429, 503) for seen in world.seen),
        too_close=min(gaps),
        soonest_feed=min(again),
        broken=tuple(world.broken),
        delays=tuple(delays),
        missed=missed,
        missed_and_known=known,
        busiest=max(minutes.values()),
        errors=tuple(event for level, event, _ in log.lines if level == "error"),
        statuses=Counter(seen.status for seen in world.seen),
        failures=max(state.failures for state in states.values()),
        **hourly,
    )


def _arrivals(world: World, url: str) -> dict[tuple[str, int], float]:
    engine = sa.create_engine(url)
    query = sa.select(entries_table.c.feed_id, entries_table.c.guid, entries_table.c.first_seen_at)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    engine.dispose()
    return {(row.feed_id, int(row.guid.rpartition("-")[2])): when(world, row.first_seen_at) for row in rows}


def _hourly(world: World, asleep: tuple[float, float], first: float, last: float) -> dict[str, Any]:
    """Another poller in the same world: each feed once an hour at a minute of its own, redirects followed."""
    polls = sorted(
        (minute + hour * HOUR, feed.id)
        for feed in world.feeds.values()
        for minute in [world.rng.uniform(0, HOUR)]
        for hour in range(int(world.days * 24))
    )
    for host in world.hosts.values():
        host.asked.clear()
    requests = refused = missed = 0
    delays: list[float] = []
    reached = {feed.id: 0 for feed in world.feeds.values()}
    for at, feed_id in polls:
        if world.is_out(at) or asleep[0] <= at < asleep[1]:
            continue
        feed = world.feeds[feed_id]
        status, extra, _ = world.answer(feed.url, {}, at)
        requests += 1
        if status == 301:
            status, extra, _ = world.answer(extra["Location"], {}, at)
            requests += 1
        if status != 200:
            refused += 1
            continue
        shown = feed.visible(at)
        missed += sum(first <= feed.published[n] < last for n in range(reached[feed_id], shown.start))
        new = range(max(reached[feed_id], shown.start), shown.stop)
        delays += [at - feed.published[n] for n in new if first <= feed.published[n] < last]
        reached[feed_id] = shown.stop
    return {
        "hourly_requests": requests,
        "hourly_refused": refused,
        "hourly_delays": tuple(delays),
        "hourly_missed": missed,
    }


def table(outcome: Outcome) -> str:
    """The figures side by side."""
    ours, theirs = outcome.delays, outcome.hourly_delays
    rows = [
        ("", "monitor", "every hour"),
        ("requests", f"{outcome.requests:,}", f"{outcome.hourly_requests:,}"),
        ("refused (403, 429, 503)", f"{outcome.refused:,}", f"{outcome.hourly_refused:,}"),
        ("median delay", f"{statistics.median(ours) / 60:.1f} min", f"{statistics.median(theirs) / 60:.1f} min"),
        ("90 of 100 within", f"{_part(ours, 0.9) / 60:.0f} min", f"{_part(theirs, 0.9) / 60:.0f} min"),
        ("entries that came", f"{len(ours):,}", f"{len(theirs):,}"),
        ("entries missed", f"{outcome.missed} ({outcome.missed_and_known} told)", f"{outcome.hourly_missed}"),
        ("least gap at one domain", f"{outcome.too_close:.2f} s", ""),
        ("least gap of one feed", f"{outcome.soonest_feed:.0f} s", ""),
        ("broken promises", f"{len(outcome.broken)}", ""),
        ("most requests in a minute", f"{outcome.busiest}", ""),
        ("answers", ", ".join(f"{n} x {status}" for status, n in sorted(outcome.statuses.items())), ""),
    ]
    return "\n".join(f"{name:28}{ours:>22}  {theirs:>14}" for name, ours, theirs in rows)


def _part(values: tuple[float, ...], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--feeds", type=int, default=400)
    parser.add_argument("--domains", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = simulate(Path(folder), **vars(options))
    print(table(outcome))
    for line in outcome.broken[:20]:
        print(line)
    for line in outcome.errors[:20]:
        print("error:", line)


if __name__ == "__main__":
    main()
