"""What must outlast races, pruning and hand decisions: edits, facts, pins, and the memory of what was sent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.archive import Archive, open_archive, upgrade
from monitor.errors import NotFound, UsageError
from monitor.types import DeliveryState, Development, DevelopmentKind, EntryChange, Story, StoryUpdate
from tests.archive.samples import (
    DAY,
    HOUR,
    NOW,
    deal,
    draft,
    key,
    labelled,
    outcome,
    party,
    quoted,
    stored,
    sum_of,
    told,
    understood,
    update,
)
from tests.archive.test_deliveries import MAIL, digest, letter, sent

PAST = {"first_seen_at": NOW - 90 * DAY, "last_seen_at": NOW - 90 * DAY}


def _get(archive: Archive, story_id: int) -> Story:
    story = archive.stories.get(story_id)
    assert story is not None
    return story


def _edit(archive: Archive, entry_id: int, title: str) -> None:
    entry = archive.entries.get(entry_id)
    assert entry is not None
    change = EntryChange(
        entry_id=entry_id,
        revision=entry.revision + 1,
        title=title,
        summary=entry.summary,
        url=entry.url,
        guid_hash=None,
        link_hash=None,
        content_hash=key(title),
    )
    archive.feeds.store([outcome(feed_id=entry.feed_id, changes=(change,))])


# ---------------------------------------------------------------- while a batch is understood


def test_what_was_edited_while_it_was_read_is_read_again(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two"))
    read = {entry.id: entry.revision for entry in archive.entries.pending()}
    _edit(archive, one, "Said to be off")
    archive.stories.apply({one: labelled(), two: labelled()}, {}, [update([one, two])], NOW, revisions=read)
    assert [(entry.id, entry.title) for entry in archive.entries.pending()] == [(one, "Said to be off")]
    archive.stories.apply({one: labelled()}, {}, [], NOW, revisions={one: 2})
    assert archive.entries.pending_count() == 0


def test_a_story_that_was_merged_meanwhile_keeps_what_it_became(archive: Archive) -> None:
    [one, two, three] = stored(archive, draft("one"), draft("two", "press"), draft("three"))
    kept = understood(archive, [one], told("Kept", records=(deal(sum_of("5")),), usd=Decimal(5)))
    gone = understood(archive, [two], told("Gone"))
    grown = replace(_get(archive, gone), entry_count=2, records=(deal(sum_of("9")),))
    archive.stories.merge(kept, [gone], NOW)
    assert understood(archive, [three], grown, story_id=gone) == kept
    story = _get(archive, kept)
    assert story.entry_count == 3
    assert {publisher for publisher, _, _ in story.publishers} == {"lab.example", "press.example"}
    assert [line.usd for line in archive.ledger.deals()] == [Decimal(5)]


def test_two_updates_of_one_story_are_counted_from_its_entries(archive: Archive) -> None:
    ids = stored(archive, *(draft(name) for name in ("one", "two", "three", "four")))
    kept, gone = understood(archive, ids[:1]), understood(archive, ids[1:2])
    archive.stories.merge(kept, [gone], NOW)
    both = [update(ids[2:3], told(entry_count=2), story_id=kept), update(ids[3:], told(entry_count=2), story_id=gone)]
    assert archive.stories.apply({n: labelled() for n in ids[2:]}, {}, both, NOW) == [kept, kept]
    assert _get(archive, kept).entry_count == 4


def test_a_story_that_vanished_leaves_no_empty_one(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two"))
    story_id = understood(archive, [one])
    understood(archive, [one], told(entry_count=1), story_id=understood(archive, [two]))
    assert archive.stories.get(story_id) is None
    # an update made before that, of an entry that was only read again
    archive.stories.apply({one: labelled()}, {}, [StoryUpdate(story_id=story_id, decisions=(), story=told())], NOW)
    assert archive.keep.check() == []
    assert archive.keep.stats()["stories"] == 1


def test_an_entry_that_a_person_placed_elsewhere_is_not_counted(archive: Archive) -> None:
    [one, two, three] = stored(archive, draft("one"), draft("two"), draft("three", "press"))
    story_id = understood(archive, [one, two])
    new = archive.stories.split(story_id, [two], NOW)
    understood(archive, [three, two], told(entry_count=3, records=(deal(sum_of("7")),)), story_id=story_id)
    assert (_get(archive, story_id).entry_count, _get(archive, new).entry_count) == (2, 1)


def test_a_topic_that_fits_no_longer_is_forgotten(archive: Archive) -> None:
    [one] = stored(archive, draft("one"))
    archive.stories.apply({one: labelled()}, {one: {"robots": 0.9}}, [update([one])], NOW)
    assert archive.entries.topics(one) == {"robots": 0.9}
    archive.stories.apply({one: labelled()}, {one: {}}, [], NOW)
    assert archive.entries.topics(one) == {}


def test_the_window_holds_what_any_head_of_the_encoder_read(archive: Archive) -> None:
    ids = stored(archive, *(draft(name) for name in ("one", "two", "three")))
    models = ("encoder-1", "encoder-1+0a1b", "encoder-10")
    labels = {number: labelled(model_id=model) for number, model in zip(ids, models, strict=True)}
    archive.stories.apply(labels, {}, [update(ids)], NOW)
    for model in models[:2]:
        assert [member.entry_id for member in archive.stories.window(NOW - DAY, model)] == ids[:2]
    assert [member.entry_id for member in archive.stories.window(NOW - DAY, "encoder-10")] == ids[2:]


# ---------------------------------------------------------------- matching anew


def _had(archive: Archive, *story_ids: int) -> dict[int, int]:
    return archive.deliveries.already_sent("daily", MAIL[1], MAIL[0], story_ids)


def test_what_a_story_became_by_matching_anew_is_not_sent_again(archive: Archive) -> None:
    [one, two, three] = stored(archive, draft("one"), draft("two"), draft("three"))
    first = understood(archive, [one, two])
    sent(archive, first)
    [part] = archive.stories.apply({}, {}, [replace(update([two]), begins=True)], NOW)
    assert set(_had(archive, first, part)) == {first, part}
    whole = understood(archive, [three])
    step = Development(kind=DevelopmentKind.ANNOUNCED, at=NOW, entry_id=one, line="Done", follow_up=True)
    grown = told(entry_count=2, developments=(step,))
    archive.stories.apply({}, {}, [update([one], grown, story_id=whole)], NOW)
    assert archive.stories.get(first) is None
    [told_of] = _get(archive, whole).developments
    assert _had(archive, whole) == {whole: told_of.id}


def test_a_story_that_takes_some_entries_of_a_sent_one_is_still_news(archive: Archive) -> None:
    [one, two, three] = stored(archive, draft("one"), draft("two"), draft("three"))
    before, other = understood(archive, [one, two]), understood(archive, [three])
    sent(archive, before)
    archive.stories.apply({}, {}, [update([two], told(entry_count=2), story_id=other)], NOW)
    assert set(_had(archive, before, other)) == {before}


def test_the_later_step_counts_of_two_stories_that_stood_in_one_digest(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two"))
    kept, gone = understood(archive, [one]), understood(archive, [two])
    archive.deliveries.create(digest(), [letter()], NOW, stories_by_recipient={MAIL: [(kept, 3), (gone, 8)]})
    archive.stories.merge(kept, [gone], NOW)
    assert _had(archive, kept) == {kept: 8}


# ---------------------------------------------------------------- hand decisions


def test_who_splits_a_story_vouches_for_both_halves(archive: Archive) -> None:
    [one, two, three] = stored(archive, draft("one"), draft("two"), draft("three"))
    story_id = understood(archive, [one, two, three])
    new = archive.stories.split(story_id, [one], NOW)
    for number, entries in ((story_id, {two, three}), (new, {one})):
        by_hand = [row["entry_id"] for row in archive.stories.decisions(number) if row["by_hand"]]
        assert set(by_hand) == entries


def test_a_pin_and_the_companies_go_along_with_a_merge(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two"))
    kept = understood(archive, [one], told(companies=("Acme",)))
    gone = understood(archive, [two], told(companies=("Borealis", "Acme")))
    archive.stories.set_pinned(gone, True)
    archive.stories.merge(kept, [gone], NOW)
    story = _get(archive, kept)
    assert (story.pinned, story.companies) == (True, ("Acme", "Borealis"))
    assert [hit.story_id for hit in archive.search.search("company:borealis")] == [kept]


def test_deals_whose_entries_were_pruned_can_be_merged(archive: Archive) -> None:
    ids = stored(archive, *(draft(name, first_seen_at=NOW - 90 * DAY) for name in ("one", "two")))
    first, second = (
        understood(
            archive,
            [number],
            told(kind, records=(deal(party("recipient", "X", None, quoted(1)), sum_of("5"), kind=kind),), **PAST),
        )
        for number, kind in zip(ids, ("funding", "acquisition"), strict=True)
    )
    assert archive.keep.prune(NOW - 30 * DAY).entries == 2
    archive.stories.merge(first, [second], NOW)
    assert sorted((line.story_id, line.record.kind) for line in archive.ledger.deals()) == [
        (first, "acquisition"),
        (first, "funding"),
    ]
    assert _get(archive, second).id == first


@pytest.mark.parametrize("number", [2**63, 10**30, -(2**70)])
def test_a_number_that_no_row_can_have(archive: Archive, number: int) -> None:
    assert archive.stories.get(number) is None
    with pytest.raises(NotFound, match="there is no story"):
        archive.stories.set_pinned(number, True)
    if archive.is_sqlite:
        with pytest.raises(UsageError, match="no row has a number"):
            archive.deliveries.get(number)


def test_a_limit_beyond_all_bounds_gives_all(archive: Archive) -> None:
    ids = stored(archive, *(draft(f"n{n}") for n in range(30)))
    understood(archive, ids[:20])
    assert len(archive.search.search("title", limit=10**30)) == 11
    assert len(archive.search.search("title", limit=10**30, by_story=False)) == 30


# ---------------------------------------------------------------- years


def test_prune_keeps_the_last_digest_of_each_name(archive: Archive) -> None:
    for days in (300, 200, 100):
        number = sent(archive, due_at=NOW - days * DAY)
        [part] = archive.deliveries.of_digest(number)
        archive.deliveries.record(part.id, DeliveryState.SENT, NOW - days * DAY)
    assert archive.keep.prune(NOW - 30 * DAY).digests == 2
    assert archive.deliveries.last_due("daily") == NOW - 100 * DAY, "else the schedule begins anew"


def test_prune_keeps_what_says_that_a_living_story_was_sent(archive: Archive) -> None:
    old, new = stored(archive, draft("old", first_seen_at=NOW - 40 * DAY), draft("new"))
    living = understood(archive, [old, new], told("Living", first_seen_at=NOW - 40 * DAY, last_seen_at=NOW))
    for story_ids, days in (((living,), 40), ((), 35)):
        [part] = archive.deliveries.of_digest(sent(archive, *story_ids, due_at=NOW - days * DAY))
        archive.deliveries.record(part.id, DeliveryState.SENT, NOW)
    assert archive.keep.prune(NOW - 30 * DAY).digests == 0
    assert archive.deliveries.already_sent("daily", MAIL[1], MAIL[0], [living]) == {living: 0}
    assert archive.keep.prune(NOW + 90 * DAY).digests == 1


def test_the_outbox_forgets_texts_and_not_what_went_to_whom(archive: Archive) -> None:
    for number, state in enumerate((DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNCERTAIN)):
        [part] = archive.deliveries.of_digest(sent(archive, number + 1, due_at=NOW - number * HOUR))
        archive.deliveries.record(part.id, state, NOW)
    assert archive.keep.forget_deliveries(NOW) == 0
    assert archive.keep.forget_deliveries(NOW + DAY) == 2
    assert [d.state for d in archive.deliveries.list()] == [DeliveryState.UNCERTAIN]
    assert set(archive.deliveries.already_sent("daily", MAIL[1], MAIL[0], [1, 2, 3])) == {1, 2, 3}
    assert [row["state"] for row in archive.deliveries.sent_in(1)] == [None]
    assert len(archive.deliveries.digests()) == 3


@pytest.mark.parametrize("folder", ["100%", "50%41", "what?", "a#b", "with space"])
def test_a_backup_whatever_the_folder_is_called(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    file = str(tmp_path / folder / "monitor.db")
    upgrade(file)
    with open_archive(file) as archive:
        stored(archive, draft("one"))
        copy = archive.keep.backup(tmp_path / folder / "copy.db")
        archive.keep.restore(copy)
        assert archive.entries.pending_count() == 1
