"""Is an entry new, changed or known, and is it news? Pure: what was parsed and is stored in, drafts and changes out.

keys.py makes the keys of a document's entries, matching.py finds the stored entry that one is, drafts.py makes what is
stored of a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from monitor.feeds.drafts import change_of, drafts_of, publisher_of
from monitor.feeds.keys import Keyed, Keys, content_key, guid_key, keyed
from monitor.feeds.matching import match_entries, renamed
from monitor.feeds.settings import CollectSettings
from monitor.types import EntryChange, EntryDraft, FeedSpec, FeedState, KnownEntry, ParsedEntry, ParsedFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one document means for the archive."""

    drafts: tuple[EntryDraft, ...] = ()
    changes: tuple[EntryChange, ...] = ()
    #: for the log
    events: tuple[str, ...] = ()
    #: entries of the document, and how many of them were known
    total: int = 0
    known: int = 0
    #: nothing shows that no entry was missed since the last poll
    gap: bool = False
    #: median seconds between the document's entries; None if it dates too few
    rhythm: float | None = None
    #: published time of the newest entry that is not of the future
    newest: datetime | None = None


def decide(
    spec: FeedSpec,
    parsed: ParsedFeed,
    document: Keyed,
    known: Sequence[KnownEntry],
    state: FeedState,
    now: datetime,
    settings: CollectSettings,
) -> Decision:
    """What is new, what has changed, what is to be announced. `known`: stored entries that share a key with these."""
    matches = match_entries(document, known)
    new: list[tuple[ParsedEntry, Keys]] = []
    changes: list[EntryChange] = []
    for (entry, keys), match in zip(document.entries, matches, strict=True):
        if match is None:
            new.append((entry, keys))
        else:
            change = change_of(entry, keys, match, settings)
            if change is not None:
                changes.append(change)
    total, old = len(document.entries), sum(match is not None for match in matches)
    events: list[str] = []
    others = renamed(document, matches)
    if others * 2 > total:
        events.append(f"feed changed its ids: {others} of {total} entries are known by link or text")
    first = state.baseline_at is None
    drafts = drafts_of(spec, parsed, new, now)
    announced = _announce(drafts, state, now=now, settings=settings, events=events)
    # an entry of the future (a summit's, a typing error) says nothing about when the feed publishes
    stated = (entry.published or entry.updated for entry, _ in document.entries)
    dates = sorted(when for when in stated if when is not None and when <= now)
    gap = not first and total >= 2 and old == 0 and state.entries > 0 and _reaches_back(dates, state) is False
    if gap:
        events.append("no overlap with the last poll: entries may have been missed")
    return Decision(
        drafts=tuple(announced),
        changes=tuple(changes),
        events=tuple(events),
        total=total,
        known=old,
        gap=gap,
        rhythm=rhythm_of(dates),
        newest=dates[-1] if dates else None,
    )


def rhythm_of(dates: Sequence[datetime]) -> float | None:
    """Median seconds between sorted dates; None for fewer than four."""
    if len(dates) < 4:
        return None
    gaps = sorted((b - a).total_seconds() for a, b in pairwise(dates))
    return gaps[len(gaps) // 2]


def fresh_since(state: FeedState, now: datetime, settings: CollectSettings) -> datetime:
    """What was published later is news: of two days, or all since the feed was last read well, to a limit."""
    fresh = now - timedelta(hours=settings.fresh_hours)
    if state.ok_at is None:
        return fresh
    return min(fresh, max(state.ok_at, now - timedelta(days=settings.catch_up_days)))


def _announce(
    drafts: Sequence[EntryDraft], state: FeedState, *, now: datetime, settings: CollectSettings, events: list[str]
) -> list[EntryDraft]:
    """Which of the new ones are news. The rest is archived and never announced."""
    fresh = fresh_since(state, now, settings)
    news = [] if state.baseline_at is None else [i for i, draft in enumerate(drafts) if draft.published_at >= fresh]
    if len(news) > settings.flood_cap:
        events.append(f"a flood of {len(news)} new entries; the newest {settings.flood_cap} are announced")
        news = sorted(news, key=lambda i: drafts[i].published_at, reverse=True)[: settings.flood_cap]
    announced = list(drafts)
    for i in news:
        announced[i] = replace(drafts[i], announce=True)
    return announced


def _reaches_back(dates: Sequence[datetime], state: FeedState) -> bool:
    """Whether the document's oldest entry is older than the last good poll: then nothing can have been missed."""
    return bool(dates) and state.ok_at is not None and dates[0] <= state.ok_at


__all__ = [
    "Decision",
    "Keyed",
    "Keys",
    "content_key",
    "decide",
    "fresh_since",
    "guid_key",
    "keyed",
    "publisher_of",
    "rhythm_of",
]
