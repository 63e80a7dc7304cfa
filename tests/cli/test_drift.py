"""`evaluate drift`: the archive's tag rates over time, as a table and as JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor.archive import open_archive
from tests.archive.samples import NOW, draft, labelled, stored
from tests.cli.conftest import Call


@pytest.fixture
def _read(url: str) -> None:
    """Four weeks of entries, of which the last has no tag at all."""
    with open_archive(url) as archive:
        drafts = [
            draft(f"n{week}-{n}", first_seen_at=NOW - timedelta(weeks=week) + timedelta(minutes=n))
            for week in (3, 2, 1, 0)
            for n in range(40)
        ]
        ids = stored(archive, *drafts)
        nothing: Any = {"tags": (), "scores": {"funding": 0.01}, "spans": ()}
        archive.stories.apply(
            {number: labelled(**({} if n % 2 and n < 120 else nothing), vector=b"") for n, number in enumerate(ids)},
            {},
            [],
            NOW,
        )


@pytest.mark.usefixtures("_read")
def test_a_model_that_goes_blind_shows(call: Call) -> None:
    rows = call("evaluate", "drift", "--json").json
    assert [row["tagged"] for row in rows] == [0.5, 0.5, 0.5, 0.0]
    assert [bool(row["odd"]) for row in rows] == [False, False, False, True]
    shown = call("evaluate", "drift")
    assert "50.0 % -> 0.0 %" in " ".join(shown.out.split())


@pytest.mark.usefixtures("_read")
def test_by_feed(call: Call) -> None:
    [row] = call("evaluate", "drift", "--by", "feed", "--weeks", "4", "--json").json
    assert (row["feed"], row["name"]) == ("lab", "Lab")


def test_nothing_was_read(call: Call) -> None:
    done = call("evaluate", "drift")
    assert (done.code, "no entry was read" in done.err) == (1, True)
    assert call("evaluate", "drift", "--by", "moon").code == 2
