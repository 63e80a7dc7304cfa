"""When a feed is asked again after a poll that brought nothing. Pure.

Failures back off to a day and never give up; throttling is the host's, not the feed's; an outage of our own network is
nobody's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.errors import FeedError, FetchError
from monitor.feeds.intervals import HOUR, at, shortest_interval, silent_since, span
from monitor.feeds.settings import CollectSettings
from monitor.types import FeedSpec, FeedState

#: what a failure counts: a broken document or page is the feed's, a broken way there may be anybody's
_WEIGHTS = {"dns": 0.5, "connect": 0.5, "timeout": 0.5, "tls": 0.5, "crashed": 0.5}
#: pauses of a host that names no time, by status; doubled while it goes on
_PAUSES = {429: HOUR, 403: 4 * HOUR, 503: HOUR / 2}
_SHORTEST_PAUSE = 60.0


def after_failure(
    state: FeedState, error: FeedError, spec: FeedSpec, now: datetime, settings: CollectSettings, jitter: float
) -> FeedState:
    """The poll failed and it counts."""
    low = shortest_interval(spec, settings)
    failures = state.failures + _WEIGHTS.get(error.kind, 1.0)
    if isinstance(error, FetchError) and error.status is not None and error.status >= 500:
        failures = state.failures + 0.5
    delay = min(max(low, min(state.interval, 600.0)) * 2 ** min(failures, 12.0), settings.max_interval)
    why = f"failed {_times(state, error)}; waits {span(delay)}"
    if error.kind == "gone":
        delay, why = settings.max_interval, "gone for good, says the server; asked once a day until a person decides"
    asked = getattr(error, "retry_after", None)
    if asked is not None and asked > delay:
        delay = min(asked, settings.max_interval)
        why = f"its server asks to wait {span(delay)}"
    if state.url != spec.url and failures - state.failures > 0 and failures >= settings.redirect_failures:
        state, why = _returned(state, spec), "the learned address fails; back to the one in feeds.yaml"
    return replace(
        state,
        polled_at=now,
        polls=state.polls + 1,
        failed=state.failed + 1,
        failures=failures,
        error_kind=error.kind,
        error=str(error),
        redirect_count=0,
        next_poll_at=at(now, delay, jitter, settings),
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
    why = f"{asked} {span(delay)}"
    if state.url != spec.url and state.error_kind == "throttled" and pause >= settings.max_interval:
        # refused again and again: the address was learned, so it may be unlearned
        state, why = _returned(state, spec), "the learned address refuses; back to the one in feeds.yaml"
    return replace(
        state,
        polled_at=now,
        polls=state.polls + 1,
        error_kind=error.kind,
        error=str(error),
        next_poll_at=at(now, delay, jitter, settings),
        next_poll_why=why,
        silent_since=silent_since(state, now),
    )


def after_outage(
    state: FeedState, error: FeedError, spec: FeedSpec, now: datetime, settings: CollectSettings, jitter: float
) -> FeedState:
    """Our own network is down: nothing counts against anybody."""
    # without a name nobody was asked; a request that broke may have arrived, and the minimum interval holds
    delay = (
        settings.outage_retry if error.kind == "dns" else max(settings.outage_retry, shortest_interval(spec, settings))
    )
    return replace(
        state,
        next_poll_at=at(now, delay, jitter, settings),
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
    pause = _PAUSES.get(error.status or 0, HOUR)
    if state.error_kind == "throttled" and state.polled_at is not None and state.next_poll_at is not None:
        # throttled last time too: twice as long as then
        pause = max(pause, 2 * (state.next_poll_at - state.polled_at).total_seconds())
    return min(pause, settings.max_interval)


def _returned(state: FeedState, spec: FeedSpec) -> FeedState:
    """To the address in feeds.yaml; validators and the last body are the other server's."""
    return replace(
        state, url=spec.url, etag=None, last_modified=None, body_hash=None, redirect_url=None, redirect_count=0
    )


def _times(state: FeedState, error: FeedError) -> str:
    return "again" if state.failures and state.error_kind == error.kind else f"({error.kind})"


__all__ = ["after_failure", "after_outage", "after_throttle", "host_pause", "while_paused"]
