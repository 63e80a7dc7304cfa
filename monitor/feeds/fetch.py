"""One guarded, polite, conditional GET.

Redirects are followed by hand, since every hop needs its host's turn, its own check and its own headers: validators
and secrets go to the feed's own host only. All limits are ours: one deadline for the whole, bytes on the wire, bytes
after decompression.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import email.utils
import re
import socket
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp

from monitor.errors import FetchError
from monitor.feeds.encodings import BombError, Inflater, StackedError
from monitor.feeds.hosts import HostGates
from monitor.feeds.settings import CollectSettings
from monitor.guard import Guard, RefusedAddressError
from monitor.protocols import Clock
from monitor.text import clean_line
from monitor.types import FeedSpec, FeedState, Fetched, NotModified
from monitor.urls import host_key, http_url, masked

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)
_PERMANENT = frozenset((301, 308))
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_MAX_VALIDATOR = 1024
_BIG = 2_000_000
_YEAR = 31_536_000.0
_SECONDS = re.compile(r"\s*(\d{1,12})(?:\.\d*)?\s*\Z")
_MAX_AGE = re.compile(r"(?:\A|[\s,])max-age\s*=\s*\"?(\d{1,12})", re.I)
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


@dataclass(slots=True)
class _Hop:
    """Where the request stands."""

    url: str
    permanent: bool = True
    hops: int = 0
    spent: float = 0.0


class HttpFetcher:
    """Fetches feeds through one client session (see `monitor.guard.guarded_session`, auto_decompress=False)."""

    def __init__(
        self, session: aiohttp.ClientSession, guard: Guard, gates: HostGates, settings: CollectSettings, clock: Clock
    ) -> None:
        self._session = session
        self._guard = guard
        self._gates = gates
        self._settings = settings
        self._clock = clock
        # few big bodies at once: the others may take what memory they want, these may not
        self._big = asyncio.Semaphore(4)

    async def fetch(self, spec: FeedSpec, state: FeedState, *, full: bool = False) -> Fetched | NotModified:
        """The feed's document, or that it has not changed. `full` asks without validators. Raises FetchError."""
        hop = _Hop(url=state.url)
        while True:
            url = http_url(hop.url)
            if url is None:
                raise FetchError(f"{masked(hop.url)}: not an http(s) address", feed_id=spec.id, kind="redirect")
            async with self._gates.turn(host_key(url)):
                began = self._clock.monotonic()
                try:
                    async with asyncio.timeout(max(0.0, self._settings.total_timeout - hop.spent)):
                        answer = await self._request(spec, state, hop, full)
                except TimeoutError as error:
                    raise self._timed_out(spec, url) from error
                except FetchError:
                    raise
                except (aiohttp.ClientError, OSError, ValueError, EOFError) as error:
                    raise _network_error(spec, url, error) from error
                hop.spent += self._clock.monotonic() - began
            if answer is not None:
                return answer

    async def _request(self, spec: FeedSpec, state: FeedState, hop: _Hop, full: bool) -> Fetched | NotModified | None:
        """One hop. None: a redirect was followed, `hop` says where to."""
        began = self._clock.monotonic() - hop.spent
        self._guard.check_url(hop.url)
        headers = self._headers(spec, state, hop, full)
        conditional = "If-None-Match" in headers or "If-Modified-Since" in headers
        plain_url = http_url(hop.url) or hop.url
        async with self._session.get(
            _encoded(plain_url), headers=headers, allow_redirects=False, skip_auto_headers=("Accept-Encoding",)
        ) as response:
            if response.status in _REDIRECTS:
                self._follow(spec, hop, response)
                return None
            moved = http_url(hop.url) if hop.permanent and hop.hops else None
            if response.status == 304:
                if not conditional:
                    raise FetchError(
                        f"{masked(hop.url)}: answered 304 to a request that gave no validators",
                        feed_id=spec.id,
                        status=304,
                    )
                return NotModified(
                    url=plain_url,
                    etag=_validator(response.headers, "ETag"),
                    last_modified=_validator(response.headers, "Last-Modified"),
                    max_age=max_age(response.headers, self._clock.now()),
                    permanent_url=moved,
                    seconds=self._clock.monotonic() - began,
                )
            if response.status != 200:
                raise self._status_error(spec, hop.url, response)
            return await self._body(spec, hop, response, moved, began)

    async def _body(
        self, spec: FeedSpec, hop: _Hop, response: aiohttp.ClientResponse, moved: str | None, began: float
    ) -> Fetched:
        settings = self._settings
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and int(length[:18]) > settings.max_wire_bytes:
            raise self._too_large(spec, hop.url, settings.max_wire_bytes)
        truncated = False
        wire = 0
        try:
            inflater = Inflater(
                response.headers.get("Content-Encoding", ""), limit=settings.max_body_bytes, ratio=settings.max_ratio
            )
            try:
                async with contextlib.AsyncExitStack() as held:
                    big = False
                    async for chunk in response.content.iter_any():
                        wire += len(chunk)
                        if wire > settings.max_wire_bytes:
                            raise self._too_large(spec, hop.url, settings.max_wire_bytes)
                        inflater.feed(chunk)
                        if not big and len(inflater) > _BIG:
                            big = True
                            await held.enter_async_context(self._big)
            except (aiohttp.ClientPayloadError, ConnectionError) as error:
                if not wire:
                    raise _network_error(spec, hop.url, error) from error
                truncated = True
            body = inflater.end()
        except BombError as error:
            raise FetchError(f"{masked(hop.url)}: {error}", feed_id=spec.id, kind="too-large", status=200) from error
        except (StackedError, zlib.error) as error:
            raise FetchError(
                f"{masked(hop.url)}: cannot decompress: {error}", feed_id=spec.id, kind="encoding", status=200
            ) from error
        truncated = truncated or inflater.unfinished
        return Fetched(
            url=http_url(hop.url) or hop.url,
            status=200,
            body=body,
            content_type=clean_line(response.headers.get("Content-Type", ""), limit=200),
            # validators of a cut body would hide the rest for ever
            etag=None if truncated else _validator(response.headers, "ETag"),
            last_modified=None if truncated else _validator(response.headers, "Last-Modified"),
            max_age=max_age(response.headers, self._clock.now()),
            permanent_url=moved,
            wire_bytes=wire,
            truncated=truncated,
            seconds=self._clock.monotonic() - began,
        )

    def _headers(self, spec: FeedSpec, state: FeedState, hop: _Hop, full: bool) -> dict[str, str]:
        headers = {"User-Agent": self._settings.user_agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate"}
        if not full:
            if state.etag:
                headers["If-None-Match"] = state.etag
            if state.last_modified:
                headers["If-Modified-Since"] = state.last_modified
        if _own_host(spec, hop.url):
            headers |= _secrets(spec)
        return headers

    def _follow(self, spec: FeedSpec, hop: _Hop, response: aiohttp.ClientResponse) -> None:
        where = response.headers.get("Location", "")
        target = http_url(where, http_url(hop.url)) if where else None
        if target is None:
            shown = clean_line(masked(where), limit=120) or "nowhere"
            raise FetchError(
                f"{masked(hop.url)}: redirects to {shown}, which is not an http(s) address",
                feed_id=spec.id,
                kind="redirect",
            )
        hop.hops += 1
        if hop.hops > self._settings.max_redirects:
            raise FetchError(
                f"{masked(spec.url)}: too many redirects (more than {self._settings.max_redirects})",
                feed_id=spec.id,
                kind="redirect",
            )
        if urlsplit(hop.url).scheme == "https" and target.startswith("http://"):
            raise FetchError(
                f"{masked(hop.url)}: redirects from https to plain {masked(target)}", feed_id=spec.id, kind="redirect"
            )
        hop.permanent = hop.permanent and response.status in _PERMANENT
        hop.url = target

    def _status_error(self, spec: FeedSpec, url: str, response: aiohttp.ClientResponse) -> FetchError:
        status = response.status
        words = _WORDS.get(status, "")
        wait = retry_after(response.headers, self._clock.now())
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
        )

    def _timed_out(self, spec: FeedSpec, url: str) -> FetchError:
        return FetchError(
            f"{masked(url)}: timed out after {self._settings.total_timeout:.0f} s", feed_id=spec.id, kind="timeout"
        )

    def _too_large(self, spec: FeedSpec, url: str, limit: int) -> FetchError:
        return FetchError(
            f"{masked(url)}: body too large (limit {limit // 1_000_000} MB)",
            feed_id=spec.id,
            kind="too-large",
            status=200,
        )


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that Retry-After asks to wait, of either form; a time in the past gives 0. None if it says nothing."""
    value = headers.get("Retry-After", "")
    match = _SECONDS.match(value)
    if match:
        return min(float(match[1]), _YEAR)
    when = _http_date(value)
    if when is None:
        return None
    return min(max(0.0, (when - _server_now(headers, now)).total_seconds()), _YEAR)


def max_age(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that Cache-Control's max-age or Expires ask to wait; None if they say nothing or forbid storing."""
    control = headers.get("Cache-Control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return None
    match = _MAX_AGE.search(control)
    if match:
        return min(float(match[1]), _YEAR) or None
    when = _http_date(headers.get("Expires", ""))
    if when is None:
        return None
    return min(max(0.0, (when - _server_now(headers, now)).total_seconds()), _YEAR) or None


def _server_now(headers: Mapping[str, str], now: datetime) -> datetime:
    """A wrong clock of the server should not shift what it asks for."""
    return _http_date(headers.get("Date", "")) or now


def _http_date(value: str) -> datetime | None:
    if not value or len(value) > 100:
        return None
    try:
        when = email.utils.parsedate_to_datetime(value)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _validator(headers: Mapping[str, str], name: str) -> str | None:
    """A validator that can be sent back; giants and control characters are not kept."""
    value = headers.get(name, "").strip()
    if not value or len(value) > _MAX_VALIDATOR or not value.isprintable() or not value.isascii():
        return None
    return value


def _own_host(spec: FeedSpec, url: str) -> bool:
    """Secrets are for the host they were given for, and never in clear where they were given for https."""
    own, here = urlsplit(spec.url), urlsplit(url)
    try:
        ports = {(p.scheme, p.port) for p in (own, here)}
    except ValueError:
        return False
    if own.hostname != here.hostname:
        return False
    return len(ports) == 1 or (
        own.scheme == "http" and here.scheme == "https" and own.port is None and here.port is None
    )


def _secrets(spec: FeedSpec) -> dict[str, str]:
    headers = {name: value.reveal() for name, value in spec.headers.items()}
    if spec.cookies:
        headers["Cookie"] = "; ".join(f"{name}={value.reveal()}" for name, value in spec.cookies.items())
    user, password = spec.username, spec.password.reveal() if spec.password else ""
    parts = urlsplit(spec.url)
    if user is None and parts.username is not None:
        user, password = unquote(parts.username), unquote(parts.password or "")
    if user is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return headers


def _encoded(url: str) -> Any:
    """As it stands: the client's own requoting would change signed addresses."""
    from yarl import URL

    return URL(url, encoded=True)


def _network_error(spec: FeedSpec, url: str, error: BaseException) -> FetchError:
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


__all__ = ["HttpFetcher", "max_age", "retry_after"]
