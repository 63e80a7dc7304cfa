"""The query language: pure, total, and written back as it was read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.query import (
    And,
    Not,
    Or,
    Query,
    Term,
    merged,
    parse_amount,
    parse_query,
    parse_when,
    selection_of,
    words_of,
    words_of_query,
)
from monitor.types import Selection
from tests.archive.samples import NOW


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", None),
        ("   ", None),
        ("a", Term("a")),
        ("a b", And((Term("a"), Term("b")))),
        ("a AND b", And((Term("a"), Term("b")))),
        ("a OR b c", Or((Term("a"), And((Term("b"), Term("c")))))),
        ("(a OR b) c", And((Or((Term("a"), Term("b"))), Term("c")))),
        ("-a", Not(Term("a"))),
        ('-"a b"', Not(Term("a b"))),
        ("-(a b)", Not(And((Term("a"), Term("b"))))),
        ("mod*", Term("mod", prefix=True)),
        ('"a b"*', Term("a b", prefix=True)),
        ('"open', Term("open")),
        ("((((", None),
        ("a) b", And((Term("a"), Term("b")))),
        ("OR a OR", Term("a")),
        ("or", Term("or")),
        ("what:ever", Term("what ever")),
        ("tag:", Term("tag:")),
        ("!!! ???", None),
        ("a-b", Term("a-b")),
        ("a - b", And((Term("a"), Term("b")))),
    ],
)
def test_words(text: str, node: object) -> None:
    query = parse_query(text)
    assert query.words == node
    assert query.problems == ()


def test_fields() -> None:
    query = parse_query(
        'tag:funding TAG:acquisition company:"Mistral AI" -company:Meta lang:fr since:2026-01 until:2026 amount>=1.5bn '
        "amount<2T publishers>2 score>=0.8 topic:robots publisher:x.example feed:lab category:press rest",
        NOW,
    )
    assert query == Query(
        words=Term("rest"),
        tags=("funding", "acquisition"),
        companies=("Mistral AI",),
        without_companies=("Meta",),
        languages=("fr",),
        topics=("robots",),
        publishers=("x.example",),
        feeds=("lab",),
        categories=("press",),
        since=datetime(2026, 1, 1, tzinfo=UTC),
        until=datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        min_amount=Decimal("1500000000"),
        max_amount=Decimal("2000000000000"),
        min_publishers=3,
        min_score=0.8,
    )


def test_names_of_days_are_values_in_a_query_too() -> None:
    query = parse_query('mistral since:last-week until:"last week"', NOW)
    assert (query.words, query.problems) == (Term("mistral"), ())
    assert query.since == datetime(2026, 2, 23, tzinfo=UTC)
    assert query.until == datetime(2026, 3, 1, 23, 59, 59, 999999, tzinfo=UTC)
    assert parse_query("since:yesterday").problems == ("since: 'yesterday': an age needs a present",)


@pytest.mark.parametrize(
    "text", ["since:yesterdayish", "until:2026-02-30", "amount>=lots", "publishers>=x", "score<1", "since:7d"]
)
def test_a_value_that_cannot_be_read_is_told(text: str) -> None:
    query = parse_query(text + " word")
    assert query.words == Term("word")
    [problem] = query.problems
    assert problem.startswith(text.partition(":")[0].partition("<")[0].partition(">")[0])
    with pytest.raises(ValueError, match=problem.partition(":")[0]):
        selection_of(text)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", "2026-01-01T00:00:00", "2026-12-31T23:59:59.999999"),
        ("2024-02", "2024-02-01T00:00:00", "2024-02-29T23:59:59.999999"),
        ("2024-2-9", "2024-02-09T00:00:00", "2024-02-09T23:59:59.999999"),
        ("2024-02-09T10:30", "2024-02-09T10:30:00", "2024-02-09T10:30:00"),
        ("yesterday", "2026-03-01T00:00:00", "2026-03-01T23:59:59.999999"),
        ("2d", "2026-02-28T09:00:00", "2026-02-28T09:00:00"),
        ("36h", "2026-02-28T21:00:00", "2026-02-28T21:00:00"),
        ("1y", "2025-03-02T09:00:00", "2025-03-02T09:00:00"),
        ("3 days", "2026-02-27T09:00:00", "2026-02-27T09:00:00"),
        ("2 Weeks ago", "2026-02-16T09:00:00", "2026-02-16T09:00:00"),
        ("last-30-days", "2026-01-31T09:00:00", "2026-01-31T09:00:00"),
        ("today", "2026-03-02T00:00:00", "2026-03-02T23:59:59.999999"),
        ("this week", "2026-03-02T00:00:00", "2026-03-08T23:59:59.999999"),
        ("last-week", "2026-02-23T00:00:00", "2026-03-01T23:59:59.999999"),
        ("this month", "2026-03-01T00:00:00", "2026-03-31T23:59:59.999999"),
        ("Last Month", "2026-02-01T00:00:00", "2026-02-28T23:59:59.999999"),
        ("last year", "2025-01-01T00:00:00", "2025-12-31T23:59:59.999999"),
        ("2024-02-09T10:30+02:00", "2024-02-09T08:30:00", "2024-02-09T08:30:00"),
        ("99999y", "0001-01-01T00:00:00", "0001-01-01T00:00:00"),
    ],
)
def test_moments(text: str, start: str, end: str) -> None:
    assert parse_when(text, NOW) == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert parse_when(text, NOW, end=True) == datetime.fromisoformat(end).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100M", "1e8"),
        ("$1.5bn", "1.5e9"),
        ("250000", "250000"),
        ("250,000", "250000"),
        ("2 million", "2e6"),
        ("1_000k", "1e6"),
        ("1,5M", "1.5e6"),
    ],
)
def test_amounts(text: str, value: str) -> None:
    assert parse_amount(text) == Decimal(value)


WORD = st.text(alphabet="abcé智", min_size=1, max_size=5)
TERMS = st.builds(Term, WORD, st.booleans())
NODES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda n: And(tuple(n))),
        st.lists(inner, min_size=2, max_size=3).map(lambda n: Or(tuple(n))),
        inner.map(Not),
    ),
    max_leaves=6,
)
NAMES = st.lists(
    st.text(alphabet="ab. -(é", min_size=1, max_size=8).map(str.strip).filter(bool), max_size=3, unique=True
)
LISTS = NAMES.map(tuple)
SELECTIONS = st.builds(
    Selection,
    tags=LISTS,
    topics=LISTS,
    companies=LISTS,
    languages=LISTS,
    feeds=LISTS,
    categories=LISTS,
    min_score=st.sampled_from([0.0, 0.25, 0.8]),
    min_amount=st.one_of(st.none(), st.decimals(min_value=0, max_value=10**12, places=2)),
    min_publishers=st.integers(1, 9),
    query=st.just(""),
)


@given(st.text(max_size=300))
def test_any_text_is_read_and_written_back(text: str) -> None:
    query = parse_query(text, NOW)
    again = parse_query(words_of_query(query), NOW)
    assert replace(again, problems=()) == replace(query, problems=())


@given(NODES)
def test_nodes_are_written_and_read_back(node: And | Or | Not | Term) -> None:
    first = parse_query(words_of_query(Query(words=node)))
    assert first.problems == ()
    assert parse_query(words_of_query(first)) == first


@given(SELECTIONS)
def test_a_selection_is_written_and_read_back(selection: Selection) -> None:
    assert selection_of(words_of(selection)) == selection


def test_what_a_selection_has_no_field_for_stays_in_its_query() -> None:
    selection = selection_of("tag:funding mistral -rumour publisher:x.example since:2026-01-01")
    assert selection.tags == ("funding",)
    assert parse_query(selection.query) == parse_query("mistral -rumour publisher:x.example since:2026-01-01")
    assert parse_query(words_of(selection)) == parse_query(
        "tag:funding mistral -rumour publisher:x.example since:2026-01-01"
    )


def test_merging_narrows() -> None:
    selection = Selection(tags=("funding", "acquisition"), min_amount=Decimal(5), query="mistral since:2026-01-01")
    both = merged(parse_query("tag:funding large amount>=9 since:2025-01-01"), selection, NOW)
    assert both.tags == ("funding",)
    assert both.min_amount == Decimal(9)
    assert both.since == datetime(2026, 1, 1, tzinfo=UTC)
    assert both.words == And((Term("large"), Term("mistral")))
    none = merged(parse_query("tag:partnership"), selection, NOW)
    assert none.tags not in (("partnership",), ())


def test_a_very_long_query_is_cut() -> None:
    assert parse_query("word " * 100_000 + "(" * 100_000).problems == ()
    assert parse_when("0d", NOW) == NOW - timedelta(0)
