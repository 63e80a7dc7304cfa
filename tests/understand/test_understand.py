"""The understand pipeline on a real archive, with a classifier by keywords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.archive import Archive
from monitor.errors import ArchiveBusy, ModelError
from monitor.ledger.developments import development_of
from monitor.stories.match import Matcher
from monitor.testing import FakeClock, SilentLog
from monitor.types import Classification, DevelopmentKind, LedgerRecord, Status
from monitor.understand import Member, Understander, UnderstandSettings
from tests.archive.samples import draft, stored
from tests.stories.world import DEAL, START, KeywordClassifier, matcher


class Desk:
    """An archive, and all that an Understander needs."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.clock = FakeClock(START + timedelta(hours=12))
        self.log = SilentLog()
        self.classifier: Any = KeywordClassifier()
        self.count = 0

    def understander(self, **values: Any) -> Understander:
        plain: dict[str, Any] = {
            "entries": self.archive.entries,
            "stories": self.archive.stories,
            "classifier": self.classifier,
            "matcher": lambda: matcher(model_id=self.classifier.model_id),
            "read_records": no_records,
            "development": development_of,
            "clock": self.clock,
            "log": self.log,
        }
        return Understander(**plain | values)

    def arrive(self, *texts: tuple[str, str], hours: float = 0.0, **values: Any) -> list[int]:
        """Entries of as many feeds; their ids."""
        at = START + timedelta(hours=hours)
        drafts = []
        for title, summary in texts:
            self.count += 1
            given = {"title": title, "summary": summary, "published_at": at, "first_seen_at": at, **values}
            drafts.append(draft(f"n{self.count}", f"feed{self.count}", **given))
        return stored(self.archive, *drafts)

    def stories_of(self, numbers: Sequence[int]) -> list[int | None]:
        return [entry.story_id if (entry := self.archive.entries.get(n)) else None for n in numbers]


def no_records(members: Sequence[Member], tags: Sequence[str]) -> tuple[LedgerRecord, ...]:
    return ()


GARDEN = ("Hedgehogs love wet gardens", "A walk in the park with a naturalist.")


def test_thirty_outlets_in_one_batch_begin_one_story(desk: Desk) -> None:
    numbers = desk.arrive(*(DEAL[i % len(DEAL)] for i in range(30)))
    report = desk.understander().run()
    assert (report.entries, report.placed, report.new_stories, report.error) == (30, 30, 1, "")
    assert len(set(desk.stories_of(numbers))) == 1
    assert desk.archive.entries.pending_count() == 0
    story = desk.archive.stories.get(desk.stories_of(numbers)[0] or 0)
    assert story is not None
    assert story.entry_count == 30
    assert "funding" in story.tags
    assert story.status is Status.CONFIRMED


def test_later_entries_join_also_after_a_restart(desk: Desk) -> None:
    first = desk.arrive(*DEAL[:2])
    desk.understander().run()
    later = desk.arrive(*DEAL[2:5], hours=3)
    report = desk.understander().run()
    assert (report.new_stories, report.grown_stories) == (0, 1)
    assert set(desk.stories_of(later)) == set(desk.stories_of(first))
    reasons = desk.archive.stories.decisions(desk.stories_of(first)[0] or 0)
    assert len(reasons) == 5
    assert all(row["reason"] for row in reasons)


def test_what_is_about_nothing_has_no_story(desk: Desk) -> None:
    numbers = desk.arrive(GARDEN)
    report = desk.understander().run()
    assert (report.entries, report.placed) == (1, 0)
    assert desk.stories_of(numbers) == [None]
    assert desk.archive.entries.pending_count() == 0


def test_a_topic_of_the_persons_makes_a_story(desk: Desk) -> None:
    numbers = desk.arrive(GARDEN)

    def topics(members: Sequence[Member]) -> list[dict[str, float]]:
        return [{"hedgehogs": 0.8} if "edgehog" in entry.title else {} for entry, _ in members]

    desk.understander(topics=topics).run()
    story = desk.archive.stories.get(desk.stories_of(numbers)[0] or 0)
    assert story is not None
    assert story.topics == ("hedgehogs",)


def test_a_second_run_does_nothing(desk: Desk) -> None:
    desk.arrive(*DEAL)
    pipeline = desk.understander()
    pipeline.run()
    assert pipeline.run().entries == 0
    assert desk.classifier.seen == len(DEAL)


