"""What leads a digest: worlds in which an editor would not hesitate, and the points behind each place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.digest.amount import own_amount
from monitor.digest.rank import order, rank
from monitor.types import DevelopmentKind, Evidence, Fact, LedgerRecord, RankedStory, Status, Story, Tag
from tests.digest.fixtures import MISTRAL, MONDAY, fact, press, record, step, story

SINCE = MONDAY - timedelta(days=2)
NAMES = ("ada.example", "bee.example", "cob.example", "dan.example")


def said_by(one: Fact, *publishers: str, place: Any = "title") -> Fact:
    """The fact with a quote of each publisher."""
    quotes = tuple(
        Evidence(entry_id=n, revision=1, publisher=name, field=place, start=0, end=len(one.value), quote=one.value)
        for n, name in enumerate(publishers, 1)
    )
    return replace(one, evidence=quotes)


def money(millions: float, *publishers: str, place: Any = "title", field: str = "amount") -> Fact:
    number = str(int(millions * 10**6))
    return said_by(fact(field, f"${millions:g}M", currency="USD", number=number, usd=number), *publishers, place=place)


def deal(id: int, title: str, *facts: Fact, kind: Tag = Tag.FUNDING, **fields: Any) -> Story:  # noqa: A002
    """A story of one deal, of as many publishers as its best-supported fact has, unless told otherwise."""
    status = fields.get("status", Status.CONFIRMED)
    voices = max((len({q.publisher for q in f.evidence}) for f in facts), default=1)
    fields.setdefault("publishers", press(*range(voices)))
    records: tuple[LedgerRecord, ...] = (record(kind, *facts, status=status),) if facts else ()
    return story(id, title, tags=(kind,), records=records, **fields)


def ranked(one: Story, **options: Any) -> RankedStory:
    return rank(one, now=MONDAY, since=SINCE, **options)


def led_by(stories: Sequence[Story]) -> list[int]:
    return [r.story.id for r in order([ranked(s) for s in stories])]


# ---------------------------------------------------------------- worlds


def test_an_interview_that_mentions_a_huge_sum_does_not_lead() -> None:
    interview = deal(
        1,
        "Interview: the founder of a $60 billion company on hiring, sleep and what comes next",
        money(60_000, NAMES[0]),
        fact("recipient", "Corvid Labs"),
    )
    # the sum without a company whose deal it would be, and without a word in the title that gives it away
    essay = deal(2, "Why founders of $60 billion companies sleep so little", money(60_000, NAMES[0]))
    round_a = deal(3, "Tessera raises $30M", money(30, *NAMES[:2]), fact("recipient", "Tessera"))
    seed = deal(4, "Quillon raises $4M", money(4, NAMES[0]), fact("recipient", "Quillon"))
    assert led_by([interview, essay, round_a, seed])[0] == 3
    assert led_by([interview, seed]) == [4, 1]
    assert "talk" in dict(ranked(interview).reasons)
    assert "amount" not in dict(ranked(essay).reasons)


def test_a_rumoured_giant_stands_below_a_confirmed_deal_that_many_tell() -> None:
    rumour = deal(
        1,
        "Larkspur is said to weigh a $40 billion round",
        money(40_000, NAMES[0]),
        fact("recipient", "Larkspur"),
        status=Status.RUMOURED,
    )
    confirmed = deal(2, "Figwort closes $120M", money(120, *NAMES[:3]), fact("recipient", "Figwort"))
    assert led_by([rumour, confirmed]) == [2, 1]
    notes = dict(ranked(rumour).notes)
    assert notes["unconfirmed"] == "rumoured"
    assert "not confirmed" in notes["amount"]


def test_a_rumour_that_everybody_tells_leads_over_a_small_round_that_one_tells() -> None:
    rumour = deal(
        1,
        "Larkspur in talks to buy Fennel Labs",
        money(9_000, *NAMES),
        fact("target", "Fennel Labs"),
        kind=Tag.ACQUISITION,
        status=Status.RUMOURED,
        publishers=press(*range(8)),
    )
    small = deal(2, "Quillon raises $4M", money(4, NAMES[0]), fact("recipient", "Quillon"))
    assert led_by([small, rumour]) == [1, 2]


def test_talks_are_no_deal_even_where_no_text_sounds_unsure() -> None:
    sure = deal(1, "Figwort raises $500M", money(500, *NAMES[:2]), fact("recipient", "Figwort"))
    talks = replace(sure, id=2, developments=(step(1, DevelopmentKind.IN_TALKS, "in talks", follow_up=False),))
    told = replace(sure, id=3, developments=(*talks.developments, step(2, DevelopmentKind.ANNOUNCED, "done")))
    assert led_by([talks, sure])[0] == 1
    assert dict(ranked(talks).notes)["unconfirmed"] == "in talks"
    assert "unconfirmed" not in dict(ranked(told).reasons)


def test_a_deal_that_is_off_has_no_amount_but_is_news() -> None:
    off = deal(
        1,
        "The purchase of Fennel Labs is off",
        money(9_000, *NAMES),
        fact("target", "Fennel Labs"),
        kind=Tag.ACQUISITION,
        developments=(step(2, DevelopmentKind.DENIED, "off"),),
    )
    assert own_amount(off) is None
    assert dict(ranked(off).reasons)["event"] == 30.0


def test_a_valuation_is_not_the_amount() -> None:
    valued = deal(
        1, "Figwort, worth $90 billion, raises $20M", money(90_000, *NAMES, field="valuation"), money(20, *NAMES),
        fact("recipient", "Figwort"),
    )  # fmt: skip
    found = own_amount(valued)
    assert found is not None
    assert found.usd == Decimal(20_000_000)


def test_of_amounts_that_contradict_each_other_with_equal_support_the_smaller_counts() -> None:
    torn = deal(
        1, "Figwort raises", money(5_000, *NAMES[:2]), money(500, *NAMES[2:]), fact("recipient", "Figwort")
    )  # fmt: skip
    found = own_amount(torn)
    assert found is not None
    assert found.usd == Decimal(500_000_000)
    by_hand = replace(money(700), by_hand=True)
    hand = replace(torn, records=(record("funding", by_hand, *torn.records[0].facts),))
    assert own_amount(hand) is not None
    assert own_amount(hand).words == "$700M, set by hand"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (money(500, *NAMES[:3]), money(500, *NAMES[:1])),
        (money(500, *NAMES[:2]), money(500, *NAMES[:1])),
        (money(500, *NAMES[:2]), money(500, *NAMES[:2], place="summary")),
        (money(5_000, *NAMES[:2]), money(50, *NAMES[:2])),
    ],
)
def test_support_of_an_amount(better: Fact, worse: Fact) -> None:
    pair = [
        deal(n, "Figwort raises", one, fact("recipient", "Figwort"), publishers=press(0))
        for n, one in ((1, worse), (2, better))
    ]
    assert led_by(pair) == [2, 1]
    high, low = (dict(ranked(s).reasons)["amount"] for s in reversed(pair))
    assert high > low > 0


def test_the_companys_own_word_needs_no_second_publisher() -> None:
    own = deal(1, "We have raised $50M", money(50, NAMES[0]), fact("recipient", "Figwort"), authority=3)
    found = own_amount(own)
    assert found is not None
    assert (found.support, found.words) == (1.0, "$50M, first hand")


def test_a_doubtful_tag_is_worth_less_than_a_sure_one() -> None:
    sure, doubtful = (replace(MISTRAL, id=n, scores=dict.fromkeys(MISTRAL.tags, s)) for n, s in ((1, 0.97), (2, 0.45)))
    assert led_by([doubtful, sure]) == [1, 2]
    bare = replace(sure, id=3, records=())
    assert led_by([bare, sure]) == [1, 3]
    assert "nothing read of it" in dict(ranked(bare).notes)["event"]


def test_an_event_that_several_tell_is_no_talk_whatever_the_title_says() -> None:
    one = deal(1, "Podcast maker Figwort raises $9M", money(9, *NAMES[:2]), fact("recipient", "Figwort"))
    assert "talk" not in dict(ranked(one).reasons)
    assert "talk" in dict(ranked(replace(one, independent=1)).reasons)


@pytest.mark.parametrize(
    "title",
    [
        "The Week in Review: who bought whom",
        "Models & Money #231",
        "Q&A with the chief of Larkspur",
        "Im Gespräch mit der Gründerin von Wortwerk",
        "Entretien avec le patron de Corvid",
        "独家专访：云雀创始人谈融资",
        "創業者インタビュー：次の資金調達",
        "Larkspur's purchase explained",
    ],
)
def test_titles_of_talk(title: str) -> None:
    one = deal(1, title, money(900, NAMES[0]), fact("recipient", "Corvid"))
    plain = replace(one, id=2, title="Corvid raises $900M")
    assert led_by([one, plain]) == [2, 1]


def test_titles_that_only_look_like_talk() -> None:
    for title in ("Viewpoint Labs raises $9M", "Tribunal clears the purchase of Fennel", "Corvid ranks #1 in chips"):
        assert "talk" not in dict(ranked(deal(1, title, money(9, NAMES[0]), fact("recipient", "C"))).reasons), title


# ---------------------------------------------------------------- the sum


def test_ranking_says_its_reasons() -> None:
    found = ranked(MISTRAL, watched=("mistral ai",))
    reasons, notes = dict(found.reasons), dict(found.notes)
    assert found.score == pytest.approx(sum(reasons.values()))
    assert [points for _, points in found.reasons] == sorted(reasons.values(), reverse=True)
    assert reasons["event"] == 39.0
    assert notes["event"] == "model-launch, score 0.93, also funding, also partnership, also product-launch"
    assert (reasons["watched companies"], notes["watched companies"]) == (15.0, "Mistral AI")
    assert (reasons["authority"], notes["authority"]) == (10.0, "a primary source")
    assert reasons["freshness"] == pytest.approx(7.1)
    assert notes["freshness"] == "12 hours old"
    assert notes["independent publishers"] == "7 publishers"
    assert notes["amount"] == "$16.3M, first hand"
    assert set(notes) <= set(reasons)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"tags": (Tag.ACQUISITION,)}, {"tags": (Tag.PRODUCT_LAUNCH,)}),
        ({"independent": 8}, {"independent": 1}),
        ({"authority": 3}, {"authority": 0}),
        ({}, {"status": Status.RUMOURED}),
        ({}, {"news_at": MONDAY - timedelta(hours=40)}),
        ({}, {"first_seen_at": MONDAY - timedelta(days=5)}),
        ({"topics": ("chips",), "tags": ()}, {"tags": ()}),
    ],
)
def test_what_lifts_a_story(better: dict[str, Any], worse: dict[str, Any]) -> None:
    assert led_by([story(2, "b", **worse), story(1, "a", **better)]) == [1, 2]


def test_pinned_comes_first() -> None:
    stories = [MISTRAL, replace(story(2, "Small", tags=(Tag.PRODUCT_LAUNCH,)), pinned=True)]
    assert led_by(stories) == [2, 1]


@given(
    millions=st.floats(0.01, 10**7),
    voices=st.integers(1, 4),
    place=st.sampled_from(["title", "summary"]),
    status=st.sampled_from(list(Status)),
    kind=st.sampled_from([Tag.FUNDING, Tag.ACQUISITION, Tag.PARTNERSHIP]),
)
def test_no_amount_lifts_a_deal_over_one_that_four_times_as_many_tell(
    millions: float, voices: int, place: str, status: Status, kind: Tag
) -> None:
    parties = tuple(fact(f, "Figwort") for f in ("recipient", "target", "partner"))
    rich = deal(1, "Figwort", money(millions, *NAMES[:voices], place=place), *parties, kind=kind, status=status)
    found = ranked(replace(rich, independent=1))
    points = dict(found.reasons).get("amount", 0.0)
    assert 0 <= points <= 14
    assert (points > 0) == (millions >= 1.4) or 1 < millions < 1.4
    poor = deal(2, "Fennel", *parties, kind=kind, status=status)
    assert found.score == pytest.approx(ranked(poor).score + points, abs=0.11)
    assert ranked(replace(poor, independent=4)).score > found.score


# ---------------------------------------------------------------- who reads it, and whether it is about AI


def test_what_the_reader_can_read_stands_first_and_nothing_goes() -> None:
    foreign = deal(
        1, "Larkspur 完成6.4亿美元融资", money(640, *NAMES[:2]), fact("recipient", "Larkspur"), language="en"
    )
    english = deal(2, "Tessera raises $600M", money(600, *NAMES[:2]), fact("recipient", "Tessera"))
    found = [ranked(one, languages=("en", "fr")) for one in (foreign, english)]
    assert [r.story.id for r in order(found)] == [2, 1]
    assert dict(found[0].notes)["language"] == "told only in Chinese"
    assert led_by([foreign, english]) == [1, 2], "a reader who names no language"
    assert "language" not in dict(ranked(foreign, languages=("en", "zh-Hans")).reasons)


@pytest.mark.parametrize(
    "title",
    [
        "Brightwater to buy Highmoor Power for $66 billion amid AI boom",
        "Brightwater buys Highmoor Power in bet on AI demand",
        "在人工智能热潮中，Brightwater 将以668亿美元收购 Highmoor",
    ],
)
def test_a_deal_for_which_ai_is_only_the_occasion_leads_nothing(title: str) -> None:
    parties = (fact("acquirer", "Brightwater"), fact("target", "Highmoor"))
    sums = money(66_000, *NAMES[:3])
    utility = deal(1, title, sums, *parties, kind=Tag.ACQUISITION, companies=("Brightwater", "Highmoor"))
    startup = deal(2, "Larkspur buys model maker Quillon", money(300, *NAMES[:3]), *parties, kind=Tag.ACQUISITION)
    assert led_by([utility, startup]) == [2, 1]
    assert "occasion" in dict(ranked(utility).notes)
    assert "occasion" not in dict(ranked(utility, watched=("Brightwater",)).reasons), "its reader watches the company"


def test_a_company_of_ai_keeps_its_points_whatever_the_boom() -> None:
    chips = deal(1, "Larkspur, an AI chipmaker, raises $5B amid AI boom", money(5000, NAMES[0]))
    robots = deal(2, "Larkspur raises $5B amid AI boom", money(5000, NAMES[0]), lead="It makes language models.")
    assert all("occasion" not in dict(ranked(one).reasons) for one in (chips, robots))


def test_a_newsletter_of_many_things_is_no_launch() -> None:
    listing = story(1, "L-3 Fast \u26a1, Harbour 2.5 \U0001f5bc, new chips \u2728", tags=(Tag.MODEL_LAUNCH,))
    launch = story(2, "Larkspur shows L-3", tags=(Tag.MODEL_LAUNCH,))
    assert led_by([listing, launch]) == [2, 1]
