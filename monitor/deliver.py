"""Digests and alerts, from stories that arrived to receipts.

A digest that is due is made, and it, its stories and its rendered parts are written in one transaction; only then is
anything sent. Everything that is left to do is a row. Decisions are pure (digest/, channels/rules.py); this module
reads, writes and waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from monitor.channels.file import FileChannel
from monitor.digest.alerts import PREFIX, REACH, as_digest, is_quiet
from monitor.digest.build import digest_key
from monitor.digest.render import Kind, Rendered, render
from monitor.digest.sample import sample_digest
from monitor.digest.schedule import due_times, look_back, what_is_due
from monitor.digest.select import highest_development
from monitor.errors import ArchiveBusy, MonitorError, NotFound, UsageError
from monitor.outbox import Outbox, SendReport
from monitor.planner import FILES, MEMORY, DeliverSettings, Plan, Planner, message_id
from monitor.protocols import Channel, Clock, DeliveryStore, Log, StoryStore
from monitor.types import (
    AlertSpec,
    ChannelSpec,
    Delivery,
    DeliveryDraft,
    DeliveryState,
    Digest,
    DigestSpec,
    FeedTrouble,
    Part,
    Receipt,
    Story,
)

NOTICE = "notice"
#: a cause is told once in so long
NOTICE_EVERY = timedelta(hours=24)


@dataclass(slots=True)
class DeliverReport:
    """What one round made and sent."""

    #: (digest key, stories, deliveries)
    made: list[tuple[str, int, int]] = field(default_factory=list)
    sends: SendReport = field(default_factory=SendReport)
    #: (digest key, story id, cause) of stories that could not be shown
    left_out: list[tuple[str, int, str]] = field(default_factory=list)
    #: digests that could not be made: one line each
    errors: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing failed, nothing waits for another attempt."""
        return not (self.errors or self.sends.failed or self.sends.retried or self.sends.uncertain)


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


