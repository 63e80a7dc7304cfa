"""The round: what is made, to whom it goes, what failures become."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.rules import GIVE_UP, after_crash, after_error, back_off
from monitor.errors import ArchiveBusy, DeliveryError, NotFound, UsageError
from monitor.types import (
    AlertSpec,
    ChannelSpec,
    Delivery,
    DeliveryState,
    DevelopmentKind,
    Secret,
    Selection,
    Story,
    Tag,
)
from tests.channels.servers import smtp_server, web_server
from tests.channels.test_email import delivery
from tests.deliver.rig import Keeper, Rig, mail_channel
from tests.digest.fixtures import MISTRAL, MONDAY, SPEC, STORIES, step, story

pytestmark = pytest.mark.usefixtures("outbox")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAIR = ChannelSpec(name="mail", kind="webhook", recipients=("ada", "grace"))


def keeper_rig(folder: Path, *, spec: ChannelSpec = PAIR, **options: Any) -> tuple[Rig, Keeper]:
    keeper = Keeper(spec.name)
    options.setdefault("digests", [SPEC])
    options.setdefault("channel_specs", [spec])
    rig = Rig(folder, channels={spec.name: keeper, **options.pop("more", {})}, **options)
    return rig, keeper


def story_ids(deliveries: list[Delivery]) -> list[int]:
    return sorted(i for d in deliveries for i in d.part.story_ids)


def test_late_stories_are_in_the_next_digest_and_not_lost_between_two(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES, spec=replace(PAIR, recipients=("ada",)))
    asyncio.run(rig.deliverer.run_due())
    # classified a day late: it arrived before the last digest was made, and is in the archive only now
    late = story(50, "Late", at=MONDAY - 6 * HOUR)
    rig.stories.put(late)
    rig.clock.set(MONDAY + DAY)
    asyncio.run(rig.deliverer.run_due())
    assert story_ids(keeper.got[1:]) == [50]
    rig.clock.set(MONDAY + 2 * DAY)
    asyncio.run(rig.deliverer.run_due())
    assert len(keeper.got) == 2, "nothing new: nothing sent"


def test_what_the_daily_sent_the_weekly_still_has(tmp_path: Path) -> None:
    weekly = replace(SPEC, name="weekly", cron="0 8 * * tue")
    rig, keeper = keeper_rig(tmp_path, stories=STORIES, digests=[SPEC, weekly], spec=replace(PAIR, recipients=("ada",)))
    asyncio.run(rig.deliverer.run_due())
    sent = {d.digest_key.partition("@")[0]: sorted(d.part.story_ids) for d in keeper.got}
    assert sent == {"daily": [1, 2, 3, 4, 5, 6, 7], "weekly": [1, 2, 3, 4, 5, 6, 7]}


def test_a_new_recipient_gets_what_the_others_have_had(tmp_path: Path) -> None:
    rig, _ = keeper_rig(tmp_path, stories=STORIES, spec=replace(PAIR, recipients=("ada",)))
    asyncio.run(rig.deliverer.run_due())
    rig.clock.set(MONDAY + DAY)
    rig.stories.put(story(50, "New", at=MONDAY + HOUR))
    rig2, both = keeper_rig(tmp_path, store=rig.stories, deliveries=rig.deliveries)
    rig2.clock.set(rig.clock.now())
    asyncio.run(rig2.deliverer.run_due())
    assert {d.recipient: sorted(d.part.story_ids) for d in both.got} == {
        "ada": [50],
        "grace": [1, 2, 3, 4, 5, 6, 7, 50],
    }


def test_a_development_comes_again_as_an_answer_to_the_first_message(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=[MISTRAL], spec=replace(PAIR, recipients=("ada",)))
    asyncio.run(rig.deliverer.run_due())
    rig.clock.set(MONDAY + DAY)
    closed = step(5, DevelopmentKind.CLOSED, "The deal has closed", at=MONDAY + HOUR)
    rig.stories.put(replace(MISTRAL, developments=(closed,), news_at=MONDAY + HOUR))
    asyncio.run(rig.deliverer.run_due())
    assert keeper.got[1].in_reply_to == keeper.got[0].message_id
    assert "Now closed. The deal has closed" in keeper.got[1].part.text
    rig.clock.set(MONDAY + 2 * DAY)
    rig.stories.put(replace(MISTRAL, developments=(closed,), news_at=MONDAY + DAY + HOUR))
    asyncio.run(rig.deliverer.run_due())
    assert len(keeper.got) == 2, "one more source is no development"


def test_quiet_days(tmp_path: Path) -> None:
    digests = [replace(SPEC, name="a"), replace(SPEC, name="b", quiet="note")]
    rig, keeper = keeper_rig(tmp_path, digests=digests)
    report = asyncio.run(rig.deliverer.run_due())
    assert [d.digest_key[0] for d in keeper.got] == ["b", "b"]
    assert "quiet day" in keeper.got[0].part.text
    # the quiet one has its row too, so its due time is over
    assert len(report.made) == 2
    assert rig.deliveries.last_due("a") == MONDAY


def test_three_days_down_then_one_digest_with_everything(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES, spec=replace(PAIR, recipients=("ada",)))
    asyncio.run(rig.deliverer.run_due())
    rig.stories.put(*(story(100 + n, f"Day {n}", at=MONDAY + n * DAY + HOUR) for n in range(3)))
    rig.clock.set(MONDAY + 3 * DAY + 2 * HOUR)
    report = asyncio.run(rig.start().run_due())
    assert [key for key, _, _ in report.made] == ["daily@2024-03-01T07:00Z"]
    assert sorted(keeper.got[-1].part.story_ids) == [100, 101, 102]


def test_clock_back_an_hour_and_forward_a_day(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, spec=replace(PAIR, recipients=("ada",)), digests=[replace(SPEC, quiet="note")])

    async def run() -> None:
        for seconds in (0, 3600, -3600, 1800, 86400, -86400, 3600, 86400, 0, 86400):
            rig.clock.jump(seconds)
            await rig.deliverer.run_due()

    asyncio.run(run())
    keys = [d.digest_key for d in keeper.got]
    assert keys == [f"daily@2024-{day}T07:00Z" for day in ("02-27", "02-28", "02-29")]


def test_a_digest_that_cannot_be_made_is_told_elsewhere_and_the_others_go(tmp_path: Path) -> None:
    digests = [replace(SPEC, name="broken", template_folder=str(tmp_path / "nowhere")), SPEC]
    rig, keeper = keeper_rig(tmp_path, digests=digests, stories=STORIES, spec=replace(PAIR, recipients=("ada",)))
    report = asyncio.run(rig.deliverer.run_due())
    assert [key for key, _, _ in report.made] == ["daily@2024-02-27T07:00Z"]
    assert report.error_lines == [f"broken: template_folder {tmp_path / 'nowhere'}: no such folder"]
    assert [d.part.subject for d in keeper.got] == [
        "AI deals and launches: Mistral answers its larger rivals with Mistral Large, and Microsoft buys in (+6 more)",
        "AI news monitor: Digest broken could not be made",
    ]
    asyncio.run(rig.deliverer.run_due())
    assert len(keeper.got) == 2, "told once a day"


def test_an_archive_that_is_busy_is_tried_again_quietly(tmp_path: Path) -> None:
    class Busy:
        def __init__(self, inner: Any) -> None:
            self.inner, self.times = inner, 1

        def arrived(self, *arguments: Any, **options: Any) -> list[Story]:
            if self.times:
                self.times -= 1
                raise ArchiveBusy("locked")
            return list(self.inner.arrived(*arguments, **options))

    rig, keeper = keeper_rig(tmp_path, stories=STORIES, spec=replace(PAIR, recipients=("ada",)))
    rig.stories = Busy(rig.stories)
    rig.start()
    assert asyncio.run(rig.deliverer.run_due()).made == []
    assert len(asyncio.run(rig.deliverer.run_due()).made) == 1
    assert len(keeper.got) == 1


def test_a_poisonous_story_is_left_out_and_told_and_the_rest_goes(tmp_path: Path) -> None:
    poison = story(66, "Poison", usd=Decimal("NaN"))
    rig, keeper = keeper_rig(tmp_path, stories=[*STORIES, poison], spec=replace(PAIR, recipients=("ada",)))
    report = asyncio.run(rig.deliverer.run_due())
    assert [(key, story_id) for key, story_id, _ in report.left_out] == [("daily@2024-02-27T07:00Z", 66)]
    assert sorted(keeper.got[0].part.story_ids) == [1, 2, 3, 4, 5, 6, 7]
    assert "Story 66 could not be shown" in keeper.got[1].part.subject
    assert rig.deliveries.already_sent("daily", "ada", "mail", [1, 66]) == {1: 0}


def test_450_for_one_of_three_and_550_for_another(tmp_path: Path) -> None:
    async def run() -> None:
        async with smtp_server() as box:
            box.rcpt = {"b@reader.test": ["450 4.2.1 later"], "c@reader.test": ["550 5.1.1 unknown"] * 9}
            spec = mail_channel(box.port, "a@reader.test", "b@reader.test", "c@reader.test")
            rig = Rig(tmp_path, digests=[SPEC], channel_specs=[spec], stories=STORIES)
            report = await rig.deliverer.run_due()
            assert [to for to, _ in box.accepted] == ["a@reader.test"]
            states = {r.recipient: (r.state.value, r.code) for r in rig.deliveries.rows.values() if r.channel == "mail"}
            assert states == {
                "a@reader.test": ("sent", 250),
                "b@reader.test": ("ready", 450),
                "c@reader.test": ("failed", 550),
            }
            assert not report.clean
            rig.clock.advance(60)
            await rig.deliverer.run_due()
            assert sorted(to for to, _ in box.accepted) == ["a@reader.test", "b@reader.test"]
            # the failure was told in the folder, for the only other channel is the one that failed
            notices = [p.read_text() for p in (tmp_path / "digests").glob("notice*.txt")]
            assert len(notices) == 1
            assert "550 5.1.1 unknown" in notices[0]

    asyncio.run(run())


def test_a_refused_connection_is_tried_for_two_days_and_then_fails(tmp_path: Path) -> None:
    async def run() -> None:
        async with smtp_server() as box:
            port = box.port
        rig = Rig(tmp_path, digests=[SPEC], channel_specs=[mail_channel(port)], stories=STORIES)
        rounds = 0
        while True:
            await rig.deliverer.run_due()
            row = next(r for r in rig.deliveries.rows.values() if r.channel == "mail")
            if row.state is not DeliveryState.READY:
                break
            assert row.next_try_at is not None
            rig.clock.set(row.next_try_at)
            rounds += 1
        assert row.state is DeliveryState.FAILED
        assert row.error == f"gave up after 48 h: 127.0.0.1:{port}: connecting: Connection refused"
        assert 28 <= rounds <= 40
        assert rig.clock.now() - MONDAY <= GIVE_UP

    asyncio.run(run())


def test_a_revoked_webhook_is_switched_off_and_told_by_mail(tmp_path: Path) -> None:
    async def run() -> None:
        async with smtp_server() as box, web_server((410, "channel_is_archived", {})) as slack:
            hook = ChannelSpec(
                name="slack", kind="slack", recipients=("webhook",), secrets={"webhook_url": Secret(slack.url + "/x")}
            )
            spec = replace(SPEC, channels=("slack",))
            rig = Rig(tmp_path, digests=[spec], channel_specs=[hook, mail_channel(box.port)], stories=STORIES)
            report = await rig.deliverer.run_due()
            assert list(report.sends.switched_off) == ["slack"]
            assert [mail["Subject"] for _, mail in box.accepted] == ["AI news monitor: Channel slack is switched off"]
            rig.clock.advance(86400)
            rig.stories.put(story(50, "Next", at=rig.clock.now() - HOUR))
            await rig.deliverer.run_due()
            assert len(slack.requests) == 1, "it is not asked again"
            states = [r.state for r in rig.deliveries.rows.values() if r.channel == "slack"]
            assert states == [DeliveryState.FAILED] * 2

    asyncio.run(run())


def test_429_waits_as_long_as_it_is_told_and_sends_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with web_server((429, "", {"Retry-After": "120"})) as slack:
            hook = ChannelSpec(
                name="mail", kind="slack", recipients=("webhook",), secrets={"webhook_url": Secret(slack.url + "/x")}
            )
            rig = Rig(tmp_path, digests=[SPEC], channel_specs=[hook], stories=STORIES)
            await rig.deliverer.run_due()
            rig.clock.advance(119)
            await rig.deliverer.run_due()
            assert len(slack.requests) == 1
            rig.clock.advance(1)
            assert (await rig.deliverer.run_due()).clean
            assert len(slack.requests) == 2

    asyncio.run(run())


@pytest.mark.parametrize(("rule", "states"), [("resend", ["ready", "sent"]), ("hold", ["uncertain", "uncertain"])])
def test_no_answer_follows_the_channels_rule(tmp_path: Path, rule: str, states: list[str]) -> None:
    spec = replace(PAIR, recipients=("ada",), options={"on_uncertain": rule})
    rig, keeper = keeper_rig(tmp_path, stories=STORIES, spec=spec)
    keeper.answers = [DeliveryError("mail: no answer in time", outcome="uncertain")]
    seen = []
    for _ in range(2):
        asyncio.run(rig.deliverer.run_due())
        seen.append(rig.deliveries.rows[1].state.value)
        rig.clock.advance(60)
    assert seen == states
    assert len(keeper.got) == (1 if rule == "resend" else 0)


def test_a_part_waits_for_the_part_before_it(tmp_path: Path) -> None:
    from tests.digest.fixtures import many

    stories = many(150)
    wide = replace(SPEC, cap=150, sections=tuple(replace(s, cap=150) for s in SPEC.sections))
    spec = replace(PAIR, kind="email", recipients=("ada@reader.test",), options={"sender": "a@b.test", "host": "x"})
    rig, keeper = keeper_rig(tmp_path, digests=[wide], stories=stories, spec=spec)
    keeper.answers = [DeliveryError("later", outcome="retry")]
    asyncio.run(rig.deliverer.run_due())
    assert keeper.got == []
    rig.clock.advance(60)
    asyncio.run(rig.deliverer.run_due())
    numbers = [d.part.number for d in keeper.got]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 2
    assert story_ids(keeper.got) == sorted(s.id for s in stories)


def test_who_has_unsubscribed_gets_nothing_more(tmp_path: Path) -> None:
    async def run() -> None:
        async with smtp_server() as box:
            spec = mail_channel(box.port, "Ada <ada@reader.test>", "grace@reader.test")
            settings = {"base_url": "https://archive.test", "unsubscribe_key": b"key"}
            rig = Rig(tmp_path, digests=[SPEC], channel_specs=[spec], stories=STORIES, settings=settings)
            rig.deliveries.suppress("ada@reader.test", MONDAY, "one click")
            report = await rig.deliverer.run_due()
            assert [to for to, _ in box.accepted] == ["grace@reader.test"]
            assert [d.recipient for d in report.sends.suppressed] == ["Ada <ada@reader.test>"]
            assert rig.deliveries.rows[1].state is DeliveryState.CANCELLED
            mail = box.accepted[0][1]
            own = mail["List-Unsubscribe"].split(">")[0].lstrip("<")
            assert own.startswith("https://archive.test/unsubscribe/")
            body = mail.get_body(("html",))
            assert body is not None
            assert own in body.get_content()
            assert "unsubscribe.invalid" not in body.get_content()

    asyncio.run(run())


def test_trouble_stands_until_it_is_over(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES, spec=replace(PAIR, recipients=("ada",)))
    assert rig.deliverer.standing_trouble() == ""
    keeper.answers = [DeliveryError("550 no", outcome="failed", code=550)]
    asyncio.run(rig.deliverer.run_due())
    asyncio.run(rig.deliverer.run_due())
    assert rig.deliverer.standing_trouble() == "daily@2024-02-27T07:00Z over mail to ada: 550 no"
    asyncio.run(rig.deliverer.resend("daily@2024-02-27T07:00Z"))
    assert rig.deliverer.standing_trouble() == ""


# ---------------------------------------------------------------- alerts


def alert(**changes: Any) -> AlertSpec:
    known = {"name": "deals", "selection": Selection(tags=(Tag.FUNDING,)), "channels": ("mail",)}
    return AlertSpec(**{**known, **changes})


def test_an_alert_begins_silently_settles_and_comes_again_only_with_a_development(tmp_path: Path) -> None:
    spec = replace(PAIR, recipients=("ada",))
    rig, keeper = keeper_rig(tmp_path, digests=[], alerts=[alert()], stories=STORIES, spec=spec)

    def tick(minutes: float) -> list[int]:
        before = len(keeper.got)
        rig.clock.advance(minutes * 60)
        asyncio.run(rig.deliverer.run_due())
        return story_ids(keeper.got[before:])

    assert tick(0) == []
    assert tick(1) == []
    fresh = story(50, "Fresh money", at=rig.clock.now())
    rig.stories.put(fresh)
    assert tick(4) == [], "it settles"
    assert tick(2) == [50]
    assert keeper.got[0].part.subject == "Fresh money"
    assert tick(10) == []
    rig.stories.put(replace(fresh, news_at=rig.clock.now(), entry_count=9))
    assert tick(10) == [], "more sources are no development"
    closed = step(7, DevelopmentKind.CLOSED, "closed", at=rig.clock.now())
    rig.stories.put(replace(fresh, news_at=rig.clock.now(), developments=(closed,)))
    assert tick(10) == [], "cooldown"
    assert tick(6 * 60) == [50]
    assert keeper.got[1].in_reply_to == keeper.got[0].message_id
    assert tick(6 * 60 + 1) == []


def test_quiet_hours_are_kept_and_what_waited_comes_together(tmp_path: Path) -> None:
    night = alert(quiet_hours=("22:00", "07:00"), time_zone="Europe/Paris", settle=timedelta(0))
    spec = replace(PAIR, recipients=("ada",))
    rig, keeper = keeper_rig(tmp_path, digests=[], alerts=[night], spec=spec)
    asyncio.run(rig.deliverer.run_due())
    for hour in range(14, 24):
        rig.clock.set(MONDAY + timedelta(hours=hour))
        rig.stories.put(story(hour, f"At {hour}", at=rig.clock.now()))
        asyncio.run(rig.deliverer.run_due())
    # 08:00 + 14 h is 22:00 in Paris; 07:00 comes 23 h after
    assert [sorted(d.part.story_ids) for d in keeper.got] == [list(range(14, 24))]


# ---------------------------------------------------------------- commands


def test_send_to_one_address_counts_for_nobody(tmp_path: Path) -> None:
    async def run() -> None:
        async with smtp_server() as box:
            rig = Rig(tmp_path, digests=[SPEC], channel_specs=[mail_channel(box.port)], stories=STORIES)
            await rig.deliverer.send_now("daily", "me@reader.test")
            rig.clock.advance(1)
            await rig.deliverer.send_now("daily", "me@reader.test")
            assert [to for to, _ in box.accepted] == ["me@reader.test"] * 2
            assert (await rig.deliverer.run_due()).made[0][1] == len(STORIES)
            with pytest.raises(UsageError, match="slack"):
                await rig.deliverer.send_now("daily", "C042")
            with pytest.raises(NotFound, match="there: daily"):
                await rig.deliverer.send_now("dayly")

    asyncio.run(run())


def test_send_now_to_all_counts(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES)
    rig.clock.advance(3600)
    asyncio.run(rig.deliverer.send_now("daily"))
    assert len(keeper.got) == 2
    rig.clock.advance(86400)
    asyncio.run(rig.deliverer.run_due())
    assert len(keeper.got) == 2


def test_preview_shows_the_backlog_of_first_polls(tmp_path: Path) -> None:
    backlog = [replace(s, news_at=None) for s in STORIES]
    rig, _ = keeper_rig(tmp_path, stories=backlog)
    assert asyncio.run(rig.deliverer.preview("daily")).digest.stories == ()
    shown = asyncio.run(rig.deliverer.preview("daily", MONDAY - 2 * DAY))
    assert len(shown.digest.stories) == len(STORIES)
    assert "Mistral Large" in shown.rendered.parts[0].text
    assert rig.deliveries.rows == {}


def test_resend_keeps_the_message_ids(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES)
    asyncio.run(rig.deliverer.run_due())
    assert len(asyncio.run(rig.deliverer.resend("daily@2024-02-27T07:00Z")).sends.sent) == 2
    ids = Counter(d.message_id for d in keeper.got)
    assert sorted(ids.values()) == [2, 2]
    with pytest.raises(NotFound):
        asyncio.run(rig.deliverer.resend("daily@1999-01-01T00:00Z"))


def test_testing_a_channel(tmp_path: Path) -> None:
    async def run() -> None:
        async with smtp_server() as box, web_server() as slack:
            hook = ChannelSpec(
                name="slack", kind="slack", recipients=("webhook",), secrets={"webhook_url": Secret(slack.url + "/x")}
            )
            rig = Rig(tmp_path, channel_specs=[mail_channel(box.port), hook])
            assert (await rig.deliverer.test("mail", "me@reader.test"))[0].code == 250
            assert box.accepted[0][0] == "me@reader.test"
            assert "Example Robotics" in box.accepted[0][1]["Subject"]
            assert (await rig.deliverer.test("slack"))[0].code == 200
            with pytest.raises(NotFound, match="there: mail, slack, files"):
                await rig.deliverer.test("pigeon")
            assert rig.deliveries.rows == {}

    asyncio.run(run())


def test_backtest_says_what_would_have_gone_out(tmp_path: Path) -> None:
    stories = [story(n, f"Story {n}", at=MONDAY + n * 7 * HOUR, usd=Decimal(n * 10**6)) for n in range(1, 20)]
    rig, _ = keeper_rig(tmp_path, stories=stories)
    rig.clock.set(MONDAY + 7 * DAY)
    result = asyncio.run(rig.deliverer.backtest(SPEC, MONDAY - DAY))
    assert len(result.digests) == 8
    ids = [r.story.id for d in result.digests for r in d.stories]
    assert sorted(ids) == list(range(1, 20))
    assert (result.added, result.removed) == ((), ())
    strict = replace(SPEC, selection=Selection(min_amount=Decimal(10 * 10**6)))
    result = asyncio.run(rig.deliverer.backtest(strict, MONDAY - DAY))
    assert sorted(s.id for s in result.removed) == list(range(1, 10))
    assert rig.deliveries.rows == {}


# ---------------------------------------------------------------- rules


def test_back_off() -> None:
    waits = [back_off(n, 0.5) for n in range(1, 12)]
    assert waits[:4] == [30.0, 60.0, 120.0, 240.0]
    assert waits[-1] == 7200.0
    assert back_off(1, 0.0) == 24.0
    assert back_off(1, 1.0) == pytest.approx(36.0)


def test_silence_is_not_answered_for_ever() -> None:
    silent = DeliveryError("no answer", outcome="uncertain")
    spec = replace(PAIR, options={"on_uncertain": "resend"})
    states = [after_error(silent, delivery(attempts=9, silences=n), spec, MONDAY, 0.5).state for n in (0, 1, 2)]
    assert states == [DeliveryState.READY, DeliveryState.READY, DeliveryState.UNCERTAIN]
    said = DeliveryError("500", outcome="uncertain", code=500)
    assert after_error(said, delivery(attempts=9, silences=2), spec, MONDAY, 0.5).state is DeliveryState.READY
    left = delivery(state=DeliveryState.UNCERTAIN, error="uncertain: no answer")
    assert after_crash(left, spec, MONDAY).state is DeliveryState.UNCERTAIN
