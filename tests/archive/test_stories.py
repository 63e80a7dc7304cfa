from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from monitor.archive import Archive
from monitor.errors import NotFound, UsageError
from monitor.types import Development, DevelopmentKind, Fact, LedgerRecord, Selection, Status, Story
from tests.archive.samples import (
    DAY,
    HOUR,
    MODEL,
    NOW,
    deal,
    draft,
    labelled,
    party,
    quoted,
    stored,
    sum_of,
    told,
    understood,
    update,
)


def _get(archive: Archive, story_id: int) -> Story:
    story = archive.stories.get(story_id)
    assert story is not None
    return story


def _full(entry_id: int, entity: int) -> LedgerRecord:
    low_high = replace(sum_of("7.5"), value="between 5 and 10", by_hand=False)
    assert low_high.amount is not None
    ranged = replace(low_high.amount, low=Decimal(5), high=Decimal(10), approximate=True)
    return deal(
        sum_of("5000000.50", "USD", None, quoted(entry_id), quoted(entry_id, "5 million")),
        replace(low_high, amount=ranged, usd=None),
        Fact(field="valuation", value="undisclosed", amount=replace(ranged, value=None, low=None, high=None)),
        party("recipient", "Mistral AI", entity, quoted(entry_id, "Mistral")),
        Fact(field="round", value="Series B"),
    )


