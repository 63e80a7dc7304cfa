"""What both XML readers give, before cleaning: strings as they stand in the document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from monitor.feeds.dates import parse_date
from monitor.text import clean_line, plain
from monitor.types import ParsedEntry, ParsedFeed
from monitor.urls import http_url

_PERIODS = {"hourly": 3600.0, "daily": 86_400.0, "weekly": 604_800.0, "monthly": 2_592_000.0, "yearly": 31_536_000.0}
_MAX_GUID = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a document is kept."""

    entries: int = 5_000
    title: int = 500
    summary: int = 4_000


@dataclass(slots=True, kw_only=True)
class RawEntry:
    """An entry's strings; empty where the document says nothing."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    published: str = ""
    updated: str = ""
    source_name: str = ""
    source_url: str = ""


@dataclass(slots=True, kw_only=True)
class RawFeed:
    """A document's strings."""

    title: str = ""
    link: str = ""
    language: str = ""
    ttl: str = ""
    period: str = ""
    frequency: str = ""
    entries: list[RawEntry] = field(default_factory=list)


def finish(
    raw: RawFeed,
    *,
    base: str,
    limits: Limits,
    reader: Literal["fast", "feedparser", "json"],
    truncated: bool = False,
    warnings: Sequence[str] = (),
) -> ParsedFeed:
    """Cleaned: plain text, http(s) links against `base`, aware dates."""
    said = list(warnings)
    if len(raw.entries) > limits.entries:
        said.append(f"{len(raw.entries)} entries; the first {limits.entries} were read")
    language = clean_line(raw.language, limit=20).replace("_", "-") or None
    return ParsedFeed(
        title=plain(raw.title, limit=limits.title),
        link=http_url(raw.link, base),
        language=language,
        entries=tuple(_entry(entry, base, limits) for entry in raw.entries[: limits.entries]),
        ttl=_ttl(raw),
        truncated=truncated,
        warnings=tuple(said),
        reader=reader,
    )


def _entry(raw: RawEntry, base: str, limits: Limits) -> ParsedEntry:
    summary = plain(raw.summary, limit=limits.summary) if raw.summary else ""
    if not summary and raw.content:
        summary = plain(raw.content, limit=limits.summary)
    source_name = plain(raw.source_name, limit=200) if raw.source_name else ""
    return ParsedEntry(
        guid=_guid(raw.guid),
        link=http_url(raw.link, base),
        title=plain(raw.title, limit=limits.title) if raw.title else "",
        summary=summary,
        author=(plain(raw.author[:2000], limit=200) or None) if raw.author else None,
        published=parse_date(raw.published),
        updated=parse_date(raw.updated),
        source_name=source_name or None,
        source_url=http_url(raw.source_url, base) if raw.source_url else None,
    )


def _guid(raw: str) -> str | None:
    """Whole, since it is compared; only giants are cut (their hash would be of no use to a person)."""
    text = clean_line(raw, limit=_MAX_GUID)
    return text or None


def _ttl(raw: RawFeed) -> float | None:
    """Seconds; ttl is in minutes, sy:update* a period and how often in it. Nonsense gives None."""
    seconds: list[float] = []
    if raw.ttl.strip().isdecimal() and len(raw.ttl) < 10:
        seconds.append(int(raw.ttl) * 60.0)
    period = _PERIODS.get(raw.period.strip().lower())
    if period:
        often = raw.frequency.strip()
        seconds.append(period / max(1, int(often)) if often.isdecimal() and len(often) < 6 else period)
    return max(seconds, default=0.0) or None


__all__ = ["Limits", "RawEntry", "RawFeed", "finish"]
