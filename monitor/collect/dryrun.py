"""Every stage for one document; nothing is stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.errors import FeedError
from monitor.feeds import identity, schedule
from monitor.feeds.settings import CollectSettings
from monitor.protocols import Parser
from monitor.types import FeedSpec, FeedState, Fetched, ParsedFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What each stage made of it, up to the one that failed."""

    spec: FeedSpec
    fetched: Fetched | None = None
    parsed: ParsedFeed | None = None
    decision: identity.Decision | None = None
    #: what it would be polled like from now on
    state: FeedState | None = None
    error: FeedError | None = None


async def dry_run(
    document: bytes | Fetched, spec: FeedSpec, parser: Parser, now: datetime, settings: CollectSettings
) -> DryRun:
    """What the monitor would make of a document (bytes of a file, or what a fetch brought) of this feed."""
    fetched = document if isinstance(document, Fetched) else Fetched(url=spec.url, status=200, body=document)
    try:
        parsed = await parser.parse(fetched, feed_id=spec.id)
    except FeedError as error:
        return DryRun(spec=spec, fetched=fetched, error=error)
    state = FeedState(feed_id=spec.id, url=spec.url, baseline_at=now)
    decision = identity.decide(spec, parsed, identity.keyed(parsed), (), state, now, settings)
    read = schedule.Read(
        fetched=fetched,
        body_hash=hashlib.sha256(fetched.body).hexdigest(),
        new=len(decision.drafts),
        known=0,
        ttl=parsed.ttl,
        rhythm=decision.rhythm,
        newest=decision.newest,
        truncated=parsed.truncated,
    )
    first = replace(state, baseline_at=None)
    later = schedule.after_read(first, read, spec, now, settings, 0.0)
    return DryRun(spec=spec, fetched=fetched, parsed=parsed, decision=decision, state=later)


__all__ = ["DryRun", "dry_run"]
