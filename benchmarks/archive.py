"""How fast the archive answers, and stores, at a size.

    python benchmarks/archive.py --entries 1000000 [--database sqlite:////tmp/bench.db] [--rounds 60] [--json]

Fills a database with made-up entries (word frequencies follow Zipf's law, as in real text), stories, deals and
launches, unless it holds that many already, and measures queries: median and 95th percentile in milliseconds, each
round with other words or companies. The database is kept when it is named, so that a second run only measures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from monitor.archive import Archive, open_archive, upgrade
from monitor.archive.engine import Database
from monitor.archive.ledger import LedgerFilter
from monitor.archive.marks import key_of, marks_of_entry, marks_of_story
from monitor.archive.tables import (
    entities,
    entries,
    evidence,
    facts,
    feeds,
    record_parties,
    records,
    stories,
    story_publishers,
)
from monitor.archive.textindex import index_entries
from monitor.types import EntryDraft, FeedState, PollOutcome, Selection

FIRST = datetime(2021, 1, 1, tzinfo=UTC)
LAST = datetime(2026, 5, 31, tzinfo=UTC)
TAGS = ("funding", "acquisition", "partnership", "model-launch", "product-launch")
COMPANIES = 3000
PUBLISHERS = 200
BATCH = 10_000


class World:
    """Made-up text, the same for the same seed."""

    def __init__(self, seed: int = 7) -> None:
        self.random = random.Random(seed)
        syllables = [
            "ka",
            "lo",
            "mi",
            "ne",
            "ru",
            "ta",
            "so",
            "vi",
            "pe",
            "dor",
            "lin",
            "gar",
            "mux",
            "zet",
            "bra",
            "qui",
        ]
        seen: dict[str, None] = {}
        while len(seen) < 40_000:
            seen["".join(self.random.choices(syllables, k=self.random.randint(2, 5)))] = None
        self.words = list(seen)
        self.weights = [1 / (rank + 2.7) for rank in range(len(self.words))]
        self.cumulative: list[float] = []
        total = 0.0
        for weight in self.weights:
            total += weight
            self.cumulative.append(total)
        names = self.random.sample(self.words[5000:], COMPANIES)
        self.companies = ["Microsoft", "Mistral AI", *(name.title() for name in names)]

    def text(self, count: int) -> str:
        return " ".join(self.random.choices(self.words, cum_weights=self.cumulative, k=count))

    def company(self) -> int:
        """Few take part in much: a number in `companies`."""
        return int(len(self.companies) * self.random.random() ** 3)


def fill(database: Database, count: int, say: Callable[[str], None]) -> None:
    """Entries, a story for every four, a record for every seven."""
    world = World()
    with database.write() as connection:
        connection.execute(sa.insert(feeds), [_feed(n) for n in range(PUBLISHERS)])
        rows = [{"name": n, "key": key_of(n), "kind": "company", "by_hand": False} for n in world.companies]
        connection.execute(sa.insert(entities), rows)
        ids = list(connection.scalars(sa.select(entities.c.id).order_by(entities.c.id)))
    step = (LAST - FIRST) / count
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        with database.write() as connection:
            _fill_some(database, connection, world, ids, start, size, step)
        if start % 100_000 == 0:
            say(f"{start:,} entries")
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if database.is_postgres else "ANALYZE")


def _feed(number: int) -> dict[str, Any]:
    url = f"https://feed{number}.example/rss"
    return {"id": f"feed-{number}", "name": f"Feed {number}", "spec_url": url, "url": url, "added_at": FIRST}


def _fill_some(
    database: Database, connection: Any, world: World, ids: list[int], start: int, size: int, step: timedelta
) -> None:
    told, party_rows, record_rows, story_rows = [], [], [], []
    for n in range(0, size, 4):
        at = FIRST + step * (start + n)
        number = (start + n) // 4 + 1
        tag = TAGS[number % 5]
        parties = sorted({world.company() for _ in range(2)})
        usd = Decimal(world.random.randint(1, 5000) * 100_000) if number % 3 == 0 else None
        story = _story(number, at, world, tag, [world.companies[p] for p in parties], usd, size)
        story_rows.append(story)
        told.append((number, tag, story["companies"], usd))
        if number % 7 < 4:
            record_rows.append(_record(number, at, tag, usd))
            deal = tag in ("funding", "acquisition", "partnership")
            roles = ("investor", "recipient") if deal else ("developer", "developer")
            party_rows += [
                {
                    "record_id": number,
                    "entity_id": ids[p],
                    "role": role,
                    "is_deal": deal,
                    "announced_at": at,
                    "usd": usd,
                }
                for p, role in zip(parties, roles, strict=False)
            ]
    connection.execute(sa.insert(stories), story_rows)
    publishers = [{"story_id": r["id"], "publisher": r["publishers"][0][0]} for r in story_rows]
    connection.execute(sa.insert(story_publishers), publishers)
    connection.execute(sa.insert(records), record_rows)
    connection.execute(sa.insert(record_parties), party_rows)
    _facts(connection, world, ids, party_rows)
    entry_rows = [_entry(start + n, FIRST + step * (start + n), world, told[n // 4]) for n in range(size)]
    connection.execute(sa.insert(entries), entry_rows)
    index_entries(database, connection, [(r["id"], r["title"], r["summary"], r["marks"]) for r in entry_rows])


def _facts(connection: Any, world: World, ids: list[int], parties: list[dict[str, Any]]) -> None:
    names = {number: world.companies[n] for n, number in enumerate(ids)}
    fact_rows, quotes = [], []
    for n, party in enumerate(parties):
        number = party["record_id"] * 4 + n % 4
        common = {"position": n % 4, "approximate": False, "by_hand": False}
        values = {"field": party["role"], "value": names[party["entity_id"]], "entity_id": party["entity_id"]}
        fact_rows.append({"id": number, "record_id": party["record_id"], **common, **values})
        place = {"position": 0, "entry_id": party["record_id"] * 4, "revision": 1, "publisher": "feed1.example"}
        quotes.append({"fact_id": number, **place, "field": "title", "start": 0, "stop": 9, "quote": "some words"})
    seen = {row["id"]: row for row in fact_rows}
    connection.execute(sa.insert(facts), list(seen.values()))
    connection.execute(sa.insert(evidence), list({q["fact_id"]: q for q in quotes}.values()))


def _story(
    number: int, at: datetime, world: World, tag: str, companies: list[str], usd: Decimal | None, size: int
) -> dict[str, Any]:
    publisher = f"feed{number % PUBLISHERS}.example"
    return {
        "id": number,
        "title": world.text(9),
        "lead": world.text(20),
        "url": f"https://{publisher}/{number}",
        **dict.fromkeys(("first_seen_at", "last_seen_at", "news_at", "published_at"), at),
        "tags": [tag] if number % 2 else [],
        "possible": [],
        "topics": [],
        "scores": {tag: 0.9},
        "status": "confirmed",
        "entry_count": 4,
        "publishers": [[publisher, publisher, None]],
        "independent": 1 + number % 4,
        "language": "en",
        "authority": 1,
        "companies": companies,
        "feed_ids": [],
        "categories": [],
        "usd": usd,
    }


def _record(number: int, at: datetime, tag: str, usd: Decimal | None) -> dict[str, Any]:
    return {
        "id": number,
        "story_id": number,
        "kind": tag,
        "number": 0,
        "is_deal": tag in ("funding", "acquisition", "partnership"),
        "status": "rumoured" if number % 5 == 0 else "confirmed",
        "announced_at": at,
        "usd": usd,
        "round": "Series B" if number % 3 == 0 else None,
        "round_key": "series b" if number % 3 == 0 else None,
        "name": None,
    }


def _entry(n: int, at: datetime, world: World, told: tuple[int, str, list[str], Decimal | None]) -> dict[str, Any]:
    story, tag, companies, usd = told
    publisher, feed = f"feed{n % PUBLISHERS}.example", f"feed-{n % PUBLISHERS}"
    language = "de" if n % 11 == 0 else "en"
    own = marks_of_entry(feed, at, publisher, language)
    tags = [tag] if story % 2 else []
    return {
        "id": n + 1,
        "feed_id": feed,
        "guid": f"guid-{n}",
        **{name: _hash(f"{name}{n}") for name in ("guid_hash", "link_hash", "content_hash")},
        "url": f"https://{publisher}/{n}",
        "title": f"{world.text(9)} {companies[0]}",
        "summary": world.text(45),
        "marks": marks_of_story(own, tags, (), companies, usd),
        "published_at": at,
        "first_seen_at": at,
        "publisher": publisher,
        "publisher_name": publisher,
        "language": language,
        "pending": False,
        "story_id": story,
    }


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def questions(archive: Archive, world: World, now: datetime) -> Iterator[tuple[str, Callable[[int], Any]]]:
    """(name, what to do in the n-th round)."""
    search, ledger = archive.search.search, archive.ledger
    bands = {"half of all": world.words[:1], "common": world.words[3:13], "middling": world.words[100:400]}
    bands |= {"rare": world.words[20_000:30_000], "none": ["xyzzy"]}
    for name, words in bands.items():
        yield f"search newest, {name}", lambda n, w=words: search(w[n * 37 % len(w)], now=now)
    for name, words in bands.items():
        yield f"search best, {name}", lambda n, w=words: search(w[n * 37 % len(w)], now=now, sort="best")
    common, middling = bands["common"], bands["middling"]
    year = timedelta(days=365)
    yield (
        "search common word + tag + year",
        lambda n: search(
            f"{common[n % 10]} tag:funding since:{now - 3 * year:%Y-%m-%d} until:{now - 2 * year:%Y-%m-%d}", now=now
        ),
    )
    yield "search two middling words", lambda n: search(f"{middling[n % 300]} {middling[(n * 7 + 1) % 300]}", now=now)
    yield "search phrase", lambda n: search(f'"{common[n % 10]} {common[(n + 3) % 10]}"', now=now)
    yield "search word -word", lambda n: search(f"{middling[n % 300]} -{common[n % 10]}", now=now)
    yield "search beginning*", lambda n: search(f"{middling[n % 300][:5]}*", now=now)
    yield "search company, amount", lambda n: search(f'company:"{world.companies[n % 40]}" amount>=100M', now=now)
    yield (
        "search tag, one day of years ago",
        lambda n: search(
            f"tag:acquisition since:{now - year * 2 - timedelta(days=n):%Y-%m-%d} until:{now - year * 2:%Y-%m-%d}",
            now=now,
        ),
    )
    since = datetime(2024, 1, 1, tzinfo=UTC)
    yield (
        "deals --company Microsoft --since 2024 --sum --by year",
        lambda n: ledger.totals(LedgerFilter(companies=("Microsoft",), since=since), by="year"),
    )
    yield "deals --company Microsoft", lambda n: ledger.deals(LedgerFilter(companies=("Microsoft",)))
    yield "deals --company (any)", lambda n: ledger.deals(LedgerFilter(companies=(world.companies[n * 17 % 3000],)))
    yield (
        "deals --min-amount 100M --sort amount",
        lambda n: ledger.deals(LedgerFilter(min_amount=Decimal(100_000_000), since=since), sort="amount"),
    )
    yield (
        "deals --investor --round",
        lambda n: ledger.deals(LedgerFilter(investors=(world.companies[n % 50],), rounds=("Series B",))),
    )
    yield "launches --developer Mistral", lambda n: ledger.launches(LedgerFilter(developers=("Mistral AI",)))
    yield "launches", lambda n: ledger.launches()
    yield "deals --sum --by month (all)", lambda n: ledger.totals(by="month")
    yield (
        "stories of the last day (digest)",
        lambda n: archive.stories.arrived(Selection(tags=("funding",)), now - timedelta(days=1, hours=n), now),
    )
    yield "show (a story)", lambda n: archive.stories.get(1 + n * 991)
    yield "by address", lambda n: archive.entries.by_url(f"https://feed1.example/{n * 200 + 1}")


def storing(archive: Archive, world: World) -> float:
    """Seconds to store 30 new entries of each of 1,000 feeds, 50 feeds a transaction."""
    seconds = 0.0
    for first in range(0, 1000, 50):
        outcomes = []
        for n in range(first, first + 50):
            feed = f"feed-{n % PUBLISHERS}"
            drafts = tuple(_draft(feed, f"store {time.monotonic_ns()} {n} {i}", world) for i in range(30))
            state = FeedState(feed_id=feed, url="https://x.example/rss")
            outcomes.append(PollOutcome(feed_id=feed, at=LAST, state=state, result="new", drafts=drafts))
        started = time.perf_counter()
        stored = archive.feeds.store(outcomes)
        seconds += time.perf_counter() - started
        assert len(stored) == 1500
    return seconds


def _draft(feed: str, name: str, world: World) -> EntryDraft:
    return EntryDraft(
        feed_id=feed,
        guid_hash=_hash(f"g{name}"),
        link_hash=_hash(f"l{name}"),
        content_hash=_hash(f"c{name}"),
        guid=name,
        url=f"https://x.example/{name}",
        title=world.text(9),
        summary=world.text(45),
        author=None,
        published_at=LAST,
        first_seen_at=LAST,
        publisher="x.example",
        publisher_name="X",
        language="en",
    )


def measure(ask: Callable[[int], Any], rounds: int) -> tuple[float, float]:
    """(median, 95th percentile) in milliseconds; the first round is not counted."""
    ask(0)
    taken = []
    for n in range(1, rounds + 1):
        started = time.perf_counter()
        ask(n)
        taken.append(1000 * (time.perf_counter() - started))
    taken.sort()
    return taken[len(taken) // 2], taken[min(len(taken) - 1, int(len(taken) * 0.95))]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the archive.")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--database", help="kept; default: SQLite in a folder that is removed")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--storing", action="store_true", help="measure storing, too (adds 30,000 entries)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        database = Database(url)
        with database.read() as connection:
            count = connection.scalar(sa.select(sa.func.count()).select_from(entries)) or 0
        started = time.perf_counter()
        if count < options.entries:
            fill(database, options.entries, lambda words: None if options.json else print(words, flush=True))
        filled = time.perf_counter() - started
        results: dict[str, Any] = {"entries": options.entries, "fill_seconds": round(filled, 1)}
        with open_archive(url) as archive:
            results["bytes"] = archive.keep.stats()["bytes"]
            if options.storing:
                results["store_30000_seconds"] = round(storing(archive, World(11)), 2)
            for name, ask in questions(archive, World(), LAST):
                p50, p95 = measure(ask, options.rounds)
                results[name] = {"p50_ms": round(p50, 2), "p95_ms": round(p95, 2)}
                if not options.json:
                    print(f"{name:55} {p50:9.2f} {p95:9.2f}", flush=True)
        print(json.dumps(results) if options.json else {k: v for k, v in results.items() if not isinstance(v, dict)})
        database.close()


if __name__ == "__main__":
    main()
