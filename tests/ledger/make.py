"""Entries and classifications for the tests of the ledger, from words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.ledger.amounts import RateTable
from monitor.ledger.companies import CompanyIndex
from monitor.ledger.facts import spans_of
from monitor.types import Classification, Entry, LedgerRecord, Status, Story

COMPANIES = CompanyIndex.load()
RATES = RateTable.load()
START = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)

Member = tuple[Entry, Classification]


def member(
    entry_id: int,
    title: str,
    summary: str = "",
    *,
    tags: str,
    status: str | None = "confirmed",
    publisher: str | None = None,
    authority: int = 1,
    hours: float | None = None,
    language: str = "en",
    **facts: list[str],
) -> Member:
    """An entry with the spans of `facts` (role=[words]) as the model would mark them."""
    at = START + timedelta(hours=entry_id if hours is None else hours)
    entry = Entry(
        id=entry_id,
        feed_id="feed",
        url=f"https://news{entry_id}.example/a",
        title=title,
        summary=summary,
        author=None,
        published_at=at,
        first_seen_at=at,
        publisher=publisher or f"news{entry_id}.example",
        publisher_name="News",
        language=language,
        announce=True,
        authority=authority,
    )
    classification = Classification(
        model_id="hand",
        scores={},
        tags=tuple(tags.split()),
        status=Status(status) if status else None,
        spans=spans_of(entry, facts),
    )
    return entry, classification


def values(record: LedgerRecord, field: str) -> list[str]:
    """The values of a field, leading one first."""
    return [fact.value for fact in record.values(field)]


def story(*, status: Status | None = None, tags: tuple[str, ...] = (), **more: object) -> Story:
    """A story of no consequence, with what a test needs of it."""
    fields: dict[str, object] = {
        "id": 1,
        "title": "t",
        "lead": "",
        "url": None,
        "first_seen_at": START,
        "last_seen_at": START,
        "news_at": START,
        "published_at": START,
        "tags": tags,
        "possible": (),
        "topics": (),
        "scores": {},
        "status": status,
        "entry_count": 1,
        "publishers": (),
        "independent": 1,
        "language": "en",
        "authority": 1,
        **more,
    }
    return Story(**fields)  # type: ignore[arg-type]
