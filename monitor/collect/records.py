"""What one round holds while it is under way, and what it tells when it is over."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from monitor.collect.limits import Room
from monitor.errors import FeedError
from monitor.feeds import identity
from monitor.types import FeedSpec, FeedState, Fetched, NotModified, ParsedFeed

Progress = Callable[[int, int, str, str], None]
Result = Literal["new", "unchanged", "not-modified", "failed", "throttled", "outage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What one round did. Counts are feeds, but for `new` and `changed`, which are entries."""

    due: int = 0
    polled: int = 0
    new: int = 0
    changed: int = 0
    #: of `new`, those that may be announced
    news: int = 0
    not_modified: int = 0
    unchanged: int = 0
    failed: int = 0
    throttled: int = 0
    outage: int = 0
    #: left due, since their host was busy enough for one round
    deferred: int = 0
    #: not asked, since their host asked to be left alone
    paused: int = 0
    wire_bytes: int = 0
    seconds: float = 0.0
    #: ids of the new entries
    entry_ids: tuple[int, ...] = ()
    #: (feed id, words)
    errors: tuple[tuple[str, str], ...] = ()
    events: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True, kw_only=True)
class Met:
    """What a poll of one feed met, on its way to the writer."""

    spec: FeedSpec
    state: FeedState
    at: datetime
    full: bool = False
    fetched: Fetched | None = None
    same: NotModified | Fetched | None = None
    parsed: ParsedFeed | None = None
    document: identity.Keyed | None = None
    body_hash: str = ""
    error: FeedError | None = None
    outage: bool = False
    #: it was not asked: its host is to be left alone until then
    paused_until: datetime | None = None
    #: its answer says that a host (its own, or one that it redirects to) is to be left alone until then
    pause: tuple[str, datetime] | None = None

    @property
    def size(self) -> int:
        return len(self.fetched.body) if self.fetched is not None else 0

    def spoiled(self, error: FeedError) -> None:
        """Our own bug over it: whatever it brought is left out."""
        self.error, self.document, self.same = error, None, None


@dataclass(slots=True, kw_only=True)
class Round:
    """One round under way."""

    total: int
    progress: Progress | None
    #: asked for by name: a host's wish to be left alone does not hold
    insisting: bool = False
    #: all that was asked for, however long a host takes
    unhurried: bool = False
    #: its own: a round that fails holds no bytes against the next
    room: Room = field(default_factory=Room)
    queue: asyncio.Queue[Met | None] = field(default_factory=asyncio.Queue)
    #: something out there answered, so our own network works
    answered: bool = False
    #: network failures that wait for that proof
    held: list[Met] = field(default_factory=list)
    results: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[str, str]] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    entry_ids: list[int] = field(default_factory=list)
    changed: int = 0
    news: int = 0
    wire_bytes: int = 0
    done: int = 0
    deferred: int = 0
    paused: int = 0

    def report(self, due: int, seconds: float) -> PollReport:
        """What it did; `due`: feeds that were due when it began."""
        results = self.results
        return PollReport(
            due=due,
            polled=results.total(),
            new=len(self.entry_ids),
            changed=self.changed,
            news=self.news,
            not_modified=results["not-modified"],
            unchanged=results["unchanged"],
            failed=results["failed"],
            throttled=results["throttled"],
            outage=results["outage"],
            deferred=self.deferred,
            paused=self.paused,
            wire_bytes=self.wire_bytes,
            seconds=seconds,
            entry_ids=tuple(self.entry_ids),
            errors=tuple(self.errors),
            events=tuple(self.events),
        )


__all__ = ["Met", "PollReport", "Progress", "Result", "Round"]
