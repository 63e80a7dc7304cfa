"""What is stored of an entry: its publisher, its title, its date; and what of a known one has changed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from monitor.feeds.keys import Keys
from monitor.feeds.matching import Stored
from monitor.feeds.settings import CollectSettings
from monitor.text import shorten
from monitor.types import EntryChange, EntryDraft, FeedSpec, ParsedEntry, ParsedFeed
from monitor.urls import canonical, host_of, registrable_domain

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_FUTURE = timedelta(hours=1)


def drafts_of(
    spec: FeedSpec, parsed: ParsedFeed, new: Sequence[tuple[ParsedEntry, Keys]], now: datetime
) -> list[EntryDraft]:
    """New entries ready to be stored, none of them announced; see `identity` for which are news."""
    own = _own_domains(spec, parsed)
    return [_draft(spec, parsed, entry, keys, now, own) for entry, keys in new]


def _draft(
    spec: FeedSpec, parsed: ParsedFeed, entry: ParsedEntry, keys: Keys, now: datetime, own: frozenset[str]
) -> EntryDraft:
    publisher, name = _publisher(spec, parsed, entry, own)
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
        announce=False,
    )


def change_of(entry: ParsedEntry, keys: Keys, known: Stored, settings: CollectSettings) -> EntryChange | None:
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


def publisher_of(spec: FeedSpec, parsed: ParsedFeed, entry: ParsedEntry) -> tuple[str, str]:
    """(publisher, its name): an aggregator entry's <source>, else its link's domain, else the feed's."""
    return _publisher(spec, parsed, entry, _own_domains(spec, parsed))


def _publisher(spec: FeedSpec, parsed: ParsedFeed, entry: ParsedEntry, own: frozenset[str]) -> tuple[str, str]:
    link_domain = registrable_domain(host_of(entry.link)) if entry.link else ""
    source_domain = registrable_domain(host_of(entry.source_url)) if entry.source_url else ""
    if entry.source_name and (spec.aggregator or (link_domain in own and source_domain not in own | {""})):
        return source_domain or entry.source_name.casefold(), entry.source_name
    if link_domain:
        return link_domain, spec.name if link_domain in own and not spec.aggregator else link_domain
    home = registrable_domain(host_of(parsed.link or spec.url))
    return home or spec.id, spec.name


def _own_domains(spec: FeedSpec, parsed: ParsedFeed) -> frozenset[str]:
    return frozenset(registrable_domain(host_of(url)) for url in (parsed.link, spec.url) if url)


def title_of(entry: ParsedEntry) -> str:
    """The title, or the beginning of the text where there is none."""
    title = entry.title or shorten(entry.summary, 120) or entry.link or entry.guid or ""
    if entry.source_name and title.endswith(f" - {entry.source_name}"):
        return title[: -len(entry.source_name) - 3].rstrip() or title
    return title


def published_at(entry: ParsedEntry, now: datetime) -> datetime:
    """The stated date if it can be true, else now: never later than first seen, never before 1990."""
    stated = entry.published or entry.updated
    if stated is None or stated < _EARLIEST or stated > now + _FUTURE:
        return now
    return min(stated, now)


__all__ = ["change_of", "drafts_of", "published_at", "publisher_of", "title_of"]
