"""Which stored entry is it? Pure.

Three keys, in this order: the guid (unless the document repeats it), the canonical link, the words. Losing an entry is
worse than storing one twice, and both are worse than a moment's thought, so each weaker key needs more around it to be
believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.feeds.keys import Keyed, Keys, twin_key
from monitor.types import KnownEntry, ParsedEntry

#: a title with so much text is not a heading that recurs
_TELLING = 80


@dataclass(slots=True, eq=False)
class Stored:
    """A stored entry with all keys it has or had (the archive gives past ones as further records of the same id)."""

    entry_id: int
    guid: bytes | None
    link: bytes | None
    content: bytes
    revision: int
    guids: set[bytes]
    links: set[bytes]
    contents: set[bytes]


def _stored(known: Sequence[KnownEntry]) -> list[Stored]:
    found: dict[int, Stored] = {}
    for k in known:
        entry = found.get(k.entry_id)
        if entry is None:
            entry = found[k.entry_id] = Stored(
                k.entry_id, k.guid_hash, k.link_hash, k.content_hash, k.revision, set(), set(), set()
            )
        entry.revision = max(entry.revision, k.revision)
        entry.contents.add(k.content_hash)
        if k.guid_hash:
            entry.guids.add(k.guid_hash)
        if k.link_hash:
            entry.links.add(k.link_hash)
    return list(found.values())


def match_entries(document: Keyed, known: Sequence[KnownEntry]) -> list[Stored | None]:
    """For each entry the stored one that it is."""
    if not known:
        return [None] * len(document.entries)
    by_guid: dict[bytes, Stored] = {}
    by_link: dict[bytes, list[Stored]] = {}
    by_content: dict[bytes, list[Stored]] = {}
    for k in _stored(known):
        for guid in k.guids:
            by_guid.setdefault(guid, k)
        for link in k.links:
            by_link.setdefault(link, []).append(k)
        for content in k.contents:
            by_content.setdefault(content, []).append(k)
    matches: list[Stored | None] = []
    taken: set[int] = set()
    for entry, keys in document.entries:
        match = _by_guid(entry, keys, by_guid, by_content)
        matches.append(match if match is not None and match.entry_id not in taken else None)
        if match is not None:
            taken.add(match.entry_id)
    here = {key for _, keys in document.entries for key in (keys.guid, keys.link) if key}
    for index, (_, keys) in enumerate(document.entries):
        if matches[index] is None and keys.shared:
            matches[index] = _by_shared(keys, by_content.get(keys.content, ()), taken)
    _by_link(document, matches, by_link, taken, here)
    _by_content(document, matches, by_content, taken, here)
    return matches


def renamed(document: Keyed, matches: Sequence[Stored | None]) -> int:
    """How many entries are known by another guid than theirs."""
    return sum(
        match is not None and keys.guid is not None and bool(match.guids) and keys.guid not in match.guids
        for (_, keys), match in zip(document.entries, matches, strict=True)
    )


def _by_guid(
    entry: ParsedEntry, keys: Keys, by_guid: Mapping[bytes, Stored], by_content: Mapping[bytes, Sequence[Stored]]
) -> Stored | None:
    """The stored entry of that guid.

    A feed that once gave the guid to several may show one of them alone: before an entry of other words comes one that
    shared the guid and bears this entry's name, or one with its link and its words.
    """
    if keys.guid is None:
        return None
    match = by_guid.get(keys.guid)
    if keys.shared is not None or (match is not None and keys.content in match.contents):
        return match
    if (twin := by_guid.get(twin_key(keys.guid, entry))) is not None:
        return twin
    same = (k for k in by_content.get(keys.content, ()) if keys.link is not None and keys.link in k.links)
    return next(same, match)


def _by_shared(keys: Keys, candidates: Sequence[Stored], taken: set[int]) -> Stored | None:
    """It was stored under the guid or link that others have, too: known by its words. If they differ it is another."""
    shared = set(keys.shared or ())
    for k in candidates:
        keyless = not k.guids and not k.links
        if k.entry_id not in taken and (keyless or shared & (k.guids | k.links)):
            taken.add(k.entry_id)
            return k
    return None


def _by_link(
    document: Keyed,
    matches: list[Stored | None],
    by_link: Mapping[bytes, Sequence[Stored]],
    taken: set[int],
    here: set[bytes],
) -> None:
    """One link is one entry, unless the stored one stands in this document too, under its own guid.

    Where both have a guid, which then differ, it may be the next entry under a link that recurs (a changelog's page):
    the words must agree too, or most of the document must have got other guids.
    """
    doubtful: list[tuple[int, Stored]] = []
    for index, (_, keys) in enumerate(document.entries):
        if matches[index] is not None or not keys.link:
            continue
        named = keys.guid is not None
        free = [k for k in by_link.get(keys.link, ()) if k.entry_id not in taken and not (named and k.guids & here)]
        sure = next((k for k in free if not (named and k.guids) or keys.content in k.contents), None)
        if sure is not None:
            matches[index] = sure
            taken.add(sure.entry_id)
        elif free:
            doubtful.append((index, free[0]))
    if doubtful and _most(renamed(document, matches) + len(doubtful), document):
        for index, k in doubtful:
            if k.entry_id not in taken:
                matches[index] = k
                taken.add(k.entry_id)


def _by_content(
    document: Keyed,
    matches: list[Stored | None],
    by_content: dict[bytes, list[Stored]],
    taken: set[int],
    here: set[bytes],
) -> None:
    """Same words under another guid and link: the site has moved, or it is a heading that recurs.

    Without guid and link the words are the identity. With them, the stored entry must have left the document, the
    words must occur once here and once there, and they must be telling, or most of the document must have moved so.
    """
    count = Counter(keys.content for _, keys in document.entries)
    moved: list[tuple[int, Stored, bool]] = []
    for index, (entry, keys) in enumerate(document.entries):
        if matches[index] is not None:
            continue
        free = [k for k in by_content.get(keys.content, ()) if k.entry_id not in taken]
        if keys.guid is None and keys.link is None:
            anonymous = [k for k in free if k.guid is None and k.link is None] or free
            if anonymous:
                matches[index] = anonymous[0]
                taken.add(anonymous[0].entry_id)
        elif len(free) == 1 and count[keys.content] == 1 and not (free[0].guids | free[0].links) & here:
            moved.append((index, free[0], bool(entry.title) and len(entry.summary) >= _TELLING))
    most = _most(len(moved), document)
    for index, k, telling in moved:
        if (telling or most) and k.entry_id not in taken:
            matches[index] = k
            taken.add(k.entry_id)


def _most(count: int, document: Keyed) -> bool:
    """More than half of its entries, and more than one or two: what the site did, and no chance."""
    return count * 2 > len(document.entries) and count >= 3


__all__ = ["Stored", "match_entries", "renamed"]
