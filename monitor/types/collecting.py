"""Records of the first loop: from a feed that is due to entries that are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What the archive remembers of a feed between two polls."""

    feed_id: str
    #: where it is polled now (a learned permanent redirect may differ from the spec's)
    url: str
    etag: str | None = None
    last_modified: str | None = None
    #: SHA-256 of the last body that was parsed
    body_hash: str | None = None
    next_poll_at: datetime | None = None
    #: why next_poll_at is what it is, in words
    next_poll_why: str = ""
    #: the adapted interval in seconds
    interval: float = 3600.0
    polled_at: datetime | None = None
    #: last poll that ended with 200 or 304 and could be read
    ok_at: datetime | None = None
    #: last 200 that was asked for without validators
    full_get_at: datetime | None = None
    #: newest arrival of a new entry
    new_entry_at: datetime | None = None
    #: consecutive failures that count (throttling and our own outage do not)
    failures: float = 0.0
    error_kind: str | None = None
    error: str | None = None
    #: where a permanent redirect points, and how many good polls in a row have seen it
    redirect_url: str | None = None
    redirect_count: int = 0
    #: first successful poll is over (of a whole document, or the third that was cut): new entries are news from now on
    baseline_at: datetime | None = None
    #: polls, 304s, failures, bytes, gaps, entries since ever
    polls: int = 0
    not_modified: int = 0
    failed: int = 0
    bytes: int = 0
    gaps: int = 0
    entries: int = 0
    #: the last poll that had no overlap with the one before
    gap_at: datetime | None = None
    #: median seconds between new entries, learned
    rhythm: float | None = None
    #: said once that it is silent against its rhythm
    silent_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A document that arrived."""

    url: str
    status: int
    body: bytes
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    #: seconds that Cache-Control or Expires ask to wait
    max_age: float | None = None
    #: target, if every hop was a permanent redirect
    permanent_url: str | None = None
    wire_bytes: int = 0
    #: shorter than Content-Length or chunked without end
    truncated: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    max_age: float | None = None
    permanent_url: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """One element of a feed, cleaned: plain text, http(s) links."""

    guid: str | None
    link: str | None
    title: str
    summary: str
    author: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    #: an aggregator's <source>
    source_name: str | None = None
    source_url: str | None = None
    language: str | None = None
    #: (guid, link, words): 16-byte keys made by the worker that read it, see feeds/keys.py; None: not made yet
    keys: tuple[bytes | None, bytes | None, bytes] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A document that was read."""

    title: str
    link: str | None
    language: str | None
    entries: tuple[ParsedEntry, ...]
    #: seconds asked for by ttl or sy:update*
    ttl: float | None = None
    #: the document was cut; its last entry was left out
    truncated: bool = False
    #: what was odd, in words
    warnings: tuple[str, ...] = ()
    #: which reader read it
    reader: Literal["fast", "feedparser", "json"] = "feedparser"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDraft:
    """An entry ready to be stored."""

    feed_id: str
    #: 16-byte keys, see feeds/identity.py; None where the document gives nothing to trust
    guid_hash: bytes | None
    link_hash: bytes | None
    #: of title and summary, never of a date
    content_hash: bytes
    guid: str | None
    url: str | None
    title: str
    summary: str
    author: str | None
    #: min(stated date, first seen), clamped
    published_at: datetime
    first_seen_at: datetime
    publisher: str
    publisher_name: str
    language: str
    #: False: first poll of its feed, old, import or flood; archived, never announced
    announce: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """What identity needs of an entry that is stored."""

    entry_id: int
    guid_hash: bytes | None
    link_hash: bytes | None
    content_hash: bytes
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChange:
    """New text or a new key of a known entry. revision: the number of the new revision."""

    entry_id: int
    revision: int
    title: str
    summary: str
    url: str | None
    guid_hash: bytes | None
    link_hash: bytes | None
    content_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOutcome:
    """What one poll of one feed decided; stored in one transaction, also when it failed or nothing changed."""

    feed_id: str
    at: datetime
    state: FeedState
    result: Literal["new", "unchanged", "not-modified", "failed", "throttled", "outage"]
    drafts: tuple[EntryDraft, ...] = ()
    changes: tuple[EntryChange, ...] = ()
    #: host key (registrable domain or host:port) and until when it is to be left alone
    host: str = ""
    host_pause_until: datetime | None = None
    #: words for the log: "feed changed its ids", "no overlap with the last poll", ...
    events: tuple[str, ...] = ()
