"""Slack's Block Kit: blocks within its limits, texts that cannot ping, format or forge a link. Pure.

Limits: 50 blocks a message, 3,000 characters a section, 150 a header, and about 13,000 characters of JSON-free text
in all, of which we use 12,000.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from monitor.digest.view import DigestView, StoryView, plain_facts
from monitor.text import shorten

MAX_BLOCKS = 50
MAX_CHARACTERS = 12_000
MAX_SECTION = 3_000
MAX_HEADER = 150
MAX_URL = 800
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})


def escaped(text: str) -> str:
    """`& < >` as Slack wants them, which unmakes `<!channel>` and links; format characters as look-alikes."""
    return text.translate(_LOOKALIKES).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(url: str, words: str) -> str:
    """`<url|words>`; only the words where the URL is too long or none."""
    target = re.sub(r"[|<>\s]", lambda m: f"%{ord(m[0]):02X}", url)
    if not target or len(target) > MAX_URL:
        return escaped(words)
    return f"<{target.replace('&', '&amp;')}|{escaped(words).replace('|', '¦')}>"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text[:2000], "verbatim": True}]}


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": shorten(text, MAX_HEADER), "emoji": False}}


def story_text(item: StoryView) -> str:
    """A story's section: headline, what changed, what happened, facts, sources."""
    lines = [f"*{link(item.url, item.headline)}*"]
    marks = (["Update"] if item.changes else []) + (["Rumoured"] if item.rumoured else [])
    if marks or len(item.labels) > 1:
        lines.append(f"_{escaped(', '.join([*marks, *item.labels])).replace('_', ' ')}_")
    lines += [f"&gt; *{escaped(change.step)}.* {escaped(change.line)}" for change in item.changes[:6]]
    if item.lead:
        lines.append(escaped(item.lead))
    if item.facts:
        lines.append(shorten(escaped(plain_facts(item)), 600))
    sources = ", ".join(link(url, name) for name, url in item.links)
    more = f" +{item.more_sources}" if item.more_sources else ""
    page = f" · {link(item.page, 'all sources')}" if item.page else ""
    tongue = f" · {escaped(item.tongue)}" if item.tongue else ""
    lines.append(f"{sources}{more}{' · ' if sources else ''}{item.date}{tongue}{page}")
    return _within("\n".join(lines), lines)


def _within(text: str, lines: Sequence[str]) -> str:
    """Whole lines up to the limit of a section: an escape or a link is never cut in two."""
    if len(text) <= MAX_SECTION:
        return text
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(kept) + len(line) <= MAX_SECTION:
            kept.append(line)
    return "\n".join(kept)


def brief_line(item: StoryView) -> str:
    """A line of the list of what is not shown."""
    rumour = " _rumoured_" if item.rumoured else ""
    return f"• {link(item.url, shorten(item.headline, 140))}{rumour} {escaped(item.sources)}"


def _brief_lines(brief: Sequence[StoryView]) -> list[str]:
    """Under the names of their sections, where there are several."""
    counts = Counter(item.section for item in brief)
    if len(counts) == 1:
        return [brief_line(item) for item in brief]
    lines: list[str] = []
    section = ""
    for item in brief:
        if item.section != section:
            section = item.section
            lines.append(f"_{escaped(section).replace('_', ' ')}: {counts[section]}_")
        lines.append(brief_line(item))
    return lines


def message(page: DigestView, items: Sequence[StoryView], number: int, of: int) -> list[dict[str, Any]]:
    """The blocks of one part, in order."""
    part = f" · part {number} of {of}" if of > 1 else ""
    head = page.summary if page.items else f"A quiet day: nothing that qualifies has arrived since {page.since}."
    blocks = [_header(page.title), _context(escaped(f"{page.date}{part} · {head}"))]
    section = ""
    for item in (item for item in items if not item.brief):
        if item.section != section:
            section = item.section
            blocks += [{"type": "divider"}, _section(f"*{escaped(section)}*")]
        blocks.append(_section(story_text(item)))
    brief = [item for item in items if item.brief]
    if brief:
        blocks += [{"type": "divider"}, *_lists(f"*{len(brief)} more*", _brief_lines(brief))]
    if number == of:
        blocks += _foot(page)
    return blocks


def _foot(page: DigestView) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if page.trouble:
        lines = [f"*{escaped(name)}*: {escaped(words)}" for name, words in page.trouble]
        more = [f"and {page.more_trouble} more: `monitor feeds health`"] if page.more_trouble else []
        blocks += _lists("*Feeds that need a look*", [*lines, *more])
    if page.left_out:
        blocks.append(_context(f"{len(page.left_out)} could not be shown: see the log."))
    return blocks


def _lists(title: str, lines: Sequence[str]) -> list[dict[str, Any]]:
    """Sections that hold as many whole lines as they may."""
    blocks: list[dict[str, Any]] = []
    text = title
    for line in lines:
        if len(text) + 1 + len(line) > MAX_SECTION:
            blocks.append(_section(text))
            text = line
        else:
            text = f"{text}\n{line}" if text else line
    return [*blocks, _section(text)]


def characters(blocks: Sequence[dict[str, Any]]) -> int:
    """Characters of all texts."""
    total = 0
    for block in blocks:
        texts = [block["text"]] if "text" in block else block.get("elements", [])
        total += sum(len(text["text"]) for text in texts)
    return total


def within_limits(blocks: Sequence[dict[str, Any]]) -> bool:
    """Whether Slack takes them as one message."""
    return len(blocks) <= MAX_BLOCKS and characters(blocks) <= MAX_CHARACTERS