def test_talks_then_a_signature_is_a_development(desk: Desk) -> None:
    talks = desk.arrive(
        (
            "Sources: Larkspur AI is in talks to raise $640 million from Halden Ventures",
            "Larkspur of Lyon makes translation models.",
        ),
        (
            "Larkspur AI in talks to raise $640 million with Halden Ventures, sources say",
            "Larkspur of Lyon makes translation models.",
        ),
    )
    pipeline = desk.understander()
    pipeline.run()
    desk.clock.advance(3 * 24 * 3600)
    signed = desk.arrive(
        ("Larkspur AI raises $640 million from Halden Ventures", "Larkspur of Lyon announced the round."), hours=72
    )
    report = pipeline.run()
    assert desk.stories_of(signed) == desk.stories_of(talks[:1])
    assert report.developments == 1
    story = desk.archive.stories.get(desk.stories_of(signed)[0] or 0)
    assert story is not None
    assert [(d.kind, d.follow_up) for d in story.developments] == [
        (DevelopmentKind.IN_TALKS, False),
        (DevelopmentKind.ANNOUNCED, True),
    ]


class BrokenClassifier(KeywordClassifier):
    def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
        raise ModelError("weights are missing: reinstall the monitor")


def test_without_a_model_entries_wait_and_it_is_said_once(desk: Desk) -> None:
    desk.arrive(*DEAL)
    pipeline = desk.understander(classifier=BrokenClassifier())
    for _ in range(3):
        assert "missing" in pipeline.run().error
    assert desk.archive.entries.pending_count() == len(DEAL)
    assert len([line for line in desk.log.lines if line[0] == "warning"]) == 1
    assert desk.understander().run().entries == len(DEAL)


class PickyClassifier(KeywordClassifier):
    def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
        if any("poison" in title for title, _ in texts):
            raise ValueError("cannot stomach this")
        return super().classify(texts)


def test_one_poisonous_entry_is_set_aside_and_the_rest_goes_on(desk: Desk) -> None:
    good = desk.arrive(*DEAL)
    bad = desk.arrive(("poison", ""))
    more = desk.arrive(*DEAL, hours=1)
    report = desk.understander(classifier=PickyClassifier()).run()
    assert report.poisonous == bad
    assert report.entries == len(good) + len(more) + 1
    assert len(set(desk.stories_of([*good, *more]))) == 1
    assert desk.archive.entries.pending_count() == 0
    assert any(level == "error" for level, _, _ in desk.log.lines)


def test_facts_that_cannot_be_read_harm_only_their_entry(desk: Desk) -> None:
    desk.arrive(*DEAL[:2])
    odd = desk.arrive(("Corvane raises $95 million", "Hospital AI from Prague."))

    def read(members: Sequence[Member], tags: Sequence[str]) -> tuple[LedgerRecord, ...]:
        if any("Corvane" in entry.title for entry, _ in members):
            raise ZeroDivisionError
        return ()

    report = desk.understander(read_records=read).run()
    assert report.poisonous == odd
    assert report.new_stories == 1


def test_a_busy_archive_is_raised_and_loses_nothing(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL)

    class Busy:
        def __init__(self, stories: Any) -> None:
            self.stories, self.refuses = stories, True

        def apply(self, *given: Any, **more: Any) -> list[int]:
            if self.refuses:
                raise ArchiveBusy("the archive is locked")
            return list(self.stories.apply(*given, **more))

        def __getattr__(self, name: str) -> Any:
            return getattr(self.stories, name)

    stories = Busy(desk.archive.stories)
    pipeline = desk.understander(stories=stories)
    with pytest.raises(ArchiveBusy):
        pipeline.run()
    assert desk.archive.entries.pending_count() == len(DEAL)
    stories.refuses = False
    assert pipeline.run().new_stories == 1
    assert len(set(desk.stories_of(numbers))) == 1


def test_limit_and_progress(desk: Desk) -> None:
    desk.arrive(*DEAL)
    steps: list[tuple[int, int]] = []
    pipeline = desk.understander(settings=UnderstandSettings(batch=2))
    assert pipeline.run(limit=4, on_progress=lambda done, total: steps.append((done, total))).entries == 4
    assert steps == [(2, 4), (4, 4)]
    assert desk.archive.entries.pending_count() == len(DEAL) - 4


def test_another_model_reads_the_last_days_again_and_stories_stay(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:3])
    pipeline = desk.understander()
    pipeline.run()
    before = desk.stories_of(numbers)
    desk.classifier.model_id = "keywords-2"
    assert pipeline.reread() == 3
    report = pipeline.run()
    assert (report.entries, report.new_stories) == (3, 0)
    assert desk.stories_of(numbers) == before
    assert len(desk.archive.stories.window(START - timedelta(days=1), "keywords-2")) == 3
    later = desk.arrive(DEAL[4], hours=2)
    pipeline.run()
    assert desk.stories_of(later) == before[:1]


