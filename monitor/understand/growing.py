"""A story with the entries that join it: its tags, its records and the steps that they add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.protocols import EntryStore
from monitor.stories.merge import Part, merge_story, vote
from monitor.stories.verdicts import Verdict
from monitor.types import Development, DevelopmentKind, LedgerRecord, MatchDecision, Story, StoryUpdate
from monitor.understand.parts import DevelopmentOf, ReadRecords, UnderstandReport

#: a story with more entries that join at once is read for developments with its records as they stand at the end
STEPWISE: Final = 12


@dataclass(slots=True, kw_only=True)
class Joining:
    """One entry on its way into a story; without a verdict it is there already and was read again."""

    part: Part
    verdict: Verdict | None


class Growth:
    """Grows stories with the ledger that it is given."""

    def __init__(self, read_records: ReadRecords, development: DevelopmentOf) -> None:
        self._read_records = read_records
        self._development = development

    def update(self, previous: Story | None, before: Sequence[Part], arrivals: Sequence[Joining]) -> StoryUpdate:
        """What the archive is told of a story: as it stands then, and why each entry joined."""
        story = self.grown(previous, before, [one.part for one in arrivals])
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

    def grown(self, previous: Story | None, before: Sequence[Part], arrivals: Sequence[Part]) -> Story:
        """The story (None: a new one) with its entries `before` and its arrivals, its records and their steps."""
        fresh = {part.entry.id for part in arrivals}
        here = [part for part in before if part.entry.id not in fresh]
        stepwise = len(arrivals) <= STEPWISE
        whole = [*here, *arrivals]
        records = self._records(whole)
        steps = self._standing(previous.developments, whole, arrivals, records) if previous else []
        now = merge_story(here, previous=previous, records=previous.records if previous else ()) if here else None
        for part in arrivals:
            here.append(part)
            told = records if not stepwise or len(here) == len(whole) else self._records(here)
            seen = now and replace(now, developments=tuple(steps))
            step: Development | None = self._development(seen, part.entry, part.read, told)
            if step is not None and (step.entry_id, step.kind) not in _keys(steps):
                steps.append(step)
            now = merge_story(here, previous=previous, records=told, developments=steps)
        assert now is not None
        return now

    def _standing(
        self,
        steps: Sequence[Development],
        parts: Sequence[Part],
        arrivals: Sequence[Part],
        records: Sequence[LedgerRecord],
    ) -> list[Development]:
        """Steps that still stand: those of an entry that is read again only as far as it still says so."""
        again = {part.entry.id: part for part in arrivals}
        found = []
        for step in steps:
            part = again.get(step.entry_id)
            own = self._alone(part, records) if part is not None else None
            if part is None or (step.kind is DevelopmentKind.AMOUNT_CHANGED and _says(part, step)):
                found.append(step)
            elif own is not None and own.kind is step.kind:
                found.append(replace(step, line=own.line))
        if any(not step.follow_up for step in steps) and all(step.follow_up for step in found):
            # the entry that told the beginning says something else now, and without one another outlet's wording of
            # the same would be the next step: the first that tells a step begins it, rather one that was not edited
            ordered = sorted(parts, key=lambda p: (p.entry.id in again, p.entry.published_at, p.entry.id))
            told = filter(None, (self._alone(part, records) for part in ordered))
            free = (one for one in told if one.kind is not DevelopmentKind.DENIED)
            found += [one for one in free if (one.entry_id, one.kind) not in _keys(found)][:1]
        return found

    def _alone(self, part: Part, records: Sequence[LedgerRecord]) -> Development | None:
        """The step that an entry would tell if it began the story."""
        return self._development(None, part.entry, part.read, records)

    def retold(self, story: Story, parts: Sequence[Part]) -> Story:
        """The story after a person moved entries: its records read anew. Its steps stay: nobody has taken any."""
        records = self._records(parts)
        return merge_story(parts, previous=story, records=records, developments=story.developments)

    def _records(self, parts: Sequence[Part]) -> tuple[LedgerRecord, ...]:
        """The deals and launches of the tags that the story has, by one rule for both."""
        ordered = sorted(parts, key=lambda part: (part.entry.published_at, part.entry.id))
        tags, _ = vote(ordered)
        return self._read_records([(part.entry, part.read) for part in parts], tags)


def _keys(steps: Sequence[Development]) -> set[tuple[int, DevelopmentKind]]:
    return {(step.entry_id, step.kind) for step in steps}


def _says(part: Part, step: Development) -> bool:
    """The step's sentence still stands in the entry."""
    return step.line.rstrip("…") in " ".join(f"{part.entry.title} {part.entry.summary}".split())


def is_pruned(story: Story, parts: Sequence[Part], entries: EntryStore) -> bool:
    """The story's records quote entries that are no more."""
    quoted = {quote.entry_id for record in story.records for fact in record.facts for quote in fact.evidence}
    return any(entries.get(number) is None for number in quoted - {part.entry.id for part in parts})


def count(
    report: UnderstandReport,
    entries: int,
    joining: Mapping[int, Sequence[Joining]],
    updates: Sequence[StoryUpdate],
) -> None:
    """Adds a batch that was stored to the report."""
    report.entries += entries
    report.joined += sum(len(each) for each in joining.values())
    report.placed += sum(1 for each in joining.values() for one in each if one.verdict is not None)
    report.new_stories += sum(1 for update in updates if update.story_id is None)
    report.grown_stories += sum(1 for update in updates if update.story_id is not None and update.decisions)
    fresh = {one.part.entry.id for each in joining.values() for one in each}
    report.developments += sum(
        1 for update in updates for step in update.story.developments if step.follow_up and step.entry_id in fresh
    )


def _words(verdict: Verdict, begins: bool) -> str:
    return f"begins a story: {verdict.reason}" if begins else f"joins: {verdict.reason}"
