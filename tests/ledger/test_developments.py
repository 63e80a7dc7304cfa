"""The steps of a story: what an entry's words say, and what of it is new."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.developments import development_of, step_of, words_status
from monitor.ledger.facts import read_records
from monitor.types import Development, DevelopmentKind, LedgerRecord, Status, Story
from tests.ledger.make import COMPANIES, RATES, START, Member, member, story

R, T, A, C, D = (
    DevelopmentKind.RUMOUR,
    DevelopmentKind.IN_TALKS,
    DevelopmentKind.ANNOUNCED,
    DevelopmentKind.CLOSED,
    DevelopmentKind.DENIED,
)


@pytest.mark.parametrize(
    ("title", "tags", "status", "kind"),
    [
        # in talks
        ("Acme in talks to buy Zorb", "acquisition", "rumoured", T),
        ("Acme holds early talks with Zorb over a stake", "funding", "rumoured", T),
        ("Acme nears deal to acquire Zorb", "acquisition", "rumoured", T),
        ("Acme close to raising $2B", "funding", "rumoured", T),
        ("Acme and Zorb discuss terms of a chip deal", "partnership", "rumoured", T),
        ("Acme en pourparlers pour racheter Zorb", "acquisition", "rumoured", T),
        ("Acme verhandelt über Übernahme von Zorb", "acquisition", "rumoured", T),
        ("Acme negocia la compra de Zorb", "acquisition", "rumoured", T),
        ("Acme正洽谈收购Zorb", "acquisition", "rumoured", T),
        ("AcmeがZorb買収へ交渉", "acquisition", "rumoured", T),
        # rumours
        ("Acme reportedly plans a phone", "product-launch", "rumoured", R),
        ("Sources: Acme to raise $1B", "funding", "rumoured", R),
        ("Acme may buy Zorb", "acquisition", "rumoured", R),
        ("Leak shows Acme's next model", "model-launch", "rumoured", R),
        ("Acme weighs sale, sources say", "acquisition", "rumoured", R),
        ("Acme envisagerait une levée de fonds", "funding", "rumoured", R),
        ("Acme soll laut Bericht Zorb übernehmen", "acquisition", "rumoured", R),
        ("传Acme将收购Zorb", "acquisition", "rumoured", R),
        # announced
        ("Acme to acquire Zorb for $2B", "acquisition", "confirmed", A),
        ("Acme raises $50M Series B", "funding", "confirmed", A),
        ("Acme and Zorb sign a cloud deal", "partnership", "confirmed", A),
        ("Acme releases Zorb-2", "model-launch", "confirmed", A),
        ("Acme acquisition of Zorb expected to close in May", "acquisition", "confirmed", A),
        ("Acme has yet to complete its purchase of Zorb", "acquisition", "confirmed", A),
        ("Acme opens closed beta of its app", "product-launch", "confirmed", A),
        ("Acme launches a closed-source model after its deal", "model-launch", "confirmed", A),
        ("Acme lève 30 millions d'euros", "funding", "confirmed", A),
        ("Acme宣布与Zorb达成合作", "partnership", "confirmed", A),
        ("Acme drops its new model: what the release means", "model-launch", "confirmed", A),
        ("Acme blocks deepfakes in its latest release", "product-launch", "confirmed", A),
        ("New Acme detector cuts false alarms", "product-launch", "confirmed", A),
        ("Acme does not deny it buys Zorb", "acquisition", "confirmed", A),
        # closed
        ("Acme completes its acquisition of Zorb", "acquisition", "confirmed", C),
        ("Acme closes $3 billion round", "funding", "confirmed", C),
        ("Acme finalises purchase of Zorb", "acquisition", "confirmed", C),
        ("Acme-Zorb merger completed", "acquisition", "confirmed", C),
        ("Acme shares soar in market debut", "funding", "confirmed", C),
        ("Acme boucle une levée de 30 millions d'euros", "funding", "confirmed", C),
        ("Acme完成近亿元A轮融资", "funding", "confirmed", C),
        ("Acme、Zorbの買収を完了", "acquisition", "confirmed", C),
        # denied and called off
        ("Acme denies it wants to buy Zorb", "acquisition", "confirmed", D),
        ("Acme not in talks with Zorb, CEO says", "acquisition", "rumoured", D),
        ("Talks between Acme and Zorb collapse: merger talks ended", "acquisition", "confirmed", D),
        ("Regulator blocks Acme's takeover of Zorb", "acquisition", "confirmed", D),
        ("Acme walks away from $3B deal with Zorb", "acquisition", "confirmed", D),
        ("Acme drops bid for Zorb", "acquisition", "confirmed", D),
        ("Acme calls off Zorb deal", "partnership", "confirmed", D),
        ("Acme has no plans to raise money", "funding", "rumoured", D),
        ("Acme dément vouloir racheter Zorb", "acquisition", "confirmed", D),
        ("Acme dementiert Übernahme von Zorb", "acquisition", "confirmed", D),
        ("Acme desmiente la compra de Zorb", "acquisition", "confirmed", D),
        ("Acme否认收购Zorb", "acquisition", "confirmed", D),
        ("Acme scraps launch of its phone", "product-launch", "confirmed", D),
        ("Acme denies report that it builds a phone", "product-launch", "rumoured", D),
    ],
)
def test_the_step_that_the_words_tell(title: str, tags: str, status: str, kind: DevelopmentKind) -> None:
    assert step_of(*member(1, title, tags=tags, status=status)) == (kind, title)


def test_the_line_is_the_sentence_that_says_so() -> None:
    entry, classification = member(
        1,
        "Acme wants more",
        "The firm makes robots. It is in talks with Zorb over a $2 billion deal. Shares rose.",
        tags="acquisition",
        status="rumoured",
    )
    development = development_of(None, entry, classification, ())
    assert development is not None
    assert development.kind is T
    assert development.line == "It is in talks with Zorb over a $2 billion deal."
    assert not development.follow_up


def test_a_long_line_is_cut_at_a_word() -> None:
    development = development_of(None, *member(1, "Acme raises " + "very much " * 60, tags="funding"), ())
    assert development is not None
    assert len(development.line) <= 240
    assert development.line.endswith("…")


def after(
    *kinds: DevelopmentKind, tags: tuple[str, ...] = ("acquisition",), records: tuple[LedgerRecord, ...] = ()
) -> Story:
    steps = tuple(
        Development(kind=kind, at=START.replace(day=1 + i), entry_id=100 + i, line="x", id=i)
        for i, kind in enumerate(kinds, 1)
    )
    status = Status.RUMOURED if kinds and kinds[-1] in (R, T) else Status.CONFIRMED
    return replace(story(status=status, tags=tags), developments=steps, records=records)


TALKS = member(1, "Acme in talks to buy Zorb", tags="acquisition", status="rumoured")
SAID = member(1, "Sources: Acme may buy Zorb", tags="acquisition", status="rumoured")
DONE = member(1, "Acme acquires Zorb", tags="acquisition")
CLOSED = member(1, "Acme completes its acquisition of Zorb", tags="acquisition")
DENIAL = member(1, "Acme denies it buys Zorb", tags="acquisition")


@pytest.mark.parametrize(
    ("previous", "entry", "kind"),
    [
        (after(R), TALKS, T),
        (after(R), DONE, A),
        (after(R, T), DONE, A),
        (after(A), CLOSED, C),
        (after(R), DENIAL, D),
        (after(A), DENIAL, D),
        (after(R, D), DONE, A),
        # nothing new
        (after(R), SAID, None),
        (after(T), SAID, None),
        (after(A), TALKS, None),
        (after(A), DONE, None),
        (after(A, C), DONE, None),
        (after(A, C), CLOSED, None),
        (after(R, D), DENIAL, None),
        (after(R, D), SAID, None),
        (after(R, D), TALKS, None),
        # without any step, what the story's status says
        (after(), DONE, None),
        (after(), CLOSED, C),
    ],
)
def test_only_what_is_new_is_a_development(previous: Story, entry: Member, kind: DevelopmentKind | None) -> None:
    development = development_of(previous, *entry, ())
    assert (development.kind if development else None) == kind
    if development:
        assert development.follow_up
        assert development.entry_id == entry[0].id


@pytest.mark.parametrize(
    ("previous", "title", "tags"),
    [
        # another outlet's words for the same rumour
        (after(R), "Acme targets $20bn valuation to keep its staff", "acquisition"),
        (after(R), "Acme's next phone will let you pick a model", "product-launch"),
        (after(R), "Filings: Acme is planning a listing", "acquisition"),
        (after(R), "Why Acme bought nothing", "acquisition"),
        (after(T), "Acme seeks funding at a $45B valuation", "acquisition"),
        # what happened after a denial is no announcement
        (after(A, D), "Blocking of Acme's deal raises risk for others", "acquisition"),
        (after(A, D), "Acme to backtrack on Zorb after the block", "acquisition"),
        # preparing for an end is none
        (after(A), "Acme prepares for possible unwinding of its Zorb deal", "acquisition"),
        # an outlet's words of another's error
        (after(A), "Acme has an option to buy Zorb, no completed acquisition", "acquisition"),
    ],
)
def test_another_wording_is_no_step(previous: Story, title: str, tags: str) -> None:
    entry = member(1, title, tags=tags)
    assert development_of(replace(previous, tags=(tags,)), *entry, ()) is None


def test_a_round_that_was_raised_is_closed() -> None:
    entry = member(1, "Acme raises $3M", "Acme has closed a $3M round.", tags="funding", hours=-48)
    assert development_of(after(A, tags=("funding",)), *entry, ()) is None


def test_a_purchase_does_not_close_on_the_day_it_is_announced() -> None:
    title = "Acme completes its acquisition of Zorb"
    same_day = member(1, title, tags="acquisition", hours=-47)
    assert development_of(after(A), *same_day, ()) is None
    later = development_of(after(A), *member(1, title, tags="acquisition", hours=24), ())
    assert later is not None and later.kind is C


def test_shares_that_begin_to_trade_close_a_listing() -> None:
    step = development_of(
        after(A, tags=("funding",)), *member(1, "Acme shares soar in market debut", tags="funding", hours=-47), ()
    )
    assert step is not None and step.kind is C


def test_talks_an_hour_after_the_first_rumour_are_the_same_rumour() -> None:
    assert development_of(after(R), *replace_hours(TALKS, -47), ()) is None


def replace_hours(told: Member, hours: float) -> Member:
    return replace(told[0], published_at=START + timedelta(hours=hours)), told[1]


def test_a_word_of_change_far_from_the_amount_changes_nothing() -> None:
    step = _changed(
        _raise(1, "Acme invests $500M in glass", "$500M"),
        _raise(2, "Acme invests $300M in glass", "$300M", summary="The deal would boost output to five times as much."),
    )
    assert step is None


def test_an_entry_about_something_else_moves_nothing() -> None:
    assert development_of(after(R), *member(1, "Acme's users grow", tags=""), ()) is None
    assert development_of(after(R), *member(1, "Acme launches an app", tags="product-launch"), ()) is None
    assert development_of(None, *member(1, "Acme's users grow", tags=""), ()) is None


def _raise(entry_id: int, title: str, *amounts: str, **more: str) -> Member:
    return member(entry_id, title, tags="funding", recipient=["Acme"], amount=list(amounts), **more)  # type: ignore[arg-type]


def _changed(first: Member, *second: Member) -> Development | None:
    """What the last entry changes of the story that the others told."""
    told = [first, *second[:-1]]
    previous = after(A, tags=("funding",), records=read_records(told, COMPANIES, RATES))
    records = read_records([*told, second[-1]], COMPANIES, RATES)
    return development_of(previous, *second[-1], records)


def test_an_amount_that_an_entry_moves_is_a_development() -> None:
    development = _changed(
        _raise(1, "Acme raises $6 billion", "$6 billion"),
        _raise(2, "Acme increases its round to $8 billion", "$8 billion"),
    )
    assert development is not None
    assert development.kind is DevelopmentKind.AMOUNT_CHANGED
    assert development.line == "Acme increases its round to $8 billion"


def test_an_amount_that_is_only_told_otherwise_is_none() -> None:
    first = _raise(1, "Acme raises $1 billion", "$1 billion")
    assert _changed(first, _raise(2, "Acme raises $1.03 billion, more than planned", "$1.03 billion")) is None
    assert _changed(first, _raise(2, "Acme raises $2 billion", "$2 billion")) is None, (
        "a conflict, and no word of a change"
    )
    assert _changed(first, _raise(2, "Acme expands: $1bn round", "$1bn")) is None


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Acme reportedly plans a phone", Status.RUMOURED),
        ("Acme in talks with Zorb", Status.RUMOURED),
        ("Acme launches a phone", Status.CONFIRMED),
        ("Acme and the weather", None),
    ],
)
def test_status_from_words_alone(text: str, status: Status | None) -> None:
    assert words_status(text) is status


@given(
    st.text(max_size=120),
    st.text(max_size=200),
    st.sampled_from(["funding", "product-launch", ""]),
    st.sampled_from(["confirmed", "rumoured", None]),
)
def test_no_text_breaks_it(title: str, summary: str, tags: str, status: str | None) -> None:
    development = development_of(None, *member(1, title, summary, tags=tags, status=status), ())
    if development is not None:
        assert len(development.line) <= 240
        assert "\n" not in development.line


def test_talks_of_which_the_story_already_tells_are_no_news() -> None:
    told = replace(after(R), title="Acme said to be in talks to buy Zorb")
    assert development_of(told, *TALKS, ()) is None
    assert development_of(replace(told, title="Acme eyes Zorb"), *TALKS, ()) is not None


def test_what_nears_is_not_announced() -> None:
    near = member(1, "Acme 接近与 Zorb 达成合资项目", tags="acquisition", language="zh")
    done = member(1, "Acme 与 Zorb 达成合资项目", tags="acquisition", language="zh")
    assert development_of(after(R), *near, ()) is None
    assert development_of(after(R), *done, ()) is not None


@pytest.mark.parametrize(("before", "now", "moved"), [("over $15B", "$15.8B", False), ("$15B", "$20B", True)])
def test_an_exact_sum_after_a_vague_one_has_not_changed(before: str, now: str, moved: bool) -> None:
    old = member(1, f"Tralala raises at {before} valuation", tags="funding", recipient=["Tralala"], valuation=[before])
    new = member(
        2, f"Tralala raises at a {now} valuation, up from $10B in 2025", tags="funding", recipient=["Tralala"],
        valuation=[now],
    )  # fmt: skip
    known = read_records([old], COMPANIES, RATES)
    previous = after(A, tags=("funding",), records=known)
    found = development_of(previous, *new, read_records([old, new], COMPANIES, RATES))
    assert (found is not None) is moved
