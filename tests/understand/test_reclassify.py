"""The archive read again takes no entry's chance to become news, and leaves to the daemon what waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from monitor.interests import Interests
from monitor.reclassify import Reclassifier
from monitor.types import Selection, Story, TopicSpec
from monitor.understand import TopicsOf
from tests.stories.world import DEAL, START, KeywordClassifier
from tests.understand.test_interests import Newer
from tests.understand.test_steps import edit
from tests.understand.test_understand import GARDEN, Desk

STUB = ("Weekly notes", "More to follow.")


def again(desk: Desk, topics: TopicsOf | None = None) -> Reclassifier:
    return Reclassifier(
        entries=desk.archive.entries,
        stories=desk.archive.stories,
        hush=desk.archive.teaching,
        classifier=desk.classifier,
        understander=desk.understander(topics=topics),
        topics=topics,
    )


def announced(desk: Desk, numbers: Sequence[int]) -> list[bool]:
    return [entry.announce for n in numbers if (entry := desk.archive.entries.get(n)) is not None]


def news(desk: Desk) -> list[Story]:
    return desk.archive.stories.arrived(Selection(), START - timedelta(days=1), desk.clock.now())


def test_a_stub_that_stays_untagged_is_news_when_it_is_filled_in(desk: Desk) -> None:
    [stub, garden] = desk.arrive(STUB, GARDEN)
    desk.understander().run()
    desk.classifier = Newer()
    assert again(desk).run().new_stories == 1
    assert announced(desk, [stub, garden]) == [True, False]
    edit(desk, stub, *DEAL[0])
    desk.understander().run()
    assert [story.id for story in news(desk)] == desk.stories_of([stub])


def test_an_edited_entry_is_left_to_the_daemon(desk: Desk) -> None:
    [stub] = desk.arrive(STUB)
    desk.understander().run()
    edit(desk, stub, *DEAL[0])
    report = again(desk).run()
    assert (report.pending, report.entries, report.changes, report.new_stories) == (1, 0, [], 0)
    assert announced(desk, [stub]) == [True]
    assert [entry.id for entry in desk.archive.entries.pending()] == [stub]
    desk.understander().run()
    assert [story.id for story in news(desk)] == desk.stories_of([stub])


def test_another_model_makes_nothing_wait_for_the_daemon_while_the_archive_is_read(desk: Desk) -> None:
    """Page by page: the entries of later pages must not become pending by the first one."""
    numbers = desk.arrive(*[GARDEN] * 300)
    desk.understander().run()
    desk.classifier = Newer()
    report = again(desk).run()
    assert (report.entries, report.pending, desk.archive.entries.pending_count()) == (300, 0, 0)
    assert not any(announced(desk, numbers))
    assert news(desk) == []


def test_a_topic_that_an_entry_has_only_now_is_no_news(desk: Desk) -> None:
    [garden, other] = desk.arrive(GARDEN, STUB)
    desk.understander().run()
    wish = Interests(
        (TopicSpec(name="gardens", keywords=("gardens",)),),
        desk.archive.teaching,
        desk.classifier,
        desk.clock,
        desk.log,
    )
    assert again(desk, wish).run().new_stories == 1
    assert announced(desk, [garden, other]) == [False, True]
    assert desk.archive.entries.topics(garden) == {"gardens": 1.0}
    assert news(desk) == []


def test_what_had_a_tag_before_is_not_silenced(desk: Desk) -> None:
    """It stands in no story, for whatever reason: it had its chance to be news, and keeps it."""
    numbers = desk.arrive(DEAL[0])
    desk.archive.stories.apply({numbers[0]: KeywordClassifier().classify([DEAL[0]])[0]}, {}, [], desk.clock.now())
    again(desk).run()
    assert announced(desk, numbers) == [True]
