"""What matching one entry costs while the archive grows: the window stays, the past does not matter.

    python benchmarks/stories.py [--sizes 10000,100000,1000000] [--window 4000] [--rounds 300] [--json]

For each size an archive (SQLite, in a folder that is removed) is filled with that many made-up stories of one entry,
`--window` of which lie in the last days. Measured per entry, in milliseconds: the sketch, the decision and the joining
(`match`), and what the pipeline asks the archive for the story that it joins (`archive`). Loading the window, done once
at start, and filling, which is no part of the monitor, are told in seconds.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from monitor.archive import Archive, open_archive, upgrade
from monitor.archive.engine import Database
from monitor.archive.rows import classification_values, story_values
from monitor.archive.tables import classifications, entries, feeds, stories
from monitor.stories.match import Matcher
from monitor.stories.merge import Part, merge_story
from monitor.stories.weights import load
from monitor.stories.words import load_table
from monitor.types import Classification, Entry, Status, Story, StoryMember
from monitor.understand import to_member

NOW = datetime(2026, 5, 31, 12, 0, tzinfo=UTC)
MODEL = "benchmark"
SIZE = 128
BATCH = 5000
#: what lies behind the window: until when, how many texts there are, and how many copies one transaction makes
PAST = NOW - timedelta(days=30)
PAST_TEXTS = 200
COPIED_AT_ONCE = 50_000
VERBS = ("raises", "acquires", "launches", "unveils", "releases", "partners with", "invests in", "backs")


class World:
    """Made-up companies, products and vectors, the same for the same seed."""

    def __init__(self, seed: int = 7) -> None:
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "or", "el")]
        pick = self.random.choice
        self.names = sorted({"".join(pick(syllables) for _ in range(3)).title() for _ in range(6000)})
        table = load_table()
        self.words = [word for word in table.counts if word.isascii() and word.isalpha() and not table.is_name(word)][
            :4000
        ]

    def text(self) -> tuple[str, str]:
        pick = self.random.choice
        title = f"{pick(self.names)} {pick(VERBS)} {pick(self.names)} for ${self.random.randint(2, 900)} million"
        return title, " ".join(pick(self.words) for _ in range(22)).capitalize() + f" {pick(self.names)}."

    def read(self) -> Classification:
        vector = self.numbers.normal(size=SIZE).astype(np.float32)
        vector /= float(np.linalg.norm(vector))
        return Classification(
            model_id=MODEL,
            scores={"funding": 0.9},
            tags=("funding",),
            status=Status.CONFIRMED,
            vector=vector.astype("<f2").tobytes(),
        )

    def entry(self, number: int, at: datetime) -> Entry:
        title, summary = self.text()
        return Entry(
            id=number, feed_id="f", url=f"https://f.example/{number}", title=title, summary=summary, author=None,
            published_at=at,
            first_seen_at=at, publisher=f"p{number % 200}.example", publisher_name="P", language="en", announce=True,
        )  # fmt: skip


def fill(database: Database, world: World, size: int, window: int) -> None:
    """`size` stories of one entry: `window` of them in the last thirteen days, the others before."""
    with database.write() as connection:
        connection.execute(
            sa.insert(feeds).values(
                id="f", name="F", spec_url="https://f.example/feed", url="https://f.example/feed", added_at=NOW
            )
        )
    past = size - window
    texts = min(PAST_TEXTS, past)
    if texts:
        _insert(database, [_row(world, n, PAST - timedelta(minutes=size - n)) for n in range(1, texts + 1)])
        _copy(database, texts, past, size)
    for start in range(past, size, BATCH):
        numbers = range(start + 1, min(start + BATCH, size) + 1)
        _insert(database, [_row(world, n, NOW - timedelta(days=13) * ((size - n) / max(1, window))) for n in numbers])


def _copy(database: Database, texts: int, past: int, size: int) -> None:
    """Stories up to number `past`, each a copy of one of the first `texts` under its own number, keys and time.

    Of what lies behind the window only its weight counts: few texts, many times. The database makes them: through
    Python a million took longer than all that is measured. They go through the full-text index as any entry does.
    """
    at = f"strftime('%Y-%m-%d %H:%M:%S.000000', {int(PAST.timestamp()) - 60 * size} + 60 * number.n, 'unixepoch')"
    key = "CAST(printf('%016d', number.n) AS BLOB)"
    times = dict.fromkeys(("first_seen_at", "last_seen_at", "news_at", "published_at"), at)
    own = {
        stories: {"id": "number.n", **times},
        entries: {
            "id": "number.n",
            "story_id": "number.n",
            "guid": "CAST(number.n AS TEXT)",
            "url": "'https://f.example/' || number.n",
            **dict.fromkeys(("guid_hash", "link_hash", "content_hash"), key),
            **times,
        },
        classifications: {"entry_id": "number.n"},
    }
    for start in range(texts, past, COPIED_AT_ONCE):
        stop = min(start + COPIED_AT_ONCE, past)
        with database.write() as connection:
            for table, values in own.items():
                names = [column.name for column in table.c]
                shown = ", ".join(values.get(name, f"text.{name}") for name in names)
                number = next(iter(table.primary_key)).name
                numbers = f"(SELECT {start + 1} UNION ALL SELECT n + 1 FROM number WHERE n < {stop})"
                connection.exec_driver_sql(
                    f"INSERT INTO {table.name} ({', '.join(names)}) WITH RECURSIVE number(n) AS {numbers} "
                    f"SELECT {shown} FROM number JOIN {table.name} AS text ON text.{number} = 1 + number.n % {texts}"
                )


def _row(world: World, number: int, at: datetime) -> tuple[Entry, Classification, Story]:
    entry, read = world.entry(number, at), world.read()
    return entry, read, merge_story([Part(entry=entry, read=read)])


def _insert(database: Database, rows: list[tuple[Entry, Classification, Story]]) -> None:
    shown = (
        "id",
        "feed_id",
        "url",
        "title",
        "summary",
        "published_at",
        "first_seen_at",
        "publisher",
        "publisher_name",
        "language",
    )
    with database.write() as connection:
        connection.execute(sa.insert(stories), [story_values(s) | {"id": e.id} for e, _, s in rows])
        values = [
            {name: getattr(e, name) for name in shown}
            | {"guid": str(e.id), "marks": "", "pending": False, "story_id": e.id}
            | {name: e.id.to_bytes(16, "big") for name in ("guid_hash", "link_hash", "content_hash")}
            for e, _, _ in rows
        ]
        connection.execute(sa.insert(entries), values)
        read = [{"entry_id": e.id, "at": NOW, **classification_values(r)} for e, r, _ in rows]
        connection.execute(sa.insert(classifications), read)


def measure(archive: Archive, world: World, size: int, rounds: int) -> Iterator[tuple[str, float]]:
    """Names and figures."""
    start = time.perf_counter()
    matcher = Matcher(load(), load_table())
    for member in archive.stories.window(NOW - timedelta(days=14), MODEL):
        matcher.add(matcher.sketch(member), member.story_id)
    yield "load_s", time.perf_counter() - start
    yield "window", float(len(matcher.window))
    held = list(matcher.key_of)
    matching, asking = [], []
    for number in range(size + 1, size + rounds + 1):
        at = NOW + timedelta(seconds=number - size)
        member = _member(world.entry(number, at), world.read())
        # every second one tells again what an entry of the window told
        if number % 2:
            other = matcher.window[world.random.choice(held)]
            member = _member(_again(world.entry(number, at), other.title), world.read())
        matching.append(_timed(partial(_match, matcher, member, number)))
        story = world.random.choice(held)
        asking.append(_timed(partial(_ask, archive, story)))
    for name, values in (("match", matching), ("archive", asking)):
        yield f"{name}_p50_ms", statistics.median(values)
        yield f"{name}_p95_ms", statistics.quantiles(values, n=20)[-1]


def _match(matcher: Matcher, member: StoryMember, number: int) -> None:
    one = matcher.sketch(member)
    found = matcher.decide(one).key
    matcher.add(one, -number if found is None else found)


def _ask(archive: Archive, story: int) -> None:
    archive.stories.get_many([story])
    archive.entries.of_story(story)


def _again(entry: Entry, title: str) -> Entry:
    return replace(entry, title=title)


def _member(entry: Entry, read: Classification) -> StoryMember:
    return to_member(entry, read)


def _timed(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures matching.")
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--window", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    results = []
    for size in map(int, given.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'monitor.db'}"
            upgrade(url)
            world, database = World(), Database(url)
            start = time.perf_counter()
            fill(database, world, size, min(given.window, size))
            database.close()
            filled = time.perf_counter() - start
            with open_archive(url) as archive:
                figures = dict(measure(archive, world, size, given.rounds))
                results.append({"stories": size, "fill_s": filled, **figures})
        if not given.json:
            print("  ".join(f"{name} {value:,.2f}" for name, value in results[-1].items()), flush=True)
    if given.json:
        print(json.dumps(results))


if __name__ == "__main__":
    main()
