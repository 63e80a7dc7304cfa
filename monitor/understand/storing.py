"""What was read goes into stories: matched one by one, merged with what the archive has, stored in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from monitor.protocols import Clock, StoryStore
from monitor.stories.match import Matcher
from monitor.stories.merge import Part
from monitor.types import Story, StoryUpdate
from monitor.understand.growing import Growth, Joining, count, is_pruned
from monitor.understand.parts import SECONDS_PER_HOUR, EntryArchive, Member, TopicsOf, UnderstandReport
from monitor.understand.window import Window, placed


class Shelf:
    """Stores what was read, all of a batch or nothing. Not thread-safe: one serial writer owns it."""

    def __init__(
        self,
        *,
        entries: EntryArchive,
        stories: StoryStore,
        window: Window,
        growth: Growth,
        clock: Clock,
        model_id: Callable[[], str],
        topics: TopicsOf | None,
        category_of: Callable[[str], str],
    ) -> None:
        self._entries = entries
        self._stories = stories
        self._window = window
        self._growth = growth
        self._clock = clock
        self._known_model = model_id
        self._topics = topics
        self._category_of = category_of

    def store(self, members: Sequence[Member], report: UnderstandReport) -> None:
        """Whatever it raises, the window is as the archive, or is read anew before it is used again."""
        topics = list(self._topics(members)) if self._topics else [{} for _ in members]
        parts = [
            Part(entry=entry, read=found, topics=about, category=self._category_of(entry.feed_id))
            for (entry, found), about in zip(members, topics, strict=True)
        ]
        matcher, joining, updates = self._placed_parts(parts)
        try:
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
        except Exception:
            self._window.forget()
            raise
        matcher.slide(self._clock.now().timestamp() / SECONDS_PER_HOUR)
        count(report, len(parts), joining, [update for _, update in updates])

    def _placed_parts(
        self, parts: Sequence[Part]
    ) -> tuple[Matcher, dict[int, list[Joining]], list[tuple[int, StoryUpdate]]]:
        """Matched, and the stories as they will stand; with a fresh window if a person has moved entries meanwhile."""
        matcher = self._window.open(self._known_model())
        numbers = [part.entry.id for part in parts]
        held = {number for number in numbers if number in matcher.window}
        try:
            return self._placed_in(matcher, parts)
        except Exception:
            self._window.take_back(matcher, numbers, held)
            raise

    def _placed_in(
        self, matcher: Matcher, parts: Sequence[Part]
    ) -> tuple[Matcher, dict[int, list[Joining]], list[tuple[int, StoryUpdate]]]:
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
        """Reads the deals and launches of stories anew. Raises ArchiveError.

        A story of which entries were pruned keeps the records that it has: they tell more than what is left.
        """
        updates = []
        for story_id, story in self._stories.get_many(story_ids).items():
            parts = self._members(story.id)
            if parts and not is_pruned(story, parts, self._entries):
                updates.append(StoryUpdate(story_id=story_id, decisions=(), story=self._growth.retold(story, parts)))
        self._stories.apply({}, {}, updates, self._clock.now())
        self._window.forget()


__all__ = ["Shelf"]
