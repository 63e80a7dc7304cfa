"""What the writer asks of the archive, and how it is kept from a hundred small transactions."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.collect.limits import Slots
from monitor.collect.records import Met, Round
from monitor.collect.writer import Writer
from monitor.errors import FeedError
from monitor.feeds import identity
from monitor.feeds.keys import twin_key
from monitor.feeds.settings import CollectSettings
from monitor.protocols import FeedStore
from monitor.testing import MONDAY, FakeClock, SilentLog
from monitor.types import FeedSpec, FeedState, KnownEntry, NotModified, ParsedEntry, ParsedFeed, PollOutcome
from monitor.urls import link_key
from tests.collect import virtual

SETTINGS = CollectSettings()
GUIDS = ("g1", "g2", "g3")
LINKS = tuple(f"https://news.example/{n}" for n in range(3))
TEXTS = tuple(f"words {n} " * 12 for n in range(3))


class MemoryFeeds:
    """A FeedStore over a list of (feed, KnownEntry), with the archive's answer to `known`."""

    def __init__(self, rows: Sequence[tuple[str, KnownEntry]] = ()) -> None:
        self.rows = rows
        self.stored: list[list[PollOutcome]] = []
        self.asked = 0

    def known(
        self, feed_ids: Sequence[str], guids: Iterable[bytes], links: Iterable[bytes], contents: Iterable[bytes]
    ) -> dict[str, list[KnownEntry]]:
        asked = (set(guids), set(links), set(contents))
        self.asked += sum(map(len, asked))
        found: dict[str, list[KnownEntry]] = {feed_id: [] for feed_id in feed_ids}
        for feed_id, k in self.rows:
            keys = (k.guid_hash, k.link_hash, k.content_hash)
            if feed_id in found and any(key in hashes for key, hashes in zip(keys, asked, strict=True)):
                found[feed_id].append(k)
        return found

    def store(self, outcomes: Sequence[PollOutcome]) -> list[int]:
        self.stored.append(list(outcomes))
        return []


def _surprise(spec: FeedSpec, error: Exception) -> FeedError:
    raise error


def _writer(store: MemoryFeeds) -> Writer:
    return Writer(cast("FeedStore", store), SETTINGS, SilentLog(), rng=random.Random(1), surprise=_surprise)


entries = st.builds(
    lambda guid, link, text: ParsedEntry(guid=guid, link=link, title=text[:7], summary=text),
    st.sampled_from((None, *GUIDS)),
    st.sampled_from((None, *LINKS)),
    st.sampled_from(TEXTS),
)


def _twins(document: Sequence[ParsedEntry]) -> list[bytes]:
    return [twin_key(identity.guid_key(e.guid), e) for e in document if e.guid]


def _row(number: int, entry: ParsedEntry, revision: int, twin: bool = False) -> KnownEntry:
    """twin: it was stored when others had its guid and link."""
    guid = _twins([entry])[0] if twin and entry.guid else identity.guid_key(entry.guid) if entry.guid else None
    return KnownEntry(
        entry_id=number,
        guid_hash=guid,
        link_hash=link_key(entry.link) if entry.link else None,
        content_hash=identity.content_key(entry.title, entry.summary),
        revision=revision,
    )


rows = st.lists(st.builds(_row, st.integers(1, 5), entries, st.integers(1, 3), st.booleans()), max_size=8)
documents = st.lists(entries, min_size=1, max_size=6)


@given(rows, documents, rows)
@settings(max_examples=300)
def test_asking_little_decides_as_asking_for_everything(
    stored: list[KnownEntry], document: list[ParsedEntry], of_another: list[KnownEntry]
) -> None:
    store = MemoryFeeds([*(("f", k) for k in stored), *(("other", k) for k in of_another)])
    spec = FeedSpec(id="f", url="https://news.example/feed", name="F")
    state = FeedState(feed_id="f", url=spec.url, baseline_at=MONDAY)
    parsed = ParsedFeed(title="", link=None, language=None, entries=tuple(document))
    met = Met(spec=spec, state=state, at=MONDAY, parsed=parsed, document=identity.keyed(parsed))
    keys = [k for _, k in met.document.entries] if met.document else []
    everything = store.known(
        ["f"],
        [*(k.guid for k in keys if k.guid), *_twins(document)],
        [k.link for k in keys if k.link],
        [k.content for k in keys],
    )["f"]
    little = _writer(store)._known([met]).get("f", [])
    assert met.document is not None
    decide = [
        identity.decide(spec, parsed, met.document, sorted(known, key=repr), state, MONDAY, SETTINGS)
        for known in (everything, little)
    ]
    assert decide[0] == decide[1]


def test_an_unchanged_document_costs_one_key_an_entry() -> None:
    document = [
        ParsedEntry(guid=f"g{n}", link=f"https://news.example/{n}", title="T", summary=f"{n}") for n in range(9)
    ]
    store = MemoryFeeds([("f", _row(n, entry, 1)) for n, entry in enumerate(document)])
    parsed = ParsedFeed(title="", link=None, language=None, entries=tuple(document))
    state = FeedState(feed_id="f", url="https://news.example/feed", baseline_at=MONDAY)
    spec = FeedSpec(id="f", url=state.url, name="F")
    _writer(store)._known([Met(spec=spec, state=state, at=MONDAY, parsed=parsed, document=identity.keyed(parsed))])
    assert store.asked == 9


def test_feeds_that_come_together_are_stored_together() -> None:
    store, clock = MemoryFeeds(), FakeClock()

    async def main() -> None:
        current = Round(total=300, progress=None)
        writing = asyncio.create_task(_writer(store).write_all(current))
        for n in range(300):
            spec = FeedSpec(id=f"f{n}", url="https://news.example/feed", name="F")
            state = FeedState(feed_id=spec.id, url=spec.url)
            current.queue.put_nowait(Met(spec=spec, state=state, at=MONDAY, same=NotModified(url=spec.url)))
            await asyncio.sleep(0.001)
        current.queue.put_nowait(None)
        await writing
        assert current.results["not-modified"] == current.done == 300

    virtual.run(clock, main())
    assert len(store.stored) < 10 and max(map(len, store.stored)) <= 100


def test_a_request_that_takes_long_does_not_keep_others_waiting() -> None:
    clock = FakeClock()
    begun: dict[str, float] = {}
    ended: dict[str, float] = {}

    async def main(slow: int) -> None:
        slots = Slots(2, beside=3, patience=2.0)

        async def ask(name: str, seconds: float) -> None:
            async with slots.one():
                begun[name] = clock.monotonic()
                await asyncio.sleep(seconds)
            ended[name] = clock.monotonic()

        await asyncio.gather(*(ask(f"slow{n}", 30.0) for n in range(slow)), *(ask(f"quick{n}", 1.0) for n in range(2)))
        assert slots.beside == 3

    virtual.run(clock, main(4))
    assert max(ended[f"quick{n}"] for n in range(2)) < min(ended[f"slow{n}"] for n in range(4))
    begun.clear()
    ended.clear()
    virtual.run(clock, main(9))
    # each holds a socket, so there are never more than both numbers together
    for at in begun.values():
        assert sum(begun[name] <= at < ended[name] for name in begun) <= 5
