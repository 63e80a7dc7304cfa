"""A story as the readers of certain languages get it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stories.merge import Part, merge_story
from monitor.stories.retell import needs_retelling, retold
from monitor.types import Classification, Entry, Story
from tests.stories.test_leads import told

CHINESE = told(1, "Larkspur 完成6.4亿美元融资", "Larkspur 周一宣布完成6.4亿美元融资。", authority=3)
ENGLISH = told(2, "Larkspur raises $640 million", "Halden leads the $640 million round of Larkspur, based in Lyon.")
FRENCH = told(3, "Larkspur lève 640 millions de dollars pour les modèles et la mer", "Le tour est mené par Halden.")
LISTING = told(4, "The Download: Larkspur raises $640 million, and a whale")


def story_of(*parts: Part) -> tuple[Story, list[tuple[Entry, Classification | None]]]:
    return merge_story(parts), [(part.entry, part.read) for part in parts]


def test_the_readers_first_language_that_has_a_telling_gives_title_lead_and_link() -> None:
    story, entries = story_of(CHINESE, ENGLISH, FRENCH)
    assert story.title == CHINESE.entry.title, "the stored one is the primary source's"
    assert needs_retelling(story, ["en"])
    english = retold(story, entries, ["en"])
    assert (english.title, english.lead, english.url) == (
        ENGLISH.entry.title, ENGLISH.entry.summary, ENGLISH.entry.url,
    )  # fmt: skip
    assert english.language == "en"
    assert retold(story, entries, ["de", "fr", "en"]).title == FRENCH.entry.title
    assert retold(story, entries, ["fr-CA"]).language == "fr"


def test_what_nobody_tells_in_it_stays_and_nothing_is_lost() -> None:
    story, entries = story_of(CHINESE, FRENCH)
    assert retold(story, entries, ["en"]) == story
    assert not needs_retelling(story, []), "no language named: as it was told first"
    alone, _ = story_of(CHINESE)
    assert not needs_retelling(alone, ["en"]), "there is nothing to choose from"


def test_a_story_in_the_readers_language_keeps_its_title() -> None:
    story, entries = story_of(replace(CHINESE, entry=replace(CHINESE.entry, authority=0)), ENGLISH)
    assert story.title == ENGLISH.entry.title
    assert not needs_retelling(story, ["en"])
    assert retold(story, entries, ["en"]).title == story.title


def test_an_older_story_whose_lead_is_in_another_language_gets_a_fitting_one() -> None:
    story, entries = story_of(replace(CHINESE, entry=replace(CHINESE.entry, authority=0)), ENGLISH)
    old = replace(story, lead=CHINESE.entry.summary)
    assert needs_retelling(old, ["en"])
    assert retold(old, entries, ["en"]).lead == ENGLISH.entry.summary


def test_a_round_up_or_an_entry_about_something_else_tells_no_story() -> None:
    story, entries = story_of(CHINESE, LISTING)
    assert retold(story, entries, ["en"]).title == CHINESE.entry.title
    aside = replace(ENGLISH, read=replace(ENGLISH.read, tags=("product-launch",)))
    story, entries = story_of(CHINESE, replace(CHINESE, entry=replace(CHINESE.entry, id=5)), aside)
    story = replace(story, tags=("funding",))
    assert retold(story, entries, ["en"]).title == CHINESE.entry.title


def test_an_aside_that_joined_the_story_does_not_speak_for_it() -> None:
    chinese = told(1, "Larkspur 发布 L-3 和 Harbour 2.5", authority=3)
    aside = told(2, "The sea is rising, and founders in the bay have moved on")
    near = told(6, "Larkspur shows L-3 and Harbour 2.5", authority=0)
    story, entries = story_of(chinese, aside)
    assert retold(story, entries, ["en"]).title == chinese.entry.title, "nothing in common"
    louder = told(5, "How Larkspur came to the bay", authority=3)
    story, entries = story_of(chinese, louder, near)
    story = replace(story, title=chinese.entry.title)
    assert retold(story, entries, ["en"]).title == near.entry.title


def test_publishers_who_tell_it_in_the_language_stand_first_and_all_stay() -> None:
    story, entries = story_of(CHINESE, ENGLISH, FRENCH)
    english = retold(story, entries, ["en"])
    assert english.publishers[0][0] == ENGLISH.entry.publisher
    assert {name for name, _, _ in english.publishers} == {name for name, _, _ in story.publishers}


@given(st.permutations([CHINESE, ENGLISH, FRENCH, LISTING]), st.permutations(["en", "zh", "fr"]))
def test_only_the_telling_changes(parts: list[Part], languages: list[str]) -> None:
    story, entries = story_of(*parts)
    new = retold(story, entries, languages)
    assert new == retold(*story_of(CHINESE, ENGLISH, FRENCH, LISTING), languages)
    kept = {"title": story.title, "lead": story.lead, "url": story.url, "language": story.language}
    assert replace(new, **kept, publishers=story.publishers) == story


@pytest.mark.parametrize("languages", [["en"], ["zh"], ["fr", "zh"]])
def test_entries_that_were_not_read_are_no_tellings(languages: list[str]) -> None:
    story, entries = story_of(CHINESE, ENGLISH, FRENCH)
    assert retold(story, [(entry, None) for entry, _ in entries], languages) == story
