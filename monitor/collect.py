"""Collect: due feeds, fetched, read, recognised, stored.

The network is waited for in one event loop, documents are read in worker processes, and one writer at a time talks to
the archive in a thread: while it stores a batch of feeds, the next batch gathers. So the loop never blocks, and no
transaction ever waits for a network.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from monitor.errors import ArchiveError, FeedError, FetchError, ParseError
from monitor.feeds import identity, schedule
from monitor.feeds.hosts import HostGates
from monitor.feeds.settings import CollectSettings
from monitor.protocols import Clock, FeedStore, Fetcher, Log, Parser
from monitor.types import FeedSpec, FeedState, Fetched, NotModified, ParsedFeed, PollOutcome
from monitor.urls import host_key, link_key

#: feeds of one transaction at most
_BATCH = 100
#: bytes of bodies that may wait to be read and stored before fetching pauses
_ROOM = 32_000_000
#: failures that may be our own network's
_NETWORK = frozenset(("dns", "connect", "timeout"))

Progress = Callable[[int, int, str, str], None]
Result = Literal["new", "unchanged", "not-modified", "failed", "throttled", "outage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What one round did. Counts are feeds, but for `new` and `changed`, which are entries."""

    due: int = 0
    polled: int = 0
    new: int = 0
    changed: int = 0
    #: of `new`, those that may be announced
    news: int = 0
    not_modified: int = 0
    unchanged: int = 0
    failed: int = 0
    throttled: int = 0
    outage: int = 0
    #: left due, since their host was busy enough for one round
    deferred: int = 0
    #: not asked, since their host asked to be left alone
    paused: int = 0
    wire_bytes: int = 0
    seconds: float = 0.0
    #: ids of the new entries
    entry_ids: tuple[int, ...] = ()
    #: (feed id, words)
    errors: tuple[tuple[str, str], ...] = ()
    events: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True, kw_only=True)
class _Met:
    """What a poll of one feed met, on its way to the writer."""

    spec: FeedSpec
    state: FeedState
    at: datetime
    full: bool = False
    fetched: Fetched | None = None
    same: NotModified | Fetched | None = None
    parsed: ParsedFeed | None = None
    document: identity.Keyed | None = None
    body_hash: str = ""
    error: FeedError | None = None
    outage: bool = False
    paused_until: datetime | None = None

    @property
    def size(self) -> int:
        return len(self.fetched.body) if self.fetched is not None else 0


@dataclass(slots=True, kw_only=True)
class _Round:
    """One round under way."""

    total: int
    progress: Progress | None
    queue: asyncio.Queue[_Met | None] = field(default_factory=asyncio.Queue)
    #: something out there answered, so our own network works
    answered: bool = False
    #: network failures that wait for that proof
    held: list[_Met] = field(default_factory=list)
    results: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[str, str]] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    entry_ids: list[int] = field(default_factory=list)
    changed: int = 0
    news: int = 0
    wire_bytes: int = 0
    done: int = 0
    deferred: int = 0
    paused: int = 0


