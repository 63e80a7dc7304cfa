"""What is in a digest, where, in which order, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.digest.build import DEFAULT_SECTIONS, REST, build, digest_key, into_sections, told, without
from monitor.digest.rank import order, rank
from monitor.digest.select import explain_not_sent, highest_development, news_for, why_not
from monitor.types import DevelopmentKind, Digest, SectionSpec, Selection, Story, Tag
from tests.digest.fixtures import MISTRAL, MONDAY, SPEC, STORIES, many, press, step, story

SINCE = MONDAY - timedelta(days=2)


def made(stories: Sequence[Story], sent: dict[int, int] | None = None, **changes: Any) -> Digest:
    return build(replace(SPEC, **changes), stories, due_at=MONDAY, since=SINCE, sent=sent or {})


def titles(digest: Digest) -> dict[str, list[int]]:
    return {s.title: [r.story.id for r in (*s.stories, *s.more)] for s in digest.sections}


def test_each_story_once_in_its_first_fitting_section() -> None:
    digest = made(STORIES)
    assert titles(digest) == {"Models": [1, 5], "Deals": [4, 2, 7, 3], "Products": [6]}
    assert digest.key == "daily@2024-02-27T07:00Z" == digest_key("daily", MONDAY)


def test_what_fits_no_section_comes_in_a_last_one() -> None:
    stories = [*STORIES, story(8, "Chips for robots", tags=(), topics=("chips",))]
    assert titles(made(stories))[REST] == [8]
    assert titles(made(stories, sections=()))[REST] == [8]
    assert set(titles(made(stories, sections=()))) <= {s.title for s in DEFAULT_SECTIONS} | {REST}


def test_caps_move_the_rest_to_more_and_lose_nothing() -> None:
    stories = many(90)
    digest = made(stories, cap=20)
    assert sorted(r.story.id for r in digest.stories) == sorted(s.id for s in stories)
    shown = [r for s in digest.sections for r in s.stories]
    assert len(shown) == 20
    assert all(len(s.stories) <= spec.cap for s, spec in zip(digest.sections, SPEC.sections, strict=False))


def test_pinned_comes_first_and_muted_never() -> None:
    stories = [replace(s, pinned=s.id == 7, muted=s.id == 3) for s in STORIES]
    assert titles(made(stories))["Deals"] == [7, 4, 2]


def test_nothing_comes_twice_but_a_development() -> None:
    denied = next(s for s in STORIES if s.id == 4)
    sent = {s.id: highest_development(s) for s in STORIES}
    assert made(STORIES, sent).sections == ()
    again = made(STORIES, {**sent, 4: 40})
    assert [(r.story.id, [d.id for d in r.developments]) for r in again.stories] == [(4, [41])]
    assert told(again) == ((4, 41),)
    assert news_for(denied, {4: 41}) is None
    # the story's beginning is no development, however late it is found
    beginning = replace(denied, developments=(step(99, DevelopmentKind.ANNOUNCED, "x", follow_up=False),))
    assert news_for(beginning, {4: 0}) is None


def test_without() -> None:
    digest = without(made(STORIES), frozenset({1, 5}))
    assert set(titles(digest)) == {"Deals", "Products"}


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(tags=("funding",)), None),
        (Selection(tags=("acquisition",)), "tags"),
        (Selection(topics=("chips",)), "topics"),
        (Selection(companies=("MISTRAL  ai",)), None),
        (Selection(companies=("OpenAI",)), "companies"),
        (Selection(languages=("en-GB",)), None),
        (Selection(languages=("de",)), "languages"),
        (Selection(min_score=0.9), None),
        (Selection(min_score=0.95), "score"),
        (Selection(min_amount=Decimal(16_000_000)), None),
        (Selection(min_amount=Decimal(17_000_000)), "amount|\\$16,300,000"),
        (Selection(min_publishers=8), "independent publishers"),
        (Selection(feeds=("a",)), "feeds"),
        (Selection(categories=("lab",)), "categories"),
    ],
)
def test_why_not(selection: Selection, words: str | None) -> None:
    found = why_not(MISTRAL, selection)
    if words is None:
        assert found is None
    else:
        assert found is not None
        assert any(word.replace("\\", "") in found for word in words.split("|"))


def test_explain() -> None:
    def explained(one: Story, **options: Any) -> str:
        return explain_not_sent(one, Selection(), **{"digest": "daily", "sent": {}, **options})

    assert "muted" in explained(replace(MISTRAL, muted=True))
    assert "not news" in explained(replace(MISTRAL, news_at=None))
    assert "no development" in explained(MISTRAL, sent={1: 0})
    assert "outside the look-back" in explained(MISTRAL, in_look_back=False)
    assert "section was full" in explained(MISTRAL, shown=False)
    assert "qualifies" in explained(MISTRAL)


@given(
    ids=st.lists(st.integers(1, 60), unique=True, max_size=60),
    caps=st.lists(st.integers(0, 9), min_size=1, max_size=4),
    cap=st.integers(0, 30),
)
def test_sections_are_a_partition(ids: list[int], caps: list[int], cap: int) -> None:
    stories = [s for s in many(61, start=0) if s.id in ids]
    specs = [SectionSpec(title=str(n), tags=(list(Tag)[n],), cap=size) for n, size in enumerate(caps)]
    ranked = order([rank(s, now=MONDAY, since=SINCE) for s in stories])
    sections = into_sections(ranked, specs, cap)
    everything = [r.story.id for s in sections for r in (*s.stories, *s.more)]
    assert sorted(everything) == sorted(ids)
    assert sum(len(s.stories) for s in sections) <= cap
    assert all(s.stories or s.more for s in sections)


def test_sources_of_the_fixtures_are_distinct() -> None:
    assert len({domain for domain, _, _ in press(*range(8))}) == 8
