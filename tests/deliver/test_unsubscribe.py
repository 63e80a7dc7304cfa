"""From the link in a mail to no more mail: over SMTP and HTTP on loopback, on both databases."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import html5lib  # type: ignore[import-untyped]
import pytest

from monitor.archive.deliveries import Deliveries
from monitor.archive.engine import Database
from monitor.channels.unsubscribe import Unsubscriber, make_token
from monitor.errors import ArchiveBusy, UsageError
from monitor.health import HealthServer
from monitor.testing import FakeClock, MemoryDeliveries, SilentLog
from monitor.types import DeliveryState
from tests.channels.servers import smtp_server
from tests.deliver.rig import Rig, mail_channel
from tests.digest.fixtures import SPEC, STORIES, story

KEY = b"the key of this installation"
BASE = "https://news.monitor.test/archive"
DAY = timedelta(days=1)


@asynccontextmanager
async def health_page(answer: Unsubscriber) -> AsyncIterator[str]:
    server = HealthServer("127.0.0.1", 0, {}, {"/unsubscribe/": answer.answer})
    try:
        yield f"http://{await server.start()}"
    finally:
        await server.stop()


def one_click(mail: EmailMessage) -> str:
    """What a mail program that knows RFC 8058 would POST to, on the path that a proxy hands on."""
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [link] = re.findall(r"<(https://[^>]+)>", mail["List-Unsubscribe"])
    assert link.startswith(BASE + "/unsubscribe/")
    return str(urlsplit(link).path).removeprefix("/archive")


@pytest.mark.parametrize("form", ["urlencoded", "multipart", "nothing"])
def test_one_click_and_no_more_mail(archive_url: str, tmp_path: Path, form: str) -> None:
    database = Database(archive_url)
    store = Deliveries(database)

    async def run() -> None:
        async with smtp_server() as box:
            rig = Rig(
                tmp_path,
                digests=[SPEC],
                channel_specs=[mail_channel(box.port, "Ada <Ada@Reader.test>", "jörg@bücher.test")],
                stories=STORIES,
                settings={"base_url": BASE, "unsubscribe_key": KEY},
                deliveries=store,
            )
            await rig.deliverer.run_due()
            mails = dict(box.accepted)
            assert set(mails) == {"Ada@Reader.test", "jörg@xn--bcher-kva.test"}
            unsubscriber = Unsubscriber(KEY, store, rig.clock, rig.log)
            async with health_page(unsubscriber) as url, aiohttp.ClientSession() as session:
                for mail in mails.values():
                    path = one_click(mail)
                    # what looks through mails follows links: nothing may come of that
                    for method in ("GET", "HEAD"):
                        async with session.request(method, url + path) as answer:
                            assert answer.status == 200
                            page = html5lib.parse(await answer.text(), namespaceHTMLElements=False)
                    assert store.all_suppressed() == []
                    await _post(session, url + path, form)
                    async with session.get(url + path) as answer:
                        page = html5lib.parse(await answer.text(), namespaceHTMLElements=False)
                        assert [f.get("method") for f in page.iter("form")] == ["post"]
                        assert not list(page.iter("script"))
                    # again changes nothing
                    await _post(session, url + path, form)
                    store.allow(next(row["recipient"] for row in store.all_suppressed()))
                await _post(session, url + one_click(mails["Ada@Reader.test"]), form)
                assert [row["recipient"] for row in store.all_suppressed()] == ["ada@reader.test"]
            rig.stories.put(story(50, "The next day", at=rig.clock.now()))
            rig.clock.advance(DAY.total_seconds())
            await rig.deliverer.run_due()
            assert [to for to, _ in box.accepted[2:]] == ["jörg@xn--bcher-kva.test"]
            cancelled = store.list(states=[DeliveryState.CANCELLED])
            assert [(d.recipient, d.error) for d in cancelled] == [
                ("Ada <Ada@Reader.test>", "Ada <Ada@Reader.test> has unsubscribed")
            ]
            with pytest.raises(UsageError, match="has unsubscribed"):
                await rig.deliverer.test("mail")
            await rig.deliverer.send_now("daily", "ada@reader.test")
            assert len(box.accepted) == 3, "not by hand either"

    try:
        asyncio.run(run())
    finally:
        database.close()


async def _post(session: aiohttp.ClientSession, url: str, form: str) -> None:
    data: dict[str, str] | aiohttp.FormData | None = None
    if form == "urlencoded":
        data = {"List-Unsubscribe": "One-Click"}
    elif form == "multipart":
        data = aiohttp.FormData({"List-Unsubscribe": "One-Click"}, default_to_multipart=True)
    async with session.post(url, data=data, allow_redirects=False) as answer:
        assert answer.status == 200
        assert "gets no more mail" in await answer.text()


def test_unsubscribing_in_the_body_shows_the_same_page_as_the_header(tmp_path: Path) -> None:
    async def run() -> None:
        async with smtp_server() as box:
            settings = {"base_url": BASE, "unsubscribe_key": KEY}
            rig = Rig(
                tmp_path, digests=[SPEC], channel_specs=[mail_channel(box.port)], stories=STORIES, settings=settings
            )
            await rig.deliverer.run_due()
            mail = box.accepted[0][1]
            html = mail.get_body(("html",))
            assert html is not None
            assert f'href="{BASE}{one_click(mail)}"' in html.get_content()

    asyncio.run(run())


@pytest.mark.parametrize("token", ["", "x", "../../etc/passwd", "YQ.AAAA", "%3Cscript%3E", "a" * 4000])
def test_a_link_that_is_not_ours(token: str) -> None:
    store = MemoryDeliveries()
    for method in ("GET", "POST"):
        status, kind, body = Unsubscriber(KEY, store, FakeClock(), SilentLog()).answer(method, token)
        assert (status, kind) == (404, "text/html; charset=utf-8")
        assert b"<script" not in body
    assert store.unsubscribed == {}


def test_an_address_is_shown_as_text() -> None:
    hostile = '"<script>alert(1)</script>"@reader.test'
    _, _, body = Unsubscriber(KEY, MemoryDeliveries(), FakeClock(), SilentLog()).answer("GET", make_token(KEY, hostile))
    page = html5lib.parse(body.decode(), namespaceHTMLElements=False)
    assert not list(page.iter("script"))
    assert "<script>alert(1)</script>" in "".join(page.find(".//b").itertext())


def test_an_archive_that_is_busy_is_said_and_not_swallowed() -> None:
    class Busy(MemoryDeliveries):
        def suppress(self, *given: object) -> None:
            raise ArchiveBusy("locked")

    token = make_token(KEY, "ada@reader.test")
    status, _, body = Unsubscriber(KEY, Busy(), FakeClock(), SilentLog()).answer("POST", token)
    assert status == 503
    assert b"try again" in body