class Collector:
    """Polls what is due. Rounds must not overlap; `stop` lets the one under way end early and lose nothing."""

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
        self._gates = gates
        self._random = rng or random.Random()  # noqa: S311 - jitter is no secret
        self._stopping = False
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._room = _Room(_ROOM)
        #: hosts that failed since anything answered, over rounds; and since when that is called an outage
        self._failing: set[str] = set()
        self._outage_since: datetime | None = None
        #: when a host last answered well, by its key
        self._host_ok: dict[str, datetime] = {}
        self.use(specs)

    def use(self, specs: Sequence[FeedSpec]) -> None:
        """Other feeds from the next round on (a feeds.yaml that was read again)."""
        self._specs = {spec.id: spec for spec in specs}
        self._addresses = {link_key(spec.url): spec.id for spec in specs}
        self._hosts = {host_key(spec.url) for spec in specs if spec.enabled}

    @property
    def outage_since(self) -> datetime | None:
        """Since when our own network seems down; None: it is not."""
        return self._outage_since

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
        pauses = await asyncio.to_thread(self._store.host_pauses, now)
        mine = [(self._specs[s.feed_id], s) for s in states if s.feed_id in self._specs]
        current = _Round(total=len(mine), progress=on_progress)
        by_host = self._plan(mine, pauses, current, now, force=force, named=feed_ids is not None)
        writer = asyncio.create_task(self._write_all(current))
        tasks = [asyncio.create_task(self._poll_host(host, feeds, current)) for host, feeds in by_host.items()]
        try:
            await _all_or_first_error([*tasks], writer)
            self._judge_held(current)
        finally:
            # also when cancelled: what has been read is stored, then the round ends
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            current.queue.put_nowait(None)
            await asyncio.shield(writer)
            if self._gates is not None:
                self._gates.tidy()
        return _report(current, len(states), self._clock.monotonic() - began)

    def _plan(
        self,
        mine: Iterable[tuple[FeedSpec, FeedState]],
        pauses: dict[str, datetime],
        current: _Round,
        now: datetime,
        *,
        force: bool,
        named: bool,
    ) -> dict[str, list[tuple[FeedSpec, FeedState]]]:
        """Feeds by host, most overdue first; a paused host's are put off, a crowded host's rest stays due."""
        by_host: dict[str, list[tuple[FeedSpec, FeedState]]] = {}
        gap = max(self._settings.host_gap, 0.001)
        most = max(1, int(self._settings.round_seconds / gap))
        for spec, state in mine:
            host = host_key(state.url)
            until = pauses.get(host)
            if until is not None and until > now and not (force and named):
                current.paused += 1
                current.queue.put_nowait(_Met(spec=spec, state=state, at=now, paused_until=until))
                continue
            feeds = by_host.setdefault(host, [])
            if len(feeds) >= most and not force:
                current.deferred += 1
                continue
            feeds.append((spec, state))
        return by_host

    async def _poll_host(self, host: str, feeds: list[tuple[FeedSpec, FeedState]], current: _Round) -> None:
        """A host's feeds, one after another."""
        throttled: datetime | None = None
        for spec, state in feeds:
            if throttled is not None:
                current.paused += 1
                current.queue.put_nowait(_Met(spec=spec, state=state, at=self._clock.now(), paused_until=throttled))
                continue
            if self._gates is not None:
                await self._gates.ready(host)
            await self._room.wait()
            async with self._slots:
                if self._stopping:
                    current.deferred += 1
                    continue
                met = await self._fetch(spec, state)
            self._room.take(met.size)
            throttled = self._note_answer(met, host, current)
            if met.fetched is not None:
                await self._read(met)
            if met.error is not None and met.error.kind in _NETWORK and not current.answered:
                current.held.append(met)
            else:
                current.queue.put_nowait(met)

    async def _fetch(self, spec: FeedSpec, state: FeedState) -> _Met:
        full = schedule.wants_full_get(state, self._clock.now(), self._settings)
        met = _Met(spec=spec, state=state, at=self._clock.now(), full=full)
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

    async def _read(self, met: _Met) -> None:
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

    def _note_answer(self, met: _Met, host: str, current: _Round) -> datetime | None:
        """Remembers that the network works, and gives until when this host is to be left alone now."""
        error = met.error
        if error is None or (isinstance(error, FetchError) and error.status is not None):
            self._network_works(current)
        if error is None:
            self._host_ok[host] = met.at
        if isinstance(error, FetchError) and error.host_throttled and self._pauses_host(error, host, met.at):
            return met.at + timedelta(seconds=schedule.host_pause(met.state, error, self._settings))
        return None

    def _pauses_host(self, error: FetchError, host: str, now: datetime) -> bool:
        """A 403 for one feed of a host that serves others well is that feed's affair."""
        ok = self._host_ok.get(host)
        well = ok is not None and (now - ok).total_seconds() < 6 * 3600
        return error.status == 429 or error.retry_after is not None or not well

    def _network_works(self, current: _Round) -> None:
        if not current.answered:
            current.answered = True
            self._failing.clear()
            for met in current.held:
                current.queue.put_nowait(met)
            current.held.clear()
        if self._outage_since is not None:
            self._log.info("our own network is back", since=self._outage_since.isoformat())
            self._outage_since = None

    def _judge_held(self, current: _Round) -> None:
        """Nothing answered in this round: our own outage, once it is three hosts (or all there are, if two)."""
        if current.held:
            self._failing |= {host_key(met.state.url) for met in current.held}
            outage = self._outage_since is not None or len(self._failing) >= min(3, max(2, len(self._hosts)))
            if outage and self._outage_since is None:
                self._outage_since = self._clock.now()
                self._log.warning("our own network seems down: no feed can be reached; it counts against none")
            for met in current.held:
                met.outage = outage
                current.queue.put_nowait(met)
            current.held.clear()

    # ------------------------------------------------------------ the writer

    async def _write_all(self, current: _Round) -> None:
        """Stores what comes, as many feeds in one transaction as wait."""
        last = False
        while not last:
            batch: list[_Met] = []
            first = await current.queue.get()
            for met in (first, *_drained(current.queue, _BATCH - 1)):
                if met is None:
                    last = True
                else:
                    batch.append(met)
            if batch:
                outcomes, ids = await asyncio.to_thread(self._write, batch)
                self._room.give(sum(met.size for met in batch))
                self._account(current, batch, outcomes, ids)

    def _write(self, batch: list[_Met]) -> tuple[list[PollOutcome], list[int]]:
        """Decides and stores a batch. Runs in a thread; the only place that talks to the archive during a round."""
        documents = [met for met in batch if met.document is not None]
        known = self._known(documents) if documents else {}
        outcomes = [self._outcome(met, known.get(met.spec.id, [])) for met in batch]
        try:
            return outcomes, self._store.store(outcomes)
        except ArchiveError:
            raise
        except Exception as error:  # one outcome that cannot be stored must not take the others along
            if len(batch) > 1:
                parts = [self._write([met]) for met in batch]
                return [o for part, _ in parts for o in part], [i for _, ids in parts for i in ids]
            met = batch[0]
            if met.error is not None and met.error.kind == "bug":
                raise
            met.error, met.document, met.same = self._surprise(met.spec, error), None, None
            return self._write([met])

    def _known(self, documents: list[_Met]) -> dict[str, Any]:
        keys = [k for met in documents if met.document is not None for _, k in met.document.entries]
        return self._store.known(
            [met.spec.id for met in documents],
            [k.guid for k in keys if k.guid],
            [k.link for k in keys if k.link],
            [k.content for k in keys],
        )

    def _outcome(self, met: _Met, known: Sequence[Any]) -> PollOutcome:
        try:
            return self._decided(met, known)
        except Exception as error:  # noqa: BLE001 - a bug over one document is that feed's outcome
            met.error, met.document, met.same = self._surprise(met.spec, error), None, None
            return self._decided(met, ())

    def _decided(self, met: _Met, known: Sequence[Any]) -> PollOutcome:
        spec, state, settings, jitter = met.spec, met.state, self._settings, self._random.random()
        host = host_key(state.url)
        if met.paused_until is not None:
            later = schedule.while_paused(state, host, met.paused_until, settings, jitter)
            return PollOutcome(feed_id=spec.id, at=met.at, state=later, result="throttled", host=host)
        if met.error is not None:
            return self._failed(met, met.error, host, jitter)
        if met.same is not None:
            new_state = schedule.after_same(
                state, schedule.Same(answer=met.same, full=met.full), spec, met.at, settings, jitter
            )
            result: Result = "not-modified" if isinstance(met.same, NotModified) else "unchanged"
            new_state, events = self._moved(new_state, met.same.permanent_url, spec)
            return PollOutcome(
                feed_id=spec.id,
                at=met.at,
                state=new_state,
                result=result,
                host=host,
                events=(*events, *_silence(state, new_state)),
            )
        assert met.parsed is not None and met.document is not None and met.fetched is not None
        decision = identity.decide(spec, met.parsed, met.document, known, state, met.at, settings)
        read = schedule.Read(
            fetched=met.fetched,
            body_hash=met.body_hash,
            new=len(decision.drafts),
            known=decision.known,
            gap=decision.gap,
            ttl=met.parsed.ttl,
            rhythm=decision.rhythm,
            newest=decision.newest,
            truncated=met.parsed.truncated,
            full=met.full,
        )
        new_state = schedule.after_read(state, read, spec, met.at, settings, jitter)
        new_state, events = self._moved(new_state, met.fetched.permanent_url, spec)
        return PollOutcome(
            feed_id=spec.id,
            at=met.at,
            state=new_state,
            result="new" if decision.drafts else "unchanged",
            drafts=decision.drafts,
            changes=decision.changes,
            host=host,
            events=(*decision.events, *events, *_silence(state, new_state)),
        )

    def _failed(self, met: _Met, error: FeedError, host: str, jitter: float) -> PollOutcome:
        spec, state, settings = met.spec, met.state, self._settings
        if met.outage:
            down = schedule.after_outage(state, error, met.at, settings, jitter)
            return PollOutcome(feed_id=spec.id, at=met.at, state=down, result="outage", host=host)
        if isinstance(error, FetchError) and error.host_throttled:
            slower = schedule.after_throttle(state, error, spec, met.at, settings, jitter)
            pause = None
            if self._pauses_host(error, host, met.at):
                pause = met.at + timedelta(seconds=schedule.host_pause(state, error, settings))
            return PollOutcome(
                feed_id=spec.id, at=met.at, state=slower, result="throttled", host=host, host_pause_until=pause
            )
        worse = schedule.after_failure(state, error, spec, met.at, settings, jitter)
        return PollOutcome(
            feed_id=spec.id, at=met.at, state=worse, result="failed", host=host, events=_silence(state, worse)
        )

    def _moved(self, state: FeedState, permanent: str | None, spec: FeedSpec) -> tuple[FeedState, tuple[str, ...]]:
        """Learns a permanent redirect, unless another feed is polled there already."""
        owner = self._addresses.get(link_key(permanent)) if permanent else None
        if owner is not None and owner != spec.id:
            if state.redirect_url == permanent:
                return state, ()
            return replace(state, redirect_url=permanent, redirect_count=0), (
                f"redirects to feed {owner}: a duplicate",
            )
        state, words = schedule.learned(state, permanent, self._settings)
        return state, (f"{words} to {state.url}",) if words else ()

    def _account(self, current: _Round, batch: list[_Met], outcomes: list[PollOutcome], ids: list[int]) -> None:
        current.entry_ids.extend(ids)
        for met, outcome in zip(batch, outcomes, strict=True):
            answer = met.fetched or met.same
            current.wire_bytes += answer.wire_bytes if isinstance(answer, Fetched) else 0
            # of an outcome only numbers and words are kept: its drafts are in the archive now
            if met.paused_until is None:
                current.results[outcome.result] += 1
                if outcome.result in ("failed", "throttled"):
                    current.errors.append((outcome.feed_id, outcome.state.error or ""))
            current.events.extend((outcome.feed_id, words) for words in outcome.events)
            current.changed += len(outcome.changes)
            current.news += sum(draft.announce for draft in outcome.drafts)
            current.done += 1
            if current.progress is not None:
                current.progress(current.done, current.total, outcome.feed_id, outcome.result)
            self._say(met, outcome)

    def _say(self, met: _Met, outcome: PollOutcome) -> None:
        for words in outcome.events:
            self._log.info("feed event", feed=outcome.feed_id, words=words)
        before, after = met.state.error_kind, outcome.state.error_kind
        if outcome.result in ("failed", "throttled") and met.paused_until is None and before != after:
            self._log.warning("feed fails", feed=outcome.feed_id, kind=after, error=outcome.state.error)
        elif before not in (None, "outage") and after is None:
            self._log.info("feed is well again", feed=outcome.feed_id, was=before)


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """Every stage for one document; nothing is stored."""

    spec: FeedSpec
    fetched: Fetched | None = None
    parsed: ParsedFeed | None = None
    decision: identity.Decision | None = None
    #: what it would be polled like from now on
    state: FeedState | None = None
    error: FeedError | None = None


