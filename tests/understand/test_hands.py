"""Hand decisions stand when everything is matched anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.types import Selection
from tests.stories.world import DEAL
from tests.understand.test_understand import Desk, lonely


def test_the_rest_of_a_split_story_is_not_drawn_after_its_first_entries(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:4])
    pipeline = desk.understander()
    pipeline.run()
    home = desk.stories_of(numbers)[0] or 0
    new = desk.archive.stories.split(home, numbers[:2], desk.clock.now())
    report = pipeline.rebuild()
    assert report.moves == []
    assert desk.stories_of(numbers) == [new, new, home, home]
    stories = desk.archive.stories.get_many([home, new])
    assert [stories[number].entry_count for number in (home, new)] == [2, 2]


@pytest.mark.parametrize("flag", ["muted", "pinned"])
def test_matching_anew_takes_nothing_out_of_a_muted_or_pinned_story(desk: Desk, flag: str) -> None:
    """Out of a muted one it would be news, by a story that nobody has muted."""
    numbers = desk.arrive(*DEAL[:4])
    desk.understander().run()
    home = desk.stories_of(numbers)[0] or 0
    set_flag = desk.archive.stories.set_muted if flag == "muted" else desk.archive.stories.set_pinned
    set_flag(home, True)
    report = lonely(desk).rebuild()
    assert (report.moves, report.kept_by_hand) == ([], 4)
    assert set(desk.stories_of(numbers)) == {home}
    now = desk.clock.now()
    told = desk.archive.stories.arrived(Selection(), now - timedelta(days=2), now)
    assert [story.id for story in told] == ([] if flag == "muted" else [home])
