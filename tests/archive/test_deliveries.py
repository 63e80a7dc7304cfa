from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

import pytest

from monitor.archive import Archive, open_archive
from monitor.errors import NotFound
from monitor.types import DeliveryDraft, DeliveryState, Digest, Part
from tests.archive.samples import DAY, HOUR, NOW

MAIL = ("mail", "a@example.com")


def digest(name: str = "daily", due_at: datetime = NOW) -> Digest:
    key = f"{name}@{due_at:%Y%m%dT%H%M}"
    return Digest(name=name, title="AI daily", due_at=due_at, time_zone="UTC", since=due_at - DAY, sections=(), key=key)


def part(number: int = 1, of: int = 1, story_ids: Sequence[int] = ()) -> Part:
    return Part(
        number=number,
        of=of,
        subject="Subject \N{SNOWMAN}",
        text="Text\n",
        html="<p>Text</p>",
        markdown="*Text*",
        payload={"blocks": [{"type": "section", "n": 1.5, "none": None}]},
        story_ids=tuple(story_ids),
    )


def letter(recipient: str = MAIL[1], **values: object) -> DeliveryDraft:
    plain: dict[str, object] = {
        "channel": "mail",
        "recipient": recipient,
        "part": part(),
        "message_id": f"<{recipient}@x>",
    }
    return DeliveryDraft(**plain | values)  # type: ignore[arg-type]


def sent(archive: Archive, *story_ids: int, due_at: datetime = NOW, step: int = 0) -> int:
    """A digest with these stories to one recipient; its id."""
    drafts = [letter(part=part(story_ids=story_ids), message_id=f"<{due_at:%d}@x>")]
    stories = {MAIL: [(s, step) for s in story_ids]}
    number = archive.deliveries.create(digest(due_at=due_at), drafts, NOW, stories_by_recipient=stories)
    assert number is not None
    return number


def test_one_digest_per_name_and_due_time(archive: Archive) -> None:
    store = archive.deliveries
    assert store.last_due("daily") is None
    sent(archive, 1)
    assert store.create(digest(), [letter()], NOW, stories_by_recipient={MAIL: [(9, 0)]}) is None
    assert store.already_sent("daily", MAIL[1], "mail", [1, 9]) == {1: 0}
    assert len(store.list()) == 1
    assert store.create(digest("weekly"), [], NOW, stories_by_recipient={}) is not None
    sent(archive, 2, due_at=NOW + DAY)
    assert store.last_due("daily") == NOW + DAY
    assert store.last_due("weekly") == NOW
    assert [(d["name"], d["states"]) for d in store.digests(name="daily")] == [
        ("daily", {"ready": 1}),
        ("daily", {"ready": 1}),
    ]


def test_a_delivery_comes_back_as_it_was_drafted(archive: Archive) -> None:
    draft = letter(part=part(2, 3, [5, 6]), in_reply_to="<before@x>")
    archive.deliveries.create(digest(), [draft], NOW, stories_by_recipient={})
    [delivery] = archive.deliveries.claim(NOW)
    assert delivery.part == draft.part
    assert (delivery.message_id, delivery.in_reply_to, delivery.digest_key) == (
        draft.message_id,
        "<before@x>",
        digest().key,
    )
    assert (delivery.state, delivery.attempts, delivery.created_at) == (DeliveryState.SENDING, 1, NOW)


def test_already_sent_is_per_digest_channel_and_recipient(archive: Archive) -> None:
    store = archive.deliveries
    stories = {MAIL: [(1, 0), (2, 7)], ("slack", "team"): [(3, 0)]}
    store.create(digest(), [], NOW, stories_by_recipient=stories)
    store.create(digest(due_at=NOW + DAY), [], NOW, stories_by_recipient={MAIL: [(1, 12)]})
    assert store.already_sent("daily", MAIL[1], "mail", [1, 2, 3]) == {1: 12, 2: 7}
    assert store.already_sent("daily", "b@example.com", "mail", [1, 2]) == {}
    assert store.already_sent("weekly", MAIL[1], "mail", [1]) == {}
    assert store.already_sent("daily", "team", "slack", [3]) == {3: 0}
    assert [(row["name"], row["development_id"]) for row in store.sent_in(1)] == [("daily", 0), ("daily", 12)]


def test_states_from_claim_to_receipt(archive: Archive) -> None:
    store = archive.deliveries
    store.create(digest(), [letter("a@x.example"), letter("b@x.example")], NOW, stories_by_recipient={})
    [a, b] = store.claim(NOW)
    assert store.claim(NOW) == []
    store.record(a.id, DeliveryState.SENT, NOW + HOUR, code=250, receipt="queued as 1")
    store.record(b.id, DeliveryState.READY, NOW, code=451, error="try later", next_try_at=NOW + HOUR)
    assert store.claim(NOW) == []
    [again] = store.claim(NOW + HOUR)
    assert (again.id, again.attempts) == (b.id, 2)
    [done] = store.list(states=[DeliveryState.SENT])
    assert (done.sent_at, done.code, done.receipt, done.error) == (NOW + HOUR, 250, "queued as 1", None)
    assert [d.id for d in store.list(digest="daily")] == [b.id, a.id]
    assert store.list(digest="weekly") == []
    with pytest.raises(NotFound):
        store.record(999, DeliveryState.SENT, NOW)


def test_what_was_being_sent_is_uncertain_after_a_start(archive: Archive) -> None:
    store = archive.deliveries
    store.create(digest(), [letter("a@x.example"), letter("b@x.example")], NOW, stories_by_recipient={})
    [a, _] = store.claim(NOW, limit=1) + store.claim(NOW + HOUR, limit=0) + [None]
    assert a is not None
    assert [d.id for d in store.recover(NOW)] == [a.id]
    [uncertain] = store.list(states=[DeliveryState.UNCERTAIN])
    assert uncertain.id == a.id
    assert uncertain.error


def test_each_delivery_is_claimed_once(url: str) -> None:
    with open_archive(url) as archive:
        drafts = [letter(f"{n}@x.example") for n in range(60)]
        archive.deliveries.create(digest(), drafts, NOW, stories_by_recipient={})
    claimed: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        with open_archive(url) as own:
            start.wait()
            while found := own.deliveries.claim(NOW, limit=7):
                claimed.extend(d.id for d in found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 60


def test_a_follow_up_answers_the_first_message(archive: Archive) -> None:
    sent(archive, 5)
    sent(archive, 5, due_at=NOW + DAY, step=3)
    assert archive.deliveries.message_id_of(5, "daily", "mail", MAIL[1]) == f"<{NOW:%d}@x>"
    assert archive.deliveries.message_id_of(6, "daily", "mail", MAIL[1]) is None


def test_suppressed_recipients(archive: Archive) -> None:
    store = archive.deliveries
    store.suppress("A@Example.com", NOW, "550 no such user")
    store.suppress("a@example.com", NOW, "again")
    assert store.suppressed(["a@example.com", "b@example.com"]) == {"a@example.com"}
    assert store.suppressed(["A@EXAMPLE.com"]) == {"A@EXAMPLE.com"}
    assert store.allow("a@example.com")
    assert not store.allow("a@example.com")
    assert store.suppressed(["a@example.com"]) == set()
