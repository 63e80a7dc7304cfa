"""Rounds of polling against a loopback server: cold, all unchanged, one feed in ten with one new item.

    python benchmarks/poll.py [--feeds 1000] [--items 30] [--workers 2]

Each feed has a loopback address of its own (so no host's gap counts), the server is a process of its own. Guard,
identity, full-text index and SQLite are on, classification is off. Prints seconds and feeds a second for each round
inside one process (what a running daemon pays), and the process's peak memory.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from multiprocessing.synchronize import Event

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

WORDS = "model company raised million funding round lab open weights launch partner cloud chip agent".split()


def document(number: int, items: int, more: int) -> bytes:
    rng = random.Random(number)
    out = []
    for n in range(items):
        title, text = (" ".join(rng.choices(WORDS, k=k)) for k in (9, 110))
        out.append((title, text, n))
    out = [
        (" ".join(random.Random(number * 7 + m).choices(WORDS, k=9)), "New words.", -m) for m in range(1, more + 1)
    ] + out
    body = "".join(
        f"<item><title>{title}</title><link>https://s{number}.example.com/{n}</link>"
        f"<guid>https://s{number}.example.com/{n}</guid>"
        f"<pubDate>Mon, 26 Feb 2024 08:{n % 60:02d}:00 GMT</pubDate>"
        f"<description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
        for title, text, n in out
    )
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return f'{head}<rss version="2.0"><channel><title>S{number}</title>{body}</channel></rss>'.encode()


def serve(port: multiprocessing.Queue[int], tick: Event, feeds: int, items: int) -> None:
    old = [document(n, items, 0) for n in range(feeds)]
    new = {n: document(n, items, 1) for n in range(0, feeds, 10)}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            number = int(head[5 : head.index(b" ", 5)])
            changed = tick.is_set() and number in new
            tag = b'"%d-%d"' % (number, changed)
            if b"If-None-Match: " + tag in head:
                writer.write(b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\nConnection: close\r\n\r\n")
            else:
                body = new[number] if changed else old[number]
                writer.write(
                    b"HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (tag, len(body))
                )
                writer.write(body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def main() -> None:
        listener = await asyncio.start_server(answer, "0.0.0.0", 0, backlog=2048)
        port.put(listener.sockets[0].getsockname()[1])
        await listener.serve_forever()

    asyncio.run(main())


async def rounds(port: int, tick: Event, feeds: int, workers: int) -> None:
    settings = CollectSettings(workers=workers)
    clock, guard = SystemClock(), Guard([ipaddress.ip_network("127.0.0.0/8")])
    gates, pool = HostGates(settings.host_gap, clock), WorkerPool(settings)
    specs = [
        FeedSpec(
            id=f"f{n}", url=f"http://127.{10 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}:{port}/{n}", name=f"F{n}"
        )
        for n in range(feeds)
    ]
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
                    began, used = time.perf_counter(), time.process_time()
                    report = await collector.poll(force=True)
                    wall, cpu = time.perf_counter() - began, time.process_time() - used
                    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
                    print(
                        f"{name:12} {wall:6.2f} s  {cpu:6.2f} s CPU  {report.polled} polled  {report.new} new  "
                        f"{report.not_modified} not modified  {report.failed} failed  {peak} MB peak"
                    )
            await pool.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--items", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    port: multiprocessing.Queue[int] = context.Queue()
    tick = context.Event()
    server = context.Process(target=serve, args=(port, tick, options.feeds, options.items), daemon=True)
    server.start()
    try:
        asyncio.run(rounds(port.get(timeout=60), tick, options.feeds, options.workers))
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
