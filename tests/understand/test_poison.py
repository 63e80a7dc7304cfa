"""What fails every time: it holds no queue, it is named, and it is tried again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.archive.aside import PATIENCE
from monitor.errors import ArchiveBusy, DataError, ModelError
from monitor.stories.match import Matcher
from monitor.types import Classification, Entry, LedgerRecord
from monitor.understand import Member, UnderstandSettings
from monitor.understand.caution import ALONE, NOTE, WHOLE, Attempt, next_attempt
from monitor.understand.pipeline import ENDED
from tests.stories.world import DEAL, START, KeywordClassifier, matcher
from tests.understand.test_understand import GARDEN, Desk, PickyClassifier

POISON = ("poison", "")
SMALL = UnderstandSettings(batch=4)


def aside(desk: Desk) -> list[int]:
    return sorted(one.entry_id for one in desk.archive.entries.failures())


# ---------------------------------------------------------------- the queue goes on


def test_more_poison_than_a_batch_holds_nothing_up(desk: Desk) -> None:
    bad = desk.arrive(*[POISON] * 9)
    good = desk.arrive(*DEAL, hours=1)
    report = desk.understander(classifier=PickyClassifier(), settings=SMALL).run()
    assert (report.poisonous, report.new_stories, desk.archive.entries.pending_count()) == (bad, 1, 0)
    assert len(set(desk.stories_of(good))) == 1
    assert "4 of 4 entries cannot be understood" in report.error


def test_poison_alone_is_set_aside_with_its_error(desk: Desk) -> None:
    bad = desk.arrive(POISON)
    report = desk.understander(classifier=PickyClassifier(), version="1").run()
    assert (report.poisonous, report.error, desk.archive.entries.pending_count()) == (bad, "", 0)
    [one] = desk.archive.entries.failures(bad)
    assert (one.error, one.tries, one.reader) == ("ValueError: cannot stomach this", 1, "1 keywords-1")
    assert one.feed_id == "feed1"
    assert desk.archive.entries.aside_count() == desk.archive.keep.stats()["set_aside"] == 1


def test_a_model_that_fails_on_one_text_and_says_it_is_broken(desk: Desk) -> None:
    """onnxruntime's errors come as ModelError: the text is guilty where the model reads another."""

    class Fussy(KeywordClassifier):
        def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
            if any("poison" in title for title, _ in texts):
                raise ModelError("model.onnx failed to run")
            return super().classify(texts)

    good, bad = desk.arrive(*DEAL), desk.arrive(POISON)
    report = desk.understander(classifier=Fussy()).run()
    assert (report.poisonous, report.error) == (bad, "")
    assert len(set(desk.stories_of(good))) == 1


def test_what_cannot_be_stored_does_not_read_the_window_again_for_each(desk: Desk) -> None:
    desk.arrive(*DEAL[:3])
    made: list[Matcher] = []

    def new() -> Matcher:
        made.append(matcher())
        return made[-1]

    def read(members: Sequence[Member], tags: Sequence[str]) -> tuple[LedgerRecord, ...]:
        if any("Corvane" in entry.title for entry, _ in members):
            raise ZeroDivisionError
        return ()

    pipeline = desk.understander(read_records=read, matcher=new)
    pipeline.run()
    bad = desk.arrive(*[(f"Corvane {n} raises ${n}00 million", f"Number {n} of Prague.") for n in range(1, 9)], hours=1)
    good = desk.arrive(*DEAL[3:], hours=1)
    report = pipeline.run()
    assert report.poisonous == bad
    assert len(made) == 1
    assert set(desk.stories_of(good)) == {1}, "the window still holds what was stored"
    assert made[0].key_of.keys().isdisjoint(bad), "and nothing that was not"


def test_an_entry_that_was_understood_keeps_its_story_and_tags(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:3])
    desk.understander().run()
    desk.archive.entries.read_again()
    report = desk.understander(classifier=Always(ValueError("no"))).run()
    assert sorted(report.poisonous) == numbers
    assert len(set(desk.stories_of(numbers))) == 1
    assert all(read is not None and read.tags for _, read in desk.archive.entries.understood_many(numbers))


# ---------------------------------------------------------------- it is tried again


class Always(KeywordClassifier):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.calls = 0

    def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
        self.calls += 1
        raise self.error


