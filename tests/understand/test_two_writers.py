"""Two writers on one story: the daemon and `classify --pending`, or a person's merge and split. Nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from monitor.errors import StoryChanged
from monitor.types import DevelopmentKind, Story
from monitor.understand.storing import TRIES
from tests.archive.conftest import archive, empty_file, empty_schema, url
from tests.archive.samples import understood
from tests.stories.world import DEAL
from tests.understand.test_understand import Desk, lonely

__all__ = ["archive", "empty_file", "empty_schema", "url"]

TALKS = ("Sources: Larkspur AI is in talks to raise $640 million from Halden Ventures", "Larkspur of Lyon translates.")
SIGNED = ("Larkspur AI raises $640 million from Halden Ventures", "Larkspur of Lyon announced the round.")


class Interrupted:
    """An archive's stories; before this writer's updates are written, another writer does its own, so many times."""

    def __init__(self, stories: Any, other: Callable[[], object], times: int = 1) -> None:
        self._stories, self._other, self.left = stories, other, times

    def apply(self, *given: Any, **more: Any) -> list[int]:
        if self.left:
            self.left -= 1
            self._other()
        return list(self._stories.apply(*given, **more))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stories, name)


def told(desk: Desk, number: int) -> Story:
    story = desk.archive.stories.get(desk.stories_of([number])[0] or 0)
    assert story is not None
    assert story.entry_count == len(desk.archive.entries.of_story(story.id))
    return story


def test_what_the_other_adds_meanwhile_stays(desk: Desk) -> None:
    """The daemon's batch brings a step into the story that `classify --pending` has read and is about to write."""
    desk.clock.advance(4 * 24 * 3600)
    talks = desk.arrive(TALKS, (TALKS[0].removeprefix("Sources: "), TALKS[1]))
    desk.understander().run()
    [mine] = desk.arrive((f"{TALKS[0]}, again", TALKS[1]), hours=2)
    signed: list[int] = []

    def daemon() -> None:
        signed.extend(desk.arrive(SIGNED, hours=72))
        # both have the first entry in their batch
        assert desk.understander().run().entries == 2

    report = desk.understander(stories=Interrupted(desk.archive.stories, daemon)).run(limit=1)
    assert (report.entries, report.error, desk.archive.entries.pending_count()) == (1, "", 0)
    assert set(desk.stories_of([*talks, mine, *signed])) == set(desk.stories_of(talks[:1]))
    story = told(desk, mine)
    assert story.entry_count == 4
    assert [(s.kind, s.follow_up) for s in story.developments] == [
        (DevelopmentKind.IN_TALKS, False),
        (DevelopmentKind.ANNOUNCED, True),
    ]


def test_both_begin_a_story_of_the_same_entries(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:3])
    desk.understander(stories=Interrupted(desk.archive.stories, lambda: desk.understander().run(limit=2))).run()
    assert len(set(desk.stories_of(numbers))) == 1
    assert told(desk, numbers[0]).entry_count == 3
    assert desk.archive.keep.stats()["stories"] == 1
    assert len(desk.archive.stories.decisions(told(desk, numbers[0]).id)) == 3


def test_a_merge_by_hand_while_a_batch_is_read(desk: Desk) -> None:
    one = desk.arrive(*DEAL[:2])
    desk.understander().run()
    other = desk.arrive(DEAL[4])
    lonely(desk).run()
    home, gone = told(desk, one[0]).id, told(desk, other[0]).id
    assert home != gone
    later = desk.arrive(DEAL[3], hours=1)

    def person() -> None:
        desk.archive.stories.merge(home, [gone], desk.clock.now())

    desk.understander(stories=Interrupted(desk.archive.stories, person)).run()
    assert desk.stories_of([*other, *later]) == [home, home]
    story = told(desk, one[0])
    assert story.entry_count == 4
    assert {step.entry_id for step in story.developments} == {one[0], other[0]}


def test_a_split_by_hand_while_an_edited_entry_is_read(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:4])
    desk.understander().run()
    home = told(desk, numbers[0]).id
    desk.archive.entries.read_again()

    def person() -> None:
        desk.archive.stories.split(home, numbers[2:], desk.clock.now())

    desk.understander(stories=Interrupted(desk.archive.stories, person)).run()
    assert desk.stories_of(numbers)[:2] == [home, home]
    assert told(desk, numbers[0]).entry_count == told(desk, numbers[2]).entry_count == 2
    assert len(told(desk, numbers[0]).publishers) == 2


def test_reading_facts_anew_undoes_nothing(desk: Desk) -> None:
    """`stories merge` reads the ledger of its story anew while the daemon's batch adds to it."""
    desk.clock.advance(4 * 24 * 3600)
    talks = desk.arrive(TALKS, (TALKS[0].removeprefix("Sources: "), TALKS[1]))
    desk.understander().run()
    home = told(desk, talks[0]).id
    signed: list[int] = []

    def daemon() -> None:
        signed.extend(desk.arrive(SIGNED, hours=72))
        desk.understander().run()

    desk.understander(stories=Interrupted(desk.archive.stories, daemon)).retell([home])
    assert desk.stories_of(signed) == [home]
    story = told(desk, talks[0])
    assert story.entry_count == 3
    assert [step.kind for step in story.developments] == [DevelopmentKind.IN_TALKS, DevelopmentKind.ANNOUNCED]
    assert story.last_seen_at == story.first_seen_at + timedelta(hours=72)


def test_another_that_never_rests_is_said_and_the_entry_waits(desk: Desk) -> None:
    numbers = desk.arrive(DEAL[0])
    desk.understander().run()
    home = told(desk, numbers[0]).id
    waits = desk.arrive(DEAL[1], hours=1)
    more: list[int] = []

    def other() -> None:
        more.extend(desk.arrive(("A hedgehog is told of", ""), hours=2))
        put(desk, more[-1], home)

    stories = Interrupted(desk.archive.stories, other, times=TRIES)
    with pytest.raises(StoryChanged, match=f"story {home} was changed"):
        desk.understander(stories=stories).run(limit=1)
    assert desk.stories_of(waits) == [None]
    assert waits[0] in [entry.id for entry in desk.archive.entries.pending()]
    desk.understander().run()
    assert desk.stories_of(waits) == [home]
    assert told(desk, numbers[0]).entry_count == TRIES + 2


def put(desk: Desk, number: int, home: int) -> None:
    """A person puts an entry into a story."""
    desk.archive.stories.merge(home, [understood(desk.archive, [number])], desk.clock.now())
