"""An invented story, for trying out a channel."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from monitor.digest.build import build
from monitor.types import Amount, Digest, DigestSpec, Fact, LedgerRecord, SectionSpec, Status, Story, Tag


def sample_digest(now: datetime, name: str = "test") -> Digest:
    """A digest of one story that says itself that it is a test."""
    spec = DigestSpec(
        name=name,
        title="AI news monitor: a test",
        cron="* * * * *",
        sections=(SectionSpec(title="A sample story"),),
    )
    since = now - timedelta(hours=1)
    return build(spec, [_story(now)], due_at=now, since=since, sent={})


def _story(now: datetime) -> Story:
    at = now - timedelta(minutes=30)
    facts = (
        Fact(
            field="amount",
            value="€12 million",
            amount=Amount(value=Decimal(12_000_000), currency="EUR", text="€12 million"),
            usd=Decimal(13_000_000),
        ),
        Fact(field="round", value="Series A"),
        Fact(field="recipient", value="Example Robotics"),
        Fact(field="investor", value="Sample Ventures"),
    )
    return Story(
        id=0,
        title="Example Robotics raises €12 million to test the way a digest travels",
        lead="If you can read this, the channel works. The company, its investor and its money are invented.",
        url="https://example.com/",
        first_seen_at=at,
        last_seen_at=at,
        news_at=at,
        published_at=at,
        tags=(Tag.FUNDING,),
        possible=(),
        topics=(),
        scores={Tag.FUNDING: 1.0},
        status=Status.CONFIRMED,
        entry_count=2,
        publishers=(
            ("example.com", "The Example", "https://example.com/"),
            ("example.org", "Sample Post", "https://example.org/"),
        ),
        independent=2,
        language="en",
        authority=1,
        companies=("Example Robotics",),
        records=(LedgerRecord(kind="funding", status=Status.CONFIRMED, facts=facts, announced_at=at),),
        usd=Decimal(13_000_000),
    )
