"""SMTP, step by step, so that it is known where it stopped: before the server had the whole mail, or after.

Before the final dot everything may be tried again. After it, until the answer is read, the mail may have been
accepted: that is "uncertain", and the answer is waited for longer than anything else (RFC 5321, 4.5.3.2.6).
"""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from monitor.channels.message import address_of, message_of, needs_utf8
from monitor.errors import ConfigError, DeliveryError
from monitor.text import clean_line
from monitor.types import ChannelSpec, Delivery, Receipt

CONNECT_SECONDS = 20.0
STEP_SECONDS = 60.0
#: for the answer to the final dot
ANSWER_SECONDS = 600.0


class EmailChannel:
    """One envelope per recipient over SMTP with STARTTLS or TLS."""

    def __init__(self, spec: ChannelSpec, *, base_url: str = "", unsubscribe_key: bytes | None = None) -> None:
        for name in ("host", "sender"):
            if not spec.options.get(name):
                raise ConfigError(f"channel {spec.name}: needs {'from' if name == 'sender' else name}")
        self._spec = spec
        self._base_url = base_url
        self._key = unsubscribe_key
        self._context: ssl.SSLContext | None = None

    @property
    def name(self) -> str:
        return self._spec.name

    async def send(self, delivery: Delivery) -> Receipt:
        """Raises DeliveryError: retry (4xx, no connection), failed (5xx), uncertain (no answer after the final dot)."""
        mail = message_of(delivery, self._spec, base_url=self._base_url, unsubscribe_key=self._key)
        return await asyncio.to_thread(self._deliver, mail, delivery.recipient)

    def _deliver(self, mail: EmailMessage, recipient: str) -> Receipt:
        session = _Session(self._spec, self._tls)
        try:
            session.open()
            return session.deliver(mail, recipient)
        finally:
            session.close()

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context(cafile=self._spec.options.get("ca_file"))
        return self._context


class _Session:
    """One connection. Every step names itself, for the error's words."""

    def __init__(self, spec: ChannelSpec, tls: Any) -> None:
        self._options = spec.options
        password = spec.secrets.get("password")
        self._password = password.reveal() if password else None
        self._tls = tls
        self._host = str(spec.options["host"])
        self._port = int(spec.options.get("port", 587))
        self._step_seconds = float(spec.options.get("timeout", STEP_SECONDS))
        self._where = f"{self._host}:{self._port}"
        self._smtp: smtplib.SMTP | None = None
        self._stage = "connecting"

    def open(self) -> None:
        """Connects, secures, logs in. Whatever fails here is tried again: nothing of the mail was sent."""
        try:
            self._connect()
        except smtplib.SMTPAuthenticationError as error:
            raise self._error("retry", "login refused", error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPResponseException as error:
            raise self._error("retry", self._stage, error.smtp_code, error.smtp_error) from error
        except ssl.SSLCertVerificationError as error:
            raise self._error("retry", f"its certificate is not trusted: {error.verify_message}") from error
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise self._error("retry", f"{self._stage}: {_words(error)}") from error

    def _connect(self) -> None:
        security = self._options.get("security", "starttls")
        connect = min(CONNECT_SECONDS, self._step_seconds)
        if security == "tls":
            self._smtp = smtplib.SMTP_SSL(self._host, self._port, timeout=connect, context=self._tls())
        else:
            self._smtp = smtplib.SMTP(self._host, self._port, timeout=connect)
        self._wait(self._step_seconds)
        self._stage = "greeting"
        self._smtp.ehlo_or_helo_if_needed()
        if security == "starttls":
            self._stage = "STARTTLS"
            self._smtp.starttls(context=self._tls())
            self._smtp.ehlo_or_helo_if_needed()
        username = self._options.get("username")
        if username:
            self._stage = "login"
            self._smtp.login(str(username), self._password or "")

    def deliver(self, mail: EmailMessage, recipient: str) -> Receipt:
        """Envelope and text; the receipt is the server's answer to the final dot."""
        assert self._smtp is not None
        sender, to = address_of(str(self._options["sender"])), address_of(recipient)
        try:
            options = []
            policy = mail.policy
            if needs_utf8(sender, to):
                if not self._smtp.has_extn("smtputf8"):
                    raise self._error("failed", f"the server takes no mailbox such as {to.addr_spec} (no SMTPUTF8)")
                options = ["SMTPUTF8", "BODY=8BITMIME"]
            else:
                policy = SMTP.clone(cte_type="7bit")
            self._stage = "MAIL FROM"
            self._accept(self._smtp.mail(sender.addr_spec, options))
            self._stage = "RCPT TO"
            self._accept(self._smtp.rcpt(to.addr_spec))
            self._stage = "DATA"
            self._accept(self._smtp.docmd("DATA"), 354)
            # one dot at a line's beginning would end the mail
            text = re.sub(rb"(?m)^\.", b"..", mail.as_bytes(policy=policy))
            self._smtp.send(text if text.endswith(b"\r\n") else text + b"\r\n")
        except smtplib.SMTPServerDisconnected as error:
            raise self._error("retry", f"{self._stage}: the server hung up") from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._error("retry", f"{self._stage}: {_words(error)}") from error
        return self._final_dot()

    def _final_dot(self) -> Receipt:
        assert self._smtp is not None
        self._stage = "answer to the mail"
        try:
            self._wait(float(self._options.get("answer_timeout", max(ANSWER_SECONDS, self._step_seconds))))
            self._smtp.send(b".\r\n")
            code, words = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise self._error("uncertain", f"no answer after the whole mail was sent: {_words(error)}") from error
        self._accept((code, words))
        return Receipt(code=code, words=_line(words))

    def _accept(self, answer: tuple[int, bytes], *others: int) -> None:
        code, words = answer
        if 200 <= code < 300 or code in others:
            return
        raise self._error("failed" if 500 <= code < 600 else "retry", self._stage, code, words)

    def _error(self, outcome: str, what: str, code: int | None = None, words: bytes | str = b"") -> DeliveryError:
        said = f": {code} {_line(words)}" if code is not None else ""
        return DeliveryError(clean_line(f"{self._where}: {what}{said}", limit=400), outcome=outcome, code=code)

    def _wait(self, seconds: float) -> None:
        if self._smtp is not None and self._smtp.sock is not None:
            self._smtp.sock.settimeout(seconds)

    def close(self) -> None:
        """Says goodbye, if anybody still listens."""
        if self._smtp is None:
            return
        try:
            self._wait(5.0)
            if self._smtp.sock is not None:
                self._smtp.quit()
        except (OSError, smtplib.SMTPException):
            pass
        finally:
            self._smtp.close()


def _line(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return clean_line(text, limit=200)


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror)
    return str(error) or type(error).__name__
