"""The invented outlets, and each one's feed as it stood at a time: RSS 2.0, Atom or JSON Feed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape
from importlib.resources import files
from typing import Any, Literal

CONTENT_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One entry of an outlet. source: name and address of the publisher, where the outlet is an aggregator."""

    at: datetime
    link: str
    title: str
    summary: str
    source: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """An invented outlet with all that it ever publishes."""

    id: str
    name: str
    site: str
    form: Literal["rss", "atom", "json"]
    language: str
    category: str
    authority: int
    aggregator: bool
    tellings: tuple[Telling, ...]

    def document(self, now: datetime) -> bytes:
        """Its feed at that time, the newest first."""
        seen = sorted((t for t in self.tellings if t.at <= now), key=lambda t: t.at, reverse=True)
        return {"rss": _rss, "atom": _atom, "json": _json}[self.form](self, seen).encode()


def read_outlets() -> tuple[Outlet, ...]:
    """The outlets of outlets.json."""
    document = json.loads(files("monitor.demo").joinpath("outlets.json").read_text(encoding="utf-8"))
    return tuple(_outlet(row) for row in document["outlets"])


def _outlet(row: dict[str, Any]) -> Outlet:
    tellings = tuple(
        Telling(
            at=datetime.fromisoformat(entry["at"]),
            link=f"{row['site']}/2024/02/{entry['slug']}",
            title=entry["title"],
            summary=entry["summary"],
            source=tuple(entry["source"]) if "source" in entry else None,
        )
        for entry in row["entries"]
    )
    return Outlet(
        id=row["id"],
        name=row["name"],
        site=row["site"],
        form=row["form"],
        language=row["language"],
        category=row["category"],
        authority=row["authority"],
        aggregator=row.get("aggregator", False),
        tellings=tellings,
    )


def _rss(outlet: Outlet, tellings: list[Telling]) -> str:
    items = []
    for t in tellings:
        source = f'<source url="{escape(t.source[1])}">{escape(t.source[0])}</source>' if t.source else ""
        # Summaries as most sites write them: HTML, escaped.
        summary = f"<description>{escape(f'<p>{escape(t.summary)}</p>')}</description>" if t.summary else ""
        items.append(
            f"<item><title>{escape(t.title)}</title><link>{t.link}</link>"
            f'<guid isPermaLink="true">{t.link}</guid><pubDate>{format_datetime(t.at)}</pubDate>'
            f"{summary}{source}</item>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
        f"<title>{escape(outlet.name)}</title><link>{outlet.site}/</link><description>{escape(outlet.name)}</description>"
        f"<language>{outlet.language}</language>\n" + "\n".join(items) + "\n</channel></rss>\n"
    )


def _atom(outlet: Outlet, tellings: list[Telling]) -> str:
    entries = [
        f'<entry><id>{t.link}</id><title>{escape(t.title)}</title><link rel="alternate" href="{t.link}"/>'
        f"<published>{t.at.isoformat()}</published><updated>{t.at.isoformat()}</updated>"
        f'<summary type="text">{escape(t.summary)}</summary></entry>'
        for t in tellings
    ]
    changed = tellings[0].at.isoformat() if tellings else "2024-02-25T00:00:00+00:00"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">'
        f"<id>{outlet.site}/</id><title>{escape(outlet.name)}</title>"
        f'<link rel="alternate" href="{outlet.site}/"/><updated>{changed}</updated>\n'
        + "\n".join(entries)
        + "\n</feed>\n"
    )


def _json(outlet: Outlet, tellings: list[Telling]) -> str:
    items = [
        {"id": t.link, "url": t.link, "title": t.title, "content_text": t.summary, "date_published": t.at.isoformat()}
        for t in tellings
    ]
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": outlet.site,
        "language": outlet.language,
        "items": items,
    }
    return json.dumps(head, ensure_ascii=False, indent=1)
