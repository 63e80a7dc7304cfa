"""The shape of feeds.yaml. Every key a person may write, its type and its limits; docs/configuration.md describes each.

Values are checked here one by one; what must agree between places (ids, names, references) is checked in build.py.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from monitor.config import scalars
from monitor.config.schedules import to_cron
from monitor.config.settings import Network

Duration = Annotated[timedelta, BeforeValidator(scalars.duration)]
Amount = Annotated[Decimal, BeforeValidator(scalars.amount)]
Zone = Annotated[str, BeforeValidator(scalars.time_zone)]
Net = Annotated[Network, BeforeValidator(scalars.network)]
Slug = Annotated[str, BeforeValidator(scalars.slug)]
Language = Annotated[str, BeforeValidator(scalars.language)]
Url = Annotated[str, BeforeValidator(scalars.web_address)]
Cron = Annotated[str, BeforeValidator(to_cron)]
Port = Annotated[int, Field(ge=0, le=65535)]
Count = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
#: a text that may be or hold a ${NAME}; secrets.py resolves it
Reference = str


def one_or_many(value: Any) -> Any:
    """`x` means `[x]`."""
    return [value] if isinstance(value, str | int | float) else value


Texts = Annotated[list[Text], BeforeValidator(one_or_many)]
Slugs = Annotated[list[Slug], BeforeValidator(one_or_many)]
#: what a reader reads; not a selection's `languages`, which keeps stories out
ReaderLanguages = Annotated[list[Language], BeforeValidator(one_or_many)]


class Part(BaseModel):
    """Base of all parts: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FeedModel(Part):
    id: Slug
    url: Url
    name: Text
    category: Slug = "press"
    language: Language = "en"
    enabled: bool = True
    interval: Duration | None = None
    authority: Annotated[int, Field(ge=0, le=3)] | None = None
    aggregator: bool | None = None
    headers: dict[str, Reference] = {}
    cookies: dict[str, Reference] = {}
    username: Reference | None = None
    password: Reference | None = None
    password_env: str | None = None
    password_file: str | None = None


class TopicModel(Part):
    name: Slug
    description: str = ""
    keywords: Texts = []
    examples: Texts = []
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None


class SelectionModel(Part):
    tags: Slugs = []
    topics: Slugs = []
    companies: Texts = []
    languages: Annotated[list[Language], BeforeValidator(one_or_many)] = []
    feeds: Slugs = []
    categories: Slugs = []
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.0
    min_amount: Amount | None = None
    min_publishers: Count = 1
    query: str = ""


class SectionModel(Part):
    title: Text
    tags: Slugs = []
    topics: Slugs = []
    cap: Count = 12


class DigestModel(Part):
    name: Slug
    title: Text | None = None
    schedule: Cron
    time_zone: Zone | None = None
    reader_languages: ReaderLanguages | None = None
    select: SelectionModel = SelectionModel()
    sections: list[SectionModel] = []
    channels: Slugs = []
    look_back: Duration | None = None
    cap: Count = 40
    quiet: Literal["nothing", "note"] = "nothing"
    subject: Text = "{title}: {top} (+{more} more)"
    theme: Literal["auto", "light", "dark"] = "auto"
    template_folder: str | None = None


class QuietHours(Part):
    begin: Annotated[str, BeforeValidator(scalars.time_of_day)] = Field(alias="from")
    end: Annotated[str, BeforeValidator(scalars.time_of_day)] = Field(alias="to")


class AlertModel(Part):
    name: Slug
    select: SelectionModel = SelectionModel()
    channels: Annotated[Slugs, Field(min_length=1)]
    time_zone: Zone | None = None
    reader_languages: ReaderLanguages | None = None
    settle: Duration = timedelta(minutes=5)
    quiet_hours: QuietHours | None = None
    cooldown: Duration = timedelta(hours=6)


class EmailModel(Part):
    name: Slug
    kind: Literal["email"]
    to: Annotated[Texts, Field(min_length=1)]
    sender: Text = Field(alias="from")
    host: Text
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Reference | None = None
    password: Reference | None = None
    password_env: str | None = None
    password_file: str | None = None
    reply_to: Text | None = None
    #: address that takes "unsubscribe" mails; default: the sender
    unsubscribe: Text | None = None
    ca_file: str | None = None
    timeout: Duration = timedelta(seconds=60)


class SlackModel(Part):
    name: Slug
    kind: Literal["slack"]
    webhook_url: Reference | None = None
    webhook_url_env: str | None = None
    webhook_url_file: str | None = None
    bot_token: Reference | None = None
    bot_token_env: str | None = None
    bot_token_file: str | None = None
    #: with a bot token: ids or names of the rooms to post to
    to: Texts = []
    on_uncertain: Literal["resend", "hold"] = "resend"


