"""A feed server on loopback that does as it is told, good or bad. Each name gets an address of its own."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Behaviour = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Request:
    """What was asked."""

    path: str
    headers: dict[str, str]
    at: float
    host: str


@dataclass(slots=True)
class Server:
    """Behaviours by path; `seen` is every request, in order."""

    port: int = 0
    routes: dict[str, Behaviour] = field(default_factory=dict)
    seen: list[Request] = field(default_factory=list)
    #: requests under way now and at most, per local address
    open: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)

    def url(self, path: str, address: str = "127.0.0.1") -> str:
        return f"http://{address}:{self.port}{path}"

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.seen if request.path == path]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        local = str(writer.get_extra_info("sockname")[0])
        self.open[local] = self.open.get(local, 0) + 1
        self.most[local] = max(self.most.get(local, 0), self.open[local])
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
            path = first.split(" ")[1]
            request = Request(path, headers, asyncio.get_running_loop().time(), local)
            self.seen.append(request)
            behaviour = self.routes.get(path.partition("?")[0])
            if behaviour is None:
                await answer(b"no such page", status="404 Not Found")(request, writer)
            else:
                await behaviour(request, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has gone, or the test is over
        finally:
            self.open[local] -= 1
            writer.close()


@asynccontextmanager
async def serving(**routes: Behaviour) -> AsyncIterator[Server]:
    """A server on all of 127.0.0.0/8; the keyword `feed` becomes the path ``/feed``."""
    server = Server(routes={f"/{name}": behaviour for name, behaviour in routes.items()})
    listener = await asyncio.start_server(server._serve, "0.0.0.0", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


def answer(
    body: bytes = b"", *, status: str = "200 OK", headers: dict[str, str] | None = None, length: int | None = None
) -> Behaviour:
    """One whole answer."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        lines = [
            f"HTTP/1.1 {status}",
            f"Content-Length: {len(body) if length is None else length}",
            "Connection: close",
        ]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        await writer.drain()

    return behave


def conditional(body: bytes, etag: str) -> Behaviour:
    """304 to who knows the ETag."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.headers.get("if-none-match") == etag:
            await answer(status="304 Not Modified", headers={"ETag": etag})(request, writer)
        else:
            await answer(body, headers={"ETag": etag, "Content-Type": "application/rss+xml"})(request, writer)

    return behave


def redirect(where: str, status: int = 302) -> Behaviour:
    return answer(status=f"{status} Moved", headers={"Location": where})


def one_after_another(*behaviours: Behaviour) -> Behaviour:
    """A different answer each time; the last for ever."""
    turns = itertools.chain(behaviours, itertools.repeat(behaviours[-1]))

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        await next(turns)(request, writer)

    return behave


def dripping(pieces: bytes, pause: float) -> Behaviour:
    """A byte at a time."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for byte in pieces:
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(pause)

    return behave


def endless(start: bytes, piece: bytes) -> Behaviour:
    """Goes on for as long as somebody listens."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()

    return behave


def raw(data: bytes) -> Behaviour:
    """Exactly these bytes, then the end."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return behave


async def silent(request: Request, writer: asyncio.StreamWriter) -> None:
    """Accepts and says nothing until the other side goes."""
    while not writer.is_closing():
        await asyncio.sleep(0.05)


def rss(*items: str, title: str = "A feed", extra: str = "") -> bytes:
    """A small RSS 2.0 document."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{title}</title>'
        f"<link>https://news.example/</link>{extra}{''.join(items)}</channel></rss>"
    ).encode()


def item(number: int, *, title: str = "", guid: str = "", link: str = "", date: str = "", summary: str = "") -> str:
    """An entry with a guid and link of its own."""
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    return (
        f"<item><title>{title or f'Story {number}'}</title><guid isPermaLink='false'>{guid or f'id-{number}'}</guid>"
        f"<link>{link or f'https://news.example/{number}'}</link>"
        f"<description>{summary or f'What happened in story {number}.'}</description>{dated}</item>"
    )
