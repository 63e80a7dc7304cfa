"""When a feed is polled next, and why. Pure: the last state and what a poll met in, the next state out.

The interval follows the feed: two thirds of a document's entries known means later, less than a third means sooner,
within bounds that its rhythm sets. What servers ask for (ttl, sy:update*, Cache-Control, Expires, Retry-After) is
respected, clamped. Failures back off to a day and never give up; throttling is the host's, not the feed's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from monitor.feeds.backoff import after_failure, after_outage, after_throttle, host_pause, while_paused
from monitor.feeds.intervals import DAY, HOUR, at, shortest_interval, silent_since, span
from monitor.feeds.settings import CollectSettings
from monitor.types import FeedSpec, FeedState, Fetched, NotModified


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A document came and was read."""

    fetched: Fetched
    body_hash: str
    new: int
    known: int
    gap: bool = False
    ttl: float | None = None
    rhythm: float | None = None
    newest: datetime | None = None
    truncated: bool = False
    full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """304, or the body of the last time."""

    answer: Fetched | NotModified
    full: bool = False

    @property
    def not_modified(self) -> bool:
        """304, and not a body that was seen before."""
        return isinstance(self.answer, NotModified)


def wants_full_get(state: FeedState, now: datetime, settings: CollectSettings) -> bool:
    """Whether this poll goes without validators: some servers repeat an ETag for ever."""
    if state.etag is None and state.last_modified is None:
        return True
    return state.full_get_at is None or (now - state.full_get_at).total_seconds() >= settings.full_get_every


def after_read(
    state: FeedState, met: Read, spec: FeedSpec, now: datetime, settings: CollectSettings, jitter: float
) -> FeedState:
    """A document was read. jitter: from 0 to 1."""
    low = shortest_interval(spec, settings)
    rhythm = met.rhythm if met.rhythm is not None else state.rhythm
    newest = _latest(now, state.new_entry_at, now if met.new and state.baseline_at else met.newest)
    interval, why = _adapted(state, met, rhythm, newest, low, now, settings)
    asked = max(met.ttl or 0.0, met.fetched.max_age or 0.0)
    if asked > interval:
        interval, why = min(asked, settings.max_interval), f"the feed asks for {span(asked)}"
    delay = interval
    if met.truncated and not _cut_before(state):
        # never against what it asks for
        delay, why = min(max(low, asked), interval), "the document was cut: again soon"
    elif met.truncated:
        why = f"the document is always cut; every {span(interval)}"
    return replace(
        state,
        **_good(state, met.fetched, now, full=met.full),
        # validators of a cut document would hide its rest for ever
        etag=None if met.truncated else met.fetched.etag,
        last_modified=None if met.truncated else met.fetched.last_modified,
        body_hash=None if met.truncated else met.body_hash,
        interval=interval,
        next_poll_at=at(now, delay, jitter, settings),
        next_poll_why=why,
        baseline_at=state.baseline_at or (None if met.truncated and not _stays_cut(state) else now),
        new_entry_at=newest,
        bytes=state.bytes + met.fetched.wire_bytes,
        gaps=state.gaps + met.gap,
        gap_at=now if met.gap else state.gap_at,
        entries=state.entries + met.new,
        rhythm=rhythm,
        silent_since=None if met.new else silent_since(replace(state, new_entry_at=newest, rhythm=rhythm), now),
    )


def after_same(
    state: FeedState, met: Same, spec: FeedSpec, now: datetime, settings: CollectSettings, jitter: float
) -> FeedState:
    """Nothing has changed. jitter: from 0 to 1."""
    low = shortest_interval(spec, settings)
    # one that was stored as of the future counts from now
    newest = min(state.new_entry_at, now) if state.new_entry_at is not None else None
    high = _ceiling(state.rhythm, newest, low, now, settings)
    interval = min(max(state.interval * 1.25, low), max(high, low, min(state.interval, settings.max_interval)))
    why = f"nothing new; every {span(interval)}"
    if (met.answer.max_age or 0.0) > interval:
        interval, why = min(met.answer.max_age or 0.0, settings.max_interval), "its cache headers ask for it"
    return replace(
        state,
        **_good(state, met.answer, now, full=met.full),
        etag=met.answer.etag or state.etag,
        last_modified=met.answer.last_modified or state.last_modified,
        interval=interval,
        next_poll_at=at(now, interval, jitter, settings),
        next_poll_why=why,
        not_modified=state.not_modified + met.not_modified,
        bytes=state.bytes + (0 if isinstance(met.answer, NotModified) else met.answer.wire_bytes),
        new_entry_at=newest,
        silent_since=silent_since(replace(state, new_entry_at=newest), now),
    )


