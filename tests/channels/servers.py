"""Receivers on loopback that answer as they are told: an SMTP server and an HTTP server."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

DATA = Path(__file__).parent / "data"


@dataclass
class Mailbox:
    """An aiosmtpd handler. Scripts: recipient or sender to answers, used up one by one; then it accepts."""

    #: (recipient, message) in the order of acceptance
    accepted: list[tuple[str, EmailMessage]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    rcpt: dict[str, list[str]] = field(default_factory=dict)
    data: dict[str, list[str]] = field(default_factory=dict)
    mail: list[str] = field(default_factory=list)
    #: awaited after the mail was taken and before the answer
    before_answer: Callable[[str], Awaitable[None]] | None = None
    logins: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mail:
            return self.mail.pop(0)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt.get(address):
            answer = self.rcpt[address].pop(0)
            if not answer.startswith("2"):
                return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        to = envelope.rcpt_tos[0]
        if self.data.get(to):
            return self.data[to].pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        self.raw.append(content)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.accepted.append((to, message))
        if self.before_answer is not None:
            await self.before_answer(to)
        return f"250 2.0.0 queued as {len(self.accepted)}"

    def login(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"right", handled=False)


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DATA / "server.pem", DATA / "server.key")
    return context


@asynccontextmanager
async def smtp_server(box: Mailbox | None = None, *, security: str = "none", **options: Any) -> AsyncIterator[Mailbox]:
    box = box or Mailbox()
    context = server_context() if security != "none" else None
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": box.login}
    connections: list[asyncio.BaseTransport] = []

    def protocol() -> SMTP:
        smtp = SMTP(box, enable_SMTPUTF8=options.get("utf8", True), hostname="mail.test", loop=loop, **passed)
        made = smtp.connection_made

        def remember(transport: asyncio.BaseTransport) -> None:
            connections.append(transport)
            made(transport)

        smtp.connection_made = remember  # type: ignore[method-assign]
        return smtp

    passed = {name: value for name, value in options.items() if name != "utf8"}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if security == "tls" else None)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        for transport in connections:
            transport.close()
        await server.wait_closed()
        # aiosmtpd's handler tasks end by being cancelled when their transport closes
        await asyncio.sleep(0)


@dataclass
class Web:
    """An HTTP server that keeps what it was sent. answers: (status, body, headers), used up one by one; then 200 ok."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    #: with their queries
    paths: list[str] = field(default_factory=list)
    answers: list[tuple[int, str, dict[str, str]] | str] = field(default_factory=list)
    url: str = ""
    #: released at the end, for answers that never come
    never: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        self.paths.append(request.path_qs)
        if body and "json" in request.content_type:
            self.requests.append(json.loads(body))
        answer = self.answers.pop(0) if self.answers else (200, "ok", {})
        if answer == "hang":
            await self.never.wait()
            answer = (200, "ok", {})
        if answer == "drop":
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        assert isinstance(answer, tuple)
        status, text, headers = answer
        kind = "application/json" if text.startswith("{") else "text/plain"
        return web.Response(status=status, text=text, headers=headers, content_type=kind)


@asynccontextmanager
async def web_server(*answers: tuple[int, str, dict[str, str]] | str) -> AsyncIterator[Web]:
    fake = Web(answers=list(answers))
    application = web.Application(client_max_size=10**7)
    application.router.add_route("*", "/{tail:.*}", fake.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        fake.never.set()
        await runner.cleanup()


def sessions() -> aiohttp.ClientSession:
    """Not guarded: the receivers are on loopback."""
    return aiohttp.ClientSession()