class WebhookModel(Part):
    name: Slug
    kind: Literal["webhook"]
    url: Reference | None = None
    url_env: str | None = None
    url_file: str | None = None
    signing_key: Reference | None = None
    signing_key_env: str | None = None
    signing_key_file: str | None = None
    headers: dict[str, Reference] = {}
    on_uncertain: Literal["resend", "hold"] = "resend"
    timeout: Duration = timedelta(seconds=30)


class FileModel(Part):
    name: Slug
    kind: Literal["file"]
    folder: Text | None = None
    formats: Annotated[list[Literal["html", "text", "markdown"]], BeforeValidator(one_or_many)] = ["html", "text"]


class AppriseModel(Part):
    name: Slug
    kind: Literal["apprise"]
    #: each a ${NAME}: Apprise's URLs hold their keys
    urls: Annotated[Texts, Field(min_length=1)]


Channel = Annotated[EmailModel | SlackModel | WebhookModel | FileModel | AppriseModel, Field(discriminator="kind")]


class FetchModel(Part):
    concurrency: Annotated[int, Field(ge=1, le=500)] = 32
    host_gap: Duration = timedelta(seconds=2)
    min_interval: Duration = timedelta(minutes=5)
    default_interval: Duration = timedelta(minutes=30)
    max_interval: Duration = timedelta(hours=24)
    connect_timeout: Duration = timedelta(seconds=10)
    total_timeout: Duration = timedelta(seconds=30)
    max_redirects: Annotated[int, Field(ge=0, le=20)] = 5
    max_wire_bytes: Count = 10_000_000
    max_body_bytes: Count = 20_000_000
    max_ratio: Count = 200
    allowed_ports: list[Port] = [80, 443, 8080, 8443]
    allowed_networks: list[Net] = []
    proxy: Reference | None = None


class ParseModel(Part):
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    cpu_seconds: Annotated[int, Field(ge=1, le=600)] = 5
    memory_mb: Annotated[int, Field(ge=100)] = 300
    documents_per_worker: Count = 500
    max_entries: Count = 5_000


class ClassifyModel(Part):
    model: Text = "shipped"
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    batch: Annotated[int, Field(ge=1, le=512)] = 16
    unload_after: Duration | None = timedelta(minutes=10)


class TickModel(Part):
    collect: Duration = timedelta(seconds=15)
    understand: Duration = timedelta(seconds=20)
    deliver: Duration = timedelta(seconds=30)
    drain: Duration = timedelta(seconds=30)
    clock_tolerance: Duration = timedelta(seconds=30)


class KeepModel(Part):
    entries: Duration | None = None
    deliveries: Duration | None = timedelta(days=90)
    former_keys: Annotated[Duration, Field(ge=timedelta(days=60))] | None = timedelta(days=400)
    backups: Annotated[int, Field(ge=1, le=100)] = 3


class WebModel(Part):
    host: Text = "127.0.0.1"
    port: Port = 8765


class HealthModel(Part):
    enabled: bool = True
    host: Text = "127.0.0.1"
    port: Port = 9464
    heartbeat_url: Reference | None = None
    heartbeat_interval: Duration = timedelta(minutes=5)


class LogModel(Part):
    format: Literal["auto", "console", "json"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class SettingsModel(Part):
    time_zone: Zone = "UTC"
    reader_languages: ReaderLanguages = ["en"]
    contact: str = ""
    base_url: Url | None = None
    fetch: FetchModel = FetchModel()
    parse: ParseModel = ParseModel()
    classify: ClassifyModel = ClassifyModel()
    ticks: TickModel = TickModel()
    keep: KeepModel = KeepModel()
    web: WebModel = WebModel()
    health: HealthModel = HealthModel()
    logs: LogModel = LogModel()


class SecondOpinionModel(Part):
    #: of the chat completions, in full
    url: Url
    model: Text
    api_key: Reference | None = None
    api_key_env: str | None = None
    api_key_file: str | None = None
    daily_budget: Annotated[int, Field(ge=0, le=1_000_000)] = 200
    timeout: Duration = timedelta(seconds=30)
    allowed_networks: list[Net] = []


class ClassifierModel(Part):
    model: Text = "built-in"
    revision: str = ""
    second_opinion: SecondOpinionModel | None = None


class FileSchema(Part):
    """A whole feeds.yaml."""

    settings: SettingsModel = SettingsModel()
    channels: list[Channel] = []
    digests: list[DigestModel] = []
    alerts: list[AlertModel] = []
    topics: list[TopicModel] = []
    classifier: ClassifierModel = ClassifierModel()
    feeds: list[FeedModel]
