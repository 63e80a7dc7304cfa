"""Real documents, served as they were captured, fetched and read as the monitor does, beside feedparser by itself."""

from __future__ import annotations

import asyncio
import io
import ipaddress
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest

from monitor.clock import SystemClock
from monitor.errors import FeedError
from monitor.feeds.fetch import HttpFetcher
from monitor.feeds.hosts import HostGates
from monitor.feeds.settings import CollectSettings
from monitor.feeds.worker import WorkerPool
from monitor.guard import Guard, guarded_session
from monitor.text import plain
from monitor.types import FeedSpec, FeedState, Fetched, ParsedFeed
from monitor.urls import http_url

SETTINGS = CollectSettings(host_gap=0.0, total_timeout=60.0, wall_seconds=120.0, workers=2)
#: where the monitor differs from feedparser by itself, and means to; docs/parsing.md says the same for people
DIFFERENT = {
    "json": "feedparser's release does not read JSON Feed",
    "cut": "the half entry at the end of a cut document is left out",
    "date": "<date>, which no format knows, is read as a date; feedparser keeps its text only",
}


@contextmanager
def newsworld(shared: Path, folder: Path) -> Iterator[str]:
    """The server of captured documents. Gives the address in front of their names."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    corpus = folder / "none.jsonl"
    corpus.write_text("")
    process = subprocess.Popen(
        [
            sys.executable,
            str(shared / "tools/newsworld.py"),
            "--port",
            str(port),
            "--corpus",
            str(corpus),
            "--minutes",
            "30",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None and "feeds" in process.stderr.readline()
        yield f"http://127.0.0.1:{port}/captured/"
    finally:
        process.kill()
        process.communicate()


async def read_all(base: str, names: list[str]) -> dict[str, tuple[Fetched, ParsedFeed | FeedError]]:
    clock, guard = SystemClock(), Guard([ipaddress.ip_network("127.0.0.0/8")])
    gates, pool = HostGates(0.0, clock), WorkerPool(SETTINGS)
    found: dict[str, tuple[Fetched, ParsedFeed | FeedError]] = {}
    async with guarded_session(guard, total=None, auto_decompress=False) as session:
        fetcher = HttpFetcher(session, guard, gates, SETTINGS, clock)

        async def one(name: str) -> None:
            url = base + name
            fetched = await fetcher.fetch(FeedSpec(id=name, url=url, name=name), FeedState(feed_id=name, url=url))
            assert isinstance(fetched, Fetched)
            try:
                found[name] = fetched, await pool.parse(fetched, feed_id=name)
            except FeedError as error:
                found[name] = fetched, error

        for start in range(0, len(names), 8):
            await asyncio.gather(*(one(name) for name in names[start : start + 8]))
    await pool.close()
    assert pool.killed == 0
    return found


def by_itself(fetched: Fetched) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return feedparser.parse(
            io.BytesIO(fetched.body),
            response_headers={"content-type": fetched.content_type, "content-location": fetched.url},
        )


def when(parts: Any) -> datetime | None:
    try:
        moment = datetime(*parts[:6], tzinfo=UTC) if parts else None
    except ValueError:
        return None
    return moment if moment is not None and 1990 <= moment.year < 2200 else None


def differences(ours: ParsedFeed, theirs: Any, base: str) -> set[str]:
    if len(ours.entries) != len(theirs.entries):
        if ours.reader == "json" and not theirs.entries:
            return {"json"}
        return {"cut"} if ours.truncated and len(ours.entries) == len(theirs.entries) - 1 else {"entries"}
    found = set()
    for mine, other in zip(ours.entries, theirs.entries, strict=True):
        if mine.title != plain(dict.get(other, "title") or "", limit=SETTINGS.title_chars):
            found.add("title")
        if mine.link != http_url(dict.get(other, "link"), base):
            found.add("link")
        if mine.published != when(dict.get(other, "published_parsed")):
            found.add("published")
        if mine.updated != when(dict.get(other, "updated_parsed")):
            found.add("date" if dict.get(other, "updated_parsed") is None else "updated")
    return found


@pytest.mark.shared
@pytest.mark.timeout(900)
def test_captured_documents_are_read_as_feedparser_reads_them(shared: Path, tmp_path: Path) -> None:
    names = sorted(path.name for path in (shared / "data" / "feeds").iterdir() if path.suffix != ".tsv")
    with newsworld(shared, tmp_path) as base:
        found = asyncio.run(read_all(base, names))
    assert sorted(found) == names
    counts = dict.fromkeys(("fast", "feedparser", "json", *DIFFERENT, "errors"), 0)
    for name, (fetched, ours) in found.items():
        if isinstance(ours, FeedError):
            counts["errors"] += 1
            assert ours.kind and not by_itself(fetched).entries, f"{name}: {ours}"
            continue
        counts[ours.reader] += 1
        odd = differences(ours, by_itself(fetched), fetched.url)
        assert odd <= DIFFERENT.keys(), f"{name}: {odd}"
        for reason in odd - {"json"}:
            counts[reason] += 1
    print(f"\n{len(names)} documents: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
