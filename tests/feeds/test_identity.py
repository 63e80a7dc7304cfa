"""New, changed or known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from monitor.feeds.identity import Decision, decide, keyed
from monitor.feeds.settings import CollectSettings
from monitor.testing import MONDAY
from monitor.types import FeedSpec, FeedState, KnownEntry, ParsedEntry, ParsedFeed

SPEC = FeedSpec(id="f", url="https://news.example/feed", name="News")
STATE = FeedState(feed_id="f", url=SPEC.url, baseline_at=MONDAY - timedelta(days=9), ok_at=MONDAY, entries=50)
LONG = "A whole paragraph of words that tells what has happened, at such length that no other entry says the same."


def entry(n: int, **changes: object) -> ParsedEntry:
    made = ParsedEntry(
        guid=f"id-{n}", link=f"https://news.example/{n}", title=f"T{n}", summary=f"{n}: {LONG}", published=MONDAY
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def judge(
    entries: list[ParsedEntry], stored: Sequence[ParsedEntry] = (), state: FeedState = STATE, revision: int = 1
) -> Decision:
    document = keyed(feed(entries))
    known = [
        KnownEntry(entry_id=i, guid_hash=k.guid, link_hash=k.link, content_hash=k.content, revision=revision)
        for i, (_, k) in enumerate(keyed(feed([*stored])).entries, 1)
    ]
    return decide(SPEC, feed(entries), document, known, state, MONDAY, CollectSettings())


def feed(entries: list[ParsedEntry]) -> ParsedFeed:
    return ParsedFeed(title="News", link="https://news.example/", language="en", entries=tuple(entries))


def test_known_entries_stay_known_whatever_wobbles() -> None:
    old = [entry(n) for n in range(10)]
    for name, now in {
        "date": [replace(e, published=MONDAY + timedelta(hours=1)) for e in old],
        "guid": [replace(e, guid=f"other-{e.guid}") for e in old],
        "scheme": [replace(e, link=(e.link or "").replace("https", "http")) for e in old],
        "tracking": [replace(e, link=f"{e.link}?utm_source=x") for e in old],
        "host and guid": [replace(e, guid=None, link=(e.link or "").replace("news.", "new.")) for e in old],
        "all keys": [replace(e, guid=f"x{e.guid}", link=f"https://moved.example/{e.title}") for e in old],
    }.items():
        decision = judge(now, old)
        assert (len(decision.drafts), decision.known) == (0, 10), name
    assert judge([replace(e, guid=f"x{e.guid}") for e in old], old).events[0].startswith("feed changed its ids")


def test_different_entries_stay_different() -> None:
    weekly = [entry(n, title="Weekly update", summary="") for n in range(200)]
    assert len(judge(weekly).drafts) == 200
    assert len(judge([*weekly[1:], entry(999, title="Weekly update", summary="")], weekly).drafts) == 1
    same_link = [entry(n, link="https://news.example/changelog") for n in range(5)]
    assert len(judge([entry(9, link="https://news.example/changelog"), *same_link], same_link).drafts) == 1
    same_guid = [entry(n, guid="one for all") for n in range(5)]
    assert len(judge(same_guid).drafts) == 5
    assert len(judge(same_guid, same_guid).drafts) == 0
    bare = [entry(n, guid=None, link=None) for n in range(5)]
    assert len(judge([*bare, entry(7, guid=None, link=None)], bare).drafts) == 1


def test_changes_are_counted_and_end() -> None:
    edited = judge([entry(1, title="Corrected")], [entry(1)])
    assert [(c.entry_id, c.revision, c.title) for c in edited.changes] == [(1, 2, "Corrected")] and not edited.drafts
    assert judge([entry(1, title="Corrected")], [entry(1)], revision=25).changes == ()
    assert judge([entry(1)], [entry(1)]).changes == ()


def test_what_is_announced() -> None:
    fresh, old = entry(1), entry(2, published=MONDAY - timedelta(hours=49))
    assert [d.announce for d in judge([fresh, old]).drafts] == [True, False]
    assert not any(d.announce for d in judge([fresh], state=replace(STATE, baseline_at=None)).drafts)
    flood = judge([entry(n) for n in range(200)])
    assert sum(d.announce for d in flood.drafts) == 60 and len(flood.drafts) == 200 and "flood" in flood.events[0]


def test_dates_are_clamped() -> None:
    drafts = judge([entry(1, published=MONDAY + timedelta(days=400)), entry(2, published=None), entry(3)]).drafts
    assert [d.published_at for d in drafts] == [MONDAY, MONDAY, MONDAY]


def test_gaps() -> None:
    young = [entry(n, published=MONDAY + timedelta(minutes=n + 1)) for n in range(5)]
    assert judge(young).gap and not judge(young, young[:1]).gap
    assert not judge([*young, entry(9, published=MONDAY - timedelta(days=1))]).gap


def test_publishers() -> None:
    named = entry(
        1, link="https://other.example.co.uk/x", source_name="Elsewhere", source_url="https://www.else.example/"
    )
    plain = judge([entry(2), named, entry(3, link=None)]).drafts
    assert [(d.publisher, d.publisher_name) for d in plain] == [
        ("news.example", "News"),
        ("example.co.uk", "example.co.uk"),
        ("news.example", "News"),
    ]
    aggregated = decide(
        replace(SPEC, aggregator=True), feed([named]), keyed(feed([named])), (), STATE, MONDAY, CollectSettings()
    ).drafts
    assert (aggregated[0].publisher, aggregated[0].publisher_name) == ("else.example", "Elsewhere")
