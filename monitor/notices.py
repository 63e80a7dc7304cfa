"""Trouble with digests and deliveries: told once over another channel, and remembered until it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from monitor.channels.opening import recipients_of
from monitor.outbox import Outbox
from monitor.planner import FILES, message_id
from monitor.protocols import Channel, Clock, DeliveryStore
from monitor.reports import DeliverReport
from monitor.types import ChannelSpec, Delivery, DeliveryDraft, Digest, Part

NOTICE = "notice"
#: a cause is told once in so long
NOTICE_EVERY = timedelta(hours=24)


class Notices:
    """Puts notices into the outbox, over another channel than the one that failed."""

    def __init__(
        self,
        *,
        specs: Mapping[str, ChannelSpec],
        channels: Mapping[str, Channel],
        deliveries: DeliveryStore,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._specs = specs
        self._channels = channels
        self._store = deliveries
        self._outbox = outbox
        self._clock = clock
        self._noticed: dict[str, datetime] = {}
        self._wrong: dict[str, tuple[datetime, str]] = {}

    async def tell(self, report: DeliverReport) -> bool:
        """Notices of what failed in a round. Whether there is one to send."""
        told = False
        for subject, words, away_from in _failures(report):
            told |= await self._notice(subject, words, away_from=away_from)
        return told

    async def _notice(self, subject: str, words: str, *, away_from: str) -> bool:
        """Puts one into the outbox, unless the same was told within a day."""
        now = self._clock.now()
        last = self._noticed.get(subject)
        if last is not None and now - last < NOTICE_EVERY:
            return False
        self._noticed[subject] = now
        channel = self._another_channel(away_from)
        # two notices of one instant are two
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
        recipient = recipients_of(channel)[0]
        draft = DeliveryDraft(
            channel=channel.name,
            recipient=recipient,
            part=Part(
                number=1,
                of=1,
                subject=f"AI news monitor: {subject}"[:200],
                text=f"{subject}\n\n{words}\n\nSee `monitor outbox list`.\n",
            ),
            message_id=message_id(digest.key, channel, recipient, 1),
        )
        created = await asyncio.to_thread(self._store.create, digest, [draft], now, stories_by_recipient={})
        return created is not None

    def _another_channel(self, away_from: str) -> ChannelSpec:
        """A channel that works, not the one that failed; files at last."""
        usable = [
            spec
            for name, spec in self._specs.items()
            if name not in (away_from, FILES) and name not in self._outbox.switched_off and name in self._channels
        ]
        return usable[0] if usable else self._specs[FILES]

    def remember(self, report: DeliverReport) -> None:
        """What stays wrong after this round."""
        now = self._clock.now()
        for name in report.well:
            self._wrong.pop(f"digest {name}", None)
        for name, words in report.errors:
            self._wrong[f"digest {name}"] = (now, f"{name}: {words}")
        for delivery, verdict in (*report.sends.failed, *report.sends.uncertain):
            words = f"{delivery.digest_key} over {delivery.channel} to {delivery.recipient}: {verdict.error}"
            self._wrong[f"delivery {delivery.id}"] = (now, words)
        for delivery in report.sends.sent:
            self._wrong.pop(f"delivery {delivery.id}", None)
        for key, (at, _) in list(self._wrong.items()):
            if key.startswith("delivery") and now - at > NOTICE_EVERY:
                del self._wrong[key]

    def standing(self) -> str:
        """What is wrong and stays so, in a line; "" for nothing.

        A digest that could not be made counts until it is made, or an alert until it can speak again; a delivery that
        failed for a day; a channel that was switched off until the next start.
        """
        off = [f"channel {name} is switched off: {why}" for name, why in self._outbox.switched_off.items()]
        return next(iter([*off, *(words for _, words in self._wrong.values())]), "")


def _failures(report: DeliverReport) -> Iterator[tuple[str, str, str]]:
    """(subject, words, the channel that is to be avoided) of all that went wrong in a round."""
    for name, why in report.sends.switched_off.items():
        yield f"Channel {name} is switched off", why, name
    for delivery, verdict in report.sends.failed:
        if not verdict.switch_off and not _is_notice(delivery):
            subject = f"{delivery.digest_key} did not reach {delivery.recipient} over {delivery.channel}"
            yield subject, verdict.error, delivery.channel
    for delivery, verdict in report.sends.uncertain:
        if not _is_notice(delivery):
            subject = f"{delivery.digest_key} may not have reached {delivery.recipient} over {delivery.channel}"
            yield subject, f"{verdict.error}\n\n`monitor outbox retry {delivery.id}` sends it again.", delivery.channel
    for name, words in report.errors:
        yield f"Digest {name} could not be made", words, ""
    for key, story_id, why in report.left_out:
        yield f"Story {story_id} could not be shown in {key}", why, ""


def _is_notice(delivery: Delivery) -> bool:
    """A notice that fails makes no notice."""
    return delivery.digest_key.startswith(f"{NOTICE}@")
