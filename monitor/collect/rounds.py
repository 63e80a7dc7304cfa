"""Rounds: who is asked when; what is fetched and read on the way to the writer."""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from monitor.collect.limits import Slots
from monitor.collect.network import Network
from monitor.collect.outcomes import Owners
from monitor.collect.records import Met, PollReport, Progress, Round
from monitor.collect.writer import Writer
from monitor.errors import FeedError, ParseError
from monitor.feeds import identity, schedule
from monitor.feeds.hosts import HostGates
from monitor.feeds.settings import CollectSettings
from monitor.protocols import Clock, FeedStore, Fetcher, Log, Parser
from monitor.types import FeedSpec, FeedState, NotModified
from monitor.urls import host_key

#: a request has its slot for so many seconds; then, if not too many others do (times the slots), it goes on beside them
_PATIENCE = 0.5
_BESIDE = 7

Due = tuple[FeedSpec, FeedState]


class Collector:
    """Polls what is due. Rounds must not overlap; `stop` lets the one under way end early and lose nothing.

    gates: those of the fetcher, so that hosts asked by a redirect wait their turn too.
    """

    def __init__(
        self,
        specs: Sequence[FeedSpec],
        store: FeedStore,
        fetcher: Fetcher,
        parser: Parser,
        clock: Clock,
        settings: CollectSettings,
        log: Log,
        *,
        gates: HostGates | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._parser = parser
        self._clock = clock
        self._settings = settings
        self._log = log
        self._gates = gates if gates is not None else HostGates(settings.host_gap, clock)
        self._stopping = False
        self._slots = Slots(settings.concurrency, beside=_BESIDE * settings.concurrency, patience=_PATIENCE)
        self._network = Network(clock, settings)
        self._writer = Writer(
            store,
            settings,
            log,
            rng=rng or random.Random(),  # noqa: S311 - jitter is no secret
            surprise=self._surprise,
        )
        self.use(specs)

    def use(self, specs: Sequence[FeedSpec]) -> None:
        """Other feeds from the next round on (a feeds.yaml that was read again)."""
        self._specs = {spec.id: spec for spec in specs}
        self._writer.owners = Owners(specs)
        self._hosts = {host_key(spec.url) for spec in specs if spec.enabled}

    @property
    def outage_since(self) -> datetime | None:
        """Since when our own network seems down; None: it is not."""
        return self._network.outage_since

    def stop(self) -> None:
        """No further request is begun; the round under way ends when those in flight have."""
        self._stopping = True

    async def poll(
        self,
        *,
        feed_ids: Sequence[str] | None = None,
        force: bool = False,
        limit: int = 100_000,
        on_progress: Progress | None = None,
    ) -> PollReport:
        """One round over what is due (`force`: over all, or all of feed_ids). Raises ArchiveError.

        on_progress is called with (feeds done, feeds in all, feed id, result). Cancelled, it stores what was read.
        """
        began = self._clock.monotonic()
        now = self._clock.now()
        states = await asyncio.to_thread(self._store.due, now, limit=limit, feed_ids=feed_ids, force=force)
        if not states:
            return PollReport(seconds=self._clock.monotonic() - began)
        for host, until in (await asyncio.to_thread(self._store.host_pauses, now)).items():
            self._gates.pause(host, (until - now).total_seconds())
        mine = [(self._specs[s.feed_id], s) for s in states if s.feed_id in self._specs]
        insisting = force and feed_ids is not None
        current = Round(total=len(mine), progress=on_progress, insisting=insisting, unhurried=force)
        await self._run(current, self._plan(mine, current))
        return current.report(len(states), self._clock.monotonic() - began)

    def _plan(self, mine: Iterable[Due], current: Round) -> dict[str, list[Due]]:
        """Feeds by host, most overdue first; a crowded host's rest stays due."""
        by_host: dict[str, list[Due]] = {}
        most = max(1, int(self._settings.round_seconds / max(self._settings.host_gap, 0.001)))
        for spec, state in mine:
            feeds = by_host.setdefault(host_key(state.url), [])
            if len(feeds) < most or current.unhurried:
                feeds.append((spec, state))
            else:
                current.deferred += 1
        return by_host

    async def _run(self, current: Round, by_host: dict[str, list[Due]]) -> None:
        writer = asyncio.create_task(self._writer.write_all(current))
        tasks = [asyncio.create_task(self._poll_host(host, feeds, current)) for host, feeds in by_host.items()]
        try:
            await _all_or_first_error(tasks, writer)
            self._network.judge(current, len(self._hosts))
        finally:
            # also when cancelled: what has been read is stored, then the round ends
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            current.queue.put_nowait(None)
            await asyncio.shield(writer)
            self._gates.tidy()

    async def _poll_host(self, host: str, feeds: list[Due], current: Round) -> None:
        """A host's feeds, one after another, until it asks to be left alone, is too slow, or the round is to end."""
        # rounds do not overlap: a host that is slow to answer would make all others late
        left = math.inf if current.unhurried else self._settings.round_seconds
        for spec, state in feeds:
            if self._stopping or left <= 0 or not await self._turn_comes(host):
                current.deferred += 1
                continue
            if (wait := self._gates.paused(host)) > 0 and not current.insisting:
                current.paused += 1
                now = self._clock.now()
                until = now + timedelta(seconds=wait)
                current.queue.put_nowait(Met(spec=spec, state=state, at=now, paused_until=until))
                continue
            await current.room.wait()
            async with self._slots.one():
                if self._stopping:
                    current.deferred += 1
                    continue
                asked = self._clock.monotonic()
                met = await self._fetch(spec, state)
                left -= self._clock.monotonic() - asked
            current.room.take(met.size)
            self._note(met, host, current)
            if met.fetched is not None:
                await self._read(met)
            if self._network.holds(met, current):
                current.held.append(met)
            else:
                current.queue.put_nowait(met)

    def _note(self, met: Met, host: str, current: Round) -> None:
        self._network.note(met, host, current)
        if met.pause is not None:
            asked, until = met.pause
            self._gates.pause(asked, (until - self._clock.now()).total_seconds())

    async def _turn_comes(self, host: str) -> bool:
        """Waits for the host's turn, outside of the slots; False: the round is to end."""
        await self._gates.ready(host)
        return not self._stopping

    async def _fetch(self, spec: FeedSpec, state: FeedState) -> Met:
        full = schedule.wants_full_get(state, self._clock.now(), self._settings)
        met = Met(spec=spec, state=state, at=self._clock.now(), full=full)
        try:
            answer = await self._fetcher.fetch(spec, state, full=full)
            if isinstance(answer, NotModified):
                met.same = answer
            else:
                met.body_hash = hashlib.sha256(answer.body).hexdigest()
                if met.body_hash == state.body_hash and not answer.truncated:
                    met.same = answer
                else:
                    met.fetched = answer
        except FeedError as error:
            met.error = error
        except Exception as error:  # noqa: BLE001 - one feed's trouble is never another's
            met.error = self._surprise(spec, error)
        met.at = self._clock.now()
        return met

    async def _read(self, met: Met) -> None:
        assert met.fetched is not None
        try:
            met.parsed = await self._parser.parse(met.fetched, feed_id=met.spec.id)
            met.document = identity.keyed(met.parsed)
        except FeedError as error:
            met.error = ParseError(f"{met.spec.id}: {error}", feed_id=met.spec.id, kind=error.kind)
        except Exception as error:  # noqa: BLE001 - as above
            met.error = self._surprise(met.spec, error)

    def _surprise(self, spec: FeedSpec, error: Exception) -> FeedError:
        self._log.error("feed raised a bug", feed=spec.id, exc_info=error)
        return FeedError(f"{spec.id}: a bug: {type(error).__name__}", feed_id=spec.id, kind="bug")


async def _all_or_first_error(tasks: Sequence[asyncio.Task[None]], writer: asyncio.Task[None]) -> None:
    """Until all tasks are done; if the writer fails, its error ends the round."""
    all_done = asyncio.gather(*tasks)
    # where the round is cancelled, nobody asks it how it ended
    all_done.add_done_callback(lambda future: future.cancelled() or future.exception())
    done, _ = await asyncio.wait((all_done, writer), return_when=asyncio.FIRST_COMPLETED)
    for ended in done:
        ended.result()


__all__ = ["Collector"]
