"""New, changed or known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

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


def test_what_came_while_we_were_away_is_news_up_to_two_weeks() -> None:
    days = [0.1, 2.5, 4.0, 13.0, 15.0]
    came = [entry(n, published=MONDAY - timedelta(days=ago)) for n, ago in enumerate(days)]
    for away, announced in [(1.0, 1), (3.0, 2), (5.0, 3), (60.0, 4)]:
        state = replace(STATE, ok_at=MONDAY - timedelta(days=away))
        found = [d.announce for d in judge(came, state=state).drafts]
        assert found == [n < announced for n in range(5)], away
    assert sum(d.announce for d in judge(came, state=replace(STATE, ok_at=None)).drafts) == 1


def test_the_next_entry_under_a_link_that_recurs_is_another() -> None:
    page = "https://news.example/changelog"
    others = [entry(n) for n in range(4)]
    old, new = entry(7, link=page), entry(8, link=page)
    decision = judge([new, *others], [old, *others])
    assert [d.title for d in decision.drafts] == ["T8"] and decision.changes == ()
    # the same words under another guid are the same entry, and so is an edited one where all guids are other ones
    assert judge([replace(old, guid="x"), *others], [old, *others]).drafts == ()
    renamed = [replace(e, guid=f"x{e.guid}") for e in (replace(old, title="Edited"), *others)]
    after = judge(renamed, [old, *others])
    assert after.drafts == () and [c.title for c in after.changes] == ["Edited"]


def test_entries_that_stand_under_a_former_spelling_of_their_link_are_known_by_guid_or_words() -> None:
    """Keys once left out any closing /amp, and parameters that only begin like a trace."""
    for now, then in [("blog/amp", "blog"), ("view?ref=newsletter-12", "view")]:
        new, old = (entry(7, link=f"https://news.example/{path}") for path in (now, then))
        decision = judge([new], [old])
        assert decision.drafts == () and [c.entry_id for c in decision.changes] == [1]
        assert decision.changes[0].url == new.link
        permalinks = [replace(e, guid=e.link) for e in (new, old)]
        assert judge(permalinks[:1], permalinks[1:]).drafts == ()


def test_an_entry_of_the_future_says_nothing_about_the_rhythm() -> None:
    daily = [entry(n, published=MONDAY - timedelta(days=n)) for n in range(5)]
    summit = entry(9, published=datetime(2030, 6, 1, tzinfo=UTC))
    plain, found = judge(daily), judge([*daily, summit])
    assert found.newest == plain.newest == MONDAY and found.rhythm == plain.rhythm == 86_400.0
    assert judge([summit]).newest is None


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
