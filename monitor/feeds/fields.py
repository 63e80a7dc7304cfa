"""Strings of single elements, exactly as feedparser makes them. Raises UnsureError for what feedparser should read."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from monitor.feeds.names import FLAT, HANDLED, UnsureError, attribute, foreign, known

_TEXT_TYPES = frozenset(("text", "html", "text/plain", "text/html", "plain"))
_XHTML_TYPES = frozenset(("xhtml", "application/xhtml+xml"))
_PAGE_TYPES = frozenset(("html", "xhtml", "text/html", "application/xhtml+xml"))
_NONE: Final[Mapping[str, str]] = {}
_SPARE = re.compile("&([A-Za-z0-9_]+);")
#: addresses that joining with a base leaves as they are
_WHOLE = re.compile(r"https?://[^/?#;\s]+(?:/[^?#;\s]*)?(?:\?[^#;\s]+)?(?:#[^;\s]+)?\Z")
_SLASHES = re.compile("^([A-Za-z][A-Za-z0-9+-.]*://)(/*)(.*?)")
#: written-out markup may be cut at its end by the cleaning; feedparser's differs from ours by a few characters
_LONG = 60_000
# What cp1252 bytes become that were declared latin-1.
_CP1252 = {
    code: bytes((code,)).decode("cp1252") for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}


def name_of(element: Any) -> str:
    """feedparser's name for it: ``title``, ``dc_creator``, ``media_group``; an unknown prefix as it is written."""
    return known(element.tag) or foreign(element.tag, element.prefix)


def attributes(element: Any) -> Mapping[str, str]:
    """Its attributes as feedparser looks them up: names in lower case, without unknown prefixes."""
    items = element.items()
    if not items:
        return _NONE
    found = {attribute(name): value for name, value in items}
    if len(found) < len(items):
        named = [name for name, _ in items if attribute(name)]
        found.pop("", None)
        if len(found) < len(named):
            raise UnsureError
    else:
        found.pop("", None)
    return found


def text_of(element: Any) -> str:
    """The text of an element that holds no elements, with feedparser's repairs."""
    if len(element):
        raise UnsureError
    text: str | None = element.text
    if not text:
        return ""
    text = text.strip()
    return text if text.isascii() else repaired(text)


def words_of(element: Any) -> str:
    """A title, a description, a content: text, escaped markup, or XHTML written out again."""
    if element.items():
        found = attributes(element)
        kind = found.get("type")
        if "mode" in found:
            raise UnsureError
        if kind is not None and (kind := kind.lower()) not in _TEXT_TYPES:
            if kind in _XHTML_TYPES:
                return _written(element)
            raise UnsureError  # base64, or of a kind that feedparser guesses at
    return text_of(element)


def repaired(text: str) -> str:
    """feedparser's repairs: UTF-8 that was read as latin-1, and cp1252 that was."""
    if text.isascii():
        return text
    with contextlib.suppress(UnicodeEncodeError, UnicodeDecodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_CP1252)


def joined(base: str, link: str) -> str:
    """An address against the document's own."""
    if not link or _WHOLE.match(link):
        return link
    link = _SLASHES.sub(r"\1\3", link)
    try:
        return urljoin(base, link)
    except ValueError:
        return ""


def base_of(element: Any, base: str) -> str:
    """The address that links in an element are relative to."""
    return _own_base(attributes(element), base) if element.items() else base


def _own_base(found: Mapping[str, str], base: str) -> str:
    own = found.get("xml:base", found.get("base"))
    if not own:
        return base
    whole = joined(base, own)
    if not whole.startswith(("http://", "https://")):
        raise UnsureError
    return whole


def spared(link: str) -> str:
    """``&b;`` for ``&b`` is what a lenient reader makes of two parameters."""
    return _SPARE.sub(r"&\g<1>", link) if "&" in link else link


def link_of(element: Any, base: str) -> tuple[bool, str | None]:
    """(the address stands in an attribute, the address or None if it is not that of the entry's page)."""
    found = attributes(element)
    base = _own_base(found, base)
    if len(element) or "url" in found or "uri" in found:
        raise UnsureError
    href = found.get("href")
    if href is None:
        text: str = element.text or ""
        return False, joined(base, text.strip())
    if not href:
        raise UnsureError
    page = found.get("rel", "alternate").lower() == "alternate" and found.get("type", "html").lower() in _PAGE_TYPES
    return True, joined(base, href) if page else None


def guid_of(element: Any, base: str) -> tuple[str, bool]:
    """(guid, whether it is an address too)."""
    found = attributes(element)
    base = _own_base(found, base)
    permanent = found.get("ispermalink", "true") == "true"
    if len(element):
        raise UnsureError
    text: str = (element.text or "").strip()
    return repaired(joined(base, text) if permanent else text), permanent


def person_of(element: Any) -> str:
    """``Name (mail)``, as feedparser joins them."""
    if not len(element):
        return text_of(element)
    name = email = ""
    if (element.text or "").strip():
        raise UnsureError
    for child in element:
        kind = name_of(child)
        if len(child) or (child.tail or "").strip():
            raise UnsureError
        if kind == "name":
            name = (child.text or "").strip()
        elif kind == "email":
            email = (child.text or "").strip()
        elif kind not in ("uri", "url", "homepage") and kind in HANDLED:
            raise UnsureError
    return f"{name} ({email})" if name and email else name or email


def check_children(element: Any, allowed: Iterable[str]) -> None:
    """Raises UnsureError unless it holds text and flat elements of these names only."""
    for child in element:
        if len(child) or name_of(child) not in allowed:
            raise UnsureError


def check_harmless(element: Any) -> None:
    """Raises UnsureError if anything in it means something to feedparser."""
    for count, inner in enumerate(element.iterdescendants()):
        name = name_of(inner)
        if count > 10_000 or (name in HANDLED and (name not in FLAT or len(inner))):
            raise UnsureError


def check_markup(element: Any) -> None:
    """The same for rights and subtitles, which may hold XHTML."""
    if attributes(element).get("type", "").lower() not in _XHTML_TYPES:
        raise UnsureError
    _written(element)


def _written(element: Any) -> str:
    pieces = [escape(element.text or "")]
    _write(element, pieces, 0)
    text = "".join(pieces).strip()
    if len(text) > _LONG:
        raise UnsureError
    return repaired(text)


def _write(element: Any, pieces: list[str], depth: int) -> None:
    if depth > 40:
        raise UnsureError
    for child in element:
        # feedparser calls its handlers for closing tags within XHTML too
        name = name_of(child)
        if name in HANDLED or name.endswith(("_svg", "_math")):
            raise UnsureError
        name = name.removeprefix("xhtml_")
        listed = "".join(f' {key}="{escape(value, _QUOTE)}"' for key, value in attributes(child).items())
        pieces.append(f"<{name}{listed}>{escape(child.text or '')}")
        _write(child, pieces, depth + 1)
        pieces.append(f"</{name}>{escape(child.tail or '')}")


_QUOTE: Final = {'"': "&quot;"}

__all__ = [
    "attributes",
    "base_of",
    "check_children",
    "check_harmless",
    "check_markup",
    "guid_of",
    "joined",
    "link_of",
    "name_of",
    "person_of",
    "repaired",
    "spared",
    "text_of",
    "words_of",
]
