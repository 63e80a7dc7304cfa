"""How the daemon is: what troubles it has, and three pages that say so on loopback.

``/healthz`` the process answers; ``/readyz`` it can do its work (503 and the reasons, where not); ``/metrics`` for
Prometheus. A small server of our own: a web framework would cost more memory than the scheduler. Where a base_url is
configured, it also answers the links by which readers unsubscribe.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
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
#: of a page below a prefix: method and the rest of the path; may block, runs in a thread
Handler = Callable[[str, str], Response]
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
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
    """Answers on one port: GET for pages (path to a function that gives status, content type and body), GET and POST
    below the prefixes of `handlers`."""

    #: seconds and bytes for a request, and how many at once: a slow or hostile asker costs next to nothing
    TIMEOUT = 5.0
    MAX_REQUEST = 8192
    MAX_CONNECTIONS = 32

    def __init__(
        self,
        host: str,
        port: int,
        pages: Mapping[str, Callable[[], Response]],
        handlers: Mapping[str, Handler] | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._pages = pages
        self._handlers = dict(handlers or {})
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
                    writer.write(_encode(*await self._respond(reader)))
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the asker's trouble, not ours
        finally:
            self.open -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _respond(self, reader: asyncio.StreamReader) -> tuple[Response, bool]:
        """The answer, and whether it is without its body (HEAD)."""
        request = await reader.readuntil(b"\r\n\r\n")
        words = request.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return (400, _TEXT, b"bad request\n"), False
        method, path = words[0].decode("latin-1"), words[1].split(b"?")[0].decode("latin-1")
        prefix = next((known for known in self._handlers if path.startswith(known)), None)
        if prefix is None:
            return self._page(method, path), method == "HEAD"
        if method not in ("GET", "HEAD", "POST"):
            return (405, _TEXT, b"only GET and POST\n"), False
        length = _length(request)
        if not 0 <= length <= self.MAX_REQUEST:
            return (413, _TEXT, b"too much\n"), False
        # what it says is of no interest, but an answer before its end would be lost
        await reader.readexactly(length)
        asked = "GET" if method == "HEAD" else method
        return await asyncio.to_thread(self._handlers[prefix], asked, path[len(prefix) :]), method == "HEAD"

    def _page(self, method: str, path: str) -> Response:
        if method not in ("GET", "HEAD"):
            return 405, _TEXT, b"only GET\n"
        page = self._pages.get(path)
        if page is None:
            return 404, _TEXT, f"try {', '.join(self._pages)}\n".encode()
        return page()


def _length(request: bytes) -> int:
    """Content-Length; 0 where there is none, -1 for one that cannot be read and for bodies in chunks."""
    found = re.findall(rb"(?im)^(content-length|transfer-encoding):[ \t]*([^\r\n]*?)[ \t]*\r?$", request)
    if not found:
        return 0
    [(name, value), *more] = found
    return int(value) if name.lower() == b"content-length" and value.isdigit() and not more else -1


def _encode(response: Response, head_only: bool) -> bytes:
    status, kind, body = response
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
        "Content-Security-Policy: default-src 'none'; form-action 'self'; frame-ancestors 'none'\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + (b"" if head_only else body)


def text_page(status: int, lines: list[str]) -> Response:
    """A page of plain lines."""
    return status, _TEXT, "".join(f"{line}\n" for line in lines).encode()
