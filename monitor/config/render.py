"""Records to the lines of feeds.yaml that say them."""

from __future__ import annotations

import json
from datetime import timedelta

from monitor.config.build import AUTHORITY
from monitor.config.source import compose
from monitor.errors import ConfigError, UsageError
from monitor.types import FeedSpec, TopicSpec


def feed_lines(spec: FeedSpec) -> list[str]:
    """A feed as a list item, without what follows by itself. Raises UsageError for one with secrets."""
    if spec.headers or spec.cookies or spec.password:
        raise UsageError(
            f"feed '{spec.id}': headers, cookies and passwords are written into feeds.yaml by hand, as ${{NAME}}"
        )
    lines = [f"{key}: {scalar(getattr(spec, key))}" for key in ("id", "name", "url", "category", "language")]
    if spec.interval is not None:
        lines.append(f"interval: {duration_text(spec.interval)}")
    if spec.authority != AUTHORITY.get(spec.category, 1):
        lines.append(f"authority: {spec.authority}")
    if spec.aggregator != (spec.category == "aggregator"):
        lines.append(f"aggregator: {str(spec.aggregator).lower()}")
    if spec.username:
        lines.append(f"username: {scalar(spec.username)}")
    if not spec.enabled:
        lines.append("enabled: false")
    return _item(lines)


def topic_lines(spec: TopicSpec) -> list[str]:
    """A topic as a list item."""
    lines = [f"name: {scalar(spec.name)}"]
    if spec.description:
        lines.append(f"description: {scalar(spec.description)}")
    for key in ("keywords", "examples"):
        words: tuple[str, ...] = getattr(spec, key)
        if words:
            lines += [f"{key}:", *(f"  - {scalar(word)}" for word in words)]
    if spec.threshold is not None:
        lines.append(f"threshold: {spec.threshold}")
    return _item(lines)


def _item(lines: list[str]) -> list[str]:
    return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]


def scalar(text: str) -> str:
    """A text in YAML, with quotes only where it needs them."""
    if text and text == text.strip() and "\n" not in text:
        try:
            if compose(f"a: {text}\n", "").data == {"a": text}:
                return text
        except ConfigError:
            pass
    # JSON is YAML, but for letters that JSON writes plainly and YAML does not allow
    return json.dumps(text, ensure_ascii=not text.isprintable())


def duration_text(value: timedelta) -> str:
    """`1h30m` of a duration."""
    seconds = int(value.total_seconds())
    words = ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        words += f"{count}{unit}" if count else ""
    return words or "0s"
