"""How what the model reads changes over time: tag rates and confidence by week and by feed. Pure.

A rate that moves is either the news (a week of conferences) or the model going blind (a feed's new form, a new kind of
telling). Confidence tells them apart: news moves rates, blindness moves confidence, too.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from monitor.classify.taxonomy import TAGS

#: a rate is odd when it lies so many standard errors and this share of itself away from what was before
ERRORS: Final = 3.0
SHARE: Final = 0.25
#: fewer entries than these say nothing
FEWEST: Final = 30
#: a mean score is odd when it moved by so much
CONFIDENCE: Final = 0.08


class Reading(Protocol):
    """One entry's scores, as the archive keeps them."""

    @property
    def at(self) -> datetime: ...
    @property
    def feed_id(self) -> str: ...
    @property
    def model_id(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def possible(self) -> tuple[str, ...]: ...
    @property
    def scores(self) -> Mapping[str, float]: ...


@dataclass(slots=True)
class Tally:
    """Counts over some entries."""

    entries: int = 0
    tagged: int = 0
    possible: int = 0
    tags: Counter[str] = field(default_factory=Counter)
    #: sum of the scores of the tags that were given
    given: float = 0.0
    models: Counter[str] = field(default_factory=Counter)

    def add(self, read: Reading) -> None:
        """Counts one entry."""
        self.entries += 1
        self.tagged += bool(read.tags)
        self.possible += bool(read.possible) and not read.tags
        self.models[read.model_id] += 1
        for tag in read.tags:
            self.tags[tag] += 1
            self.given += read.scores.get(tag, 0.0)

    def join(self, other: Tally) -> None:
        """Takes another's counts in."""
        self.entries += other.entries
        self.tagged += other.tagged
        self.possible += other.possible
        self.given += other.given
        for mine, theirs in ((self.tags, other.tags), (self.models, other.models)):
            mine.update(theirs)

    def rate(self, tag: str = "") -> float:
        """The share of entries with the tag, or with any."""
        count = self.tags[tag] if tag else self.tagged
        return count / self.entries if self.entries else 0.0

    @property
    def confidence(self) -> float | None:
        """The mean score of the tags that were given; None: none was."""
        total = sum(self.tags.values())
        return self.given / total if total else None

    def figures(self) -> dict[str, Any]:
        """As a row."""
        sure = self.confidence
        return {
            "entries": self.entries,
            "tagged": round(self.rate(), 4),
            "possible": round(self.possible / self.entries, 4) if self.entries else 0.0,
            "confidence": None if sure is None else round(sure, 4),
            "tags": {tag: round(self.rate(tag), 4) for tag in TAGS},
            "models": sorted(self.models),
        }


def week_of(at: datetime) -> str:
    """The Monday of its week, in UTC."""
    day = at.astimezone(UTC).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def by_week(readings: Iterable[Reading]) -> list[dict[str, Any]]:
    """A row a week, oldest first, with what is odd about it against the weeks before."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for read in readings:
        tallies[week_of(read.at)].add(read)
    rows, before = [], Tally()
    for week in sorted(tallies):
        rows.append({"week": week, **tallies[week].figures(), "odd": oddities(tallies[week], before)})
        before.join(tallies[week])
    return rows


def by_feed(readings: Sequence[Reading], split: datetime) -> list[dict[str, Any]]:
    """A row a feed over what was seen since `split`, with what is odd against what it brought before; oddest first."""
    new: dict[str, Tally] = defaultdict(Tally)
    old: dict[str, Tally] = defaultdict(Tally)
    for read in readings:
        (new if read.at >= split else old)[read.feed_id].add(read)
    rows = [
        {"feed": feed, **new[feed].figures(), "odd": oddities(new[feed], old.get(feed, Tally()))}
        for feed in sorted(new)
    ]
    return sorted(rows, key=lambda row: (not row["odd"], -row["entries"]))


def oddities(now: Tally, before: Tally) -> list[str]:
    """What differs from before by more than chance, in words."""
    if now.entries < FEWEST or before.entries < FEWEST:
        return []
    found = []
    for tag in ("", *TAGS):
        was, is_now = before.rate(tag), now.rate(tag)
        pooled = (was * before.entries + is_now * now.entries) / (before.entries + now.entries)
        error = math.sqrt(pooled * (1 - pooled) * (1 / now.entries + 1 / before.entries))
        if error and abs(is_now - was) > ERRORS * error and abs(is_now - was) > SHARE * max(was, is_now):
            found.append(f"{tag or 'tagged'} {100 * was:.1f} % -> {100 * is_now:.1f} %")
    first, second = before.confidence, now.confidence
    enough = sum(now.tags.values()) >= FEWEST
    if enough and first is not None and second is not None and abs(second - first) > CONFIDENCE:
        found.append(f"confidence {first:.2f} -> {second:.2f}")
    return found
