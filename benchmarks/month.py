"""A month of real entries through classify, stories and ledger, without network, to be read by a person.

    python benchmarks/month.py drive CORPUS ARCHIVE.db [--since 2026-05-01] [--days 31] [--weights FOLDER]
    python benchmarks/month.py read ARCHIVE.db [--what stories|deals|launches|developments] [--limit 50]

`drive` fills a fresh archive (SQLite) with the entries of CORPUS (JSON lines, gzipped or not: title, summary, url,
published, lang), some hours of its time at once, as the daemon would. `read` tells the largest stories, deals or
launches, or the steps that stories took, from the archive's entries and what the model read in them, with the ledger as
it is in this checkout: after a change of the ledger nothing need be driven anew.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from monitor.archive import Archive, open_archive, upgrade
from monitor.bookkeeper import Bookkeeper
from monitor.classify import load_classifier
from monitor.config import load_config
from monitor.ledger.developments import development_of
from monitor.protocols import Classifier
from monitor.rooms import new_matcher
from monitor.stories.merge import Part as StoryPart
from monitor.testing import FakeClock, SilentLog
from monitor.types import Classification, Entry, EntryDraft, FeedSpec, FeedState, LedgerRecord, PollOutcome, Story
from monitor.understand import Growth, Understander
from monitor.urls import host_of, link_key, registrable_domain

Row = dict[str, Any]


# ------------------------------------------------------------------ drive


def rows_of(corpus: Path, since: datetime, until: datetime) -> list[tuple[datetime, Row]]:
    """The entries of that time, oldest first; those with a day but no time are spread over it, always the same way."""
    found = []
    with gzip.open(corpus, "rt") if corpus.suffix == ".gz" else corpus.open() as lines:
        for line in lines:
            row = json.loads(line)
            try:
                at = datetime.fromisoformat(row["published"])
            except ValueError:
                continue
            if len(row["published"]) <= 10:
                at += timedelta(seconds=int(hashlib.sha1(row["url"].encode()).hexdigest(), 16) % 86400)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            if since <= at < until and row["url"]:
                found.append((at, row))
    return sorted(found, key=lambda pair: (pair[0], pair[1]["url"]))


class Remembering:
    """A classifier that knows what an archive of an earlier drive has of the same model and texts."""

    def __init__(self, model: Classifier, earlier: Path | None) -> None:
        self._model = model
        self._known: dict[tuple[str, str], Classification] = {}
        if earlier is not None:
            with open_archive(f"sqlite:///{earlier}", read_only=True) as archive:
                for page in archive.entries.each():
                    self._known |= {(e.title, e.summary): found for e, found in page if found is not None}
        if self._known:
            model.classify([("", "")])  # it knows its id then
            self._known = {text: c for text, c in self._known.items() if c.model_id == model.model_id}

    @property
    def model_id(self) -> str:
        return self._model.model_id

    def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
        new = [text for text in texts if text not in self._known]
        found = dict(zip(new, self._model.classify(new), strict=True)) if new else {}
        return [self._known.get(text) or found[text] for text in texts]


def drive(given: argparse.Namespace) -> None:
    since = datetime.fromisoformat(given.since).replace(tzinfo=UTC)
    rows = rows_of(given.corpus, since, since + timedelta(days=given.days))
    url = f"sqlite:///{given.archive}"
    upgrade(url)
    clock = FakeClock(since)
    with open_archive(url) as archive:
        bookkeeper = Bookkeeper(archive.entities, clock)
        bookkeeper.seed()
        specs = _feeds(rows)
        archive.feeds.sync(list(specs.values()), since)
        understander = Understander(
            entries=archive.entries,
            stories=archive.stories,
            classifier=Remembering(load_classifier(given.weights), given.again),
            matcher=lambda: new_matcher(bookkeeper.names_in),
            read_records=bookkeeper,
            development=development_of,
            clock=clock,
            log=SilentLog(),
        )
        for hour, batch in _hours(rows, since, given.hours):
            clock.set(hour)
            archive.feeds.store([_outcome(domain, its, hour) for domain, its in batch.items()])
            # what the archive learns of names is taken up now and then, as in the daemon
            if hour.hour < given.hours:
                bookkeeper.refresh()
            report = understander.run()
            if hour.hour < given.hours:
                print(hour.date(), report, file=sys.stderr, flush=True)


def _feeds(rows: Sequence[tuple[datetime, Row]]) -> dict[str, FeedSpec]:
    """A feed for each outlet, of the authority that the shipped feeds give its domain."""
    authority: dict[str, int] = defaultdict(lambda: 1)
    shipped = load_config(Path(__file__).parent.parent / "feeds.yaml", {})
    for feed in shipped.feeds:
        domain = registrable_domain(host_of(feed.url))
        authority[domain] = max(authority[domain], feed.authority)
    domains = {_outlet(row) for _, row in rows}
    return {
        d: FeedSpec(id=d, url=f"https://{d}/feed", name=d, authority=authority[registrable_domain(d)])
        for d in sorted(domains)
    }


def _outlet(row: Row) -> str:
    return host_of(row["url"]).removeprefix("www.")


def _hours(
    rows: Sequence[tuple[datetime, Row]], since: datetime, hours: int
) -> Iterator[tuple[datetime, dict[str, list[tuple[datetime, Row]]]]]:
    """(end of so many hours, their entries by outlet)."""
    by_hour: dict[int, dict[str, list[tuple[datetime, Row]]]] = defaultdict(lambda: defaultdict(list))
    for at, row in rows:
        by_hour[int((at - since).total_seconds() // (3600 * hours))][_outlet(row)].append((at, row))
    for hour in sorted(by_hour):
        yield since + timedelta(hours=hours * (hour + 1)), by_hour[hour]


def _outcome(domain: str, rows: Sequence[tuple[datetime, Row]], now: datetime) -> PollOutcome:
    state = FeedState(feed_id=domain, url=f"https://{domain}/feed")
    return PollOutcome(
        feed_id=domain,
        at=now,
        state=state,
        result="new",
        drafts=tuple(_draft(domain, at, row, now) for at, row in rows),
    )


def _draft(domain: str, at: datetime, row: Row, now: datetime) -> EntryDraft:
    text = f"{row['title']}\n{row['summary']}"
    return EntryDraft(
        feed_id=domain,
        guid_hash=None,
        link_hash=link_key(row["url"]),
        content_hash=hashlib.blake2b(text.encode(), digest_size=16).digest(),
        guid=None,
        url=row["url"],
        title=row["title"],
        summary=row["summary"],
        author=None,
        published_at=at,
        first_seen_at=now,
        publisher=registrable_domain(host_of(row["url"])),
        publisher_name=row["source"] or domain,
        language=row["lang"] or "en",
    )


# ------------------------------------------------------------------ read


class Fixed:
    """The archive's entities for a bookkeeper that writes nothing: new ones get no number."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def entities(self) -> list[dict[str, Any]]:
        return self._archive.entities.entities()

    def ensure_entities(self, wanted: Sequence[tuple[str, str]]) -> list[int]:
        return [0 for _ in wanted]

    def describe(self, rows: object) -> None:
        raise NotImplementedError("nothing is written")


