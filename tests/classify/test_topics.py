"""Topics: keywords at word borders, and a head that learns from the archive what a description does not say."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.classify.topicfit import FEWEST, LARGEST_SHARE, Background, Fitted, fit_topic
from monitor.classify.topics import IN_SUMMARY, IN_TITLE, Keywords, Topic, Topics, TopicText, count_words, head_of
from monitor.types import TopicSpec

#: themes of a made-up archive: what its entries are about, and where their vectors point
THEMES = {
    "bees": ("bees hives honey swarm beekeeper nectar comb queen brood pollen".split(), 0),
    "trains": ("trains rails station timetable locomotive carriage platform freight gauge signal".split(), 1),
    "bread": ("bread flour oven crust sourdough baker yeast loaf rye crumb".split(), 2),
    "tides": ("tides harbour boats moon mooring anchor sail estuary buoy quay".split(), 3),
}
FILLER = "report week people small large city north said plan price summer change".split()


def vector(theme: int, generator: random.Random, strength: float = 0.7) -> bytes:
    """A unit vector of 8 numbers that leans towards its theme."""
    numbers = [generator.gauss(0, 0.25) for _ in range(8)]
    numbers[theme] += strength
    length = sum(n * n for n in numbers) ** 0.5
    return struct.pack("<8e", *(n / length for n in numbers))


def text(name: str, generator: random.Random) -> TopicText:
    words, theme = THEMES[name]
    title = " ".join(generator.sample(words, 3) + generator.sample(FILLER, 3))
    summary = " ".join(generator.sample(words, 3) + generator.sample(FILLER, 5))
    return TopicText(title=title, summary=summary, vector=vector(theme, generator))


def archive(count: int = 600, seed: int = 1) -> list[tuple[str, TopicText]]:
    generator = random.Random(seed)
    names = [*THEMES, "trains", "trains", "bread", "bread", "tides", "tides", "tides"] * (count // 10)
    rows = [(name, text(name, generator)) for name in names[:count]]
    generator.shuffle(rows)
    return rows


def vectors_of(texts: Sequence[tuple[str, str]]) -> list[bytes]:
    """As the encoder would: towards the theme whose words the text has."""
    found = []
    for title, _ in texts:
        best = max(THEMES.values(), key=lambda theme: sum(word in title for word in theme[0]))
        found.append(vector(best[1], random.Random(title)))
    return found


def fitted(spec: TopicSpec, count: int = 600) -> Fitted:
    return fit_topic(spec, Background([row for _, row in archive(count)], str.split), vectors_of)


def right(spec: TopicSpec, made: Fitted, name: str = "bees") -> tuple[float, float]:
    """Precision and recall on entries that it was not fitted on."""
    topics = Topics([Topic(spec=spec, head=made.head)], str.split)
    rows = archive(400, seed=2)
    given_to = [theme for theme, row in rows if topics.matched(row)]
    return given_to.count(name) / max(1, len(given_to)), given_to.count(name) / sum(t == name for t, _ in rows)


def test_a_description_alone_finds_entries_that_share_no_word_with_it() -> None:
    spec = TopicSpec(name="bees", description="bees and honey")
    made = fitted(spec)
    precision, recall = right(spec, made)
    assert (precision, recall) >= (0.9, 0.5)
    assert made.head is not None
    assert {"swarm", "nectar", "brood"} & set(made.head.words), "words that the description does not have"


def test_examples_alone_are_enough() -> None:
    spec = TopicSpec(name="bees", examples=("swarm of bees in the hives", "beekeeper sells honey and comb"))
    precision, recall = right(spec, fitted(spec))
    assert precision >= 0.9
    assert recall >= 0.5


def test_a_small_archive_fits_nothing_and_keywords_still_count() -> None:
    spec = TopicSpec(name="bees", description="bees and honey", keywords=("honey",))
    made = fitted(spec, FEWEST - 10)
    assert made.head is None
    assert "too few" in made.figures["why"]
    topics = Topics([Topic(spec=spec, head=None)], str.split)
    assert topics.matched(TopicText(title="Honey prices rise", summary="")) == {"bees": IN_TITLE}
    assert topics.matched(TopicText(title="Prices rise", summary="")) == {}


def test_a_description_of_what_the_archive_does_not_have_takes_nothing() -> None:
    made = fitted(TopicSpec(name="x", description="volcanology seismographs"))
    assert made.head is None
    assert "near" in made.figures["why"]


def test_no_topic_takes_more_than_its_share_of_the_archive() -> None:
    """A description that says nothing must not flood the digest."""
    made = fitted(TopicSpec(name="all", description=" ".join(FILLER)))
    assert made.figures["share"] <= LARGEST_SHARE + 0.01


def test_fitting_twice_gives_the_same_and_json_keeps_it() -> None:
    spec = TopicSpec(name="bees", description="bees and honey")
    one, two = fitted(spec), fitted(spec)
    assert one.head is not None
    assert two.head is not None
    assert one.head.body() == two.head.body()
    back = head_of(one.head.body())
    assert back is not None
    row = text("bees", random.Random(3))
    counts = count_words(row, str.split)
    numbers = struct.unpack("<8e", row.vector)
    assert back.score(counts, numbers) == pytest.approx(one.head.score(counts, numbers), abs=1e-3)
    assert head_of({}) is None


def test_a_threshold_of_one_s_own_holds() -> None:
    spec = TopicSpec(name="bees", description="bees and honey", threshold=1.0)
    topics = Topics([Topic(spec=spec, head=fitted(spec).head)], str.split)
    assert [row for _, row in archive(200) if topics.matched(row)] == []


@pytest.mark.parametrize("threshold", [None, 0.2, 0.97, 1.0])
def test_a_keyword_is_a_rule_whatever_the_threshold(threshold: float | None) -> None:
    spec = TopicSpec(name="bees", description="bees and honey", keywords=("apiary",), threshold=threshold)
    topics = Topics([Topic(spec=spec, head=fitted(spec).head)], str.split)
    assert "bees" in topics.matched(TopicText(title="An apiary opens", summary=""))
    assert "bees" in topics.matched(TopicText(title="A farm opens", summary="It has an apiary."))
    assert topics.matched(TopicText(title="A farm opens", summary="It has a yard.")) == {}


@pytest.mark.parametrize(
    ("title", "summary", "score"),
    [
        ("New GPU for data centres", "", IN_TITLE),
        ("new gpu.", "", IN_TITLE),
        ("(GPU)", "", IN_TITLE),
        ("GPUs sold out", "", 0.0),
        ("Agpu tools", "", 0.0),
        ("Chips", "A GPU, again", IN_SUMMARY),
        ("Drug   discovery at speed", "", IN_TITLE),
        ("drugdiscovery", "", 0.0),
        ("英伟达发布新芯片", "", IN_TITLE),
        ("C++ compilers", "", IN_TITLE),
        ("", "", 0.0),
    ],
)
def test_keywords_stand_at_word_borders(title: str, summary: str, score: float) -> None:
    assert Keywords(words=("GPU", "drug discovery", "芯片", "C++")).score(title, summary) == score


@given(st.lists(st.text(max_size=20), max_size=5), st.text(max_size=80), st.text(max_size=80))
def test_any_keywords_on_any_text(words: list[str], title: str, summary: str) -> None:
    found = Keywords(words=tuple(words)).score(title, summary)
    assert found in (0.0, IN_SUMMARY, IN_TITLE)
    if not any(word.strip() for word in words):
        assert found == 0.0


@given(st.text(alphabet="abc xyz", min_size=1, max_size=12).filter(str.strip))
def test_a_keyword_finds_itself(word: str) -> None:
    assert Keywords(words=(word,)).score(f"before, {word} after", "") == IN_TITLE
