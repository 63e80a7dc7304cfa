"""Servers of every bad kind among 200 good ones, polled by the real pipeline; a program of its own, so that its memory
is its own.

    python -m tests.collect.hostile DATABASE [--rounds 3]

prints what happened as JSON: who was polled when, what was refused, memory after each round.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import functools
import gc
import gzip
import ipaddress
import json
import multiprocessing
import os
import socket
import ssl
import struct
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from monitor.archive import Archive, open_archive, upgrade
from monitor.clock import SystemClock
from monitor.collect import Collector
from monitor.feeds.fetch import HttpFetcher
from monitor.feeds.hosts import HostGates
from monitor.feeds.settings import CollectSettings
from monitor.feeds.worker import WorkerPool
from monitor.guard import Guard, guarded_session
from monitor.testing import SilentLog
from monitor.types import FeedSpec
from tests.feeds.server import (
    Behaviour,
    Request,
    answer,
    conditional,
    dripping,
    endless,
    item,
    raw,
    redirect,
    rss,
    serving,
    silent,
)

GOOD = 200
#: good and bad servers; 127.0.0.1 is not in it: that is what must not be reached
ALLOWED = ipaddress.ip_network("127.1.0.0/16")
CERTIFICATE = Path(__file__).parent.parent / "feeds" / "data" / "other.example.pem"
#: signed by itself, and in nobody's list
STRANGER = tuple(Path(__file__).parent.parent / "channels" / "data" / name for name in ("server.pem", "server.key"))
SETTINGS = CollectSettings(
    host_gap=0.05, total_timeout=8.0, connect_timeout=2.0, max_wire_bytes=4_000_000, max_body_bytes=8_000_000
)
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"]><rss version='2.0'><channel><title>&a9;</title><item><title>&a9;</title></item></channel></rss>"
)
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/rss+xml\r\n"
FEED = rss(item(1), item(2))
#: a name for each, and which causes are right ("": it is read after all)
CAUSES = {
    "author": "",
    "nested": "not-a-feed too-big too-slow crashed",
    "laughs": " not-a-feed too-big too-slow crashed",
    "many": " too-big too-slow too-large",
    "long-title": "too-large",
    "long-title-packed": "too-large",
    "bomb": "too-large",
    "zip-in-gzip": "encoding",
    "zip-in-gzip-untold": "not-a-feed",
    "byte-a-second": "timeout",
    "headers-without-end": "http",
    "body-without-end": "too-large",
    "says-nothing": "timeout",
    "loop": "redirect",
    "to-a-file": "redirect",
    "to-the-metadata": "refused-address",
    "to-mapped-loopback": "refused-address",
    "rebinding": "refused-address",
    "rebinding-both": "",
    "wrong-name": "tls",
    "unknown-authority": "tls",
    "no-tls": "tls timeout",
    "later-in-the-past": "throttled",
    "later-in-a-year": "throttled",
    "half-closed": "truncated",
    "half-closed-mute": "connect",
    "reset": "connect truncated",
    "eight-bit-headers": "",
    "eight-bit-names": "http",
    "bad-length": "http",
    "bad-chunks": "truncated connect http",
    "captcha": "challenge html",
    "empty": "empty",
    "gone": "gone",
}


class Names(asyncio.SelectorEventLoop):
    """A loop with a name server of its own: each name's answers in turn, the last for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, list[list[str]]] = {}

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        answers = self.names.get(host)
        if answers is None:
            return await super().getaddrinfo(host, port, **options)
        found = answers[0] if len(answers) == 1 else answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port or 0)) for address in found]


async def half_closed(request: Request, writer: asyncio.StreamWriter) -> None:
    """Half of the document, the end of what it says, and then it listens for as long as it may."""
    writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(FEED) + FEED[:-300])
    writer.write_eof()
    await silent(request, writer)


