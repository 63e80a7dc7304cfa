"""The matcher's window: the stories of the last days, in memory, and where new entries go among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from monitor.protocols import Clock, Log, StoryStore
from monitor.stories.match import ENOUGH, Matcher
from monitor.stories.merge import Part
from monitor.stories.verdicts import Verdict
from monitor.understand.growing import Joining
from monitor.understand.parts import EntryArchive, to_member


class Window:
    """Keeps the matcher of one model; read from the archive when it is asked for and not at hand."""

    def __init__(
        self,
        *,
        entries: EntryArchive,
        stories: StoryStore,
        matcher: Callable[[], Matcher],
        clock: Clock,
        log: Log,
        days: float,
    ) -> None:
        self._entries = entries
        self._stories = stories
        self._new_matcher = matcher
        self._clock = clock
        self._log = log
        self._days = days
        self._matcher: Matcher | None = None
        self._model_id = ""
        #: the model for which the last days were asked to be read again
        self._asked = ""
        self._young = False

    def forget(self) -> None:
        """It may differ from the archive: it is read anew before it is used again."""
        self._matcher = None

    def take_back(self, matcher: Matcher, entry_ids: Sequence[int], held: Collection[int]) -> None:
        """What was matched is not stored after all. held: those of the entries that the window had before.

        Reading it anew for each entry of a batch that cannot be stored would take minutes.
        """
        if held:
            self.forget()
            return
        for entry_id in entry_ids:
            matcher.discard(entry_id)

    def _grown_up(self) -> bool:
        """Opened with too few entries to see their vectors sharply, and there are enough by now: read anew, once."""
        return self._young and self._matcher is not None and len(self._matcher.window) >= ENOUGH

    def reread(self, model_id: str) -> None:
        """Entries of the last days that another model has read become pending again, once for each model.

        At first, too: the model may have been changed while nothing ran. A head of one's own changes no vector, so
        then only another encoder counts.
        """
        if self._asked == model_id:
            return
        since = self._clock.now() - timedelta(days=self._days)
        again = self._entries.read_again(since=since, unless_model=model_id, heads=bool(self._asked))
        if again:
            self._log.info("another model: the last days are read again", model=model_id, entries=again)
        self._asked = model_id

    def open(self, model_id: str) -> Matcher:
        """The matcher over the stories of the last days that this model has read."""
        if self._matcher is not None and self._model_id == model_id and not self._grown_up():
            return self._matcher
        since = self._clock.now() - timedelta(days=self._days)
        matcher = self._new_matcher()
        members = self._stories.window(since, model_id)
        matcher.focus(member.classification for member in members)
        self._young = sum(1 for member in members if member.classification.vector) < ENOUGH
        for member in members:
            if member.classification.vector:
                matcher.add(matcher.sketch(member), member.story_id)
        self._matcher, self._model_id = matcher, model_id
        return matcher


def placed(parts: Sequence[Part], matcher: Matcher) -> dict[int, list[Joining]]:
    """Story key to the entries that go there; the key of a new story is its first entry's id, negative.

    Only entries with a tag, a possible tag or a topic make or join stories: the others are eight in nine.
    An entry that has a story (it was edited, or read by a new model) stays in it.
    """
    joining: dict[int, list[Joining]] = {}
    for part in parts:
        # before any is matched: a new one of the same batch may belong to it
        if part.entry.story_id is not None and part.read.vector:
            matcher.add(matcher.sketch(to_member(part.entry, part.read)), part.entry.story_id)
    for part in parts:
        entry, read = part.entry, part.read
        if entry.story_id is None and not (read.tags or read.possible or part.topics):
            continue
        verdict = None
        key = entry.story_id
        if key is None and read.vector:
            one = matcher.sketch(to_member(entry, read))
            verdict = matcher.decide(one)
            key = -entry.id if verdict.key is None else verdict.key
            matcher.add(one, key)
        elif key is None:
            verdict, key = Verdict(key=None, reason="the model gave no vector"), -entry.id
        joining.setdefault(key, []).append(Joining(part=part, verdict=verdict))
    return joining
