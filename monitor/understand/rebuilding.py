"""Matching the archive's entries anew: where each would go today, and the stories written so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.protocols import Clock, StoryStore
from monitor.stories.match import Matcher
from monitor.stories.merge import Part
from monitor.types import Classification, Entry, MatchDecision, StoryUpdate, encoder_of
from monitor.understand.growing import Growth
from monitor.understand.parts import EntryArchive, Progress, RebuildReport, to_member


class Rebuild:
    """One matching anew of an archive. Its caller sees to it that nothing else writes stories meanwhile."""

    def __init__(
        self,
        *,
        entries: EntryArchive,
        stories: StoryStore,
        growth: Growth,
        matcher: Callable[[], Matcher],
        model_id: str,
        clock: Clock,
        category_of: Callable[[str], str],
        window_days: float,
    ) -> None:
        self._entries = entries
        self._stories = stories
        self._growth = growth
        self._new_matcher = matcher
        self._model_id = model_id
        self._clock = clock
        self._category_of = category_of
        self._window_days = window_days
        #: story to the entries in it that a person placed
        self._by_hand: dict[int, frozenset[int]] = {}

    def run(
        self, *, since: datetime | None = None, apply: bool = True, on_progress: Progress | None = None
    ) -> RebuildReport:
        """What changes; with `apply` the archive is changed, too. Raises ArchiveError."""
        keys, homes, report = self._rematch(since, on_progress)
        changed = {key for entry, key in keys.items() if homes[entry] != key}
        left = {home for entry, home in homes.items() if home is not None and home != keys[entry]}
        report.moves = [
            (entry, homes[entry], key if key > 0 else None) for entry, key in keys.items() if homes[entry] != key
        ]
        report.stories_before = len({home for home in homes.values() if home is not None})
        report.stories_after = len(set(keys.values()))
        if apply and changed:
            self._move(keys, homes, changed | left)
            report.applied = True
        return report

    def _rematch(
        self, since: datetime | None, on_progress: Progress | None
    ) -> tuple[dict[int, int], dict[int, int | None], RebuildReport]:
        """A key for each entry since then that is in a story or could be; and where it stands now.

        The matcher begins with what came in the follow-up window before: under its stories, which stay as they are.
        """
        report, matcher = RebuildReport(), self._new_matcher()
        begin = since - timedelta(days=matcher.settings.follow_days) if since is not None else None
        total, done = self._entries.count(since=begin), 0
        recent = self._stories.window(self._clock.now() - timedelta(days=self._window_days), self._model_id)
        matcher.focus(member.classification for member in recent)
        keys: dict[int, int] = {}
        homes: dict[int, int | None] = {}
        taken: set[int] = set()
        for page in self._entries.each(since=begin):
            for entry, read in page:
                if read is None or not self._can_match(entry, read):
                    continue
                one, home = matcher.sketch(to_member(entry, read)), entry.story_id
                matcher.slide(one.hour)
                old = since is not None and entry.first_seen_at < since
                by_hand = not old and home is not None and entry.id in self._placed(home)
                report.kept_by_hand += by_hand
                if old or by_hand:
                    key = home
                else:
                    found = matcher.decide(one).key
                    key = found if found is not None else (home if home and home not in taken else -entry.id)
                if key is None:
                    continue
                if not old:
                    keys[entry.id], homes[entry.id] = key, home
                taken.add(key)
                matcher.add(one, key)
            done += len(page)
            report.entries = len(keys)
            if on_progress is not None:
                on_progress(min(done, total), total)
        return keys, homes, report

    def _can_match(self, entry: Entry, read: Classification) -> bool:
        """It has a vector of this model, and is in a story or could be; all others stay where they are."""
        seen = bool(read.vector) and encoder_of(read.model_id) == encoder_of(self._model_id)
        return seen and (entry.story_id is not None or bool(read.tags or read.possible))

    def _placed(self, story_id: int) -> frozenset[int]:
        """Entries that a person put into the story. Who merges, splits, pins or mutes vouches for the whole of it."""
        if story_id not in self._by_hand:
            placed = frozenset(row["entry_id"] for row in self._stories.decisions(story_id) if row.get("by_hand"))
            story = self._stories.get(story_id)
            if placed or (story is not None and (story.muted or story.pinned)):
                placed |= {entry.id for entry, _ in self._entries.of_story(story_id)}
            self._by_hand[story_id] = placed
        return self._by_hand[story_id]

    def _move(self, keys: Mapping[int, int], homes: Mapping[int, int | None], touched: set[int]) -> None:
        """Second pass: the stories that change, one after the other, each written from all of its entries."""
        going: dict[int, list[int]] = {key: [] for key in touched}
        for number, key in keys.items():
            if key in going:
                going[key].append(number)
        for key in sorted(going):
            parts = self._parts(key, going[key], keys)
            if not parts:
                continue
            moved = [number for number in going[key] if homes[number] != key]
            previous = self._stories.get_many([key]).get(key) if key > 0 else None
            story = self._growth.grown(None, [], parts)
            if previous is not None:
                story = replace(story, id=previous.id, pinned=previous.pinned, muted=previous.muted)
            decisions = tuple(
                MatchDecision(entry_id=number, story_id=previous.id if previous else None, reason="matched anew")
                for number in moved
            )
            update = StoryUpdate(
                story_id=previous.id if previous else None, decisions=decisions, story=story, begins=previous is None
            )
            self._stories.apply({}, {}, [update], self._clock.now())

    def _parts(self, key: int, going: Sequence[int], keys: Mapping[int, int]) -> list[Part]:
        """The story's entries as it will have them: those that were matched into it, and those that it has besides.

        Older ones, and those without a vector of this model, were not matched and stay where they are.
        """
        found = {entry.id: (entry, read) for entry, read in self._entries.understood_many(going)}
        if key > 0:
            found |= {entry.id: (entry, read) for entry, read in self._entries.of_story(key) if entry.id not in keys}
        topics = self._entries.topics_of(sorted(found))
        return [
            Part(
                entry=entry,
                read=read,
                topics=topics.get(number, {}),
                category=self._category_of(entry.feed_id),
            )
            for number, (entry, read) in sorted(found.items())
            if read is not None
        ]