def test_a_model_that_changes_under_way_is_noticed(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:3])
    pipeline = desk.understander()
    pipeline.run()
    desk.classifier.model_id = "keywords-2"
    later = desk.arrive(DEAL[4], hours=2)
    pipeline.run()
    pipeline.run()
    assert desk.archive.entries.pending_count() == 0
    assert len(desk.archive.stories.window(START - timedelta(days=1), "keywords-2")) == 4
    assert len({*desk.stories_of(numbers), *desk.stories_of(later)}) == 1


def test_a_split_by_hand_stands_and_is_seen_at_once(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:4])
    pipeline = desk.understander()
    pipeline.run()
    home = desk.stories_of(numbers)[0] or 0
    new = desk.archive.stories.split(home, numbers[2:], desk.clock.now())
    later = desk.arrive(DEAL[4], hours=1)
    pipeline.run()
    assert desk.stories_of(numbers) == [home, home, new, new]
    assert desk.stories_of(later)[0] in (home, new)
    story = desk.archive.stories.get(home)
    assert story is not None
    assert story.entry_count == 2 + (desk.stories_of(later)[0] == home)


def test_rebuild_of_an_untouched_archive_changes_nothing(desk: Desk) -> None:
    desk.arrive(*DEAL, ("Corvane raises $95 million Series B", "Ostrava Capital led the round in the Prague start-up."))
    pipeline = desk.understander()
    pipeline.run()
    steps: list[tuple[int, int]] = []
    report = pipeline.rebuild(on_progress=lambda done, total: steps.append((done, total)))
    assert report.moves == []
    assert not report.applied
    assert report.stories_before == report.stories_after == 2
    assert steps[-1][0] == steps[-1][1] == len(DEAL) + 1


def lonely(desk: Desk) -> Understander:
    """A pipeline under which nothing ever joins."""
    from monitor.stories.match import MatchSettings

    return desk.understander(matcher=lambda: matcher(MatchSettings(threshold=2.0)))


def test_rebuild_joins_what_should_have_been_one(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL)
    lonely(desk).run()
    assert len(set(desk.stories_of(numbers))) == len(DEAL)
    pipeline = desk.understander()
    looked = pipeline.rebuild(apply=False)
    assert len(looked.moves) == len(DEAL) - 1
    assert len(set(desk.stories_of(numbers))) == len(DEAL), "only said, not done"
    assert pipeline.rebuild().applied
    assert len(set(desk.stories_of(numbers))) == 1
    story = desk.archive.stories.get(desk.stories_of(numbers)[0] or 0)
    assert story is not None
    assert story.entry_count == len(DEAL)
    assert pipeline.rebuild().moves == []


def test_rebuild_leaves_what_a_person_placed(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:4])
    pipeline = desk.understander()
    pipeline.run()
    home = desk.stories_of(numbers)[0] or 0
    new = desk.archive.stories.split(home, numbers[2:], desk.clock.now())
    report = pipeline.rebuild()
    assert desk.stories_of(numbers) == [home, home, new, new]
    assert report.kept_by_hand >= 2


def test_an_edited_entry_stays_in_its_story(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:3])
    pipeline = desk.understander()
    pipeline.run()
    before = desk.stories_of(numbers)
    desk.archive.entries.read_again()
    report = pipeline.run()
    assert (report.entries, report.new_stories, report.placed) == (3, 0, 0)
    assert desk.stories_of(numbers) == before


def test_without_vectors_each_entry_is_a_story_of_its_own(desk: Desk) -> None:
    """A model that gives no vector still tags; its entries make stories of their own."""

    class Blind(KeywordClassifier):
        def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
            return [replace(found, vector=b"") for found in super().classify(texts)]

    numbers = desk.arrive(*DEAL[:2])
    assert desk.understander(classifier=Blind()).run().new_stories == 2
    assert None not in desk.stories_of(numbers)


def test_the_window_is_read_anew_once_it_holds_enough_to_see_sharply(desk: Desk) -> None:
    opened: list[int] = []

    def fresh() -> Matcher:
        opened.append(1)
        return matcher(model_id=desk.classifier.model_id)

    pipeline = desk.understander(matcher=fresh)
    for page in range(6):
        desk.arrive(*((f"Firm{page}x{n} raises ${n + 2} million", "") for n in range(50)))
        pipeline.run()
    assert len(opened) == 2


def test_a_stop_ends_the_run_with_its_batch_and_the_rest_waits(desk: Desk) -> None:
    desk.arrive(*(DEAL[i % len(DEAL)] for i in range(9)))
    pipeline = desk.understander(settings=UnderstandSettings(batch=4))
    report = pipeline.run(on_progress=lambda done, total: pipeline.stop())
    assert (report.entries, desk.archive.entries.pending_count()) == (4, 5)
    assert pipeline.run().entries == 0, "a stopped one begins nothing more"
    assert desk.understander().run().entries == 5
