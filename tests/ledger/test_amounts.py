"""Rates, and what the words around an amount say it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.errors import DataError, NotFound
from monitor.ledger.amounts import Money, RateTable, read_amounts
from monitor.protocols import Rates

TABLE = RateTable.load()


def test_the_shipped_table_is_a_rates() -> None:
    rates: Rates = TABLE
    day = datetime(2026, 5, 1, tzinfo=UTC)
    assert rates.usd(Decimal(100), "USD", day) == 100
    euros = rates.usd(Decimal(1_000_000), "EUR", day)
    assert euros is not None
    assert Decimal(900_000) < euros < Decimal(1_400_000)
    assert rates.usd(Decimal(1), "XXX", day) is None


def test_the_rate_is_that_of_the_day() -> None:
    def yen(year: int) -> Decimal:
        value = TABLE.usd(Decimal(1_000_000), "JPY", datetime(year, 7, 1, tzinfo=UTC))
        assert value is not None
        return value

    assert yen(2022) > yen(2024)
    assert yen(2019) == yen(2022), "before the first day the first rate"
    assert yen(2031) == yen(2026), "after the last day the last one"


def test_a_day_is_a_day_in_utc(tmp_path: Path) -> None:
    own = tmp_path / "rates.tsv"
    own.write_text("from\tcurrency\tusd\n2026-03-01\tEUR\t2\n2026-03-02\tEUR\t3\n", encoding="utf-8")
    table = RateTable.load(own)
    late = datetime(2026, 3, 1, 22, 0, tzinfo=timezone(-timedelta(hours=5)))
    assert table.usd(Decimal(1), "EUR", late) == 3
    assert table.usd(Decimal(1), "GBP", late) is not None, "the shipped rows stay"


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01\tEUR\n",
        "soon\tEUR\t1\n",
        "2026-01-01\tEUR\tmany\n",
        "2026-01-01\tEUR\t0\n",
        "2026-01-01\tEURO\t1\n",
        "2026-01-01\tEUR\tnan\n",
    ],
)
def test_a_wrong_row_is_named_with_its_line(text: str, tmp_path: Path) -> None:
    own = tmp_path / "rates.tsv"
    own.write_text("# mine\n" + text, encoding="utf-8")
    with pytest.raises(DataError, match=r"rates\.tsv, line 2"):
        RateTable.load(own)


def test_a_missing_or_binary_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="settings"):
        RateTable.load(tmp_path / "none.tsv")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="UTF-8"):
        RateTable.load(tmp_path / "binary")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Acme raises $5B", None),
        ("Acme is valued at $5B", Money.VALUATION),
        ("at a $5B valuation", Money.VALUATION),
        ("at a valuation of more than $5 billion", Money.VALUATION),
        ("values the company at about $5B", Money.VALUATION),
        ("the $5B startup", Money.VALUATION),
        ("$5B post-money", Money.VALUATION),
        ("Series D at $5B", Money.VALUATION),
        ("bei einer Bewertung von 5 Mrd. Dollar", Money.VALUATION),
        ("valorisée à 5 milliards de dollars", Money.VALUATION),
        ("valorada en 5.000 millones de dólares", Money.VALUATION),
        ("估值达50亿美元", Money.VALUATION),
        ("評価額は50億ドル", Money.VALUATION),
        ("a deal worth $5B", Money.SUM),
        ("an acquisition valued at $5B", Money.SUM),
        ("bringing its total funding to $5B", Money.TOTAL),
        ("$5B to date", Money.TOTAL),
        ("累计融资50亿美元", Money.TOTAL),
        ("$5B in annual revenue", Money.OTHER),
        ("revenue of $5B", Money.OTHER),
        ("$20 per month", Money.OTHER),
        ("a $5B fine", Money.OTHER),
    ],
)
def test_what_an_amount_is(text: str, meaning: Money | None) -> None:
    assert [item.meaning for item in read_amounts(text)] == [meaning]
