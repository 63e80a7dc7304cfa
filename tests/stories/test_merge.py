"""Entries to a story: title, lead, tags, status, who tells it, when it was news."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stories.merge import LEAD, Part, first_sentences, merge_story, vote
from monitor.types import (
    Classification,
    Development,
    DevelopmentKind,
    Entry,
    Fact,
    LedgerRecord,
    Status,
)  # fmt: skip
from tests.stories.world import START


def part(
    number: int,
    title: str = "Larkspur raises $640 million",
    summary: str = "",
    *,
    tags: tuple[str, ...] = ("funding",),
    authority: int = 1,
    announce: bool = True,
    hours: float | None = None,
    publisher: str = "",
    status: Status | None = Status.CONFIRMED,
    possible: tuple[str, ...] = (),
) -> Part:
    at = START + timedelta(hours=number if hours is None else hours)
    entry = Entry(
        id=number, feed_id=f"feed{number % 3}", url=f"https://{publisher or 'p'}.example/{number}", title=title,
        summary=summary, author=None, published_at=at, first_seen_at=at + timedelta(minutes=5),
        publisher=publisher or f"p{number}.example",
        publisher_name=publisher or f"P{number}", language="en", announce=announce, authority=authority,
    )  # fmt: skip
    read = Classification(
        model_id="m", scores=dict.fromkeys(tags, 0.9), tags=tags, possible=possible, status=status if tags else None
    )
    return Part(entry=entry, read=read, category="press")


def test_the_best_entry_speaks() -> None:
    first = part(1, "Larkspur raises money, it is said")
    press = part(2, "Larkspur raises $640 million from Halden", authority=2)
    lab = part(3, "We have raised $640 million", "Today we close our Series C. It was led by Halden.", authority=3)
    assert merge_story([first]).title == first.entry.title
    assert merge_story([first, press]).title == press.entry.title
    story = merge_story([first, press, lab])
    assert story.title == lab.entry.title
    assert story.lead == "Today we close our Series C. It was led by Halden."
    assert story.url == lab.entry.url


def test_a_round_up_or_an_entry_about_something_else_never_speaks() -> None:
    listing = part(1, "The Download: Larkspur and more", authority=3)
    aside = part(2, "A new model from Larkspur", tags=("model-launch",), authority=3)
    told = [part(number) for number in range(3, 9)]
    story = merge_story([listing, aside, *told])
    assert story.title == told[0].entry.title


def test_an_outlier_of_thirty_does_not_make_a_tag() -> None:
    parts = [part(number) for number in range(29)] + [part(30, tags=("funding", "acquisition"))]
    story = merge_story(parts)
    assert story.tags == ("funding",)
    assert "acquisition" in story.possible
    assert story.scores["acquisition"] == 0.9, "the highest score is kept all the same"
    assert merge_story(parts[-2:]).tags == ("funding", "acquisition"), "of two, each counts"


@given(st.lists(st.sets(st.sampled_from(["funding", "acquisition", "my topic"])), min_size=1, max_size=12))
def test_a_story_with_tagged_entries_has_a_tag(tags: list[set[str]]) -> None:
    parts = [part(number, tags=tuple(sorted(each))) for number, each in enumerate(tags)]
    chosen, possible = vote(parts)
    assert bool(chosen) == any(tags)
    assert not set(chosen) & set(possible)
    assert set(chosen) | set(possible) == set().union(*tags)


def test_news_is_the_latest_arrival_that_may_be_announced() -> None:
    quiet = part(5, announce=False)
    assert merge_story([quiet]).news_at is None
    told = part(1)
    story = merge_story([told, quiet])
    assert story.news_at == told.entry.first_seen_at
    assert story.last_seen_at == quiet.entry.first_seen_at
    assert story.published_at == told.entry.published_at


def test_status_turns_with_what_is_said() -> None:
    rumours = [part(n, status=Status.RUMOURED) for n in range(4)]
    assert merge_story(rumours).status is Status.RUMOURED
    assert merge_story([*rumours, part(5), part(6)]).status is Status.CONFIRMED, "the newest all confirm"
    assert merge_story([*rumours, part(5, authority=3)]).status is Status.CONFIRMED, "the primary source says so"
    assert merge_story([part(1, tags=())]).status is None
    denied = Development(kind=DevelopmentKind.DENIED, at=START, entry_id=9, line="no")
    assert merge_story([part(1), part(2)], developments=[denied]).status is Status.RUMOURED


def test_publishers_stand_best_first_and_once() -> None:
    parts = [
        part(1, publisher="techmeme.com"),
        part(2, publisher="a.example"),
        part(3, publisher="a.example", authority=2),
        part(4, publisher="b.example", authority=3),
    ]
    story = merge_story(parts)
    assert [name for name, _, _ in story.publishers] == ["b.example", "a.example", "techmeme.com"]
    assert story.publishers[1][2] == parts[2].entry.url
    assert story.entry_count == 4


def test_companies_and_sum_come_from_the_ledger() -> None:
    facts = (
        Fact(field="recipient", value="Larkspur"), Fact(field="investor", value="Halden"),
        Fact(field="amount", value="$640M", usd=Decimal(640)), Fact(field="amount", value="$9", usd=Decimal(9000)),
    )  # fmt: skip
    record = LedgerRecord(kind="funding", status=Status.CONFIRMED, facts=facts, announced_at=START)
    story = merge_story([part(1)], records=[record])
    assert story.companies == ("Larkspur", "Halden")
    assert story.usd == Decimal(640), "the leading amount, not the highest of those in dispute"


def test_what_a_person_set_stays() -> None:
    from dataclasses import replace

    old = replace(merge_story([part(1)]), id=7, pinned=True, muted=True, topics=("chips",))
    story = merge_story([part(1), part(2)], previous=old)
    assert (story.id, story.pinned, story.muted, story.topics) == (7, True, True, ("chips",))


@pytest.mark.parametrize(
    ("summary", "lead"),
    [
        ("Larkspur raises $640 million. It is from Lyon and makes models.", "It is from Lyon and makes models."),
        ("Mr. Low of Larkspur Inc. is glad. Read more", "Mr. Low of Larkspur Inc. is glad."),
        ("", ""),
        ("One. The post X appeared first on Y.", "One."),
    ],
)
def test_leads(summary: str, lead: str) -> None:
    assert first_sentences(summary, "Larkspur raises $640 million") == lead


@given(st.text(max_size=2000))
def test_a_lead_is_short_and_of_the_texts_own_words(summary: str) -> None:
    lead = first_sentences(summary)
    assert len(lead) <= LEAD
    assert set(lead.rstrip("…").split()) - set(" ".join(summary.split()).split()) == set() or "…" in lead


def test_the_order_of_the_parts_does_not_matter() -> None:
    parts = [part(n, authority=n % 3) for n in range(7)]
    assert merge_story(parts) == merge_story(parts[::-1])
