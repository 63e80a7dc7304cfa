from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from monitor.archive import Archive
from monitor.types import EntryChange, FeedState, KnownEntry
from tests.archive.samples import DAY, HOUR, NOW, draft, key, outcome, spec, stored


def test_new_feeds_are_due_at_once_and_vanished_ones_are_not(archive: Archive) -> None:
    archive.feeds.sync([spec("a"), spec("b"), spec("off", enabled=False)], NOW)
    assert [s.feed_id for s in archive.feeds.due(NOW)] == ["a", "b"]
    assert archive.feeds.next_due() == NOW
    archive.feeds.sync([spec("b")], NOW)
    assert [s.feed_id for s in archive.feeds.due(NOW)] == ["b"]
    assert [s.feed_id for s in archive.feeds.states()] == ["b"]
    assert archive.feeds.state("a") is not None


def test_every_field_of_a_state_comes_back(archive: Archive) -> None:
    archive.feeds.sync([spec("a")], NOW)
    values: dict[str, object] = {"feed_id": "a"}
    for number, field in enumerate(f for f in fields(FeedState) if f.name != "feed_id"):
        kind = str(field.type)
        if "datetime" in kind:
            values[field.name] = NOW + timedelta(seconds=number, microseconds=number)
        elif "int" in kind:
            values[field.name] = number
        elif "float" in kind:
            values[field.name] = number + 0.25
        else:
            values[field.name] = f"text {number} \N{SNOWMAN}"
    state = FeedState(**values)  # type: ignore[arg-type]
    archive.feeds.store([outcome(feed_id="a", state=state)])
    assert archive.feeds.state("a") == state


def test_the_most_overdue_feed_comes_first(archive: Archive) -> None:
    archive.feeds.sync([spec("a"), spec("b"), spec("c")], NOW)
    for feed_id, due in (("a", NOW - HOUR), ("b", NOW + HOUR), ("c", NOW - 2 * HOUR)):
        state = FeedState(feed_id=feed_id, url="https://x.example", next_poll_at=due)
        archive.feeds.store([outcome(feed_id=feed_id, state=state)])
    assert [s.feed_id for s in archive.feeds.due(NOW)] == ["c", "a"]
    assert [s.feed_id for s in archive.feeds.due(NOW, limit=1)] == ["c"]
    assert [s.feed_id for s in archive.feeds.due(NOW, feed_ids=["b"], force=True)] == ["b"]
    assert archive.feeds.due(NOW, feed_ids=["b"]) == []


def test_a_learned_redirect_stays_until_the_address_is_edited(archive: Archive) -> None:
    archive.feeds.sync([spec("a")], NOW)
    learned = FeedState(feed_id="a", url="https://new.example/feed", etag='"1"', next_poll_at=NOW + DAY, polls=7)
    archive.feeds.store([outcome(feed_id="a", state=learned)])
    archive.feeds.sync([spec("a", name="Another name")], NOW)
    assert archive.feeds.state("a") == learned
    archive.feeds.sync([spec("a", url="https://edited.example/feed")], NOW)
    edited = archive.feeds.state("a")
    assert edited is not None
    assert (edited.url, edited.etag, edited.next_poll_at, edited.polls) == ("https://edited.example/feed", None, NOW, 7)


def test_stored_entries_are_pending_in_order_of_publication(archive: Archive) -> None:
    ids = stored(archive, draft("late", published_at=NOW), draft("early", published_at=NOW - DAY))
    assert ids == sorted(ids)
    entries = archive.entries.pending()
    assert [e.title for e in entries] == ["Title of early", "Title of late"]
    assert [e.id for e in entries] == ids
    assert archive.entries.pending_count() == 2


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"guid_hash": None, "guid": None},
        {"guid_hash": None, "guid": None, "link_hash": None, "url": None},
    ],
)
def test_nothing_is_stored_twice_whatever_is_asked(archive: Archive, keys: dict[str, None]) -> None:
    one = draft("one", **keys)
    first = stored(archive, one, replace(one, author="in the same batch"))
    assert len(first) == 1
    assert stored(archive, one) == []
    assert len(stored(archive, draft("two", **keys), one)) == 1
    assert len(archive.entries.pending()) == 2


def test_the_same_guid_in_two_feeds_is_two_entries(archive: Archive) -> None:
    same = key("one guid for all")
    assert len(stored(archive, draft("a", "lab", guid_hash=same), draft("b", "press", guid_hash=same))) == 2


def test_known_finds_by_each_key_within_the_feeds_asked(archive: Archive) -> None:
    by_guid, by_link, by_content = draft("g"), draft("l", guid_hash=None), draft("c", guid_hash=None, link_hash=None)
    elsewhere = draft("g", "press")
    stored(archive, by_guid, by_link, by_content, elsewhere)
    assert by_guid.guid_hash and by_link.link_hash
    found = archive.feeds.known(["lab"], [by_guid.guid_hash, key("no")], [by_link.link_hash], [by_content.content_hash])
    assert {k.content_hash for k in found["lab"]} == {d.content_hash for d in (by_guid, by_link, by_content)}
    assert list(found) == ["lab"]
    assert archive.feeds.known(["lab", "press"], [], [], []) == {"lab": [], "press": []}