def reread(archive: Archive) -> Iterator[tuple[Story, list[Entry]]]:
    """Every story with the records and steps that this checkout reads, its entries in the order in which they came."""
    bookkeeper = Bookkeeper(Fixed(archive), FakeClock())
    bookkeeper.refresh()
    growth = Growth(bookkeeper, development_of)
    members: dict[int, list[StoryPart]] = defaultdict(list)
    for page in archive.entries.each(in_story=True):
        for entry, found in page:
            if found is not None and entry.story_id is not None:
                members[entry.story_id].append(StoryPart(entry=entry, read=found))
    for story_id, parts in members.items():
        parts.sort(key=lambda part: (part.entry.first_seen_at, part.entry.published_at, part.entry.id))
        story = growth.grown(None, [], parts[:1])
        for at in range(1, len(parts)):
            story = growth.grown(replace(story, id=story_id), parts[:at], parts[at : at + 1])
        yield replace(story, id=story_id), [part.entry for part in parts]


def read(given: argparse.Namespace) -> None:
    with open_archive(f"sqlite:///{given.archive}", read_only=True) as archive:
        told = list(reread(archive))
    if given.what == "developments":
        steps = [(s, e, d) for s, e in told for d in s.developments if d.follow_up]
        random.Random(given.seed).shuffle(steps)
        print(f"{len(steps)} developments; {Counter(d.kind.value for _, _, d in steps)}")
        for story, entries, step in steps[: given.limit]:
            before = [e for e in entries if e.id != step.entry_id and e.first_seen_at <= step.at]
            print(f"\n[{step.kind.value}] story {story.id} ({len(entries)} entries, {', '.join(story.tags)})")
            for entry in before[:3]:
                print(f"    before: {entry.published_at:%d.%m.} {entry.publisher}: {entry.title[:130]}")
            print(f"    now:    {step.at:%d.%m. %H:%M} {step.line}")
        return
    deals = given.what == "deals"
    kinds = {"funding", "acquisition", "partnership"} if deals else {"model-launch", "product-launch"}
    if given.what == "stories":
        told.sort(key=lambda pair: (-pair[0].independent, -len(pair[1])))
    else:
        told = [pair for pair in told if any(r.kind in kinds for r in pair[0].records)]
        told.sort(key=lambda pair: (-(pair[0].usd or Decimal(0)) if deals else 0, -pair[0].independent))
    for story, entries in told[: given.limit]:
        print(f"\n{story.id} [{', '.join(story.tags)}] {story.status} {len(entries)} entries: {story.title[:140]}")
        for record in story.records:
            print(f"  {record.kind} {record.status.value}: {_facts(record)}")
        for entry in entries[: given.entries]:
            lead = entry.summary[: given.lead]
            print(f"    {entry.published_at:%d.%m.} {entry.publisher}: {entry.title[:120]} | {lead}")


