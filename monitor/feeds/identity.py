"""Is an entry new, changed or known? Pure: what was parsed and what is stored in, drafts and changes out.

Three keys, in this order: the guid (unless the document repeats it), the canonical link, a hash of title and summary.
Dates are never part of one: they wobble. Losing an entry is worse than storing one twice, and both are worse than a
moment's thought, so each weaker key needs more around it to be believed (see `_match`).
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from monitor.feeds.settings import CollectSettings
from monitor.text import shorten
from monitor.types import EntryChange, EntryDraft, FeedSpec, FeedState, KnownEntry, ParsedEntry, ParsedFeed
from monitor.urls import canonical, host_of, link_key, registrable_domain

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_FUTURE = timedelta(hours=1)
#: a title with so much text is not a heading that recurs
_TELLING = 80


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one document means for the archive."""

    drafts: tuple[EntryDraft, ...] = ()
    changes: tuple[EntryChange, ...] = ()
    #: for the log
    events: tuple[str, ...] = ()
    #: entries of the document, and how many of them were known
    total: int = 0
    known: int = 0
    #: nothing shows that no entry was missed since the last poll
    gap: bool = False
    #: median seconds between the document's entries; None if it dates too few
    rhythm: float | None = None
    #: published time of the newest entry
    newest: datetime | None = None


def guid_key(guid: str) -> bytes:
    """16 bytes of a guid; an address counts in its canonical form, so that https for http is no new guid."""
    text = unicodedata.normalize("NFC", guid.strip())
    if text[:8].lower().startswith(("http://", "https://")):
        return link_key(text)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def content_key(title: str, summary: str) -> bytes:
    """16 bytes of what an entry says."""
    return hashlib.blake2b(f"{title}\n{summary}".encode("utf-8", "replace"), digest_size=16).digest()


def keyed(parsed: ParsedFeed) -> Keyed:
    """Keys of a document's entries. Copies of one entry are dropped; a repeated guid or link is not trusted."""
    rows = [
        (
            entry,
            guid_key(entry.guid) if entry.guid else None,
            link_key(entry.link) if entry.link else None,
            content_key(entry.title, entry.summary),
        )
        for entry in parsed.entries
    ]
    seen: set[tuple[bytes | None, bytes | None, bytes]] = set()
    kept = []
    for row in rows:
        _, guid, link, content = row
        # with the same guid and link it is one entry, whatever its text (the first in the document stands)
        mark = (guid, link, b"") if guid and link else (guid, link, content)
        if mark not in seen and not (guid is None and link is None and not row[0].title and not row[0].summary):
            seen.add(mark)
            kept.append(row)
    guids = Counter(guid for _, guid, _, _ in kept if guid)
    links = Counter(link for _, _, link, _ in kept if link)
    home = link_key(parsed.link) if parsed.link else None
    entries = []
    for entry, guid, link, content in kept:
        trusted_guid = guid if guid and guids[guid] == 1 else None
        # a link that several entries share, or that is the feed's own page, says nothing about one of them
        shared = link is not None and (links[link] > 1 or link == home)
        entries.append((entry, Keys(guid=trusted_guid, link=None if shared else link, content=content)))
    return Keyed(entries=tuple(entries), repeated_guids=sum(1 for n in guids.values() if n > 1))


def decide(
    spec: FeedSpec,
    parsed: ParsedFeed,
    document: Keyed,
    known: Sequence[KnownEntry],
    state: FeedState,
    now: datetime,
    settings: CollectSettings,
) -> Decision:
    """What is new, what has changed, what is to be announced. `known`: stored entries that share a key with these."""
    matches = _match(document, known)
    drafts: list[EntryDraft] = []
    changes: list[EntryChange] = []
    for (entry, keys), match in zip(document.entries, matches, strict=True):
        if match is None:
            drafts.append(_draft(spec, parsed, entry, keys, now))
        else:
            change = _change(entry, keys, match, settings)
            if change is not None:
                changes.append(change)
    total, old = len(document.entries), sum(match is not None for match in matches)
    events: list[str] = []
    renamed = sum(
        match is not None and keys.guid is not None and bool(match.guids) and keys.guid not in match.guids
        for (_, keys), match in zip(document.entries, matches, strict=True)
    )
    if renamed * 2 > total:
        events.append(f"feed changed its ids: {renamed} of {total} entries are known by link or text")
    first = state.baseline_at is None
    announced = _announce(drafts, first=first, now=now, settings=settings, events=events)
    dates = sorted(when for entry, _ in document.entries if (when := entry.published or entry.updated) is not None)
    gap = not first and total >= 2 and old == 0 and state.entries > 0 and _reaches_back(dates, state) is False
    if gap:
        events.append("no overlap with the last poll: entries may have been missed")
    return Decision(
        drafts=tuple(announced),
        changes=tuple(changes),
        events=tuple(events),
        total=total,
        known=old,
        gap=gap,
        rhythm=rhythm_of(dates),
        newest=dates[-1] if dates else None,
    )


