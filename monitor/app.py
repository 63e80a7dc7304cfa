"""The composition root: a Config becomes the real rooms, wired. Nothing is opened before it is needed.

    archive | guard, client, gates, workers -> Collector | classifier, companies, rates, matcher -> Understander |
    channels -> Deliverer

One App per reading of feeds.yaml. Its coroutines run in one event loop; `aclose` ends workers and connections.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.errors import FetchError, ModelError
from monitor.logs import get_logger
from monitor.standing import counts, troubles

if TYPE_CHECKING:
    import aiohttp

    from monitor.archive import Archive
    from monitor.bookkeeper import Bookkeeper
    from monitor.collect import Collector, DryRun, PollReport, Progress
    from monitor.config import Config, Settings
    from monitor.deliver import Deliverer, DeliverReport
    from monitor.feeds.settings import CollectSettings
    from monitor.guard import Guard
    from monitor.metrics import Metrics
    from monitor.protocols import Channel, Classifier, Clock
    from monitor.stories.match import Matcher
    from monitor.types import FeedSpec, FeedTrouble, Fetched
    from monitor.understand import Understander, UnderstandReport


#: entries of one round of understanding, so that a stop never waits long for one
ROUND = 512


def collect_settings(settings: Settings) -> CollectSettings:
    """The numbers that polling is governed by."""
    from monitor.feeds.settings import CollectSettings

    fetch, parse = settings.fetch, settings.parse
    return CollectSettings(
        user_agent=settings.user_agent,
        concurrency=fetch.concurrency,
        host_gap=fetch.host_gap.total_seconds(),
        connect_timeout=fetch.connect_timeout.total_seconds(),
        total_timeout=fetch.total_timeout.total_seconds(),
        max_redirects=fetch.max_redirects,
        max_wire_bytes=fetch.max_wire_bytes,
        max_body_bytes=fetch.max_body_bytes,
        max_ratio=fetch.max_ratio,
        min_interval=fetch.min_interval.total_seconds(),
        default_interval=fetch.default_interval.total_seconds(),
        max_interval=fetch.max_interval.total_seconds(),
        workers=parse.workers,
        cpu_seconds=parse.cpu_seconds,
        memory_mb=parse.memory_mb,
        documents_per_worker=parse.documents_per_worker,
        max_entries=parse.max_entries,
    )


def model_folder(settings: Settings) -> Path | None:
    """None: the weights that ship."""
    name = settings.classify.model
    return None if name == "shipped" else Path(name)


class App:
    """The rooms, wired."""

    def __init__(self, config: Config, clock: Clock, *, metrics: Metrics | None = None) -> None:
        self.config = config
        self.clock = clock
        self._metrics = metrics
        self._client: aiohttp.ClientSession | None = None
        self._synced = False
        self._recovered = False
        #: monotonic time of the last text that the model read
        self._read_at: float | None = None
        self._line = f"{len(config.enabled_feeds)} feeds"
        self._troubles: dict[str, str] = {}

    # ------------------------------------------------------------ what it holds

    @property
    def settings(self) -> Settings:
        return self.config.settings

    @property
    def metrics(self) -> Metrics:
        """Made when first asked for: one-shot commands count nothing."""
        if self._metrics is None:
            from monitor.metrics import Metrics

            self._metrics = Metrics()
        return self._metrics

    @cached_property
    def archive(self) -> Archive:
        """Opened, its schema checked. Raises ArchiveError."""
        from monitor.archive import open_archive

        archive = open_archive(self.settings.database_url)
        archive.check_schema()
        return archive

    @cached_property
    def guard(self) -> Guard:
        from monitor.guard import Guard

        return Guard(self.settings.fetch.allowed_networks, self.settings.fetch.allowed_ports)

    def client(self, **options: Any) -> aiohttp.ClientSession:
        """A guarded client; the caller closes it. Needs a running loop."""
        from monitor.guard import guarded_session

        fetch = self.settings.fetch
        return guarded_session(
            self.guard,
            total=fetch.total_timeout.total_seconds(),
            connect=fetch.connect_timeout.total_seconds(),
            headers={"User-Agent": self.settings.user_agent},
            proxy=fetch.proxy.reveal() if fetch.proxy is not None else None,
            **options,
        )

    @cached_property
    def _rooms(self) -> tuple[Any, Any, Any]:
        """(gates, fetcher, workers) of the running loop."""
        from monitor.feeds.fetch import HttpFetcher
        from monitor.feeds.hosts import HostGates
        from monitor.feeds.worker import WorkerPool

        settings = collect_settings(self.settings)
        gates = HostGates(settings.host_gap, self.clock)
        self._client = self.client(auto_decompress=False)
        fetcher = HttpFetcher(self._client, self.guard, gates, settings, self.clock)
        return gates, fetcher, WorkerPool(settings)

    @cached_property
    def collector(self) -> Collector:
        from monitor.collect import Collector

        gates, fetcher, workers = self._rooms
        return Collector(
            self.config.feeds,
            self.archive.feeds,
            fetcher,
            workers,
            self.clock,
            collect_settings(self.settings),
            get_logger("collect"),
            gates=gates,
        )

    @cached_property
    def deliverer(self) -> Deliverer:
        from monitor.deliver import Deliverer
        from monitor.planner import DeliverSettings

        return Deliverer(
            digests=self.config.digests,
            alerts=self.config.alerts,
            channel_specs=self.config.channels,
            channels=self._channels(),
            stories=self.archive.stories,
            deliveries=self.archive.deliveries,
            clock=self.clock,
            settings=DeliverSettings(digests_folder=self.settings.digests_folder, base_url=self.settings.base_url),
            log=get_logger("deliver"),
            random=random.random,
            trouble=self.feed_troubles,
        )

    def _channels(self) -> dict[str, Channel]:
        from monitor.channels.opening import open_channel

        make = partial(open_channel, session_factory=self.client, clock=self.clock, base_url=self.settings.base_url)
        return {spec.name: make(spec) for spec in self.config.channels}

    def feed_troubles(self) -> Sequence[FeedTrouble]:
        """Lines for a digest's foot."""
        return troubles(self.archive.feeds.details(), self.clock.now())

    # ------------------------------------------------------------ the three loops

    async def collect(self) -> str:
        """One round over the feeds that are due; a line for the log, "" when nothing was due."""
        report = await self.poll()
        await asyncio.to_thread(self._look_at_feeds)
        return poll_words(report) if report.polled else ""

    async def poll(
        self, *, feed_ids: Sequence[str] | None = None, force: bool = False, on_progress: Progress | None = None
    ) -> PollReport:
        """One round over what is due, or with `force` over all (of feed_ids)."""
        if not self._synced:
            await asyncio.to_thread(self.archive.feeds.sync, self.config.feeds, self.clock.now())
            self._synced = True
        report = await self.collector.poll(feed_ids=feed_ids, force=force, on_progress=on_progress)
        if self._metrics is not None:
            self._count(report)
        outage = self.collector.outage_since
        self._trouble("network", f"no feed can be reached since {outage:%H:%M} UTC" if outage is not None else "")
        return report

    async def fetch(self, spec: FeedSpec) -> Fetched:
        """One guarded GET without validators; nothing is stored. Raises FetchError."""
        from monitor.types import FeedState, Fetched

        answer = await self._rooms[1].fetch(spec, FeedState(feed_id=spec.id, url=spec.url), full=True)
        assert isinstance(answer, Fetched)
        return answer

    async def dry_run(self, document: bytes | Fetched, spec: FeedSpec) -> DryRun:
        """What would be made of a document of this feed; nothing is stored."""
        from monitor.collect import dry_run

        return await dry_run(document, spec, self._rooms[2], self.clock.now(), collect_settings(self.settings))

    @cached_property
    def classifier(self) -> Classifier:
        """The model that settings.classify names; it is loaded by the first text. Raises ModelError then."""
        from monitor.classify import load_classifier

        return load_classifier(model_folder(self.settings), self.settings.classify.threads)

    @cached_property
    def bookkeeper(self) -> Bookkeeper:
        """Companies, rates and facts. The companies that ship are put into the archive once for each version."""
        from monitor import __version__
        from monitor.bookkeeper import Bookkeeper

        bookkeeper = Bookkeeper(self.archive.entities, self.clock)
        if self.archive.keep.get("companies") != __version__:
            bookkeeper.seed()
            self.archive.keep.put("companies", __version__)
        return bookkeeper

    @cached_property
    def understander(self) -> Understander:
        from monitor.ledger.developments import development_of
        from monitor.understand import Understander

        categories = {feed.id: feed.category for feed in self.config.feeds}
        return Understander(
            entries=self.archive.entries,
            stories=self.archive.stories,
            classifier=self.classifier,
            matcher=lambda: new_matcher(self.bookkeeper.names_in),
            read_records=self.bookkeeper,
            development=development_of,
            clock=self.clock,
            log=get_logger("understand"),
            category_of=lambda feed_id: categories.get(feed_id, ""),
        )

    def _understand(self, limit: int | None, on_progress: Callable[[int, int], None] | None) -> UnderstandReport:
        """Runs in a thread."""
        understander = self.understander
        self.bookkeeper.refresh()
        report = understander.run(limit=limit, on_progress=on_progress)
        if report.entries:
            self._read_at = self.clock.monotonic()
        if self._metrics is not None:
            self.metrics.classified.inc(report.entries)
            self.metrics.pending.set(self.archive.entries.pending_count())
        self._trouble("model", report.error)
        self._let_go()
        return report

    def _let_go(self) -> None:
        """The model leaves memory when no text came for long."""
        patience = self.settings.classify.unload_after
        unload = getattr(self.classifier, "unload", None)
        if patience is None or unload is None or self._read_at is None:
            return
        if self.clock.monotonic() - self._read_at >= patience.total_seconds():
            unload()
            self._read_at = None

    def _count(self, report: PollReport) -> None:
        for result in ("new", "unchanged", "not_modified", "failed", "throttled", "outage"):
            if count := getattr(report, result):
                self.metrics.polls.labels(result.replace("_", "-")).inc(count)
        self.metrics.entries.inc(report.new)

    async def understand(self) -> str:
        """One round over pending entries; a line for the log, "" when there were none."""
        report = await asyncio.to_thread(self._understand, ROUND, None)
        return understand_words(report)

    async def understand_all(self, on_progress: Callable[[int, int | None], None] | None = None) -> str:
        """All that is pending; a line, "" when nothing was. Raises ModelError."""
        report = await asyncio.to_thread(self._understand, None, on_progress)
        if report.error:
            raise ModelError(report.error)
        return understand_words(report)

    async def deliver(self) -> str:
        """Makes the digests that are due and sends what waits; a line for the log, "" when nothing was."""
        if not self._recovered:
            await self.deliverer.recover()
            self._recovered = True
        report = await self.deliverer.run_due()
        self._trouble("outbox", self.deliverer.standing_trouble())
        return deliver_words(report)

    async def heartbeat(self) -> None:
        """Asks settings.health.heartbeat_url, unless something did not go out. Raises FetchError."""
        import aiohttp

        url = self.settings.health.heartbeat_url
        if url is None or "outbox" in self._troubles:
            return
        try:
            async with self.client() as client, client.get(url.reveal()) as answer:
                status = answer.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise FetchError(f"heartbeat: {type(error).__name__}", kind="connect") from error
        if status >= 400:
            raise FetchError(f"heartbeat: HTTP {status}", status=status)

    def troubles(self) -> Mapping[str, str]:
        """What is wrong for longer than a round: kind to words."""
        return dict(self._troubles)

    def describe(self) -> str:
        """One line on how it stands."""
        return self._line

    def _trouble(self, kind: str, words: str) -> None:
        self._troubles.pop(kind, None)
        if words:
            self._troubles[kind] = words

    def _look_at_feeds(self) -> None:
        found = counts(self.archive.feeds.details(), self.clock.now())
        pending = self.archive.entries.pending_count()
        bad = found["failing"] + found["throttled"]
        parts = [f"{found.total() - found['off']} feeds", f"{bad} failing" if bad else ""]
        parts.append(f"{pending} entries pending" if pending else "")
        self._line = ", ".join(part for part in parts if part)
        if self._metrics is not None:
            self.metrics.pending.set(pending)
            for state, number in (
                ("good", found.total() - found["off"] - bad),
                ("failing", bad),
                ("off", found["off"]),
            ):
                self.metrics.feeds.labels(state).set(number)

    # ------------------------------------------------------------ the end

    async def aclose(self) -> None:
        """Ends workers and connections. Nothing of it is used afterwards."""
        rooms = self.__dict__.pop("_rooms", None)
        if rooms is not None:
            await rooms[2].close()
        if self._client is not None:
            await self._client.close()
        self.close()

    def close(self) -> None:
        """The same where no loop ran."""
        archive = self.__dict__.pop("archive", None)
        if archive is not None:
            archive.close()


