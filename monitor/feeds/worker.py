"""Processes that read documents, started when needed, replaced when one dies.

`WorkerPool` is a Parser (see protocols.py). Documents that wait are handed over in batches. When a worker dies, the
document it was reading gets a named error, and the others go to the next worker. Whatever happens to a worker, each
document gets an answer. One process is process.py, its own side child.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from monitor.errors import ParseError
from monitor.feeds.frames import unpack
from monitor.feeds.process import Process
from monitor.feeds.settings import CollectSettings
from monitor.types import Fetched, ParsedFeed

_BATCH = 16
_BATCH_BYTES = 1_000_000


@dataclass(slots=True, eq=False)
class _Job:
    fetched: Fetched
    feed_id: str
    answer: asyncio.Future[ParsedFeed]


class WorkerPool:
    """Reads documents in up to `settings.workers` processes, started when needed and ended when idle.

    `start` makes one; a test passes its own.
    """

    def __init__(self, settings: CollectSettings, *, start: Callable[[CollectSettings], Process] = Process) -> None:
        self._settings = settings
        self._start = start
        self._jobs: deque[_Job] = deque()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[int | None]] = set()
        #: workers that take documents, and how many of them wait for one; a worker that ends is neither
        self._working = 0
        self._idle = 0
        self._closed = False
        #: workers that died or were killed over a document
        self.killed = 0

    @property
    def processes(self) -> int:
        """Workers alive now."""
        return len(self._tasks)

    async def parse(self, fetched: Fetched, *, feed_id: str) -> ParsedFeed:
        """The document's entries. Raises ParseError."""
        if self._closed:
            raise ParseError("the reader is closed", feed_id=feed_id, kind="crashed")
        job = _Job(fetched, feed_id, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        self._wake.set()
        if not self._idle and self._working < self._settings.workers:
            self._begin()
        return await job.answer

    async def close(self) -> None:
        """Ends all workers; documents that wait get an error."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*self._closing, return_exceptions=True)
        for job in self._jobs:
            _fail(job, ParseError("the reader was closed", feed_id=job.feed_id, kind="crashed"))
        self._jobs.clear()

    def _begin(self) -> None:
        self._working += 1
        task = asyncio.create_task(self._work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        """Takes documents until none comes for long."""
        process: Process | None = None
        batch: list[_Job] = []
        words = "the reader was closed"
        try:
            while await self._wait_for_jobs():
                batch = self._take()
                while batch:
                    if process is None:
                        process = await self._started()
                    process, batch = await self._read(process, batch)
                if process is not None and process.documents >= self._settings.documents_per_worker:
                    await process.close()
                    process = None
        except Exception as error:  # noqa: BLE001 - no memory, no descriptor, a bug: nobody waits for ever
            words = f"no worker could read it ({type(error).__name__}: {error})"
        finally:
            for job in batch:
                _fail(job, ParseError(words, feed_id=job.feed_id, kind="crashed"))
            # closing takes time: what comes meanwhile, or waits already, is another worker's
            self._working -= 1
            if self._jobs and not self._closed:
                self._begin()
            if process is not None:
                await self._kill(process)

    async def _kill(self, process: Process) -> None:
        """Goes on where the worker is cancelled; `close` waits for it."""
        closing = asyncio.create_task(process.close(kill=True))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        await asyncio.shield(closing)

    async def _started(self) -> Process:
        """A process that has begun; on a busy machine that takes long, which is no document's fault."""
        process = self._start(self._settings)
        try:
            async with asyncio.timeout(self._settings.start_seconds):
                await process.ready()
        except (TimeoutError, EOFError, OSError) as error:
            status = await process.close(kill=isinstance(error, TimeoutError))
            raise OSError(f"a worker did not begin: {_end_of(status)}") from error
        except BaseException:
            await self._kill(process)
            raise
        return process

    async def _wait_for_jobs(self) -> bool:
        """False: nothing came for so long that the worker may end."""
        while not self._jobs:
            self._wake.clear()
            self._idle += 1
            try:
                async with asyncio.timeout(self._settings.worker_idle):
                    await self._wake.wait()
            except TimeoutError:
                return bool(self._jobs)
            finally:
                self._idle -= 1
        return True

    def _take(self) -> list[_Job]:
        batch: list[_Job] = []
        size = 0
        while self._jobs and len(batch) < _BATCH and size < _BATCH_BYTES:
            job = self._jobs.popleft()
            if not job.answer.done():
                batch.append(job)
                size += len(job.fetched.body)
        return batch

    async def _read(self, process: Process, batch: list[_Job]) -> tuple[Process | None, list[_Job]]:
        """Answers what can be answered; gives back the process if it lives, and what is left to be read."""
        done = 0
        try:
            # a timeout here: a child that is stuck does not read either
            async with asyncio.timeout(self._settings.wall_seconds):
                await process.send([job.fetched for job in batch])
            for job in batch:
                async with asyncio.timeout(self._settings.wall_seconds):
                    good, answer = await process.receive()
                done += 1
                if job.answer.done():
                    continue
                if good:
                    job.answer.set_result(unpack(answer))
                else:
                    _fail(job, ParseError(answer[0], feed_id=job.feed_id, kind=answer[1]))
        except (TimeoutError, EOFError, OSError, ValueError) as error:
            status = await process.close(kill=isinstance(error, TimeoutError))
            self.killed += 1
            _fail(batch[done], self._death(batch[done], status, isinstance(error, TimeoutError)))
            return None, batch[done + 1 :]
        return process, []

    def _death(self, job: _Job, status: int | None, timed_out: bool) -> ParseError:
        if timed_out or status == -signal.SIGXCPU:
            limit = self._settings.wall_seconds if timed_out else float(self._settings.cpu_seconds)
            words = f"reading it took more than {limit:.0f} s"
            return ParseError(words, feed_id=job.feed_id, kind="too-slow")
        return ParseError(f"its reader was ended by {_end_of(status)}", feed_id=job.feed_id, kind="crashed")


def _end_of(status: int | None) -> str:
    """What ended a process, in words."""
    with contextlib.suppress(ValueError):
        return signal.Signals(-(status or 0)).name
    return f"signal {-status}" if status is not None and status < 0 else f"status {status}"


def _fail(job: _Job, error: ParseError) -> None:
    if not job.answer.done():
        job.answer.set_exception(error)
        job.answer.exception()  # a caller that was cancelled does not ask


__all__ = ["WorkerPool"]
