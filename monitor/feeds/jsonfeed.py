"""JSON Feed 1.0 and 1.1, which feedparser's release does not read."""

from __future__ import annotations

import json
from typing import Any

from monitor.errors import ParseError
from monitor.feeds.raw import Limits, RawEntry, RawFeed, finish
from monitor.types import ParsedFeed


def read(text: str, *, base: str, limits: Limits, truncated: bool = False) -> ParsedFeed:
    """The feed. A cut document gives its whole items. Raises ParseError."""
    warnings: list[str] = []
    try:
        # numbers stay text: ids may be numbers, and a number of 5,000 digits is no reason to stop
        document = json.loads(text, parse_int=str, parse_float=str, parse_constant=lambda _: None, strict=False)
    except RecursionError as error:
        raise ParseError("JSON nested too deeply", kind="not-a-feed") from error
    except ValueError as error:
        document = _whole_items(text)
        if not document["items"]:
            raise ParseError(f"JSON that cannot be read ({error})"[:200], kind="truncated") from error
        truncated = True
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise ParseError("JSON, but not a JSON Feed: it has no list of items", kind="not-a-feed")
    if "jsonfeed.org" not in str(document.get("version", "")):
        warnings.append("no JSON Feed version named")
    if truncated:
        warnings.append("the document was cut; its last entry was left out")
    raw = RawFeed(
        title=_string(document, "title"),
        link=_string(document, "home_page_url"),
        language=_string(document, "language"),
        entries=[_entry(item) for item in document["items"][: limits.entries + 1] if isinstance(item, dict)],
    )
    return finish(raw, base=base, limits=limits, reader="json", truncated=truncated, warnings=warnings)


def _entry(item: dict[str, Any]) -> RawEntry:
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    names = [_string(author, "name") for author in authors or [] if isinstance(author, dict)]
    # title and summary are text too, though many write references into them: only a `<` is kept from being markup
    return RawEntry(
        guid=_string(item, "id"),
        link=_string(item, "url") or _string(item, "external_url"),
        title=_string(item, "title").replace("<", "&lt;"),
        summary=_string(item, "summary").replace("<", "&lt;"),
        content=_string(item, "content_html") or _escaped(_string(item, "content_text")),
        author=", ".join(name for name in names if name),
        published=_string(item, "date_published"),
        updated=_string(item, "date_modified"),
    )


def _string(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def _escaped(text: str) -> str:
    """content_text is text: a `<` in it is a `<`."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _whole_items(text: str) -> dict[str, Any]:
    """What stands before the cut: the items that are whole."""
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=lambda _: None, strict=False)
    items: list[Any] = []
    place = text.find('"items"')
    place = text.find("[", place) + 1 if place >= 0 else 0
    while place > 0:
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
        if place >= len(text) or text[place] != "{":
            break
        try:
            item, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            break
        items.append(item)
    return {"items": items, "version": "jsonfeed.org"}


__all__ = ["read"]
