"""Five days of a small world to three readers and Slack: the archive compared with what arrived.

The comparison itself is tested by spoiling what arrived: it must see each fault.
"""

from __future__ import annotations

import asyncio
import random
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from monitor.archive import open_archive
from monitor.types import ChannelSpec, Secret
from tests.channels.servers import Mailbox, smtp_server, web_server
from tests.deliver.checker import Findings, Plan, check
from tests.deliver.rig import Rig, mail_channel
from tests.deliver.smallworld import ALERTS, BEGIN, DIGESTS, HOUR, HOURS, SmallWorld

READERS = ("ada@reader.test", "bob@reader.test", "cai@reader.test")
PLAN = Plan(
    digests=DIGESTS,
    alerts=ALERTS,
    recipients={"mail": READERS, "slack": ("webhook",)},
    begin=BEGIN,
    end=BEGIN + HOURS * HOUR,
)
Got = tuple[list[tuple[str, EmailMessage]], list[dict[str, Any]]]


async def drive(url: str, folder: Path, seed: int) -> Got:
    """Each hour: the world, then two looks of the deliver loop; a new process every nine hours."""
    dice = random.Random(seed)
    with open_archive(url) as archive:
        async with smtp_server() as box, web_server() as slack:
            specs = (
                mail_channel(box.port, *READERS),
                ChannelSpec(
                    name="slack",
                    kind="slack",
                    recipients=("webhook",),
                    secrets={"webhook_url": Secret(slack.url + "/x")},
                ),
            )
            rig = Rig(
                folder,
                digests=DIGESTS,
                alerts=ALERTS,
                channel_specs=specs,
                store=archive.stories,
                deliveries=archive.deliveries,
            )
            rig.clock.set(BEGIN)
            world = SmallWorld(archive=archive, dice=dice)
            for hour in range(HOURS + 1):
                rig.clock.set(max(BEGIN + hour * HOUR, rig.clock.now()))
                world.hour(hour)
                if hour % 9 == 8:
                    await rig.start().recover()
                if hour < HOURS - 3:
                    annoy(box, dice)
                await rig.deliverer.run_due()
                rig.clock.advance(600)
                await rig.deliverer.run_due()
            return box.accepted, slack.requests


def annoy(box: Mailbox, dice: random.Random) -> None:
    """Now and then a reader's server is busy; the answer is used up by the next attempt."""
    if dice.random() < 0.2:
        box.rcpt[dice.choice(READERS)] = ["450 4.2.1 busy"]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_archive_and_what_arrived_agree(archive_url: str, tmp_path: Path, seed: int) -> None:
    mails, slack = asyncio.run(drive(archive_url, tmp_path, seed))
    found = check(archive_url, PLAN, mails, slack)
    assert found.problems == []
    # it was worth looking
    assert found.counts["messages"] > 40
    assert found.counts["told again for a step"] >= 3
    for name, least in (("daily", 40), ("money", 5), ("agreed", 5), ("alert:purchases", 10)):
        assert found.counts[f"qualifying for {name}"] >= least, found.counts
    assert found.counts["in a later digest of daily than its first news"] > 0


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, empty_file: Path) -> tuple[str, Got]:
    """A world that was told without fault."""
    folder = tmp_path_factory.mktemp("world")
    path = folder / "monitor.db"
    path.write_bytes(empty_file.read_bytes())
    url = f"sqlite:///{path}"
    return url, asyncio.run(drive(url, folder, 3))


def spoilt(whole: tuple[str, Got], mails: Any = None, slack: Any = None, plan: Plan = PLAN) -> Findings:
    url, (good_mails, good_slack) = whole
    return check(url, plan, good_mails if mails is None else mails, good_slack if slack is None else slack)


def test_a_fault_is_seen(whole: tuple[str, Got]) -> None:
    _, (mails, slack) = whole
    assert spoilt(whole).problems == []
    assert any("arrived 0 times" in p for p in spoilt(whole, mails=mails[:-1]).problems)
    assert any("arrived 2 times" in p for p in spoilt(whole, mails=[*mails, mails[5]]).problems)
    assert any("no delivery stands for" in p for p in spoilt(whole, slack=[*slack, {"blocks": []}]).problems)
    assert any("arrived 0 times" in p for p in spoilt(whole, slack=slack[1:]).problems)


def test_a_missing_due_time_or_reader_is_seen(whole: tuple[str, Got]) -> None:
    from dataclasses import replace

    early = replace(DIGESTS[0], cron="0 7 * * *")
    assert any("due at" in p for p in spoilt(whole, plan=replace(PLAN, digests=(early,))).problems)
    more = {**PLAN.recipients, "mail": (*READERS, "dee@reader.test")}
    assert any("never told dee" in p for p in spoilt(whole, plan=replace(PLAN, recipients=more)).problems)
    wider = replace(DIGESTS[1], selection=replace(DIGESTS[1].selection, min_amount=None))
    assert any("never told" in p for p in spoilt(whole, plan=replace(PLAN, digests=(wider,))).problems)
