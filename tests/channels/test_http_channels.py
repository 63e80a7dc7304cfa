"""Slack, webhooks, files and Apprise: what is sent, and what each answer means."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from monitor.channels.apprise import AppriseChannel, load_apprise
from monitor.channels.http import retry_after
from monitor.channels.opening import open_channel, recipients_of
from monitor.channels.slack import SlackBot
from monitor.errors import ConfigError, DeliveryError
from monitor.guard import Guard, guarded_session
from monitor.testing import FakeClock
from monitor.types import ChannelSpec, Delivery, Part, Secret
from tests.channels.servers import sessions, web_server
from tests.channels.test_email import delivery
from tests.digest.fixtures import MONDAY

BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "Hello", "verbatim": True}}]
PAYLOAD = {"text": "Hello", "blocks": BLOCKS, "unfurl_links": False, "unfurl_media": False}
PART = Part(
    number=1, of=1, subject="News <1>", text="Hello\n", markdown="# Hello\n", html="<p>Hello</p>", payload=PAYLOAD
)
KEY = "/services/T000/B000/s3cr3t-2"


def one(**changes: Any) -> Delivery:
    return replace(delivery("webhook", part=PART), **changes)


def slack_webhook(url: str, **options: Any) -> ChannelSpec:
    return ChannelSpec(name="slack", kind="slack", options=options, secrets={"webhook_url": Secret(url + KEY)})


def slack_bot(url: str, **options: Any) -> ChannelSpec:
    options = {"api_url": url + "/api/", **options}
    secrets = {"bot_token": Secret("xoxb-s3cr3t-3")}
    return ChannelSpec(name="bot", kind="slack", recipients=("C1",), options=options, secrets=secrets)


def webhook(url: str, **options: Any) -> ChannelSpec:
    secrets = {"url": Secret(url + "/hook?key=s3cr3t-4"), "signing_key": Secret("sign")}
    return ChannelSpec(name="hook", kind="webhook", options=options, secrets=secrets)


async def outcome_of(spec: ChannelSpec, what: Delivery) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        await open_channel(spec, session_factory=sessions, clock=FakeClock()).send(what)
    assert "s3cr3t" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith(f"{spec.name}: ")
    return raised.value


def test_slack_webhook_gets_the_message() -> None:
    async def run() -> None:
        async with web_server() as fake:
            channel = open_channel(slack_webhook(fake.url), session_factory=sessions, clock=FakeClock())
            assert (await channel.send(one())).code == 200
            assert fake.requests == [PAYLOAD]
            # a notice has no blocks
            plain = one(part=Part(number=1, of=1, subject="a < b", text="x"))
            channel = open_channel(slack_webhook(fake.url), session_factory=sessions, clock=FakeClock())
            await channel.send(plain)
            assert fake.requests[1]["text"] == "a &lt; b"
            assert "blocks" not in fake.requests[1]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "outcome", "wait"),
    [
        ((400, "invalid_blocks", {}), "failed", None),
        ((403, "action_prohibited", {}), "revoked", None),
        ((404, "no_service", {}), "revoked", None),
        ((410, "channel_is_archived", {}), "revoked", None),
        ((429, "slow down", {"Retry-After": "2"}), "retry", 2.0),
        ((429, "slow down", {}), "retry", 30.0),
        ((500, "rollup_error", {}), "uncertain", None),
        ((503, "", {"Retry-After": "7"}), "uncertain", 7.0),
        ("drop", "uncertain", None),
        ("hang", "uncertain", None),
    ],
)
def test_slack_webhook_answers(answer: Any, outcome: str, wait: float | None) -> None:
    async def run() -> None:
        async with web_server(answer) as fake:
            error = await outcome_of(slack_webhook(fake.url, timeout=0.3 if answer == "hang" else 10.0), one())
            assert error.outcome == outcome
            assert error.retry_after == wait
            assert len(fake.bodies) == 1, "our outbox retries, not the library"

    asyncio.run(run())


@pytest.mark.parametrize("make", [slack_webhook, slack_bot, webhook])
def test_nobody_listens(make: Any) -> None:
    async def run() -> None:
        async with web_server() as fake:
            url = fake.url
        error = await outcome_of(make(url), one())
        assert error.outcome == "retry"
        assert "cannot connect" in str(error)

    asyncio.run(run())


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port whose host drops what comes: its queue of connections is full and nobody takes one."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                caller.connect(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.mark.parametrize("make", [slack_webhook, slack_bot, webhook])
@pytest.mark.parametrize("ours", [True, False])
def test_a_host_that_does_not_take_the_connection_cannot_have_got_it(make: Any, ours: bool) -> None:
    """Whether our own time for the request ends first, or the client's for the connection."""

    def session() -> aiohttp.ClientSession:
        return guarded_session(Guard([ip_network("127.0.0.0/8")]), connect=30.0 if ours else 0.2)

    async def run() -> None:
        with deaf_port() as port:
            spec = make(f"http://127.0.0.1:{port}", timeout=0.2 if ours else 30.0)
            with pytest.raises(DeliveryError, match=r"cannot connect: no answer in time$") as raised:
                await open_channel(spec, session_factory=session, clock=FakeClock()).send(one())
            assert raised.value.outcome == "retry"

    asyncio.run(run())


