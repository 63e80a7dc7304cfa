"""What a person does with digests by hand: look at one, send it now or again, try a channel, try a definition."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.channels.file import FileChannel
from monitor.channels.opening import recipients_of
from monitor.digest.alerts import PREFIX, as_digest, reach
from monitor.digest.build import digest_key
from monitor.digest.render import Kind, Rendered, render
from monitor.digest.sample import sample_digest
from monitor.digest.schedule import due_times, look_back, since_by_hand
from monitor.digest.select import highest_development
from monitor.errors import NotFound, UsageError
from monitor.making import Maker
from monitor.notices import Notices
from monitor.outbox import Outbox, names_of
from monitor.planner import FILES, DeliverSettings, Planner, message_id
from monitor.protocols import Channel, Clock, DeliveryStore, Log, StoryStore
from monitor.reports import DeliverReport
from monitor.types import (
    AlertSpec,
    ChannelSpec,
    Delivery,
    DeliveryState,
    Digest,
    DigestSpec,
    FeedTrouble,
    Receipt,
    Story,
)

#: of one digest: parts times recipients
MOST_DELIVERIES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a digest would look like now."""

    digest: Digest
    rendered: Rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What a definition would have sent, and how that differs from the present one."""

    digests: tuple[Digest, ...]
    #: stories that only this definition sends, and that only the present one does
    added: tuple[Story, ...] = ()
    removed: tuple[Story, ...] = ()


class Desk:
    """The stores, the planner and the outbox, and what is done with them by hand."""

    def __init__(
        self,
        *,
        digests: Sequence[DigestSpec],
        alerts: Sequence[AlertSpec],
        channel_specs: Sequence[ChannelSpec],
        channels: Mapping[str, Channel],
        stories: StoryStore,
        deliveries: DeliveryStore,
        clock: Clock,
        settings: DeliverSettings,
        log: Log,
        random: Callable[[], float],
        trouble: Callable[[], Sequence[FeedTrouble]] = tuple,
    ) -> None:
        """channels: opened by `open_channel`, by name. trouble: feeds that fail or are silent. random: in [0, 1)."""
        self._digests = {spec.name: spec for spec in digests}
        self._alerts = tuple(alerts)
        self._specs = {spec.name: spec for spec in channel_specs}
        self._channels = dict(channels)
        self._stories = stories
        self._store = deliveries
        self._clock = clock
        self._settings = settings
        self._log = log
        if FILES not in self._specs:
            options = {"folder": str(settings.digests_folder), "formats": ("html", "text")}
            self._specs[FILES] = ChannelSpec(name=FILES, kind="file", recipients=("file",), options=options)
            self._channels[FILES] = FileChannel(self._specs[FILES])
        self._planner = Planner(
            specs=self._specs,
            deliveries=deliveries,
            settings=settings,
            trouble=trouble,
            tellings=lambda story_ids: stories.tellings(story_ids),
        )
        self._maker = Maker(stories=stories, deliveries=deliveries, planner=self._planner, clock=clock, log=log)
        self._outbox = Outbox(
            deliveries=deliveries, channels=self._channels, specs=self._specs, clock=clock, random=random, log=log
        )
        self._notices = Notices(
            specs=self._specs, channels=self._channels, deliveries=deliveries, outbox=self._outbox, clock=clock
        )

    def spec(self, name: str) -> DigestSpec:
        """A digest's definition, or an alert's as one. Raises NotFound."""
        if name in self._digests:
            return self._digests[name]
        alert = self._alert(name)
        if alert is not None:
            return as_digest(alert)
        known = ", ".join(self._digests) or "none"
        raise NotFound(f"digest {name!r} is not in feeds.yaml (there: {known})")

    def _alert(self, name: str) -> AlertSpec | None:
        """The alert of that name, with or without its prefix, unless a digest is called so."""
        alerts = {} if name in self._digests else {alert.name: alert for alert in self._alerts}
        return alerts.get(name.removeprefix(PREFIX))

    def _look_back(self, name: str, now: datetime) -> timedelta:
        alert = self._alert(name)
        if alert is not None:
            return reach(alert)
        spec = self.spec(name)
        return spec.look_back or look_back(spec.cron, spec.time_zone, now)

    async def preview(self, name: str, since: datetime | None = None, *, kind: Kind = "file") -> Preview:
        """What the digest would be now. With `since` also what is not news: the backlog of first polls."""
        spec, now = self.spec(name), self._clock.now()
        begin = since or now - self._look_back(name, now)
        stories = await self._maker.arrived(spec.selection, begin, now, announced_only=since is None)
        stories = await self._planner.in_languages(spec, stories)
        sent: dict[int, int] = {}
        if since is None:
            channel, recipient = self._planner.recipients(spec)[0]
            sent = await self._planner.sent(spec.name, channel.name, recipient, stories)
        digest = self._planner.build(spec, stories, now, begin, sent)
        return Preview(digest=digest, rendered=await asyncio.to_thread(render, digest, kind, self._planner.look(spec)))

    async def send_now(self, name: str, to: str | None = None) -> DeliverReport:
        """Makes the digest now and sends it.

        Without `to` to its recipients, as if it were due now: with what was missed, and an alert with what it has to
        say. With `to` to that one address (or Slack room), with all that is in the look-back, and nothing of it counts
        as sent. Raises NotFound, UsageError, ToldMeanwhile.
        """
        spec, report = self.spec(name), DeliverReport()
        alert = self._alert(name)
        if to is not None:
            made = await self._make_for(spec, self._way_to(spec, to), self._look_back(name, self._clock.now()), report)
        elif alert is not None:
            made = await self._maker.alert(alert, report)
        else:
            made = await self._make_now(spec, report)
        if made is not None:
            await self._outbox.send_ready(report.sends, digest_id=made)
        elif alert is None or to is not None:
            raise UsageError(f"digest {name} was made a moment ago")
        return report

    async def _make_now(self, spec: DigestSpec, report: DeliverReport) -> int | None:
        now = self._clock.now()
        last = await asyncio.to_thread(self._store.last_due, spec.name, now)
        since = since_by_hand(spec.cron, spec.time_zone, last, now, spec.look_back)
        stories = await self._maker.arrived(spec.selection, since, now)
        return await self._maker.write(lambda: self._planner.plan(spec, now, since, stories), report)

    async def _make_for(
        self, spec: DigestSpec, way: tuple[ChannelSpec, str], back: timedelta, report: DeliverReport
    ) -> int | None:
        now = self._clock.now()
        stories = await self._maker.arrived(spec.selection, now - back, now)
        by_hand = replace(spec, name=f"{spec.name}:by-hand", quiet="note")
        return await self._maker.write(
            lambda: self._planner.plan(by_hand, now, now - back, stories, recipients=[way], again=True), report
        )

    def _way_to(self, spec: DigestSpec, to: str) -> tuple[ChannelSpec, str]:
        """The channel for an address: the digest's own first, then any; mail for an @, else a Slack bot."""
        kind = "email" if "@" in to else "slack"
        names = [*spec.channels, *self._specs]
        for channel in (self._specs[name] for name in names if name in self._specs):
            if channel.kind == kind and (kind == "email" or "bot_token" in channel.secrets):
                return channel, to
        raise UsageError(f"no channel of kind {kind} is configured that could reach {to}")

    async def resend(self, key: str) -> DeliverReport:
        """Sends all deliveries of that digest again, and nothing else; with the same Message-IDs. Raises NotFound."""
        mine = await asyncio.to_thread(self._store.list, digest=key, limit=MOST_DELIVERIES)
        mine = [delivery for delivery in mine if delivery.digest_key == key]
        if not mine:
            raise NotFound(f"digest {key!r} has no deliveries (see `monitor digest list`)")
        report = DeliverReport()
        for delivery in mine:
            # what is under way is sent by whoever holds it
            if delivery.state is not DeliveryState.SENDING:
                await asyncio.to_thread(self._store.renew, delivery.id, self._clock.now())
        for digest_id in sorted({delivery.digest_id for delivery in mine}):
            await self._outbox.send_ready(report.sends, digest_id=digest_id)
        self._notices.remember(report)
        return report

    async def test(self, channel: str, to: str | None = None) -> list[Receipt]:
        """Sends a sample at once, not through the outbox. Raises NotFound, UsageError, DeliveryError."""
        if channel not in self._specs:
            raise NotFound(f"channel {channel!r} is not in feeds.yaml (there: {', '.join(self._specs)})")
        spec, now = self._specs[channel], self._clock.now()
        recipient = to or recipients_of(spec)[0]
        if await asyncio.to_thread(self._store.suppressed, names_of(recipient)):
            raise UsageError(f"{recipient} has unsubscribed: `monitor channels allow {recipient}` takes that back")
        digest = sample_digest(now, f"test-{now:%H%M%S}")
        parts = (await asyncio.to_thread(render, digest, spec.kind)).parts
        receipts = []
        for part in parts:
            delivery = Delivery(
                id=0,
                digest_id=0,
                digest_key=digest.key,
                channel=channel,
                recipient=recipient,
                part=part,
                message_id=message_id(digest.key, spec, recipient, part.number),
                in_reply_to=None,
                state=DeliveryState.SENDING,
                attempts=1,
                created_at=now,
                next_try_at=None,
            )
            receipts.append(await self._channels[channel].send(delivery))
        return receipts

    async def backtest(self, spec: DigestSpec, since: datetime) -> Backtest:
        """What the definition would have sent at its due times since then, and the difference from the present one.

        Stories are taken as they are today: one that grew later counts from its last news.
        """
        digests = await self._replay(spec, since)
        present = self._digests.get(spec.name)
        if present is None or present == spec:
            return Backtest(digests=digests)
        now_sent = {r.story.id: r.story for d in await self._replay(present, since) for r in d.stories}
        would = {r.story.id: r.story for d in digests for r in d.stories}
        return Backtest(
            digests=digests,
            added=tuple(story for story_id, story in would.items() if story_id not in now_sent),
            removed=tuple(story for story_id, story in now_sent.items() if story_id not in would),
        )

    async def _replay(self, spec: DigestSpec, since: datetime) -> tuple[Digest, ...]:
        sent: dict[int, int] = {}
        digests = []
        for due_at in due_times(spec.cron, spec.time_zone, since, self._clock.now()):
            begin = due_at - (spec.look_back or look_back(spec.cron, spec.time_zone, due_at))
            stories = await self._maker.arrived(spec.selection, begin, due_at)
            stories = await self._planner.in_languages(spec, stories)
            digest = self._planner.build(spec, stories, due_at, begin, sent)
            digests.append(digest if digest.key else replace(digest, key=digest_key(spec.name, due_at)))
            sent |= {ranked.story.id: highest_development(ranked.story) for ranked in digest.stories}
        return tuple(digests)
