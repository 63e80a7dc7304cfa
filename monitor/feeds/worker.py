"""Processes that read documents, started when needed, replaced when one dies.

`WorkerPool` is a Parser (see protocols.py). Documents that wait are handed over in batches. When a worker dies, the
document it was reading gets a named error, and the others go to the next worker. The process's own side is child.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import marshal
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.errors import ParseError
from monitor.feeds.frames import LENGTH, MAX_FRAME, unpack
from monitor.feeds.settings import CollectSettings
from monitor.types import Fetched, ParsedFeed

_BATCH = 16
_BATCH_BYTES = 1_000_000


@dataclass(slots=True, eq=False)
class _Job:
    fetched: Fetched
    feed_id: str
    answer: asyncio.Future[ParsedFeed]


class _Process:
    """One child and its pipe."""

    def __init__(self, settings: CollectSettings) -> None:
        ours, theirs = socket.socketpair()
        limits = (settings.cpu_seconds, settings.memory_mb, settings.max_entries)
        arguments = [str(n) for n in (theirs.fileno(), *limits, settings.title_chars, settings.summary_chars)]
        root = str(Path(__file__).resolve().parent.parent.parent)
        self._socket = ours
        # nothing of our environment: no secret is where hostile documents are read
        environment = {"PATH": os.defpath, "PYTHONPATH": root, "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"}
        with theirs:
            self.child = subprocess.Popen(  # noqa: S603 - ourselves
                [
                    sys.executable,
                    "-c",
                    "import sys; from monitor.feeds.child import main; main(sys.argv[1:])",
                    *arguments,
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd="/",
            )
        self.documents = 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, jobs: list[_Job]) -> None:
        """Hands a batch over. Raises OSError."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(sock=self._socket, limit=1 << 20)
        batch = [(j.fetched.body, j.fetched.url, j.fetched.content_type, j.fetched.truncated) for j in jobs]
        data = marshal.dumps(batch)
        self._writer.write(LENGTH.pack(len(data)))
        self._writer.write(data)
        self.documents += len(jobs)

    async def receive(self) -> tuple[bool, Any]:
        """The next document's answer. Raises EOFError, OSError when the child is gone."""
        assert self._reader is not None
        (length,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
        if length > MAX_FRAME:
            raise EOFError("an answer without end")
        answer: tuple[bool, Any] = marshal.loads(await self._reader.readexactly(length))  # noqa: S302 - tuples only
        return answer

    async def close(self, *, kill: bool = False) -> int | None:
        """Ends the child and gives its exit status (negative: the signal)."""
        if self._writer is not None:
            self._writer.close()
        else:
            self._socket.close()
        if kill:
            self.child.kill()
        for _ in range(200):
            if self.child.poll() is not None:
                return self.child.returncode
            await asyncio.sleep(0.01)
        self.child.kill()
        return await asyncio.to_thread(self.child.wait)


class WorkerPool:
    """Reads documents in up to `settings.workers` processes, started when needed and ended when idle."""

    def __init__(self, settings: CollectSettings) -> None:
        self._settings = settings
        self._jobs: deque[_Job] = deque()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
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
        if not self._idle and len(self._tasks) < self._settings.workers:
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await job.answer

    async def close(self) -> None:
        """Ends all workers; documents that wait get an error."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for job in self._jobs:
            _fail(job, ParseError("the reader was closed", feed_id=job.feed_id, kind="crashed"))
        self._jobs.clear()

    async def _work(self) -> None:
        process: _Process | None = None
        try:
            while await self._wait_for_jobs():
                batch = self._take()
                while batch:
                    if process is None:
                        process = _Process(self._settings)
                    process, batch = await self._read(process, batch)
                if process is not None and process.documents >= self._settings.documents_per_worker:
                    await process.close()
                    process = None
        finally:
            if process is not None:
                await asyncio.shield(process.close(kill=True))

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

    async def _read(self, process: _Process, batch: list[_Job]) -> tuple[_Process | None, list[_Job]]:
        """Answers what can be answered; gives back the process if it lives, and what is left to be read."""
        done = 0
        try:
            # a timeout here: a child that is stuck does not read either
            async with asyncio.timeout(self._settings.wall_seconds):
                await process.send(batch)
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
        except asyncio.CancelledError:
            for job in batch[done:]:
                _fail(job, ParseError("the reader was closed", feed_id=job.feed_id, kind="crashed"))
            raise
        return process, []

    def _death(self, job: _Job, status: int | None, timed_out: bool) -> ParseError:
        if timed_out or status == -signal.SIGXCPU:
            limit = self._settings.wall_seconds if timed_out else float(self._settings.cpu_seconds)
            words = f"reading it took more than {limit:.0f} s"
            return ParseError(words, feed_id=job.feed_id, kind="too-slow")
        name = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
        with contextlib.suppress(ValueError):
            name = signal.Signals(-(status or 0)).name
        return ParseError(f"its reader was ended by {name}", feed_id=job.feed_id, kind="crashed")


def _fail(job: _Job, error: ParseError) -> None:
    if not job.answer.done():
        job.answer.set_exception(error)
        job.answer.exception()  # a caller that was cancelled does not ask


__all__ = ["WorkerPool"]
