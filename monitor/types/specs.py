"""What a person configures, as far as stages need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal


class Secret:
    """A text that never shows itself in a repr, a log or an error."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """A feed as feeds.yaml describes it."""

    id: str
    url: str
    name: str
    category: str = "press"
    language: str = "en"
    enabled: bool = True
    #: shortest interval between two polls, if special
    interval: timedelta | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    cookies: Mapping[str, Secret] = field(default_factory=dict)
    username: str | None = None
    password: Secret | None = None
    #: 3 primary source (a lab's own blog), 2 established press, 1 others, 0 aggregators
    authority: int = 1
    #: entries name their publisher in <source>; the link's domain is the aggregator's
    aggregator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a saved query keeps: of a search, a digest, an alert or an output feed. Empty fields keep all."""

    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    min_score: float = 0.0
    #: in USD
    min_amount: Decimal | None = None
    min_publishers: int = 1
    #: full-text query in the words of `monitor search`
    query: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSpec:
    """One section of a digest: its title and which tags or topics it takes, at most `cap` stories."""

    title: str
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    cap: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSpec:
    """A digest as feeds.yaml describes it."""

    name: str
    title: str
    #: five cron fields, local to time_zone ("daily at 08:00", "weekdays" and "weekly" are translated)
    cron: str
    time_zone: str = "UTC"
    selection: Selection = Selection()
    sections: tuple[SectionSpec, ...] = ()
    #: names of channels
    channels: tuple[str, ...] = ()
    #: None: two periods
    look_back: timedelta | None = None
    cap: int = 40
    quiet: Literal["nothing", "note"] = "nothing"
    subject: str = "{title}: {top} (+{more} more)"
    theme: Literal["auto", "light", "dark"] = "auto"
    template_folder: str | None = None
    #: what its readers read, the best first: chooses among tellings, keeps nothing out; empty: as it was told first
    reader_languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSpec:
    """A selection that is sent at once."""

    name: str
    selection: Selection
    channels: tuple[str, ...]
    time_zone: str = "UTC"
    #: how long a story settles first
    settle: timedelta = timedelta(minutes=5)
    #: ("22:00", "07:00") local
    quiet_hours: tuple[str, str] | None = None
    cooldown: timedelta = timedelta(hours=6)
    #: as in a digest
    reader_languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpec:
    """A way out. `options` are of its kind (see docs/channels.md), secrets in `secrets`."""

    name: str
    kind: Literal["email", "slack", "webhook", "file", "apprise"]
    recipients: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """A tag of a user's own: works from the description, better with examples."""

    name: str
    #: a sentence or two
    description: str = ""
    #: matched at word boundaries, case ignored
    keywords: tuple[str, ...] = ()
    #: titles that belong to it
    examples: tuple[str, ...] = ()
    #: score from which an entry has it; None: calibrated against the archive
    threshold: float | None = None
