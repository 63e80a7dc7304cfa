"""Topics in the pipeline, and the archive read again."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.archive import Archive
from monitor.interests import LOOK_AGAIN, LOOK_SOON, Interests, key_of
from monitor.reclassify import Reclassifier
from monitor.types import Classification, TopicSpec
from tests.stories.world import DEAL, SIZE, KeywordClassifier
from tests.understand.test_understand import GARDEN, Desk

BEES = TopicSpec(name="bees", description="Bees, hives and honey", keywords=("beekeeper",))
ABOUT = "bees hives honey swarm nectar comb queen brood pollen wax".split()
OTHER = "rails station flour oven tides harbour street school budget weather football road".split()


class Seeing(KeywordClassifier):
    """Gives every text a vector: one direction for bees, one for all else. Counts what it reads."""

    read = 0

    def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
        self.read += len(texts)
        found = super().classify(texts)
        return [
            replace(one, vector=_vector(any(word in title.lower() for word in ABOUT)))
            for one, (title, _) in zip(found, texts, strict=True)
        ]


def _vector(bees: bool) -> bytes:
    numbers = [0.8, 0.6, 0.0] if bees else [0.0, 0.6, 0.8]
    return struct.pack(f"<{SIZE}e", *numbers, *[0.0] * (SIZE - 3))


@pytest.fixture
def desk(archive: Archive) -> Desk:
    made = Desk(archive)
    made.classifier = Seeing()
    return made


def interests(desk: Desk, *specs: TopicSpec) -> Interests:
    return Interests(specs or (BEES,), desk.archive.teaching, desk.classifier, desk.clock, desk.log)


def fill(desk: Desk, count: int = 240) -> None:
    """Read entries, one in twenty-four about bees."""
    texts = []
    for n in range(count):
        words = ABOUT if n % 24 == 0 else OTHER
        picked = [words[(n * k + k) % len(words)] for k in (1, 3, 5, 7)]
        texts.append((" ".join(picked) + f" number {n}", ""))
    desk.arrive(*texts)
    desk.understander().run()


def topics_of(archive: Archive, number: int) -> dict[str, float]:
    return archive.entries.topics(number)


def test_a_topic_is_fitted_once_kept_and_given(desk: Desk) -> None:
    fill(desk)
    [swarm, garden, keyword] = desk.arrive(
        ("A swarm fills the comb with nectar", ""), GARDEN, ("A beekeeper retires", "")
    )
    desk.understander(topics=interests(desk)).run()
    assert set(topics_of(desk.archive, swarm)) == {"bees"}
    assert topics_of(desk.archive, keyword) == {"bees": 1.0}
    assert topics_of(desk.archive, garden) == {}
    kept = desk.archive.teaching.head("topic", "bees")
    assert kept is not None
    assert (kept.key, kept.base) == (key_of(BEES, "keywords-1"), "keywords-1")
    before = desk.classifier.read
    assert interests(desk).ready().topics[0].head is not None
    assert desk.classifier.read == before, "the kept head is used, nothing is read for it"


def test_a_changed_description_is_fitted_anew(desk: Desk) -> None:
    fill(desk)
    interests(desk).ready()
    first = desk.archive.teaching.head("topic", "bees")
    interests(desk, replace(BEES, description="Honey and wax")).ready()
    second = desk.archive.teaching.head("topic", "bees")
    assert first is not None
    assert second is not None
    assert first.key != second.key
    assert len(desk.archive.teaching.heads("topic")) == 1


def test_a_description_waits_for_entries_to_measure_it_against(desk: Desk) -> None:
    wish = interests(desk)
    fill(desk, 24)
    assert wish.ready().topics[0].head is None
    fill(desk)
    assert wish.ready().topics[0].head is None, "not at every batch"
    desk.clock.advance((LOOK_SOON + timedelta(minutes=1)).total_seconds())
    assert wish.ready().topics[0].head is not None
    assert LOOK_SOON < LOOK_AGAIN


def test_a_topic_that_is_gone_is_taken_from_an_entry_that_is_read_again(desk: Desk) -> None:
    [keyword] = desk.arrive(("A beekeeper retires", ""))
    desk.understander(topics=interests(desk)).run()
    assert topics_of(desk.archive, keyword)
    desk.archive.entries.read_again()
    other = replace(BEES, name="other", keywords=("astronomer",), description="")
    desk.understander(topics=interests(desk, other)).run()
    assert topics_of(desk.archive, keyword) == {}


# ---------------------------------------------------------------- read again


class Newer(KeywordClassifier):
    """Another model, which sees a deal in the garden and none in what the first one saw."""

    def __init__(self) -> None:
        super().__init__(model_id="keywords-2")

    def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
        found = super().classify(texts)
        return [
            replace(one, tags=("partnership",), scores={**one.scores, "partnership": 0.9})
            if "garden" in title.lower()
            else one
            for one, (title, _) in zip(found, texts, strict=True)
        ]


def again(desk: Desk) -> Reclassifier:
    return Reclassifier(
        entries=desk.archive.entries,
        stories=desk.archive.stories,
        hush=desk.archive.teaching,
        classifier=desk.classifier,
        understander=desk.understander(),
    )


def test_reading_again_says_what_changed_and_announces_nothing(desk: Desk) -> None:
    desk.classifier = KeywordClassifier()
    [deal, garden] = desk.arrive(DEAL[0], GARDEN)
    [waits] = desk.arrive(("Not read yet", ""))
    desk.understander().run(limit=2)
    assert desk.stories_of([garden]) == [None]
    desk.classifier = Newer()
    steps: list[tuple[int, int]] = []
    tried = again(desk).run(apply=False, on_progress=lambda done, total: steps.append((done, total)))
    assert (tried.entries, tried.pending, tried.other_model) == (2, 1, 2)
    assert dict(tried.added) == {"partnership": 1}
    assert [(c.entry_id, c.before, c.after) for c in tried.changes] == [(garden, (), ("partnership",))]
    assert steps[-1] == (3, 3)
    assert desk.stories_of([garden]) == [None], "a dry run changes nothing"
    done = again(desk).run()
    assert (done.new_stories, done.applied) == (1, True)
    [home] = desk.stories_of([garden])
    assert home is not None
    story = desk.archive.stories.get(home)
    assert story is not None
    assert (story.tags, story.news_at) == (("partnership",), None)
    [news] = desk.stories_of([deal])
    assert news is not None
    kept = desk.archive.stories.get(news)
    assert kept is not None
    assert kept.news_at is not None, "what was news stays so"
    [entry] = desk.archive.entries.pending()
    assert entry.id == waits
    assert again(desk).run().changes == [], "a second time nothing is left to change"


def test_a_story_that_rises_by_another_reading_is_no_news(desk: Desk) -> None:
    """It had only a possible tag: no digest took it, and none takes it now."""

    class Unsure(KeywordClassifier):
        def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
            return [replace(one, tags=(), possible=("partnership",)) for one in super().classify(texts)]

    desk.classifier = Unsure()
    [garden] = desk.arrive(GARDEN)
    desk.understander().run()
    [home] = desk.stories_of([garden])
    assert home is not None
    desk.classifier = Newer()
    again(desk).run()
    story = desk.archive.stories.get(home)
    assert story is not None
    assert (story.tags, story.news_at) == (("partnership",), None)
    [told_again] = desk.arrive(GARDEN, hours=1)
    desk.understander().run()
    [where] = desk.stories_of([told_again])
    assert where is not None
    grown = desk.archive.stories.get(where)
    assert grown is not None
    assert grown.news_at is not None, "a fresh telling is news"
