"""A channel's definition to the channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from monitor.errors import ConfigError
from monitor.protocols import Channel, Clock
from monitor.types import ChannelSpec

if TYPE_CHECKING:
    import aiohttp

#: makes a guarded session; it is opened for one delivery and closed after it
SessionFactory = Callable[[], "aiohttp.ClientSession"]
Sleep = Callable[[float], Awaitable[None]]


def open_channel(
    spec: ChannelSpec,
    *,
    session_factory: SessionFactory,
    clock: Clock,
    base_url: str = "",
    unsubscribe_key: bytes | None = None,
    sleep: Sleep = asyncio.sleep,
) -> Channel:
    """The channel that the definition describes; nothing is dialled yet.

    base_url and unsubscribe_key: with both, mails carry a one-click unsubscribe link. Raises ConfigError when the
    definition lacks something, or its library is not installed.
    """
    if spec.kind == "email":
        from monitor.channels.email import EmailChannel

        return EmailChannel(spec, base_url=base_url, unsubscribe_key=unsubscribe_key)
    if spec.kind == "slack":
        from monitor.channels.slack import SlackBot, SlackWebhook

        if "bot_token" in spec.secrets:
            return SlackBot(spec, session_factory=session_factory, clock=clock, sleep=sleep)
        return SlackWebhook(spec, session_factory=session_factory, clock=clock, sleep=sleep)
    if spec.kind == "webhook":
        from monitor.channels.webhook import WebhookChannel

        return WebhookChannel(spec, session_factory=session_factory, clock=clock)
    if spec.kind == "file":
        from monitor.channels.file import FileChannel

        return FileChannel(spec)
    if spec.kind == "apprise":
        from monitor.channels.apprise import AppriseChannel

        return AppriseChannel(spec)
    raise ConfigError(f"channel {spec.name}: kind {spec.kind!r} is not known")


def recipients_of(spec: ChannelSpec) -> tuple[str, ...]:
    """Who gets a delivery of their own. Each of Apprise's URLs is one, so that one that fails is tried again alone."""
    if spec.kind == "apprise":
        return tuple(sorted(name for name in spec.secrets if name.startswith("url"))) or spec.recipients
    return spec.recipients or (spec.kind,)


def needed(spec: ChannelSpec, name: str) -> str:
    """A secret of the definition, in plain. Raises ConfigError."""
    secret = spec.secrets.get(name)
    if secret is None:
        raise ConfigError(f"channel {spec.name}: needs {name}")
    return secret.reveal()