def test_it_is_tried_again_ever_more_rarely_and_never_given_up(desk: Desk) -> None:
    bad = desk.arrive(POISON)
    pipeline = desk.understander(classifier=PickyClassifier())
    for tries in range(1, 8):
        assert pipeline.run().poisonous == bad, tries
        assert pipeline.run().entries == 0, "not before its time"
        [one] = desk.archive.entries.failures()
        assert one.tries == tries
        assert one.retry_at - one.at == PATIENCE[min(tries, len(PATIENCE)) - 1]
        desk.clock.advance((one.retry_at - one.at).total_seconds())
    assert desk.understander().run().entries == 1
    assert aside(desk) == [] == desk.archive.entries.pending()


@pytest.mark.parametrize("other", [{"version": "2"}, {"model": "keywords-2"}])
def test_another_version_or_model_tries_again_at_once(desk: Desk, other: dict[str, str]) -> None:
    desk.arrive(POISON)
    desk.understander(classifier=PickyClassifier(), version="1").run()
    same = desk.understander(version="1")
    assert same.run().entries == 0, "a restart alone does not"
    desk.classifier.model_id = other.get("model", "keywords-1")
    assert desk.understander(version=other.get("version", "1")).run().entries == 1
    assert aside(desk) == []


def test_by_hand_at_once(desk: Desk) -> None:
    desk.arrive(POISON, POISON)
    desk.understander(classifier=PickyClassifier()).run()
    assert desk.understander().run().entries == 0
    assert desk.understander().run(everything=True).entries == 2


def test_an_edited_one_is_read_as_it_is_now(desk: Desk) -> None:
    from monitor.types import EntryChange
    from tests.archive.samples import key, outcome

    [bad] = desk.arrive(POISON)
    pipeline = desk.understander(classifier=PickyClassifier())
    pipeline.run()
    given = {"title": "Larkspur AI raises $640 million", "summary": "", "url": None, "guid_hash": None}
    change = EntryChange(entry_id=bad, revision=2, link_hash=None, content_hash=key("x"), **given)  # type: ignore[arg-type]
    desk.archive.feeds.store([outcome(feed_id="feed1", changes=(change,))])
    assert pipeline.run().new_stories == 1
    assert aside(desk) == []


# ---------------------------------------------------------------- what ends the program


class Killed(BaseException):
    """The process dies: nothing of ours runs any more."""


