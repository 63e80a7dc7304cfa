"""Rows to the records of types.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from monitor.archive.tables import classifications, entries, feeds
from monitor.types import (
    Amount,
    Classification,
    Delivery,
    DeliveryState,
    Development,
    DevelopmentKind,
    Entry,
    Evidence,
    Fact,
    LedgerRecord,
    Part,
    Role,
    Span,
    Status,
    Story,
    encoder_of,
)

_ENTRY = ("id", "feed_id", "url", "title", "summary", "author", "published_at", "first_seen_at", "publisher")
ENTRY_COLUMNS = (
    *(entries.c[name] for name in _ENTRY),
    *(entries.c[name] for name in ("publisher_name", "language", "announce", "revision", "story_id")),
    feeds.c.authority,
)


def select_entries(*more: Any) -> sa.Select[Any]:
    """A SELECT of what `entry` reads."""
    return sa.select(*ENTRY_COLUMNS, *more).join_from(entries, feeds, entries.c.feed_id == feeds.c.id)


def select_understood() -> sa.Select[Any]:
    """The same with the classification, if there is one."""
    labelled = [classifications.c[name].label(f"c_{name}") for name in _CLASSIFICATION]
    return select_entries(*labelled).outerjoin(classifications, classifications.c.entry_id == entries.c.id)


def entry(values: Mapping[Any, Any]) -> Entry:
    return Entry(**{column.name: values[column] for column in ENTRY_COLUMNS})


_CLASSIFICATION = ("model_id", "scores", "tags", "possible", "status", "status_score", "spans", "vector")


def classification(values: Mapping[Any, Any], prefix: str = "") -> Classification | None:
    """Of a row's mapping; None where the entry has none."""
    if values[prefix + "model_id"] is None:
        return None
    return Classification(
        model_id=values[prefix + "model_id"],
        scores=values[prefix + "scores"],
        tags=tuple(values[prefix + "tags"]),
        possible=tuple(values[prefix + "possible"]),
        status=_status(values[prefix + "status"]),
        status_score=values[prefix + "status_score"],
        spans=tuple(_span(*packed) for packed in values[prefix + "spans"]),
        vector=bytes(values[prefix + "vector"] or b""),
    )


def encoded_by(column: Any, model_id: str) -> sa.ColumnElement[bool]:
    """The column names a model of the same encoder, with whatever head: their vectors compare."""
    encoder = encoder_of(model_id)
    return sa.or_(column == encoder, column.startswith(f"{encoder}+", autoescape=True))


def classification_values(found: Classification) -> dict[str, Any]:
    return {
        "model_id": found.model_id,
        "scores": {tag: round(float(score), 5) for tag, score in found.scores.items()},
        "tags": list(found.tags),
        "possible": list(found.possible),
        "status": found.status.value if found.status else None,
        "status_score": float(found.status_score),
        "spans": [[s.role.value, s.text, s.field, s.start, s.end, round(float(s.score), 4)] for s in found.spans],
        "vector": found.vector or None,
        "near_miss": bool(found.possible) and not found.tags,
    }


def _span(role: str, text: str, field: Any, start: int, end: int, score: float) -> Span:
    return Span(role=Role(role), text=text, field=field, start=start, end=end, score=score)


def _status(value: str | None) -> Status | None:
    return Status(value) if value else None


def story_values(story: Story) -> dict[str, Any]:
    """The columns that understanding writes. Pins and mutes are a person's and not among them."""
    return {
        "title": story.title,
        "lead": story.lead,
        "url": story.url,
        "first_seen_at": story.first_seen_at,
        "last_seen_at": story.last_seen_at,
        "news_at": story.news_at,
        "published_at": story.published_at,
        "tags": list(story.tags),
        "possible": list(story.possible),
        "topics": list(story.topics),
        "scores": {tag: round(float(score), 5) for tag, score in story.scores.items()},
        "status": story.status.value if story.status else None,
        "entry_count": story.entry_count,
        "publishers": [list(p) for p in story.publishers],
        "independent": story.independent,
        "language": story.language[:16],
        "authority": story.authority,
        "companies": list(story.companies),
        "feed_ids": list(story.feed_ids),
        "categories": list(story.categories),
        "usd": story.usd,
    }