async def half_closed_mute(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write_eof()
    await silent(request, writer)


async def reset(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 100000\r\n\r\n" + FEED[:30])
    await writer.drain()
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def bad_ones() -> dict[str, Behaviour]:
    """Every bad behaviour by its name; those that need a name or TLS of their own have a plain one here."""
    plain = answer(FEED)
    later = {"past": "Mon, 26 Feb 2024 07:00:00 GMT", "year": str(365 * 86400)}
    many = b"".join(b"<item><guid>%d</guid></item>" % n for n in range(100_000))
    long_title = gzip.compress(rss("<item><title>" + "x" * 20_000_000 + "</title></item>"), 1)
    return {
        "author": answer(rss(f"<item><title>One</title><author>{'a' * 50_000}</author></item>", item(2))),
        "nested": answer(b"<rss version='2.0'><channel>" + b"<a>" * 1_000_000),
        "laughs": answer(LAUGHS),
        "many": answer(b"<rss version='2.0'><channel><title>M</title>" + many + b"</channel></rss>"),
        "long-title": endless(HEAD + b"\r\n<rss version='2.0'><channel><title>", b"x" * 65_536),
        "long-title-packed": answer(long_title, headers={"Content-Encoding": "gzip"}),
        "bomb": answer(gzip.compress(b"\0" * 50_000_000, 1), headers={"Content-Encoding": "gzip"}),
        "zip-in-gzip": answer(gzip.compress(gzip.compress(FEED)), headers={"Content-Encoding": "gzip, gzip"}),
        "zip-in-gzip-untold": answer(gzip.compress(gzip.compress(FEED)), headers={"Content-Encoding": "gzip"}),
        "byte-a-second": dripping(FEED, 1.0),
        "headers-without-end": endless(b"HTTP/1.1 200 OK\r\n", b"X-More: more\r\n"),
        "body-without-end": endless(HEAD + b"\r\n" + FEED, b" " * 65_536),
        "says-nothing": silent,
        "loop": redirect("/loop", 301),
        "to-a-file": redirect("file:///etc/passwd"),
        "to-the-metadata": redirect("http://169.254.169.254/latest/meta-data/"),
        "to-mapped-loopback": redirect("http://[::ffff:127.0.0.1]/"),
        "rebinding": plain,
        "rebinding-both": plain,
        "wrong-name": plain,
        "unknown-authority": plain,
        "no-tls": plain,
        "later-in-the-past": answer(status="429 Slow", headers={"Retry-After": later["past"]}),
        "later-in-a-year": answer(status="429 Slow", headers={"Retry-After": later["year"]}),
        "half-closed": half_closed,
        "half-closed-mute": half_closed_mute,
        "reset": reset,
        "eight-bit-headers": raw(HEAD + b'X-Cafe: \xff\xfe\xe9\r\nETag: "\xe9"\r\n\r\n' + FEED),
        "eight-bit-names": raw(HEAD + b"X-Caf\xe9: 1\r\n\r\n" + FEED),
        "bad-length": raw(HEAD + b"Content-Length: 99999999999999999999\r\nContent-Length: 5\r\n\r\n" + FEED),
        "bad-chunks": raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + FEED),
        "captcha": answer(b"<html><head><title>Just a moment...</title></head><body>cf-challenge</body></html>"),
        "empty": answer(b""),
        "gone": answer(status="410 Gone"),
    }


def good_ones() -> dict[str, Behaviour]:
    """Ordinary feeds."""
    return {f"good{n}": conditional(rss(*(item(10 * n + k) for k in range(8))), f'"{n}"') for n in range(GOOD)}


def serve(pipe: Connection) -> None:
    """The servers, in a process of their own: sends their ports; asked, how many requests reached 127.0.0.1; ends."""

    async def main() -> None:
        ended = asyncio.Event()
        async with serving(**{**good_ones(), **bad_ones()}) as server:
            listeners = [
                await asyncio.start_server(server._serve, address, 0, ssl=_server_tls(*chain))
                for address, chain in (("127.1.250.1", (CERTIFICATE,)), ("127.1.250.4", STRANGER))
            ]
            pipe.send([server.port, *(listener.sockets[0].getsockname()[1] for listener in listeners)])
            asyncio.get_running_loop().add_reader(pipe.fileno(), ended.set)
            await ended.wait()
            pipe.send(sum(request.host == "127.0.0.1" for request in server.seen))

    asyncio.run(main())


def _server_tls(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def addresses(port: int, tls_port: int, stranger_port: int) -> dict[str, str]:
    """Each feed's own address."""
    own = {
        "rebinding": f"http://rebinding.example:{port}/rebinding",
        "rebinding-both": f"http://both.example:{port}/rebinding-both",
        "wrong-name": f"https://wrong-name.example:{tls_port}/wrong-name",
        "unknown-authority": f"https://127.1.250.4:{stranger_port}/unknown-authority",
        "no-tls": f"https://127.1.250.3:{port}/no-tls",
    }
    names = [*(f"good{n}" for n in range(GOOD)), *CAUSES]
    return {
        name: own.get(name, f"http://127.1.{n // 200 + 1}.{n % 200 + 1}:{port}/{name}") for n, name in enumerate(names)
    }


async def poll_all(database: str, rounds: int, urls: dict[str, str]) -> dict[str, Any]:
    """Rounds over all feeds, forced so that none waits; what happened."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Names)
    loop.names |= {
        "rebinding.example": [["127.1.250.2"], ["127.0.0.1"]],
        "both.example": [["127.0.0.1", "127.1.250.2"]],
        "wrong-name.example": [["127.1.250.1"]],
    }
    tls = ssl.create_default_context(cafile=str(CERTIFICATE))
    clock, guard = SystemClock(), Guard([ALLOWED])
    gates, pool = HostGates(SETTINGS.host_gap, clock), WorkerPool(SETTINGS)
    specs = [FeedSpec(id=name, name=name, url=url) for name, url in urls.items()]
    async with guarded_session(guard, total=3600.0, auto_decompress=False, connections=0, tls=tls) as session:
        with open_archive(database) as archive:
            fetcher = HttpFetcher(session, guard, gates, SETTINGS, clock)
            collector = Collector(specs, archive.feeds, fetcher, pool, clock, SETTINGS, SilentLog(), gates=gates)
            archive.feeds.sync(specs, clock.now())
            good = [name for name in urls if name.startswith("good")]
            found = await _rounds(archive, collector, rounds, good)
        await pool.close()
    return found | {"killed": pool.killed}


async def _rounds(archive: Archive, collector: Collector, rounds: int, good: list[str]) -> dict[str, Any]:
    # the good ones alone come first: what they cost is the measure
    memory, kept, lateness = [], [], []
    states: dict[str, Any] = {}
    for number in range(rounds + 1):
        at: dict[str, tuple[str, float]] = {}
        seen = functools.partial(_note, at, time.monotonic())
        await collector.poll(feed_ids=good if number == 0 else None, force=True, on_progress=seen)
        states[str(number)] = {feed: result for feed, (result, _) in at.items()}
        lateness.append(max(seconds for feed, (_, seconds) in at.items() if feed in good))
        memory.append(_memory())
        kept.append(_kept())
    return {
        "results": states, "last_good": lateness, "memory_mb": memory, "kept_mb": kept, "peak_mb": _peak(),
    }  # fmt: skip


def _note(at: dict[str, tuple[str, float]], begun: float, done: int, total: int, feed: str, result: str) -> None:
    at[feed] = (result, time.monotonic() - begun)


def _memory() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


class _Heap(ctypes.Structure):
    """What glibc's mallinfo2 answers: bytes in use below and above the size from which each has its own pages."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def _kept() -> float:
    """Megabytes in use. The resident ones hold what was freed and not returned, which swings by tens of megabytes."""
    ask = ctypes.CDLL(None).mallinfo2
    ask.restype = _Heap
    gc.collect()
    heap: _Heap = ask()
    return round(float(heap.uordblks + heap.hblkhd) / 1e6, 1)


def _peak() -> float:
    """The highest of this program; rusage would begin with what the one that started it had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [high] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return round(int(high) / 1000, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description="Hostile servers among good ones.")
    parser.add_argument("database")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    upgrade(options.database)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    urls = addresses(*ours.recv())
    with asyncio.Runner(loop_factory=Names) as runner:
        found = runner.run(poll_all(options.database, options.rounds, urls))
    ours.send("end")
    print(json.dumps(found | {"reached": ours.recv()}))
    server.join()


if __name__ == "__main__":
    main()
