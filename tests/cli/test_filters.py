"""Times and sums as people type them; what cannot be read names its option."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.filters import moment, usd, window
from monitor.errors import UsageError

NOW = datetime(2024, 2, 26, 15, 30, tzinfo=UTC)


def test_times_and_sums() -> None:
    assert moment(None, NOW, "--since") is None
    assert moment("30d", NOW, "--since") == NOW - timedelta(days=30)
    assert moment("2024-02", NOW, "--since") == datetime(2024, 2, 1, tzinfo=UTC)
    until = moment("2024-02", NOW, "--until", end=True)
    assert until is not None
    assert until + timedelta(microseconds=1) == datetime(2024, 3, 1, tzinfo=UTC)
    assert window("2024-02", "last month", NOW.replace(month=3)) == (datetime(2024, 2, 1, tzinfo=UTC), until)
    assert window(None, "today", NOW)[0] is None
    with pytest.raises(UsageError, match="--since 2024-03 is later than --until 2024-02: nothing lies between them"):
        window("2024-03", "2024-02", NOW)
    assert usd(None, "--min-amount") is None
    assert usd("1.5bn", "--min-amount") == Decimal("1.5e9")


@given(st.text())
def test_any_text_is_a_value_or_a_wrong_usage_that_names_its_option(text: str) -> None:
    try:
        assert moment(text, NOW, "--since") is not None
    except UsageError as error:
        assert str(error).startswith("--since:")
    try:
        assert usd(text, "--min-amount") is not None
    except UsageError as error:
        assert str(error).startswith("--min-amount:")
