"""A digest as JSON: for webhooks, for `--json`, and the stories of JSON Feeds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from monitor.digest.view import DigestView, StoryView
from monitor.types import Digest, Fact, LedgerRecord, RankedStory

#: raised when a field changes its meaning or goes
FORMAT = 1


def body(digest: Digest, page: DigestView, items: Sequence[StoryView], number: int, of: int) -> dict[str, Any]:
    """The webhook's body. Money is text, times are ISO 8601 in UTC, texts are plain."""
    ranked = {r.story.id: r for r in digest.stories}
    return {
        "format": FORMAT,
        "digest": page.name,
        "key": page.key,
        "title": page.title,
        "due_at": digest.due_at.isoformat(),
        "since": digest.since.isoformat(),
        "part": number,
        "of": of,
        "summary": page.summary,
        "stories": [story_json(ranked[item.id], item) for item in items],
        "trouble": [{"feed": t.feed_id, "name": t.name, "words": t.words} for t in digest.trouble],
        "left_out": [story_id for story_id, _ in page.left_out],
    }


def story_json(ranked: RankedStory, item: StoryView) -> dict[str, Any]:
    """One story."""
    story = ranked.story
    return {
        "id": story.id,
        "section": item.section,
        "shown": not item.brief,
        "title": item.headline,
        "lead": item.lead,
        "url": item.url or None,
        "page": item.page or None,
        "published_at": story.published_at.isoformat(),
        "tags": list(story.tags),
        "topics": list(story.topics),
        "status": story.status.value if story.status else None,
        "companies": list(story.companies),
        "usd": _money(story.usd),
        "publishers": [{"name": name, "url": url or None} for name, url in item.links],
        "publisher_count": len(story.publishers),
        "independent": story.independent,
        "records": [record_json(record) for record in story.records],
        "developments": [
            {"kind": d.kind.value, "at": d.at.isoformat(), "line": c.line}
            for d, c in zip(ranked.developments, item.changes, strict=True)
        ],
        "score": ranked.score,
        "reasons": dict(ranked.reasons),
    }


def record_json(record: LedgerRecord) -> dict[str, Any]:
    """A deal or launch with its facts."""
    return {
        "kind": record.kind,
        "status": record.status.value,
        "announced_at": record.announced_at.isoformat(),
        "facts": [_fact_json(fact) for fact in record.facts],
    }


def _fact_json(fact: Fact) -> dict[str, Any]:
    known: dict[str, Any] = {"field": fact.field, "value": fact.value}
    if fact.amount is not None:
        known["amount"] = _money(fact.amount.value)
        known["currency"] = fact.amount.currency
    if fact.usd is not None:
        known["usd"] = _money(fact.usd)
    return known


def _money(value: Decimal | None) -> str | None:
    if value is None:
        return None
    if not value.is_finite():
        raise ValueError(f"{value} is no amount of money")
    return f"{value:f}"
