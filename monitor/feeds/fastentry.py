"""One entry of the fast path: its strings, as feedparser finds them among its elements (see fastpath)."""

from __future__ import annotations

from typing import Any

from monitor.feeds.fields import (
    attributes,
    base_of,
    check_children,
    check_harmless,
    check_markup,
    guid_of,
    link_of,
    name_of,
    person_of,
    repaired,
    spared,
    text_of,
    words_of,
)
from monitor.feeds.names import FLAT, HANDLED, UnsureError
from monitor.feeds.raw import RawEntry

PERSONS = frozenset(("author", "managingeditor", "dc_creator", "dc_author", "itunes_author"))
PUBLISHED = frozenset(("pubdate", "published", "issued", "dcterms_issued"))
UPDATED = frozenset(("updated", "modified", "dc_date", "dcterms_modified", "lastbuilddate"))
SUMMARIES = frozenset(("description", "summary", "itunes_summary", "media_description", "dc_description"))
_MEDIA = frozenset(("media_group", "media_content"))
MARKUP = frozenset(("subtitle", "tagline", "rights", "copyright", "dc_rights", "itunes_subtitle"))
CATEGORIES = ("itunes_category",)


class Entry:
    """One entry's strings, and what feedparser has in its hand while it reads them."""

    __slots__ = (
        *("base", "content_begun", "contents", "linked", "raw"),
        *("summarised", "summary_depth", "title_depth", "title_lasts"),
    )

    def __init__(self, about: str, base: str, content_begun: bool) -> None:
        self.raw = RawEntry(guid=about)
        self.base = base
        self.linked = False
        #: depth of the title that a deeper or equal one does not replace; -1: none
        self.title_lasts = -1
        self.title_depth: int | None = None
        self.summarised = False
        self.summary_depth: int | None = None
        #: feedparser reads a further summary as content until it has seen content
        self.content_begun = content_begun
        self.contents = False

    def read(self, element: Any) -> None:
        raw = self.raw
        for child in element:
            name = name_of(child)
            if name == "title":
                self.title(words_of(child), 0)
            elif name == "link":
                self.link(child)
            elif name in SUMMARIES:
                self.summary(words_of(child), 0)
            elif name in ("guid", "id"):
                self.guid(child)
            elif name in PUBLISHED:
                raw.published = text_of(child)
            elif name in UPDATED:
                raw.updated = text_of(child)
            elif name in ("content_encoded", "content"):
                self.content(words_of(child))
            elif name in PERSONS:
                raw.author = person_of(child)
            elif name in FLAT:
                if len(child):
                    if name not in MARKUP:
                        raise UnsureError
                    check_markup(child)
            else:
                self.rare(child, name)

    def title(self, words: str, depth: int, *, lasting: bool = True) -> None:
        if -1 < self.title_lasts <= depth:
            return
        if self.title_depth is None or depth <= self.title_depth:
            self.title_depth = depth
            self.raw.title = words
        if words and lasting:
            self.title_lasts = depth

    def summary(self, words: str, depth: int) -> None:
        """The first is the summary; a second one is content, unless there was content; then it replaces the first."""
        if self.summarised and not self.content_begun:
            self.content(words)
        elif self.summary_depth is None or depth <= self.summary_depth:
            self.summary_depth = depth
            self.raw.summary = words
            self.summarised = True

    def content(self, words: str) -> None:
        if not self.contents:
            self.raw.content, self.contents = words, True
        self.content_begun = True
        if not self.summarised:
            self.raw.summary, self.summarised = words, True

    def link(self, child: Any) -> None:
        attribute, link = link_of(child, self.base)
        if link is not None:
            self.raw.link = link if attribute else spared(repaired(link).replace("&amp;", "&"))
            self.linked = True

    def guid(self, child: Any) -> None:
        self.raw.guid, permanent = guid_of(child, self.base)
        if permanent and not self.linked:
            self.raw.link, self.linked = self.raw.guid, True

    def rare(self, child: Any, name: str) -> None:
        if name == "dc_title":
            self.title(words_of(child), 0)
        elif name == "media_title":
            self.title(words_of(child), 0, lasting=False)
        elif name in _MEDIA:
            self.media(child, 1)
        elif name == "source":
            self.source(child)
        elif name == "contributor":
            person_of(child)
        elif name in ("language", "dc_language"):
            text_of(child)
        elif name == "image":
            self.image(child)
        elif name == "itunes_category":
            check_children(child, CATEGORIES)
        elif name == "date" and not child.attrib:
            self.raw.updated = text_of(child)
        elif name in HANDLED:
            raise UnsureError
        elif len(child):
            check_harmless(child)

    def image(self, element: Any) -> None:
        """Its title is the entry's where there is none so far; its link is not."""
        self.title_lasts = -1
        for child in element:
            name = name_of(child)
            if name == "title":
                self.title(words_of(child), 1)
            elif len(child) or (name not in ("url", "width", "height") and (name != "link" or child.attrib)):
                raise UnsureError

    def media(self, element: Any, depth: int) -> None:
        for child in element:
            name = name_of(child)
            if name in _MEDIA:
                self.media(child, depth + 1)
            elif name == "media_title":
                self.title(words_of(child), depth, lasting=False)
            elif name == "media_description":
                self.summary(words_of(child), depth)
            elif name in HANDLED:
                if name not in FLAT or len(child):
                    raise UnsureError
            elif len(child):
                check_harmless(child)

    def source(self, element: Any) -> None:
        """RSS's ``<source url="">name</source>`` or Atom's, a little feed head of its own."""
        name, url, linked = "", attributes(element).get("url", ""), False
        base = base_of(element, self.base)
        self.title_lasts = -1
        if not len(element):
            name = text_of(element)
        elif (element.text or "").strip():
            raise UnsureError
        link = ""
        for child in element:
            kind = name_of(child)
            if (child.tail or "").strip():
                raise UnsureError
            if kind == "title":
                if not name:
                    name = words_of(child)
                    self.title_lasts = 1 if name else -1
            elif kind == "link":
                attribute, found = link_of(child, base)
                if not attribute:
                    raise UnsureError
                if found is not None:
                    link, linked = found, True
            elif kind == "id":
                guid, permanent = guid_of(child, base)
                if permanent and not linked:
                    link, linked = guid, True
            elif kind not in ("updated", "subtitle", "rights", "icon", "logo", "category", "generator") or len(child):
                raise UnsureError
        self.raw.source_name, self.raw.source_url = name, url or link


__all__ = ["CATEGORIES", "MARKUP", "PERSONS", "PUBLISHED", "SUMMARIES", "UPDATED", "Entry"]
