"""The keys by which entries are known again: of the guid, the link and the words.

Dates are never part of one: they wobble. A worker makes them, beside the entries that it reads; the main process only
looks at what a document says as a whole: which of them it repeats.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from dataclasses import dataclass

from monitor.types import ParsedEntry, ParsedFeed
from monitor.urls import link_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """An entry's 16-byte keys; None where the document gives nothing to trust."""

    guid: bytes | None
    link: bytes | None
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A document's distinct entries with their keys."""

    entries: tuple[tuple[ParsedEntry, Keys], ...]
    #: links and guids that the document gives to several entries
    repeated_guids: int = 0


def guid_key(guid: str) -> bytes:
    """16 bytes of a guid; an address counts in its canonical form, so that https for http is no new guid."""
    text = unicodedata.normalize("NFC", guid.strip())
    if text[:8].lower().startswith(("http://", "https://")):
        return link_key(text)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def content_key(title: str, summary: str) -> bytes:
    """16 bytes of what an entry says."""
    return hashlib.blake2b(f"{title}\n{summary}".encode("utf-8", "replace"), digest_size=16).digest()


def key_entry(entry: ParsedEntry) -> tuple[bytes | None, bytes | None, bytes]:
    """(guid, link, words) of one entry by itself."""
    link = link_key(entry.link) if entry.link else None
    if not entry.guid:
        guid = None
    elif entry.guid == entry.link:
        guid = link
    else:
        guid = guid_key(entry.guid)
    return guid, link, content_key(entry.title, entry.summary)


def keyed(parsed: ParsedFeed) -> Keyed:
    """Keys of a document's entries. Copies of one entry are dropped; a repeated guid or link is not trusted."""
    rows = [(entry, entry.keys or key_entry(entry)) for entry in parsed.entries]
    seen: set[tuple[bytes | None, bytes | None, bytes]] = set()
    kept = []
    for row in rows:
        entry, (guid, link, content) = row
        # with the same guid and link it is one entry, whatever its text (the first in the document stands)
        mark = (guid, link, b"") if guid and link else (guid, link, content)
        if mark not in seen and not (guid is None and link is None and not entry.title and not entry.summary):
            seen.add(mark)
            kept.append(row)
    guids = Counter([guid for _, (guid, _, _) in kept if guid])
    links = Counter([link for _, (_, link, _) in kept if link])
    home = link_key(parsed.link) if parsed.link else None
    entries = []
    for entry, (guid, link, content) in kept:
        trusted_guid = guid if guid and guids[guid] == 1 else None
        # a link that several entries share, or that is the feed's own page, says nothing about one of them
        shared = link is not None and (links[link] > 1 or link == home)
        entries.append((entry, Keys(guid=trusted_guid, link=None if shared else link, content=content)))
    return Keyed(entries=tuple(entries), repeated_guids=sum(1 for n in guids.values() if n > 1))


__all__ = ["Keyed", "Keys", "content_key", "guid_key", "key_entry", "keyed"]
