"""Worker processes: whatever a document does, the others are read."""

from __future__ import annotations

import asyncio
import errno
import functools
import gc
import os
import signal
import subprocess
import warnings
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import ParseError
from monitor.feeds.process import Process
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


def test_a_document_that_comes_while_the_last_worker_ends_is_read() -> None:
    async def main() -> None:
        closing, may_close = asyncio.Event(), asyncio.Event()

        class Lingering(Process):
            """Its end takes as long as the test likes."""

            async def close(self, *, kill: bool = False) -> int | None:
                closing.set()
                await may_close.wait()
                return await super().close(kill=kill)

        pool = WorkerPool(CollectSettings(workers=1, worker_idle=0.05), start=Lingering)
        assert isinstance(await outcome(pool, GOOD), ParsedFeed)
        await closing.wait()
        async with asyncio.timeout(60):
            assert isinstance(await outcome(pool, GOOD), ParsedFeed)
        may_close.set()
        await pool.close()

    asyncio.run(main())


def test_documents_of_a_worker_that_cannot_be_started_get_an_answer_and_the_others_are_read() -> None:
    async def main() -> None:
        starts = 0

        def start(settings: CollectSettings) -> Process:
            nonlocal starts
            starts += 1
            if starts == 1:
                raise OSError(errno.ENOMEM, "Cannot allocate memory")
            return Process(settings)

        pool = WorkerPool(CollectSettings(workers=1), start=start)
        async with asyncio.timeout(60):
            found = await asyncio.gather(*(outcome(pool, GOOD) for _ in range(20)))
        failed = [result for result in found if isinstance(result, ParseError)]
        assert 0 < len(failed) < 20 and {error.kind for error in failed} == {"crashed"}
        assert "Cannot allocate memory" in str(failed[0])
        await pool.close()

    asyncio.run(main())


def test_a_worker_that_answers_nonsense_leaves_nobody_waiting() -> None:
    async def main() -> None:
        class Babbling(Process):
            async def receive(self) -> tuple[bool, Any]:
                await super().receive()
                return True, None

        pool = WorkerPool(CollectSettings(workers=1), start=Babbling)
        async with asyncio.timeout(60):
            found = await asyncio.gather(*(outcome(pool, GOOD) for _ in range(3)))
        assert all(isinstance(result, ParseError) and result.kind == "crashed" for result in found)
        await pool.close()

    asyncio.run(main())


def test_a_worker_that_takes_too_long_to_begin_is_no_fault_of_a_document(tmp_path: Path) -> None:
    sleeping = tmp_path / "python"
    sleeping.write_text("#!/bin/sh\nexec sleep 600\n")
    sleeping.chmod(0o700)

    async def main() -> None:
        settings = CollectSettings(workers=1, start_seconds=0.2, wall_seconds=5.0)
        pool = WorkerPool(settings, start=functools.partial(Process, python=str(sleeping)))
        found = await outcome(pool, GOOD)
        assert isinstance(found, ParseError) and (found.kind, pool.killed) == ("crashed", 0), found
        assert "did not begin" in str(found)
        await pool.close()

    asyncio.run(main())


def test_a_process_that_cannot_be_started_leaves_no_socket_open() -> None:
    def start() -> str:
        try:
            Process(CollectSettings(), python="/nowhere/python")
        except OSError as error:
            return type(error).__name__
        return "started"

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert start() == "FileNotFoundError"
        gc.collect()
    assert [str(warning.message) for warning in told if warning.category is ResourceWarning] == []
