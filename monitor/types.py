"""The records that cross a stage border. Standard library only.

All are frozen. Every datetime is aware and UTC. Money is Decimal with an ISO currency, never float.
A ``...Draft`` has no database id yet; what has one is stored. Texts in ParsedEntry and later are plain
text, already cleaned at the boundary (no markup, control characters, bidi overrides, lone surrogates);
links are http(s) or None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal


class Tag(StrEnum):
    """The five built-in tags."""

    MODEL_LAUNCH = "model-launch"
    PRODUCT_LAUNCH = "product-launch"
    FUNDING = "funding"
    ACQUISITION = "acquisition"
    PARTNERSHIP = "partnership"


class Status(StrEnum):
    """How sure an event is."""

    CONFIRMED = "confirmed"
    RUMOURED = "rumoured"


class Role(StrEnum):
    """What a fact says about an event."""

    DEVELOPER = "developer"
    MODEL = "model"
    PRODUCT = "product"
    RECIPIENT = "recipient"
    INVESTOR = "investor"
    AMOUNT = "amount"
    VALUATION = "valuation"
    ROUND = "round"
    ACQUIRER = "acquirer"
    TARGET = "target"
    PARTNER = "partner"


class DevelopmentKind(StrEnum):
    """The steps of a story, in the order in which they usually come."""

    RUMOUR = "rumour"
    IN_TALKS = "in-talks"
    ANNOUNCED = "announced"
    CLOSED = "closed"
    DENIED = "denied"
    AMOUNT_CHANGED = "amount-changed"


# ---------------------------------------------------------------- configuration that stages need


class Secret:
    """A text that never shows itself in a repr, a log or an error."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """A feed as feeds.yaml describes it."""

    id: str
    url: str
    name: str
    category: str = "press"
    language: str = "en"
    enabled: bool = True
    #: shortest interval between two polls, if special
    interval: timedelta | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    cookies: Mapping[str, Secret] = field(default_factory=dict)
    username: str | None = None
    password: Secret | None = None
    #: 3 primary source (a lab's own blog), 2 established press, 1 others, 0 aggregators
    authority: int = 1
    #: entries name their publisher in <source>; the link's domain is the aggregator's
    aggregator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a saved query keeps: of a search, a digest, an alert or an output feed. Empty fields keep all."""

    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    min_score: float = 0.0
    #: in USD
    min_amount: Decimal | None = None
    min_publishers: int = 1
    #: full-text query in the words of `monitor search`
    query: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSpec:
    """One section of a digest: its title and which tags or topics it takes, at most `cap` stories."""

    title: str
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    cap: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSpec:
    """A digest as feeds.yaml describes it."""

    name: str
    title: str
    #: five cron fields, local to time_zone ("daily at 08:00", "weekdays" and "weekly" are translated)
    cron: str
    time_zone: str = "UTC"
    selection: Selection = Selection()
    sections: tuple[SectionSpec, ...] = ()
    #: names of channels
    channels: tuple[str, ...] = ()
    #: None: two periods
    look_back: timedelta | None = None
    cap: int = 40
    quiet: Literal["nothing", "note"] = "nothing"
    subject: str = "{title}: {top} (+{more} more)"
    theme: Literal["auto", "light", "dark"] = "auto"
    template_folder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSpec:
    """A selection that is sent at once."""

    name: str
    selection: Selection
    channels: tuple[str, ...]
    time_zone: str = "UTC"
    #: how long a story settles first
    settle: timedelta = timedelta(minutes=5)
    #: ("22:00", "07:00") local
    quiet_hours: tuple[str, str] | None = None
    cooldown: timedelta = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpec:
    """A way out. `options` are of its kind (see docs/channels.md), secrets in `secrets`."""

    name: str
    kind: Literal["email", "slack", "webhook", "file", "apprise"]
    recipients: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """A tag of a user's own: works from the description, better with examples."""

    name: str
    #: a sentence or two
    description: str = ""
    #: matched at word boundaries, case ignored
    keywords: tuple[str, ...] = ()
    #: titles that belong to it
    examples: tuple[str, ...] = ()
    #: score from which an entry has it; None: calibrated against the archive
    threshold: float | None = None


# ---------------------------------------------------------------- collect


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
    #: first successful poll is over: from now on new entries are news
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


