"""What years bring: other models, systematic trouble, edits under way, matching anew and hand decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from monitor.errors import DataError
from monitor.stories.match import MatchSettings
from monitor.types import Classification, EntryChange, LedgerRecord
from monitor.understand import Member
from tests.archive.samples import NOW, deal, key, outcome, party, quoted
from tests.archive.test_deliveries import MAIL, sent
from tests.stories.world import DEAL, START, KeywordClassifier, matcher
from tests.understand.test_understand import GARDEN, Desk, lonely

# ---------------------------------------------------------------- another model


def test_a_restart_with_another_model_makes_no_second_story(desk: Desk) -> None:
    """The installed package brings other weights; the daemon is restarted."""
    numbers = desk.arrive(*DEAL[:3])
    desk.understander().run()
    desk.classifier.model_id = "keywords-2"
    later = desk.arrive(DEAL[4], hours=2)
    fresh = desk.understander()
    fresh.run()
    fresh.run()
    assert set(desk.stories_of([*numbers, *later])) == set(desk.stories_of(numbers))


def test_a_model_that_changes_under_way_makes_no_second_story(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:3])
    pipeline = desk.understander()
    pipeline.run()
    desk.classifier.model_id = "keywords-2"
    # it says to have been published before those that are read again in the same batch
    later = desk.arrive(DEAL[4], hours=2, published_at=START - timedelta(hours=1))
    pipeline.run()
    assert len(set(desk.stories_of([*numbers, *later]))) == 1


def test_a_restart_with_another_head_reads_nothing_again(desk: Desk) -> None:
    """Its vectors are the encoder's; `reclassify` reads again where a person wants it."""
    desk.arrive(*DEAL[:3])
    desk.understander().run()
    desk.classifier.model_id = "keywords-1+own"
    desk.arrive(DEAL[4], hours=2)
    report = desk.understander(matcher=lambda: matcher(model_id="keywords-1")).run()
    assert (report.entries, report.new_stories, report.grown_stories) == (1, 0, 1)


# ---------------------------------------------------------------- trouble that is no entry's fault


@pytest.mark.parametrize("trouble", [MemoryError(), OSError("too many open files"), DataError("rates: cut")])
def test_what_the_machine_lacks_is_raised_and_loses_nothing(desk: Desk, trouble: Exception) -> None:
    numbers = desk.arrive(*DEAL)

    def read(members: Sequence[Member], tags: Sequence[str]) -> tuple[LedgerRecord, ...]:
        raise trouble

    with pytest.raises(type(trouble)):
        desk.understander(read_records=read).run()
    assert desk.archive.entries.pending_count() == len(DEAL)
    assert desk.understander().run().new_stories == 1
    assert len(set(desk.stories_of(numbers))) == 1


def test_a_bug_that_meets_every_story_loses_nothing(desk: Desk) -> None:
    """What has no tag goes on meanwhile; the rest waits, is said once, and is tried again by the next version."""
    numbers = desk.arrive(*DEAL)
    desk.arrive(GARDEN)

    def read(members: Sequence[Member], tags: Sequence[str]) -> tuple[LedgerRecord, ...]:
        raise KeyError("currency")

    pipeline = desk.understander(read_records=read, version="1")
    report = pipeline.run()
    assert "6 of 7 entries cannot be understood" in report.error
    assert "KeyError: 'currency'" in report.error
    for _ in range(3):
        assert pipeline.run().entries == 0
    assert desk.archive.entries.aside_count() == len(DEAL)
    assert len([line for line in desk.log.lines if line[0] in ("warning", "error")]) == 1
    assert desk.understander(version="2").run().new_stories == 1
    assert len(set(desk.stories_of(numbers))) == 1


# ---------------------------------------------------------------- edits


def test_an_edit_while_the_model_reads_is_not_lost(desk: Desk) -> None:
    [one] = desk.arrive(DEAL[0])

    class Slow(KeywordClassifier):
        def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
            entry = desk.archive.entries.get(one)
            assert entry is not None
            if entry.revision == 1:
                change = EntryChange(
                    entry_id=one,
                    revision=2,
                    title="Larkspur AI in talks to raise $640 million",
                    summary="",
                    url=None,
                    guid_hash=None,
                    link_hash=None,
                    content_hash=key("x"),
                )
                desk.archive.feeds.store([outcome(feed_id=entry.feed_id, changes=(change,))])
            return super().classify(texts)

    pipeline = desk.understander(classifier=Slow())
    pipeline.run()
    pipeline.run()
    read = desk.archive.entries.understood(one)
    assert read is not None
    assert read[1] is not None
    assert read[1].status == "rumoured"


# ---------------------------------------------------------------- matching anew


def test_rebuild_since_does_not_forget_what_came_before(desk: Desk) -> None:
    early = desk.arrive(*DEAL[:3])
    desk.understander().run()
    late = desk.arrive(*DEAL[3:6], hours=30)
    desk.understander().run()
    home = desk.stories_of(early)[0] or 0
    assert set(desk.stories_of([*early, *late])) == {home}
    assert lonely(desk).rebuild(since=START + timedelta(hours=20)).applied
    numbers = set(desk.stories_of([*early, *late]))
    assert len(numbers) > 1
    for number in numbers:
        story = desk.archive.stories.get(number or 0)
        assert story is not None
        assert story.entry_count == len(desk.archive.entries.of_story(story.id))


