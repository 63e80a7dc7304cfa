"""Rounds of polling inside one process, as a running daemon pays them; run by poll.py."""

from __future__ import annotations

import asyncio
import cProfile
import ipaddress
import pstats
import resource
import tempfile
import time
from contextlib import nullcontext
from multiprocessing.synchronize import Event

from feedserver import address

from monitor.archive import open_archive, upgrade
from monitor.clock import SystemClock
from monitor.collect import Collector
from monitor.feeds.fetch import HttpFetcher
from monitor.feeds.hosts import HostGates
from monitor.feeds.settings import CollectSettings
from monitor.feeds.worker import WorkerPool
from monitor.guard import Guard, guarded_session
from monitor.testing import SilentLog
from monitor.types import FeedSpec


def rounds(port: int, tick: Event, feeds: int, *, profiled: bool = False) -> None:
    """Prints each round's cost."""
    asyncio.run(_rounds(port, tick, feeds, profiled))


async def _rounds(port: int, tick: Event, feeds: int, profiled: bool) -> None:
    settings = CollectSettings()
    clock, guard = SystemClock(), Guard([ipaddress.ip_network("127.0.0.0/8")])
    gates, pool = HostGates(settings.host_gap, clock), WorkerPool(settings)
    specs = [FeedSpec(id=f"f{n}", url=address(n, port), name=f"F{n}") for n in range(feeds)]
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        upgrade(url)
        with open_archive(url) as archive:
            archive.feeds.sync(specs, clock.now())
            async with guarded_session(guard, total=None, auto_decompress=False, connections=0) as session:
                fetcher = HttpFetcher(session, guard, gates, settings, clock)
                collector = Collector(specs, archive.feeds, fetcher, pool, clock, settings, SilentLog(), gates=gates)
                for name in ("cold", "unchanged", "one in ten"):
                    if name == "one in ten":
                        tick.set()
                    await asyncio.sleep(settings.host_gap)
                    await _round(name, collector, profiled)
            await pool.close()


async def _round(name: str, collector: Collector, profiled: bool) -> None:
    profile = cProfile.Profile() if profiled else None
    began, used = time.perf_counter(), time.process_time()
    with profile or nullcontext():
        report = await collector.poll(force=True)
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
    print(
        f"{name:12} {wall:6.2f} s  {cpu:6.2f} s CPU  {report.polled} polled  {report.new} new  "
        f"{report.not_modified} not modified  {report.failed} failed  {peak} MB peak"
    )
    if profile is not None:
        # of the event loop's thread; the writer's is not in it
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
