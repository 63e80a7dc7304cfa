"""Made-up feeds, entries and stories."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from monitor.archive import Archive
from monitor.types import (
    Amount,
    Classification,
    EntryDraft,
    Evidence,
    Fact,
    FeedSpec,
    FeedState,
    LedgerRecord,
    MatchDecision,
    PollOutcome,
    Role,
    Span,
    Status,
    Story,
    StoryUpdate,
)
from monitor.urls import link_key

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MODEL = "encoder-1"


def key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def spec(feed_id: str = "lab", **values: Any) -> FeedSpec:
    return FeedSpec(**{"id": feed_id, "url": f"https://{feed_id}.example/feed", "name": feed_id.title(), **values})


def draft(name: str, feed_id: str = "lab", **values: Any) -> EntryDraft:
    """An entry whose keys follow from `name`."""
    url = f"https://{feed_id}.example/{name}"
    title, summary = values.get("title", f"Title of {name}"), values.get("summary", f"Summary of {name}.")
    plain: dict[str, Any] = {
        "feed_id": feed_id,
        "guid_hash": key(f"guid {feed_id} {name}"),
        "link_hash": link_key(url),
        "content_hash": key(f"{title}\n{summary}"),
        "guid": name,
        "url": url,
        "title": title,
        "summary": summary,
        "author": None,
        "published_at": NOW,
        "first_seen_at": NOW,
        "publisher": f"{feed_id}.example",
        "publisher_name": feed_id.title(),
        "language": "en",
    }
    return EntryDraft(**plain | values)


def outcome(*drafts: EntryDraft, feed_id: str = "lab", **values: Any) -> PollOutcome:
    state = values.pop("state", None) or FeedState(feed_id=feed_id, url=f"https://{feed_id}.example/feed")
    plain: dict[str, Any] = {"feed_id": feed_id, "at": NOW, "state": state, "result": "new" if drafts else "unchanged"}
    return PollOutcome(**plain | values, drafts=drafts)


def stored(archive: Archive, *drafts: EntryDraft) -> list[int]:
    """Stores drafts of any feeds; the new ids. Those of one feed come in one batch, else one after the other."""
    feed_ids = sorted({d.feed_id for d in drafts})
    archive.feeds.sync([spec(f) for f in sorted({s.feed_id for s in archive.feeds.states()} | set(feed_ids))], NOW)
    if len(feed_ids) == 1:
        return archive.feeds.store([outcome(*drafts, feed_id=feed_ids[0])])
    return [number for d in drafts for number in archive.feeds.store([outcome(d, feed_id=d.feed_id)])]


def labelled(**values: Any) -> Classification:
    plain: dict[str, Any] = {
        "model_id": MODEL,
        "scores": {"funding": 0.9, "partnership": 0.2},
        "tags": ("funding",),
        "status": Status.CONFIRMED,
        "status_score": 0.8,
        "spans": (Span(role=Role.AMOUNT, text="$5 million", field="title", start=3, end=13, score=0.75),),
        "vector": b"\x00\x3c" * 8,
    }
    return Classification(**plain | values)


def told(title: str = "A story", **values: Any) -> Story:
    plain: dict[str, Any] = {
        "id": 0,
        "title": title,
        "lead": "What it is about.",
        "url": "https://lab.example/a",
        "first_seen_at": NOW,
        "last_seen_at": NOW,
        "news_at": NOW,
        "published_at": NOW,
        "tags": ("funding",),
        "possible": (),
        "topics": (),
        "scores": {"funding": 0.9},
        "status": Status.CONFIRMED,
        "entry_count": 1,
        "publishers": (("lab.example", "Lab", "https://lab.example/a"),),
        "independent": 1,
        "language": "en",
        "authority": 1,
        "feed_ids": ("lab",),
        "categories": ("press",),
    }
    return Story(**plain | values)


def update(
    entry_ids: Sequence[int], story: Story | None = None, *, story_id: int | None = None, reason: str = "begins"
) -> StoryUpdate:
    decisions = tuple(
        MatchDecision(entry_id=e, story_id=story_id, score=0.5, reason=reason, numbers={"cosine": 0.25})
        for e in entry_ids
    )
    return StoryUpdate(story_id=story_id, decisions=decisions, story=story or told(entry_count=len(entry_ids)))


def understood(archive: Archive, entry_ids: Sequence[int], story: Story | None = None, **values: Any) -> int:
    """One story of these entries; its id."""
    labels: Mapping[int, Classification] = {e: labelled() for e in entry_ids}
    return archive.stories.apply(labels, {}, [update(entry_ids, story, **values)], NOW)[0]


def quoted(entry_id: int, words: str = "$5 million", publisher: str = "lab.example") -> Evidence:
    return Evidence(
        entry_id=entry_id, revision=1, publisher=publisher, field="title", start=0, end=len(words), quote=words
    )


def sum_of(value: str, currency: str = "USD", usd: str | None = None, *evidence: Evidence) -> Fact:
    """An amount as a fact."""
    amount = Amount(value=Decimal(value), currency=currency, text=f"{value} {currency}")
    dollars = Decimal(usd) if usd else Decimal(value) if currency == "USD" else None
    return Fact(field="amount", value=amount.text, amount=amount, usd=dollars, evidence=evidence)


def party(role: str, name: str, entity_id: int | None = None, *evidence: Evidence) -> Fact:
    return Fact(field=role, value=name, entity_id=entity_id, evidence=evidence)


def deal(*facts: Fact, kind: Any = "funding", at: datetime = NOW, status: Status = Status.CONFIRMED) -> LedgerRecord:
    return LedgerRecord(kind=kind, status=status, facts=facts, announced_at=at)
