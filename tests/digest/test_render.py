"""What all outputs look like, within the limits of those who receive them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import html5lib  # type: ignore[import-untyped]
import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.blocks.blocks import ContextBlock, DividerBlock, HeaderBlock, SectionBlock

from monitor.digest.blocks import MAX_BLOCKS, MAX_CHARACTERS, characters
from monitor.digest.build import build
from monitor.digest.render import MAX_MAIL, MAX_NOTE, UNSUBSCRIBE_MARK, Kind, Look, render
from monitor.digest.view import view
from monitor.digest.wording import counted, dollars, listed, width, wrap
from monitor.errors import ConfigError
from monitor.types import Digest, FeedTrouble, Part, Story
from tests.digest.fixtures import MONDAY, SPEC, STORIES, TROUBLE, fact, many, record

SNAPSHOTS = Path(__file__).parent / "snapshots"
SINCE = MONDAY - timedelta(days=2)
#: kept by Gmail, Outlook and Apple Mail all
TAGS = {
    "html", "head", "meta", "title", "style", "body", "table", "tbody", "tr", "td", "h1", "h2", "h3", "p", "a", "span",
    "strong",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "class", "style", "role", "width", "cellpadding", "cellspacing", "border",
    "align", "href",
}  # fmt: skip
PROPERTIES = {
    "background-color", "border-bottom", "border-color", "border-left", "color", "font-family", "font-size",
    "font-weight", "line-height", "margin", "max-width", "padding", "padding-bottom", "padding-left", "padding-right",
    "padding-top", "text-decoration",
}  # fmt: skip


def digest_of(stories: Sequence[Story], **changes: object) -> Digest:
    spec = replace(SPEC, **changes)  # type: ignore[arg-type]
    return build(spec, stories, due_at=MONDAY, since=SINCE, sent={4: 40}, trouble=TROUBLE)


def only_part(kind: Kind, **look: object) -> Part:
    rendered = render(digest_of(STORIES), kind, Look(**look))  # type: ignore[arg-type]
    assert rendered.left_out == ()
    assert len(rendered.parts) == 1
    return rendered.parts[0]


@pytest.mark.parametrize(
    ("kind", "name", "field"),
    [
        ("email", "mail.html", "html"),
        ("email", "mail.txt", "text"),
        ("file", "digest.md", "markdown"),
        ("slack", "slack.json", "payload"),
        ("webhook", "webhook.json", "payload"),
    ],
)
def test_snapshots(kind: Kind, name: str, field: str) -> None:
    """After a wanted change: delete the file, run the test twice, look at the difference."""
    got = getattr(only_part(kind, base_url="https://archive.test", unsubscribe=kind == "email"), field)
    text = got if isinstance(got, str) else json.dumps(got, ensure_ascii=False, indent=1) + "\n"
    path = SNAPSHOTS / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path.name} was not there and has been written: look at it and run again")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_mail_is_made_of_what_all_mail_programs_keep(theme: str) -> None:
    html = only_part("email", theme=theme, base_url="https://archive.test", unsubscribe=True).html
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    styles = [tree.find(".//style").text]
    for element in tree.iter():
        assert element.tag in TAGS, element.tag
        assert set(element.attrib) <= ATTRIBUTES, element.attrib
        styles.append(element.get("style") or "")
    named = {name for style in styles for name in re.findall(r"(?:^|[;{])\s*([a-z-]+)\s*:", style)}
    assert named - {"prefers-color-scheme"} <= PROPERTIES
    assert "url(" not in html
    assert "@import" not in html
    links = [a.get("href") for a in tree.iter("a")]
    assert links
    assert all(re.match(r"https?://", link) for link in links)
    assert ("prefers-color-scheme:dark" in html.replace(" ", "")) == (theme == "auto")
    scheme = next(m.get("content") for m in tree.iter("meta") if m.get("name") == "color-scheme")
    assert scheme == {"auto": "light dark", "light": "light", "dark": "dark"}[theme]


def test_mail_reads_aloud_in_order() -> None:
    tree = html5lib.parse(only_part("email").html, namespaceHTMLElements=False)
    headings = [(e.tag, "".join(e.itertext())) for e in tree.iter() if e.tag in ("h1", "h2", "h3")]
    assert [tag for tag, _ in headings] == ["h1", "h2", "h3", "h3", "h2", "h3", "h3", "h3", "h2", "h3", "h2", "h2"]
    assert tree.get("lang") == "en"
    assert all(table.get("role") == "presentation" for table in tree.iter("table"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast_is_enough_to_read(theme: str) -> None:
    from monitor.digest.pages import DARK, LIGHT

    colours = DARK if theme == "dark" else LIGHT

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for name in ("ink", "text", "dim", "accent", "warn"):
        light, dark = sorted((luminance(colours[name]), luminance(colours["sheet"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, name


@pytest.mark.parametrize("count", [0, 1, 12, 60, 500])
def test_mail_parts_hold_all_stories_once_and_stay_small(count: int) -> None:
    stories = many(count)
    digest = digest_of(stories, cap=count, sections=tuple(replace(s, cap=count) for s in SPEC.sections))
    parts = render(digest, "email").parts
    assert all(len(part.html.encode()) <= MAX_MAIL for part in parts)
    assert [i for part in parts for i in part.story_ids] == [r.story.id for r in digest.stories]
    assert [(part.number, part.of) for part in parts] == [(n, len(parts)) for n in range(1, len(parts) + 1)]
    if len(parts) > 1:
        assert parts[0].subject.endswith(f"(1/{len(parts)})")
    for part in parts:
        for story_id in part.story_ids:
            assert f"Company number {story_id - 1000} tells" in part.html
            assert f"Company number {story_id - 1000} tells" in " ".join(part.text.split())


@pytest.mark.parametrize("count", [0, 1, 12, 60, 500])
@pytest.mark.parametrize("cap", [40, 500])
def test_slack_takes_every_part(count: int, cap: int) -> None:
    digest = digest_of(many(count), cap=cap, sections=tuple(replace(s, cap=cap) for s in SPEC.sections))
    parts = render(digest, "slack").parts
    shown = [r.story.id for section in digest.sections for r in section.stories]
    listed = [r.story.id for section in digest.sections for r in section.more]
    assert [i for part in parts for i in part.story_ids] == shown + listed
    for part in parts:
        assert part.payload is not None
        blocks = part.payload["blocks"]
        assert 1 <= len(blocks) <= MAX_BLOCKS
        assert characters(blocks) <= MAX_CHARACTERS
        assert len(part.payload["text"]) <= 400
        for given in blocks:
            block = Block.parse(given)
            assert isinstance(block, (HeaderBlock, SectionBlock, ContextBlock, DividerBlock))
            block.validate_json()
            for text in [given.get("text"), *given.get("elements", [])]:
                if text:
                    assert 1 <= len(text["text"]) <= (150 if given["type"] == "header" else 3000)


@pytest.mark.parametrize("count", [1, 60])
def test_notes_are_short(count: int) -> None:
    parts = render(digest_of(many(count)), "apprise").parts
    assert all(len(part.markdown) <= MAX_NOTE for part in parts)
    assert sum(len(part.story_ids) for part in parts) == count


def test_text_fits_a_terminal() -> None:
    text = only_part("email").text
    long = [line for line in text.splitlines() if width(line) > 80 and "https://" not in line]
    assert long == []
    assert "\n\n\n" not in text
    assert "\n-- \n" in text


def test_lines_of_japanese_break_where_a_reader_breaks_them() -> None:
    text = "同社は本日、「Lyria 3」と名づけた新しいモデルをGemini 3.1 Proとともに公開した。"
    text += "重みは（Apache 2.0）で公開される。"
    for columns in range(16, 60):
        lines = wrap(text, columns, indent="  ").splitlines()
        assert all(width(line) <= columns for line in lines), lines
        assert "".join("".join(lines).split()) == "".join(text.split())
        assert not any(line.strip()[0] in "、。」）" or line[-1] in "「（" for line in lines), lines
        for name in ("Lyria", "Gemini", "Apache"):
            assert any(name in line for line in lines), lines
    assert wrap("A word " + "x" * 50 + " end", 30) == "A word\n" + "x" * 30 + "\n" + "x" * 20 + " end"
    assert wrap("see https://a.test/" + "x" * 90, 30).splitlines()[1] == "https://a.test/" + "x" * 90


def test_facts_that_are_said_are_not_said_again() -> None:
    model = record("model-launch", *(fact(n, v) for n, v in (
        ("model", "Hoshi 3.1 Pro"), ("family", "Hoshi"), ("version", "3.1"), ("size", "30B"), ("developer", "Hoshi AI"),
    )))  # fmt: skip
    money: Any = {"currency": "USD", "number": "2100000000", "usd": "2100000000"}
    large: Any = {"currency": "USD", "number": "9000000000", "usd": "9000000000"}
    loan = record(
        "funding",
        fact("amount", "$2.1 billion", **money),
        fact("recipient", "Blue Wren"),
        fact("valuation", "$2.1B", **money),
        fact("valuation", "$9 billion", **large),
    )
    one = replace(STORIES[0], records=(model, loan))
    shown = {f.label: (f.value, f.also) for f in view(digest_of([one])).items[0].facts}
    assert shown == {
        "Amount": ("$2.1 billion", ""),
        "Company": ("Blue Wren", ""),
        "Valuation": ("$9 billion", ""),
        "Model": ("Hoshi 3.1 Pro", ""),
        "Size": ("30B", ""),
        "By": ("Hoshi AI", ""),
    }


def test_sums_are_readable_in_whatever_language_they_were_told() -> None:
    given = {
        "300亿美元": "300亿美元 ($30B)",
        "$30 billion": "$30 billion",
        "30 Milliarden Dollar": "30 Milliarden Dollar",
    }
    for text, shown in given.items():
        money = fact("amount", text, currency="USD", number="30000000000", usd="30000000000")
        one = replace(STORIES[0], records=(record("funding", money, fact("recipient", "Blue Wren")),))
        assert view(digest_of([one])).items[0].facts[0].value == shown


def test_subject() -> None:
    digest = digest_of(STORIES)
    subject = render(digest, "email", Look(subject="{count} from {title}: {top} ({more} more) {date} {unknown}")).parts[
        0
    ]
    assert subject.subject == (
        "7 from AI deals and launches: Mistral answers its larger rivals with Mistral Large, and Microsoft buys in "
        "(6 more) Tue 27 Feb {unknown}"
    )
    one = render(digest_of(STORIES[:1]), "email").parts[0].subject
    assert one == "AI deals and launches: Mistral answers its larger rivals with Mistral Large, and Microsoft buys in"
    quiet = render(digest_of([]), "email").parts[0]
    assert quiet.subject == "AI deals and launches: a quiet day"
    assert "Nothing that qualifies has arrived since Sun 25 Feb" in quiet.html


def test_one_poisonous_story_is_left_out_and_named_and_the_rest_goes() -> None:
    poison = replace(STORIES[6], usd=Decimal("NaN"), id=66)
    worse = replace(STORIES[5], id=67, published_at=None)  # type: ignore[arg-type]
    for kind in ("email", "slack", "webhook", "file", "apprise"):
        rendered = render(digest_of([*STORIES[:3], poison, worse]), kind)
        assert sorted(story_id for story_id, _ in rendered.left_out) == [66, 67]
        assert sorted(rendered.parts[0].story_ids) == [1, 2, 3]
    assert "2 stories could not be shown" in render(digest_of([*STORIES, poison, worse]), "email").parts[0].text


def test_a_users_template_is_used_and_a_broken_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "mail.txt.j2").write_text("{{ page.title }}!{% for item in shown %} {{ item.headline }};{% endfor %}")
    part = only_part("email", template_folder=str(tmp_path))
    assert part.text.startswith("AI deals and launches! Mistral answers")
    assert "<h1" in part.html
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "mail.html.j2").write_text("{% for %}")
    with pytest.raises(ConfigError, match=r"mail\.html\.j2"):
        only_part("file", template_folder=str(broken))
    with pytest.raises(ConfigError, match="no such folder"):
        only_part("file", template_folder=str(tmp_path / "nowhere"))


def test_the_unsubscribe_mark_stands_only_in_mails() -> None:
    part = only_part("email", unsubscribe=True)
    assert UNSUBSCRIBE_MARK in part.html
    assert UNSUBSCRIBE_MARK in part.text
    assert UNSUBSCRIBE_MARK not in only_part("email").html


def test_facts_and_changes_are_said() -> None:
    items = {item.id: item for item in view(digest_of(STORIES)).items}
    facts = {f.label: f.value for f in items[1].facts}
    assert facts == {
        "Amount": "€15 million (about $16.3M)",
        "Company": "Mistral AI",
        "Investor": "Microsoft",
        "Model": "Mistral Large",
        "Product": "Le Chat",
    }
    assert items[1].sources == "Kernel Courier, La Tribune numérique +5"
    assert items[2].rumoured
    assert items[2].facts[0].also == "$650 million"
    assert [(c.step, c.line[:8]) for c in items[4].changes] == [("Denied", "Larkspur")]


def test_words_and_numbers() -> None:
    assert [dollars(Decimal(n)) for n in ("900", "16300000", "640000000", "2100000000", "999960000", "1e12")] == [
        "$900", "$16.3M", "$640M", "$2.1B", "$1B", "$1T"]  # fmt: skip
    assert counted(1, "story", "stories") == "1 story"
    assert counted(1200, "story", "stories") == "1,200 stories"
    assert listed(["a", "b", "a", "c", "d"], 2) == "a, b +2"
    assert wrap("word " * 40, 30).splitlines()[0] == " ".join(["word"] * 6)
    assert all(
        width(line) <= 20 for line in wrap("東京の新興企業が三十億パラメータの日本語モデルを公開した", 20).splitlines()
    )


@pytest.mark.parametrize(("kind", "named"), [("email", 20), ("slack", 20), ("file", 20), ("apprise", 5)])
def test_an_outage_of_hundreds_leaves_room_for_the_stories(kind: Any, named: int) -> None:
    words = "fails since 2026-05-01 10:00 UTC: HTTP 404 at https://feeds.example-gazette.com/technology/rss.xml"

    def parts(feeds: int) -> tuple[Part, ...]:
        trouble = [FeedTrouble(feed_id=f"f{n}", name=f"The Example Gazette {n}.", words=words) for n in range(feeds)]
        made = build(SPEC, STORIES, due_at=MONDAY, since=SINCE, sent={}, trouble=trouble)
        return render(made, kind).parts

    made = parts(500)
    assert len(made) <= len(parts(named)) + 1
    text = (
        " ".join(made[-1].text.split())
        if kind in ("email", "file")
        else json.dumps(made[-1].payload) + made[-1].markdown
    )
    assert text.count("The Example Gazette") == named
    assert f"and {500 - named} more: `monitor feeds health`" in text
    if made[-1].html:
        assert f"and {500 - named} more: <strong>monitor feeds health</strong>" in made[-1].html
