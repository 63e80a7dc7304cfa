"""How feeds stand, in a word or a line: for `feeds health`, a digest's foot, metrics, the status line. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from monitor.types import FeedTrouble

#: a failure or two is a hiccup; more is a state
FAILING_AFTER = 3
#: a feed that should have been polled so long ago: the monitor does not run, or cannot
OVERDUE = timedelta(days=1)

Standing = Literal["well", "new", "failing", "throttled", "silent", "overdue", "off"]


def standing(feed: Mapping[str, Any], now: datetime) -> Standing:
    """One word on a row of the archive's feeds."""
    if not feed["enabled"]:
        return "off"
    if feed["error_kind"] == "throttled":
        return "throttled"
    if feed["error_kind"] and feed["error_kind"] != "outage" and feed["failures"] >= FAILING_AFTER:
        return "failing"
    if feed["ok_at"] is None:
        return "new"
    if feed["silent_since"] is not None:
        return "silent"
    if feed["next_poll_at"] is not None and now - feed["next_poll_at"] > OVERDUE:
        return "overdue"
    return "well"


def counts(feeds: Iterable[Mapping[str, Any]], now: datetime) -> Counter[str]:
    """How many configured feeds stand how."""
    return Counter(standing(feed, now) for feed in feeds if feed["configured"])


def troubles(feeds: Iterable[Mapping[str, Any]], now: datetime, *, day: timedelta = OVERDUE) -> tuple[FeedTrouble, ...]:
    """Lines for a digest's foot: feeds that fail for a day, missed entries within one, or fell silent."""
    found = []
    for feed in feeds:
        words = _words(feed, now, day) if feed["configured"] and feed["enabled"] else ""
        if words:
            found.append(FeedTrouble(feed_id=feed["id"], name=feed["name"], words=words))
    return tuple(found)


def _words(feed: Mapping[str, Any], now: datetime, day: timedelta) -> str:
    state = standing(feed, now)
    since = feed["ok_at"]
    if state in ("failing", "throttled") and (since is None or now - since > day):
        last = f"since {since:%Y-%m-%d %H:%M} UTC" if since is not None else "and has never been read"
        return f"fails {last}: {feed['error']}"
    if state == "silent":
        return f"silent since {feed['silent_since']:%Y-%m-%d}, against its own rhythm"
    if feed["gap_at"] is not None and now - feed["gap_at"] <= day:
        return "more came than it shows at once: entries may be missing"
    return ""
