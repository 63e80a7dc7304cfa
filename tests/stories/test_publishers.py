"""How many tell a story independently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stories.publishers import OWNERS, Telling, count_independent, owner_of

RELEASE = "Larkspur today announced that it has closed a round of 640 million dollars led by Halden Ventures of Oslo."


def tell(publisher: str, title: str = "", summary: str = "") -> Telling:
    return Telling(publisher=publisher, title=title or f"{publisher} has it", summary=summary)


def test_every_domain_has_one_owner() -> None:
    listed = [domain for domains in OWNERS.values() for domain in domains]
    assert len(listed) == len(set(listed))
    assert all(domain == domain.lower() and "." in domain for domain in listed)


@pytest.mark.parametrize(
    ("domain", "owner"), [("wired.com", "Conde Nast"), ("uk.pcmag.com", "Ziff Davis"), ("a.example", "a.example")]
)
def test_owner(domain: str, owner: str) -> None:
    assert owner_of(domain) == owner


def test_outlets_of_one_owner_count_once() -> None:
    assert count_independent([tell("wired.com"), tell("arstechnica.com"), tell("theverge.com")]) == 2


def test_reprints_of_a_release_count_once() -> None:
    copies = [
        tell("prnewswire.com", "Larkspur closes round", RELEASE),
        tell("a.example", "Larkspur closes a round", RELEASE),
    ]
    assert count_independent([*copies, tell("b.example")]) == 2


def test_an_agencys_text_counts_once_wherever_it_is_printed() -> None:
    texts = [
        tell("a.example", summary="(Reuters) - Larkspur got money"),
        tell("b.example", summary="By Reuters: money for Larkspur"),
    ]
    assert count_independent([*texts, tell("reuters.com")]) == 1


def test_an_aggregator_counts_only_where_nobody_else_tells_it() -> None:
    assert count_independent([tell("techmeme.com"), tell("a.example")]) == 1
    assert count_independent([tell("techmeme.com")]) == 1
    assert count_independent([]) == 0


@given(
    st.lists(
        st.tuples(st.sampled_from(["a.example", "b.example", "wired.com", "techmeme.com"]), st.text(max_size=60)),
        min_size=1,
    )
)
def test_never_more_than_publishers_never_less_than_one(told: list[tuple[str, str]]) -> None:
    tellings = [tell(publisher, title) for publisher, title in told]
    found = count_independent(tellings)
    assert 1 <= found <= len({t.publisher for t in tellings})
    assert found == count_independent(tellings[::-1])
