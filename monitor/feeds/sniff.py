"""What a document is, and what it is instead of a feed, in words."""

from __future__ import annotations

import re
from collections import deque
from typing import Literal

from monitor.errors import ParseError

_ROOT = re.compile(r"<(?:[A-Za-z][\w.-]{0,30}:)?(rss|feed|rdf|channel)(?=[\s>/])", re.I)
_ITEM = re.compile(r"<(?:[A-Za-z][\w.-]{0,30}:)?(item|entry)(?=[\s>/])", re.I)
_OTHER_ROOT = re.compile(r"<(opml|urlset|sitemapindex|svg|plist|soap:envelope|error)(?=[\s>/])", re.I)
_TITLE = re.compile(r"<title[^>]*>\s*([^<]{0,120})", re.I)
_CHALLENGE = re.compile(
    r"just a moment\.\.\.|cf-chl|cf_chl|challenge-platform|_cf_chl_opt|attention required! \| cloudflare|captcha|"
    r"are you (a )?(robot|human)|checking your browser|verify(ing)? (that )?you are (a )?human|"
    r"enable javascript and cookies|ddos-guard|/_incapsula_resource|px-captcha|datadome|"
    r"access denied.{0,400}(akamai|reference #)|unusual traffic",
    re.I | re.S,
)
_LOGIN = re.compile(
    r"<input[^>]{0,200}type\s*=\s*[\"']?password|<title[^>]*>[^<]{0,60}(log ?in|sign ?in|anmelden|connexion)|"
    r"single sign-?on",
    re.I,
)
_OTHERS = {
    "opml": "an OPML list of feeds (use `monitor feeds import`)",
    "urlset": "a sitemap",
    "sitemapindex": "a sitemap",
    "svg": "an image",
}
_BINARY = ((b"%PDF", "a PDF file"), (b"\x89PNG", "an image"), (b"\xff\xd8\xff", "an image"), (b"GIF8", "an image"))
_LOOK = 200_000


def check_bytes(body: bytes) -> None:
    """Raises ParseError for what is recognised before it is text: nothing, files of other kinds."""
    head = body[:16]
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise ParseError("the document is empty", kind="empty")
    for mark, words in _BINARY:
        if head.startswith(mark):
            raise ParseError(f"{words}, not a feed", kind="not-a-feed")
    if head.startswith(b"PK\x03\x04"):
        raise ParseError("a ZIP archive, not a feed", kind="not-a-feed")


def find_root(text: str) -> int | None:
    """Where the feed's root element begins; None if there is none in what a reader would look at."""
    match = _ROOT.search(text, 0, _LOOK)
    if match is None:
        return None
    if match[1].lower() == "channel" or match[1].lower() == "feed":
        # a page may show such an element in its text; a feed has it before any HTML
        page = re.search(r"<(html|body)[\s>]", text[: match.start()], re.I)
        if page:
            return None
    return match.start()


def kind_of(text: str) -> Literal["xml", "json"]:
    """Raises ParseError, with what the document is instead of a feed."""
    start = text.lstrip("\ufeff \t\r\n")
    if start[:1] in ("{", "["):
        return "json"
    if find_root(text) is not None:
        return "xml"
    raise not_a_feed(text)


def not_a_feed(text: str) -> ParseError:
    """The error that names what came instead."""
    head = text[:_LOOK]
    lower = head[:3000].lower()
    other = _OTHER_ROOT.search(head)
    if other and "<html" not in lower:
        return ParseError(f"{_OTHERS.get(other[1].lower(), 'another kind of XML')}, not a feed", kind="not-a-feed")
    if "<html" in lower or "<!doctype html" in lower or "<body" in lower or "<head" in lower:
        found = _TITLE.search(head)
        title = f" (“{' '.join(found[1].split())}”)" if found and found[1].strip() else ""
        if _CHALLENGE.search(head):
            return ParseError(f"a bot challenge, not a feed{title}", kind="challenge")
        if _LOGIN.search(head):
            return ParseError(f"a login page, not a feed{title}", kind="login")
        return ParseError(f"an HTML page, not a feed{title}", kind="html")
    if not text.strip("\ufeff \t\r\n\x00"):
        return ParseError("the document is empty", kind="empty")
    if "<?xml" in lower:
        return ParseError("XML without a feed in it; it may have been cut", kind="truncated")
    return ParseError("text of another kind, not a feed", kind="not-a-feed")


def whole_entries(text: str) -> tuple[str, bool]:
    """(the document without a half entry at its end, whether it was cut).

    A document is cut if its root element is not closed. What stands up to the last closed entry is kept and closed.
    """
    root = _ROOT.search(text, 0, _LOOK)
    if root is None:
        return text, False
    name = text[root.start() + 1 : root.end()]
    if re.search(rf"</{re.escape(name)}\s*>", text, re.I):
        return text, False
    starts = deque(_ITEM.finditer(text), maxlen=1)
    if not starts:
        return text, True
    last = starts[0]
    item = text[last.start() + 1 : last.end()]
    closed = text.rfind(f"</{item}>")
    kept = text[: closed + len(item) + 3] if closed > 0 else text[: last.start()]
    outer = "</channel>" if root[1].lower() == "rss" and "</channel>" not in kept.lower() else ""
    return f"{kept}{outer}</{name}>", True


__all__ = ["check_bytes", "find_root", "kind_of", "not_a_feed", "whole_entries"]
