"""When an alert may speak: settling, quiet hours, cooldown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta

from monitor.digest.schedule import zone_of
from monitor.digest.select import news_for
from monitor.types import AlertSpec, DigestSpec, SectionSpec, Story

#: how long ago a story may have arrived, at least
REACH = timedelta(hours=48)
#: quiet hours are shorter
DAY = timedelta(hours=24)
PREFIX = "alert:"


def reach(alert: AlertSpec) -> timedelta:
    """How long ago a story may have arrived: what waits for its cooldown, to settle and for the morning is in it."""
    return max(REACH, alert.cooldown + alert.settle + DAY)


def as_digest(alert: AlertSpec) -> DigestSpec:
    """An alert is a digest that is due whenever there is something to say."""
    return DigestSpec(
        name=PREFIX + alert.name,
        title=f"Alert: {alert.name}",
        cron="* * * * *",
        time_zone=alert.time_zone,
        selection=alert.selection,
        sections=(SectionSpec(title="News", cap=30),),
        channels=alert.channels,
        cap=30,
        reader_languages=alert.reader_languages,
        subject="{top} (+{more} more)",
    )


def is_quiet(alert: AlertSpec, now: datetime) -> bool:
    """Whether `now` lies in the quiet hours, local; ("22:00", "07:00") runs over midnight."""
    if alert.quiet_hours is None:
        return False
    begin, end = (time.fromisoformat(text) for text in alert.quiet_hours)
    local = now.astimezone(zone_of(alert.time_zone)).time()
    if begin == end:
        return False
    return begin <= local < end if begin < end else local >= begin or local < end


def may_speak(
    story: Story, alert: AlertSpec, now: datetime, sent: Mapping[int, int], last_sent: Mapping[int, datetime]
) -> bool:
    """Whether the story goes out now to a recipient.

    It has settled (its first entry, or its newest development, is old enough), it or a development was not sent yet,
    and its cooldown since the last time is over.
    """
    told = news_for(story, sent)
    if told is None:
        return False
    newest = max((d.at for d in told), default=story.first_seen_at)
    if now - newest < alert.settle:
        return False
    last = last_sent.get(story.id)
    return last is None or now - last >= alert.cooldown


def candidates(
    stories: Sequence[Story],
    alert: AlertSpec,
    now: datetime,
    sent: Mapping[int, int],
    last_sent: Mapping[int, datetime],
) -> list[Story]:
    """The stories that may speak now; none in quiet hours."""
    if is_quiet(alert, now):
        return []
    return [story for story in stories if may_speak(story, alert, now, sent, last_sent)]