def _facts(record: LedgerRecord) -> str:
    fields: dict[str, list[str]] = defaultdict(list)
    for fact in record.facts:
        fields[fact.field].append(f"{fact.value} ({len({q.publisher for q in fact.evidence})})")
    return "; ".join(f"{name}: {', '.join(values)}" for name, values in fields.items())


def main() -> None:
    parser = argparse.ArgumentParser(description="A month of real entries, offline.")
    steps = parser.add_subparsers(dest="step", required=True)
    driving = steps.add_parser("drive")
    driving.add_argument("corpus", type=Path)
    driving.add_argument("archive", type=Path)
    driving.add_argument("--since", default="2026-05-01")
    driving.add_argument("--days", type=int, default=31)
    driving.add_argument("--weights", type=Path)
    driving.add_argument("--again", type=Path, help="an earlier archive of the same model, not to read twice")
    driving.add_argument("--hours", type=int, default=1, help="of the world's time at once")
    driving.set_defaults(do=drive)
    reading = steps.add_parser("read")
    reading.add_argument("archive", type=Path)
    reading.add_argument("--what", choices=("stories", "deals", "launches", "developments"), default="deals")
    reading.add_argument("--limit", type=int, default=50)
    reading.add_argument("--entries", type=int, default=6, help="entries shown of a story")
    reading.add_argument("--lead", type=int, default=100, help="characters of their summaries")
    reading.add_argument("--seed", type=int, default=1, help="which developments are drawn")
    reading.set_defaults(do=read)
    given = parser.parse_args()
    given.do(given)


if __name__ == "__main__":
    main()