def test_slack_says_nothing_to_logs(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with web_server((500, "x", {})) as fake:
            await outcome_of(slack_webhook(fake.url), one())
            await outcome_of(slack_bot(fake.url), one())

    with caplog.at_level(logging.DEBUG):
        asyncio.run(run())
    assert "s3cr3t" not in caplog.text


def test_one_message_a_second() -> None:
    async def run() -> None:
        clock, slept = FakeClock(), []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            clock.advance(seconds)

        async with web_server() as fake:
            channel = open_channel(slack_webhook(fake.url), session_factory=sessions, clock=clock, sleep=sleep)
            await asyncio.gather(*(channel.send(one()) for _ in range(3)))
            assert len(fake.requests) == 3
        assert slept == [pytest.approx(1.1)] * 2
        clock.advance(60)

    asyncio.run(run())


def test_a_repeat_says_that_it_is_one() -> None:
    async def run() -> None:
        async with web_server() as fake:
            channel = open_channel(slack_webhook(fake.url), session_factory=sessions, clock=FakeClock())
            await channel.send(one(error="uncertain: slack: no answer in time", attempts=2))
            assert "May repeat an earlier message (ref abc@mo)" in json.dumps(fake.requests[0])

    asyncio.run(run())


def test_bot_posts_into_the_thread_with_metadata() -> None:
    async def run() -> None:
        async with web_server((200, '{"ok": true, "ts": "17.42"}', {})) as fake:
            channel = open_channel(slack_bot(fake.url), session_factory=sessions, clock=FakeClock())
            receipt = await channel.send(one(recipient="C1", in_reply_to="11.1"))
            assert receipt.words == "17.42"
            request = fake.requests[0]
            assert (request["channel"], request["thread_ts"], request["unfurl_links"]) == ("C1", "11.1", False)
            assert request["metadata"]["event_payload"] == {"id": "<abc@monitor.test>"}
            assert fake.headers[0]["Authorization"] == "Bearer xoxb-s3cr3t-3"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((200, '{"ok": false, "error": "channel_not_found"}', {}), "failed"),
        ((200, '{"ok": false, "error": "msg_blocks_too_long"}', {}), "failed"),
        ((200, '{"ok": false, "error": "token_revoked"}', {}), "revoked"),
        ((200, '{"ok": false, "error": "invalid_auth"}', {}), "revoked"),
        ((200, '{"ok": false, "error": "internal_error"}', {}), "uncertain"),
        ((429, '{"ok": false, "error": "ratelimited"}', {"Retry-After": "3"}), "retry"),
        ((500, "oops", {}), "uncertain"),
        ("drop", "uncertain"),
    ],
)
def test_bot_answers(answer: Any, outcome: str) -> None:
    async def run() -> None:
        async with web_server(answer) as fake:
            error = await outcome_of(slack_bot(fake.url), one(recipient="C1"))
            assert error.outcome == outcome

    asyncio.run(run())


