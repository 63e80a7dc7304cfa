"""One process that reads documents, and its pipe, seen from our side; its own side is child.py."""

from __future__ import annotations

import asyncio
import marshal
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monitor.feeds.frames import LENGTH, MAX_FRAME
from monitor.feeds.settings import CollectSettings
from monitor.types import Fetched


class Process:
    """One child and its pipe. Raises OSError where it cannot be started; `python` is what runs it."""

    def __init__(self, settings: CollectSettings, *, python: str = sys.executable) -> None:
        #: handed over since it was started
        self.documents = 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._socket, theirs = socket.socketpair()
        limits = (settings.cpu_seconds, settings.memory_mb, settings.max_entries)
        arguments = [str(n) for n in (theirs.fileno(), *limits, settings.title_chars, settings.summary_chars)]
        root = str(Path(__file__).resolve().parent.parent.parent)
        # nothing of our environment: no secret is where hostile documents are read
        environment = {"PATH": os.defpath, "PYTHONPATH": root, "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"}
        with theirs:
            try:
                self.child = subprocess.Popen(  # noqa: S603 - ourselves
                    [python, "-c", "import sys; from monitor.feeds.child import main; main(sys.argv[1:])", *arguments],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=environment,
                    cwd="/",
                )
            except BaseException:
                self._socket.close()
                raise

    async def ready(self) -> None:
        """Until the child has begun and waits for documents. Raises EOFError, OSError where it ends before."""
        self._reader, self._writer = await asyncio.open_connection(sock=self._socket, limit=1 << 20)
        await self._reader.readexactly(LENGTH.size)

    async def send(self, documents: Sequence[Fetched]) -> None:
        """Hands a batch over. Raises OSError."""
        assert self._writer is not None
        data = marshal.dumps([(d.body, d.url, d.content_type, d.truncated) for d in documents])
        self._writer.write(LENGTH.pack(len(data)))
        self._writer.write(data)
        self.documents += len(documents)

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


__all__ = ["Process"]
