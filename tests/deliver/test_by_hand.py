"""What a person does by hand: it takes nothing from what goes by itself, and sends nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.apprise import AppriseChannel
from monitor.errors import ArchiveError, DeliveryError
from monitor.types import AlertSpec, ChannelSpec, DeliveryState, DevelopmentKind, Secret, Selection
from tests.deliver.rig import Rig
from tests.deliver.test_round import DAY, HOUR, PAIR, keeper_rig, story_ids
from tests.deliver.test_stumbles import Stumbling
from tests.digest.fixtures import MONDAY, SPEC, STORIES, step, story

pytestmark = pytest.mark.usefixtures("outbox")
ONE = replace(PAIR, recipients=("ada",))
ALERT = AlertSpec(name="big", selection=Selection(), channels=("mail",))


def test_send_now_makes_up_for_days_in_which_it_could_not_be_made(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, spec=ONE)
    asyncio.run(rig.deliverer.run_due())
    rig.stories = Stumbling(rig.stories, "arrived", 5, ArchiveError("the disk is full"))
    rig.start()
    for day in range(5):
        rig.stories.put(story(day + 1, f"Day {day}", at=rig.clock.now() + HOUR))
        rig.clock.advance(86400)
        assert asyncio.run(rig.deliverer.run_due()).errors
    asyncio.run(rig.deliverer.send_now("daily"))
    assert story_ids(keeper.got) == [1, 2, 3, 4, 5]
    rig.clock.advance(2 * 86400)
    asyncio.run(rig.deliverer.run_due())
    assert story_ids(keeper.got) == [1, 2, 3, 4, 5]


def test_send_now_and_resend_send_nothing_else(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES, digests=[SPEC, replace(SPEC, name="other")], spec=ONE)
    keeper.answers = [DeliveryError("450 later", outcome="retry", code=450)] * 2
    asyncio.run(rig.deliverer.run_due())
    rig.clock.advance(3600)
    rig.stories.put(story(50, "New", at=rig.clock.now() - timedelta(minutes=1)))
    report = asyncio.run(rig.deliverer.send_now("other"))
    assert [d.part.story_ids for d in report.sends.sent] == [(50,)]
    rig.clock.set(MONDAY + DAY)
    report = asyncio.run(rig.deliverer.resend("daily@2024-02-27T07:00Z"))
    assert [d.digest_key for d in report.sends.sent] == ["daily@2024-02-27T07:00Z"]
    assert len(keeper.got) == 2
    assert report.made == []


def test_resend_leaves_what_is_under_way(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES)
    keeper.answers = [DeliveryError("450 later", outcome="retry", code=450)] * 2
    asyncio.run(rig.deliverer.run_due())
    rig.clock.advance(60)
    # the daemon holds one of them
    [held] = rig.deliveries.claim(rig.clock.now(), limit=1)
    report = asyncio.run(rig.deliverer.resend("daily@2024-02-27T07:00Z"))
    assert len(report.sends.sent) == 1
    assert rig.deliveries.rows[held.id].state is DeliveryState.SENDING


def test_a_digest_sent_again_after_days_is_tried_more_than_once(tmp_path: Path) -> None:
    rig, keeper = keeper_rig(tmp_path, stories=STORIES, spec=ONE)
    asyncio.run(rig.deliverer.run_due())
    rig.clock.advance(5 * 86400)
    keeper.answers = [DeliveryError("450 greylisted", outcome="retry", code=450)]
    report = asyncio.run(rig.deliverer.resend("daily@2024-02-27T07:00Z"))
    assert [verdict.state for _, verdict in report.sends.retried] == [DeliveryState.READY]
    rig.clock.advance(60)
    asyncio.run(rig.deliverer.run_due())
    assert [count for _, count in Counter(d.message_id for d in keeper.got).most_common(1)] == [2]


def test_testing_a_channel_of_apprise(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []

    class Target:
        def add(self, url: str) -> bool:
            return True

        async def async_notify(self, **what: Any) -> bool:
            told.append(what)
            return True

    class Library:
        Apprise = Target

    spec = ChannelSpec(
        name="phone",
        kind="apprise",
        recipients=("apprise",),
        secrets={"url_1": Secret("json://a"), "url_2": Secret("b")},
    )
    rig = Rig(tmp_path, channel_specs=[spec], channels={"phone": AppriseChannel(spec, load=lambda: Library)})
    asyncio.run(rig.deliverer.test("phone"))
    assert "Example Robotics" in told[0]["title"] + told[0]["body"]


# ---------------------------------------------------------------- alerts


def test_an_alert_sent_by_hand_before_its_first_round_floods_nobody(tmp_path: Path) -> None:
    old = [story(n, f"Old {n}", at=MONDAY - n * HOUR) for n in range(1, 20)]
    rig, keeper = keeper_rig(tmp_path, digests=[], alerts=[ALERT], stories=old, spec=ONE)
    asyncio.run(rig.deliverer.send_now("big"))
    rig.clock.advance(60)
    asyncio.run(rig.deliverer.run_due())
    assert keeper.got == []
    rig.stories.put(story(50, "New", at=rig.clock.now()))
    rig.clock.advance(600)
    report = asyncio.run(rig.deliverer.send_now("alert:big"))
    assert story_ids(keeper.got) == [50]
    assert len(report.sends.sent) == 1
    assert asyncio.run(rig.deliverer.send_now("big")).made == []


def test_an_alert_sent_to_one_address_shows_what_it_reaches(tmp_path: Path) -> None:
    old = [story(n, f"Old {n}", at=MONDAY - n * HOUR) for n in (1, 20, 47, 60)]
    mail = ChannelSpec(
        name="mail", kind="email", recipients=("ada@reader.test",), options={"sender": "a@b.test", "host": "x"}
    )
    rig, keeper = keeper_rig(tmp_path, digests=[], alerts=[ALERT], stories=old, spec=mail)
    asyncio.run(rig.deliverer.send_now("big", "me@reader.test"))
    assert story_ids(keeper.got) == [1, 20, 47]
    assert rig.deliveries.last_due("alert:big") is None, "nothing of it counts"


def test_an_alert_that_is_set_up_at_night_tells_in_the_morning_what_came_at_night(tmp_path: Path) -> None:
    night = replace(ALERT, quiet_hours=("22:00", "07:00"))
    rig, keeper = keeper_rig(tmp_path, digests=[], alerts=[night], stories=[story(1, "Old")], spec=ONE)
    rig.clock.set(MONDAY.replace(hour=22, minute=30))
    asyncio.run(rig.deliverer.run_due())
    rig.stories.put(story(2, "At night", at=rig.clock.now() + HOUR))
    for _ in range(24):
        rig.clock.advance(1800)
        asyncio.run(rig.deliverer.run_due())
    assert story_ids(keeper.got) == [2]


def test_a_development_within_a_long_cooldown_is_told_after_it(tmp_path: Path) -> None:
    patient = replace(ALERT, cooldown=3 * DAY)
    rig, keeper = keeper_rig(tmp_path, digests=[], alerts=[patient], spec=ONE)
    asyncio.run(rig.deliverer.run_due())
    deal = story(1, "Deal", at=rig.clock.now())
    rig.stories.put(deal)
    rig.clock.advance(600)
    asyncio.run(rig.deliverer.run_due())
    assert len(keeper.got) == 1
    rig.clock.advance(7200)
    now = rig.clock.now()
    rig.stories.put(replace(deal, developments=(step(3, DevelopmentKind.CLOSED, "closed", at=now),), news_at=now))
    for _ in range(5 * 24):
        rig.clock.advance(3600)
        asyncio.run(rig.deliverer.run_due())
    assert len(keeper.got) == 2
