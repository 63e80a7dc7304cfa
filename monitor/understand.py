"""Understand: pending entries to classifications, stories and ledger records. The second of the three loops.

    pending entries of all feeds -> one encoder pass -> topics -> matched one by one -> merged -> one transaction

One serial writer. What is left to do is a column of the archive, so it may be killed at any moment; the matcher's
window is only a memory of the archive, thrown away whenever the two might differ.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from monitor.errors import ArchiveError, ModelError
from monitor.protocols import Classifier, Clock, EntryStore, Log, StoryStore
from monitor.stories.match import Matcher, Verdict
from monitor.stories.merge import Part, merge_story
from monitor.types import (
    Classification,
    Development,
    Entry,
    LedgerRecord,
    MatchDecision,
    Story,
    StoryMember,
    StoryUpdate,
)

Member = tuple[Entry, Classification]
ReadRecords = Callable[[Sequence[Member]], tuple[LedgerRecord, ...]]
DevelopmentOf = Callable[[Story | None, Entry, Classification, Sequence[LedgerRecord]], Development | None]
TopicsOf = Callable[[Sequence[Member]], Sequence[Mapping[str, float]]]
Progress = Callable[[int, int], None]

SECONDS_PER_HOUR: Final = 3600.0
#: a story with more entries that join at once is read for developments with its records as they stand at the end
STEPWISE: Final = 12


class EntryArchive(EntryStore, Protocol):
    """What re-reading and rebuilding ask of an archive besides."""

    def each(
        self, *, since: datetime | None = None, in_story: bool = False, batch: int = 1000
    ) -> Iterator[list[tuple[Entry, Classification | None]]]: ...

    def read_again(self, *, since: datetime | None = None, unless_model: str | None = None) -> int: ...

    def count(self, *, since: datetime | None = None) -> int: ...


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
    new_stories: int = 0
    grown_stories: int = 0
    developments: int = 0
    #: entries that could not be read and were set aside
    poisonous: list[int] = field(default_factory=list)
    #: the model is missing or corrupt: the entries wait
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


@dataclass(slots=True, kw_only=True)
class _Joining:
    """One entry on its way into a story."""

    part: Part
    verdict: Verdict | None


class Understander:
    """The pipeline. Its methods may be called from any thread; one runs at a time."""

    def __init__(
        self,
        *,
        entries: EntryArchive,
        stories: StoryStore,
        classifier: Classifier,
        matcher: Callable[[], Matcher],
        read_records: ReadRecords,
        development: DevelopmentOf,
        clock: Clock,
        log: Log,
        topics: TopicsOf | None = None,
        category_of: Callable[[str], str] = lambda feed_id: "",
        settings: UnderstandSettings | None = None,
    ) -> None:
        self._entries = entries
        self._stories = stories
        self._classifier = classifier
        self._new_matcher = matcher
        self._read_records = read_records
        self._development = development
        self._topics = topics
        self._category_of = category_of
        self._clock = clock
        self._log = log
        self._settings = settings or UnderstandSettings()
        self._lock = threading.Lock()
        self._matcher: Matcher | None = None
        self._model_id = ""
        self._said = ""

    # ------------------------------------------------------------ the loop

    def run(self, *, limit: int | None = None, on_progress: Progress | None = None) -> UnderstandReport:
        """Understands what is pending, at most `limit` entries. A missing model is said in the report, not raised.

        Raises ArchiveError; what was stored before stays, the rest stays pending.
        """
        report = UnderstandReport()
        with self._lock:
            total = min(self._entries.pending_count(), limit if limit is not None else 1 << 62)
            try:
                while report.entries < total:
                    batch = self._entries.pending(min(self._settings.batch, total - report.entries))
                    if not batch:
                        break
                    self._understand(batch, report)
                    if on_progress is not None:
                        on_progress(min(report.entries, total), total)
            except ModelError as error:
                self._no_model(str(error), report)
            else:
                if report.entries:
                    self._said = ""
        return report

    def reread(self, days: float = 14.0) -> int:
        """Entries of the last days that another model has read become pending; how many. Their stories stay.

        Raises ModelError where there is no model to read them with.
        """
        with self._lock:
            since = self._clock.now() - timedelta(days=days)
            return self._entries.read_again(since=since, unless_model=self._known_model())

    def forget(self) -> None:
        """The matcher's window is read anew before it is used again: a person has moved entries."""
        with self._lock:
            self._matcher = None

    def _no_model(self, words: str, report: UnderstandReport) -> None:
        report.error = words
        self._matcher = None
        if words != self._said:
            self._said = words
            self._log.warning("no model: entries wait", error=words)

    def _known_model(self) -> str:
        """The model's id. An encoder that loads late knows it only after its first text."""
        try:
            return self._classifier.model_id
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(f"the model cannot be read: {error}") from error

    # ------------------------------------------------------------ one batch

    def _understand(self, batch: Sequence[Entry], report: UnderstandReport) -> None:
        """A batch; where something in it cannot be stomached, its halves, down to the one entry."""
        try:
            self._whole(batch, report)
        except (ModelError, ArchiveError):
            # the archive may or may not have it: the next run reads the window anew
            self._matcher = None
            raise
        except Exception:  # noqa: BLE001  whatever one entry does, the others go on; it is logged with its traceback
            self._matcher = None
            if len(batch) > 1:
                half = len(batch) // 2
                self._understand(batch[:half], report)
                self._understand(batch[half:], report)
                return
            self._log.exception("entry cannot be understood; set aside", entry=batch[0].id, feed=batch[0].feed_id)
            self._set_aside(batch[0])
            report.poisonous.append(batch[0].id)
            report.entries += 1

    def _set_aside(self, entry: Entry) -> None:
        """No longer pending, with no tag: a bug of ours must not stop the others, nor be met again each tick."""
        nothing = Classification(model_id=self._known_model(), scores={}, tags=())
        self._stories.apply({entry.id: nothing}, {}, [], self._clock.now())

    def _whole(self, batch: Sequence[Entry], report: UnderstandReport) -> None:
        entries = sorted(batch, key=lambda entry: (entry.published_at, entry.id))
        read = self._classifier.classify([(entry.title, entry.summary) for entry in entries])
        members = list(zip(entries, read, strict=True))
        topics = list(self._topics(members)) if self._topics else [{} for _ in members]
        parts = [
            Part(entry=entry, read=found, topics=about, category=self._category_of(entry.feed_id))
            for (entry, found), about in zip(members, topics, strict=True)
        ]
        matcher, joining, updates = self._placed_parts(parts)
        ids = self._stories.apply(
            {part.entry.id: part.read for part in parts},
            {part.entry.id: part.topics for part in parts if part.topics},
            [update for _, update in updates],
            self._clock.now(),
        )
        for (key, _), story_id in zip(updates, ids, strict=True):
            if key != story_id:
                matcher.rekey(key, story_id)
        matcher.slide(self._clock.now().timestamp() / SECONDS_PER_HOUR)
        self._count(report, parts, joining, updates)

    def _placed_parts(
        self, parts: Sequence[Part]
    ) -> tuple[Matcher, dict[int, list[_Joining]], list[tuple[int, StoryUpdate]]]:
        """Matched, and the stories as they will stand; with a fresh window if a person has moved entries meanwhile."""
        matcher = self._open()
        joining = self._match(parts, matcher)
        standing, members = self._standing(joining)
        if self._stale(matcher, joining, standing, members):
            self._matcher = None
            matcher = self._open()
            joining = self._match(parts, matcher)
            standing, members = self._standing(joining)
        return (
            matcher,
            joining,
            [
                (key, self._update(standing.get(key), members.get(key, []), arrivals))
                for key, arrivals in joining.items()
            ],
        )

    def _count(
        self,
        report: UnderstandReport,
        parts: Sequence[Part],
        joining: Mapping[int, Sequence[_Joining]],
        updates: Sequence[tuple[int, StoryUpdate]],
    ) -> None:
        report.entries += len(parts)
        report.placed += sum(1 for each in joining.values() for one in each if one.verdict is not None)
        report.new_stories += sum(1 for _, update in updates if update.story_id is None)
        report.grown_stories += sum(1 for _, update in updates if update.story_id is not None and update.decisions)
        fresh = {one.part.entry.id for each in joining.values() for one in each}
        report.developments += sum(
            1 for _, u in updates for step in u.story.developments if step.follow_up and step.entry_id in fresh
        )

    # ------------------------------------------------------------ the window

    def _open(self) -> Matcher:
        """The matcher over the stories of the last days, read from the archive when it is not at hand."""
        model_id = self._known_model()
        if self._matcher is not None and self._model_id == model_id:
            return self._matcher
        since = self._clock.now() - timedelta(days=self._settings.window_days)
        if self._model_id and self._model_id != model_id:
            again = self._entries.read_again(since=since, unless_model=model_id)
            self._log.info("another model: the last days are read again", model=model_id, entries=again)
        matcher = self._new_matcher()
        members = self._stories.window(since, model_id)
        matcher.focus(member.classification for member in members)
        for member in members:
            if member.classification.vector:
                matcher.add(matcher.sketch(member), member.story_id)
        self._matcher, self._model_id = matcher, model_id
        return matcher

    def _match(self, parts: Sequence[Part], matcher: Matcher) -> dict[int, list[_Joining]]:
        """Story key to the entries that go there; the key of a new story is its first entry's id, negative.

        Only entries with a tag, a possible tag or a topic make or join stories: the others are eight in nine.
        An entry that has a story (it was edited, or read by a new model) stays in it.
        """
        joining: dict[int, list[_Joining]] = {}
        for part in parts:
            entry, read = part.entry, part.read
            if entry.story_id is None and not (read.tags or read.possible or part.topics):
                continue
            verdict = None
            key = entry.story_id
            if read.vector:
                one = matcher.sketch(to_member(entry, read))
                if key is None:
                    verdict = matcher.decide(one)
                    key = -entry.id if verdict.key is None else verdict.key
                matcher.add(one, key)
            elif key is None:
                verdict, key = Verdict(key=None, reason="the model gave no vector"), -entry.id
            joining.setdefault(key, []).append(_Joining(part=part, verdict=verdict))
        return joining

    # ------------------------------------------------------------ stories

    def _standing(self, joining: Mapping[int, Sequence[_Joining]]) -> tuple[dict[int, Story], dict[int, list[Part]]]:
        """The stories that grow, as the archive has them, with their entries."""
        standing = self._stories.get_many([key for key in joining if key > 0])
        return standing, {key: self._members(story.id) for key, story in standing.items()}

    def _stale(
        self,
        matcher: Matcher,
        joining: Mapping[int, Sequence[_Joining]],
        standing: Mapping[int, Story],
        members: Mapping[int, Sequence[Part]],
    ) -> bool:
        """The archive's stories are not those that the window remembers."""
        for key, arrivals in joining.items():
            if key < 0:
                continue
            if key not in standing or standing[key].id != key:
                return True
            there = {part.entry.id for part in members[key]} | {one.part.entry.id for one in arrivals}
            group = matcher.groups.get(key)
            if group is not None and not group.members.keys() <= there:
                return True
        return False

    def _members(self, story_id: int) -> list[Part]:
        return [
            Part(entry=entry, read=read, category=self._category_of(entry.feed_id))
            for entry, read in self._entries.of_story(story_id)
            if read is not None
        ]

    def _update(self, previous: Story | None, before: Sequence[Part], arrivals: Sequence[_Joining]) -> StoryUpdate:
        story = self._grown(previous, before, [one.part for one in arrivals])
        begins = arrivals[0].part.entry.id if previous is None else None
        decisions = tuple(
            MatchDecision(
                entry_id=one.part.entry.id,
                story_id=previous.id if previous is not None else None,
                joins_entry=begins if begins != one.part.entry.id else None,
                score=one.verdict.score,
                reason=_words(one.verdict, begins == one.part.entry.id),
                numbers=one.verdict.numbers,
            )
            for one in arrivals
            if one.verdict is not None
        )
        return StoryUpdate(story_id=previous.id if previous is not None else None, decisions=decisions, story=story)

    def _grown(self, previous: Story | None, before: Sequence[Part], arrivals: Sequence[Part]) -> Story:
        """The story with its arrivals, its records and the steps that they add."""
        fresh = {part.entry.id for part in arrivals}
        here = [part for part in before if part.entry.id not in fresh]
        # steps told by an entry that is read again are taken from what it says now
        steps = [step for step in (previous.developments if previous else ()) if step.entry_id not in fresh]
        stepwise = len(arrivals) <= STEPWISE
        whole = [*here, *arrivals]
        records = self._read_records(_pairs(whole))
        now = merge_story(here, previous=previous, records=previous.records if previous else ()) if here else None
        for part in arrivals:
            here.append(part)
            told = records if not stepwise or len(here) == len(whole) else self._read_records(_pairs(here))
            seen = now and replace(now, developments=tuple(steps))
            step = self._development(seen, part.entry, part.read, told)
            if step is not None:
                steps.append(step)
            now = merge_story(here, previous=previous, records=told, developments=steps)
        assert now is not None
        return now

    # ------------------------------------------------------------ matching anew

    def rebuild(
        self, *, since: datetime | None = None, apply: bool = True, on_progress: Progress | None = None
    ) -> RebuildReport:
        """Matches the archive's entries anew and says what changed; with `apply` the archive is changed, too.

        Entries that a person placed stay where they are. Stories keep their ids as far as their first entry stays.
        """
        with self._lock:
            keys, homes, report = self._rematch(since, on_progress)
            changed = {key for entry, key in keys.items() if homes[entry] != key}
            left = {home for entry, home in homes.items() if home is not None and home != keys[entry]}
            report.moves = [
                (entry, homes[entry], key if key > 0 else None) for entry, key in keys.items() if homes[entry] != key
            ]
            report.stories_before = len({home for home in homes.values() if home is not None})
            report.stories_after = len(set(keys.values()))
            if apply and changed:
                self._move(keys, homes, changed | left, since)
                report.applied = True
            self._matcher = None
            return report

    def _rematch(
        self, since: datetime | None, on_progress: Progress | None
    ) -> tuple[dict[int, int], dict[int, int | None], RebuildReport]:
        """A key for each entry that is in a story or could be; and where it stands now."""
        report = RebuildReport()
        matcher, total, done = self._new_matcher(), self._entries.count(since=since), 0
        recent = self._stories.window(
            self._clock.now() - timedelta(days=self._settings.window_days), self._known_model()
        )
        matcher.focus(member.classification for member in recent)
        keys: dict[int, int] = {}
        homes: dict[int, int | None] = {}
        taken: set[int] = set()
        by_hand: dict[int, frozenset[int]] = {}
        model_id = self._known_model()
        for page in self._entries.each(since=since):
            for entry, read in page:
                if read is None or read.model_id != model_id or not read.vector:
                    continue
                if entry.story_id is None and not (read.tags or read.possible):
                    continue
                one = matcher.sketch(to_member(entry, read))
                matcher.slide(one.hour)
                home = entry.story_id
                if home is not None and home not in by_hand:
                    by_hand[home] = self._placed(home)
                if home is not None and entry.id in by_hand[home]:
                    key, report.kept_by_hand = home, report.kept_by_hand + 1
                else:
                    found = matcher.decide(one).key
                    key = found if found is not None else (home if home and home not in taken else -entry.id)
                taken.add(key)
                keys[entry.id], homes[entry.id] = key, home
                matcher.add(one, key)
            done += len(page)
            report.entries = len(keys)
            if on_progress is not None:
                on_progress(min(done, total), total)
        return keys, homes, report

    def _placed(self, story_id: int) -> frozenset[int]:
        """Entries that a person put into the story. Who merges or splits vouches for the whole of it."""
        hands = [row["entry_id"] for row in self._stories.decisions(story_id) if row.get("by_hand")]
        if not hands:
            return frozenset()
        return frozenset(hands) | {entry.id for entry, _ in self._entries.of_story(story_id)}

    def _move(
        self, keys: Mapping[int, int], homes: Mapping[int, int | None], touched: set[int], since: datetime | None
    ) -> None:
        """Second pass: the entries of the stories that change, and those stories written, some at a time."""
        gathered: dict[int, list[Part]] = {}
        for page in self._entries.each(since=since):
            for entry, read in page:
                if read is not None and keys.get(entry.id) in touched:
                    part = Part(entry=entry, read=read, category=self._category_of(entry.feed_id))
                    gathered.setdefault(keys[entry.id], []).append(part)
        for key in sorted(gathered):
            parts = gathered[key]
            moved = [part.entry.id for part in parts if homes[part.entry.id] != key]
            if not moved and key not in touched:
                continue
            previous = self._stories.get_many([key]).get(key) if key > 0 else None
            story = self._grown(None, [], parts)
            if previous is not None:
                story = replace(
                    story, id=previous.id, pinned=previous.pinned, muted=previous.muted, topics=previous.topics
                )
            decisions = tuple(
                MatchDecision(entry_id=number, story_id=previous.id if previous else None, reason="matched anew")
                for number in moved
            )
            update = StoryUpdate(
                story_id=previous.id if previous else None, decisions=decisions, story=story, begins=previous is None
            )
            self._stories.apply({}, {}, [update], self._clock.now())


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


def _pairs(parts: Sequence[Part]) -> list[Member]:
    return [(part.entry, part.read) for part in parts]


def _words(verdict: Verdict, begins: bool) -> str:
    return f"begins a story: {verdict.reason}" if begins else f"joins: {verdict.reason}"
