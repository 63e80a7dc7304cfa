"""The keys by which entries are known again: of the guid, the link and the words.

Dates are never part of one: they wobble. A worker makes them, beside the entries that it reads; the main process only
looks at what a document says as a whole: which of them it repeats.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.types import ParsedEntry, ParsedFeed
from monitor.urls import link_key

#: letters of a title, or of a text without one, that name an entry among others of its guid and link
_NAMED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """An entry's 16-byte keys; None where the document gives nothing to trust."""

    guid: bytes | None
    link: bytes | None
    content: bytes
    #: (guid, link) where several entries of the document have both; the guid of each is then made with its name
    shared: tuple[bytes, bytes] | None = None


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


def twin_key(guid: bytes, entry: ParsedEntry) -> bytes:
    """16 bytes of a guid and of what the entry is called: its own key where others have its guid and link.

    Neither the order of the document nor an edit of the text changes it.
    """
    return hashlib.blake2b(guid + _name(entry).encode("utf-8", "replace"), digest_size=16, person=b"twin").digest()


def _name(entry: ParsedEntry) -> str:
    """The title as people compare titles, else the beginning of the text."""
    words = entry.title if entry.title.strip() else entry.summary
    return " ".join(unicodedata.normalize("NFKC", words).casefold().split())[:_NAMED]


Row = tuple[ParsedEntry, tuple[bytes | None, bytes | None, bytes]]


def keyed(parsed: ParsedFeed) -> Keyed:
    """Keys of a document's entries. Copies of one entry are dropped; a repeated guid or link is not trusted."""
    kept = _without_copies([(entry, entry.keys or key_entry(entry)) for entry in parsed.entries])
    guids = Counter([guid for _, (guid, _, _) in kept if guid])
    links = Counter([link for _, (_, link, _) in kept if link])
    both = Counter([(guid, link) for _, (guid, link, _) in kept])
    home = link_key(parsed.link) if parsed.link else None
    entries = []
    for entry, (guid, link, content) in kept:
        if guid and link and both[guid, link] > 1:
            entries.append((entry, Keys(guid=twin_key(guid, entry), link=None, content=content, shared=(guid, link))))
            continue
        trusted_guid = guid if guid and guids[guid] == 1 else None
        # a link that several entries share, or that is the feed's own page, says nothing about one of them
        shared = link is not None and (links[link] > 1 or link == home)
        entries.append((entry, Keys(guid=trusted_guid, link=None if shared else link, content=content)))
    return Keyed(entries=tuple(entries), repeated_guids=sum(1 for n in guids.values() if n > 1))


def _without_copies(rows: Sequence[Row]) -> list[Row]:
    """Each entry once, where it stands first.

    Two are one where guid, link and title agree, whatever the text, or, where guid or link is missing, where all that
    there is agrees. With the same guid and link under two titles they are two: some sites give all their entries one.
    """
    pairs: Counter[tuple[bytes | None, bytes | None]] = Counter(
        [(guid, link) for _, (guid, link, _) in rows if guid and link]
    )
    kept: dict[tuple[bytes | None, bytes | None, bytes | str], Row] = {}
    for row in rows:
        entry, (guid, link, content) = row
        if guid is None and link is None and not entry.title and not entry.summary:
            continue
        name = _name(entry) if pairs[guid, link] > 1 else ""
        mark = (guid, link, name if guid and link else content)
        if mark not in kept or _precedence(row) > _precedence(kept[mark]):
            kept[mark] = row
    return list(kept.values())


def _precedence(row: Row) -> tuple[float, int, bytes]:
    """Which copy speaks for an entry: the latest edit, then the longest; the order of the document does not matter."""
    entry, (_, _, content) = row
    return (entry.updated.timestamp() if entry.updated else 0.0, len(entry.summary), content)


__all__ = ["Keyed", "Keys", "content_key", "guid_key", "key_entry", "keyed", "twin_key"]
