"""Labels and heads on both databases."""

from __future__ import annotations

from typing import Any

from monitor.archive import Archive
from monitor.types import Status
from tests.archive.samples import DAY, NOW, draft, labelled, stored


def entry_of(archive: Archive, number: int) -> Any:
    found = archive.entries.get(number)
    assert found is not None
    return found


def use(archive: Archive, key: str, name: str = "tags", kind: str = "tags") -> int:
    return archive.teaching.use(kind, name, key=key, base="m", body={"of": key}, figures={"f1": 0.5}, now=NOW)


def test_a_label_replaces_the_one_before_and_outlives_its_entry(archive: Archive) -> None:
    [two, one] = stored(archive, draft("two", first_seen_at=NOW - 90 * DAY), draft("one"))
    teaching = archive.teaching
    teaching.label(entry_of(archive, one), ("funding",), NOW)
    teaching.label(entry_of(archive, one), ("acquisition", "funding"), NOW, status=Status.RUMOURED)
    teaching.label(entry_of(archive, two), (), NOW)
    archive.stories.apply({two: labelled(tags=())}, {}, [], NOW)
    assert archive.keep.prune(NOW - 30 * DAY).entries == 1
    second, first = sorted(teaching.labels(), key=lambda label: label.entry_id)
    assert (first.tags, first.status) == (("acquisition", "funding"), Status.RUMOURED)
    assert (second.title, second.tags, second.status) == ("Title of two", (), None)
    assert teaching.unlabel(one)
    assert not teaching.unlabel(one)


def test_what_is_labelled_is_not_asked_again(archive: Archive) -> None:
    ids = stored(archive, *(draft(f"n{n}", first_seen_at=NOW - n * DAY) for n in (3, 2, 1, 0)))
    archive.stories.apply({number: labelled(tags=()) for number in ids[1:]}, {}, [], NOW)
    archive.teaching.label(entry_of(archive, ids[3]), (), NOW)
    asked = [entry.id for entry, _ in archive.teaching.unlabelled()]
    assert asked == [ids[2], ids[1]], "newest first, without the one that nobody has read"
    assert [e.id for e, _ in archive.teaching.unlabelled(since=NOW - 1.5 * DAY)] == [ids[2]]


def test_heads_are_in_use_one_at_a_time_and_go_back(archive: Archive) -> None:
    teaching = archive.teaching
    assert teaching.head("tags", "tags") is None
    assert teaching.undo("tags", "tags") is None
    use(archive, "one")
    use(archive, "two")
    use(archive, "other", name="chips", kind="topic")
    current = teaching.head("tags", "tags")
    assert current is not None
    assert (current.key, current.body, current.figures) == ("two", {"of": "two"}, {"f1": 0.5})
    taken = teaching.undo("tags", "tags")
    assert taken is not None
    assert (taken[0].key, taken[1] and taken[1].key) == ("two", "one")
    back = teaching.head("tags", "tags")
    assert back is not None
    assert back.key == "one"
    assert teaching.undo("tags", "tags") is not None
    assert teaching.head("tags", "tags") is None
    assert teaching.head("topic", "chips") is not None
    teaching.drop("topic", "chips")
    assert teaching.heads("topic") == []


def test_old_heads_are_forgotten(archive: Archive) -> None:
    for number in range(15):
        use(archive, str(number))
    assert [head.key for head in archive.teaching.heads("tags")] == [str(n) for n in range(14, 4, -1)]


def test_readings_are_what_a_report_over_time_needs(archive: Archive) -> None:
    ids = stored(archive, draft("new"), draft("old", first_seen_at=NOW - 60 * DAY))
    archive.stories.apply({number: labelled() for number in ids}, {}, [], NOW)
    [only] = archive.teaching.readings(NOW - 30 * DAY)
    assert (only.feed_id, only.tags, only.scores["funding"]) == ("lab", ("funding",), 0.9)
    assert archive.teaching.feed_names() == {"lab": "Lab"}
