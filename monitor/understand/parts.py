"""What the pipeline is given, its settings and its reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from monitor.protocols import EntryStore
from monitor.types import Classification, Development, Entry, LedgerRecord, Story, StoryMember

Member = tuple[Entry, Classification]
#: a story's entries and its tags to its deals and launches
ReadRecords = Callable[[Sequence[Member], Sequence[str]], tuple[LedgerRecord, ...]]
DevelopmentOf = Callable[[Story | None, Entry, Classification, Sequence[LedgerRecord]], Development | None]
TopicsOf = Callable[[Sequence[Member]], Sequence[Mapping[str, float]]]
Progress = Callable[[int, int], None]

SECONDS_PER_HOUR: Final = 3600.0


class EntryArchive(EntryStore, Protocol):
    """What re-reading and rebuilding ask of an archive besides."""

    def each(
        self, *, since: datetime | None = None, in_story: bool = False, batch: int = 1000
    ) -> Iterator[list[tuple[Entry, Classification | None]]]: ...

    def read_again(
        self, *, since: datetime | None = None, unless_model: str | None = None, heads: bool = True
    ) -> int: ...

    def count(self, *, since: datetime | None = None) -> int: ...

    def understood_many(self, entry_ids: Sequence[int]) -> list[tuple[Entry, Classification | None]]: ...

    def put_aside(
        self, failed: Sequence[tuple[int, int, str]], *, reader: str, now: datetime
    ) -> Mapping[int, datetime]: ...

    def aside_count(self) -> int: ...

    def take_up(self, *, reader: str, now: datetime, all_of_them: bool = False) -> int: ...

    def topics_of(self, entry_ids: Sequence[int]) -> dict[int, dict[str, float]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderstandSettings:
    """How much at once, and how far back."""

    batch: int = 256
    #: days of stories that the matcher holds
    window_days: float = 14.0


@dataclass(slots=True, kw_only=True)
class UnderstandReport:
    """What one run did."""

    entries: int = 0
    #: entries that joined or began a story
    placed: int = 0
    #: entries that went through a story: these, and those that were in one and were read again
    joined: int = 0
    new_stories: int = 0
    grown_stories: int = 0
    developments: int = 0
    #: entries that could not be understood and were set aside, to be tried again later
    poisonous: list[int] = field(default_factory=list)
    #: the model is missing or corrupt: the entries wait; or a whole batch could not be understood
    error: str = ""


@dataclass(slots=True, kw_only=True)
class RebuildReport:
    """What matching anew says of the archive. moves: (entry, story before, story after; None: a new one)."""

    entries: int = 0
    stories_before: int = 0
    stories_after: int = 0
    kept_by_hand: int = 0
    moves: list[tuple[int, int | None, int | None]] = field(default_factory=list)
    applied: bool = False


def to_member(entry: Entry, read: Classification) -> StoryMember:
    """What the matcher needs of an entry."""
    return StoryMember(
        entry_id=entry.id,
        story_id=entry.story_id or 0,
        title=entry.title,
        summary=entry.summary,
        publisher=entry.publisher,
        published_at=entry.published_at,
        first_seen_at=entry.first_seen_at,
        classification=read,
        language=entry.language,
        authority=entry.authority,
    )
