"""A Config becomes the real rooms, each made when it is first asked for.

archive | guard, client, gates, workers -> Collector | classifier, companies, rates, matcher -> Understander |
channels -> Deliverer
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from monitor.classifiers import head_in, model_folder, taught, with_foreign, with_opinion
from monitor.logs import get_logger
from monitor.standing import troubles

if TYPE_CHECKING:
    import aiohttp

    from monitor.archive import Archive
    from monitor.archive.upkeep import Upkeep
    from monitor.bookkeeper import Bookkeeper
    from monitor.classify.taught import OwnHead, Taught
    from monitor.collect import Collector, DryRun
    from monitor.config import Config, Settings
    from monitor.deliver import Deliverer
    from monitor.feeds.settings import CollectSettings
    from monitor.guard import Guard
    from monitor.interests import Interests
    from monitor.protocols import Channel, Classifier, Clock
    from monitor.reclassify import Reclassifier
    from monitor.stories.match import Matcher
    from monitor.types import FeedSpec, FeedTrouble, Fetched
    from monitor.understand import Understander


__all__ = ["Rooms", "collect_settings", "model_folder", "new_matcher"]


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


def new_matcher(names_in: Callable[[str], frozenset[str]] | None = None) -> Matcher:
    """An empty matcher with the weights that ship. names_in: company names in a text. Raises ModelError."""
    from monitor.stories.match import Matcher
    from monitor.stories.weights import load
    from monitor.stories.words import load_table

    return Matcher(load(), load_table(), find_companies=names_in)


class Rooms:
    """The rooms of one reading of feeds.yaml. What needs a loop belongs to the one that asks first."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self._client: aiohttp.ClientSession | None = None

    @property
    def settings(self) -> Settings:
        return self.config.settings

    @cached_property
    def archive(self) -> Archive:
        """Opened, its schema checked. Raises ArchiveError."""
        from monitor.archive import open_archive

        archive = open_archive(self.settings.database_url)
        archive.check_schema()
        return archive

    @cached_property
    def upkeep(self) -> Upkeep:
        """What is done for the archive once a day."""
        from monitor.archive.upkeep import Upkeep

        keep = self.settings.keep
        return Upkeep(
            self.archive.keep,
            self.clock,
            deliveries=keep.deliveries,
            former_keys=keep.former_keys,
        )

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
    def _polling(self) -> tuple[Any, Any, Any]:
        """(gates, fetcher, workers) of the running loop."""
        from monitor.feeds.fetch import HttpFetcher
        from monitor.feeds.hosts import HostGates
        from monitor.feeds.worker import WorkerPool

        settings = collect_settings(self.settings)
        gates = HostGates(settings.host_gap, self.clock)
        # the collector says how many connections there are
        self._client = self.client(auto_decompress=False, connections=0)
        fetcher = HttpFetcher(self._client, self.guard, gates, settings, self.clock)
        return gates, fetcher, WorkerPool(settings)

    @cached_property
    def collector(self) -> Collector:
        from monitor.collect import Collector

        gates, fetcher, workers = self._polling
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
            settings=DeliverSettings(
                digests_folder=self.settings.digests_folder,
                base_url=self.settings.base_url,
                unsubscribe_key=self.unsubscribe_key,
            ),
            log=get_logger("deliver"),
            random=random.random,
            trouble=self.feed_troubles,
        )

    def _channels(self) -> dict[str, Channel]:
        from monitor.channels.opening import open_channel

        make = partial(
            open_channel,
            session_factory=self.client,
            clock=self.clock,
            base_url=self.settings.base_url,
            unsubscribe_key=self.unsubscribe_key,
        )
        return {spec.name: make(spec) for spec in self.config.channels}

    @cached_property
    def unsubscribe_key(self) -> bytes | None:
        """What signs the links of mails; None where nobody could reach them: no base_url, or no server that answers."""
        from monitor.channels.unsubscribe import load_key
        from monitor.paths import ensure_state_folder

        if not self.settings.base_url or not self.settings.health.enabled:
            return None
        ensure_state_folder(self.settings.state_folder)
        return load_key(self.settings.state_folder)

    def unsubscribe(self, method: str, token: str) -> tuple[int, str, bytes]:
        """Answers GET and POST of /unsubscribe/TOKEN. May be called from any thread."""
        from monitor.channels.unsubscribe import Unsubscriber

        key = self.unsubscribe_key
        assert key is not None, "only asked by the health server, and where a base_url is configured"
        return Unsubscriber(key, self.archive.deliveries, self.clock, get_logger("deliver")).answer(method, token)

    def feed_troubles(self) -> Sequence[FeedTrouble]:
        """Lines for a digest's foot."""
        return troubles(self.archive.feeds.details(), self.clock.now())

    @cached_property
    def encoder(self) -> Taught:
        """The built-in model (or the one of its kind that settings.classify names), with a head of one's own in front.

        It is loaded by the first text. Raises ModelError then.
        """
        return taught(self.settings, self.own_head)

    @cached_property
    def classifier(self) -> Classifier:
        """What reads entries: the encoder, behind another model and a second opinion where they are configured."""
        inner = with_foreign(self.config, self.encoder)
        return with_opinion(self.config, inner, self.archive, self.clock)

    def own_head(self) -> OwnHead | None:
        """The head that `monitor train` put in use."""
        return head_in(self.archive)

    @cached_property
    def interests(self) -> Interests:
        """The topics of feeds.yaml."""
        from monitor.interests import Interests

        topics = self.config.topics
        return Interests(topics, self.archive.teaching, self.encoder, self.clock, get_logger("topics"))

    @cached_property
    def reclassifier(self) -> Reclassifier:
        from monitor.reclassify import Reclassifier

        return Reclassifier(
            entries=self.archive.entries,
            stories=self.archive.stories,
            hush=self.archive.teaching,
            classifier=self.classifier,
            understander=self.understander,
            topics=self.interests if self.config.topics else None,
        )

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
        from monitor import __version__
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
            topics=self.interests if self.config.topics else None,
            notes=self.archive.keep,
            version=__version__,
        )

    async def fetch(self, spec: FeedSpec) -> Fetched:
        """One guarded GET without validators; nothing is stored. Raises FetchError."""
        from monitor.types import FeedState, Fetched

        answer = await self._polling[1].fetch(spec, FeedState(feed_id=spec.id, url=spec.url), full=True)
        assert isinstance(answer, Fetched)
        return answer

    async def dry_run(self, document: bytes | Fetched, spec: FeedSpec) -> DryRun:
        """What would be made of a document of this feed; nothing is stored."""
        from monitor.collect import dry_run

        return await dry_run(document, spec, self._polling[2], self.clock.now(), collect_settings(self.settings))

    async def aclose(self) -> None:
        """Ends workers and connections. Nothing of it is used afterwards."""
        rooms = self.__dict__.pop("_polling", None)
        if rooms is not None:
            await rooms[2].close()
        if self._client is not None:
            await self._client.close()
        archive = self.__dict__.pop("archive", None)
        if archive is not None:
            archive.close()