def test_bot_recognises_what_arrived() -> None:
    async def run() -> None:
        mine = {"ts": "9.9", "metadata": {"event_payload": {"id": "<abc@monitor.test>"}}}
        found = json.dumps({"ok": True, "messages": [{"ts": "1.1"}, mine]})
        async with web_server((200, found, {}), (200, '{"ok": true, "messages": []}', {})) as fake:
            channel = open_channel(slack_bot(fake.url), session_factory=sessions, clock=FakeClock())
            assert isinstance(channel, SlackBot)
            receipt = await channel.arrived(one(recipient="C1"))
            assert receipt is not None
            assert receipt.words == "C1/9.9"
            assert await channel.arrived(one(recipient="C1")) is None

    asyncio.run(run())


def test_bot_asks_by_the_room_that_slack_named_and_in_the_thread() -> None:
    async def run() -> None:
        found = json.dumps(
            {"ok": True, "messages": [{"ts": "9.9", "metadata": {"event_payload": {"id": "<abc@monitor.test>"}}}]}
        )
        posted = '{"ok": true, "channel": "C9", "ts": "17.42"}'
        async with web_server((200, posted, {}), (200, posted, {}), (200, found, {}), (200, found, {})) as fake:
            channel = open_channel(slack_bot(fake.url), session_factory=sessions, clock=FakeClock())
            assert isinstance(channel, SlackBot)
            receipt = await channel.send(one(recipient="#news"))
            assert receipt.words == "C9/17.42"
            await channel.send(one(recipient="#news", in_reply_to="C9/11.1"))
            assert fake.requests[1]["thread_ts"] == "11.1"
            seen = await channel.arrived(one(recipient="#news"), receipt.words)
            assert seen is not None
            assert seen.words == "C9/9.9"
            await channel.arrived(one(recipient="#news", in_reply_to="C9/11.1"), None)
            asked = [path + body.decode() for path, body in zip(fake.paths, fake.bodies, strict=True)][2:]
            assert asked[0].startswith("/api/conversations.history")
            assert asked[1].startswith("/api/conversations.replies")
            assert all("channel=C9" in words and "news" not in words for words in asked)
            assert "ts=11.1" in asked[1]

    asyncio.run(run())


def test_webhook_is_signed_and_has_an_idempotency_key() -> None:
    async def run() -> None:
        async with web_server() as fake:
            spec = webhook(fake.url, headers={"X-Team": Secret("red")})
            await open_channel(spec, session_factory=sessions, clock=FakeClock(MONDAY)).send(one())
            headers, body = fake.headers[0], fake.bodies[0]
            signed = headers["X-Monitor-Timestamp"].encode() + b"." + body
            assert headers["X-Monitor-Signature"] == "sha256=" + hmac.new(b"sign", signed, hashlib.sha256).hexdigest()
            assert headers["Idempotency-Key"] == "abc@monitor.test"
            assert headers["X-Team"] == "red"
            assert json.loads(body)["blocks"] == BLOCKS
            assert json.loads(body)["id"] == "abc@monitor.test"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((400, "no", {}), "failed"),
        ((404, "", {}), "failed"),
        ((410, "", {}), "revoked"),
        ((429, "", {"Retry-After": "5"}), "retry"),
        ((503, "", {}), "retry"),
        ((500, "", {}), "uncertain"),
        ((302, "", {"Location": "http://127.0.0.1/x"}), "failed"),
        ("hang", "uncertain"),
    ],
)
def test_webhook_answers(answer: Any, outcome: str) -> None:
    async def run() -> None:
        async with web_server(answer) as fake:
            error = await outcome_of(webhook(fake.url, timeout=0.3 if answer == "hang" else 10), one())
            assert error.outcome == outcome
            assert len(fake.bodies) == 1

    asyncio.run(run())


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("2", 2.0), ("soon", None), ("", None), ("-5", None), ("99999999999", 86400.0), ("date", 90.0), ("past", 0.0)],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    dates = {"date": MONDAY + timedelta(seconds=90), "past": MONDAY - timedelta(days=1)}
    text = format_datetime(dates[value], usegmt=True) if value in dates else value
    assert retry_after({"Retry-After": text}, MONDAY) == seconds


