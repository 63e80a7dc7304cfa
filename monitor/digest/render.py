"""One digest to the parts that a kind of channel takes. Pure but for reading templates.

A story that cannot be shown is left out and named; the rest goes on. Parts are cut at story borders.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from monitor.digest.blocks import MAX_CHARACTERS, message, story_text, within_limits
from monitor.digest.body import body
from monitor.digest.pages import PageContext, html_page, markdown_page, text_page
from monitor.digest.split import pages
from monitor.digest.view import MOST_TROUBLE, DigestView, StoryView, view
from monitor.digest.wording import counted, short_date
from monitor.text import clean_line, shorten
from monitor.types import Digest, Part

Kind = Literal["email", "slack", "webhook", "file", "apprise"]

#: Gmail clips at 102 kB
MAX_MAIL = 90_000
#: what most services that Apprise knows take in one message
MAX_NOTE = 3_500
#: feeds in trouble that a note names; a mail names MOST_TROUBLE
NOTE_TROUBLE = 5
MAX_SUBJECT = 180
#: stands where each recipient's own link goes; see Deliverer
UNSUBSCRIBE_MARK = "https://unsubscribe.invalid/8f4c1d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a digest is to look."""

    subject: str = "{title}: {top} (+{more} more)"
    theme: Literal["auto", "light", "dark"] = "auto"
    template_folder: str | None = None
    #: of the web archive; no slash at its end
    base_url: str = ""
    #: mails carry UNSUBSCRIBE_MARK where a recipient's link is to be put
    unsubscribe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The parts, and the stories that could not be shown: (id, cause)."""

    parts: tuple[Part, ...]
    left_out: tuple[tuple[int, str], ...] = ()


def render(digest: Digest, kind: Kind, look: Look | None = None) -> Rendered:
    """All parts for that kind of channel. Raises ConfigError for a template of the user's that is broken."""
    look = look or Look()
    most_trouble = NOTE_TROUBLE if kind == "apprise" else MOST_TROUBLE
    page = _sound(view(digest, base_url=look.base_url.rstrip("/"), most_trouble=most_trouble), digest)
    items = page.items
    if kind == "slack":
        parts = _slack_parts(page, items, digest, look)
    elif kind == "webhook":
        parts = [_part(page, items, 1, 1, look, payload=body(digest, page, items, 1, 1), digest=digest)]
    elif kind == "apprise":
        parts = _note_parts(page, items, digest, look)
    elif kind == "file":
        parts = [_whole(page, items, 1, 1, look, digest)]
    else:
        parts = _mail_parts(page, items, digest, look)
    return Rendered(parts=tuple(parts), left_out=page.left_out)


def _sound(page: DigestView, digest: Digest) -> DigestView:
    """Leaves out each story that any output chokes on: tried alone, so that the guilty one is known."""
    bad: dict[int, str] = dict(page.left_out)
    for item in page.items:
        try:
            story_text(item).encode()
            json.dumps(body(digest, page, [item], 1, 1), allow_nan=False).encode()
            " ".join((item.headline, item.lead, item.url, item.sources, item.why)).encode()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one story must not stop the digest
            bad[item.id] = f"{type(error).__name__}: {error}"[:200]
    if len(bad) == len(page.left_out):
        return page
    return replace(page, items=tuple(i for i in page.items if i.id not in bad), left_out=tuple(sorted(bad.items())))


def subject(page: DigestView, template: str, digest: Digest, number: int = 1, of: int = 1) -> str:
    """The subject: known names of the template in one pass, so that feed text is never read as a template."""
    if not page.items:
        words = f"{page.title}: a quiet day"
    else:
        more = len(page.items) - 1
        shown = template if more else re.sub(r"\s*\([^()]*\{more\}[^()]*\)", "", template)
        values = {
            "title": page.title,
            "top": page.top,
            "more": str(more),
            "count": str(len(page.items)),
            "stories": counted(len(page.items), "story", "stories"),
            "summary": page.summary,
            "date": short_date(digest.due_at, digest.time_zone),
        }
        fixed = len(re.sub(r"\{top\}", "", shown)) + sum(len(values[n]) for n in ("title", "more"))
        values["top"] = shorten(page.top, max(MAX_SUBJECT - fixed, 40))
        words = re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), shown)
    ending = f" ({number}/{of})" if of > 1 else ""
    return clean_line(words, limit=MAX_SUBJECT) + ending


