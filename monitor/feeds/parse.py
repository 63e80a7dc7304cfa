"""Bytes to entries. Pure; runs in a worker process, since no document can be trusted to let its reader go on.

JSON Feed has a reader of its own; the common forms of RSS and Atom go the fast way; everything else, broken or odd,
goes to feedparser.
"""

from __future__ import annotations

import io
import re
import warnings as python_warnings
from typing import Any

from monitor.errors import ParseError
from monitor.feeds import fastpath, jsonfeed
from monitor.feeds.decode import decode, fit_for_xml, without_declaration
from monitor.feeds.raw import Limits, RawEntry, RawFeed, finish
from monitor.feeds.sniff import check_bytes, find_root, kind_of, not_a_feed, whole_entries
from monitor.types import ParsedFeed

# feedparser looks for an e-mail address with a quadratic pattern in these.
_LONG_PERSON = re.compile(
    r"(<(?:\w+:)?(?:author|creator|name|email|managingEditor|webMaster|publisher|contributor)\b[^<>]{0,200}>)([^<]{400})[^<]+",
    re.I,
)
# feedparser looks attributes up one by one: 60,000 of them take a quarter of a minute.
_GIANT_TAG = re.compile(r"<\w[^<>]{65536}")
_DOCTYPE = re.compile(r"<!DOCTYPE\b[^\[>]*(?:\[.*?\]\s*)?>", re.I | re.S)


def parse(
    body: bytes,
    *,
    url: str,
    content_type: str = "",
    truncated: bool = False,
    limits: Limits | None = None,
    fast: bool = True,
) -> ParsedFeed:
    """The document's entries, cleaned, links resolved against `url`. `fast=False` asks feedparser always.

    truncated: fewer bytes came than were promised. Raises ParseError (kind and words say what came instead).
    """
    limits = limits or Limits()
    check_bytes(body)
    text, codec = decode(body, content_type)
    warnings = [] if codec == "utf-8" else [f"read as {codec}"]
    if kind_of(text) == "json":
        return jsonfeed.read(text.lstrip("\ufeff \t\r\n"), base=url, limits=limits, truncated=truncated)
    text = _from_root(without_declaration(text), warnings)
    raw = fastpath.read(text, base=url) if fast else None
    if raw is None:
        # only what is not well-formed needs repair; most documents are spared the work
        repaired, cut = whole_entries(fit_for_xml(text))
        truncated = truncated or cut
        if fast and repaired != text:
            raw = fastpath.read(repaired, base=url)
        text = repaired
    if truncated:
        warnings.append("the document was cut; its last entry was left out")
    if raw is not None:
        _some(raw, truncated)
        return finish(raw, base=url, limits=limits, reader="fast", truncated=truncated, warnings=warnings)
    if _GIANT_TAG.search(text):
        raise ParseError("a tag of more than 64 kB", kind="too-big")
    raw = by_feedparser(text, url=url, warnings=warnings)
    _some(raw, truncated)
    return finish(raw, base=url, limits=limits, reader="feedparser", truncated=truncated, warnings=warnings)


def _some(raw: RawFeed, truncated: bool) -> None:
    if truncated and not raw.entries:
        raise ParseError("the document was cut before its first whole entry", kind="truncated")


def by_feedparser(text: str, *, url: str, warnings: list[str]) -> RawFeed:
    """feedparser's view of a document that was decoded here. Raises ParseError; whatever it raises becomes one."""
    import feedparser

    data = _LONG_PERSON.sub(r"\1\2", text).encode("utf-8")
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    try:
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore")
            document = feedparser.parse(
                io.BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
            )
    except (MemoryError, RecursionError) as error:
        raise ParseError("the document needs too much memory or is nested too deeply", kind="too-big") from error
    except Exception as error:
        # seventeen places in it raise on odd input; all are this feed's trouble only
        raise ParseError(f"cannot be read ({type(error).__name__})", kind="not-a-feed") from error
    if not document.entries and not document.version:
        raise not_a_feed(text)
    if document.bozo:
        warnings.append(f"not well-formed ({type(document.get('bozo_exception')).__name__})")
    feed = document.feed
    return RawFeed(
        title=_get(feed, "title"),
        link=_get(feed, "link"),
        language=_get(feed, "language"),
        ttl=_get(feed, "ttl"),
        period=_get(feed, "sy_updateperiod"),
        frequency=_get(feed, "sy_updatefrequency"),
        entries=[_entry(entry) for entry in document.entries],
    )


def _entry(entry: Any) -> RawEntry:
    source = dict.get(entry, "source")
    source = source if isinstance(source, dict) else {}
    contents = dict.get(entry, "content")
    first = contents[0] if isinstance(contents, list) and contents else {}
    return RawEntry(
        guid=_get(entry, "id"),
        link=_get(entry, "link"),
        title=_get(entry, "title"),
        summary=_get(entry, "summary"),
        content=_get(first, "value"),
        author=_get(entry, "author"),
        published=_get(entry, "published"),
        updated=_get(entry, "updated"),
        source_name=_get(source, "title"),
        source_url=_get(source, "href") or _get(source, "link"),
    )


def _get(mapping: Any, key: str) -> str:
    """The key itself, without feedparser's mapping of one name to another."""
    value = dict.get(mapping, key)
    return value if isinstance(value, str) else ""


def _from_root(text: str, warnings: list[str]) -> str:
    """The document from its declaration or root on: PHP notices and blank lines in front of a feed are common."""
    root = find_root(text)
    if not root:
        return text
    before = text[:root]
    doctype = _DOCTYPE.search(before)
    if doctype:
        return text[doctype.start() :]
    # comments and processing instructions in front of the root say nothing a reader needs
    rest = re.sub(r"<!--.*?-->|<\?.*?\?>", "", before, flags=re.S)
    if rest.strip():
        warnings.append("text before the feed was skipped")
    return text[root:]


__all__ = ["by_feedparser", "parse"]
