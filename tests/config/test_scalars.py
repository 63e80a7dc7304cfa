"""Durations, amounts, zones, networks, addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import scalars
from monitor.config.render import duration_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("5 min", 300),
        ("1h30m", 5400),
        ("2 hours", 7200),
        ("1d", 86400),
        ("1.5h", 5400),
        ("2 weeks", 1209600),
    ],
)
def test_duration(text: str, seconds: int) -> None:
    assert scalars.duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value", [5, 5.0, True, None, "", "5", "m", "5 parsecs", "-5m", "5m!", "99999999999w", [], "1h 30"]
)
def test_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match=r"duration|hundred years"):
        scalars.duration(value)


@given(st.integers(0, 10**9))
def test_a_duration_is_written_as_it_is_read(seconds: int) -> None:
    assert scalars.duration(duration_text(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("value", "usd"),
    [
        (5_000_000, "5000000"),
        ("5M", "5000000"),
        ("$1.5 billion", "1500000000"),
        ("50k", "50000"),
        ("1,500,000 USD", "1500000"),
        (2.5, "2.5"),
    ],
)
def test_amount(value: object, usd: str) -> None:
    assert scalars.amount(value) == Decimal(usd)


@pytest.mark.parametrize("value", ["€5M", "five", "", None, True, "5 gazillion", "1.2.3"])
def test_no_amount(value: object) -> None:
    with pytest.raises(ValueError, match="is no amount"):
        scalars.amount(value)


@pytest.mark.parametrize(
    ("function", "value", "says"),
    [
        (scalars.time_zone, "Europe/Berln", "did you mean 'Europe/Berlin'"),
        (scalars.time_zone, "Berlin", "did you mean 'Europe/Berlin'"),
        (scalars.time_zone, "../../etc/passwd", "is no time zone"),
        (scalars.time_zone, "", "is no time zone"),
        (scalars.network, "10.0.0.1/8", "did you mean '10.0.0.0/8'"),
        (scalars.network, "intranet", "is no network"),
        (scalars.web_address, "example.com/feed", "did you mean 'https://example.com/feed'"),
        (scalars.web_address, "file:///etc/passwd", "must begin with https://"),
        (scalars.web_address, "https://", "names no host"),
        (scalars.web_address, "https://u:p@example.com/", r"password: \$\{NAME\}"),
        (scalars.web_address, "https://example.com/a b", "a space or a control character"),
        (scalars.web_address, "https://example.com:99999/", "is no URL"),
        (scalars.web_address, "https://[::1", "is no URL"),
        (scalars.web_address, None, "must be a URL"),
        (scalars.slug, "My Feed", "small letters"),
        (scalars.slug, 404, "put it in quotes"),
        (scalars.slug, "-a", "small letters"),
        (scalars.slug, "a" * 65, "at most 64"),
        (scalars.language, "English", "is no language code"),
        (scalars.time_of_day, "24:00", "is no time of day"),
        (scalars.time_of_day, 480, "is no time of day"),
    ],
)
def test_what_is_wrong_is_said(function: Callable[[object], object], value: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        function(value)


def test_the_password_of_an_address_is_not_in_its_error() -> None:
    with pytest.raises(ValueError) as caught:
        scalars.web_address("https://user:hunter2@example.com/")
    assert "hunter2" not in str(caught.value)


def test_what_is_right() -> None:
    assert scalars.time_zone("America/New_York") == "America/New_York"
    assert scalars.network("fd00::/8") == ip_network("fd00::/8")
    assert scalars.network("192.168.1.7") == ip_network("192.168.1.7/32")
    assert scalars.web_address(" https://example.com/a?b=c ") == "https://example.com/a?b=c"
    assert scalars.language("pt-BR") == "pt-BR"
    assert scalars.time_of_day("8:05") == "08:05"