def test_a_story_comes_back_as_it_was_told(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two", "press"))
    entity = archive.entities.ensure_entity("Mistral AI", "company")
    steps = (
        Development(kind=DevelopmentKind.IN_TALKS, at=NOW, entry_id=one, line="In talks"),
        Development(kind=DevelopmentKind.ANNOUNCED, at=NOW + HOUR, entry_id=two, line="Signed", follow_up=True),
    )
    story = told(
        "Mistral raises",
        possible=("partnership",),
        topics=("europe",),
        scores={"funding": 0.9, "partnership": 0.25},
        entry_count=2,
        publishers=(("lab.example", "Lab", "https://lab.example/one"), ("press.example", "Press", None)),
        independent=2,
        companies=("Mistral AI",),
        records=(_full(one, entity),),
        developments=steps,
        feed_ids=("lab", "press"),
        categories=("labs", "press"),
        usd=Decimal("5000000.50"),
        language="fr",
        authority=3,
        news_at=NOW + HOUR,
        last_seen_at=NOW + HOUR,
    )
    story_id = understood(archive, [one, two], story)
    found = _get(archive, story_id)
    assert [d.id for d in found.developments] == sorted(d.id or 0 for d in found.developments)
    plain = replace(found, id=0, developments=tuple(replace(d, id=None) for d in found.developments))
    assert plain == story
    assert archive.stories.get_many([story_id, 999]) == {story_id: found}
    assert archive.entries.pending() == []


def test_labels_and_reasons_come_back(archive: Archive) -> None:
    [one] = stored(archive, draft("one"))
    label = labelled(possible=("acquisition",))
    story_id = archive.stories.apply({one: label}, {one: {"europe": 0.75}}, [update([one])], NOW)[0]
    [(entry, read)] = archive.entries.of_story(story_id)
    assert (entry.id, entry.story_id) == (one, story_id)
    assert read == label
    assert archive.entries.topics(one) == {"europe": 0.75}
    [reason] = archive.stories.decisions(story_id)
    assert (reason["entry_id"], reason["score"], reason["reason"]) == (one, 0.5, "begins")
    assert reason["numbers"] == {"cosine": 0.25}
    assert not reason["by_hand"]


def test_entries_without_a_story_are_read_and_done(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two"))
    near = labelled(tags=(), possible=("funding",))
    archive.stories.apply({one: labelled(tags=(), scores={"funding": 0.01}), two: near}, {}, [], NOW)
    assert archive.entries.pending() == []
    assert [e.id for e, _ in archive.entries.near_misses()] == [two]
    read = archive.entries.understood(one)
    assert read is not None
    assert read[1] is not None
    assert read[1].vector == labelled().vector, "topics are found with it"


def test_applying_twice_makes_nothing_twice(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two"))
    story = told(entry_count=2, records=(deal(sum_of("5")),))
    first = understood(archive, [one, two], story)
    assert understood(archive, [one, two], story) == first
    assert archive.keep.stats()["stories"] == 1
    assert len(archive.stories.decisions(first)) == 2
    assert len(archive.ledger.deals()) == 1


def test_a_join_keeps_ids_of_steps_and_records(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two"))
    step = Development(kind=DevelopmentKind.RUMOUR, at=NOW, entry_id=one, line="Said to")
    story_id = understood(archive, [one], told(developments=(step,), records=(deal(sum_of("5")),)))
    before, record = _get(archive, story_id), archive.ledger.deals()[0]
    later = Development(kind=DevelopmentKind.ANNOUNCED, at=NOW, entry_id=two, line="Done", follow_up=True)
    joined = told(entry_count=2, developments=(step, later), records=(deal(sum_of("6")),))
    assert understood(archive, [two], joined, story_id=story_id) == story_id
    after = _get(archive, story_id)
    assert after.developments[0] == before.developments[0]
    assert (after.developments[1].id or 0) > (before.developments[0].id or 0)
    assert [(line.id, line.usd) for line in archive.ledger.deals()] == [(record.id, Decimal(6))]


def test_an_entry_that_moves_leaves_its_old_story_right(archive: Archive) -> None:
    [one, two, three] = stored(archive, draft("one"), draft("two", "press"), draft("three"))
    old = understood(archive, [one, two], told(entry_count=2, independent=2))
    new = understood(archive, [three])
    assert understood(archive, [two], told(entry_count=2), story_id=new) == new
    left = _get(archive, old)
    assert (left.entry_count, [p[0] for p in left.publishers]) == (1, ["lab.example"])
    understood(archive, [one], told(entry_count=3), story_id=new)
    assert archive.stories.get(old) is None
    assert archive.keep.check() == []


def test_matching_anew_takes_an_entry_out_of_its_story(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two", "press"))
    story_id = understood(archive, [one, two])
    [other] = archive.stories.apply({}, {}, [replace(update([two]), begins=True)], NOW)
    assert other != story_id
    assert [entry.id for entry, _ in archive.entries.of_story(story_id)] == [one]
    assert [entry.id for entry, _ in archive.entries.of_story(other)] == [two]


def test_the_window_holds_the_members_of_recent_stories(archive: Archive) -> None:
    drafts = [draft(n, first_seen_at=NOW + i * HOUR) for i, n in enumerate(("a", "b", "c"))]
    [a, b, c] = stored(archive, *drafts)
    recent = understood(archive, [a, b], told(entry_count=2, last_seen_at=NOW + HOUR))
    understood(archive, [c], told(last_seen_at=NOW - 20 * DAY))
    members = archive.stories.window(NOW - DAY, MODEL)
    assert [(m.entry_id, m.story_id) for m in members] == [(a, recent), (b, recent)]
    assert members[0].classification.vector == labelled().vector
    assert members[0].title == "Title of a"
    assert [m.entry_id for m in archive.stories.window(NOW - DAY, MODEL, after_entry_id=a)] == [b]
    assert archive.stories.window(NOW - DAY, "another model") == []


def test_a_new_model_reads_again_without_moving_anything(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two", first_seen_at=NOW - 30 * DAY))
    story_id = understood(archive, [one, two])
    assert archive.entries.read_again(since=NOW - DAY, unless_model=MODEL) == 0
    assert archive.entries.read_again(since=NOW - DAY, unless_model="encoder-2") == 1
    [pending] = archive.entries.pending()
    assert (pending.id, pending.story_id) == (max(one, two), story_id)
    archive.stories.apply({pending.id: labelled(model_id="encoder-2")}, {}, [], NOW)
    assert [m.entry_id for m in archive.stories.window(NOW - DAY, "encoder-2")] == [pending.id]


def _arrived(archive: Archive, **selection: object) -> list[str]:
    wanted = Selection(**selection)  # type: ignore[arg-type]
    return [s.title for s in archive.stories.arrived(wanted, NOW - DAY, NOW)]


def test_arrived_takes_a_half_open_window_of_news(archive: Archive) -> None:
    ids = stored(archive, *(draft(n) for n in "abcd"))
    times = (NOW - DAY, NOW - DAY + timedelta(microseconds=1), NOW, NOW + timedelta(microseconds=1))
    for entry_id, at in zip(ids, times, strict=True):
        understood(archive, [entry_id], told(f"at {at}", news_at=at))
    assert _arrived(archive) == [f"at {NOW}", f"at {times[1]}"]


def test_arrived_without_announcements_shows_what_feeds_held(archive: Archive) -> None:
    [one] = stored(archive, draft("one", announce=False))
    understood(archive, [one], told(news_at=None))
    assert _arrived(archive) == []
    found = archive.stories.arrived(Selection(), NOW - DAY, NOW, announced_only=False)
    assert [s.title for s in found] == ["A story"]


def test_arrived_selects_by_each_field(archive: Archive) -> None:
    ids = stored(
        archive,
        draft("m", title="Mistral opens weights", language="fr"),
        draft("q", "press", title="Qux raises money", summary="A round for Qux."),
    )
    archive.entities.ensure_entity("Mistral AI", "company")
    archive.entities.add_alias("Mistral AI", "Mistral")
    understood(
        archive,
        ids[:1],
        told("M", tags=("model-launch",), scores={"model-launch": 0.95}, companies=("Mistral AI",), language="fr-FR"),
    )
    understood(
        archive,
        ids[1:],
        told(
            "Q",
            topics=("robots",),
            scores={"funding": 0.6},
            independent=3,
            feed_ids=("press",),
            categories=("wire",),
            usd=Decimal(5_000_000),
            publishers=(("press.example", "Press", None),),
        ),
    )
    assert _arrived(archive, tags=("model-launch",)) == ["M"]
    assert _arrived(archive, tags=("model-launch", "funding")) == ["Q", "M"]
    assert _arrived(archive, topics=("robots",)) == ["Q"]
    assert _arrived(archive, companies=("mistral",)) == ["M"]
    assert _arrived(archive, languages=("fr",)) == ["M"]
    assert _arrived(archive, feeds=("press",)) == ["Q"]
    assert _arrived(archive, categories=("wire",)) == ["Q"]
    assert _arrived(archive, min_score=0.9) == ["M"]
    assert _arrived(archive, min_amount=Decimal(1_000_000)) == ["Q"]
    assert _arrived(archive, min_amount=Decimal(6_000_000)) == []
    assert _arrived(archive, min_publishers=2) == ["Q"]
    assert _arrived(archive, query="weights OR nonsense") == ["M"]
    assert _arrived(archive, query="-weights") == ["Q"]
    assert _arrived(archive, query="publisher:press.example money") == ["Q"]
    assert _arrived(archive, query="nonsense") == []


def test_muted_and_pinned_stand(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two"))
    story_id = understood(archive, [one])
    archive.stories.set_muted(story_id, True)
    archive.stories.set_pinned(story_id, True)
    understood(archive, [two], told(entry_count=2), story_id=story_id)
    story = _get(archive, story_id)
    assert (story.muted, story.pinned, story.entry_count) == (True, True, 2)
    assert _arrived(archive) == []
    archive.stories.set_muted(story_id, False)
    assert _arrived(archive) == ["A story"]
    with pytest.raises(NotFound, match="no story 77"):
        archive.stories.set_muted(77, True)


def test_a_merge_by_hand_stands(archive: Archive) -> None:
    [one, two, three] = stored(archive, draft("one"), draft("two", "press"), draft("three"))
    step = Development(kind=DevelopmentKind.RUMOUR, at=NOW, entry_id=two, line="Said to")
    kept = understood(archive, [one], told("Kept", records=(deal(sum_of("5")),)))
    gone = understood(
        archive,
        [two],
        told(
            "Gone", developments=(step,), records=(deal(sum_of("9")), deal(kind="acquisition")), tags=("acquisition",)
        ),
    )
    archive.stories.merge(kept, [gone], NOW + HOUR)
    story = _get(archive, kept)
    assert story.entry_count == 2
    assert {p[0] for p in story.publishers} == {"lab.example", "press.example"}
    assert [d.line for d in story.developments] == ["Said to"]
    assert sorted(r.kind for r in story.records) == ["acquisition", "funding"]
    assert _get(archive, gone).id == kept
    assert [d["by_hand"] for d in archive.stories.decisions(kept)] == [False, True]
    # the matcher would put it elsewhere, and updates that name the old number mean the new one
    other = understood(archive, [two, three], told("Other", entry_count=2))
    assert [e.id for e, _ in archive.entries.of_story(kept)] == [one, two]
    assert understood(archive, [three], story, story_id=gone) == kept
    assert archive.stories.get(other) is None
    assert archive.keep.check() == []


def test_a_split_by_hand_stands(archive: Archive) -> None:
    [one, two, three] = stored(archive, draft("one"), draft("two", "press"), draft("three"))
    story_id = understood(archive, [one, two, three], told(entry_count=3))
    with pytest.raises(UsageError):
        archive.stories.split(story_id, [one, two, three], NOW)
    with pytest.raises(NotFound):
        archive.stories.split(story_id, [999], NOW)
    new = archive.stories.split(story_id, [two], NOW)
    assert (_get(archive, new).title, _get(archive, new).entry_count) == ("Title of two", 1)
    assert _get(archive, story_id).entry_count == 2
    understood(archive, [two], told(entry_count=3), story_id=story_id)
    assert [e.id for e, _ in archive.entries.of_story(new)] == [two]


def test_what_was_sent_of_a_merged_story_is_not_sent_again(archive: Archive) -> None:
    from tests.archive.test_deliveries import sent

    [one, two] = stored(archive, draft("one"), draft("two"))
    kept, gone = understood(archive, [one]), understood(archive, [two])
    sent(archive, gone)
    archive.stories.merge(kept, [gone], NOW)
    assert archive.deliveries.already_sent("daily", "a@example.com", "mail", [kept]) == {kept: 0}


def test_a_corrected_fact_stands_and_leads(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two"))
    story_id = understood(archive, [one], told(records=(deal(sum_of("5"), sum_of("4")),), usd=Decimal(5)))
    record = archive.ledger.deals()[0]
    archive.ledger.correct(record.id, sum_of("7"))
    corrected = archive.ledger.correct(record.id, sum_of("8"))
    assert [(f.value, f.by_hand) for f in corrected.record.values("amount")] == [
        ("8 USD", True),
        ("5 USD", False),
        ("4 USD", False),
    ]
    archive.ledger.correct(record.id, Fact(field="status", value="rumoured"))
    understood(archive, [two], told(records=(deal(sum_of("5")),), usd=Decimal(5)), story_id=story_id)
    story = _get(archive, story_id)
    assert story.usd == Decimal(8)
    assert story.records[0].status is Status.RUMOURED
    assert [f.value for f in story.records[0].values("amount")] == ["8 USD", "5 USD"]
    # even when the entries no longer tell of a deal
    understood(archive, [two], told(records=()), story_id=story_id)
    assert archive.ledger.deals()[0].usd == Decimal(8)


def test_a_batch_is_stored_whole_or_not_at_all(archive: Archive) -> None:
    [one, two] = stored(archive, draft("one"), draft("two"))
    broken = told(records=(deal(party("recipient", "Nobody", 424242)),))
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        archive.stories.apply({one: labelled(), two: labelled()}, {}, [update([one]), update([two], broken)], NOW)
    assert archive.entries.pending_count() == 2
    assert archive.keep.stats()["stories"] == 0


def test_a_story_that_is_only_possible_is_told_to_nobody_unless_it_is_pinned(archive: Archive) -> None:
    (entry_id,) = stored(archive, draft("a"))
    number = understood(archive, [entry_id], told("Perhaps", tags=(), possible=("funding",)))
    assert archive.stories.arrived(Selection(), NOW - DAY, NOW) == []
    archive.stories.set_pinned(number, True)
    assert [s.id for s in archive.stories.arrived(Selection(), NOW - DAY, NOW)] == [number]
