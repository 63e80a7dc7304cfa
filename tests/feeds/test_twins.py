"""Entries of one guid and link: nothing lost, nothing twice, whatever the document's order and whoever leaves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.feeds.identity import decide, keyed
from monitor.feeds.keys import twin_key
from monitor.feeds.settings import CollectSettings
from monitor.testing import MONDAY
from monitor.types import FeedSpec, FeedState, KnownEntry, ParsedEntry, ParsedFeed

SPEC = FeedSpec(id="f", url="https://news.example/feed", name="News")
STATE = FeedState(feed_id="f", url=SPEC.url, baseline_at=MONDAY - timedelta(days=9), ok_at=MONDAY, entries=50)
HOME, PAGE = "https://news.example/", "https://news.example/page"


class Store:
    """An archive of one feed: what it knows of entries, by the rules of archive/edits.py."""

    def __init__(self) -> None:
        #: rows of an entry: the first is what stands, the others are former keys
        self.rows: dict[int, list[KnownEntry]] = {}
        self.texts: dict[int, list[tuple[str, str]]] = {}

    def poll(self, entries: Sequence[ParsedEntry]) -> None:
        """A document is read: what is new is stored, what is known is changed."""
        parsed = ParsedFeed(title="News", link=HOME, language="en", entries=tuple(entries))
        document = keyed(parsed)
        asked = {key for entry, k in document.entries for key in (k.guid, k.link, k.content) if key}
        asked |= {twin_key(k.guid, entry) for entry, k in document.entries if k.guid and k.shared is None}
        known = [
            row
            for rows in self.rows.values()
            for row in rows
            if asked & {row.guid_hash, row.link_hash, row.content_hash}
        ]
        found = decide(SPEC, parsed, document, known, STATE, MONDAY, CollectSettings())
        for change in found.changes:
            rows = self.rows[change.entry_id]
            rows.append(rows[0])
            rows[0] = KnownEntry(
                entry_id=change.entry_id,
                guid_hash=change.guid_hash,
                link_hash=change.link_hash,
                content_hash=change.content_hash,
                revision=rows[0].revision + 1,
            )
            self.texts[change.entry_id].append((change.title, change.summary))
        for draft in found.drafts:
            number = len(self.rows) + 1
            self.rows[number] = [
                KnownEntry(
                    entry_id=number,
                    guid_hash=draft.guid_hash,
                    link_hash=draft.link_hash,
                    content_hash=draft.content_hash,
                )
            ]
            self.texts[number] = [(draft.title, draft.summary)]

    @property
    def titles(self) -> list[str]:
        return sorted(texts[-1][0] for texts in self.texts.values())


def one(title: str, *, guid: str = HOME, link: str = PAGE, summary: str = "", **values: object) -> ParsedEntry:
    made = ParsedEntry(guid=guid, link=link, title=title, summary=summary or f"Of {title}.", published=MONDAY)
    return replace(made, **values)  # type: ignore[arg-type]


A, B, C = one("Larkspur raises $9 million"), one("Corvane opens its model"), one("Halden buys Osprey")


def test_a_site_that_gives_all_entries_one_guid_and_link_loses_none() -> None:
    store = Store()
    for document in ([A], [B, A], [A, B], [C, B, A], [C, B], [C], [A], [B], [B, C]):
        store.poll(document)
    assert store.titles == sorted(e.title for e in (A, B, C))
    assert all(len(texts) == 1 or len({*texts}) == 1 for texts in store.texts.values()), "none became another"


@pytest.mark.parametrize("link", [PAGE, HOME])
def test_also_where_the_link_is_the_home_page(link: str) -> None:
    store = Store()
    entries = [replace(entry, link=link) for entry in (A, B, C)]
    for document in ([entries[0]], entries[:2], entries, entries[1:], entries[2:]):
        store.poll(document)
    assert store.titles == sorted(entry.title for entry in entries)


def test_an_edit_of_the_text_is_no_second_entry() -> None:
    store = Store()
    store.poll([A, B])
    edited = replace(B, summary="Quite other words.")
    for document in ([A, edited], [edited, A], [edited], [B]):
        store.poll(document)
    assert store.titles == sorted(e.title for e in (A, B))
    assert [texts[-1][1] for texts in store.texts.values() if len(texts) > 1] == ["Quite other words."] * 1


def test_copies_are_one_and_the_order_does_not_decide_what_it_says() -> None:
    short, long = replace(A, summary="Short."), replace(A, summary="The whole text of it.", title=A.title.upper() + " ")
    for document in ([short, long], [long, short]):
        assert [entry.summary for entry, _ in keyed(_feed(document)).entries] == ["The whole text of it."]
    late = replace(short, updated=MONDAY)
    assert [entry.summary for entry, _ in keyed(_feed([long, late])).entries] == ["Short."]


def test_without_titles_the_texts_tell_them_apart() -> None:
    notes = [one("", summary=f"Note {n}: something happened.") for n in range(3)]
    store = Store()
    store.poll(notes)
    store.poll(notes[::-1])
    assert len(store.rows) == 3


def test_a_guid_under_several_links_is_as_before() -> None:
    same = [one(f"T{n}", link=f"{PAGE}/{n}") for n in range(3)]
    assert [keys.guid for _, keys in keyed(_feed(same)).entries] == [None] * 3
    assert all(keys.link and keys.shared is None for _, keys in keyed(_feed(same)).entries)


def _feed(entries: Sequence[ParsedEntry]) -> ParsedFeed:
    return ParsedFeed(title="News", link=HOME, language="en", entries=tuple(entries))


@given(windows=st.lists(st.tuples(st.integers(0, 4), st.integers(3, 4), st.booleans()), max_size=8))
@settings(max_examples=50, deadline=None)
def test_whatever_slides_through_such_a_feed_is_stored_once(windows: list[tuple[int, int, bool]]) -> None:
    """Each poll shows some of its entries, never one alone: that one alone is another is told only by its words."""
    world = [one(f"Title {n}", **({"guid": f"own-{n}"} if n == 3 else {})) for n in range(7)]
    store, seen = Store(), set[str]()
    for start, length, turned in windows:
        document = world[start : start + length][:: -1 if turned else 1]
        seen |= {entry.title for entry in document}
        store.poll(document)
    assert store.titles == sorted(seen)
    assert all(len({title for title, _ in texts}) == 1 for texts in store.texts.values()), "none became another"
