"""What was read goes into stories: matched one by one, merged with what the archive has, stored in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from monitor.errors import StoryChanged
from monitor.protocols import Clock, StoryStore
from monitor.stories.match import Matcher
from monitor.stories.merge import Part
from monitor.types import Classification, Entry, Story, StoryUpdate
from monitor.understand.growing import Growth, Joining, count, is_pruned
from monitor.understand.parts import SECONDS_PER_HOUR, EntryArchive, Member, TopicsOf, UnderstandReport
from monitor.understand.window import Window, placed

#: how often a batch is made anew because others wrote to its stories meanwhile
TRIES: Final = 5
Understood = tuple[Entry, Classification | None]


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

    def store(self, members: Sequence[Member], report: UnderstandReport, *, live: bool = True) -> None:
        """Whatever it raises, the window is as the archive, or is read anew before it is used again.

        live: these came in just now, so that what is understood late is news; not so what is read again.
        """
        for tries in range(1, TRIES + 1):
            try:
                self._store(members, report, live)
                break
            except StoryChanged:
                # a second program, or a person, was quicker: what it wrote stands, and this is made from it
                if tries == TRIES:
                    raise
                members = self._as_they_stand(members)

    def _as_they_stand(self, members: Sequence[Member]) -> list[Member]:
        """The same with the stories that their entries are in now; without those that are gone."""
        now = {entry.id: entry for entry, _ in self._entries.understood_many([entry.id for entry, _ in members])}
        return [(replace(one, story_id=now[one.id].story_id), read) for one, read in members if one.id in now]

    def _store(self, members: Sequence[Member], report: UnderstandReport, live: bool) -> None:
        if not members:
            return
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
                [replace(update, live=live) for _, update in updates],
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
        grow = self._grown
        return matcher, joining, [(k, grow(standing.get(k), members.get(k, ()), new)) for k, new in joining.items()]

    def _grown(self, story: Story | None, members: Sequence[Understood], new: Sequence[Joining]) -> StoryUpdate:
        """The update, with what it was made from: an entry that is read again was in the story, as far as is known."""
        there = {entry.id for entry, _ in members} | {one.part.entry.id for one in new if one.verdict is None}
        update = self._growth.update(story, self._parts(members), new)
        return replace(update, entries_before=frozenset(there), steps_before=_steps(story))

    def _standing(
        self, joining: Mapping[int, Sequence[Joining]]
    ) -> tuple[dict[int, Story], dict[int, Sequence[Understood]]]:
        """The stories that grow, as the archive has them, with their entries.

        The entries first: what another writer adds between the two is noticed when the story is written.
        """
        members: dict[int, Sequence[Understood]] = {key: self._entries.of_story(key) for key in joining if key > 0}
        standing = self._stories.get_many(list(members))
        moved = {key: self._entries.of_story(story.id) for key, story in standing.items() if story.id != key}
        return standing, members | moved

    def _stale(
        self,
        matcher: Matcher,
        joining: Mapping[int, Sequence[Joining]],
        standing: Mapping[int, Story],
        members: Mapping[int, Sequence[Understood]],
    ) -> bool:
        """The archive's stories are not those that the window remembers."""
        for key, arrivals in joining.items():
            if key < 0:
                continue
            if key not in standing or standing[key].id != key:
                return True
            there = {entry.id for entry, _ in members[key]} | {one.part.entry.id for one in arrivals}
            group = matcher.groups.get(key)
            if group is not None and not group.members.keys() <= there:
                return True
        return False

    def _parts(self, members: Sequence[Understood]) -> list[Part]:
        return [
            Part(entry=entry, read=read, category=self._category_of(entry.feed_id))
            for entry, read in members
            if read is not None
        ]

    def retell(self, story_ids: Sequence[int]) -> None:
        """Reads the deals and launches of stories anew. Raises ArchiveError.

        A story of which entries were pruned keeps the records that it has: they tell more than what is left.
        """
        for tries in range(1, TRIES + 1):
            try:
                self._stories.apply({}, {}, self._retold(story_ids), self._clock.now())
                break
            except StoryChanged:
                if tries == TRIES:
                    raise
        self._window.forget()

    def _retold(self, story_ids: Sequence[int]) -> list[StoryUpdate]:
        updates = []
        targets = {number: story.id for number, story in self._stories.get_many(story_ids).items()}
        members = {number: self._entries.of_story(number) for number in targets.values()}
        for story_id, story in self._stories.get_many(list(members)).items():
            parts = self._parts(members[story_id])
            if parts and not is_pruned(story, parts, self._entries):
                update = StoryUpdate(story_id=story_id, decisions=(), story=self._growth.retold(story, parts))
                there = frozenset(entry.id for entry, _ in members[story_id])
                updates.append(replace(update, entries_before=there, steps_before=_steps(story)))
        return updates


def _steps(story: Story | None) -> frozenset[int]:
    return frozenset(step.id for step in story.developments if step.id is not None) if story else frozenset()


__all__ = ["Shelf"]
