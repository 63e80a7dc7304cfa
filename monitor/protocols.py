"""The seams: what effects a pipeline is given. Real ones come from app.py, fakes from testing.py.

All datetimes are aware and UTC. Any archive method may raise ArchiveError. Methods of one archive may be
called from several threads; writers are serialised inside. No method touches the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from monitor.types import (
    Classification,
    Delivery,
    DeliveryDraft,
    DeliveryState,
    Digest,
    Entry,
    FeedSpec,
    FeedState,
    Fetched,
    KnownEntry,
    NotModified,
    ParsedFeed,
    PollOutcome,
    Receipt,
    Selection,
    Story,
    StoryMember,
    StoryUpdate,
)


class Clock(Protocol):
    """Two times: what a wall clock shows, and what waits are measured with."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...


class Log(Protocol):
    """A structured log: an event in words and its values."""

    def debug(self, event: str, **values: Any) -> Any: ...
    def info(self, event: str, **values: Any) -> Any: ...
    def warning(self, event: str, **values: Any) -> Any: ...
    def error(self, event: str, **values: Any) -> Any: ...
    def exception(self, event: str, **values: Any) -> Any: ...


class Fetcher(Protocol):
    """One guarded conditional GET. Raises FetchError."""

    async def fetch(self, spec: FeedSpec, state: FeedState, *, full: bool = False) -> Fetched | NotModified: ...


class Parser(Protocol):
    """Bytes to entries, in a worker with limits. Raises ParseError."""

    async def parse(self, fetched: Fetched, *, feed_id: str) -> ParsedFeed: ...


class Classifier(Protocol):
    """The encoder. Raises ModelError when its weights are missing or corrupt."""

    @property
    def model_id(self) -> str: ...

    def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
        """(title, summary) pairs to classifications, in order."""
        ...


class Channel(Protocol):
    """A way out. Raises DeliveryError."""

    @property
    def name(self) -> str: ...

    async def send(self, delivery: Delivery) -> Receipt: ...


