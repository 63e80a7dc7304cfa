"""Money: every way to write it that the table knows, and what must hold for any text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.money import NO_CURRENCY, format_amount, format_usd, parse_amount, parse_amounts, parse_limit
from monitor.types import Amount
from tests.money.forms import ENDS, EXACT, NOTHING, UNDISCLOSED

_EXACT = [(text, value, currency.strip()) for (value, currency), texts in EXACT.items() for text in texts]
#: with a sentence around it an amount is the same; the first letter of the sentence is no qualifier
_AROUND = ["Acme raises {} in a round", "Acme, which makes robots, got {}, it said", "{}: Acme's deal"]


def test_the_table_has_at_least_three_hundred_forms() -> None:
    assert len({text for text, _, _ in _EXACT} | {row[0] for row in ENDS} | set(UNDISCLOSED) | set(NOTHING)) >= 300


@pytest.mark.parametrize(("text", "value", "currency"), _EXACT)
def test_plain_sums(text: str, value: str, currency: str) -> None:
    found = parse_amounts(text)
    assert [(a.value, a.currency, a.low, a.high, a.approximate) for _, _, a in found] == [
        (Decimal(value), currency, None, None, False)
    ]
    start, end, amount = found[0]
    assert amount.text == text[start:end]


@pytest.mark.parametrize(("text", "value", "currency", "low", "high"), ENDS)
def test_ranges_and_vague_sums(text: str, value: str, currency: str, low: str | None, high: str | None) -> None:
    found = parse_amounts(text)
    assert len(found) == 1
    amount = found[0][2]
    ends = (Decimal(low) if low else None, Decimal(high) if high else None)
    assert (amount.value, amount.currency, amount.low, amount.high) == (Decimal(value), currency, *ends)
    assert amount.approximate


@pytest.mark.parametrize("text", UNDISCLOSED)
def test_undisclosed(text: str) -> None:
    amount = parse_amount(text)
    assert amount is not None
    assert amount.value is None
    assert amount.currency == NO_CURRENCY
    assert format_amount(amount) == "undisclosed"


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_no_money(text: str) -> None:
    assert parse_amounts(text) == []


@pytest.mark.parametrize("frame", _AROUND)
@pytest.mark.parametrize(
    "text", ["$6.6B", "€385 million", "US$1.2bn", "£600m", "₹50 crore", "CHF 30 million", "HK$5bn"]
)
def test_a_sentence_around_an_amount_changes_nothing(text: str, frame: str) -> None:
    alone = parse_amount(text)
    found = parse_amounts(frame.format(text))
    assert alone is not None
    assert [(a.value, a.currency, a.text) for _, _, a in found] == [(alone.value, alone.currency, alone.text)]


def test_two_amounts_of_one_sentence_stay_two() -> None:
    found = parse_amounts("Acme raised $30 million at a $400M valuation, after €5m last year")
    assert [(a.value, a.currency) for _, _, a in found] == [
        (Decimal(30_000_000), "USD"),
        (Decimal(400_000_000), "USD"),
        (Decimal(5_000_000), "EUR"),
    ]


def test_from_one_sum_to_another_is_a_move_and_no_range() -> None:
    found = parse_amounts("lifts its offer from $3 billion to $4 billion")
    assert [(a.value, a.low) for _, _, a in found] == [(Decimal(3 * 10**9), None), (Decimal(4 * 10**9), None)]


def test_a_count_beside_a_price_is_no_range() -> None:
    found = parse_amounts("from $20 to 50 million users")
    assert [a.value for _, _, a in found] == [Decimal(20)]


def test_yen_and_yuan_share_a_sign() -> None:
    assert parse_amounts("¥500 million")[0][2].currency == "JPY"
    assert parse_amounts("500 million yuan (¥500 million)")[1][2].currency == "CNY"
    assert parse_amounts("公司融资¥500 million")[0][2].currency == "CNY"
    assert parse_amounts("資金調達は¥500 millionだった")[0][2].currency == "JPY"


def test_a_number_without_a_currency_takes_the_one_it_is_given() -> None:
    assert parse_amount("2 billion") is None
    amount = parse_amount("2 billion", "EUR")
    assert amount is not None
    assert (amount.value, amount.currency) == (Decimal(2 * 10**9), "EUR")
    assert parse_amount("2025", "EUR") is None
    vague = parse_amount("tens of billions", "USD")
    assert vague is not None
    assert (vague.low, vague.high) == (Decimal(10**10), Decimal(10**11))


@pytest.mark.parametrize(
    ("value", "currency", "short"),
    [
        ("6600000000", "USD", "$6.6B"),
        ("385000000", "EUR", "€385M"),
        ("600000000", "GBP", "£600M"),
        ("30000000", "CHF", "CHF 30M"),
        ("1500000000000", "JPY", "¥1.5T"),
        ("1000000000", "CNY", "CN¥1B"),
        ("999999999", "USD", "$1B"),
        ("1034000000", "USD", "$1.03B"),
        ("20", "USD", "$20"),
        ("0.5", "USD", "$0.5"),
        ("0", "USD", "$0"),
        ("1500", "USD", "$1.5K"),
    ],
)
def test_short_for_people(value: str, currency: str, short: str) -> None:
    assert format_amount(Amount(value=Decimal(value), currency=currency, text="")) == short


def test_ends_are_shown() -> None:
    def short(text: str) -> str:
        amount = parse_amount(text)
        assert amount is not None
        return format_amount(amount)

    assert short("between $3 and $4 billion") == "$3B–$4B"
    assert short("more than $5 billion") == "$5B+"
    assert short("up to €40 million") == "up to €40M"
    assert short("about $18 billion") == "~$18B"
    assert format_usd(Decimal("-1200000")) == "-$1.2M"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100m", "100000000"),
        ("$1bn", "1000000000"),
        ("5e6", "5000000"),
        ("1,000,000", "1000000"),
        ("1000000", "1000000"),
        ("2.5m", "2500000"),
        ("0.5bn", "500000000"),
        ("$250K", "250000"),
        ("100 million", "100000000"),
        ("US$1bn", "1000000000"),
        ("1.5e9", "1500000000"),
        (" 10m ", "10000000"),
        ("0", "0"),
        ("1t", "1000000000000"),
    ],
)
def test_limits(text: str, value: str) -> None:
    assert parse_limit(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lots",
        "-5m",
        "€100m",
        "100m-200m",
        "up to 5m",
        "nan",
        "inf",
        "1e999",
        "1e99",
        "100m dollars and more",
        "undisclosed",
        "5m 6m",
        "$",
        "m",
        "1_000",
        "0x10",
        "١٠٠",
        "~5m",
        "5m+",
    ],
)
def test_limits_that_are_nonsense(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_limit(text)
    assert "\n" not in str(caught.value)
    assert "100m" in str(caught.value)


_PIECES = st.sampled_from(
    [
        "$",
        "€",
        "£",
        "¥",
        "US$",
        "HK$",
        "1",
        "3.5",
        "1,200",
        "1 000",
        "10",
        "亿",
        "万",
        "億",
        "兆",
        "元",
        "美元",
        "円",
        " ",
        "-",
        "–",
        "to",
        " and ",
        "between ",
        "from ",
        "million",
        "bn",
        "B",
        "M",
        "k",
        "crore",
        "lakh",
        " de ",
        "dollars",
        "euros",
        "milliards",
        "Mrd.",
        "mil millones",
        "Billion",
        "undisclosed",
        "nine-figure",
        "tens of ",
        "billions",
        "+",
        "~",
        "half a ",
        "数",
        "余",
        "more than ",
        "up to ",
        ",",
        ".",
        "'",
        "(",
        ")",
        "\n",
        "\u202f",
        "RMB",
        "won",
        "%",
        "x",
    ]
)


@given(st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=30).map("".join)))
def test_no_text_breaks_it(text: str) -> None:
    last = 0
    for start, end, amount in parse_amounts(text):
        assert last <= start < end <= len(text)
        last = end
        assert amount.text == text[start:end]
        assert len(amount.currency) == 3
        if amount.value is not None:
            assert amount.value.is_finite()
            assert amount.value >= 0
        if amount.low is not None and amount.high is not None:
            assert amount.low <= amount.high
        format_amount(amount)
    parse_amount(text, "USD")


@given(st.text(max_size=40))
def test_a_limit_is_a_number_or_a_usage_error(text: str) -> None:
    try:
        assert parse_limit(text) >= 0
    except UsageError as error:
        assert str(error)


_CURRENCIES = [
    "USD",
    "EUR",
    "GBP",
    "JPY",
    "CNY",
    "INR",
    "KRW",
    "ILS",
    "HKD",
    "AUD",
    "CAD",
    "SGD",
    "TWD",
    "NZD",
    "BRL",
    "MXN",
    "CHF",
    "SEK",
    "NOK",
    "DKK",
    "AED",
    "SAR",
    "PLN",
    "ZAR",
]


@given(st.integers(1, 999), st.integers(4, 13), st.sampled_from(_CURRENCIES))
def test_what_is_written_short_is_read_back(digits: int, power: int, currency: str) -> None:
    value = Decimal(digits) * 10**power
    amount = parse_amount(format_amount(Amount(value=value, currency=currency, text="")))
    assert amount is not None
    assert (amount.value, amount.currency) == (value, currency)


@given(st.integers(10**4, 10**15), st.sampled_from(_CURRENCIES))
def test_short_writing_is_off_by_half_a_percent_at_most(whole: int, currency: str) -> None:
    amount = parse_amount(format_amount(Amount(value=Decimal(whole), currency=currency, text="")))
    assert amount is not None
    assert amount.value is not None
    assert abs(amount.value - whole) <= Decimal(whole) / 200


@given(st.integers(1, 99), st.integers(1, 99), st.sampled_from(["USD", "EUR", "GBP"]))
def test_ranges_are_read_back(one: int, other: int, currency: str) -> None:
    low, high = sorted((one, other + 100))
    given_amount = Amount(
        value=Decimal(low + high) / 2 * 10**6,
        currency=currency,
        text="",
        low=Decimal(low) * 10**6,
        high=Decimal(high) * 10**6,
        approximate=True,
    )
    amount = parse_amount(format_amount(given_amount))
    assert amount is not None
    assert (amount.low, amount.high, amount.currency) == (given_amount.low, given_amount.high, currency)