class Deadly(KeywordClassifier):
    """One text ends whoever reads it."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error
        self.deaths = 0

    def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
        if any("poison" in title for title, _ in texts):
            self.deaths += 1
            raise self.error
        return super().classify(texts)


@pytest.mark.parametrize("error", [Killed(), MemoryError(), OSError("no"), DataError("rates: cut")])
def test_what_ends_the_program_each_time_is_found_and_set_aside(desk: Desk, error: BaseException) -> None:
    """Also across restarts: each try is a process of its own."""
    good = [*desk.arrive(*DEAL[:3]), *desk.arrive(*[GARDEN] * 5)]
    bad = desk.arrive(POISON)
    good += desk.arrive(*DEAL[3:], hours=1)
    deadly = Deadly(error)
    for _ in range(WHOLE + ALONE):
        with pytest.raises(type(error)):
            desk.understander(classifier=deadly, notes=desk.archive.keep).run()
    report = desk.understander(classifier=deadly, notes=desk.archive.keep).run()
    assert (report.poisonous, desk.archive.entries.pending_count(), deadly.deaths) == (bad, 0, WHOLE + ALONE)
    assert aside(desk) == bad
    assert len(set(desk.stories_of(good[:3]))) == 1
    [one] = desk.archive.entries.failures()
    assert "the program ended" in one.error


def test_an_error_is_named_where_the_program_lived_on(desk: Desk) -> None:
    desk.arrive(POISON)
    pipeline = desk.understander(classifier=Deadly(DataError("rates: cut")))
    for _ in range(WHOLE + ALONE):
        with pytest.raises(DataError):
            pipeline.run()
    pipeline.run()
    assert [one.error for one in desk.archive.entries.failures()] == ["DataError: rates: cut"]


@pytest.mark.parametrize("error", [ArchiveBusy("locked"), ModelError("weights are missing")])
def test_an_archive_or_a_model_that_fails_for_long_is_no_entrys_fault(desk: Desk, error: Exception) -> None:
    numbers = desk.arrive(*DEAL)
    pipeline = desk.understander(classifier=Always(error), notes=desk.archive.keep)
    for _ in range(9):
        with suppress(ArchiveBusy):
            assert pipeline.run().error
    assert desk.archive.entries.pending_count() == len(DEAL)
    assert desk.understander(notes=desk.archive.keep).run().new_stories == 1
    assert len(set(desk.stories_of(numbers))) == 1


@pytest.mark.parametrize("note", ["", "rubbish", "[]", '{"first": 1}', "null"])
def test_a_note_that_says_nothing(desk: Desk, note: str) -> None:
    desk.arrive(*DEAL)
    desk.archive.keep.put(NOTE, note)
    assert desk.understander(notes=desk.archive.keep).run().new_stories == 1
    assert json.loads(desk.archive.keep.get(NOTE) or "")["tries"] == 0, "read to its end"


def test_an_entry_that_only_fails_is_never_taken_for_one_that_ends_the_program(desk: Desk) -> None:
    """Nothing else comes between its tries; each ends as it should, with its own error."""
    desk.arrive(POISON)
    picky = PickyClassifier()
    for tries in range(1, WHOLE + ALONE + 3):
        desk.understander(classifier=picky, version="1", notes=desk.archive.keep).run(everything=True)
        [one] = desk.archive.entries.failures()
        assert (one.error, one.tries) == ("ValueError: cannot stomach this", tries)


def _put_aside_as_deadly(desk: Desk, deadly: Deadly) -> None:
    """As version 1 does it, in a process for each try."""
    for _ in range(WHOLE + ALONE):
        with pytest.raises(Killed):
            desk.understander(classifier=deadly, version="1", notes=desk.archive.keep).run(everything=True)
    desk.understander(classifier=deadly, version="1", notes=desk.archive.keep).run(everything=True)
    [one] = desk.archive.entries.failures()
    assert one.error == f"MonitorError: {ENDED}"


def test_what_was_set_aside_as_deadly_is_read_when_it_is_tried_again(desk: Desk) -> None:
    desk.arrive(POISON)
    deadly = Deadly(Killed())
    _put_aside_as_deadly(desk, deadly)
    before = deadly.deaths
    with pytest.raises(Killed):
        desk.understander(classifier=deadly, version="1", notes=desk.archive.keep).run(everything=True)
    assert deadly.deaths == before + 1, "tried, and not only said to be tried"
    assert desk.understander(version="1", notes=desk.archive.keep).run(everything=True).entries == 1
    assert aside(desk) == []


@pytest.mark.parametrize("tries", range(1, WHOLE + ALONE + 1))
def test_a_mended_version_reads_it_however_often_the_last_one_died(desk: Desk, tries: int) -> None:
    [bad] = desk.arrive(POISON)
    deadly = Deadly(Killed())
    for _ in range(tries):
        with pytest.raises(Killed):
            desk.understander(classifier=deadly, version="1", notes=desk.archive.keep).run()
    picky = PickyClassifier()
    assert desk.understander(classifier=picky, version="2", notes=desk.archive.keep).run().poisonous == [bad]
    assert [one.error for one in desk.archive.entries.failures()] == ["ValueError: cannot stomach this"]


def _entries(*numbers: int) -> list[Entry]:
    plain: dict[str, Any] = {"url": None, "title": "", "summary": "", "author": None, "publisher": "p.example"}
    plain |= {"published_at": START, "first_seen_at": START, "publisher_name": "P", "language": "en"}
    return [Entry(id=number, feed_id="f", announce=True, **plain) for number in numbers]


@given(
    count=st.integers(1, 40),
    size=st.integers(1, 12),
    deadly=st.sets(st.integers(1, 40), max_size=4),
)
def test_any_queue_ends_and_only_the_guilty_are_left(count: int, size: int, deadly: set[int]) -> None:
    """A world of the caution alone: whoever reads a deadly entry dies, whatever else is in the batch."""
    queue, left, note, deaths = list(range(1, count + 1)), [], None, 0
    while queue:
        batch = _entries(*queue[:size])
        note = next_attempt(note, batch)
        if note.hopeless:
            left.append(queue.pop(0))
            continue
        part = [entry.id for entry in note.part(batch)]
        if deadly & set(part):
            deaths += 1
            assert deaths <= len(deadly) * (WHOLE + ALONE)
            continue
        queue = [number for number in queue if number not in part]
    assert left == sorted(number for number in deadly if number <= count)


def test_progress_forgives() -> None:
    first = next_attempt(None, _entries(1, 2, 3))
    again = next_attempt(first, _entries(1, 2, 3, 4))
    assert (again.tries, again.last) == (2, 4)
    assert next_attempt(again, _entries(2, 3, 4)) == Attempt(first=2, revision=1, last=4)
    edited = [replace(entry, revision=2) for entry in _entries(1, 2)]
    assert next_attempt(again, edited).tries == 1
    done = replace(again, tries=0)
    assert next_attempt(done, _entries(1, 2, 3)).tries == 1
    assert next_attempt(again, _entries(1, 2, 3), "another version").tries == 1