def story(
    values: Mapping[Any, Any], records: Sequence[LedgerRecord] = (), developments: Sequence[Development] = ()
) -> Story:
    return Story(
        id=values["id"],
        title=values["title"],
        lead=values["lead"],
        url=values["url"],
        first_seen_at=values["first_seen_at"],
        last_seen_at=values["last_seen_at"],
        news_at=values["news_at"],
        published_at=values["published_at"],
        tags=tuple(values["tags"]),
        possible=tuple(values["possible"]),
        topics=tuple(values["topics"]),
        scores=values["scores"],
        status=_status(values["status"]),
        entry_count=values["entry_count"],
        publishers=tuple((p[0], p[1], p[2]) for p in values["publishers"]),
        independent=values["independent"],
        language=values["language"],
        authority=values["authority"],
        pinned=values["pinned"],
        muted=values["muted"],
        companies=tuple(values["companies"]),
        records=tuple(records),
        developments=tuple(developments),
        feed_ids=tuple(values["feed_ids"]),
        categories=tuple(values["categories"]),
        usd=values["usd"],
    )


def development(values: Mapping[Any, Any]) -> Development:
    return Development(
        kind=DevelopmentKind(values["kind"]),
        at=values["at"],
        entry_id=values["entry_id"],
        line=values["line"],
        id=values["id"],
        follow_up=values["follow_up"],
    )


def fact(values: Mapping[Any, Any], quotes: Sequence[Evidence]) -> Fact:
    amount = None
    if values["amount_text"] is not None:
        amount = Amount(
            value=values["amount"],
            currency=values["currency"] or "",
            text=values["amount_text"],
            low=values["low"],
            high=values["high"],
            approximate=values["approximate"],
        )
    return Fact(
        field=values["field"],
        value=values["value"],
        entity_id=values["entity_id"],
        amount=amount,
        usd=values["usd"],
        evidence=tuple(quotes),
        by_hand=values["by_hand"],
    )


def fact_values(found: Fact) -> dict[str, Any]:
    amount = found.amount
    return {
        "field": found.field,
        "value": found.value,
        "entity_id": found.entity_id,
        "amount": amount.value if amount else None,
        "currency": amount.currency[:8] if amount else None,
        "amount_text": amount.text if amount else None,
        "low": amount.low if amount else None,
        "high": amount.high if amount else None,
        "approximate": amount.approximate if amount else False,
        "usd": found.usd,
        "by_hand": found.by_hand,
    }


def quote(values: Mapping[Any, Any]) -> Evidence:
    return Evidence(
        entry_id=values["entry_id"],
        revision=values["revision"],
        publisher=values["publisher"],
        field=values["field"],
        start=values["start"],
        end=values["stop"],
        quote=values["quote"],
    )


def quote_values(found: Evidence) -> dict[str, Any]:
    return {
        "entry_id": found.entry_id,
        "revision": found.revision,
        "publisher": found.publisher[:256],
        "field": found.field,
        "start": found.start,
        "stop": found.end,
        "quote": found.quote,
    }


def delivery(values: Mapping[Any, Any]) -> Delivery:
    part = Part(
        number=values["number"],
        of=values["of"],
        subject=values["subject"],
        text=values["text"],
        html=values["html"],
        markdown=values["markdown"],
        payload=values["payload"],
        story_ids=tuple(values["story_ids"]),
    )
    return Delivery(
        id=values["id"],
        digest_id=values["digest_id"],
        digest_key=values["digest_key"],
        channel=values["channel"],
        recipient=values["recipient"],
        part=part,
        message_id=values["message_id"],
        in_reply_to=values["in_reply_to"],
        state=DeliveryState(values["state"]),
        attempts=values["attempts"],
        created_at=values["created_at"],
        next_try_at=values["next_try_at"],
        sent_at=values["sent_at"],
        code=values["code"],
        error=values["error"],
        receipt=values["receipt"],
        started_at=values["started_at"],
        silences=values["silences"] or 0,
    )


def total(values: Sequence[Decimal | None]) -> Decimal | None:
    """The largest; None where there is none."""
    return max((v for v in values if v is not None), default=None)
