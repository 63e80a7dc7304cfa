"""What years would pile up is let go of, and nothing that is still needed."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.archive import Archive
from monitor.types import EntryDraft
from tests.archive.samples import DAY, NOW, draft, outcome, stored, told, understood

YEAR = timedelta(days=400)


def _pruned(archive: Archive, *names: str) -> list[EntryDraft]:
    """Entries that came long ago and are gone."""
    drafts = [draft(name, first_seen_at=NOW - 900 * DAY) for name in names]
    ids = stored(archive, *drafts)
    for number in ids:
        understood(archive, [number], told(first_seen_at=NOW - 900 * DAY, last_seen_at=NOW - 900 * DAY))
    assert archive.keep.prune(NOW - 500 * DAY).entries == len(names)
    return drafts


def _lists(archive: Archive, at: datetime, *listed: EntryDraft, new: bool = True) -> None:
    """A poll at that time, whose document holds these, and a new entry."""
    archive.feeds.known(["lab"], [d.guid_hash for d in listed if d.guid_hash], [], [])
    fresh = [draft(f"new {at}", first_seen_at=at)] if new else []
    archive.feeds.store([outcome(*fresh, feed_id="lab", at=at)])


def _known(archive: Archive, *drafts: EntryDraft) -> list[bool]:
    return [bool(archive.feeds.known(["lab"], [d.guid_hash or b""], [], [])["lab"]) for d in drafts]


def test_keys_go_when_their_feed_lists_them_no_more_for_long(archive: Archive) -> None:
    here, gone = _pruned(archive, "here", "gone")
    assert archive.keep.forget_keys(YEAR, NOW) == 0, "pruned just now: listed until now, as far as anybody knows"
    for days in range(0, 460, 20):
        _lists(archive, NOW + days * DAY, here)
        archive.keep.forget_keys(YEAR, NOW + days * DAY)
        # counted, not asked for by their keys: to ask is to say that a feed lists them
        assert archive.keep.stats()["former_keys"] == (2 if days <= 400 else 1), days
    assert _known(archive, here, gone) == [True, False]
    assert archive.keep.stats()["former_keys"] == 1


def test_a_feed_that_brings_nothing_keeps_its_keys(archive: Archive) -> None:
    """Its document has not been read since: it may list them still."""
    [old] = _pruned(archive, "old")
    archive.keep.forget_keys(YEAR, NOW)
    for days in (100, 500, 2000):
        archive.feeds.store([outcome(feed_id="lab", at=NOW + days * DAY)])
        assert archive.keep.forget_keys(YEAR, NOW + days * DAY) == 0
    assert _known(archive, old) == [True]


def test_former_keys_of_an_entry_that_stands_stay(archive: Archive) -> None:
    from monitor.types import EntryChange
    from tests.archive.samples import key

    [number] = stored(archive, first := draft("one"))
    change = EntryChange(
        entry_id=number,
        revision=2,
        title=first.title,
        summary=first.summary,
        url=first.url,
        guid_hash=key("another guid"),
        link_hash=first.link_hash,
        content_hash=first.content_hash,
    )
    archive.feeds.store([outcome(changes=(change,))])
    for days in (0, 450, 900):
        _lists(archive, NOW + days * DAY)
        assert archive.keep.forget_keys(YEAR, NOW + days * DAY) == 0
    assert _known(archive, first) == [True]