class FeedStore(Protocol):
    """monitor/archive/feeds.py"""

    def sync(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        """Feeds of the file to rows: new ones due at once, vanished ones kept but not polled."""
        ...

    def due(
        self, now: datetime, *, limit: int = 1000, feed_ids: Sequence[str] | None = None, force: bool = False
    ) -> list[FeedState]:
        """States of enabled feeds whose next_poll_at has come, most overdue first; with `force` all (of feed_ids)."""
        ...

    def states(self) -> list[FeedState]: ...

    def next_due(self) -> datetime | None: ...

    def host_pauses(self, now: datetime) -> dict[str, datetime]: ...

    def known(
        self,
        feed_ids: Sequence[str],
        guid_hashes: Iterable[bytes],
        link_hashes: Iterable[bytes],
        content_hashes: Iterable[bytes],
    ) -> dict[str, list[KnownEntry]]:
        """Per feed, its stored entries that share a key with what is asked; one query per kind for the whole batch."""
        ...

    def store(self, outcomes: Sequence[PollOutcome]) -> list[int]:
        """One transaction: states, validators, new entries (pending), changes, host pauses. Ids of the new entries.

        An entry whose (feed, guid) or (feed, link without guid) already stands is not stored twice, whatever is asked.
        """
        ...


class EntryStore(Protocol):
    """monitor/archive/entries.py"""

    def pending(self, limit: int = 512) -> list[Entry]:
        """Entries not yet understood, oldest arrival first."""
        ...

    def pending_count(self) -> int: ...

    def get(self, entry_id: int) -> Entry | None: ...

    def by_url(self, url: str) -> list[Entry]: ...

    def of_story(self, story_id: int) -> list[tuple[Entry, Classification | None]]: ...


class StoryStore(Protocol):
    """monitor/archive/stories.py"""

    def window(self, since: datetime, model_id: str, *, after_entry_id: int = 0) -> list[StoryMember]:
        """Members of stories seen since then whose vectors are of that model (for the matcher's index)."""
        ...

    def get(self, story_id: int) -> Story | None: ...

    def get_many(self, story_ids: Sequence[int]) -> dict[int, Story]: ...

    def apply(
        self,
        classifications: Mapping[int, Classification],
        topics: Mapping[int, Mapping[str, float]],
        updates: Sequence[StoryUpdate],
        now: datetime,
        *,
        revisions: Mapping[int, int] | None = None,
    ) -> list[int]:
        """One transaction: classifications by entry id, topics, stories, decisions, developments, ledger. Story ids.

        Classified entries with no tag, no topic and no story stay without a story and are no longer pending. One whose
        revision is no longer the one of `revisions` was edited while it was read and stays pending.
        Raises StoryChanged, and writes nothing, where an update says what it was made from and that has changed since.
        """
        ...

    def arrived(
        self, selection: Selection, since: datetime, until: datetime, *, announced_only: bool = True, limit: int = 5000
    ) -> list[Story]:
        """Stories that qualify and whose news_at (or last_seen_at if not announced_only) is in (since, until]."""
        ...

    def tellings(self, story_ids: Sequence[int]) -> dict[int, list[tuple[Entry, Classification | None]]]:
        """The entries of these stories with what was read in them, in order of arrival."""
        ...

    def decisions(self, story_id: int) -> list[dict[str, Any]]: ...

    def merge(self, into: int, others: Sequence[int], now: datetime) -> None: ...

    def split(self, story_id: int, entry_ids: Sequence[int], now: datetime) -> int: ...

    def set_pinned(self, story_id: int, pinned: bool) -> None: ...

    def set_muted(self, story_id: int, muted: bool) -> None: ...


class EntityStore(Protocol):
    """monitor/archive/ledger.py"""

    def entities(self) -> list[dict[str, Any]]:
        """All entities: id, name, kind, aliases [(alias, weak)], owner."""
        ...

    def ensure_entity(self, name: str, kind: str) -> int: ...


class DeliveryStore(Protocol):
    """monitor/archive/deliveries.py"""

    def last_due(self, digest: str, until: datetime | None = None) -> datetime | None:
        """due_at of the newest digest row of that name, sent or quiet; of those not after `until`."""
        ...

    def already_sent(self, digest: str, recipient: str, channel: str, story_ids: Sequence[int]) -> dict[int, int]:
        """Story id to the highest development id that went out (0: the story, no development) in that digest."""
        ...

    def create(
        self,
        digest: Digest,
        drafts: Sequence[DeliveryDraft],
        now: datetime,
        *,
        stories_by_recipient: Mapping[tuple[str, str], Sequence[tuple[int, int]]],
        again: bool = False,
    ) -> int | None:
        """One transaction: digest row, stories per (channel, recipient), parts. None if (name, due_at) exists.

        Raises ToldMeanwhile, with nothing written, if a recipient has had a story by now, unless `again`.
        """
        ...

    def claim(self, now: datetime, *, limit: int = 100, digest_id: int | None = None) -> list[Delivery]:
        """Ready deliveries (of that digest) whose time has come become `sending`; each goes to one caller only."""
        ...

    def record(
        self,
        delivery_id: int,
        state: DeliveryState,
        now: datetime,
        *,
        code: int | None = None,
        error: str | None = None,
        receipt: str | None = None,
        next_try_at: datetime | None = None,
        silent: bool = False,
    ) -> None: ...

    def renew(self, delivery_id: int, now: datetime) -> None:
        """A person asks for it again: it is ready, and tried as if for the first time. Raises NotFound."""
        ...

    def last_receipt(self, channel: str, recipient: str) -> str | None:
        """Of the newest delivery that arrived there."""
        ...

    def recover(self, now: datetime) -> list[Delivery]:
        """After a start: `sending` becomes `uncertain`; they are returned for the channel's rule."""
        ...

    def digests(self, *, name: str | None = None, limit: int = 50) -> list[dict[str, Any]]: ...

    def message_id_of(self, story_id: int, digest: str, channel: str, recipient: str) -> str | None:
        """Of the first message in which that recipient got the story."""
        ...

    def thread_of(self, story_id: int, digest: str, channel: str, recipient: str) -> str | None:
        """The receipt of that message, or what it replied to."""
        ...

    def last_told(self, digest: str, recipient: str, channel: str, story_ids: Sequence[int]) -> dict[int, datetime]:
        """Story id to when it, or a development of it, last went out in that digest."""
        ...

    def suppressed(self, recipients: Sequence[str]) -> set[str]: ...

    def suppress(self, recipient: str, now: datetime, why: str) -> None: ...

    def list(
        self, *, states: Sequence[DeliveryState] = (), digest: str | None = None, limit: int = 100
    ) -> list[Delivery]: ...


class Rates(Protocol):
    """USD per unit of a currency on a day; None where the table has none."""

    def usd(self, value: Decimal, currency: str, on: datetime) -> Decimal | None: ...
