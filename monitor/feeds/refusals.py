"""Why a document did not arrive, in words, with no secret in them."""

from __future__ import annotations

import socket
import ssl
from datetime import datetime

import aiohttp

from monitor.errors import FetchError
from monitor.feeds.headers import retry_after
from monitor.guard import RefusedAddressError
from monitor.text import clean_line
from monitor.types import FeedSpec
from monitor.urls import host_key, masked

_WORDS = {
    400: "bad request",
    401: "it wants a password",
    402: "it wants payment",
    403: "access forbidden",
    404: "no such page",
    406: "not acceptable",
    410: "gone for good: remove the feed or give its new address",
    429: "too many requests",
    451: "blocked for legal reasons",
    500: "internal error",
    502: "bad gateway",
    503: "service unavailable",
    504: "gateway timeout",
    520: "the origin server failed",
    521: "the origin server is down",
    522: "the origin server does not answer",
    525: "TLS to the origin server failed",
}


def status_error(spec: FeedSpec, url: str, response: aiohttp.ClientResponse, now: datetime) -> FetchError:
    """A status that brings no document."""
    status = response.status
    words = _WORDS.get(status, "")
    wait = retry_after(response.headers, now)
    challenge = response.headers.get("cf-mitigated", "").lower() == "challenge"
    throttled = status in (403, 429) or status == 503
    kind = "gone" if status == 410 else "throttled" if throttled else "http"
    if challenge:
        words = "a bot challenge of its network"
    asked = f", asks to wait {wait:.0f} s" if wait is not None else ""
    return FetchError(
        f"{masked(url)}: HTTP {status}{f' ({words})' if words else ''}{asked}",
        feed_id=spec.id,
        kind=kind,
        status=status,
        retry_after=wait,
        host_throttled=throttled,
        host=host_key(url),
    )


def left_alone(spec: FeedSpec, url: str, host: str, wait: float) -> FetchError:
    """A redirect to a host that asked somebody else for silence: it is not asked."""
    return FetchError(
        f"{masked(spec.url)}: redirects to {masked(url)}, which asked to be left alone for {wait:.0f} s",
        feed_id=spec.id,
        kind="throttled",
        retry_after=wait,
        host_throttled=True,
        host=host,
    )


def network_error(spec: FeedSpec, url: str, error: BaseException) -> FetchError:
    """The cause in words, with no secret in it."""
    where = masked(url)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, RefusedAddressError):
            return FetchError(f"{where}: {cause.message}", feed_id=spec.id, kind="refused-address")
        cause = getattr(cause, "os_error", None) or cause.__cause__
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return FetchError(f"{where}: the name does not resolve", feed_id=spec.id, kind="dns")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return FetchError(f"{where}: TLS: {_reason(error.certificate_error)}", feed_id=spec.id, kind="tls")
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return FetchError(f"{where}: TLS: {_reason(error)}", feed_id=spec.id, kind="tls")
    if isinstance(error, aiohttp.InvalidURL | ValueError) and not isinstance(error, aiohttp.ClientResponseError):
        return FetchError(f"{where}: not an address that can be asked", feed_id=spec.id, kind="redirect")
    if isinstance(error, aiohttp.ClientConnectorError):
        return FetchError(f"{where}: cannot connect ({_reason(error.os_error)})", feed_id=spec.id, kind="connect")
    if isinstance(error, aiohttp.ClientResponseError):
        return FetchError(f"{where}: not HTTP ({_reason(error)})", feed_id=spec.id, kind="http")
    return FetchError(f"{where}: the connection broke ({_reason(error)})", feed_id=spec.id, kind="connect")


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return clean_line(error.verify_message or "certificate not valid", limit=150)
    if isinstance(error, OSError) and error.strerror:
        return clean_line(error.strerror, limit=150)
    if isinstance(error, aiohttp.ClientResponseError):
        return clean_line(error.message, limit=100)
    return clean_line(str(error), limit=120) or type(error).__name__


__all__ = ["left_alone", "network_error", "status_error"]
