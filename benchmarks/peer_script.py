"""What a person would write in an evening: httpx, feedparser, sqlite3.

peer_script.py DATABASE PORT FEEDS prepare|poll; run by poll.py.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys

import feedparser
import httpx
from feedserver import address

database, port, feeds, task = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
connection = sqlite3.connect(database)


def prepare() -> None:
    connection.execute("CREATE TABLE feeds (url TEXT PRIMARY KEY, etag TEXT)")
    connection.execute(
        "CREATE TABLE entries (feed TEXT, id TEXT, title TEXT, link TEXT, summary TEXT, published TEXT, "
        "PRIMARY KEY (feed, id))"
    )
    connection.executemany("INSERT INTO feeds (url) VALUES (?)", [(address(n, port),) for n in range(feeds)])
    connection.commit()


def store(url: str, response: httpx.Response) -> None:
    document = feedparser.parse(response.content)
    rows = [
        (url, e.get("id", e.get("link")), e.get("title"), e.get("link"), e.get("summary"), e.get("published"))
        for e in document.entries
    ]
    connection.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute("UPDATE feeds SET etag = ? WHERE url = ?", (response.headers.get("ETag"), url))
    connection.commit()


async def poll() -> None:
    slots = asyncio.Semaphore(32)
    known = connection.execute("SELECT url, etag FROM feeds").fetchall()
    async with httpx.AsyncClient(timeout=30) as client:

        async def one(url: str, etag: str | None) -> None:
            async with slots:
                response = await client.get(url, headers={"If-None-Match": etag} if etag else {})
            if response.status_code == 200:
                store(url, response)

        await asyncio.gather(*(one(url, etag) for url, etag in known))


if task == "prepare":
    prepare()
else:
    asyncio.run(poll())
