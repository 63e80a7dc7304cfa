"""One frozen tree that says how the monitor is to run. Standard library only; made by `load_config`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from monitor.paths import FeedsFile
from monitor.types import AlertSpec, ChannelSpec, DigestSpec, FeedSpec, Secret, TopicSpec

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """How feeds are fetched. Intervals belong to feeds, the gap to a host's registrable domain."""

    #: requests under way at once, over all hosts
    concurrency: int = 32
    #: between two requests to one registrable domain
    host_gap: timedelta = timedelta(seconds=2)
    #: no feed is polled more often, whatever it or its spec asks for
    min_interval: timedelta = timedelta(minutes=5)
    #: first interval of a feed that has none of its own
    default_interval: timedelta = timedelta(minutes=30)
    #: nor more rarely, failing ones included
    max_interval: timedelta = timedelta(hours=24)
    connect_timeout: timedelta = timedelta(seconds=10)
    #: the whole request with all its redirects
    total_timeout: timedelta = timedelta(seconds=30)
    max_redirects: int = 5
    #: bytes as they come over the wire, and after decompression
    max_wire_bytes: int = 10_000_000
    max_body_bytes: int = 20_000_000
    #: bytes of body for a byte of wire, beyond the first megabyte
    max_ratio: int = 200
    allowed_ports: tuple[int, ...] = (80, 443, 8080, 8443)
    #: private networks that feeds may be fetched from (intranet); none by default
    allowed_networks: tuple[Network, ...] = ()
    #: http proxy; the environment's is not used
    proxy: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseSettings:
    """Limits of the processes that read documents."""

    workers: int = 1
    #: CPU seconds for a document
    cpu_seconds: int = 5
    memory_mb: int = 300
    #: a process is replaced after so many documents
    documents_per_worker: int = 500
    max_entries: int = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifySettings:
    """The model that reads entries."""

    #: "shipped", or the folder of a trained model
    model: str = "shipped"
    threads: int = 1
    batch: int = 16
    #: the model leaves memory after so long without a text; None: it stays
    unload_after: timedelta | None = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickSettings:
    """How often the daemon asks each pipeline whether something is due."""

    collect: timedelta = timedelta(seconds=15)
    understand: timedelta = timedelta(seconds=20)
    deliver: timedelta = timedelta(seconds=30)
    #: how long a stop waits for work under way
    drain: timedelta = timedelta(seconds=30)
    #: a clock that differs from the monotonic one by more has been set
    clock_tolerance: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSettings:
    """What is kept, and for how long. None: for ever."""

    entries: timedelta | None = None
    #: rendered parts in the outbox, after they were sent
    deliveries: timedelta | None = timedelta(days=90)
    #: keys of entries that were pruned, after their feed no longer lists them
    former_keys: timedelta | None = timedelta(days=400)
    #: copies of the database made before migrations
    backups: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where `serve` listens."""

    host: str = "127.0.0.1"
    port: int = 8765


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSettings:
    """Where the daemon answers /healthz, /readyz and /metrics, and whom it tells that it lives."""

    enabled: bool = True
    host: str = "127.0.0.1"
    #: 0: any free port, which the log names
    port: int = 9464
    #: is asked with GET while rounds work and digests go out, so that another machine notices silence
    heartbeat_url: Secret | None = None
    heartbeat_interval: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """auto: for people on a terminal, JSON lines elsewhere."""

    format: Literal["auto", "console", "json"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that is not a feed, topic, digest, alert or channel."""

    state_folder: Path
    database_url: str
    #: of digests and alerts that name none
    time_zone: str = "UTC"
    #: of the readers of digests and alerts that name none, the best first
    reader_languages: tuple[str, ...] = ("en",)
    #: e-mail address or URL that the User-Agent shows to the servers that are polled
    contact: str = ""
    #: where the web archive is reached, for links in digests; no slash at its end
    base_url: str = ""
    fetch: FetchSettings = field(default_factory=FetchSettings)
    parse: ParseSettings = field(default_factory=ParseSettings)
    classify: ClassifySettings = field(default_factory=ClassifySettings)
    ticks: TickSettings = field(default_factory=TickSettings)
    keep: KeepSettings = field(default_factory=KeepSettings)
    web: WebSettings = field(default_factory=WebSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    logs: LogSettings = field(default_factory=LogSettings)

    @property
    def user_agent(self) -> str:
        """What polled servers see: product, version, and whom to write to."""
        from monitor import __version__

        about = f"+{self.contact}" if self.contact else "feed reader"
        return f"ai-news-monitor/{__version__} ({about})"

    @property
    def digests_folder(self) -> Path:
        """Where digests go that no channel takes."""
        return self.state_folder / "digests"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondOpinionSettings:
    """A chat endpoint that decides tags in the uncertain band."""

    #: of the chat completions, in full
    url: str
    model: str
    api_key: Secret | None = None
    #: questions a day, at most
    daily_budget: int = 200
    timeout: timedelta = timedelta(seconds=30)
    #: private networks where it may stand (a model of one's own); feeds cannot reach these
    allowed_networks: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierSettings:
    """Another model for the tags. The built-in one reads facts and vectors, and answers where the other cannot."""

    #: "built-in", a folder, or a model of Hugging Face
    model: str = "built-in"
    #: the commit that a model of Hugging Face is pinned to
    revision: str = ""
    second_opinion: SecondOpinionSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """feeds.yaml and the environment, checked."""

    source: FeedsFile
    settings: Settings
    feeds: tuple[FeedSpec, ...] = ()
    topics: tuple[TopicSpec, ...] = ()
    digests: tuple[DigestSpec, ...] = ()
    alerts: tuple[AlertSpec, ...] = ()
    channels: tuple[ChannelSpec, ...] = ()
    classifier: ClassifierSettings = ClassifierSettings()
    #: what is odd and no mistake, one line each
    warnings: tuple[str, ...] = ()

    @property
    def enabled_feeds(self) -> tuple[FeedSpec, ...]:
        """The feeds that are polled."""
        return tuple(feed for feed in self.feeds if feed.enabled)

    def channel(self, name: str) -> ChannelSpec | None:
        """The channel of that name."""
        return next((channel for channel in self.channels if channel.name == name), None)

    def digest(self, name: str) -> DigestSpec | None:
        """The digest of that name."""
        return next((digest for digest in self.digests if digest.name == name), None)
