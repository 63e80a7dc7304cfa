"""Receivers that fail in every way that docs/channels.md names: the state after the first round and at the end.

Nothing is lost, nothing comes twice, and each cause is one line.
"""

from __future__ import annotations

import asyncio
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from monitor.types import ChannelSpec, Delivery, DeliveryState, Secret
from tests.channels.servers import DATA, Mailbox, Web, smtp_server, web_server
from tests.deliver.rig import Rig, mail_channel
from tests.digest.fixtures import SPEC, STORIES

pytestmark = pytest.mark.usefixtures("outbox")
ADA = "ada@reader.test"


@dataclass(frozen=True)
class Case:
    """What the receiver does first, and what is to become of the delivery."""

    name: str
    script: Any
    #: after the first round
    first: str
    code: int | None
    cause: str
    #: seconds to the next try at most; None: there is none
    wait: float | None
    last: str
    #: messages that the receiver took, by the last state
    taken: int = 1
    options: Any = ()


MAIL = [
    Case("421 in DATA", {"data": {ADA: ["421 4.3 closing"]}}, "ready", 421, "answer to the mail: 421", 40, "sent"),
    Case("450", {"rcpt": {ADA: ["450 4.2.1 later"]}}, "ready", 450, "RCPT TO: 450 4.2.1 later", 40, "sent"),
    Case("451 greylisted", {"mail": ["451 4.7.1 grey"]}, "ready", 451, "MAIL FROM: 451", 40, "sent"),
    Case("550", {"rcpt": {ADA: ["550 5.1.1 nobody"]}}, "failed", 550, "RCPT TO: 550 5.1.1 nobody", None, "failed", 0),
    Case("552", {"data": {ADA: ["552 5.3.4 too big"]}}, "failed", 552, "552 5.3.4 too big", None, "failed", 0),
]
HOLD = (("on_uncertain", "hold"),)
SLACK: list[Case] = [
    Case("400", (400, "invalid_payload", {}), "failed", 400, "Slack answered 400 invalid_payload", None, "failed", 0),
    Case("403", (403, "action_prohibited", {}), "failed", 403, "revoked; make a new one", None, "failed", 0),
    Case("404", (404, "no_service", {}), "failed", 404, "revoked; make a new one", None, "failed", 0),
    Case("410", (410, "channel_is_archived", {}), "failed", 410, "revoked; make a new one", None, "failed", 0),
    Case("429", (429, "", {"Retry-After": "2"}), "ready", 429, "Slack answered 429", 40, "sent"),
    Case("429 for long", (429, "", {"Retry-After": "300"}), "ready", 429, "Slack answered 429", 300, "sent"),
    Case("500", (500, "rollup_error", {}), "ready", 500, "uncertain: slack: Slack answered 500", 40, "sent"),
    Case("500, hold", (500, "x", {}), "uncertain", 500, "uncertain: ", None, "uncertain", 0, HOLD),
    Case("time-out", "hang", "ready", None, "uncertain: slack: no answer in time", 40, "sent"),
    Case("time-out, hold", "hang", "uncertain", None, "no answer in time", None, "uncertain", 0, HOLD),
    Case("hangs up", "drop", "ready", None, "the connection broke before an answer", 40, "sent"),
]


def row_of(rig: Rig, channel: str) -> Delivery:
    [row] = [r for r in rig.deliveries.rows.values() if r.channel == channel and not r.digest_key.startswith("notice")]
    assert isinstance(row, Delivery)
    return row


async def settle(rig: Rig, channel: str) -> Delivery:
    """Rounds at the times that the outbox itself plans, until nothing is planned."""
    for _ in range(60):
        row = row_of(rig, channel)
        if row.state is not DeliveryState.READY:
            return row
        assert row.next_try_at is not None
        rig.clock.set(max(row.next_try_at, rig.clock.now()))
        await rig.deliverer.run_due()
    raise AssertionError("it is tried for ever")


def check_first(case: Case, row: Delivery, rig: Rig) -> None:
    assert (row.state.value, row.code) == (case.first, case.code)
    assert row.error is not None
    assert case.cause in row.error
    assert "\n" not in row.error
    assert len(row.error) < 400
    if case.wait is None:
        assert row.next_try_at is None
    else:
        assert row.next_try_at is not None
        assert 0 < (row.next_try_at - rig.clock.now()).total_seconds() <= case.wait


