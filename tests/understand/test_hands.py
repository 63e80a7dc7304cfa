"""Hand decisions stand when everything is matched anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.archive import open_archive
from tests.stories.world import DEAL
from tests.understand.test_understand import Desk, migrated

__all__ = ["migrated"]


@pytest.fixture
def desk(migrated: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copyfile(migrated, tmp_path / "monitor.db")
    with open_archive(f"sqlite:///{tmp_path / 'monitor.db'}") as opened:
        yield Desk(opened)


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
