"""OPML, the list of feeds that every reader exports: read with limits, written so that every reader imports it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from monitor.errors import DataError, NotFound
from monitor.text import clean_line
from monitor.types import FeedSpec
from monitor.urls import http_url, link_key

MAX_BYTES = 10_000_000
MAX_FEEDS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlFeed:
    """One feed of an OPML list. category: the titles of the folders around it, joined by a slash."""

    url: str
    name: str
    category: str = ""
    language: str = ""
    site: str | None = None


def read(body: bytes) -> list[OpmlFeed]:
    """The feeds of an OPML document, each address once. Raises DataError in one line."""
    from lxml import etree

    if len(body) > MAX_BYTES:
        raise DataError(f"the OPML list is too large (limit {MAX_BYTES // 1_000_000} MB)")
    if b"<!ENTITY" in body:
        raise DataError("the OPML list declares entities, which are not read; remove the DOCTYPE")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=True, load_dtd=False)
    try:
        root = etree.fromstring(body.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DataError(f"not an OPML list: {clean_line(str(error), limit=120)}") from error
    if root is None or not isinstance(root.tag, str) or etree.QName(root).localname.lower() != "opml":
        raise DataError("not an OPML list: its root element is not <opml>")
    found: dict[bytes, OpmlFeed] = {}
    for outline in root.iter("{*}outline"):
        given = {str(key).lower(): str(value) for key, value in outline.attrib.items()}
        url = http_url(given.get("xmlurl") or (given.get("url") if given.get("type", "").lower() == "rss" else None))
        if url is None or len(found) >= MAX_FEEDS:
            continue
        name = clean_line(given.get("title") or given.get("text") or url, limit=200)
        folders = [
            clean_line(parent.get("title") or parent.get("text") or "", limit=80)
            for parent in outline.iterancestors("{*}outline")
        ]
        found.setdefault(
            link_key(url),
            OpmlFeed(
                url=url,
                name=name,
                category="/".join(folder for folder in reversed(folders) if folder),
                language=clean_line(given.get("language", ""), limit=20),
                site=http_url(given.get("htmlurl")),
            ),
        )
    return list(found.values())


def read_file(path: Path) -> list[OpmlFeed]:
    """The feeds of an OPML file. Raises NotFound, DataError."""
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise NotFound(f"{path}: no such file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    return read(body)


def write(specs: Iterable[FeedSpec], *, title: str = "Feeds") -> str:
    """An OPML 2.0 document, a folder for each category. Headers, cookies and passwords are not in it."""
    by_category: dict[str, list[FeedSpec]] = {}
    for spec in specs:
        by_category.setdefault(spec.category, []).append(spec)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">']
    lines.append(f"  <head><title>{escape(clean_line(title))}</title></head>")
    lines.append("  <body>")
    for category, feeds in by_category.items():
        lines.append(f"    <outline text={quoteattr(category)} title={quoteattr(category)}>")
        for spec in feeds:
            name, url = quoteattr(clean_line(spec.name)), quoteattr(http_url(spec.url) or "")
            language = quoteattr(spec.language)
            lines.append(f'      <outline type="rss" text={name} title={name} xmlUrl={url} language={language}/>')
        lines.append("    </outline>")
    lines += ["  </body>", "</opml>", ""]
    return "\n".join(lines)


__all__ = ["OpmlFeed", "read", "read_file", "write"]
