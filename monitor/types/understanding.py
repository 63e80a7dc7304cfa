"""Records of the second loop: entries, what was read from them, stories, the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from monitor.types.vocabulary import DevelopmentKind, Role, Status


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


def encoder_of(model_id: str) -> str:
    """The encoder's own id: in "encoder+head" a head of one's own stands in front. Vectors of one encoder compare."""
    return model_id.partition("+")[0]


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
    #: with story_id None: a new story even if all its entries are in one story now (`stories rebuild` splits it)
    begins: bool = False
    #: what it was made from: the story's entries before the join and the ids of its steps, so that another writer is
    #: noticed. None: not asked
    entries_before: frozenset[int] | None = None
    steps_before: frozenset[int] = frozenset()
    #: made by reading what came in, not by reading again: an entry that is understood late is news from then on
    live: bool = False
