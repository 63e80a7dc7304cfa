"""What a poll means for its feed. Pure: what was met and what is stored in, one PollOutcome out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from monitor.collect.records import Met
from monitor.errors import FeedError, FetchError
from monitor.feeds import identity, schedule
from monitor.feeds.settings import CollectSettings
from monitor.types import FeedSpec, FeedState, KnownEntry, PollOutcome
from monitor.urls import host_key, link_key


class Owners:
    """Which feed has an address. Made when a feed first moves, which is seldom."""

    def __init__(self, specs: Iterable[FeedSpec]) -> None:
        self._specs = tuple(specs)

    def of(self, url: str) -> str | None:
        """The feed's id."""
        return self._ids.get(link_key(url))

    @cached_property
    def _ids(self) -> dict[bytes, str]:
        return {link_key(spec.url): spec.id for spec in self._specs}


def outcome_of(
    met: Met, known: Sequence[KnownEntry], owners: Owners, settings: CollectSettings, jitter: float
) -> PollOutcome:
    """known: stored entries that share a key with the document's. jitter: from 0 to 1."""
    if met.paused_until is not None:
        host = host_key(met.state.url)
        later = schedule.while_paused(met.state, host, met.paused_until, settings, jitter)
        return PollOutcome(feed_id=met.spec.id, at=met.at, state=later, result="throttled")
    if met.error is not None:
        return _failed(met, met.error, settings, jitter)
    if met.same is not None:
        return _same(met, owners, settings, jitter)
    return _read(met, known, owners, settings, jitter)


def _same(met: Met, owners: Owners, settings: CollectSettings, jitter: float) -> PollOutcome:
    assert met.same is not None
    same = schedule.Same(answer=met.same, full=met.full)
    state = schedule.after_same(met.state, same, met.spec, met.at, settings, jitter)
    state, events = _moved(state, met.same.permanent_url, met.spec.id, owners, settings)
    return PollOutcome(
        feed_id=met.spec.id,
        at=met.at,
        state=state,
        result="not-modified" if same.not_modified else "unchanged",
        events=(*events, *_silence(met.state, state)),
    )


def _read(
    met: Met, known: Sequence[KnownEntry], owners: Owners, settings: CollectSettings, jitter: float
) -> PollOutcome:
    assert met.parsed is not None and met.document is not None and met.fetched is not None
    decision = identity.decide(met.spec, met.parsed, met.document, known, met.state, met.at, settings)
    read = schedule.Read(
        fetched=met.fetched,
        body_hash=met.body_hash,
        new=len(decision.drafts),
        known=decision.known,
        gap=decision.gap,
        ttl=met.parsed.ttl,
        rhythm=decision.rhythm,
        newest=decision.newest,
        truncated=met.parsed.truncated,
        full=met.full,
    )
    state = schedule.after_read(met.state, read, met.spec, met.at, settings, jitter)
    state, events = _moved(state, met.fetched.permanent_url, met.spec.id, owners, settings)
    return PollOutcome(
        feed_id=met.spec.id,
        at=met.at,
        state=state,
        result="new" if decision.drafts else "unchanged",
        drafts=decision.drafts,
        changes=decision.changes,
        events=(*decision.events, *events, *_silence(met.state, state)),
    )


def _failed(met: Met, error: FeedError, settings: CollectSettings, jitter: float) -> PollOutcome:
    feed_id, at = met.spec.id, met.at
    if met.outage:
        down = schedule.after_outage(met.state, error, met.spec, at, settings, jitter)
        return PollOutcome(feed_id=feed_id, at=at, state=down, result="outage")
    if isinstance(error, FetchError) and error.host_throttled:
        slower = schedule.after_throttle(met.state, error, met.spec, at, settings, jitter)
        host, until = met.pause or ("", None)
        return PollOutcome(feed_id=feed_id, at=at, state=slower, result="throttled", host=host, host_pause_until=until)
    worse = schedule.after_failure(met.state, error, met.spec, at, settings, jitter)
    return PollOutcome(feed_id=feed_id, at=at, state=worse, result="failed", events=_silence(met.state, worse))


def _moved(
    state: FeedState, permanent: str | None, feed_id: str, owners: Owners, settings: CollectSettings
) -> tuple[FeedState, tuple[str, ...]]:
    """Learns a permanent redirect, unless another feed is polled there already."""
    owner = owners.of(permanent) if permanent else None
    if owner is not None and owner != feed_id:
        if state.redirect_url == permanent:
            return state, ()
        told = f"redirects to feed {owner}: a duplicate"
        return replace(state, redirect_url=permanent, redirect_count=0), (told,)
    state, words = schedule.learned(state, permanent, settings)
    return state, (f"{words} to {state.url}",) if words else ()


def _silence(before: FeedState, after: FeedState) -> tuple[str, ...]:
    """Said once, when it begins."""
    if after.silent_since is None or before.silent_since is not None:
        return ()
    return ("silent against its own rhythm",)


__all__ = ["Owners", "outcome_of"]
