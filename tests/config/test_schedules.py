"""Schedules in words and in cron."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.schedules import DAYS, to_cron


@pytest.mark.parametrize(
    ("words", "cron"),
    [
        ("daily at 08:00", "0 8 * * *"),
        ("Daily at 8:05", "5 8 * * *"),
        ("daily", "0 8 * * *"),
        ("hourly", "0 * * * *"),
        ("weekdays at 07:30", "30 7 * * mon-fri"),
        ("weekends at 10:00", "0 10 * * sat,sun"),
        ("weekly on monday at 08:00", "0 8 * * mon"),
        ("weekly on Mon, thu at 08:00", "0 8 * * mon,thu"),
        ("weekly", "0 8 * * mon"),
        ("monthly on the 1st at 09:00", "0 9 1 * *"),
        ("0 8 * * 1-5", "0 8 * * mon-fri"),
        ("0 8 * * 0", "0 8 * * sun"),
        ("0 8 * * 7", "0 8 * * sun"),
        ("0 8 * * 5-7", "0 8 * * fri,sat,sun"),
        ("*/15 6-20/2 1,15 JAN-mar *", "*/15 6-20/2 1,15 jan-mar *"),
        ("0 8 29 2 *", "0 8 29 2 *"),
    ],
)
def test_to_cron(words: str, cron: str) -> None:
    assert to_cron(words) == cron


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("dayly at 08:00", "is no schedule"),
        ("daily at 25:00", "is no time of day"),
        ("daily on monday at 08:00", "takes no day"),
        ("weekly on mondy at 08:00", "did you mean 'monday'"),
        ("monthly on 32 at 08:00", "'32' is no day of the month"),
        ("monthly on tuesday", "is no day of the month"),
        ("hourly at 08:00", "takes no day and no time"),
        ("61 8 * * *", "'61' is no minute"),
        ("0 8 * * 8", "'8' is no day of the week"),
        ("0 8 * foo *", "'foo' is no month"),
        ("0 8 20-10 * *", "runs backwards"),
        ("*/0 8 * * *", "is no step"),
        ("0 8 31 2 *", "never comes"),
        ("0 8 30,31 feb *", "never comes"),
        ("0 8 * *", "is no schedule"),
        ("0 8 * * * *", "is no schedule"),
        ("", "is no schedule"),
        (8, "is no schedule"),
        (None, "is no schedule"),
    ],
)
def test_what_is_no_schedule(words: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        to_cron(words)


def test_31_february_that_falls_on_any_monday_is_left_to_cron_s_or() -> None:
    assert to_cron("0 8 31 2 mon") == "0 8 31 2 mon"


@given(st.sets(st.integers(0, 7), min_size=1))
def test_days_of_the_week_are_names_whatever_the_numbers(numbers: set[int]) -> None:
    field = to_cron("0 8 * * " + ",".join(map(str, sorted(numbers)))).split(" ")[4]
    meant = {DAYS[number % 7] for number in numbers}
    expected = (
        set(DAYS)
        if field == "*"
        else {"mon", "tue", "wed", "thu", "fri"}
        if field == "mon-fri"
        else set(field.split(","))
    )
    assert expected == meant


@given(st.text(max_size=40))
def test_any_text_is_a_schedule_or_a_value_error(text: str) -> None:
    try:
        cron = to_cron(text)
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert to_cron(cron) == cron
