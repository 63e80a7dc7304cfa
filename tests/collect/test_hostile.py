"""Hostile servers among good ones: none keeps another from being polled, each has its cause in `feeds health`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.collect.hostile import CAUSES, GOOD

ROOT = Path(__file__).parents[2]


def _python(*arguments: str, good: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode in good, done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What happened, and how `feeds health` tells it."""
    database = f"sqlite:///{tmp_path_factory.mktemp('hostile') / 'archive.db'}"
    found = json.loads(_python("-m", "tests.collect.hostile", database, "--rounds", "3"))
    health = _python("-m", "monitor", "feeds", "health", "--json", "--database", database, good=(0, 1))
    return found, {row["id"]: row for row in json.loads(health)}


@pytest.mark.timeout(300)
def test_good_feeds_are_polled_in_every_round(polled: tuple[dict[str, Any], dict[str, dict[str, Any]]]) -> None:
    found, health = polled
    for number, results in found["results"].items():
        good = [results[f"good{n}"] for n in range(GOOD)]
        assert good == (["new"] if number == "0" else ["not-modified"]) * GOOD
    for n in range(GOOD):
        assert health[f"good{n}"]["state"] == "well" and health[f"good{n}"]["entries"] == 8


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", CAUSES)
def test_every_bad_one_has_its_cause(polled: tuple[dict[str, Any], dict[str, dict[str, Any]]], name: str) -> None:
    row = polled[1][name]
    assert (row["error_kind"] or "") in CAUSES[name].split(" "), (row["error_kind"], row["error"])
    if row["error_kind"]:
        assert row["error"] and len(row["error"]) < 500 and row["error"].isprintable(), row["error"]
        assert row["next_poll_at"] is not None and row["next_poll_why"]


@pytest.mark.timeout(300)
def test_nothing_private_was_reached_and_memory_is_bounded(
    polled: tuple[dict[str, Any], dict[str, dict[str, Any]]],
) -> None:
    found, _ = polled
    assert found["reached"] == 0
    alone, *rounds = found["memory_mb"]
    print(f"memory {alone} MB with good feeds alone, {rounds} after each hostile round, {found['peak_mb']} at most")
    # bodies of 8 MB, some at once, twice over while they are unpacked and handed to a worker
    assert found["peak_mb"] < alone + 150
    # what stays resident is the allocator's; what is in use does not grow from round to round
    kept = found["kept_mb"]
    print(f"in use: {kept} MB")
    assert kept[-1] < kept[-2] + 5
