"""The lead: a sentence that says what happened, in the title's language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.stories.leads import first_sentences, is_about
from monitor.stories.merge import Part, merge_story
from tests.stories.test_merge import part

TITLE = "Larkspur raises $640 million"


def told(number: int, title: str, summary: str = "", *, language: str = "en", authority: int = 1) -> Part:
    found = part(number, title, summary, authority=authority)
    return replace(found, entry=replace(found.entry, language=language))


@pytest.mark.parametrize(
    ("summary", "lead"),
    [
        # a question or an invitation says nothing
        ("What does that mean for Lyon? The model maker hires 200 people.", "The model maker hires 200 people."),
        ("Here's what you should know. The round was led by Halden.", "The round was led by Halden."),
        ("Follow our live coverage of the day. The round closed on Monday.", "The round closed on Monday."),
        ("It lives! The round was led by Halden.", "The round was led by Halden."),
        # a snippet that begins in the middle of a sentence
        ("of the largest rounds in Lyon. Halden leads it.", "Halden leads it."),
        ("xAI and Halden lead the round.", "xAI and Halden lead the round."),
        # the feed cut the last sentence off
        ("Halden leads the round. The company, which was founded in", "Halden leads the round."),
        ("Halden leads the round. It hires ...", "Halden leads the round."),
        ("Halden leads a round that makes the company one of", "Halden leads a round that makes the company one of"),
        # the title once more, with a full stop or the outlet's name behind it
        ("Larkspur raises $640 million. - Bay Ledger", ""),
        # datelines and labels
        ("LYON, May 4 (Reuters) - Larkspur has closed a round.", "Larkspur has closed a round."),
        ("IT之家 5 月 4 日消息，该公司完成融资。", "该公司完成融资。"),
    ],
)
def test_only_what_says_something(summary: str, lead: str) -> None:
    assert first_sentences(summary, TITLE, teasers=False) == lead


def test_a_teaser_stands_where_the_best_entry_has_nothing_else() -> None:
    question = told(1, TITLE, "What does that mean for Lyon?", authority=3)
    assert merge_story([question]).lead == "What does that mean for Lyon?"
    other = told(2, "Lyon's Larkspur closes round", "Larkspur closed a round of $640 million led by Halden.")
    assert merge_story([question, other]).lead == other.entry.summary


def test_another_entrys_lead_must_be_about_the_same() -> None:
    bare = told(1, TITLE, authority=3)
    aside = told(2, "Larkspur's founder on sleep", "Mr Low sleeps eight hours, he told a court in Paris.")
    assert merge_story([bare, aside]).lead == ""
    assert is_about("Larkspur has raised $640 million from Halden.", TITLE)
    assert is_about("拉克斯珀完成融资，哈尔登领投", "拉克斯珀完成新一轮融资")


def test_title_and_lead_are_in_one_language_whatever_the_feeds_declare() -> None:
    bare = told(1, "Larkspur raises $640 million from Halden", authority=3)
    chinese = told(
        2, "Larkspur 完成融资", "Larkspur 完成 640 million 美元融资，Halden 领投。", language="en", authority=2
    )
    english = told(3, "Halden leads Larkspur's round", "Halden leads the $640 million round of Larkspur.")
    assert merge_story([bare, chinese]).lead == ""
    assert merge_story([bare, chinese, english]).lead == english.entry.summary
    assert merge_story([chinese]).language == "zh"