def new_matcher(names_in: Callable[[str], frozenset[str]] | None = None) -> Matcher:
    """An empty matcher with the weights that ship. names_in: company names in a text. Raises ModelError."""
    from monitor.stories.match import Matcher
    from monitor.stories.weights import load
    from monitor.stories.words import load_table

    return Matcher(load(), load_table(), find_companies=names_in)


def understand_words(report: UnderstandReport) -> str:
    """A line on a round of understanding; empty when nothing happened."""
    if not report.entries:
        return ""
    parts = [f"classified {report.entries} entries: {report.placed} into stories, {report.new_stories} of them new"]
    if report.developments:
        parts.append(f"{report.developments} developments")
    if report.poisonous:
        parts.append(f"{len(report.poisonous)} set aside")
    return ", ".join(parts)


def poll_words(report: PollReport) -> str:
    """A line on a round of polls."""
    parts = [f"polled {report.polled} feeds, {report.new} new entries"]
    parts += [f"{n} {word}" for word in ("failed", "throttled", "outage", "deferred") if (n := getattr(report, word))]
    return ", ".join(parts)


def deliver_words(report: DeliverReport) -> str:
    """A line on a round of deliveries; empty when nothing happened."""
    parts = [f"made {key} with {stories} stories" for key, stories, _ in report.made]
    sends = report.sends
    for word, rows in (("sent", sends.sent), ("to be retried", sends.retried), ("failed", sends.failed)):
        parts += [f"{len(rows)} {word}"] if rows else []
    return ", ".join([*parts, *report.errors])
