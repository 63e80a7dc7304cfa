"""Which story an entry joins: small worlds with known answers, on the weights that ship."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.stories.match import Matcher, MatchSettings
from monitor.stories.vetoes import veto
from monitor.stories.words import load_table
from tests.stories.world import DEAL, matcher, member, place


def test_many_outlets_on_one_deal_are_one_story() -> None:
    told = [member(i, *DEAL[i % len(DEAL)], hours=i / 6, publisher=f"outlet{i}.example") for i in range(30)]
    assert len(set(place(told))) == 1


def test_two_companies_rounds_of_one_day_stay_apart() -> None:
    told = [
        member(
            1, "Larkspur AI raises $640 million led by Halden Ventures", "The Lyon start-up makes translation models."
        ),
        member(
            2,
            "Corvane raises $95 million Series B led by Ostrava Capital",
            "The Prague start-up sells AI for hospitals.",
        ),
        member(
            3, "AI translator Larkspur secures $640m from Halden Ventures", "Larkspur of Lyon makes translation models."
        ),
        member(4, "Hospital AI maker Corvane lands $95M Series B from Ostrava Capital", "Corvane is from Prague."),
    ]
    keys = place(told)
    assert keys[0] == keys[2] != keys[1] == keys[3]


def test_another_version_is_another_story() -> None:
    told = [
        member(1, "OpenAI launches GPT-7.5 with longer memory", "The new model is available today."),
        member(2, "OpenAI launches GPT-7.6 with longer memory", "The new model is available today."),
    ]
    keys = place(told)
    assert keys[0] != keys[1]


def test_round_ups_and_live_pages_stay_apart_from_what_they_list() -> None:
    told = [member(i, *DEAL[i % len(DEAL)]) for i in range(4)]
    listing = member(
        9, "Weekly funding report: Larkspur AI raises $640 million at $4 billion valuation", "Halden Ventures led."
    )
    live = member(10, "Larkspur AI raises $640 million: live updates", "Halden Ventures led the round in Larkspur.")
    keys = place([*told, listing, live])
    assert len(set(keys[:4])) == 1
    assert keys[4] != keys[0] != keys[5]


def test_a_deal_in_talks_and_signed_a_week_and_a_half_later_is_one_story() -> None:
    talks = [member(i, *text, hours=i) for i, text in enumerate([
        ("Larkspur AI in talks to raise $640 million from Halden Ventures", "The Lyon company would be worth $4 "
        "billion, sources say."),
        ("Sources: Larkspur AI is in talks with Halden Ventures on $640 million", "Larkspur of Lyon makes "
        "translation models."),
    ])]  # fmt: skip
    signed = member(
        5,
        "Larkspur AI raises $640 million from Halden Ventures",
        "The Lyon company is worth $4 billion.",
        hours=24 * 10,
    )
    stale = member(
        6,
        "Larkspur AI raises $640 million from Halden Ventures",
        "The Lyon company is worth $4 billion.",
        hours=24 * 16,
    )
    keys = place([*talks, signed])
    assert keys[0] == keys[1] == keys[2]
    assert place([*talks, stale])[2] not in keys[:2], "after fourteen days of silence it is a new story"


def test_an_old_story_takes_only_what_names_its_names() -> None:
    first = [member(i, *DEAL[i]) for i in range(2)]
    vague = member(
        5,
        "Translation start-up raises $640 million at $4 billion valuation",
        "New money from venture funds.",
        hours=24 * 10,
    )
    held = matcher()
    keys = place([*first, vague], held)
    assert keys[2] not in keys[:2]


def test_each_decision_says_why() -> None:
    held = matcher()
    place([member(0, *DEAL[0])], held)
    joins = held.decide(held.sketch(member(1, *DEAL[1])))
    assert joins.key is not None
    assert "shares" in joins.reason and "larkspur" in joins.reason
    assert joins.numbers["join"] == pytest.approx(joins.score, abs=1e-4)
    begins = held.decide(held.sketch(member(2, "Robot lawn mower learns to avoid hedgehogs")))
    assert begins.key is None
    assert begins.reason


def test_what_was_taken_in_again_changes_nothing() -> None:
    told = [member(i, *DEAL[i % len(DEAL)]) for i in range(8)]
    held = matcher()
    keys = place(told, held)
    for each, key in zip(told, keys, strict=True):
        held.add(held.sketch(each), key)
    assert len(held.window) == len(told)
    assert sum(len(group.members) for group in held.groups.values()) == len(told)


def test_the_window_slides_and_keys_change() -> None:
    held = matcher()
    keys = place([member(0, *DEAL[0]), member(1, *DEAL[1])], held)
    held.rekey(keys[0], 77)
    assert set(held.key_of.values()) == {77}
    late = held.sketch(member(2, *DEAL[2], hours=24 * 30))
    assert held.slide(late.hour) == 2
    assert not held.groups
    assert held.decide(late).key is None


EVENTS = (
    DEAL,
    (
        ("Corvane raises $95 million Series B led by Ostrava Capital", "The Prague start-up sells AI for hospitals."),
        ("Hospital AI maker Corvane lands $95M Series B from Ostrava Capital", "Corvane is from Prague."),
        ("Prague's Corvane gets $95 million for AI in hospitals", "Ostrava Capital led the Series B round in Corvane."),
    ),
    (
        ("Nimbusoft to acquire robotics lab Tarn for $1.2 billion", "Nimbusoft buys the Bergen laboratory Tarn."),
        ("Nimbusoft buys Tarn, a Norwegian robotics laboratory, for $1.2bn", "Tarn of Bergen builds robot hands."),
        ("Robotics lab Tarn acquired by Nimbusoft in $1.2 billion deal", "The Bergen lab builds hands for robots."),
    ),
    (
        ("Quillon releases Heron 3, an open-weight speech model", "Heron 3 of Quillon transcribes ninety languages."),
        ("Quillon's Heron 3 speech model is out with open weights", "It transcribes ninety languages."),
        ("Open speech model Heron 3 launched by Quillon", "The weights of Heron 3 are on the web."),
    ),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000))
def test_the_order_of_arrival_matters_little_and_events_never_mix(seed: int) -> None:
    told = [(event, text) for event, texts in enumerate(EVENTS) for text in texts]
    random.Random(seed).shuffle(told)
    keys = place([member(i, *text, hours=i / 4) for i, (_, text) in enumerate(told)])
    by_key: dict[int, set[int]] = {}
    for key, (event, _) in zip(keys, told, strict=True):
        by_key.setdefault(key, set()).add(event)
    assert all(len(events) == 1 for events in by_key.values()), "a story mixes two events"
    assert len(by_key) <= len(EVENTS) + 2


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000))
def test_a_story_never_holds_what_is_vetoed(seed: int) -> None:
    chance = random.Random(seed)
    versions, readers = ("7.1", "7.2", "7.3"), ("everyone", "coders", "schools")
    told = [member(i, f"OpenAI launches GPT-{chance.choice(versions)} for {chance.choice(readers)}") for i in range(12)]
    held = matcher(MatchSettings(threshold=0.05))
    place(told, held)
    weight = held.window.weight
    for group in held.groups.values():
        ones = list(group.members.values())
        assert all(veto(a, b, weight) is None for a in ones for b in ones)


def test_companies_that_a_finder_sees_keep_entries_apart() -> None:
    bare = matcher()
    held = Matcher(
        bare.weights,
        load_table(),
        find_companies=lambda text: frozenset(name for name in ("Larkspur", "Corvane") if name in text),
    )
    keys = place(
        [
            member(1, "Larkspur AI raises $640 million led by Halden Ventures"),
            member(2, "Corvane AI raises $640 million led by Halden Ventures"),
        ],
        held,
    )
    assert keys[0] != keys[1]
