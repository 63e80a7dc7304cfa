"""The one spelling of an address, its key, and links as they stand in documents."""

from __future__ import annotations

import functools
import hashlib
import re
from urllib.parse import SplitResult, urljoin

from monitor.urls.parts import (
    CONTROL,
    DEFAULT_PORTS,
    MAX_URL,
    PATH_SAFE,
    QUERY_SAFE,
    escaped,
    host_in,
    is_tidy,
    port_in,
    quoted,
    split,
)
from monitor.urls.traces import TRACE_FRAGMENT, is_trace

_AMP_CACHE = re.compile(r"\A/(?:amp|c|v)/(s/)?([^/]+\.[^/]+/.*)\Z")
_NUMBER = re.compile(r"\d{5}")
_MOBILE = re.compile(r"\A(?:www\d?|m|mobile|amp|touch)\.(?=[^.]+\.[^.])")


def canonical(url: str) -> str | None:
    """The one spelling of an http(s) address, or None if it is none.

    Lower-case scheme and host (IDNA), no userinfo, no default port, no dot segments, percent-encoding as RFC 3986
    wants it, no tracking parameters, no fragment that only traces (one that names a place in the page stays), what
    AMP caches and viewers show unwrapped. Applying it twice changes nothing.
    """
    if is_tidy(url) and "/amp" not in url and "ampproject" not in url and "/." not in url:
        head, _, query = url.partition("?")
        query = "&".join(p for p in query.split("&") if p and not is_trace(p)) if query else ""
        return f"{head}?{query}" if query else head
    return _canonical(url)


def _canonical(url: str) -> str | None:
    parts = split(url)
    if parts is None:
        return None
    host, port = host_in(parts), port_in(parts)
    if host is None or port is None:
        return None
    unwrapped = _unwrap_amp(host, parts)
    if unwrapped is not None:
        return canonical(unwrapped)
    path = _path(parts.path)
    query = "&".join(p for p in escaped(parts.query, QUERY_SAFE).split("&") if p and not is_trace(p))
    fragment = escaped(parts.fragment, QUERY_SAFE + "#")
    netloc = host if port == DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"
    result = f"{parts.scheme}://{netloc}{path}"
    if query:
        result += f"?{query}"
    if fragment and not TRACE_FRAGMENT.fullmatch(fragment):
        result += f"#{fragment}"
    return result if len(result) <= MAX_URL else None


@functools.lru_cache(maxsize=512)
def link_key(url: str) -> bytes:
    """16 bytes that are equal for spellings of one address.

    Ignores what `canonical` removes and besides: the scheme, a leading www., m., mobile. or amp., a closing slash, the
    order of parameters, and /amp after what looks like an article. What is no address is hashed as it stands.
    """
    clean = canonical(url)
    if clean is None:
        return hashlib.blake2b(url.strip().encode("utf-8", "replace"), digest_size=16, person=b"no-url").digest()
    rest = clean.partition("://")[2]
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    rest = _without_amp(_MOBILE.sub("", rest).rstrip("/"))
    text = f"{rest}?{'&'.join(sorted(query.split('&')))}#{fragment}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def http_url(raw: str | None, base: str | None = None) -> str | None:
    """An absolute http(s) link of what stands in a document, resolved against `base`; None for anything else.

    Spaces, quotes, angle brackets and letters beyond ASCII are percent-encoded, userinfo is dropped.
    """
    if not raw:
        return None
    text = raw.strip()
    if not text or len(text) > MAX_URL:
        return None
    if is_tidy(text):
        return text
    if base and not text[:8].lower().startswith(("http://", "https:/")):
        try:
            text = urljoin(base, CONTROL.sub(lambda m: "%20" if m[0] == " " else "", text))
        except ValueError:
            return None
    parts = split(text)
    if parts is None:
        return None
    host, port = host_in(parts), port_in(parts)
    if host is None or port is None:
        return None
    netloc = host if port == DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"
    result = f"{parts.scheme}://{netloc}{quoted(parts.path, PATH_SAFE) or '/'}"
    if parts.query:
        result += "?" + quoted(parts.query, QUERY_SAFE)
    if parts.fragment:
        result += "#" + quoted(parts.fragment, QUERY_SAFE + "#")
    return result


def _path(raw: str) -> str:
    path = escaped(raw, PATH_SAFE)
    if "/." not in path:
        return path or "/"
    out: list[str] = []
    segments = path.split("/")[1:]
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if segment == "..":
            if out:
                out.pop()
        elif segment != ".":
            out.append(segment)
            continue
        if last:
            out.append("")
    return "/" + "/".join(out)


def _without_amp(rest: str) -> str:
    """Host and path without a closing /amp below a section and an article's slug or number.

    Elsewhere "amp" may be what the page is about.
    """
    article = rest
    while article.endswith("/amp"):
        article = article[:-4]
    slug = article.rpartition("/")[2]
    telling = slug.count("-") >= 2 or _NUMBER.search(slug) is not None
    return article if article.count("/") >= 2 and telling else rest


def _unwrap_amp(host: str, parts: SplitResult) -> str | None:
    """What an AMP cache or Google's AMP viewer shows."""
    viewer = host in ("www.google.com", "google.com") and parts.path.startswith("/amp/")
    if not (viewer or host == "cdn.ampproject.org" or host.endswith(".cdn.ampproject.org")):
        return None
    match = _AMP_CACHE.match(parts.path)
    if match is None:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"{'https' if match[1] else 'http'}://{match[2]}{query}"
