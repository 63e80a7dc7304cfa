"""Intervals: their bounds, and how they are told."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.feeds.settings import CollectSettings
from monitor.types import FeedSpec, FeedState

HOUR = 3600.0
DAY = 86_400.0
_SILENT_AT_LEAST = 7 * DAY


def shortest_interval(spec: FeedSpec, settings: CollectSettings) -> float:
    """Seconds: the feed's own, if it has one, never less than the minimum."""
    own = spec.interval.total_seconds() if spec.interval is not None else 0.0
    return min(max(own, settings.min_interval), settings.max_interval)


def at(now: datetime, delay: float, jitter: float, settings: CollectSettings) -> datetime:
    """Later by up to a tenth, so that feeds do not stay in step; never earlier than promised."""
    return now + timedelta(seconds=delay * (1 + settings.jitter * abs(jitter)))


def silent_since(state: FeedState, now: datetime) -> datetime | None:
    """Since when the feed is silent against its own rhythm: six times its usual gap and a week at least."""
    if state.new_entry_at is None or state.rhythm is None:
        return None
    allowed = max(_SILENT_AT_LEAST, 6 * state.rhythm)
    if (now - state.new_entry_at).total_seconds() <= allowed:
        return None
    return state.silent_since or now


def span(seconds: float) -> str:
    """``5 min``, ``3 h``, ``1 day``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * HOUR:
        return f"{seconds / HOUR:.1f} h".replace(".0", "")
    return f"{seconds / DAY:.1f} days".replace(".0", "")


__all__ = ["DAY", "HOUR", "at", "shortest_interval", "silent_since", "span"]
