"""One guarded, polite, conditional GET.

Redirects are followed by hand, since every hop needs its host's turn, its own check and its own headers: validators
and secrets go to the feed's own host only. All limits are ours: one deadline for the whole, bytes on the wire, bytes
after decompression.
"""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from monitor.errors import FetchError
from monitor.feeds.encodings import BombError, Inflater, StackedError
from monitor.feeds.headers import max_age, own_host, retry_after, secrets_of, validator
from monitor.feeds.hosts import HostGates
from monitor.feeds.refusals import left_alone, network_error, status_error
from monitor.feeds.settings import CollectSettings
from monitor.guard import Guard
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
_BIG = 2_000_000


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
            host = host_key(url)
            async with self._gates.turn(host):
                if hop.hops and (wait := self._gates.paused(host)) > 0:
                    raise left_alone(spec, url, host, wait)
                began = self._clock.monotonic()
                try:
                    async with asyncio.timeout(max(0.0, self._settings.total_timeout - hop.spent)):
                        answer = await self._request(spec, state, hop, full)
                except TimeoutError as error:
                    raise self._timed_out(spec, url) from error
                except FetchError:
                    raise
                except (aiohttp.ClientError, OSError, ValueError, EOFError) as error:
                    raise network_error(spec, url, error) from error
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
                    etag=validator(response.headers, "ETag"),
                    last_modified=validator(response.headers, "Last-Modified"),
                    max_age=max_age(response.headers, self._clock.now()),
                    permanent_url=moved,
                    seconds=self._clock.monotonic() - began,
                )
            if response.status != 200:
                raise status_error(spec, hop.url, response, self._clock.now())
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
                    raise network_error(spec, hop.url, error) from error
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
            etag=None if truncated else validator(response.headers, "ETag"),
            last_modified=None if truncated else validator(response.headers, "Last-Modified"),
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
        if own_host(spec, hop.url):
            headers |= secrets_of(spec)
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


def _encoded(url: str) -> Any:
    """As it stands: the client's own requoting would change signed addresses."""
    from yarl import URL

    return URL(url, encoded=True)


__all__ = ["HttpFetcher", "max_age", "retry_after"]
