"""The outbox: what is ready is claimed, sent and recorded, each step on its own, so that no crash loses any of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from monitor.channels.message import address_of
from monitor.channels.rules import Verdict, after_crash, after_error
from monitor.errors import DeliveryError
from monitor.outcomes import Outcome, Outcomes, judged, ready, sent
from monitor.protocols import Channel, Clock, DeliveryStore, Log
from monitor.reports import SendReport
from monitor.types import ChannelSpec, Delivery, DeliveryState, Receipt

#: claimed at once; what is claimed when the machine stops becomes uncertain
BATCH = 20
#: mails under way at once in one channel; the others go one by one
MAILS_AT_ONCE = 4


class Outbox:
    """Sends what is ready over the channels. All calls of the store run in threads."""

    def __init__(
        self,
        *,
        deliveries: DeliveryStore,
        channels: Mapping[str, Channel],
        specs: Mapping[str, ChannelSpec],
        clock: Clock,
        random: Callable[[], float],
        log: Log,
    ) -> None:
        self._store = deliveries
        self._channels = dict(channels)
        self._specs = dict(specs)
        self._clock = clock
        self._random = random
        self._log = log
        self.outcomes = Outcomes(deliveries, log)
        #: channels that their receiver has closed, until the next start
        self.switched_off: dict[str, str] = {}

    async def recover(self) -> list[Delivery]:
        """After a start: what was being sent follows its channel's rule. Returns what was found so."""
        found = await asyncio.to_thread(self._store.recover, self._clock.now())
        for delivery in found:
            verdict = after_crash(delivery, self._specs.get(delivery.channel), self._clock.now())
            if verdict.state is DeliveryState.READY and await self._has_arrived(delivery):
                continue
            self._log.warning(
                "delivery uncertain after a stop",
                delivery=delivery.id,
                digest=delivery.digest_key,
                channel=delivery.channel,
                message_id=delivery.message_id,
                then=verdict.state.value,
            )
            await self._record(delivery, verdict)
        return found

    async def _has_arrived(self, delivery: Delivery) -> bool:
        """Asks a channel that can be asked (a Slack bot); records what it finds."""
        look = getattr(self._channels.get(delivery.channel), "arrived", None)
        if look is None:
            return False
        before = await asyncio.to_thread(self._store.last_receipt, delivery.channel, delivery.recipient)
        try:
            receipt = await look(delivery, before)
        except DeliveryError as error:
            self._log.info("cannot look the delivery up", channel=delivery.channel, why=str(error))
            return False
        if receipt is None:
            return False
        await self._sent(delivery, receipt)
        return True

    async def send_ready(self, report: SendReport | None = None, *, digest_id: int | None = None) -> SendReport:
        """Sends all that is ready now (of that digest), batch by batch; channels side by side.

        What becomes of it is added to `report` as it happens, so that it is known there whatever else goes wrong.
        Raises ArchiveError.
        """
        report = report if report is not None else SendReport()
        while True:
            await asyncio.to_thread(self.outcomes.catch_up)
            batch = await asyncio.to_thread(self._store.claim, self._clock.now(), limit=BATCH, digest_id=digest_id)
            if not batch:
                return report
            waiting = {delivery.id: delivery for delivery in batch}
            try:
                await _all(*(self._channel(name, some, waiting, report) for name, some in _grouped(batch)))
            finally:
                # what was not begun when we were cancelled, or the archive failed us, is simply ready again
                for delivery in waiting.values():
                    self.outcomes.write(ready(delivery, self._clock.now()))

    async def _channel(
        self, name: str, deliveries: Sequence[Delivery], waiting: dict[int, Delivery], report: SendReport
    ) -> None:
        spec = self._specs.get(name)
        at_once = asyncio.Semaphore(MAILS_AT_ONCE if spec and spec.kind == "email" else 1)

        async def recipient(parts: Sequence[Delivery]) -> None:
            async with at_once:
                await self._in_order(parts, waiting, report)

        by_recipient: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in deliveries:
            by_recipient[delivery.recipient].append(delivery)
        await _all(*(recipient(parts) for parts in by_recipient.values()))

    async def _in_order(self, parts: Sequence[Delivery], waiting: dict[int, Delivery], report: SendReport) -> None:
        """The parts for one recipient, one after the other; a part waits for the one before it."""
        held: dict[str, datetime] = {}
        for delivery in sorted(parts, key=lambda d: (d.created_at, d.digest_id, d.part.number)):
            if delivery.digest_key in held:
                after = held[delivery.digest_key] + timedelta(seconds=1)
                del waiting[delivery.id]
                await self._write(ready(delivery, self._clock.now(), at=after, why="waits for the part before it"))
                continue
            verdict = await self._one(delivery, waiting, report)
            if verdict is not None and verdict.next_try_at is not None:
                held[delivery.digest_key] = verdict.next_try_at

    async def _write(self, outcome: Outcome) -> None:
        await asyncio.to_thread(self.outcomes.write, outcome)

    async def _one(self, delivery: Delivery, waiting: dict[int, Delivery], report: SendReport) -> Verdict | None:
        """Sends one. None when it was sent or its recipient wants none."""
        unwanted = await asyncio.to_thread(self._store.suppressed, names_of(delivery.recipient))
        # from here on it counts as begun
        del waiting[delivery.id]
        if unwanted:
            words = f"{delivery.recipient} has unsubscribed"
            now = self._clock.now()
            await self._write(Outcome(delivery_id=delivery.id, state=DeliveryState.CANCELLED, at=now, error=words))
            report.suppressed.append(delivery)
            return None
        try:
            receipt = await self._try(delivery)
        except DeliveryError as error:
            verdict = self._verdict(error, delivery)
            report.add(delivery, verdict)
            if verdict.switch_off and delivery.channel not in self.switched_off:
                self.switched_off[delivery.channel] = report.switched_off[delivery.channel] = verdict.error
            await self._record(delivery, verdict)
            return verdict
        report.sent.append(delivery)
        await self._sent(delivery, receipt)
        return None

    async def _try(self, delivery: Delivery) -> Receipt:
        channel = self._channels.get(delivery.channel)
        if channel is None:
            raise DeliveryError(f"channel {delivery.channel} is no longer configured", outcome="failed")
        if delivery.channel in self.switched_off:
            words = f"{delivery.channel} is switched off until the next start: {self.switched_off[delivery.channel]}"
            raise DeliveryError(words, outcome="failed")
        try:
            return await channel.send(delivery)
        except DeliveryError:
            raise
        except Exception as error:
            self._log.exception("channel broke", channel=delivery.channel, delivery=delivery.id)
            raise DeliveryError(f"{delivery.channel}: {type(error).__name__} (see the log)", outcome="retry") from error

    def _verdict(self, error: DeliveryError, delivery: Delivery) -> Verdict:
        spec = self._specs.get(delivery.channel)
        if spec is None:
            return Verdict(state=DeliveryState.FAILED, error=str(error))
        return after_error(error, delivery, spec, self._clock.now(), self._random())

    async def _record(self, delivery: Delivery, verdict: Verdict) -> None:
        await self._write(judged(delivery, verdict, self._clock.now()))
        self._log.warning(
            "delivery not sent",
            delivery=delivery.id,
            digest=delivery.digest_key,
            channel=delivery.channel,
            recipient=delivery.recipient,
            state=verdict.state.value,
            cause=verdict.error,
            next_try_at=verdict.next_try_at.isoformat() if verdict.next_try_at else None,
        )

    async def _sent(self, delivery: Delivery, receipt: Receipt) -> None:
        await self._write(sent(delivery, receipt, self._clock.now()))
        self._log.info(
            "delivery sent",
            delivery=delivery.id,
            digest=delivery.digest_key,
            channel=delivery.channel,
            recipient=delivery.recipient,
            message_id=delivery.message_id,
            receipt=receipt.words,
        )


def names_of(recipient: str) -> list[str]:
    """What a recipient may have unsubscribed as: the name that is configured, the bare address, its domain in ASCII."""
    bare = parseaddr(recipient)[1] or recipient
    names = {recipient, bare}
    with contextlib.suppress(DeliveryError):
        names.add(address_of(recipient).addr_spec)
    return sorted(names)


async def _all(*work: Coroutine[Any, Any, None]) -> None:
    """Runs them side by side to their ends, whatever becomes of the others; then raises the first error."""
    for result in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


def _grouped(deliveries: Sequence[Delivery]) -> list[tuple[str, list[Delivery]]]:
    groups: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        groups[delivery.channel].append(delivery)
    return list(groups.items())