def learned(state: FeedState, permanent_url: str | None, settings: CollectSettings) -> tuple[FeedState, str | None]:
    """Permanent redirects: (state, words if the address has been learned now)."""
    if permanent_url is None or permanent_url == state.url:
        if state.redirect_url is None:
            return state, None
        return replace(state, redirect_url=None, redirect_count=0), None
    count = state.redirect_count + 1 if permanent_url == state.redirect_url else 1
    if count < settings.redirect_polls:
        return replace(state, redirect_url=permanent_url, redirect_count=count), None
    return replace(state, url=permanent_url, redirect_url=None, redirect_count=0), "moved for good"


def _adapted(
    state: FeedState,
    met: Read,
    rhythm: float | None,
    newest: datetime | None,
    low: float,
    now: datetime,
    settings: CollectSettings,
) -> tuple[float, str]:
    total = met.new + met.known
    high = _ceiling(rhythm, newest, low, now, settings)
    if state.baseline_at is None:
        start = settings.default_interval if rhythm is None else rhythm / 2
        interval = min(max(start, low), max(high, low))
        return interval, f"first poll; every {span(interval)}"
    interval = min(max(state.interval, low), settings.max_interval)
    words = "as before"
    if met.gap:
        interval, words = interval / 2, "entries may have been missed: sooner"
    elif total and met.known * 3 >= total * 2:
        interval, words = min(interval * 1.25, max(high, low)), "mostly known entries: later"
        if met.new:
            # news came: no later than before, whatever part of the document it is
            interval, words = min(interval, max(state.interval, low), max(high, low)), "news among known entries"
    elif total and met.known * 3 < total:
        interval, words = interval / 2, "mostly new entries: sooner"
    interval = min(max(interval, low), max(high, low))
    return interval, f"{words}; every {span(interval)}"


def _ceiling(
    rhythm: float | None, newest: datetime | None, low: float, now: datetime, settings: CollectSettings
) -> float:
    """No later than this: half its usual gap while it lives, up to a day when it has been still for months."""
    if newest is None:
        return min(4 * HOUR, settings.max_interval)
    still = (now - newest).total_seconds()
    if still > 60 * DAY:
        return settings.max_interval
    longest = 3 * HOUR if still < 14 * DAY else 12 * HOUR
    usual = rhythm / 2 if rhythm is not None else 2 * settings.default_interval
    return min(max(usual, settings.default_interval, low), max(longest, low), settings.max_interval)


def _good(state: FeedState, answer: Fetched | NotModified, now: datetime, *, full: bool) -> dict[str, Any]:
    """What every good poll changes."""
    return {
        "polled_at": now,
        "ok_at": now,
        "full_get_at": now if full and isinstance(answer, Fetched) else state.full_get_at,
        "failures": 0.0,
        "error_kind": None,
        "error": None,
        "polls": state.polls + 1,
    }


def _latest(now: datetime, *times: datetime | None) -> datetime | None:
    """The last of them that is not of the future."""
    return max((when for when in times if when is not None and when <= now), default=None)


def _cut_before(state: FeedState) -> bool:
    """The last document was cut, too: of a whole one the hash is kept."""
    return state.ok_at is not None and state.body_hash is None


def _stays_cut(state: FeedState) -> bool:
    """This is at least the third document and all were cut: no whole one is to be waited for before news are news."""
    return _cut_before(state) and state.polls - state.failed >= 2


__all__ = [
    "Read",
    "Same",
    "after_failure",
    "after_outage",
    "after_read",
    "after_same",
    "after_throttle",
    "host_pause",
    "learned",
    "shortest_interval",
    "silent_since",
    "wants_full_get",
    "while_paused",
]
