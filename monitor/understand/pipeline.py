"""The pipeline: a batch of pending entries read, matched one by one and stored in one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from monitor.errors import ArchiveError, ModelError, MonitorError
from monitor.protocols import Classifier, Clock, Log, StoryStore
from monitor.stories.match import Matcher
from monitor.types import Entry
from monitor.understand.caution import Caution, Memory, Notes
from monitor.understand.growing import Growth
from monitor.understand.parts import (
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
from monitor.understand.sifting import Failed, Sieve, words_of
from monitor.understand.storing import Shelf
from monitor.understand.window import Window

#: said of an entry at which the program was killed again and again
ENDED = "the program ended while it read this entry, and nothing says why: out of memory, or a crash of a library"


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
        notes: Notes | None = None,
        version: str = "",
    ) -> None:
        """notes: what outlives the program, to know again what ends it. version: another one tries what failed."""
        self._entries = entries
        self._stories = stories
        self._classifier = classifier
        self._new_matcher = matcher
        self._growth = Growth(read_records, development)
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
        self._shelf = Shelf(
            entries=entries,
            stories=stories,
            window=self._window,
            growth=self._growth,
            clock=clock,
            model_id=self._known_model,
            topics=topics,
            category_of=category_of,
        )
        self._caution = Caution(notes if notes is not None else Memory())
        self._version = version
        #: what ended the run at the last batch
        self._fatal: Exception | None = None
        self._said = ""
        self._stopping = False

    # ------------------------------------------------------------ the loop

    def stop(self) -> None:
        """The run under way ends with its batch, later ones at once: what is left stays pending. From any thread."""
        self._stopping = True

    def run(
        self, *, limit: int | None = None, on_progress: Progress | None = None, everything: bool = False
    ) -> UnderstandReport:
        """Understands what is pending, at most `limit` entries. A missing model is said in the report, not raised.

        everything: what was set aside, too, whether or not its time has come. Raises ArchiveError, and MonitorError,
        MemoryError, OSError for what is no entry's fault; what was stored before stays, the rest stays pending.
        """
        report = UnderstandReport()
        with self._lock:
            if not self._entries.pending_count() and not self._entries.aside_count():
                return report
            try:
                self._entries.take_up(reader=self._reader(), now=self._clock.now(), all_of_them=everything)
                if self._entries.pending_count():
                    self._loop(report, limit, on_progress)
            except ModelError as error:
                self._wait(str(error), report)
            else:
                if report.entries:
                    self._said = ""
        return report

    def _loop(self, report: UnderstandReport, limit: int | None, on_progress: Progress | None) -> None:
        # first of all: entries that another model has read come before the new ones that may belong to them
        self._window.reread(self._known_model())
        self._window.open(self._known_model())
        total = min(self._entries.pending_count(), limit if limit is not None else 1 << 62)
        while report.entries < total and not self._stopping:
            batch = self._entries.pending(min(self._settings.batch, total - report.entries))
            if not batch:
                break
            self._understand(batch, report)
            if on_progress is not None:
                on_progress(min(report.entries, total), total)

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

    def _understand(self, batch: Sequence[Entry], report: UnderstandReport) -> None:
        """A batch; entries that cannot be stomached are set aside. Raises what is no entry's fault."""
        attempt = self._caution.begin(batch, self._reader())
        if attempt.hopeless:
            self._put_aside([(batch[0], self._fatal or MonitorError(ENDED))], report)
            self._caution.done(attempt)
            return
        part, joined = attempt.part(batch), report.joined
        try:
            failed = self._sieve(report).sift(part)
        except (ArchiveError, ModelError):
            # the archive may or may not have it: the next run reads the window anew
            self._window.forget()
            self._caution.forgive()
            raise
        except (MonitorError, MemoryError, OSError) as error:
            self._window.forget()
            self._fatal = error
            raise
        self._fatal = None
        self._caution.done(attempt)
        if not failed:
            return
        self._put_aside(failed, report)
        if len(failed) > 1 and report.joined == joined:
            words = words_of(failed[0][1])
            report.error = f"{len(failed)} of {len(part)} entries cannot be understood and wait: {words}"

    def _sieve(self, report: UnderstandReport) -> Sieve:
        return Sieve(self._classifier, lambda members: self._shelf.store(members, report))

    def _put_aside(self, failed: Failed, report: UnderstandReport) -> None:
        """No longer pending: a bug of ours must not stop the others, nor be met again each tick.

        They are tried again after a while, by another version or model at once, and by hand (`classify --pending`).
        """
        told = [(entry.id, entry.revision, words_of(error)) for entry, error in failed]
        self._entries.put_aside(told, reader=self._reader(), now=self._clock.now())
        report.poisonous += [entry.id for entry, _ in failed]
        report.entries += len(failed)
        kinds: dict[str, Failed] = {}
        for entry, error in failed:
            kinds.setdefault(type(error).__name__, []).append((entry, error))
        for guilty in kinds.values():
            ids = [entry.id for entry, _ in guilty]
            feeds = sorted({entry.feed_id for entry, _ in guilty})
            first = guilty[0][1]
            self._log.exception("entries set aside", entries=ids[:20], count=len(ids), feeds=feeds[:20], exc_info=first)

    def _reader(self) -> str:
        """Who fails: another version of the program, or another model, may not."""
        return f"{self._version} {self._known_model()}".strip()

    def take(self, members: Sequence[Member]) -> UnderstandReport:
        """Stores what was read in entries outside the loop, as the loop would. Raises ModelError, ArchiveError."""
        report = UnderstandReport()
        with self._lock:
            ordered = sorted(members, key=lambda one: (one[0].published_at, one[0].id))
            self._shelf.store(ordered, report, live=False)
        return report

    def retell(self, story_ids: Sequence[int]) -> None:
        """Reads the deals and launches of stories anew, whose entries a person has moved. Raises ArchiveError."""
        with self._lock:
            self._shelf.retell(story_ids)

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
