"""What goes through the pipe between the monitor and a process that reads documents.

A frame is its length and marshalled tuples: a batch of documents one way, an answer for each the other way.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any, Final

from monitor.feeds.keys import key_entry
from monitor.types import ParsedEntry, ParsedFeed

LENGTH: Final = struct.Struct("<I")
MAX_FRAME: Final = 256_000_000


def pack(feed: ParsedFeed) -> tuple[Any, ...]:
    """A ParsedFeed as plain tuples with its entries' keys; times as seconds, since marshal knows no datetimes."""
    entries = [
        (
            *(e.guid, e.link, e.title, e.summary, e.author),
            e.published.timestamp() if e.published else None,
            e.updated.timestamp() if e.updated else None,
            *(e.source_name, e.source_url, e.language, e.keys or key_entry(e)),
        )
        for e in feed.entries
    ]
    return (feed.title, feed.link, feed.language, entries, feed.ttl, feed.truncated, feed.warnings, feed.reader)


def unpack(packed: tuple[Any, ...]) -> ParsedFeed:
    """The ParsedFeed that was packed."""
    title, link, language, entries, ttl, truncated, warnings, reader = packed
    return ParsedFeed(
        title=title,
        link=link,
        language=language,
        entries=tuple(
            ParsedEntry(
                guid=guid,
                link=href,
                title=name,
                summary=summary,
                author=author,
                published=datetime.fromtimestamp(published, UTC) if published is not None else None,
                updated=datetime.fromtimestamp(updated, UTC) if updated is not None else None,
                source_name=source_name,
                source_url=source_url,
                language=tongue,
                keys=keys,
            )
            for guid, href, name, summary, author, published, updated, source_name, source_url, tongue, keys in entries
        ),
        ttl=ttl,
        truncated=truncated,
        warnings=tuple(warnings),
        reader=reader,
    )


__all__ = ["LENGTH", "MAX_FRAME", "pack", "unpack"]
