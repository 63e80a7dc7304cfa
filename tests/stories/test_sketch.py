"""What is taken from an entry's text."""

from __future__ import annotations

import pytest

from monitor.stories.sketch import clean_lead, clean_title, form, sums, versions
from monitor.stories.words import load_table

TABLE = load_table()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("raises $640 million", {("usd", 640e6)}),
        ("raises $640M at $4bn", {("usd", 640e6), ("usd", 4e9)}),
        ("gets €1.2bn", {("eur", 1.2e9)}),
        ("7 Mrd. Euro", {("eur", 7e9)}),
        ("10亿美元", {("usd", 1e9)}),
        ("a $20 plan", set()),
        ("no money at all, 640 people", set()),
    ],
)
def test_sums(text: str, expected: set[tuple[str, float]]) -> None:
    assert sums(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OpenAI launches GPT-5.5", {"gpt": {"5.5"}}),
        ("Introducing Claude Opus 4.8", {"opus": {"4.8"}}),
        ("GPT-5.5, its first since GPT-4.5", {"gpt": {"5.5", "4.5"}}),
        ("Raises 65 million in 2026", {}),
        ("Top 10 tools", {}),
        ("The 3.5 million users", {}),
    ],
)
def test_versions(text: str, expected: dict[str, set[str]]) -> None:
    assert {family: set(numbers) for family, numbers in versions(text, TABLE).items()} == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Keynote live blog: all the news", "live"),
        ("Developer day 2026: live updates", "live"),
        ("The Download: two labs and a lawsuit", "roundup"),
        ("Everything announced at the conference", "roundup"),
        ("Weekly funding report", "roundup"),
        ("\U0001f63a Agents are everywhere", "roundup"),
        ("Why chips are scarce", "talk"),
        ("Larkspur raises $640M", "report"),
    ],
)
def test_form(title: str, expected: str) -> None:
    assert form(title) == expected


def test_an_aggregators_credit_and_a_publishers_name_go() -> None:
    assert clean_title("Larkspur raises money in a round (Ada Byron/The Courier)") == "Larkspur raises money in a round"
    assert clean_title("Larkspur raises money today - The Courier") == "Larkspur raises money today"
    assert clean_title("GPT - a story") == "GPT - a story"


def test_boilerplate_goes_from_the_lead() -> None:
    assert (
        clean_lead("Larkspur has money. The post Larkspur raises appeared first on Courier.") == "Larkspur has money."
    )
    assert clean_lead("Article URL: https://a.example Points: 4 # Comments: 2") == ""
