"""Worker processes: whatever a document does, the others are read."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from monitor.errors import ParseError
from monitor.feeds.settings import CollectSettings
from monitor.feeds.worker import WorkerPool
from monitor.types import Fetched, ParsedFeed
from tests.feeds.server import item, rss

GOOD = rss(*(item(n) for n in range(3)))
# broken, so that feedparser reads it, and large, so that it takes many seconds
SLOW = b"<rss version='2.0'><channel>" + b"<item><title>&nbsp;a<b>" * 60_000 + b"</title></item></channel></rss>"


def fetched(body: bytes) -> Fetched:
    return Fetched(url="https://news.example/feed", status=200, body=body)


async def outcome(pool: WorkerPool, body: bytes, feed_id: str = "f") -> ParsedFeed | ParseError:
    try:
        return await pool.parse(fetched(body), feed_id=feed_id)
    except ParseError as error:
        return error


def children() -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    )
    files = [Path("/proc") / pid / "cmdline" for pid in found.stdout.split()]
    return [int(file.parent.name) for file in files if file.exists() and b"feeds.child" in file.read_bytes()]


def test_documents_are_read_and_bad_ones_named() -> None:
    async def main() -> None:
        pool = WorkerPool(CollectSettings(workers=2, documents_per_worker=5))
        bodies = [GOOD, b"", GOOD, b"<html>", GOOD] * 8
        found = await asyncio.gather(*(outcome(pool, body) for body in bodies))
        for body, result in zip(bodies, found, strict=True):
            if body == GOOD:
                assert isinstance(result, ParsedFeed) and len(result.entries) == 3
            else:
                assert isinstance(result, ParseError) and result.feed_id == "f"
        await pool.close()
        assert pool.processes == 0 and pool.killed == 0

    asyncio.run(main())


def test_a_slow_document_is_stopped_and_the_others_are_read() -> None:
    async def main() -> None:
        pool = WorkerPool(CollectSettings(workers=1, cpu_seconds=1, wall_seconds=30))
        found = await asyncio.gather(*(outcome(pool, body) for body in [GOOD, SLOW, GOOD, GOOD]))
        assert isinstance(found[1], ParseError) and found[1].kind == "too-slow", found[1]
        assert all(isinstance(found[n], ParsedFeed) for n in (0, 2, 3))
        assert pool.killed == 1
        await pool.close()

    asyncio.run(main())


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_a_killed_worker_costs_one_document() -> None:
    async def main() -> None:
        pool = WorkerPool(CollectSettings(workers=1, cpu_seconds=20))
        slow = asyncio.create_task(outcome(pool, SLOW))
        await outcome_started(pool)
        others = [asyncio.create_task(outcome(pool, GOOD)) for _ in range(5)]
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        first = await slow
        assert isinstance(first, ParseError) and first.kind == "crashed" and "SIGKILL" in str(first)
        assert all(isinstance(found, ParsedFeed) for found in await asyncio.gather(*others))
        await pool.close()

    async def outcome_started(pool: WorkerPool) -> None:
        while not children():
            await asyncio.sleep(0.01)

    asyncio.run(main())


def test_idle_workers_end() -> None:
    async def main() -> None:
        pool = WorkerPool(CollectSettings(worker_idle=0.05))
        assert isinstance(await outcome(pool, GOOD), ParsedFeed)
        async with asyncio.timeout(10):
            while pool.processes:
                await asyncio.sleep(0.01)
        assert isinstance(await outcome(pool, GOOD), ParsedFeed)
        await pool.close()
        assert isinstance(await outcome(pool, GOOD), ParseError)

    asyncio.run(main())