def _change(known: KnownEntry, **values: object) -> EntryChange:
    plain: dict[str, object] = {
        "entry_id": known.entry_id,
        "revision": known.revision,
        "title": "Title of one",
        "summary": "Summary of one.",
        "url": None,
        "guid_hash": known.guid_hash,
        "link_hash": known.link_hash,
        "content_hash": known.content_hash,
    }
    return EntryChange(**plain | values)  # type: ignore[arg-type]


def test_an_edited_entry_keeps_its_old_words_and_is_read_again(archive: Archive) -> None:
    one = draft("one")
    [entry_id] = stored(archive, one)
    archive.stories.apply({}, {}, [], NOW)
    known = archive.feeds.known(["lab"], [one.guid_hash or b""], [], [])["lab"][0]
    edit = _change(known, revision=2, title="A better title", content_hash=key("new"))
    archive.feeds.store([outcome(changes=(edit,), at=NOW + HOUR)])
    entry = archive.entries.get(entry_id)
    assert entry is not None
    assert (entry.title, entry.revision, entry.summary) == ("A better title", 2, "Summary of one.")
    [old] = archive.entries.revisions(entry_id)
    assert (old.revision, old.title, old.until) == (1, "Title of one", NOW + HOUR)
    assert [h.title for h in archive.search.search("better")] == ["A better title"]
    assert archive.search.search('"title of one"') == []
    assert stored(archive, one) == []


def test_a_changed_guid_is_known_by_both(archive: Archive) -> None:
    one = draft("one")
    [entry_id] = stored(archive, one)
    known = archive.feeds.known(["lab"], [one.guid_hash or b""], [], [])["lab"][0]
    new = key("new guid")
    for guid in (new, one.guid_hash, new):
        archive.feeds.store([outcome(changes=(_change(known, guid_hash=guid),))])
    for guid in (new, one.guid_hash or b""):
        found = archive.feeds.known(["lab"], [guid], [], [])["lab"]
        assert {k.entry_id for k in found} == {entry_id}
        assert guid in {k.guid_hash for k in found}
    entry = archive.entries.get(entry_id)
    assert entry is not None
    assert entry.revision == 1
    assert archive.entries.revisions(entry_id) == []
    assert archive.keep.stats()["former_keys"] <= 2


def test_a_guid_that_another_entry_holds_does_not_fail_the_batch(archive: Archive) -> None:
    one, two = draft("one"), draft("two")
    ids = stored(archive, one, two)
    known = archive.feeds.known(["lab"], [one.guid_hash or b""], [], [])["lab"][0]
    stolen = _change(known, guid_hash=two.guid_hash, title="Moved", content_hash=key("moved"), revision=2)
    fresh = archive.feeds.store([outcome(draft("three"), changes=(stolen,))])
    assert len(fresh) == 1
    moved = archive.entries.get(known.entry_id)
    assert moved is not None
    assert moved.title == "Moved"
    assert {e.id for e in archive.entries.pending()} == {*ids, *fresh}


def test_a_change_of_an_unknown_entry_is_nothing(archive: Archive) -> None:
    stored(archive, draft("one"))
    ghost = KnownEntry(entry_id=999_999, guid_hash=key("g"), link_hash=None, content_hash=key("c"))
    archive.feeds.store([outcome(changes=(_change(ghost, title="Boo"),))])
    assert [e.title for e in archive.entries.pending()] == ["Title of one"]


def test_host_pauses_end(archive: Archive) -> None:
    archive.feeds.sync([spec("a")], NOW)
    for until in (NOW + HOUR, NOW + 2 * HOUR):
        archive.feeds.store([outcome(feed_id="a", host="a.example", host_pause_until=until)])
    assert archive.feeds.host_pauses(NOW) == {"a.example": NOW + 2 * HOUR}
    assert archive.feeds.host_pauses(NOW + 2 * HOUR) == {}


def test_an_unsynced_feed_does_not_fail_the_batch(archive: Archive) -> None:
    archive.feeds.sync([spec("a")], NOW)
    ids = archive.feeds.store([outcome(draft("x", "a"), feed_id="a"), outcome(draft("y", "ghost"), feed_id="ghost")])
    assert len(ids) == 2
    assert [s.feed_id for s in archive.feeds.states()] == ["a"]


def test_hostile_text_is_cut_and_stored(archive: Archive) -> None:
    nasty = draft(
        "n", title="\x00NUL \ud800 lone " + "\N{FIRE}" * 2000, summary="\x00" + "x" * 200_000, author="\udfff"
    )
    [entry_id] = stored(archive, nasty)
    entry = archive.entries.get(entry_id)
    assert entry is not None
    assert entry.title.startswith("NUL  lone ")
    assert len(entry.title.encode()) <= 1024
    assert len(entry.summary.encode()) <= 64 * 1024


def test_a_time_without_a_zone_is_refused(archive: Archive) -> None:
    with pytest.raises(Exception, match="without a zone"):
        stored(archive, draft("n", published_at=NOW.replace(tzinfo=None)))
    assert archive.entries.pending() == []
