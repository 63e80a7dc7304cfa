"""The numbers that polling is governed by. Seconds and bytes; made from the configuration by app.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectSettings:
    """Defaults are those of a polite daemon; tests and loopback servers use lower intervals."""

    user_agent: str = "ai-news-monitor (feed reader)"

    # fetching
    #: requests under way at once, over all hosts
    concurrency: int = 32
    #: seconds between two requests to one host key
    host_gap: float = 2.0
    connect_timeout: float = 10.0
    #: one whole request with its redirects; waits for politeness are not counted
    total_timeout: float = 30.0
    max_redirects: int = 5
    max_wire_bytes: int = 10_000_000
    max_body_bytes: int = 20_000_000
    #: bytes of body for a byte of wire, beyond the first megabyte
    max_ratio: int = 200

    # when
    min_interval: float = 300.0
    default_interval: float = 1800.0
    max_interval: float = 86_400.0
    #: how far a poll may move from its time, as a part of the interval
    jitter: float = 0.1
    #: a feed is asked without validators once in so long
    full_get_every: float = 86_400.0
    #: good polls in a row that must see a permanent redirect before it is learned
    redirect_polls: int = 3
    #: waits for one host in one round, and as much for its answers; feeds beyond it stay due for the next
    round_seconds: float = 60.0
    #: an outage is retried after so long
    outage_retry: float = 120.0

    # parsing
    workers: int = 1
    cpu_seconds: int = 5
    #: a document may keep a worker for so long by the clock
    wall_seconds: float = 20.0
    #: a worker may take so long to begin, which is counted against no document
    start_seconds: float = 60.0
    memory_mb: int = 300
    documents_per_worker: int = 500
    #: an unused worker ends after so long
    worker_idle: float = 30.0
    max_entries: int = 5_000
    title_chars: int = 500
    summary_chars: int = 4_000

    # identity
    #: older at first sight: archive only
    fresh_hours: float = 48.0
    #: after we (or the feed) were away for longer, what came meanwhile is news too, up to so old
    catch_up_days: float = 14.0
    #: new entries of one feed in one poll that are announced; more is a flood
    flood_cap: int = 60
    #: revisions of one entry that are stored beyond its first text
    max_revisions: int = 24
    #: learned redirects are given up after so many failures in a row
    redirect_failures: int = 3


__all__ = ["CollectSettings"]
