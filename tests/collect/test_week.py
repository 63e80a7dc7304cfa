"""Politeness and promptness, measured from the servers' side in a world with a clock of its own."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.collect.week import Outcome, simulate, table


def _check(outcome: Outcome) -> None:
    print("\n" + table(outcome))
    assert outcome.broken == ()
    assert outcome.too_close >= 2.0 - 1e-6  # of a float
    assert outcome.soonest_feed >= 300.0
    assert outcome.errors == ()
    # throttling and our own outage are nobody's failure
    assert outcome.failures == 0
    assert outcome.refused > 0
    # what was missed is known to be missed
    assert outcome.missed == outcome.missed_and_known
    assert statistics.median(outcome.delays) < statistics.median(outcome.hourly_delays)


def test_six_hours_of_a_small_world(tmp_path: Path) -> None:
    """Small, but with one domain of each temper, an outage of ours, and a nap."""
    _check(simulate(tmp_path, days=0.25, feeds=36, domains=18, seed=3))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_week_of_four_hundred_feeds(tmp_path: Path, seed: int) -> None:
    outcome = simulate(tmp_path, days=7.0, feeds=400, domains=60, seed=seed)
    _check(outcome)
    assert outcome.requests < outcome.hourly_requests
    assert outcome.refused / outcome.requests < outcome.hourly_refused / outcome.hourly_requests
