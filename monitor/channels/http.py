"""What the channels over HTTP share: waits that a server asks for, and whether a request may have arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from monitor.channels.opening import SessionFactory
from monitor.errors import DeliveryError
from monitor.text import clean_line

if TYPE_CHECKING:
    import aiohttp

#: no server makes us wait longer
LONGEST_WAIT = 86_400.0


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds of a Retry-After (a number or a date), within a day; None where there is none that can be read."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    try:
        seconds = float(text) if text.isdecimal() else (parsedate_to_datetime(text) - now).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


@asynccontextmanager
async def dialled(name: str, seconds: float, sessions: SessionFactory) -> AsyncIterator[aiohttp.ClientSession]:
    """A session for one request, which has so many seconds.

    Raises DeliveryError for what goes wrong on the way: "retry" while no connection had come about, for then nothing
    was written, else "uncertain".
    """
    import aiohttp

    connected = False

    async def note(*_: object) -> None:
        nonlocal connected
        connected = True

    trace = aiohttp.TraceConfig()
    # after the TLS handshake, before the request's first byte
    trace.on_connection_create_end.append(note)
    trace.freeze()
    try:
        async with asyncio.timeout(seconds), sessions() as session:
            session.trace_configs.append(trace)
            yield session
    except (aiohttp.ClientError, OSError) as error:
        raise not_sent(name, error, connected=connected) from None


def not_sent(name: str, error: BaseException, *, connected: bool) -> DeliveryError:
    """The error of a request that failed: tried again if no connection came about, else it may have arrived."""
    import aiohttp

    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return DeliveryError(f"{name}: its URL cannot be used", outcome="failed")
    if not connected:
        return DeliveryError(f"{name}: cannot connect: {_cause(error)}", outcome="retry")
    if isinstance(error, TimeoutError):
        return DeliveryError(f"{name}: no answer in time", outcome="uncertain")
    words = clean_line(str(error) or type(error).__name__, limit=200)
    return DeliveryError(f"{name}: the connection broke before an answer: {words}", outcome="uncertain")


def _cause(error: BaseException) -> str:
    """The cause without the address: a webhook's URL is its key."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    # aiohttp's own words name the URL; a name that is not known or an address that the guard refuses is within
    cause = getattr(error, "os_error", None) or (error if isinstance(error, OSError) else None)
    words = getattr(cause, "strerror", None) or str(cause or type(error).__name__)
    return clean_line(str(words), limit=160)
