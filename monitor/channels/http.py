"""What the channels over HTTP share: waits that a server asks for, and whether a request may have arrived."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from monitor.errors import DeliveryError
from monitor.text import clean_line

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


def transport_errors() -> tuple[type[BaseException], ...]:
    """What a request may raise without being a bug of ours."""
    import aiohttp

    return (aiohttp.ClientError, OSError, TimeoutError)


def not_sent(name: str, error: BaseException) -> DeliveryError:
    """The error of a request that failed: tried again if no connection came about, else it may have arrived."""
    import aiohttp

    words = clean_line(str(error) or type(error).__name__, limit=200)
    # The guard's refusal and a failed dial come before anything is written. ServerDisconnected and timeouts do not.
    if isinstance(error, aiohttp.ClientConnectorError):
        return DeliveryError(f"{name}: cannot connect: {_cause(error)}", outcome="retry")
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return DeliveryError(f"{name}: its URL cannot be used", outcome="failed")
    if isinstance(error, TimeoutError):
        return DeliveryError(f"{name}: no answer in time", outcome="uncertain")
    if isinstance(error, OSError) and not isinstance(error, aiohttp.ClientError | ConnectionError):
        # a name that is not known, or an address that the guard refuses: nothing was written
        return DeliveryError(f"{name}: cannot connect: {words}", outcome="retry")
    return DeliveryError(f"{name}: the connection broke before an answer: {words}", outcome="uncertain")


def _cause(error: BaseException) -> str:
    """The cause without the address: a webhook's URL is its key."""
    cause = getattr(error, "os_error", None)
    words = getattr(cause, "strerror", None) or str(cause or type(error).__name__)
    return clean_line(str(words), limit=160)