class Deliverer:
    """Makes what is due, sends what is ready. One round at a time."""

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
        self._done: set[tuple[str, datetime]] = set()
        self._noticed: dict[str, datetime] = {}
        self._wrong: dict[str, tuple[datetime, str]] = {}
        if FILES not in self._specs:
            options = {"folder": str(settings.digests_folder), "formats": ("html", "text")}
            self._specs[FILES] = ChannelSpec(name=FILES, kind="file", recipients=("file",), options=options)
            self._channels[FILES] = FileChannel(self._specs[FILES])
        self._planner = Planner(specs=self._specs, deliveries=deliveries, settings=settings, trouble=trouble)
        self._outbox = Outbox(
            deliveries=deliveries, channels=self._channels, specs=self._specs, clock=clock, random=random, log=log
        )

    # ------------------------------------------------------------ the round

    async def recover(self) -> list[Delivery]:
        """Once after the daemon's start, under its lock: what was being sent follows its channel's rule."""
        return await self._outbox.recover()

    async def run_due(self) -> DeliverReport:
        """Makes every digest and alert that is due and sends all that is ready. Raises ArchiveError only."""
        report = DeliverReport()
        for spec in self._digests.values():
            await self._guarded(spec.name, self._make_due(spec, report), report)
        for alert in self._alerts:
            await self._guarded(PREFIX + alert.name, self._make_alert(alert, report), report)
        report.sends = await self._outbox.send_ready()
        if await self._tell_troubles(report):
            await self._outbox.send_ready()
        self._remember(report)
        return report

    async def _guarded(self, name: str, work: Coroutine[Any, Any, None], report: DeliverReport) -> None:
        """One digest's trouble stops no other."""
        try:
            await work
        except ArchiveBusy as error:
            # the next round tries again; nothing was written
            self._log.warning("digest waits for the archive", digest=name, cause=str(error))
        except MonitorError as error:
            report.errors.append(f"{name}: {error}")
            self._log.error("digest not made", digest=name, cause=str(error))
        except Exception as error:  # noqa: BLE001 - a bug in one digest's making must not stop the others
            report.errors.append(f"{name}: {type(error).__name__}: {error}")
            self._log.exception("digest not made", digest=name)

    async def _make_due(self, spec: DigestSpec, report: DeliverReport) -> None:
        now = self._clock.now()
        last = await asyncio.to_thread(self._store.last_due, spec.name)
        due = what_is_due(spec.cron, spec.time_zone, last, now, spec.look_back)
        if due is None or (spec.name, due.at) in self._done:
            return
        if due.merged:
            self._log.info("missed due times merged", digest=spec.name, due_at=due.at.isoformat(), missed=due.merged)
        stories = await asyncio.to_thread(self._stories.arrived, spec.selection, due.since, now)
        await self._write(await self._planner.plan(spec, due.at, due.since, stories), report)
        self._done.add((spec.name, due.at))

    async def _make_alert(self, alert: AlertSpec, report: DeliverReport) -> None:
        now = self._clock.now()
        if is_quiet(alert, now):
            return
        since = now - REACH
        stories = await asyncio.to_thread(self._stories.arrived, alert.selection, since, now)
        if await asyncio.to_thread(self._store.last_due, as_digest(alert).name) is None:
            await self._write(self._planner.baseline(alert, now, stories), report)
            return
        plan = await self._planner.plan_alert(alert, now, since, stories)
        if plan is not None:
            await self._write(plan, report)

    async def _write(self, plan: Plan, report: DeliverReport) -> int | None:
        """The outbox transaction. None if that due time has its digest already."""
        digest_id = await asyncio.to_thread(
            self._store.create, plan.digest, plan.drafts, self._clock.now(), stories_by_recipient=plan.told
        )
        if digest_id is None:
            return None
        count = len(plan.digest.stories)
        report.made.append((plan.digest.key, count, len(plan.drafts)))
        for story_id, why in plan.left_out:
            report.left_out.append((plan.digest.key, story_id, why))
            self._log.error("story left out of a digest", digest=plan.digest.key, story=story_id, cause=why)
        self._log.info("digest made", digest=plan.digest.key, stories=count, deliveries=len(plan.drafts))
        return digest_id

    # ------------------------------------------------------------ telling of trouble

    async def _tell_troubles(self, report: DeliverReport) -> bool:
        """Notices of what failed, over another channel than the one that failed. Whether there is one to send."""
        told = False
        for name, why in report.sends.switched_off.items():
            told |= await self._notice(f"Channel {name} is switched off", why, away_from=name)
        for delivery, verdict in report.sends.failed:
            if not verdict.switch_off and not delivery.digest_key.startswith(NOTICE):
                subject = f"{delivery.digest_key} did not reach {delivery.recipient} over {delivery.channel}"
                told |= await self._notice(subject, verdict.error, away_from=delivery.channel)
        for line in report.errors:
            told |= await self._notice(f"Digest {line.partition(':')[0]} could not be made", line, away_from="")
        for key, story_id, why in report.left_out:
            told |= await self._notice(f"Story {story_id} could not be shown in {key}", why, away_from="")
        return told

    async def _notice(self, subject: str, words: str, *, away_from: str) -> bool:
        """Puts one into the outbox, unless the same was told within a day."""
        now = self._clock.now()
        last = self._noticed.get(subject)
        if last is not None and now - last < NOTICE_EVERY:
            return False
        self._noticed[subject] = now
        channel = self._another_channel(away_from)
        at = now + timedelta(microseconds=len(self._noticed))
        digest = Digest(
            name=NOTICE,
            title=subject,
            due_at=at,
            time_zone="UTC",
            since=now,
            sections=(),
            key=f"{NOTICE}@{at.isoformat()}",
        )
        text = f"{subject}\n\n{words}\n\nSee `monitor outbox list`.\n"
        recipients = channel.recipients[:1] or (channel.kind,)
        drafts = [
            DeliveryDraft(
                channel=channel.name,
                recipient=recipient,
                part=Part(number=1, of=1, subject=f"AI news monitor: {subject}"[:200], text=text),
                message_id=message_id(digest.key, channel, recipient, 1),
            )
            for recipient in recipients
        ]
        created = await asyncio.to_thread(self._store.create, digest, drafts, now, stories_by_recipient={})
        return created is not None

    def _another_channel(self, away_from: str) -> ChannelSpec:
        """A channel that works, not the one that failed; files at last."""
        usable = [
            spec
            for name, spec in self._specs.items()
            if name not in (away_from, FILES) and name not in self._outbox.switched_off and name in self._channels
        ]
        return usable[0] if usable else self._specs[FILES]

    def _remember(self, report: DeliverReport) -> None:
        """What stays wrong after this round."""
        now = self._clock.now()
        made = {key.partition("@")[0] for key, _, _ in report.made}
        for name in made:
            self._wrong.pop(f"digest {name}", None)
        for line in report.errors:
            self._wrong[f"digest {line.partition(':')[0]}"] = (now, line)
        for delivery, verdict in (*report.sends.failed, *report.sends.uncertain):
            words = f"{delivery.digest_key} over {delivery.channel} to {delivery.recipient}: {verdict.error}"
            self._wrong[f"delivery {delivery.id}"] = (now, words)
        for delivery in report.sends.sent:
            self._wrong.pop(f"delivery {delivery.id}", None)
        for key, (at, _) in list(self._wrong.items()):
            if key.startswith("delivery") and now - at > NOTICE_EVERY:
                del self._wrong[key]

    def standing_trouble(self) -> str:
        """What is wrong and stays so, in a line: for health pages and for leaving a heartbeat out; "" for nothing.

        A digest that could not be made counts until it is made, a delivery that failed for a day, a channel that was
        switched off until the next start.
        """
        off = [f"channel {name} is switched off: {why}" for name, why in self._outbox.switched_off.items()]
        return next(iter([*off, *(words for _, words in self._wrong.values())]), "")

    # ------------------------------------------------------------ commands

    def spec(self, name: str) -> DigestSpec:
        """A digest's definition, or an alert's as one. Raises NotFound."""
        if name in self._digests:
            return self._digests[name]
        for alert in self._alerts:
            if name in (alert.name, PREFIX + alert.name):
                return as_digest(alert)
        known = ", ".join(self._digests) or "none"
        raise NotFound(f"digest {name!r} is not in feeds.yaml (there: {known})")

    async def preview(self, name: str, since: datetime | None = None, *, kind: Kind = "file") -> Preview:
        """What the digest would be now. With `since` also what is not news: the backlog of first polls."""
        spec, now = self.spec(name), self._clock.now()
        begin = since or now - (spec.look_back or look_back(spec.cron, spec.time_zone, now))
        stories = await asyncio.to_thread(
            lambda: self._stories.arrived(spec.selection, begin, now, announced_only=since is None)
        )
        sent: dict[int, int] = {}
        if since is None:
            channel, recipient = self._planner.recipients(spec)[0]
            sent = await self._planner.sent(spec.name, channel.name, recipient, stories)
        digest = self._planner.build(spec, stories, now, begin, sent)
        return Preview(digest=digest, rendered=await asyncio.to_thread(render, digest, kind, self._planner.look(spec)))

    async def send_now(self, name: str, to: str | None = None) -> DeliverReport:
        """Makes the digest now and sends it.

        Without `to` to its recipients, as if it were due now. With `to` to that one address (or Slack room), with all
        that is in the look-back, and nothing of it counts as sent. Raises NotFound, UsageError.
        """
        spec, now = self.spec(name), self._clock.now()
        since = now - (spec.look_back or look_back(spec.cron, spec.time_zone, now))
        stories = await asyncio.to_thread(self._stories.arrived, spec.selection, since, now)
        report = DeliverReport()
        if to is None:
            plan = await self._planner.plan(spec, now, since, stories)
        else:
            by_hand = replace(spec, name=f"{spec.name}:by-hand", quiet="note")
            plan = await self._planner.plan(
                by_hand, now, since, stories, recipients=[self._way_to(spec, to)], again=True
            )
        if await self._write(plan, report) is None:
            raise UsageError(f"digest {name} was made a moment ago")
        report.sends = await self._outbox.send_ready()
        return report

    def _way_to(self, spec: DigestSpec, to: str) -> tuple[ChannelSpec, str]:
        """The channel for an address: the digest's own first, then any; mail for an @, else a Slack bot."""
        kind = "email" if "@" in to else "slack"
        names = [*spec.channels, *self._specs]
        for channel in (self._specs[name] for name in names if name in self._specs):
            if channel.kind == kind and (kind == "email" or "bot_token" in channel.secrets):
                return channel, to
        raise UsageError(f"no channel of kind {kind} is configured that could reach {to}")

    async def resend(self, key: str) -> int:
        """Makes all deliveries of that digest ready again, with the same Message-IDs. How many. Raises NotFound."""
        name = key.partition("@")[0]
        deliveries = await asyncio.to_thread(self._store.list, digest=name, limit=MEMORY)
        mine = [delivery for delivery in deliveries if delivery.digest_key == key]
        if not mine:
            raise NotFound(f"digest {key!r} has no deliveries (see `monitor digest list`)")
        now = self._clock.now()
        for delivery in mine:
            await asyncio.to_thread(self._store.record, delivery.id, DeliveryState.READY, now, next_try_at=now)
        return len(mine)

    async def test(self, channel: str, to: str | None = None) -> list[Receipt]:
        """Sends a sample at once, not through the outbox. Raises NotFound, DeliveryError."""
        if channel not in self._specs:
            raise NotFound(f"channel {channel!r} is not in feeds.yaml (there: {', '.join(self._specs)})")
        spec, now = self._specs[channel], self._clock.now()
        recipient = to or next(iter(spec.recipients), spec.kind)
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
            stories = await asyncio.to_thread(self._stories.arrived, spec.selection, begin, due_at)
            digest = self._planner.build(spec, stories, due_at, begin, sent)
            digests.append(digest if digest.key else replace(digest, key=digest_key(spec.name, due_at)))
            sent |= {ranked.story.id: highest_development(ranked.story) for ranked in digest.stories}
        return tuple(digests)
