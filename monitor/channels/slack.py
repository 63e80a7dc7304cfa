"""Slack by slack_sdk's async clients, on the session that is handed in: incoming webhook, or a bot's token.

One message a second at most. What the answers mean stands in docs/channels.md.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from monitor.channels.http import dialled, retry_after
from monitor.channels.opening import SessionFactory, Sleep, needed
from monitor.errors import DeliveryError
from monitor.protocols import Clock
from monitor.text import clean_line
from monitor.types import ChannelSpec, Delivery, Receipt

#: seconds between two messages; Slack allows one a second
SPACING = 1.1
ANSWER_SECONDS = 30.0
#: the webhook is gone or forbidden, not the message wrong
REVOKED_STATUS = frozenset({401, 403, 404, 410})
REVOKED_ERRORS = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "no_permission",
        "missing_scope",
        "org_login_required",
        "team_access_not_granted",
        "access_denied",
    }
)
UNCERTAIN_ERRORS = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})


def _quiet_logger() -> logging.Logger:
    """slack_sdk writes URLs and bodies to a logger that is not told otherwise, and a webhook's URL is its key."""
    logger = logging.getLogger("monitor.channels.slack_sdk")
    logger.setLevel(logging.CRITICAL)
    return logger


class _Paced:
    """One message at a time, `SPACING` seconds apart."""

    def __init__(self, clock: Clock, sleep: Sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock: asyncio.Lock | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last: float | None = None

    def lock(self) -> asyncio.Lock:
        """Of the running loop: a channel may outlive one."""
        loop = asyncio.get_running_loop()
        if self._lock is None or self._loop is not loop:
            self._lock, self._loop = asyncio.Lock(), loop
        return self._lock

    async def turn(self) -> None:
        """Waits until the next message may go."""
        now = self._clock.monotonic()
        if self._last is not None and now - self._last < SPACING:
            await self._sleep(SPACING - (now - self._last))
        self._last = self._clock.monotonic()


def _blocks(delivery: Delivery) -> list[dict[str, Any]]:
    payload = delivery.part.payload or {}
    blocks = list(payload.get("blocks") or [])
    if delivery.error and "uncertain" in delivery.error and len(blocks) < 50:
        words = f"May repeat an earlier message (ref {delivery.message_id.strip('<>')[:6]})."
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": words, "verbatim": True}]})
    return blocks


def _text(delivery: Delivery) -> str:
    payload = delivery.part.payload or {}
    plain = delivery.part.subject.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return str(payload.get("text") or plain)


def _place(receipt: str | None) -> tuple[str | None, str | None]:
    """Room and ts of a bot's receipt, each None where it is not told; early receipts were the ts alone."""
    room, _, ts = (receipt or "").rpartition("/")
    return room or None, ts or None


class SlackWebhook:
    """An incoming webhook: it answers "ok" and no message's id, so nothing can be asked later."""

    def __init__(
        self, spec: ChannelSpec, *, session_factory: SessionFactory, clock: Clock, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._spec = spec
        self._url = needed(spec, "webhook_url")
        self._timeout = float(spec.options.get("timeout", ANSWER_SECONDS))
        self._sessions = session_factory
        self._clock = clock
        self._paced = _Paced(clock, sleep)

    @property
    def name(self) -> str:
        return self._spec.name

    async def send(self, delivery: Delivery) -> Receipt:
        """Raises DeliveryError: retry, failed, uncertain or revoked."""
        async with self._paced.lock():
            await self._paced.turn()
            return await self._post(delivery)

    async def _post(self, delivery: Delivery) -> Receipt:
        from slack_sdk.webhook.async_client import AsyncWebhookClient

        async with dialled(self.name, self._timeout, self._sessions) as session:
            client = AsyncWebhookClient(self._url, session=session, retry_handlers=[], logger=_quiet_logger())
            client.proxy = None
            answer = await client.send(
                text=_text(delivery), blocks=_blocks(delivery) or None, unfurl_links=False, unfurl_media=False
            )
        words = clean_line(answer.body or "", limit=120)
        if answer.status_code == 200:
            return Receipt(code=200, words=words)
        wait = retry_after(answer.headers, self._clock.now())
        raise webhook_error(self.name, answer.status_code, words, wait)


def webhook_error(name: str, status: int, words: str, wait: float | None) -> DeliveryError:
    """What a webhook's answer other than 200 means."""
    line = f"{name}: Slack answered {status} {words}".rstrip()
    if status == 429:
        return DeliveryError(line, outcome="retry", code=status, retry_after=wait if wait is not None else 30.0)
    if status in REVOKED_STATUS:
        return DeliveryError(f"{line}: the webhook is revoked; make a new one", outcome="revoked", code=status)
    if status >= 500:
        return DeliveryError(line, outcome="uncertain", code=status, retry_after=wait)
    if status == 408:
        return DeliveryError(line, outcome="retry", code=status, retry_after=wait)
    return DeliveryError(line, outcome="failed", code=status)


class SlackBot:
    """`chat.postMessage` with a bot's token: developments in the thread, and metadata to recognise what arrived."""

    def __init__(
        self, spec: ChannelSpec, *, session_factory: SessionFactory, clock: Clock, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._spec = spec
        self._token = needed(spec, "bot_token")
        self._timeout = float(spec.options.get("timeout", ANSWER_SECONDS))
        self._api = str(spec.options.get("api_url", "https://slack.com/api/"))
        self._sessions = session_factory
        self._clock = clock
        self._sleep = sleep
        #: a room has its own second
        self._paced: dict[str, _Paced] = {}

    @property
    def name(self) -> str:
        return self._spec.name

    async def send(self, delivery: Delivery) -> Receipt:
        """The receipt is Slack's own `room/ts`. Raises DeliveryError: retry, failed, uncertain or revoked."""
        paced = self._paced.setdefault(delivery.recipient, _Paced(self._clock, self._sleep))
        async with paced.lock():
            await paced.turn()
            return await self._post(delivery)

    async def _post(self, delivery: Delivery) -> Receipt:
        answer = await self._call(
            "chat_postMessage",
            channel=delivery.recipient,
            text=_text(delivery),
            blocks=_blocks(delivery) or None,
            unfurl_links=False,
            unfurl_media=False,
            thread_ts=_place(delivery.in_reply_to)[1],
            metadata={"event_type": "monitor_digest", "event_payload": {"id": delivery.message_id}},
        )
        return Receipt(code=200, words="/".join(str(answer[k]) for k in ("channel", "ts") if answer.get(k)))

    async def arrived(self, delivery: Delivery, before: str | None = None) -> Receipt | None:
        """Looks an uncertain delivery up among the room's, or its thread's, last messages; None if it is not there.

        before: the receipt of an earlier message to that recipient. It tells the room's id, which Slack asks for here
        and the configuration may name otherwise. Raises DeliveryError where the bot may not read the room's history.
        """
        thread_room, thread = _place(delivery.in_reply_to)
        arguments: dict[str, Any] = {
            "channel": thread_room or _place(before)[0] or delivery.recipient,
            "oldest": f"{delivery.created_at.timestamp():.6f}",
            "include_all_metadata": True,
            "limit": 200,
        }
        if thread is not None:
            answer = await self._call("conversations_replies", ts=thread, **arguments)
        else:
            answer = await self._call("conversations_history", **arguments)
        for message in answer.get("messages") or []:
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            if payload.get("id") == delivery.message_id:
                return Receipt(code=200, words=f"{arguments['channel']}/{message.get('ts', '')}")
        return None

    async def _call(self, method: str, **arguments: Any) -> dict[str, Any]:
        from slack_sdk.errors import SlackApiError
        from slack_sdk.web.async_client import AsyncWebClient

        try:
            async with dialled(self.name, self._timeout, self._sessions) as session:
                client = AsyncWebClient(
                    self._token, base_url=self._api, session=session, retry_handlers=[], logger=_quiet_logger()
                )
                client.proxy = None
                answer = await getattr(client, method)(**{k: v for k, v in arguments.items() if v is not None})
                return dict(answer.data)
        except SlackApiError as error:
            raise self._refused(error.response) from None
        except DeliveryError:
            raise
        except Exception as error:
            # slack_sdk trips over answers that are not Slack's, such as a proxy's page
            words = f"{self.name}: the answer is not Slack's ({type(error).__name__})"
            raise DeliveryError(words, outcome="uncertain") from error

    def _refused(self, response: Any) -> DeliveryError:
        data = response.data if isinstance(response.data, dict) else {}
        status, word = int(response.status_code or 0), str(data.get("error", ""))
        line = f"{self.name}: Slack answered {status} {clean_line(word, limit=80)}".rstrip()
        if status == 429 or word in ("ratelimited", "rate_limited"):
            wait = retry_after(response.headers, self._clock.now())
            return DeliveryError(line, outcome="retry", code=429, retry_after=wait if wait is not None else 30.0)
        if word in REVOKED_ERRORS or status in (401, 403):
            return DeliveryError(f"{line}: the bot's token does not do; see docs", outcome="revoked", code=status)
        if status >= 500 or word in UNCERTAIN_ERRORS:
            return DeliveryError(line, outcome="uncertain", code=status)
        return DeliveryError(line, outcome="failed", code=status)