def _context(
    page: DigestView, items: Sequence[StoryView], number: int, of: int, look: Look, digest: Digest
) -> PageContext:
    return PageContext(
        page=page,
        items=items,
        number=number,
        of=of,
        subject=subject(page, look.subject, digest, number, of),
        theme=look.theme,
        unsubscribe=UNSUBSCRIBE_MARK if look.unsubscribe else "",
    )


def _part(
    page: DigestView,
    items: Sequence[StoryView],
    number: int,
    of: int,
    look: Look,
    *,
    digest: Digest,
    html: str = "",
    markdown: str = "",
    text: str | None = None,
    payload: dict[str, object] | None = None,
) -> Part:
    context = _context(page, items, number, of, look, digest)
    return Part(
        number=number,
        of=of,
        subject=context.subject,
        text=text_page(context, look.template_folder) if text is None else text,
        html=html,
        markdown=markdown,
        payload=payload,
        story_ids=tuple(item.id for item in items),
    )


def _whole(page: DigestView, items: Sequence[StoryView], number: int, of: int, look: Look, digest: Digest) -> Part:
    context = _context(page, items, number, of, look, digest)
    return _part(
        page,
        items,
        number,
        of,
        look,
        digest=digest,
        html=html_page(context, look.template_folder),
        markdown=markdown_page(context, look.template_folder),
    )


def _mail_parts(page: DigestView, items: Sequence[StoryView], digest: Digest, look: Look) -> list[Part]:
    known: dict[tuple[int, ...], int] = {}

    def size(some: Sequence[StoryView]) -> int:
        key = tuple(item.id for item in some)
        if key not in known:
            # the longest head and foot a part can have
            context = _context(page, some, 99, 99, look, digest)
            known[key] = len(html_page(context, look.template_folder).encode())
        return known[key]

    frame = size([])
    groups = pages(
        items,
        weight=_mail_weight,
        fits=lambda some: size(some) <= MAX_MAIL,
        aim=max(MAX_MAIL - frame, 1),
    )
    return [_whole(page, group, n, len(groups), look, digest) for n, group in enumerate(groups, 1)]


def _mail_weight(item: StoryView) -> int:
    """About how many bytes of HTML; the real size has the last word."""
    texts = [item.headline, item.url, item.sources]
    if item.brief:
        return 260 + sum(len(text.encode()) for text in texts)
    texts += [item.lead, *(url for _, url in item.links)]
    texts += [c.line for c in item.changes] + [f.label + f.value + f.also for f in item.facts]
    return 1500 + 260 * len(item.facts) + 250 * len(item.changes) + sum(len(text.encode()) for text in texts)


def _slack_parts(page: DigestView, items: Sequence[StoryView], digest: Digest, look: Look) -> list[Part]:
    groups = pages(
        items,
        weight=lambda item: 170 if item.brief else len(story_text(item)) + 60,
        fits=lambda some: within_limits(message(page, some, 99, 99)),
        aim=MAX_CHARACTERS - 600,
    )
    of = len(groups)
    return [_slack_part(page, group, n, of, look, digest) for n, group in enumerate(groups, 1)]


def _slack_part(page: DigestView, items: Sequence[StoryView], n: int, of: int, look: Look, digest: Digest) -> Part:
    title = subject(page, look.subject, digest, n, of)
    blocks = message(page, items, n, of)
    # what notifications and screen readers show
    fallback = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    payload = {"text": fallback, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}
    return _part(page, items, n, of, look, digest=digest, payload=payload)


def _note_parts(page: DigestView, items: Sequence[StoryView], digest: Digest, look: Look) -> list[Part]:
    def weight(item: StoryView) -> int:
        return len(item.headline) + len(item.url) + (60 if item.brief else len(item.lead) + 240)

    def fits(some: Sequence[StoryView]) -> bool:
        return len(markdown_page(_context(page, some, 99, 99, look, digest), look.template_folder)) <= MAX_NOTE

    groups = pages(items, weight=weight, fits=fits, aim=MAX_NOTE - 400)
    of = len(groups)
    parts = []
    for n, group in enumerate(groups, 1):
        context = _context(page, group, n, of, look, digest)
        parts.append(
            _part(page, group, n, of, look, digest=digest, markdown=markdown_page(context, look.template_folder))
        )
    return parts
