"""How the daemon is: what troubles it has, and three pages that say so on loopback.

``/healthz`` the process answers; ``/readyz`` it can do its work (503 and the reasons, where not); ``/metrics`` for
Prometheus. A small server of our own: a web framework would cost more memory than the scheduler.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from monitor.errors import Unavailable

#: troubles that keep the daemon from its work; others (a broken model, no network) are shown and wait
BLOCKING = frozenset({"database", "disk", "ticks", "collect", "deliver"})
#: share of the disk that must be free
LEAST_FREE = 0.05
LEAST_FREE_BYTES = 200_000_000

Response = tuple[int, str, bytes]
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 400: "Bad Request", 503: "Service Unavailable"}
_TEXT = "text/plain; charset=utf-8"


class Troubles:
    """What is wrong now, by kind. Tells each once when it begins and once when it is over."""

    def __init__(self) -> None:
        self._now: dict[str, str] = {}

    def replace(self, kinds: frozenset[str], found: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Sets the troubles of these kinds. Returns what is new, in words, and what is over."""
        begun = {kind: words for kind, words in found.items() if kind in kinds and kind not in self._now}
        over = {kind: words for kind, words in self._now.items() if kind in kinds and kind not in found}
        self._now = {kind: words for kind, words in self._now.items() if kind not in kinds}
        self._now.update({kind: words for kind, words in found.items() if kind in kinds})
        return begun, over

    @property
    def now(self) -> Mapping[str, str]:
        """Kind to words."""
        return dict(self._now)

    @property
    def blocking(self) -> Mapping[str, str]:
        """Those that keep the daemon from its work."""
        return {kind: words for kind, words in self._now.items() if kind in BLOCKING}


def disk_trouble(folder: Path) -> str | None:
    """Words when the state folder's disk is nearly full."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        return f"{folder}: {error.strerror or error}"
    if usage.free >= LEAST_FREE_BYTES or usage.free / usage.total >= LEAST_FREE:
        return None
    return f"{folder}: only {usage.free // 1_000_000} MB free; make room, or move the state folder (MONITOR_HOME)"


class HealthServer:
    """Answers GET on one port. pages: path to a function that gives status, content type and body."""

    #: seconds and bytes for a request, and how many at once: a slow or hostile asker costs next to nothing
    TIMEOUT = 5.0
    MAX_REQUEST = 8192
    MAX_CONNECTIONS = 32

    def __init__(self, host: str, port: int, pages: Mapping[str, Callable[[], Response]]) -> None:
        self._host = host
        self._port = port
        self._pages = pages
        self._server: asyncio.Server | None = None
        #: askers being answered
        self.open = 0

    async def start(self) -> str:
        """Listens; returns ``host:port``. Raises Unavailable where the port is taken or not ours to take."""
        try:
            self._server = await asyncio.start_server(self._answer, self._host, self._port, limit=self.MAX_REQUEST)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            cause = "is in use" if taken else f"cannot be opened ({error.strerror or error})"
            raise Unavailable(
                f"health port {self._host}:{self._port} {cause}; "
                "set settings.health.port to another one, to 0 for any, or settings.health.enabled to false"
            ) from error
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    async def stop(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            if self.open <= self.MAX_CONNECTIONS:
                async with asyncio.timeout(self.TIMEOUT):
                    writer.write(_encode(self._page(await reader.readuntil(b"\r\n\r\n"))))
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the asker's trouble, not ours
        finally:
            self.open -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _page(self, request: bytes) -> Response:
        words = request.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return 400, _TEXT, b"bad request\n"
        if words[0] not in (b"GET", b"HEAD"):
            return 405, _TEXT, b"only GET\n"
        page = self._pages.get(words[1].split(b"?")[0].decode("latin-1"))
        if page is None:
            return 404, _TEXT, f"try {', '.join(self._pages)}\n".encode()
        status, kind, body = page()
        return status, kind, b"" if words[0] == b"HEAD" else body


def _encode(response: Response) -> bytes:
    status, kind, body = response
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


def text_page(status: int, lines: list[str]) -> Response:
    """A page of plain lines."""
    return status, _TEXT, "".join(f"{line}\n" for line in lines).encode()
