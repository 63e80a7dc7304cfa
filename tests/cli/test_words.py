"""How times, money, counts and sizes are said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from monitor.cli.words import ago, day, minute, money, several, size, span

NOW = datetime(2024, 2, 26, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "currency", "words"),
    [
        ("6600000000", "USD", "$6.6B"),
        ("385000000", "EUR", "€385M"),
        ("20000000", "CHF", "CHF 20M"),
        ("1234567", "USD", "$1.23M"),
        ("1000", "USD", "$1k"),
        ("999", "USD", "$999"),
        ("0.5", "USD", "$0.5"),
        ("2000000000000", "USD", "$2T"),
        ("100000000", "USD", "$100M"),
    ],
)
def test_money(value: str, currency: str, words: str) -> None:
    assert money(Decimal(value), currency) == words


def test_nothing_is_said_of_nothing() -> None:
    assert (money(None), day(None), minute(None)) == ("", "", "")
    assert ago(None, NOW) == "never"


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (timedelta(), "now"),
        (timedelta(minutes=5), "5m ago"),
        (timedelta(days=2, hours=3, minutes=4), "2d 3h ago"),
        (timedelta(days=7, minutes=4), "1w ago"),
        (timedelta(minutes=-90), "in 1h 30m"),
    ],
)
def test_ago(gap: timedelta, words: str) -> None:
    assert ago(NOW - gap, NOW) == words


def test_counts_and_sizes() -> None:
    assert [several(n, "entry") for n in (0, 1, 1200)] == ["0 entries", "1 entry", "1,200 entries"]
    assert several(2, "story", "stories") == "2 stories"
    assert [size(n) for n in (0, 999, 1400, 8_100_000)] == ["0 B", "999 B", "1.4 kB", "8.1 MB"]
    assert span(0) == "0s"
    assert day(NOW) == "2024-02-26"
