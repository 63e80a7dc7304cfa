"""A small world of our own: five days of invented entries, hour by hour, in a real archive.

What makes digests lose or repeat things is all in it: first polls, old entries, entries that are understood up to a day
late, second publishers, amounts that come later, developments, muted stories, receivers that answer 4xx, restarts.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from monitor.archive import Archive
from monitor.types import (
    AlertSpec,
    Development,
    DevelopmentKind,
    DigestSpec,
    EntryDraft,
    Selection,
    Story,
    StoryUpdate,
    Tag,
)
from tests.archive.samples import deal, draft, labelled, outcome, party, quoted, spec, sum_of, told, update

HOUR = timedelta(hours=1)
BEGIN = datetime(2026, 5, 1, 0, 0, tzinfo=UTC)
HOURS = 5 * 24
#: from then on nothing is late, so that the last digests can hold all
SETTLED = HOURS - 40
FEEDS = ("lab", "wire", "post", "gazette", "blog")
DIGESTS = (
    DigestSpec(name="daily", title="AI news", cron="0 8 * * *", time_zone="Europe/Berlin", channels=("mail", "slack")),
    DigestSpec(
        name="money",
        title="Large deals",
        cron="30 18 * * *",
        time_zone="America/New_York",
        selection=Selection(tags=(Tag.FUNDING, Tag.ACQUISITION), min_amount=Decimal(50_000_000)),
        channels=("mail",),
        cap=3,
    ),
    DigestSpec(
        name="agreed",
        title="What several tell",
        cron="15 7 * * mon-fri",
        time_zone="Asia/Kolkata",
        selection=Selection(min_publishers=2),
        channels=("slack", "mail"),
    ),
)
ALERTS = (
    AlertSpec(
        name="purchases",
        selection=Selection(tags=(Tag.ACQUISITION,)),
        channels=("mail",),
        time_zone="Europe/Berlin",
        quiet_hours=("22:00", "07:00"),
    ),
)


@dataclass
class Waiting:
    """An entry that is stored and not yet understood."""

    entry_id: int
    hour: int
    change: Story
    story: int | None
    place: int


@dataclass
class SmallWorld:
    """Entries appear by dice; what is understood of them goes into the archive as the understand loop would put it."""

    archive: Archive
    dice: random.Random
    #: stories as last written, with their ids
    stories: list[Story] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    number: int = 0

    def hour(self, hour: int) -> None:
        """All that happens within the hour, at its end."""
        now = BEGIN + hour * HOUR
        if hour == 0:
            self.archive.feeds.sync([spec(name) for name in FEEDS], now)
        for _ in range(self.dice.choice([0, 1, 1, 2, 3])):
            self._begin(now, hour)
        for place in self.dice.sample(range(len(self.stories)), min(len(self.stories), 2)):
            if self.dice.random() < 0.25 and self.stories[place].id:
                self._join(place, now, hour)
        self._understand(now, hour)
        if hour % 20 == 19 and self.stories:
            # one that nobody has been told of yet
            muted = self.dice.choice(self.stories[-3:])
            if muted.id and muted.last_seen_at == now:
                self.archive.stories.set_muted(muted.id, True)

    def _store(self, now: datetime, *, announce: bool) -> tuple[int, EntryDraft]:
        self.number += 1
        feed = self.dice.choice(FEEDS)
        one = draft(
            f"n{self.number}",
            feed,
            title=f"Number {self.number}: {self.dice.choice(['Figwort', 'Larkspur', 'Tessera'])} tells the {feed}",
            published_at=now - timedelta(minutes=self.dice.randint(1, 50)),
            first_seen_at=now,
            announce=announce,
        )
        [entry_id] = self.archive.feeds.store([outcome(one, feed_id=feed)])
        return entry_id, one

    def _late(self, hour: int) -> int:
        """The hour in which an entry is understood: mostly at once, sometimes a day later."""
        return hour if hour >= SETTLED or self.dice.random() < 0.8 else hour + self.dice.randint(1, 24)

    def _begin(self, now: datetime, hour: int) -> None:
        announce = hour > 0 and self.dice.random() < 0.9
        entry_id, one = self._store(now, announce=announce)
        tags = tuple(self.dice.sample(list(Tag), self.dice.choice([0, 1, 1, 1, 2])))
        story = told(
            one.title,
            lead="What it is about.",
            url=one.url,
            first_seen_at=now,
            last_seen_at=now,
            news_at=now if announce else None,
            published_at=one.published_at,
            tags=tags,
            possible=() if tags else ("funding",),
            scores=dict.fromkeys(tags, 0.9),
            publishers=((one.publisher, one.publisher_name, one.url),),
            feed_ids=(one.feed_id,),
        )
        story = self._with_money(story, entry_id) if self.dice.random() < 0.6 else story
        self.stories.append(story)
        self.waiting.append(Waiting(entry_id, self._late(hour), story, None, len(self.stories) - 1))

    def _with_money(self, story: Story, entry_id: int) -> Story:
        kind = next((tag for tag in (Tag.FUNDING, Tag.ACQUISITION) if tag in story.tags), None)
        if kind is None:
            return story
        usd = Decimal(self.dice.choice([2, 20, 60, 900])) * 1_000_000
        role = "recipient" if kind is Tag.FUNDING else "target"
        facts = (sum_of(str(usd), "USD", None, quoted(entry_id)), party(role, "Figwort", None, quoted(entry_id)))
        return replace(story, records=(deal(*facts, kind=kind, at=story.published_at),), usd=usd)

    def _join(self, place: int, now: datetime, hour: int) -> None:
        """A further entry of a story: another publisher, perhaps the first amount, perhaps a development."""
        announce = self.dice.random() < 0.9
        entry_id, one = self._store(now, announce=announce)
        old = self.stories[place]
        publishers = dict.fromkeys([*old.publishers, (one.publisher, one.publisher_name, one.url)])
        domains = {domain for domain, _, _ in publishers}
        story = replace(
            old,
            last_seen_at=now,
            news_at=now if announce else old.news_at,
            entry_count=old.entry_count + 1,
            publishers=tuple(publishers),
            independent=len(domains),
        )
        if not announce:
            # an old entry that comes late is no news, and must not make any
            story = replace(story, independent=old.independent)
        elif story.usd is None and self.dice.random() < 0.5:
            story = self._with_money(story, entry_id)
        if announce and self.dice.random() < 0.3:
            step = Development(
                kind=self.dice.choice([DevelopmentKind.CLOSED, DevelopmentKind.DENIED, DevelopmentKind.ANNOUNCED]),
                at=now,
                entry_id=entry_id,
                line=f"A step in hour {hour}",
                follow_up=True,
            )
            story = replace(story, developments=(*story.developments, step))
        self.stories[place] = story
        self.waiting.append(Waiting(entry_id, self._late(hour), story, old.id, place))

    def _understand(self, now: datetime, hour: int) -> None:
        """In the order of arrival, each story's entries one after another."""
        ready, behind = [], set[int]()
        for one in self.waiting:
            if one.hour <= hour and one.place not in behind:
                ready.append(one)
            else:
                behind.add(one.place)
        self.waiting = [one for one in self.waiting if one not in ready]
        for one in ready:
            known = self.stories[one.place].id or None
            change: StoryUpdate = update([one.entry_id], one.change, story_id=known)
            labels = {one.entry_id: labelled(tags=one.change.tags, scores=dict(one.change.scores), spans=())}
            [story_id] = self.archive.stories.apply(labels, {}, [change], now)
            self.stories[one.place] = replace(self.stories[one.place], id=story_id)