def test_rebuild_since_splits_no_story_at_the_edge(desk: Desk) -> None:
    """What came before the edge is there to be matched with, and is not matched itself."""
    early = desk.arrive(*DEAL[:3])
    desk.understander().run()
    # by themselves these two are not one story: what came before binds them
    late = desk.arrive(
        DEAL[3], ("Translation start-up of Lyon, Larkspur AI, is worth $4bn", "It builds models."), hours=30
    )
    desk.understander().run()
    home = set(desk.stories_of(early))
    steps: list[tuple[int, int]] = []
    report = desk.understander().rebuild(
        since=START + timedelta(hours=20), on_progress=lambda done, total: steps.append((done, total))
    )
    assert (report.moves, report.applied, report.entries) == ([], False, len(late))
    assert (report.stories_before, report.stories_after) == (1, 1)
    assert set(desk.stories_of([*early, *late])) == home
    assert steps[-1][0] == steps[-1][1]


def test_rebuild_since_joins_to_a_story_from_before_the_edge(desk: Desk) -> None:
    early = desk.arrive(*DEAL[:3])
    desk.understander().run()
    late = desk.arrive(*DEAL[3:6], hours=30)
    lonely(desk).run()
    [home] = set(desk.stories_of(early))
    assert home not in desk.stories_of(late)
    report = desk.understander().rebuild(since=START + timedelta(hours=20))
    assert [(entry, key) for entry, _, key in report.moves] == [(entry, home) for entry in late]
    assert set(desk.stories_of([*early, *late])) == {home}


def test_rebuild_keeps_entries_that_another_model_read(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:3])
    lonely(desk).run()
    desk.classifier.model_id = "keywords-2"
    old = desk.stories_of(numbers)
    [again] = desk.arrive(DEAL[3], hours=1)
    lonely(desk).run(limit=0)
    assert desk.understander().rebuild().moves == [], "none of them has a vector of this model"
    assert desk.stories_of(numbers) == old
    assert desk.stories_of([again]) == [None]


def test_rebuild_keeps_topics(desk: Desk) -> None:
    numbers = desk.arrive(GARDEN, GARDEN)

    def topics(members: Sequence[Member]) -> list[dict[str, float]]:
        return [{"hedgehogs": 0.8} for _ in members]

    desk.understander(topics=topics).run()
    assert len(set(desk.stories_of(numbers))) == 1
    lonely(desk).rebuild()
    assert len(set(desk.stories_of(numbers))) == 2
    for number in desk.stories_of(numbers):
        story = desk.archive.stories.get(number or 0)
        assert story is not None
        assert story.topics == ("hedgehogs",)


def test_what_was_sent_is_not_sent_again_after_a_rebuild(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:4])
    desk.understander().run()
    [home] = set(desk.stories_of(numbers))
    sent(desk.archive, home or 0)
    lonely(desk).rebuild()
    ids = sorted({number or 0 for number in desk.stories_of(numbers)})
    assert len(ids) > 1
    assert set(desk.archive.deliveries.already_sent("daily", MAIL[1], MAIL[0], ids)) == set(ids)


# ---------------------------------------------------------------- hand decisions


def first_words(members: Sequence[Member], tags: Sequence[str] = ()) -> tuple[LedgerRecord, ...]:
    """A deal in which the first word of each title invests."""
    names = [(entry.id, entry.title.split()[0]) for entry, _ in members]
    return (deal(*(party("investor", name, None, quoted(number, name)) for number, name in names)),)


def investors(desk: Desk) -> list[set[str]]:
    return [set(line.parties("investor")) for line in desk.archive.ledger.deals()]


def test_a_merge_by_hand_loses_no_fact(desk: Desk) -> None:
    """A record of a kind that both stories have cannot go over: it is read anew."""
    one, two = desk.arrive(("Alpha raises money", ""), ("Beta raises money", ""))
    apart = desk.understander(read_records=first_words, matcher=lambda: matcher(MatchSettings(threshold=2.0)))
    apart.run()
    first, second = (number or 0 for number in desk.stories_of([one, two]))
    assert first != second
    desk.archive.stories.merge(first, [second], NOW)
    before = desk.archive.stories.get(first)
    apart.retell([first])
    assert investors(desk) == [{"Alpha", "Beta"}]
    after = desk.archive.stories.get(first)
    assert before is not None
    assert after is not None
    assert after.developments == before.developments, "nothing of it is announced"
    assert after.entry_count == 2


def test_both_stories_of_a_split_have_their_facts(desk: Desk) -> None:
    one, two = desk.arrive(("Alpha raises money", ""), ("Beta raises money", ""))
    together = desk.understander(read_records=first_words, matcher=lambda: matcher(MatchSettings(threshold=2.0)))
    together.run()
    first, second = (number or 0 for number in desk.stories_of([one, two]))
    desk.archive.stories.merge(first, [second], NOW)
    together.retell([first])
    new = desk.archive.stories.split(first, [two], NOW)
    together.retell([first, new])
    assert sorted(investors(desk), key=sorted) == [{"Alpha"}, {"Beta"}]
    story = desk.archive.stories.get(new)
    assert story is not None
    assert [record.kind for record in story.records] == ["funding"]


def test_a_story_whose_entries_were_pruned_keeps_its_records(desk: Desk) -> None:
    """Half of what it told is gone: what is left would tell less."""
    [one] = desk.arrive(("Alpha raises money", ""))

    def read(members: Sequence[Member], tags: Sequence[str] = ()) -> tuple[LedgerRecord, ...]:
        return (deal(party("investor", "Omega", None, quoted(10_000, "Omega"))),)

    desk.understander(read_records=read).run()
    home = desk.stories_of([one])[0] or 0
    desk.understander(read_records=first_words).retell([home])
    assert investors(desk) == [{"Omega"}]
    assert [entry for entry, _ in desk.archive.entries.of_story(home)] != []
