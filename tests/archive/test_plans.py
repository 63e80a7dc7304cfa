"""What is asked at every tick, or while a person waits, reads an index and never a whole table."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from monitor.archive import Archive, open_archive, upgrade
from monitor.types import DeliveryState, Selection
from tests.archive.samples import DAY, MODEL, NOW, draft, stored, understood
from tests.archive.test_deliveries import sent

#: tables that grow with the years
LARGE = ("entries", "classifications", "stories", "deliveries", "digest_stories", "facts", "evidence", "past_keys")


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = str(tmp_path / "monitor.db")
    upgrade(path)
    return path


@pytest.fixture
def shelf(file: str) -> Iterator[Archive]:
    with open_archive(file) as archive:
        ids = stored(archive, *(draft(f"n{n}") for n in range(5)))
        understood(archive, ids[:2])
        sent(archive, 1)
        yield archive


def plans(archive: Archive, ask: Callable[[], object]) -> list[str]:
    """The lines of SQLite's plans for all that is asked."""
    asked: list[tuple[str, Any]] = []
    engine = archive._database.engine

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            asked.append((statement, parameters[0] if many else parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert asked
    with closing(sqlite3.connect(archive.path or "")) as connection:
        return [
            row[3]
            for statement, parameters in asked
            for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


QUESTIONS: dict[str, Callable[[Archive], object]] = {
    "pending": lambda a: a.entries.pending(),
    "pending_count": lambda a: a.entries.pending_count(),
    "near_misses": lambda a: a.entries.near_misses(limit=10),
    "by_url": lambda a: a.entries.by_url("https://lab.example/n1"),
    "of_story": lambda a: a.entries.of_story(1),
    "count": lambda a: a.entries.count(since=NOW),
    "story": lambda a: a.stories.get(1),
    "arrived": lambda a: a.stories.arrived(Selection(), NOW - DAY, NOW),
    "decisions": lambda a: a.stories.decisions(1),
    "window": lambda a: a.stories.window(NOW - DAY, MODEL),
    "already_sent": lambda a: a.deliveries.already_sent("daily", "a@example.com", "mail", [1]),
    "sent_in": lambda a: a.deliveries.sent_in(1),
    "claim": lambda a: a.deliveries.claim(NOW),
    "recover": lambda a: a.deliveries.recover(NOW),
    "known": lambda a: a.feeds.known(["lab"], [b"1" * 16], [b"2" * 16], [b"3" * 16]),
    "story_of_search": lambda a: a.search.search("title"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_table_is_read_whole(shelf: Archive, name: str) -> None:
    lines = plans(shelf, lambda: QUESTIONS[name](shelf))
    whole = [line for line in lines if line.startswith("SCAN") and line.split()[1] in LARGE and "INDEX" not in line]
    # the newest entry, for the bounds of time
    assert [line for line in whole if not (name == "story_of_search" and line == "SCAN entries")] == [], lines


def test_what_waits_is_what_the_index_holds(shelf: Archive) -> None:
    assert (len(shelf.entries.pending()), shelf.entries.pending_count(), shelf.keep.stats()["pending"]) == (3, 3, 3)
    assert [d.state for d in shelf.deliveries.claim(NOW)] == [DeliveryState.SENDING]
