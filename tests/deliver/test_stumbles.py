"""An archive that cannot be written, receivers that fall silent, two programs at once: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.digest.build import build
from monitor.errors import ArchiveBusy, ArchiveError, DeliveryError, ToldMeanwhile
from monitor.types import AlertSpec, ChannelSpec, DeliveryState, Receipt, Secret, Selection
from tests.deliver.rig import Keeper, Rig
from tests.deliver.test_round import DAY, HOUR, PAIR, keeper_rig, story_ids
from tests.digest.fixtures import MONDAY, SPEC, STORIES, story

pytestmark = pytest.mark.usefixtures("outbox")
ONE = replace(PAIR, recipients=("ada",))
OTHER = ChannelSpec(name="other", kind="webhook", recipients=("desk",))
ALERT = AlertSpec(name="big", selection=Selection(), channels=("mail",))
SILENCE = DeliveryError("no answer after the whole mail was sent", outcome="uncertain")
LATER = DeliveryError("450 later", outcome="retry", code=450)


class Stumbling:
    """A store that fails at one method for so many calls."""

    def __init__(self, inner: Any, method: str, times: int, error: Exception) -> None:
        self._inner = inner
        self._method = method
        self._error = error
        self.times = times

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        return self._stumble(value) if name == self._method else value

    def _stumble(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def stumble(*arguments: Any, **options: Any) -> Any:
            if self.times:
                self.times -= 1
                raise self._error
            return call(*arguments, **options)

        return stumble


def busy(method: str, times: int) -> Stumbling:
    return Stumbling(Rig.new_outbox(), method, times, ArchiveBusy("locked (waited 10 s)"))


def rows(rig: Rig) -> list[tuple[str, int]]:
    return [(row.state.value, row.attempts) for row in rig.deliveries.rows.values()]


# ---------------------------------------------------------------- the archive


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_was_sent_while_the_archive_was_locked_is_written_later_and_not_sent_again(
    tmp_path: Path, times: int
) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE, deliveries=busy("record", times))
    for _ in range(times):
        try:
            asyncio.run(rig.deliverer.run_due())
        except ArchiveBusy:
            rig.clock.advance(60)
    assert rows(rig) == [("sent", 1)]
    assert next(iter(rig.deliveries.rows.values())).sent_at == MONDAY, "when it was sent, not when that was written"
    restarted = rig.start()
    assert asyncio.run(restarted.recover()) == []
    asyncio.run(restarted.run_due())
    assert len(keeper.got) == 1


def test_an_answer_that_could_not_be_written_keeps_its_next_attempt(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE, deliveries=busy("record", 1))
    keeper.answers = [LATER]
    asyncio.run(rig.deliverer.run_due())
    assert rows(rig) == [("ready", 1)]
    rig.clock.advance(60)
    asyncio.run(rig.deliverer.run_due())
    assert len(keeper.got) == 1


def test_what_was_claimed_and_not_begun_is_ready_again(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE, deliveries=busy("suppressed", 1))
    with pytest.raises(ArchiveBusy):
        asyncio.run(rig.deliverer.run_due())
    assert [row.state for row in rig.deliveries.rows.values()] == [DeliveryState.READY]
    asyncio.run(rig.deliverer.run_due())
    assert len(keeper.got) == 1


def test_what_one_deliverer_could_not_write_the_next_one_writes(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE, deliveries=busy("record", 2))
    with pytest.raises(ArchiveBusy):
        asyncio.run(rig.deliverer.run_due())
    before = rig.deliverer
    after = rig.start()
    after.take_over(before.hand_over())
    asyncio.run(after.run_due())
    assert rows(rig) == [("sent", 1)]
    assert len(keeper.got) == 1
    assert before.hand_over() == (), "it is written by one of them"


def test_what_a_command_could_not_write_it_writes_when_it_ends(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE, deliveries=busy("record", 2))
    with pytest.raises(ArchiveBusy):
        asyncio.run(rig.deliverer.send_now("daily"))
    asyncio.run(rig.deliverer.settle())
    assert rows(rig) == [("sent", 1)]
    assert len(keeper.got) == 1


def test_a_failure_is_remembered_though_the_round_ends_early(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE, deliveries=busy("record", 2))
    keeper.answers = [DeliveryError("550 no", outcome="failed", code=550)]
    with pytest.raises(ArchiveBusy):
        asyncio.run(rig.deliverer.run_due())
    assert "550 no" in rig.deliverer.standing_trouble()


# ---------------------------------------------------------------- silence


def test_ordinary_retries_are_no_silences(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE)
    keeper.answers = [LATER, LATER, LATER, SILENCE, LATER, SILENCE]
    for _ in range(20):
        asyncio.run(rig.deliverer.run_due())
        rig.clock.advance(1800)
    assert rows(rig) == [("sent", 7)]
    assert next(iter(rig.deliveries.rows.values())).silences == 2


def test_the_third_silence_is_the_last_and_is_told_elsewhere(tmp_path: Path) -> None:
    other = Keeper("other")
    rig, keeper = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE, channel_specs=[ONE, OTHER], more={"other": other})
    keeper.answers = [SILENCE, LATER, SILENCE, SILENCE]
    for _ in range(20):
        asyncio.run(rig.deliverer.run_due())
        rig.clock.advance(1800)
    assert rig.deliveries.rows[1].state is DeliveryState.UNCERTAIN
    assert keeper.got == []
    [notice] = other.got
    assert notice.part.subject == "AI news monitor: daily@2024-02-27T07:00Z may not have reached ada over mail"
    assert "`monitor outbox retry 1`" in notice.part.text
    assert "no answer after the whole mail" in rig.deliverer.standing_trouble()


def test_a_person_who_asks_again_gets_two_days_and_three_silences_again(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE)
    keeper.answers = [SILENCE] * 3
    for _ in range(20):
        asyncio.run(rig.deliverer.run_due())
        rig.clock.advance(1800)
    assert rig.deliveries.rows[1].state is DeliveryState.UNCERTAIN
    rig.clock.advance(3 * 86400)
    rig.deliveries.renew(1, rig.clock.now())
    keeper.answers = [LATER, SILENCE, SILENCE]
    states = []
    for _ in range(8):
        asyncio.run(rig.deliverer.run_due())
        states.append(rig.deliveries.rows[1].state.value)
        rig.clock.advance(600)
    assert states[0] == "ready"
    assert states[-1] == "sent"
    assert rig.deliveries.rows[1].attempts == 4


# ---------------------------------------------------------------- what is told


@pytest.mark.parametrize("error", [ArchiveError("archive x: the disk is full"), RuntimeError("a bug")])
def test_an_alerts_trouble_ends_when_it_can_look_again(tmp_path: Path, error: Exception) -> None:
    rig, _ = keeper_rig(tmp_path, digests=[], alerts=[ALERT], spec=ONE)
    asyncio.run(rig.deliverer.run_due())
    rig.stories = Stumbling(rig.stories, "arrived", 1, error)
    deliverer = rig.start()
    report = asyncio.run(deliverer.run_due())
    assert [name for name, _ in report.errors] == ["alert:big"]
    assert deliverer.standing_trouble().startswith("alert:big: ")
    rig.clock.advance(60)
    asyncio.run(deliverer.run_due())
    assert deliverer.standing_trouble() == ""


def test_a_weekly_that_could_not_be_made_is_in_trouble_until_it_is_made(tmp_path: Path) -> None:
    broken = replace(SPEC, cron="0 8 * * tue", template_folder=str(tmp_path / "nowhere"))
    rig, _ = keeper_rig(tmp_path, digests=[broken], spec=ONE)
    for _ in range(3):
        asyncio.run(rig.deliverer.run_due())
        assert "no such folder" in rig.deliverer.standing_trouble()
        rig.clock.advance(20 * 3600)
    (tmp_path / "nowhere").mkdir()
    rig.clock.set(MONDAY + 7 * DAY)
    asyncio.run(rig.deliverer.run_due())
    assert rig.deliverer.standing_trouble() == ""


def test_a_notice_that_fails_is_in_the_report_too(tmp_path: Path) -> None:
    other = Keeper("other")
    rig, keeper = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE, channel_specs=[ONE, OTHER], more={"other": other})
    keeper.answers = [DeliveryError("550 no", outcome="failed", code=550)]
    other.answers = [DeliveryError("400 no", outcome="failed", code=400)]
    report = asyncio.run(rig.deliverer.run_due())
    assert [delivery.channel for delivery, _ in report.sends.failed] == ["mail", "other"]
    assert other.got == []


def test_a_notice_goes_to_the_first_address_of_apprise(tmp_path: Path) -> None:
    phone = Keeper("phone")
    secrets = {"url_1": Secret("json://a"), "url_2": Secret("json://b")}
    spec = ChannelSpec(name="phone", kind="apprise", recipients=("apprise",), secrets=secrets)
    rig, keeper = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE, channel_specs=[ONE, spec], more={"phone": phone})
    keeper.answers = [DeliveryError("550 no", outcome="failed", code=550)]
    asyncio.run(rig.deliverer.run_due())
    assert [d.recipient for d in phone.got] == ["url_1"]


# ---------------------------------------------------------------- two programs


class Overtaken:
    """A store that another program writes the same into, a moment before us, so many times."""

    def __init__(self, inner: Any, times: int) -> None:
        self._inner = inner
        self.times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create(self, digest: Any, drafts: Any, now: Any, **options: Any) -> int | None:
        if self.times and drafts:
            self.times -= 1
            self._inner.create(replace(digest, due_at=digest.due_at - timedelta(seconds=1)), drafts, now, **options)
        made: int | None = self._inner.create(digest, drafts, now, **options)
        return made


@pytest.mark.parametrize("kind", ["digest", "alert"])
def test_what_another_program_told_meanwhile_is_not_told_twice(tmp_path: Path, kind: str) -> None:
    what: dict[str, Any] = {"digests": [SPEC]} if kind == "digest" else {"digests": [], "alerts": [ALERT]}
    rig, keeper = keeper_rig(tmp_path, spec=ONE, deliveries=Overtaken(Rig.new_outbox(), 1), **what)
    if kind == "alert":
        asyncio.run(rig.deliverer.run_due())
    rig.stories.put(*(replace(s, news_at=MONDAY - HOUR, first_seen_at=MONDAY - HOUR) for s in STORIES[:1]))
    rig.stories.put(story(90, "New", at=rig.clock.now()))
    rig.clock.advance(1800)
    report = asyncio.run(rig.deliverer.run_due())
    assert rig.deliveries.times == 0
    assert report.errors == []
    ids = story_ids(keeper.got)
    assert 90 in ids
    assert len(ids) == len(set(ids))


def test_nothing_is_written_where_something_was_told_meanwhile(tmp_path: Path) -> None:
    rig, _ = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE)
    asyncio.run(rig.deliverer.run_due())
    count = len(rig.deliveries.digests())
    told = {("mail", "ada"): [(STORIES[0].id, 0), (99, 0)]}
    digest = build(SPEC, STORIES[:1], due_at=MONDAY + HOUR, since=MONDAY, sent={})
    with pytest.raises(ToldMeanwhile, match="ada"):
        rig.deliveries.create(digest, [], MONDAY, stories_by_recipient=told)
    assert len(rig.deliveries.digests()) == count
    assert rig.deliveries.already_sent("daily", "ada", "mail", [99]) == {}
    assert rig.deliveries.create(digest, [], MONDAY, stories_by_recipient=told, again=True) is not None
    later = replace(digest, due_at=MONDAY + 2 * HOUR)
    newer = {("mail", "ada"): [(STORIES[0].id, 7)], ("mail", "grace"): [(99, 0)]}
    assert rig.deliveries.create(later, [], MONDAY, stories_by_recipient=newer) is not None, "a development is news"


class Asked(Keeper):
    """A channel that can be asked what arrived."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.asked: list[str | None] = []

    async def arrived(self, delivery: Any, before: str | None) -> Receipt:
        self.asked.append(before)
        return Receipt(code=200, words="C9/2.2")


def test_after_a_crash_a_channel_is_asked_with_its_last_receipt(tmp_path: Path) -> None:
    keeper = Asked("mail")
    rig, _ = keeper_rig(tmp_path, stories=STORIES[:2], spec=ONE, more={"mail": keeper})
    keeper.answers = [Receipt(code=200, words="C9/1.1"), LATER]
    asyncio.run(rig.deliverer.run_due())
    rig.clock.set(MONDAY + DAY)
    rig.stories.put(story(50, "New", at=MONDAY + HOUR))
    asyncio.run(rig.deliverer.run_due())
    rig.clock.advance(60)
    # and there the machine stopped
    assert len(rig.deliveries.claim(rig.clock.now())) == 1
    asyncio.run(rig.start().recover())
    assert keeper.asked == ["C9/1.1"]
    assert sorted(rig.deliveries.rows[n].receipt or "" for n in (1, 2)) == ["C9/1.1", "C9/2.2"]
