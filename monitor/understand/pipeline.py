"""The pipeline: a batch of pending entries read, matched one by one and stored in one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.errors import ModelError, MonitorError
from monitor.protocols import Classifier, Clock, Log, StoryStore
from monitor.stories.match import Matcher
from monitor.stories.merge import Part
from monitor.types import Classification, Entry, Story, StoryUpdate
from monitor.understand.growing import Growth, Joining, count, is_pruned
from monitor.understand.parts import (
    SECONDS_PER_HOUR,
    DevelopmentOf,
    EntryArchive,
    Member,
    Progress,
    ReadRecords,
    RebuildReport,
    TopicsOf,
    UnderstandReport,
    UnderstandSettings,
)
from monitor.understand.rebuilding import Rebuild
from monitor.understand.window import Window, placed


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
        self._growth = Growth(read_records, development)
        self._topics = topics
        self._category_of = category_of
        self._clock = clock
        self._log = log
        self._settings = settings or UnderstandSettings()
        self._lock = threading.Lock()
        self._window = Window(
            entries=entries,
            stories=stories,
            matcher=matcher,
            clock=clock,
            log=log,
            days=self._settings.window_days,
        )
        self._said = ""
        self._stopping = False

    # ------------------------------------------------------------ the loop

    def stop(self) -> None:
        """The run under way ends with its batch, later ones at once: what is left stays pending. From any thread."""
        self._stopping = True

    def run(self, *, limit: int | None = None, on_progress: Progress | None = None) -> UnderstandReport:
        """Understands what is pending, at most `limit` entries. A missing model is said in the report, not raised.

        Raises ArchiveError; what was stored before stays, the rest stays pending.
        """
        report = UnderstandReport()
        with self._lock:
            if not self._entries.pending_count():
                return report
            try:
                # first of all: entries that another model has read come before the new ones that may belong to them
                self._window.open(self._known_model())
                total = min(self._entries.pending_count(), limit if limit is not None else 1 << 62)
                while report.entries < total and not self._stopping:
                    batch = self._entries.pending(min(self._settings.batch, total - report.entries))
                    if not batch:
                        break
                    if error := self._understand(batch, report):
                        self._wait(error, report)
                        return report
                    if on_progress is not None:
                        on_progress(min(report.entries, total), total)
            except ModelError as error:
                self._wait(str(error), report)
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
            self._window.forget()

    def _wait(self, words: str, report: UnderstandReport) -> None:
        report.error = words
        self._window.forget()
        if words != self._said:
            self._said = words
            self._log.warning("entries wait", error=words)

    def _known_model(self) -> str:
        """The model's id. An encoder that loads late knows it only after its first text."""
        try:
            return self._classifier.model_id
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(f"the model cannot be read: {error}") from error

    # ------------------------------------------------------------ one batch

    def _understand(self, batch: Sequence[Entry], report: UnderstandReport) -> str:
        """A batch; entries that cannot be stomached are set aside. What is wrong, if it seems to be wrong with all.

        Where no entry of the batch made it into a story, it may be the story's part that fails: then those that fail
        wait for company. One for ever too many costs a reading at each run, one too few is lost.
        """
        placed, failed = report.joined, list[tuple[Entry, Exception]]()
        self._halves(batch, report, failed)
        if not failed:
            return ""
        entry, error = failed[0]
        if report.joined == placed:
            words = f"{type(error).__name__}: {error}".rstrip(": ")
            if words not in self._said:
                self._log.exception("entries cannot be understood", entry=entry.id, feed=entry.feed_id, exc_info=error)
            return f"{len(failed)} of {len(batch)} entries cannot be understood and wait: {words}"
        for entry, error in failed:
            self._log.exception("entry set aside", entry=entry.id, feed=entry.feed_id, exc_info=error)
            self._set_aside(entry)
            report.poisonous.append(entry.id)
            report.entries += 1
        return ""

    def _halves(self, batch: Sequence[Entry], report: UnderstandReport, failed: list[tuple[Entry, Exception]]) -> None:
        """A batch; where something in it cannot be stomached, its halves, down to the one entry."""
        try:
            self._whole(batch, report)
        except (MonitorError, MemoryError, OSError):
            # no entry's fault; and the archive may or may not have it: the next run reads the window anew
            self._window.forget()
            raise
        except Exception as error:  # noqa: BLE001  whatever one entry does, the others go on
            self._window.forget()
            if len(batch) == 1:
                failed.append((batch[0], error))
                return
            half = len(batch) // 2
            self._halves(batch[:half], report, failed)
            self._halves(batch[half:], report, failed)

    def _set_aside(self, entry: Entry) -> None:
        """No longer pending, with no tag: a bug of ours must not stop the others, nor be met again each tick."""
        nothing = Classification(model_id=self._known_model(), scores={}, tags=())
        self._stories.apply({entry.id: nothing}, {}, [], self._clock.now(), revisions={entry.id: entry.revision})

    def _whole(self, batch: Sequence[Entry], report: UnderstandReport) -> None:
        entries = sorted(batch, key=lambda entry: (entry.published_at, entry.id))
        read = self._classifier.classify([(entry.title, entry.summary) for entry in entries])
        self._store(list(zip(entries, read, strict=True)), report)

    def take(self, members: Sequence[Member]) -> UnderstandReport:
        """Stores what was read in entries outside the loop, as the loop would. Raises ModelError, ArchiveError."""
        report = UnderstandReport()
        with self._lock:
            self._store(sorted(members, key=lambda one: (one[0].published_at, one[0].id)), report)
        return report

    def _store(self, members: Sequence[Member], report: UnderstandReport) -> None:
        topics = list(self._topics(members)) if self._topics else [{} for _ in members]
        parts = [
            Part(entry=entry, read=found, topics=about, category=self._category_of(entry.feed_id))
            for (entry, found), about in zip(members, topics, strict=True)
        ]
        matcher, joining, updates = self._placed_parts(parts)
        ids = self._stories.apply(
            {part.entry.id: part.read for part in parts},
            {part.entry.id: part.topics for part in parts} if self._topics else {},
            [update for _, update in updates],
            self._clock.now(),
            # what its publisher edits while it is read is read again
            revisions={part.entry.id: part.entry.revision for part in parts},
        )
        for (key, _), story_id in zip(updates, ids, strict=True):
            if key != story_id:
                matcher.rekey(key, story_id)
        matcher.slide(self._clock.now().timestamp() / SECONDS_PER_HOUR)
        count(report, len(parts), joining, [update for _, update in updates])

    def _placed_parts(
        self, parts: Sequence[Part]
    ) -> tuple[Matcher, dict[int, list[Joining]], list[tuple[int, StoryUpdate]]]:
        """Matched, and the stories as they will stand; with a fresh window if a person has moved entries meanwhile."""
        matcher = self._window.open(self._known_model())
        joining = placed(parts, matcher)
        standing, members = self._standing(joining)
        if self._stale(matcher, joining, standing, members):
            self._window.forget()
            matcher = self._window.open(self._known_model())
            joining = placed(parts, matcher)
            standing, members = self._standing(joining)
        grow = self._growth.update
        return matcher, joining, [(k, grow(standing.get(k), members.get(k, []), new)) for k, new in joining.items()]

    def _standing(self, joining: Mapping[int, Sequence[Joining]]) -> tuple[dict[int, Story], dict[int, list[Part]]]:
        """The stories that grow, as the archive has them, with their entries."""
        standing = self._stories.get_many([key for key in joining if key > 0])
        return standing, {key: self._members(story.id) for key, story in standing.items()}

    def _stale(
        self,
        matcher: Matcher,
        joining: Mapping[int, Sequence[Joining]],
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

    def retell(self, story_ids: Sequence[int]) -> None:
        """Reads the deals and launches of stories anew, whose entries a person has moved. Raises ArchiveError.

        A story of which entries were pruned keeps the records that it has: they tell more than what is left.
        """
        with self._lock:
            updates = []
            for story_id, story in self._stories.get_many(story_ids).items():
                parts = self._members(story.id)
                if parts and not is_pruned(story, parts, self._entries):
                    updates.append(
                        StoryUpdate(story_id=story_id, decisions=(), story=self._growth.retold(story, parts))
                    )
            self._stories.apply({}, {}, updates, self._clock.now())
            self._window.forget()

    # ------------------------------------------------------------ matching anew

    def rebuild(
        self, *, since: datetime | None = None, apply: bool = True, on_progress: Progress | None = None
    ) -> RebuildReport:
        """Matches the archive's entries anew and says what changed; with `apply` the archive is changed, too.

        Entries that a person placed stay where they are. Stories keep their ids as far as their first entry stays.
        """
        with self._lock:
            again = Rebuild(
                entries=self._entries,
                stories=self._stories,
                growth=self._growth,
                matcher=self._new_matcher,
                model_id=self._known_model(),
                clock=self._clock,
                category_of=self._category_of,
                window_days=self._settings.window_days,
            )
            report = again.run(since=since, apply=apply, on_progress=on_progress)
            self._window.forget()
            return report
