"""The archive through the present model again: what would change, and, if wanted, changed.

It announces nothing by itself: an entry or a story that has its first tag or topic only now stays in the archive and is
found, but is no news. A story that was news stays so; and what has no tag yet can still become news, when its publisher
fills it in. What waits to be read is left to the daemon. What a person placed stays where it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from monitor.protocols import Classifier, StoryStore
from monitor.types import Classification, Entry
from monitor.understand import Member, TopicsOf, Understander

BATCH: Final = 256
Progress = Callable[[int, int], None]


class EntryPages(Protocol):
    """What it asks of the entries."""

    def each(
        self, *, since: datetime | None = None, in_story: bool = False, batch: int = 1000
    ) -> Iterator[list[tuple[Entry, Classification | None]]]: ...

    def count(self, *, since: datetime | None = None) -> int: ...

    def waiting(self, entry_ids: Sequence[int]) -> set[int]: ...

    def topics_of(self, entry_ids: Sequence[int]) -> dict[int, dict[str, float]]: ...


class Hush(Protocol):
    """Makes entries and stories no news."""

    def hush(self, entry_ids: Sequence[int] = (), *, story_ids: Sequence[int] = ()) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entry whose tags or status differ."""

    entry_id: int
    title: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    #: status as words, where it differs
    status: str = ""


@dataclass(slots=True, kw_only=True)
class ReclassifyReport:
    """What another reading says."""

    entries: int = 0
    #: not read yet by any model, or edited since: the daemon reads them
    pending: int = 0
    #: entries that another model, or another head, had read
    other_model: int = 0
    added: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)
    new_stories: int = 0
    applied: bool = False


class Reclassifier:
    """Page by page, so that an archive of any size goes through; each page is stored in a transaction of its own."""

    def __init__(
        self,
        *,
        entries: EntryPages,
        stories: StoryStore,
        hush: Hush,
        classifier: Classifier,
        understander: Understander,
        topics: TopicsOf | None = None,
    ) -> None:
        self._entries = entries
        self._stories = stories
        self._hush = hush
        self._classifier = classifier
        self._understander = understander
        self._topics = topics

    def run(
        self, *, since: datetime | None = None, apply: bool = True, on_progress: Progress | None = None
    ) -> ReclassifyReport:
        """Reads the entries seen since then. Raises ModelError, ArchiveError; what was stored before stays."""
        report = ReclassifyReport(applied=apply)
        total, done = self._entries.count(since=since), 0
        for page in self._entries.each(since=since, batch=BATCH):
            waiting = self._entries.waiting([entry.id for entry, _ in page])
            known = [(entry, read) for entry, read in page if read is not None and entry.id not in waiting]
            report.pending += len(page) - len(known)
            fresh = self._classifier.classify([(entry.title, entry.summary) for entry, _ in known])
            for (entry, before), after in zip(known, fresh, strict=True):
                _compare(report, entry, before, after)
            if apply and known:
                self._apply(known, fresh, report)
            done += len(page)
            if on_progress is not None:
                on_progress(min(done, total), total)
        return report

    def _apply(
        self,
        known: Sequence[tuple[Entry, Classification]],
        fresh: Sequence[Classification],
        report: ReclassifyReport,
    ) -> None:
        homes = sorted({entry.story_id for entry, _ in known if entry.story_id is not None})
        bare = {number for number, story in self._stories.get_many(homes).items() if not (story.tags or story.topics)}
        silent = self._risen(known, fresh)
        # before they can begin a story, so that a program that dies here leaves nothing to announce
        self._hush.hush(sorted(silent))
        members: list[Member] = [
            (replace(entry, announce=False) if entry.id in silent else entry, after)
            for (entry, _), after in zip(known, fresh, strict=True)
        ]
        report.new_stories += self._understander.take(members).new_stories
        now = self._stories.get_many(sorted(bare))
        risen = [number for number, story in now.items() if story.tags or story.topics]
        if risen:
            self._hush.hush(story_ids=risen)

    def _risen(self, known: Sequence[tuple[Entry, Classification]], fresh: Sequence[Classification]) -> frozenset[int]:
        """Entries outside of stories that could make one now and could not before."""
        outside = [(entry, was, now) for (entry, was), now in zip(known, fresh, strict=True) if entry.story_id is None]
        if not outside:
            return frozenset()
        had = self._entries.topics_of([entry.id for entry, _, _ in outside])
        has = self._topics([(entry, now) for entry, _, now in outside]) if self._topics else [{} for _ in outside]
        return frozenset(
            entry.id
            for (entry, was, now), topics in zip(outside, has, strict=True)
            if (now.tags or now.possible or topics) and not (was.tags or was.possible or had.get(entry.id))
        )


def _compare(report: ReclassifyReport, entry: Entry, before: Classification, after: Classification) -> None:
    report.entries += 1
    report.other_model += before.model_id != after.model_id
    gained, lost = set(after.tags) - set(before.tags), set(before.tags) - set(after.tags)
    report.added.update(gained)
    report.removed.update(lost)
    turned = bool(before.tags and after.tags) and before.status != after.status
    if gained or lost or turned:
        words = f"{before.status} -> {after.status}" if turned else ""
        report.changes.append(
            Change(entry_id=entry.id, title=entry.title, before=before.tags, after=after.tags, status=words)
        )