# ---------------------------------------------------------------- understand


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the archive."""

    id: int
    feed_id: str
    url: str | None
    title: str
    summary: str
    author: str | None
    published_at: datetime
    first_seen_at: datetime
    publisher: str
    publisher_name: str
    language: str
    announce: bool
    revision: int = 1
    story_id: int | None = None
    #: the feed's, for choosing the best entry of a story
    authority: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A fact's words, where they stand. start and end count characters in the field."""

    role: Role
    text: str
    field: Literal["title", "summary"]
    start: int
    end: int
    score: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What the model read from one entry. Scores are calibrated probabilities."""

    model_id: str
    scores: Mapping[str, float]
    #: at or above their thresholds
    tags: tuple[str, ...]
    #: in the band below
    possible: tuple[str, ...] = ()
    status: Status | None = None
    status_score: float = 0.0
    spans: tuple[Span, ...] = ()
    #: unit vector for story matching, little-endian float16
    vector: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Money as a text says it. A range gives its middle as value; low and high keep the ends."""

    #: None: "undisclosed"
    value: Decimal | None
    #: ISO 4217
    currency: str
    text: str
    low: Decimal | None = None
    high: Decimal | None = None
    #: "more than", "up to", "about": value is not exact
    approximate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The quote that a fact was read from, in the entry's revision of that time."""

    entry_id: int
    revision: int
    publisher: str
    field: Literal["title", "summary"]
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One value of a deal's or launch's field, with all the evidence for it. The first of a field leads."""

    #: a Role's value, or "stake", "version", "size", "licence", "family"
    field: str
    #: canonical: an entity's name, an amount in words, a model's name
    value: str
    entity_id: int | None = None
    amount: Amount | None = None
    #: the value in USD at the table's rate of the day
    usd: Decimal | None = None
    evidence: tuple[Evidence, ...] = ()
    #: set by a person; stands
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRecord:
    """A deal or a launch, merged from all entries of its story."""

    kind: Literal["funding", "acquisition", "partnership", "model-launch", "product-launch"]
    status: Status
    #: leading values; conflicts are further facts of the same field
    facts: tuple[Fact, ...]
    announced_at: datetime

    def values(self, name: str) -> tuple[Fact, ...]:
        """The facts of a field, the best-supported first."""
        return tuple(f for f in self.facts if f.field == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Development:
    """A step of a story: what changed, and the entry that said so."""

    kind: DevelopmentKind
    at: datetime
    entry_id: int
    #: one line of the entry's own words
    line: str
    id: int | None = None
    #: it is shown as a development, not as the story's beginning
    follow_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchDecision:
    """Why an entry joined a story or began one."""

    entry_id: int
    #: None: begins a story
    story_id: int | None
    #: entry ids of the same batch whose new story it joins (their story has no id yet)
    joins_entry: int | None = None
    score: float = 0.0
    reason: str = ""
    #: numbers behind the reason, for explain and tuning
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMember:
    """What the matcher needs of an entry that is in a story of the last days."""

    entry_id: int
    story_id: int
    title: str
    summary: str
    publisher: str
    published_at: datetime
    first_seen_at: datetime
    classification: Classification
    language: str = "en"
    #: 3 primary source ... 0 aggregator
    authority: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A thing that happened: one or more entries about one event."""

    id: int
    title: str
    #: one or two lines of the best entry's own words
    lead: str
    url: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    #: latest of its entries' first_seen_at that may be announced; None: nothing of it is news
    news_at: datetime | None
    #: publication time of its earliest entry
    published_at: datetime
    tags: tuple[str, ...]
    possible: tuple[str, ...]
    topics: tuple[str, ...]
    #: highest score per tag over its entries
    scores: Mapping[str, float]
    status: Status | None
    entry_count: int
    #: (publisher, name, url of its best entry), best first
    publishers: tuple[tuple[str, str, str | None], ...]
    #: independent: reprints and outlets of one owner count once
    independent: int
    language: str
    authority: int
    pinned: bool = False
    muted: bool = False
    #: entity names that take part
    companies: tuple[str, ...] = ()
    records: tuple[LedgerRecord, ...] = ()
    developments: tuple[Development, ...] = ()
    feed_ids: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    #: highest USD amount among its records
    usd: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryUpdate:
    """All that the understanding of a batch says of one story; written in one transaction."""

    #: None: a new story
    story_id: int | None
    #: entries that join now
    decisions: tuple[MatchDecision, ...]
    #: the story as it stands after the join; `id` is ignored (0) for a new one
    story: Story


# ---------------------------------------------------------------- deliver


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedStory:
    """A story in a digest, with the reason for its place."""

    story: Story
    score: float
    #: (name, points) of each part of the score
    reasons: tuple[tuple[str, float], ...]
    #: it went out before and comes again for these
    developments: tuple[Development, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of a digest with the stories that are shown and the number that are only listed."""

    title: str
    stories: tuple[RankedStory, ...]
    #: beyond the cap: listed by title in the digest's tail
    more: tuple[RankedStory, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTrouble:
    """A line of a digest's foot."""

    feed_id: str
    name: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A bulletin: what is due at a time. One source of every rendering."""

    name: str
    title: str
    due_at: datetime
    time_zone: str
    since: datetime
    sections: tuple[Section, ...]
    trouble: tuple[FeedTrouble, ...] = ()
    #: deterministic: name and due time
    key: str = ""

    @property
    def stories(self) -> tuple[RankedStory, ...]:
        """All stories, shown or only listed, in order."""
        return tuple(s for section in self.sections for s in (*section.stories, *section.more))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One rendered message of a digest for one channel kind; more than one where limits ask for it."""

    number: int
    of: int
    subject: str
    text: str
    html: str = ""
    markdown: str = ""
    #: Slack blocks or webhook body
    payload: Mapping[str, Any] | None = None
    story_ids: tuple[int, ...] = ()


class DeliveryState(StrEnum):
    """States of a delivery in the outbox."""

    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDraft:
    """A part for one recipient over one channel, to be put into the outbox."""

    channel: str
    recipient: str
    part: Part
    #: the same for each attempt: Message-ID, idempotency key
    message_id: str
    #: of the mail that this one follows up
    in_reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A row of the outbox."""

    id: int
    digest_id: int
    digest_key: str
    channel: str
    recipient: str
    part: Part
    message_id: str
    in_reply_to: str | None
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_try_at: datetime | None
    sent_at: datetime | None = None
    code: int | None = None
    error: str | None = None
    #: what the receiver answered: an SMTP line, a Slack ts
    receipt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The receiver accepted."""

    code: int
    words: str = ""