def rhythm_of(dates: Sequence[datetime]) -> float | None:
    """Median seconds between sorted dates; None for fewer than four."""
    if len(dates) < 4:
        return None
    gaps = sorted((b - a).total_seconds() for a, b in pairwise(dates))
    return gaps[len(gaps) // 2]


def publisher_of(spec: FeedSpec, parsed: ParsedFeed, entry: ParsedEntry) -> tuple[str, str]:
    """(publisher, its name): an aggregator entry's <source>, else its link's domain, else the feed's."""
    link_domain = registrable_domain(host_of(entry.link)) if entry.link else ""
    own = {registrable_domain(host_of(url)) for url in (parsed.link, spec.url) if url}
    source_domain = registrable_domain(host_of(entry.source_url)) if entry.source_url else ""
    if entry.source_name and (spec.aggregator or (link_domain in own and source_domain not in own | {""})):
        return source_domain or entry.source_name.casefold(), entry.source_name
    if link_domain:
        return link_domain, spec.name if link_domain in own and not spec.aggregator else link_domain
    home = registrable_domain(host_of(parsed.link or spec.url))
    return home or spec.id, spec.name


@dataclass(slots=True, eq=False)
class _Stored:
    """A stored entry with all keys it has or had (the archive gives past ones as further records of the same id)."""

    entry_id: int
    guid: bytes | None
    link: bytes | None
    content: bytes
    revision: int
    guids: set[bytes]
    links: set[bytes]
    contents: set[bytes]


def _stored(known: Sequence[KnownEntry]) -> list[_Stored]:
    found: dict[int, _Stored] = {}
    for k in known:
        entry = found.get(k.entry_id)
        if entry is None:
            entry = found[k.entry_id] = _Stored(
                k.entry_id, k.guid_hash, k.link_hash, k.content_hash, k.revision, set(), set(), set()
            )
        entry.revision = max(entry.revision, k.revision)
        entry.contents.add(k.content_hash)
        if k.guid_hash:
            entry.guids.add(k.guid_hash)
        if k.link_hash:
            entry.links.add(k.link_hash)
    return list(found.values())


def _match(document: Keyed, known: Sequence[KnownEntry]) -> list[_Stored | None]:
    """For each entry the stored one that it is."""
    if not known:
        return [None] * len(document.entries)
    by_guid: dict[bytes, _Stored] = {}
    by_link: dict[bytes, list[_Stored]] = {}
    by_content: dict[bytes, list[_Stored]] = {}
    for k in _stored(known):
        for guid in k.guids:
            by_guid.setdefault(guid, k)
        for link in k.links:
            by_link.setdefault(link, []).append(k)
        for content in k.contents:
            by_content.setdefault(content, []).append(k)
    matches: list[_Stored | None] = []
    taken: set[int] = set()
    for _, keys in document.entries:
        match = by_guid.get(keys.guid) if keys.guid else None
        matches.append(match if match is not None and match.entry_id not in taken else None)
        if match is not None:
            taken.add(match.entry_id)
    here = {key for _, keys in document.entries for key in (keys.guid, keys.link) if key}
    for index, (_, keys) in enumerate(document.entries):
        if matches[index] is None and keys.link:
            matches[index] = _by_link(keys, by_link.get(keys.link, ()), taken, here)
    _by_content(document, matches, by_content, taken, here)
    return matches


def _by_link(keys: Keys, candidates: Sequence[_Stored], taken: set[int], here: set[bytes]) -> _Stored | None:
    """One link is one entry, unless the stored one stands in this document too, under its own guid."""
    for k in candidates:
        if k.entry_id not in taken and (keys.guid is None or not k.guids & here):
            taken.add(k.entry_id)
            return k
    return None


def _by_content(
    document: Keyed,
    matches: list[_Stored | None],
    by_content: dict[bytes, list[_Stored]],
    taken: set[int],
    here: set[bytes],
) -> None:
    """Same words under another guid and link: the site has moved, or it is a heading that recurs.

    Without guid and link the words are the identity. With them, the stored entry must have left the document, the
    words must occur once here and once there, and they must be telling, or most of the document must have moved so.
    """
    count = Counter(keys.content for _, keys in document.entries)
    moved: list[tuple[int, _Stored, bool]] = []
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
    most = len(moved) * 2 > len(document.entries) and len(moved) >= 3
    for index, k, telling in moved:
        if (telling or most) and k.entry_id not in taken:
            matches[index] = k
            taken.add(k.entry_id)


def _change(entry: ParsedEntry, keys: Keys, known: _Stored, settings: CollectSettings) -> EntryChange | None:
    """New words, or new keys for the same words. A guid alone is not news: the link finds the entry again.

    Words and keys that it had before are no change either: two servers of one site may disagree for ever.
    """
    same_text = keys.content in known.contents
    found_again = keys.guid in known.guids or keys.link in known.links or (keys.guid is None and keys.link is None)
    new_link = keys.link is not None and keys.link not in known.links
    new_guid = keys.guid is not None and not known.guids
    if same_text and found_again and not new_link and not new_guid:
        return None
    if known.revision > settings.max_revisions:
        return None
    return EntryChange(
        entry_id=known.entry_id,
        revision=known.revision + 1,
        title=title_of(entry),
        summary=entry.summary,
        url=canonical(entry.link) or entry.link if entry.link else None,
        guid_hash=keys.guid or known.guid,
        link_hash=keys.link or known.link,
        content_hash=keys.content,
    )


def title_of(entry: ParsedEntry) -> str:
    """The title, or the beginning of the text where there is none."""
    title = entry.title or shorten(entry.summary, 120) or entry.link or entry.guid or ""
    if entry.source_name and title.endswith(f" - {entry.source_name}"):
        return title[: -len(entry.source_name) - 3].rstrip() or title
    return title


def _draft(spec: FeedSpec, parsed: ParsedFeed, entry: ParsedEntry, keys: Keys, now: datetime) -> EntryDraft:
    publisher, name = publisher_of(spec, parsed, entry)
    return EntryDraft(
        feed_id=spec.id,
        guid_hash=keys.guid,
        link_hash=keys.link,
        content_hash=keys.content,
        guid=entry.guid,
        url=canonical(entry.link) or entry.link if entry.link else None,
        title=title_of(entry),
        summary=entry.summary,
        author=entry.author,
        published_at=published_at(entry, now),
        first_seen_at=now,
        publisher=publisher,
        publisher_name=name,
        language=entry.language or spec.language,
    )


def published_at(entry: ParsedEntry, now: datetime) -> datetime:
    """The stated date if it can be true, else now: never later than first seen, never before 1990."""
    stated = entry.published or entry.updated
    if stated is None or stated < _EARLIEST or stated > now + _FUTURE:
        return now
    return min(stated, now)


def _announce(
    drafts: Sequence[EntryDraft], *, first: bool, now: datetime, settings: CollectSettings, events: list[str]
) -> list[EntryDraft]:
    """Which of the new ones are news. The rest is archived and never announced."""
    fresh = now - timedelta(hours=settings.fresh_hours)
    news = [] if first else [i for i, draft in enumerate(drafts) if draft.published_at >= fresh]
    if len(news) > settings.flood_cap:
        events.append(f"a flood of {len(news)} new entries; the newest {settings.flood_cap} are announced")
        news = sorted(news, key=lambda i: drafts[i].published_at, reverse=True)[: settings.flood_cap]
    chosen = set(news)
    return [draft if i in chosen else replace(draft, announce=False) for i, draft in enumerate(drafts)]


def _reaches_back(dates: Sequence[datetime], state: FeedState) -> bool:
    """Whether the document's oldest entry is older than the last good poll: then nothing can have been missed."""
    return bool(dates) and state.ok_at is not None and dates[0] <= state.ok_at


__all__ = ["Decision", "Keyed", "Keys", "content_key", "decide", "guid_key", "keyed", "publisher_of", "rhythm_of"]