@pytest.mark.parametrize("case", MAIL, ids=lambda case: case.name)
def test_mail(tmp_path: Path, case: Case) -> None:
    async def run() -> None:
        # answers are used up
        async with smtp_server(Mailbox(**deepcopy(case.script))) as box:
            spec = mail_channel(box.port, timeout=60.0)
            rig = Rig(tmp_path, digests=[SPEC], channel_specs=[spec], stories=STORIES)
            await rig.deliverer.run_due()
            check_first(case, row_of(rig, "mail"), rig)
            assert (await settle(rig, "mail")).state.value == case.last
            await rig.deliverer.run_due()
            assert [to for to, _ in box.accepted] == [ADA] * case.taken

    asyncio.run(run())


def test_a_server_that_is_away_and_comes_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with smtp_server() as gone:
            port = gone.port
        rig = Rig(tmp_path, digests=[SPEC], channel_specs=[mail_channel(port)], stories=STORIES)
        await rig.deliverer.run_due()
        case = Case("refused", None, "ready", None, "connecting: Connection refused", 40, "sent")
        check_first(case, row_of(rig, "mail"), rig)
        # feeds.yaml names another server, the monitor starts anew
        async with smtp_server() as box:
            rig._arguments["channel_specs"] = [mail_channel(box.port)]
            rig.start()
            assert (await settle(rig, "mail")).state is DeliveryState.SENT
            assert [to for to, _ in box.accepted] == [ADA]

    asyncio.run(run())


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_bad_certificate_until_it_is_trusted(tmp_path: Path, security: str) -> None:
    async def run() -> None:
        async with smtp_server(security=security) as box:
            login: dict[str, Any] = (
                {"username": "news", "secrets": {"password": Secret("right")}} if security == "starttls" else {}
            )
            rig = Rig(
                tmp_path,
                digests=[SPEC],
                channel_specs=[mail_channel(box.port, security=security, **login)],
                stories=STORIES,
            )
            await rig.deliverer.run_due()
            case = Case("certificate", None, "ready", None, "certificate is not trusted: self", 40, "sent")
            check_first(case, row_of(rig, "mail"), rig)
            assert box.accepted == []
            trusting = mail_channel(box.port, security=security, ca_file=str(DATA / "server.pem"), **login)
            rig._arguments["channel_specs"] = [trusting]
            rig.start()
            assert (await settle(rig, "mail")).state is DeliveryState.SENT
            assert [to for to, _ in box.accepted] == [ADA]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("seconds", "timeout"),
    [(1.5, 1.0), pytest.param(40.0, 30.0, marks=[pytest.mark.long, pytest.mark.timeout(120)])],
)
def test_an_answer_that_takes_longer_than_any_step_may(tmp_path: Path, seconds: float, timeout: float) -> None:
    async def run() -> None:
        async with smtp_server() as box:

            async def slow(to: str) -> None:
                await asyncio.sleep(seconds)

            box.before_answer = slow
            spec = mail_channel(box.port, timeout=timeout)
            rig = Rig(tmp_path, digests=[SPEC], channel_specs=[spec], stories=STORIES)
            await rig.deliverer.run_due()
            row = row_of(rig, "mail")
            assert (row.state, row.attempts, row.code) == (DeliveryState.SENT, 1, 250)
            assert len(box.accepted) == 1

    asyncio.run(run())


def slack_rig(folder: Path, slack: Web, box: Mailbox, case: Case) -> Rig:
    hook = ChannelSpec(
        name="slack",
        kind="slack",
        recipients=("webhook",),
        # short only where nothing is to come: a busy machine is no failing receiver
        options={"timeout": 0.3 if case.script == "hang" else 30.0, **dict(case.options)},
        secrets={"webhook_url": Secret(slack.url + "/services/T0/B0/s3cr3t")},
    )
    digest = replace(SPEC, channels=("slack",))
    return Rig(folder, digests=[digest], channel_specs=[hook, mail_channel(box.port)], stories=STORIES)


@pytest.mark.parametrize("case", SLACK, ids=lambda case: case.name)
def test_slack(tmp_path: Path, case: Case) -> None:
    async def run() -> None:
        async with web_server(case.script) as slack, smtp_server() as box:
            rig = slack_rig(tmp_path, slack, box, case)
            await rig.deliverer.run_due()
            row = row_of(rig, "slack")
            check_first(case, row, rig)
            assert "s3cr3t" not in str(row.error)
            assert (await settle(rig, "slack")).state.value == case.last
            await rig.deliverer.run_due()
            asked = len(slack.bodies)
            assert asked == 1 + case.taken
            if case.last in ("failed", "uncertain"):
                # what did not arrive, or may not have, is told over the other channel
                assert len(box.accepted) == 1
                assert "slack" in box.accepted[0][1]["Subject"].lower()
            else:
                assert box.accepted == []
            if case.taken and "uncertain" in str(row.error):
                assert "May repeat an earlier message" in str(slack.requests[-1])

    asyncio.run(run())
