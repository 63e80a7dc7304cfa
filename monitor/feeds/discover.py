"""The feeds behind a web page. Pure: a page in, addresses out; the first answer is used, not asked for again."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.feeds.decode import decode
from monitor.text import plain
from monitor.types import Fetched
from monitor.urls import http_url, link_key

_TYPES = {
    "application/rss+xml": 0,
    "application/atom+xml": 0,
    "application/feed+json": 1,
    "application/rdf+xml": 1,
    "application/json": 3,
    "text/xml": 2,
    "application/xml": 2,
}
#: asked in this order where a page names none
_PATHS = (
    *("/feed", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/rss"),
    *("/blog/feed", "/feed.json", "/?feed=rss2"),
)
_LOOK = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may be a feed. `named`: the page itself says so."""

    url: str
    title: str = ""
    named: bool = True


def candidates(page: Fetched, *, guesses: bool = True) -> list[Candidate]:
    """What the page names as its feeds (<link rel=alternate>, then links that look so), best first, then guesses.

    Comment feeds come last: nobody means them. Ask them in order until one can be read as a feed.
    """
    from selectolax.lexbor import LexborHTMLParser

    text, _ = decode(page.body[:_LOOK], page.content_type)
    tree = LexborHTMLParser(text.encode("utf-8", "replace").decode().replace("\x00", ""))
    base_node = tree.css_first("base[href]")
    base = (http_url(base_node.attributes.get("href"), page.url) if base_node is not None else None) or page.url
    ranked: list[tuple[int, Candidate]] = []
    for node in tree.css("link[href]"):
        given = node.attributes
        kind = (given.get("type") or "").partition(";")[0].strip().lower()
        if "alternate" not in (given.get("rel") or "").lower().split() or kind not in _TYPES:
            continue
        url = http_url(given.get("href"), base)
        if url is not None and not (kind == "application/json" and "wp-json" in url):
            title = plain(given.get("title") or "", limit=200)
            comments = "comment" in title.lower() or "/comments/" in url
            ranked.append((_TYPES[kind] + 10 * comments, Candidate(url=url, title=title)))
    for node in tree.css("a[href]"):
        href = node.attributes.get("href") or ""
        path = href.lower().partition("?")[0].rstrip("/")
        if path.endswith(("/feed", "/rss", "/atom", ".rss", ".atom", "rss.xml", "atom.xml", "feed.xml", "feed.json")):
            url = http_url(href, base)
            if url is not None:
                ranked.append((5, Candidate(url=url, title=plain(node.text() or "", limit=200))))
    ranked.sort(key=lambda pair: pair[0])
    found = [candidate for _, candidate in ranked]
    if guesses:
        found += [Candidate(url=url, named=False) for path in _PATHS if (url := http_url(path, page.url)) is not None]
    once: dict[bytes, Candidate] = {}
    for candidate in found:
        once.setdefault(link_key(candidate.url), candidate)
    return list(once.values())


__all__ = ["Candidate", "candidates"]
