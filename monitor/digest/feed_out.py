"""Any selection's stories as RSS 2.0, Atom or JSON Feed 1.1. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Literal
from xml.etree import ElementTree as Xml

from monitor.digest.view import StoryView, plain_facts, story_view
from monitor.text import clean_line
from monitor.types import Digest, RankedStory, Story

Format = Literal["rss", "atom", "json"]
CONTENT_TYPES: dict[Format, str] = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHead:
    """What a feed says of itself. id_domain: of the `tag:` identifiers, which stay the same wherever it is served."""

    title: str
    home: str
    self_url: str
    updated: datetime
    id_domain: str = "monitor.invalid"
    #: of the web archive, for links to a story's own page
    base_url: str = ""


def feed_out(stories: Sequence[Story], head: FeedHead, kind: Format) -> bytes:
    """The document, in the stories' order. A story that cannot be shown is left out."""
    shown = _shown(stories, head)
    if kind == "json":
        return _json(shown, head)
    root = _rss(shown, head) if kind == "rss" else _atom(shown, head)
    Xml.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(Xml.tostring(root, encoding="utf-8")) + b"\n"


def _shown(stories: Sequence[Story], head: FeedHead) -> list[tuple[Story, StoryView]]:
    digest = Digest(
        name="feed", title=head.title, due_at=head.updated, time_zone="UTC", since=head.updated, sections=()
    )
    shown = []
    for story in stories:
        try:
            ranked = RankedStory(story=story, score=0.0, reasons=())
            view = story_view(ranked, digest, "", head.base_url.rstrip("/"), brief=False)
            " ".join((view.headline, view.lead, view.url, plain_facts(view))).encode()
        except Exception:  # noqa: BLE001, S112 - whatever is wrong with one story must not cost the reader the others
            continue
        shown.append((story, view))
    return shown


def _identifier(story: Story, head: FeedHead) -> str:
    return f"tag:{head.id_domain},{story.first_seen_at:%Y-%m-%d}:story/{story.id}"


def _words(view: StoryView) -> str:
    """The text of an entry: what happened, what changed, the facts, the sources."""
    lines = [view.lead, plain_facts(view), f"Sources: {view.sources}" if view.sources else ""]
    if view.rumoured:
        lines.insert(0, "Rumoured.")
    return "\n".join(line for line in lines if line)


def _xml(text: str) -> str:
    return _NOT_XML.sub("", text)


def _add(parent: Xml.Element, name: str, text: str = "", **attributes: str) -> Xml.Element:
    element = Xml.SubElement(parent, name, {key: _xml(value) for key, value in attributes.items()})
    if text:
        element.text = _xml(text)
    return element


def _rss(shown: Sequence[tuple[Story, StoryView]], head: FeedHead) -> Xml.Element:
    Xml.register_namespace("atom", ATOM)
    root = Xml.Element("rss", {"version": "2.0"})
    channel = _add(root, "channel")
    _add(channel, "title", clean_line(head.title, limit=200))
    _add(channel, "link", head.home)
    _add(channel, "description", clean_line(head.title, limit=200))
    _add(channel, f"{{{ATOM}}}link", href=head.self_url, rel="self", type="application/rss+xml")
    _add(channel, "lastBuildDate", format_datetime(head.updated))
    for story, view in shown:
        item = _add(channel, "item")
        _add(item, "title", view.headline)
        if view.url:
            _add(item, "link", view.url)
        _add(item, "guid", _identifier(story, head), isPermaLink="false")
        _add(item, "pubDate", format_datetime(story.published_at))
        for label in view.labels:
            _add(item, "category", label)
        # RSS readers take the description for HTML
        _add(item, "description", _as_html(_words(view)))
    return root


def _atom(shown: Sequence[tuple[Story, StoryView]], head: FeedHead) -> Xml.Element:
    Xml.register_namespace("", ATOM)
    root = Xml.Element(f"{{{ATOM}}}feed")
    _add(root, f"{{{ATOM}}}title", clean_line(head.title, limit=200))
    _add(root, f"{{{ATOM}}}id", f"tag:{head.id_domain},2024:feed/{clean_line(head.title, limit=80).replace(' ', '-')}")
    _add(root, f"{{{ATOM}}}updated", head.updated.isoformat())
    _add(root, f"{{{ATOM}}}link", href=head.self_url, rel="self", type="application/atom+xml")
    _add(root, f"{{{ATOM}}}link", href=head.home, rel="alternate")
    author = _add(root, f"{{{ATOM}}}author")
    _add(author, f"{{{ATOM}}}name", "AI news monitor")
    for story, view in shown:
        entry = _add(root, f"{{{ATOM}}}entry")
        _add(entry, f"{{{ATOM}}}title", view.headline, type="text")
        _add(entry, f"{{{ATOM}}}id", _identifier(story, head))
        _add(entry, f"{{{ATOM}}}updated", story.last_seen_at.isoformat())
        _add(entry, f"{{{ATOM}}}published", story.published_at.isoformat())
        if view.url:
            _add(entry, f"{{{ATOM}}}link", href=view.url, rel="alternate")
        for label in view.labels:
            _add(entry, f"{{{ATOM}}}category", term=label)
        _add(entry, f"{{{ATOM}}}summary", _words(view), type="text")
    return root


def _json(shown: Sequence[tuple[Story, StoryView]], head: FeedHead) -> bytes:
    document: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": clean_line(head.title, limit=200),
        "home_page_url": head.home,
        "feed_url": head.self_url,
        "items": [_json_item(story, view, head) for story, view in shown],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n"


def _json_item(story: Story, view: StoryView, head: FeedHead) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": _identifier(story, head),
        "title": view.headline,
        "content_text": _words(view) or view.headline,
        "date_published": story.published_at.isoformat(),
        "date_modified": story.last_seen_at.isoformat(),
        "tags": list(view.labels),
        "language": story.language,
    }
    if view.url:
        item["url"] = view.url
    return item


def _as_html(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("\n", "<br>")
