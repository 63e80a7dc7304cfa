"""HTML, text and Markdown of one part, by Jinja2 templates that a user may override file by file.

HTML is autoescaped; CSS is inlined with no remote sheet. Templates run in Jinja2's sandbox.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from monitor.digest.view import DigestView, StoryView, plain_facts
from monitor.digest.wording import width, wrap
from monitor.errors import ConfigError

LIGHT = {
    "page": "#f3f2ee",
    "sheet": "#ffffff",
    "ink": "#16181d",
    "text": "#33373f",
    "dim": "#656b76",
    "line": "#dcdad3",
    "accent": "#1d4f91",
    "warn": "#9a4a00",
}
DARK = {
    "page": "#121417",
    "sheet": "#1b1e23",
    "ink": "#f3f4f6",
    "text": "#d3d7de",
    "dim": "#a0a7b4",
    "line": "#3a3f48",
    "accent": "#8ab8ff",
    "warn": "#ffb066",
}
SANS = "-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
SERIF = "Georgia, 'Times New Roman', serif"
#: what means something anywhere, and what does so at the beginning of a line
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|~$@]|&(?=[#\w])|^(?:[-+#=!]|\d+(?=[.)]))")
#: a number as a word of its own, and the blank before the next word
_NUMBER_AND_UNIT = re.compile(r"(?<!\S)(\d+) (?=\w)")
#: characters of a fact that a phone shows in one line beside its label
_SHORT = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """What a template is given for one part."""

    page: DigestView
    items: Sequence[StoryView]
    number: int
    of: int
    subject: str
    theme: str = "auto"
    unsubscribe: str = ""

    def variables(self) -> dict[str, Any]:
        """The names that templates may use; see docs/digests.md."""
        return {
            "page": self.page,
            "shown": [item for item in self.items if not item.brief],
            "brief": [item for item in self.items if item.brief],
            "number": self.number,
            "of": self.of,
            "subject": self.subject,
            "unsubscribe": self.unsubscribe,
        }


@lru_cache(maxsize=16)
def _environment(folder: str | None) -> Any:
    from jinja2 import FileSystemLoader, select_autoescape
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    own = Path(__file__).parent / "templates"
    if folder is not None and not Path(folder).is_dir():
        raise ConfigError(f"template_folder {folder}: no such folder")
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader([folder, own] if folder else [own]),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        wrap=wrap, rule=rule, md=markdown, mdurl=markdown_url, units=units, unbroken=unbroken,
        plain_facts=plain_facts, groupby_order=groupby_order,
    )  # fmt: skip
    return environment


def _rendered(folder: str | None, name: str, variables: dict[str, Any]) -> str:
    from jinja2 import TemplateError

    try:
        return str(_environment(folder).get_template(name).render(variables))
    except TemplateError as error:
        place = folder or "the package"
        raise ConfigError(f"template {name} in {place}: {type(error).__name__}: {error}") from error


@lru_cache(maxsize=32)
def _css(folder: str | None, theme: str) -> str:
    fonts = {"sans": SANS, "serif": SERIF}
    base = _rendered(folder, "mail.css", {"c": DARK if theme == "dark" else LIGHT, **fonts})
    dark = _rendered(folder, "dark.css", {"c": DARK, **fonts}) if theme == "auto" else ""
    return base + dark + _rendered(folder, "phone.css", {})


@lru_cache(maxsize=1)
def _inliner() -> Any:
    import css_inline

    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, minify_css=True)


def html_page(context: PageContext, folder: str | None = None) -> str:
    """The HTML mail, its CSS inlined. Raises ConfigError for a template of the user's that is broken."""
    from markupsafe import Markup

    scheme = {"auto": "light dark", "light": "light", "dark": "dark"}[context.theme]
    # our own sheet, not feed text
    css = Markup(_css(folder, context.theme))  # noqa: S704
    page = _rendered(folder, "mail.html.j2", {**context.variables(), "css": css, "scheme": scheme})
    return str(_inliner().inline(page))


def text_page(context: PageContext, folder: str | None = None) -> str:
    """The text part in 80 columns."""
    return _tidy(_rendered(folder, "mail.txt.j2", context.variables()))


def markdown_page(context: PageContext, folder: str | None = None) -> str:
    """Markdown of the part."""
    return _tidy(_rendered(folder, "digest.md.j2", context.variables()))


def _tidy(text: str) -> str:
    """No more than one empty line in a row, none at the ends, no blanks at lines' ends but a signature's."""
    lines = [line if line == "-- " else line.rstrip() for line in text.strip("\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def rule(title: str) -> str:
    """A section's title with a line under it."""
    return f"{title}\n{'-' * min(max(width(title), 3), 78)}"


def units(text: str) -> str:
    """Text in which a number and the word after it stay in one line."""
    return _NUMBER_AND_UNIT.sub("\\1\u00a0", str(text))


def unbroken(text: str) -> str:
    """A short text in one line; in a longer one only the count at its end stays beside what it counts on from."""
    return str(text).replace(" ", "\u00a0") if len(text) <= _SHORT else str(text).replace(" +", "\u00a0+")


def markdown(text: str) -> str:
    """Text in Markdown: every character that could mean something where it stands is escaped."""
    return _MARKDOWN.sub(lambda m: f"{m[0]}\\" if m[0].isdigit() else f"\\{m[0]}", str(text))


def markdown_url(url: str) -> str:
    """A link's target, with what would end it percent-encoded."""
    return "".join(f"%{ord(c):02X}" if c in "()<>[]\\`*_|\"' " else c for c in url)


def groupby_order(items: Iterable[StoryView], attribute: str) -> list[tuple[str, list[StoryView]]]:
    """Neighbours with the same value of the attribute, in their order (Jinja2's own groupby sorts)."""
    groups: list[tuple[str, list[StoryView]]] = []
    for item in items:
        value = str(getattr(item, attribute))
        if not groups or groups[-1][0] != value:
            groups.append((value, []))
        groups[-1][1].append(item)
    return groups