async def dry_run(
    document: bytes | Fetched, spec: FeedSpec, parser: Parser, now: datetime, settings: CollectSettings
) -> DryRun:
    """What the monitor would make of a document (bytes of a file, or what a fetch brought) of this feed."""
    fetched = document if isinstance(document, Fetched) else Fetched(url=spec.url, status=200, body=document)
    try:
        parsed = await parser.parse(fetched, feed_id=spec.id)
    except FeedError as error:
        return DryRun(spec=spec, fetched=fetched, error=error)
    state = FeedState(feed_id=spec.id, url=spec.url, baseline_at=now)
    decision = identity.decide(spec, parsed, identity.keyed(parsed), (), state, now, settings)
    read = schedule.Read(
        fetched=fetched,
        body_hash=hashlib.sha256(fetched.body).hexdigest(),
        new=len(decision.drafts),
        known=0,
        ttl=parsed.ttl,
        rhythm=decision.rhythm,
        newest=decision.newest,
        truncated=parsed.truncated,
    )
    first = replace(state, baseline_at=None)
    later = schedule.after_read(first, read, spec, now, settings, 0.0)
    return DryRun(spec=spec, fetched=fetched, parsed=parsed, decision=decision, state=later)


class _Room:
    """Bytes that wait to be read and stored; fetching pauses while they are too many."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = 0
        self._free = asyncio.Event()
        self._free.set()

    async def wait(self) -> None:
        await self._free.wait()

    def take(self, size: int) -> None:
        self._held += size
        if self._held >= self._size:
            self._free.clear()

    def give(self, size: int) -> None:
        self._held -= size
        if self._held < self._size:
            self._free.set()


async def _all_or_first_error(tasks: Sequence[asyncio.Task[None]], writer: asyncio.Task[None]) -> None:
    """Until all tasks are done; if the writer fails, its error ends the round."""
    waiting: set[asyncio.Task[None]] = {*tasks, writer}
    while waiting - {writer}:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


def _drained(queue: asyncio.Queue[_Met | None], most: int) -> list[_Met | None]:
    waiting: list[_Met | None] = []
    while len(waiting) < most and not queue.empty():
        waiting.append(queue.get_nowait())
    return waiting


def _silence(before: FeedState, after: FeedState) -> tuple[str, ...]:
    """Said once, when it begins."""
    if after.silent_since is None or before.silent_since is not None:
        return ()
    return ("silent against its own rhythm",)


def _report(current: _Round, due: int, seconds: float) -> PollReport:
    results = current.results
    return PollReport(
        due=due,
        polled=results.total(),
        new=len(current.entry_ids),
        changed=current.changed,
        news=current.news,
        not_modified=results["not-modified"],
        unchanged=results["unchanged"],
        failed=results["failed"],
        throttled=results["throttled"],
        outage=results["outage"],
        deferred=current.deferred,
        paused=current.paused,
        wire_bytes=current.wire_bytes,
        seconds=seconds,
        entry_ids=tuple(current.entry_ids),
        errors=tuple(current.errors),
        events=tuple(current.events),
    )


__all__ = ["Collector", "DryRun", "Log", "PollReport", "dry_run"]
