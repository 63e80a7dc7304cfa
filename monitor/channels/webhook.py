"""A generic webhook: the digest as JSON, signed, with an idempotency key that is the same for each attempt."""

from __future__ import annotations

import hashlib
import hmac
import json

from monitor import __version__
from monitor.channels.http import dialled, retry_after
from monitor.channels.opening import SessionFactory, needed
from monitor.errors import DeliveryError
from monitor.protocols import Clock
from monitor.text import clean_line
from monitor.types import ChannelSpec, Delivery, Receipt, Secret


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """`sha256=...` of HMAC-SHA256 over `TIMESTAMP.BODY`."""
    return "sha256=" + hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class WebhookChannel:
    """POSTs JSON and takes any 2xx for accepted. Redirects are not followed."""

    def __init__(self, spec: ChannelSpec, *, session_factory: SessionFactory, clock: Clock) -> None:
        self._spec = spec
        self._url = needed(spec, "url")
        key = spec.secrets.get("signing_key")
        self._key = key.reveal().encode() if key else None
        self._sessions = session_factory
        self._clock = clock
        self._timeout = float(spec.options.get("timeout", 30.0))

    @property
    def name(self) -> str:
        return self._spec.name

    async def send(self, delivery: Delivery) -> Receipt:
        """Raises DeliveryError: retry, failed, uncertain or revoked."""
        body = json.dumps(body_of(delivery), ensure_ascii=False, allow_nan=False, sort_keys=True).encode()
        async with (
            dialled(self.name, self._timeout, self._sessions) as session,
            session.post(self._url, data=body, headers=self._headers(delivery, body), allow_redirects=False) as answer,
        ):
            words = clean_line((await answer.content.read(2000)).decode("utf-8", "replace"), limit=120)
            status, headers = answer.status, dict(answer.headers)
        if 200 <= status < 300:
            return Receipt(code=status, words=words)
        raise self._refused(status, words, retry_after(headers, self._clock.now()))

    def _headers(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        given = self._spec.options.get("headers") or {}
        own = {name: value.reveal() if isinstance(value, Secret) else str(value) for name, value in given.items()}
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            **own,
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"ai-news-monitor/{__version__}",
            "Idempotency-Key": delivery.message_id.strip("<>"),
            "X-Monitor-Timestamp": timestamp,
        }
        if self._key is not None:
            headers["X-Monitor-Signature"] = signature(self._key, timestamp, body)
        return headers

    def _refused(self, status: int, words: str, wait: float | None) -> DeliveryError:
        line = f"{self.name}: answered {status} {words}".rstrip()
        if status in (408, 425, 429, 503):
            return DeliveryError(line, outcome="retry", code=status, retry_after=wait)
        if status == 410:
            return DeliveryError(f"{line}: it is gone", outcome="revoked", code=status)
        if status >= 500:
            return DeliveryError(line, outcome="uncertain", code=status, retry_after=wait)
        return DeliveryError(line, outcome="failed", code=status)


def body_of(delivery: Delivery) -> dict[str, object]:
    """The part's payload; a notice, which has none, as subject and text. Each with the delivery's id."""
    payload = dict(delivery.part.payload) if delivery.part.payload else {"text": delivery.part.text}
    return {"id": delivery.message_id.strip("<>"), "subject": delivery.part.subject, **payload}
