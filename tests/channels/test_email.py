"""Mails as a server gets them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.message import address_of, message_of
from monitor.channels.opening import open_channel
from monitor.channels.unsubscribe import load_key, make_token, read_token
from monitor.errors import CannotCreate, DeliveryError
from monitor.testing import FakeClock
from monitor.types import ChannelSpec, Delivery, DeliveryState, Part, Secret
from tests.channels.servers import DATA, Mailbox, sessions, smtp_server
from tests.deliver.rig import mail_channel
from tests.digest.fixtures import MONDAY

PART = Part(
    number=1, of=1, subject="Größer: 東京 & more", text="One line.\n.\n.dots\n" + "x" * 3000 + "\n", html="<p>é</p>"
)


def delivery(to: str = "ada@reader.test", **changes: Any) -> Delivery:
    made = Delivery(
        id=1,
        digest_id=1,
        digest_key="daily@2024-02-27T07:00Z",
        channel="mail",
        recipient=to,
        part=PART,
        message_id="<abc@monitor.test>",
        in_reply_to=None,
        state=DeliveryState.SENDING,
        attempts=1,
        created_at=MONDAY,
        next_try_at=None,
    )
    return replace(made, **changes)


async def send(spec: ChannelSpec, one: Delivery, **options: Any) -> Any:
    channel = open_channel(spec, session_factory=sessions, clock=FakeClock(), **options)
    return await channel.send(one)


def test_headers() -> None:
    spec = mail_channel(25, reply_to="desk@monitor.test", sender="Ünï News <news@bücher.test>")
    key = b"k"
    mail = message_of(
        delivery(in_reply_to="<before@monitor.test>"), spec, base_url="https://archive.test", unsubscribe_key=key
    )
    parsed = BytesParser(policy=policy.default).parsebytes(mail.as_bytes())
    assert parsed["From"] == "Ünï News <news@xn--bcher-kva.test>"
    assert parsed["To"] == "ada@reader.test"
    assert parsed["Subject"] == PART.subject
    assert parsed["Message-ID"] == "<abc@monitor.test>"
    assert parsed["In-Reply-To"] == parsed["References"] == "<before@monitor.test>"
    assert datetime.strptime(parsed["Date"], "%a, %d %b %Y %H:%M:%S %z") == MONDAY
    assert parsed["List-Id"] == "<daily.xn--bcher-kva.test>"
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = make_token(key, "ada@reader.test")
    assert parsed["List-Unsubscribe"] == (
        f"<https://archive.test/unsubscribe/{token}>, <mailto:news@xn--bcher-kva.test?subject=unsubscribe%20daily>"
    )
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Reply-To"] == "desk@monitor.test"


def test_one_click_needs_https_and_a_key() -> None:
    spec = mail_channel(25)
    for options in ({}, {"base_url": "https://archive.test"}, {"base_url": "http://a.test", "unsubscribe_key": b"k"}):
        mail = message_of(delivery(), spec, **options)
        assert mail["List-Unsubscribe-Post"] is None
        assert mail["List-Unsubscribe"] == "<mailto:news@monitor.test?subject=unsubscribe%20daily>"


@pytest.mark.parametrize("text", ["Hi\r\nBcc: victim@reader.test", "a\nb", "\ud800 lone", "x\x00y", "é" * 5000])
def test_a_subject_is_one_header(text: str) -> None:
    mail = message_of(delivery(part=replace(PART, subject=text)), mail_channel(25))
    raw = mail.as_bytes()
    parsed = BytesParser(policy=policy.default).parsebytes(raw)
    assert parsed["Bcc"] is None
    assert parsed.get_all("To") == ["ada@reader.test"]
    assert len(parsed["Subject"]) <= 240
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("text", ["", "nobody", "a@b@", "a b@c.test", "x@y.test, z@y.test", "a@" + "l" * 80 + ".test"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(DeliveryError, match="no e-mail address") as raised:
        address_of(text)
    assert raised.value.outcome == "failed"


def test_a_mail_arrives_whole() -> None:
    async def run() -> None:
        async with smtp_server() as box:
            receipt = await send(mail_channel(box.port), delivery("Ada <ada@reader.test>"))
            assert (receipt.code, receipt.words) == (250, "2.0.0 queued as 1")
            to, mail = box.accepted[0]
            assert to == "ada@reader.test"
            assert mail.get_body(("plain",)).get_content().replace("\r", "") == PART.text  # type: ignore[union-attr]
            assert mail.get_body(("html",)).get_content().strip() == PART.html  # type: ignore[union-attr]
            assert max(map(len, box.raw[0].split(b"\r\n"))) <= 998
            box.raw[0].decode("ascii")

    asyncio.run(run())


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_with_a_certificate_of_ones_own(security: str) -> None:
    async def run() -> None:
        async with smtp_server(security=security) as box:
            login: dict[str, Any] = (
                {"username": "news", "secrets": {"password": Secret("right")}} if security == "starttls" else {}
            )
            spec = mail_channel(box.port, security=security, ca_file=str(DATA / "server.pem"), **login)
            await send(spec, delivery())
            assert len(box.accepted) == 1
            assert box.logins == ([("news", "right")] if security == "starttls" else [])

    asyncio.run(run())


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for(security: str) -> None:
    async def run() -> None:
        async with smtp_server(security=security) as box:
            with pytest.raises(DeliveryError, match="certificate is not trusted: self") as raised:
                await send(mail_channel(box.port, security=security), delivery())
            assert raised.value.outcome == "retry"
            assert box.accepted == []

    asyncio.run(run())


def test_a_wrong_password_is_not_shown() -> None:
    async def run() -> None:
        async with smtp_server(security="starttls") as box:
            spec = mail_channel(
                box.port,
                security="starttls",
                ca_file=str(DATA / "server.pem"),
                username="news",
                secrets={"password": Secret("s3cr3t-1")},
            )
            with pytest.raises(DeliveryError, match="login refused: 535") as raised:
                await send(spec, delivery())
            assert raised.value.outcome == "retry"
            assert "s3cr3t" not in str(raised.value)

    asyncio.run(run())


def test_no_starttls_means_no_mail() -> None:
    async def run() -> None:
        async with smtp_server() as box:
            with pytest.raises(DeliveryError, match="STARTTLS") as raised:
                await send(mail_channel(box.port, security="starttls"), delivery())
            assert raised.value.outcome == "retry"

    asyncio.run(run())


@pytest.mark.parametrize(("utf8", "outcome"), [(True, None), (False, "failed")])
def test_a_mailbox_beyond_ascii(utf8: bool, outcome: str | None) -> None:
    async def run() -> None:
        async with smtp_server(utf8=utf8) as box:
            spec, one = mail_channel(box.port), delivery("jörg@bücher.test")
            if outcome is None:
                await send(spec, one)
                assert box.accepted[0][0] == "jörg@xn--bcher-kva.test"
            else:
                with pytest.raises(DeliveryError, match="SMTPUTF8") as raised:
                    await send(spec, one)
                assert raised.value.outcome == outcome

    asyncio.run(run())


@pytest.mark.parametrize(
    ("script", "outcome", "code"),
    [
        ({"rcpt": {"ada@reader.test": ["450 4.2.1 try later"]}}, "retry", 450),
        ({"rcpt": {"ada@reader.test": ["550 5.1.1 no such user"]}}, "failed", 550),
        ({"data": {"ada@reader.test": ["421 4.3.0 closing"]}}, "retry", 421),
        ({"data": {"ada@reader.test": ["552 5.3.4 too big"]}}, "failed", 552),
        ({"data": {"ada@reader.test": ["554 5.7.1 spam"]}}, "failed", 554),
        ({"mail": ["451 4.7.1 greylisted"]}, "retry", 451),
        ({"mail": ["553 5.1.8 sender"]}, "failed", 553),
    ],
)
def test_answers(script: dict[str, Any], outcome: str, code: int) -> None:
    async def run() -> None:
        async with smtp_server(Mailbox(**script)) as box:
            with pytest.raises(DeliveryError, match=str(code)) as raised:
                await send(mail_channel(box.port), delivery())
            assert (raised.value.outcome, raised.value.code) == (outcome, code)
            assert "\n" not in str(raised.value)
            assert str(raised.value).startswith(f"127.0.0.1:{box.port}: ")
            assert box.accepted == []

    asyncio.run(run())


def test_nobody_listens() -> None:
    async def run() -> None:
        async with smtp_server() as box:
            port = box.port
        with pytest.raises(DeliveryError, match=r"connecting: Connection refused") as raised:
            await send(mail_channel(port), delivery())
        assert raised.value.outcome == "retry"

    asyncio.run(run())


def test_a_slow_answer_is_waited_for_and_a_missing_one_is_uncertain() -> None:
    async def run() -> None:
        async with smtp_server() as box:
            over = asyncio.Event()

            async def slow(to: str) -> None:
                # longer than any other step may take
                await asyncio.sleep(1.5)

            async def never(to: str) -> None:
                await over.wait()

            box.before_answer = slow
            await send(mail_channel(box.port, timeout=1.0), delivery())
            box.before_answer = never
            with pytest.raises(DeliveryError, match="no answer after the whole mail was sent") as raised:
                await send(mail_channel(box.port, answer_timeout=0.2), delivery())
            over.set()
            assert raised.value.outcome == "uncertain"

    asyncio.run(run())


def test_unsubscribe_tokens(tmp_path: Any) -> None:
    key = load_key(tmp_path)
    assert key == load_key(tmp_path)
    assert (tmp_path / "unsubscribe.key").stat().st_mode & 0o777 == 0o600
    token = make_token(key, "jörg+news@bücher.test")
    assert read_token(key, token) == "jörg+news@bücher.test"
    for forged in (token[:-1] + ("A" if token[-1] != "A" else "B"), "x." + token.partition(".")[2], "", ".", "é.é"):
        assert read_token(key, forged) is None
    assert read_token(b"other", token) is None


def test_an_empty_key_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / "unsubscribe.key").write_bytes(b"")
    with pytest.raises(CannotCreate, match=r"unsubscribe.key is empty: delete it"):
        load_key(tmp_path)
    (tmp_path / "unsubscribe.key").unlink()
    assert len(load_key(tmp_path)) == 64
    assert [path.name for path in tmp_path.iterdir()] == ["unsubscribe.key"]
    with pytest.raises(CannotCreate, match="No such file or directory"):
        load_key(tmp_path / "gone")