def test_files_are_whole_and_the_newest_is_the_index(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    spec = ChannelSpec(name="f", kind="file", options={"folder": str(folder), "formats": ("html", "markdown", "text")})
    channel = open_channel(spec, session_factory=sessions, clock=FakeClock())
    receipt = asyncio.run(channel.send(one()))
    assert receipt.words == str(folder / "daily-2024-02-27T0700Z.html")
    newer = one(digest_key="daily@2024-02-28T07:00Z", part=replace(PART, html="<p>Newer</p>"))
    asyncio.run(channel.send(newer))
    asyncio.run(channel.send(one(digest_key="../../etc/passwd@x", part=replace(PART, html=""))))
    assert (folder / "index.html").read_text() == "<p>Newer</p>"
    assert sorted(p.suffix for p in folder.iterdir() if p.stem.startswith("daily")) == [".html", ".html", ".md", ".md",
                                                                                       ".txt", ".txt"]  # fmt: skip
    assert all(p.parent == folder for p in tmp_path.rglob("*") if p.is_file())


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    spec = ChannelSpec(name="f", kind="file", options={"folder": str(tmp_path / "file")})
    with pytest.raises(DeliveryError, match=r"f: .*file: (Not a directory|File exists)") as raised:
        asyncio.run(open_channel(spec, session_factory=sessions, clock=FakeClock()).send(one()))
    assert raised.value.outcome == "retry"


class FakeApprise:
    """The part of the library that is used."""

    told: list[dict[str, Any]]

    def __init__(self, works: bool = True) -> None:
        self.told, self.works = [], works

    def Apprise(self) -> FakeApprise:
        return self

    def add(self, url: str) -> bool:
        return not url.startswith("nonsense")

    async def async_notify(self, **message: Any) -> bool:
        self.told.append(message)
        return self.works


def test_apprise() -> None:
    spec = ChannelSpec(name="phone", kind="apprise", secrets={"url_1": Secret("json://a"), "url_2": Secret("json://b")})
    assert recipients_of(spec) == ("url_1", "url_2")
    library = FakeApprise()
    receipt = asyncio.run(AppriseChannel(spec, load=lambda: library).send(one(recipient="url_2")))
    assert receipt.words
    assert library.told == [{"title": "News <1>", "body": "# Hello\n", "body_format": "markdown"}]
    with pytest.raises(DeliveryError, match="could not deliver") as raised:
        asyncio.run(AppriseChannel(spec, load=lambda: FakeApprise(False)).send(one(recipient="url_1")))
    assert raised.value.outcome == "retry"
    broken = replace(spec, secrets={"url_1": Secret("nonsense")})
    with pytest.raises(ConfigError, match="does not know"):
        AppriseChannel(broken, load=FakeApprise)


def test_apprise_that_is_not_installed_names_the_command() -> None:
    try:
        load_apprise()
    except ConfigError as error:
        assert "pip install 'ai-news-monitor[notify]'" in str(error)
    else:
        pytest.skip("apprise is installed here")


@pytest.mark.parametrize("kind", ["email", "slack", "webhook", "file"])
def test_a_definition_that_lacks_something(kind: Any) -> None:
    with pytest.raises(ConfigError, match="channel x: needs"):
        open_channel(ChannelSpec(name="x", kind=kind), session_factory=sessions, clock=FakeClock())
