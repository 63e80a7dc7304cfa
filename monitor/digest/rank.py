"""The order of a digest, as a sum of points that can be shown. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from monitor.types import Development, RankedStory, Status, Story, Tag

#: what happened
EVENT_POINTS = {
    Tag.ACQUISITION: 30.0,
    Tag.MODEL_LAUNCH: 30.0,
    Tag.FUNDING: 26.0,
    Tag.PARTNERSHIP: 18.0,
    Tag.PRODUCT_LAUNCH: 16.0,
}
#: a story that is here for a topic alone
TOPIC_POINTS = 8.0
AUTHORITY_POINTS = {3: 10.0, 2: 6.0, 1: 2.0, 0: 0.0}
HALF_LIFE_HOURS = 24.0


def rank(
    story: Story,
    *,
    now: datetime,
    since: datetime,
    watched: Sequence[str] = (),
    developments: Sequence[Development] = (),
) -> RankedStory:
    """The story with its points and the reasons for them, largest first; parts of no points are left out."""
    parts = {
        "event": _event(story),
        "amount": _amount(story),
        "watched companies": _watched(story, watched),
        "independent publishers": min(8.0 * math.log2(max(story.independent, 1)), 32.0),
        "authority": AUTHORITY_POINTS.get(story.authority, 0.0),
        "freshness": _freshness(story, now),
        "novelty": _novelty(story, since, developments),
        "rumoured": -6.0 if story.status is Status.RUMOURED else 0.0,
    }
    reasons = tuple(sorted(((n, round(p, 1)) for n, p in parts.items() if round(p, 1)), key=lambda r: (-r[1], r[0])))
    return RankedStory(
        story=story,
        score=round(sum(points for _, points in reasons), 1),
        reasons=reasons,
        developments=tuple(developments),
    )


def order(ranked: Sequence[RankedStory]) -> list[RankedStory]:
    """Pinned first, then by points; equal ones by arrival, newest first, then by id."""
    return sorted(ranked, key=lambda r: (not r.story.pinned, -r.score, -_arrival(r.story).timestamp(), r.story.id))


def _arrival(story: Story) -> datetime:
    return story.news_at or story.last_seen_at


def _event(story: Story) -> float:
    points = [EVENT_POINTS[Tag(tag)] for tag in story.tags if tag in set(Tag)]
    if not points:
        return TOPIC_POINTS if story.topics else 0.0
    # a launch that is also a partnership weighs a little more than either
    return max(points) + 3.0 * (len(points) - 1)


def _amount(story: Story) -> float:
    if story.usd is None or story.usd < 1_000_000:
        return 0.0
    return min(6.0 * (math.log10(float(story.usd)) - 6.0), 30.0)


def _watched(story: Story, watched: Sequence[str]) -> float:
    names = {name.casefold() for name in watched}
    return min(15.0 * sum(company.casefold() in names for company in story.companies), 30.0)


def _freshness(story: Story, now: datetime) -> float:
    hours = max((now - _arrival(story)).total_seconds() / 3600.0, 0.0)
    return 10.0 * math.pow(0.5, hours / HALF_LIFE_HOURS)


def _novelty(story: Story, since: datetime, developments: Sequence[Development]) -> float:
    if developments:
        return 8.0
    return 6.0 if story.first_seen_at > since else 0.0
