"""When a feed is polled next, and why. Pure: the last state and what a poll met in, the next state out.

The interval follows the feed: two thirds of a document's entries known means later, less than a third means sooner,
within bounds that its rhythm sets. What servers ask for (ttl, sy:update*, Cache-Control, Expires, Retry-After) is
respected, clamped. Failures back off to a day and never give up; throttling is the host's, not the feed's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.errors import FeedError, FetchError
from monitor.feeds.settings import CollectSettings
from monitor.types import FeedSpec, FeedState, Fetched, NotModified

_HOUR = 3600.0
_DAY = 86_400.0
#: what a failure counts: a broken document or page is the feed's, a broken way there may be anybody's
_WEIGHTS = {"dns": 0.5, "connect": 0.5, "timeout": 0.5, "tls": 0.5, "crashed": 0.5}
#: pauses of a host that names no time, by status; doubled while it goes on
_PAUSES = {429: _HOUR, 403: 4 * _HOUR, 503: _HOUR / 2}
_SHORTEST_PAUSE = 60.0
_SILENT_AT_LEAST = 7 * _DAY


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


def shortest_interval(spec: FeedSpec, settings: CollectSettings) -> float:
    """Seconds: the feed's own, if it has one, never less than the minimum."""
    own = spec.interval.total_seconds() if spec.interval is not None else 0.0
    return min(max(own, settings.min_interval), settings.max_interval)


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
    newest = _latest(state.new_entry_at, now if met.new and state.baseline_at else met.newest)
    interval, why = _adapted(state, met, rhythm, newest, low, now, settings)
    asked = max(met.ttl or 0.0, met.fetched.max_age or 0.0)
    if asked > interval:
        interval, why = min(asked, settings.max_interval), f"the feed asks for {_span(asked)}"
    if met.truncated:
        why = "the document was cut: again soon"
    delay = low if met.truncated else interval
    return replace(
        _good(state, met.fetched, now, settings, full=met.full),
        # validators of a cut document would hide its rest for ever
        etag=None if met.truncated else met.fetched.etag,
        last_modified=None if met.truncated else met.fetched.last_modified,
        body_hash=None if met.truncated else met.body_hash,
        interval=interval,
        next_poll_at=_at(now, delay, jitter, settings),
        next_poll_why=why,
        baseline_at=state.baseline_at or now,
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
    high = _ceiling(state.rhythm, state.new_entry_at, low, now, settings)
    interval = min(max(state.interval * 1.25, low), max(high, low, min(state.interval, settings.max_interval)))
    why = f"nothing new; every {_span(interval)}"
    if (met.answer.max_age or 0.0) > interval:
        interval, why = min(met.answer.max_age or 0.0, settings.max_interval), "its cache headers ask for it"
    answered_304 = isinstance(met.answer, NotModified)
    good = _good(state, met.answer, now, settings, full=met.full)
    return replace(
        good,
        etag=met.answer.etag or state.etag,
        last_modified=met.answer.last_modified or state.last_modified,
        interval=interval,
        next_poll_at=_at(now, interval, jitter, settings),
        next_poll_why=why,
        not_modified=state.not_modified + answered_304,
        bytes=state.bytes + (0 if isinstance(met.answer, NotModified) else met.answer.wire_bytes),
        silent_since=silent_since(state, now),
    )


def after_failure(
    state: FeedState, error: FeedError, spec: FeedSpec, now: datetime, settings: CollectSettings, jitter: float
) -> FeedState:
    """The poll failed and it counts."""
    low = shortest_interval(spec, settings)
    failures = state.failures + _WEIGHTS.get(error.kind, 1.0)
    if isinstance(error, FetchError) and error.status is not None and error.status >= 500:
        failures = state.failures + 0.5
    delay = min(max(low, min(state.interval, 600.0)) * 2 ** min(failures, 12.0), settings.max_interval)
    why = f"failed {_times(state, error)}; waits {_span(delay)}"
    if error.kind == "gone":
        delay, why = settings.max_interval, "gone for good, says the server; asked once a day until a person decides"
    asked = getattr(error, "retry_after", None)
    if asked is not None and asked > delay:
        delay = min(asked, settings.max_interval)
        why = f"its server asks to wait {_span(delay)}"
    url = state.url
    if state.url != spec.url and failures - state.failures > 0 and failures >= settings.redirect_failures:
        url, why = spec.url, "the learned address fails; back to the one in feeds.yaml"
    return replace(
        state,
        url=url,
        polled_at=now,
        polls=state.polls + 1,
        failed=state.failed + 1,
        failures=failures,
        error_kind=error.kind,
        error=str(error),
        redirect_count=0,
        next_poll_at=_at(now, delay, jitter, settings),
        next_poll_why=why,
        silent_since=silent_since(state, now),
    )


def after_throttle(
    state: FeedState, error: FetchError, spec: FeedSpec, now: datetime, settings: CollectSettings, jitter: float
) -> FeedState:
    """The host asked to slow down (429, 403, 503): no failure of the feed."""
    pause = host_pause(state, error, settings)
    delay = max(pause, shortest_interval(spec, settings))
    asked = "its server asks to wait" if error.retry_after is not None else "its server refuses for now; waits"
    return replace(
        state,
        polled_at=now,
        polls=state.polls + 1,
        error_kind=error.kind,
        error=str(error),
        next_poll_at=_at(now, delay, jitter, settings),
        next_poll_why=f"{asked} {_span(delay)}",
        silent_since=silent_since(state, now),
    )


def after_outage(
    state: FeedState, error: FeedError, now: datetime, settings: CollectSettings, jitter: float
) -> FeedState:
    """Our own network is down: nothing counts against anybody."""
    return replace(
        state,
        next_poll_at=_at(now, settings.outage_retry, jitter, settings),
        next_poll_why="our own network was down; again soon",
        error_kind="outage",
        error=f"our own network seems down ({error.kind})",
    )


def while_paused(state: FeedState, host: str, until: datetime, settings: CollectSettings, jitter: float) -> FeedState:
    """Not asked, since its host asked to be left alone. Feeds of one host come back one after another."""
    spread = abs(jitter) * min(600.0, settings.min_interval)
    return replace(
        state,
        next_poll_at=until + timedelta(seconds=spread),
        next_poll_why=f"{host} asked to be left alone until {until:%H:%M} UTC",
    )


def host_pause(state: FeedState, error: FetchError, settings: CollectSettings) -> float:
    """Seconds that a host is left alone: what it asks for between a minute and a day, else by its status, doubling."""
    if error.retry_after is not None:
        return min(max(error.retry_after, _SHORTEST_PAUSE), settings.max_interval)
    pause = _PAUSES.get(error.status or 0, _HOUR)
    if state.error_kind == "throttled" and state.polled_at is not None and state.next_poll_at is not None:
        # throttled last time too: twice as long as then
        pause = max(pause, 2 * (state.next_poll_at - state.polled_at).total_seconds())
    return min(pause, settings.max_interval)


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


def silent_since(state: FeedState, now: datetime) -> datetime | None:
    """Since when the feed is silent against its own rhythm: six times its usual gap and a week at least."""
    if state.new_entry_at is None or state.rhythm is None:
        return None
    allowed = max(_SILENT_AT_LEAST, 6 * state.rhythm)
    if (now - state.new_entry_at).total_seconds() <= allowed:
        return None
    return state.silent_since or now


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
        return interval, f"first poll; every {_span(interval)}"
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
    return interval, f"{words}; every {_span(interval)}"


def _ceiling(
    rhythm: float | None, newest: datetime | None, low: float, now: datetime, settings: CollectSettings
) -> float:
    """No later than this: half its usual gap while it lives, up to a day when it has been still for months."""
    if newest is None:
        return min(4 * _HOUR, settings.max_interval)
    still = (now - newest).total_seconds()
    if still > 60 * _DAY:
        return settings.max_interval
    longest = 3 * _HOUR if still < 14 * _DAY else 12 * _HOUR
    usual = rhythm / 2 if rhythm is not None else 2 * settings.default_interval
    return min(max(usual, settings.default_interval, low), max(longest, low), settings.max_interval)


def _good(
    state: FeedState, answer: Fetched | NotModified, now: datetime, settings: CollectSettings, *, full: bool
) -> FeedState:
    return replace(
        state,
        polled_at=now,
        ok_at=now,
        full_get_at=now if full and isinstance(answer, Fetched) else state.full_get_at,
        failures=0.0,
        error_kind=None,
        error=None,
        polls=state.polls + 1,
    )


def _at(now: datetime, delay: float, jitter: float, settings: CollectSettings) -> datetime:
    """Later by up to a tenth, so that feeds do not stay in step; never earlier than promised."""
    return now + timedelta(seconds=delay * (1 + settings.jitter * abs(jitter)))


def _latest(a: datetime | None, b: datetime | None) -> datetime | None:
    return max((when for when in (a, b) if when is not None), default=None)


def _times(state: FeedState, error: FeedError) -> str:
    return "again" if state.failures and state.error_kind == error.kind else f"({error.kind})"


def _span(seconds: float) -> str:
    """``5 min``, ``3 h``, ``1 day``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * _HOUR:
        return f"{seconds / _HOUR:.1f} h".replace(".0", "")
    return f"{seconds / _DAY:.1f} days".replace(".0", "")


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
