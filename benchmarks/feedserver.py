"""The server of the polling benchmark: as many feeds as asked for, with ETags, on a loopback address each."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from multiprocessing.synchronize import Event

WORDS = "model company raised million funding round lab open weights launch partner cloud chip agent".split()


def address(number: int, port: int) -> str:
    """Where a feed is: another address for each."""
    return f"http://127.{10 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}:{port}/{number}"


def document(number: int, items: int, more: int) -> bytes:
    """RSS of so many items, and `more` newer ones in front."""
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
    """Runs until it is ended. Beyond 1,000 feeds documents repeat, at other addresses: it is the asker we measure."""
    kept = min(feeds, 1000)
    old = [document(n, items, 0) for n in range(kept)]
    new = {n: document(n, items, 1) for n in range(0, kept, 10)}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            number = int(head[5 : head.index(b" ", 5)])
            changed = tick.is_set() and number % 10 == 0
            tag = b'"%d-%d"' % (number, changed)
            # clients spell it as they like
            if b"if-none-match: " + tag in head.lower():
                writer.write(b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\nConnection: close\r\n\r\n")
            else:
                body = new[number % kept] if changed else old[number % kept]
                writer.write(
                    b"HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Type: application/rss+xml\r\nContent-Length: %d\r\n"
                    b"Connection: close\r\n\r\n" % (tag, len(body))
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
