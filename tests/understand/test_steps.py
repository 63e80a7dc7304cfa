"""What a story has told stays told when one of its entries is read again."""

from __future__ import annotations

import pytest

from monitor.types import Development, DevelopmentKind, EntryChange
from tests.archive.samples import key, outcome
from tests.stories.world import DEAL
from tests.understand.test_understand import GARDEN, Desk

CLOSES = ("Larkspur AI closes $640 million round led by Halden Ventures", "The Lyon company makes translation models.")


def edit(desk: Desk, number: int, title: str, summary: str) -> None:
    entry = desk.archive.entries.get(number)
    assert entry is not None
    change = EntryChange(
        entry_id=number,
        revision=entry.revision + 1,
        title=title,
        summary=summary,
        url=None,
        guid_hash=None,
        link_hash=None,
        content_hash=key(title),
    )
    desk.archive.feeds.store([outcome(feed_id=entry.feed_id, changes=(change,))])


def steps(desk: Desk, number: int) -> tuple[Development, ...]:
    story = desk.archive.stories.get(desk.stories_of([number])[0] or 0)
    assert story is not None
    return story.developments


def test_an_edit_of_the_first_entry_makes_no_news_of_the_next_outlet(desk: Desk) -> None:
    """Without the first step, "closes a round" would be the story's next one, years after nothing."""
    numbers = desk.arrive(*DEAL[:2])
    pipeline = desk.understander()
    pipeline.run()
    before = steps(desk, numbers[0])
    edit(desk, numbers[0], DEAL[0][0], DEAL[0][1] + " It was founded in 2021.")
    assert pipeline.run().entries == 1
    assert steps(desk, numbers[0]) == before, "the same step, under its number"
    closes = desk.arrive(CLOSES, hours=3)
    pipeline.run()
    assert desk.stories_of(closes) == desk.stories_of(numbers[:1])
    assert steps(desk, numbers[0]) == before


def test_a_first_entry_that_says_something_else_leaves_the_beginning_to_another(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:3])
    pipeline = desk.understander()
    pipeline.run()
    edit(desk, numbers[0], *GARDEN)
    pipeline.run()
    closes = desk.arrive(CLOSES, hours=3)
    pipeline.run()
    assert desk.stories_of(closes) == desk.stories_of(numbers[1:2])
    [begins] = steps(desk, numbers[1])
    assert (begins.kind, begins.entry_id, begins.follow_up) == (DevelopmentKind.ANNOUNCED, numbers[1], False)


def test_a_rumour_that_its_first_outlet_confirms_by_an_edit_is_a_step(desk: Desk) -> None:
    words = ("Larkspur AI in talks to raise $640 million with Halden Ventures", "Larkspur of Lyon translates.")
    numbers = desk.arrive(words, (f"Sources: {words[0]}", words[1]))
    pipeline = desk.understander()
    pipeline.run()
    edit(desk, numbers[0], "Larkspur AI raises $640 million from Halden Ventures", "Larkspur of Lyon translates.")
    pipeline.run()
    found = sorted(steps(desk, numbers[0]), key=lambda step: step.follow_up)
    assert [(s.kind, s.entry_id, s.follow_up) for s in found] == [
        (DevelopmentKind.IN_TALKS, numbers[1], False),
        (DevelopmentKind.ANNOUNCED, numbers[0], True),
    ]


@pytest.mark.parametrize("which", [0, 1, 2, None])
def test_reading_again_what_did_not_change_changes_no_step(desk: Desk, which: int | None) -> None:
    words = ("Larkspur AI in talks to raise $640 million with Halden Ventures", "Larkspur of Lyon translates.")
    numbers = desk.arrive(words, (f"Sources: {words[0]}", words[1]))
    pipeline = desk.understander()
    pipeline.run()
    numbers += desk.arrive(("Larkspur AI raises $640 million from Halden Ventures", "It is of Lyon."), hours=72)
    pipeline.run()
    before = steps(desk, numbers[0])
    assert [step.kind for step in before] == [DevelopmentKind.IN_TALKS, DevelopmentKind.ANNOUNCED]
    for number in numbers if which is None else [numbers[which]]:
        entry = desk.archive.entries.get(number)
        assert entry is not None
        edit(desk, number, entry.title, entry.summary + " A further sentence.")
    pipeline.run()
    assert [(s.id, s.kind, s.follow_up) for s in steps(desk, numbers[0])] == [
        (s.id, s.kind, s.follow_up) for s in before
    ]
