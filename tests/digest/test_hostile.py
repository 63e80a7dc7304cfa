"""Texts that attack appear as harmless text in every output: proved by parsing the outputs.

The strongest check: the structure of each output is that of the same digest with tame texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any
from xml.etree import ElementTree as Xml

import html5lib  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from monitor.channels.message import message_of
from monitor.digest.build import build
from monitor.digest.feed_out import FeedHead, Format, feed_out
from monitor.digest.render import Look, render
from monitor.types import DevelopmentKind, FeedTrouble, LedgerRecord, Part, Status, Story
from tests.channels.test_email import delivery
from tests.deliver.rig import mail_channel
from tests.digest.fixtures import MONDAY, SPEC, fact, record, step, story

SINCE = MONDAY - timedelta(days=2)
HOSTILE = {
    "markup": '</td></table><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:x">y</a>',
    "attribute": "\" onmouseover=\"alert(1)\" style='position:fixed' x='",
    "mention": "<!channel> <!here> <@U012345> <#C012345> @everyone <https://evil.test|https://bank.test>",
    "header": "Hello\r\nBcc: victim@reader.test\r\n\r\nbody",
    "bidi": "abc \u202egnp.exe\u202c \u2066x\u2069 \u200f\u061c",
    "formula": "=cmd|' /C calc'!A0 +1 -1 @SUM(1)",
    "template": "{{ 7*7 }} {% for x in y %} {more} {title.__class__} %s ${HOME}",
    "markdown": "[click](javascript:alert(1)) **bold** `code` # head\n---\n| a | b | <b> &lt;i&gt; ![](x) ~~s~~ 1. x",
    "links": "javascript:alert(1) data:text/html,<script> file:///etc/passwd vbscript:x",
    "controls": "a\x00b\x1b[31mred\x07\x9b1m\ud800c\ufffe",
    "dot": ".\n.\n..",
    "long": "A" * 1_000_000,
    "marks": "Z" + "\u0301" * 20_000,
    "unbroken": "<" * 5_000,
}
TAME = "tame words"
BAD_LINKS = [
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "//evil.test",
    "https://a.test/<x>|y \"'()",
]
FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def attacked(text: str, link: str = "https://fine.test/a") -> Story:
    """The text in every place that comes from feeds."""
    facts: LedgerRecord = record("funding", *(fact(name, text) for name in ("recipient", "investor", "round", "model")))
    return story(
        1,
        text,
        lead="It says: " + text,
        url=link,
        status=Status.RUMOURED,
        publishers=(("a.test", text, link), ("b.test", text + "!", link), ("c.test", "third", None)),
        topics=("robots",),
        companies=(text,),
        records=(facts,),
        developments=(step(1, DevelopmentKind.CLOSED, text),),
    )


def digest_of(text: str, link: str = "https://fine.test/a", *, sent: bool = True) -> Any:
    stories: Sequence[Story] = [attacked(text, link), replace(attacked(text, link), id=2)]
    trouble = [FeedTrouble(feed_id="f", name=text, words=text)]
    spec = replace(SPEC, title="News", sections=(replace(SPEC.sections[1], cap=1),))
    return build(spec, stories, due_at=MONDAY, since=SINCE, sent={1: 0, 2: 0} if sent else {}, trouble=trouble)


def part_of(kind: Any, text: str, link: str = "https://fine.test/a") -> Part:
    rendered = render(digest_of(text, link), kind, Look())
    assert rendered.left_out == ()
    assert len(rendered.parts) == 1
    return rendered.parts[0]


def html_shape(html: str) -> list[Any]:
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    return [(e.tag, sorted(e.attrib), [c.tag for c in e]) for e in tree.iter() if isinstance(e.tag, str)]


def markdown_shape(text: str) -> list[Any]:
    found = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        found.append(token.type)
        found += [child.type for child in token.children or [] if child.type not in ("text", "text_special")]
    return found


def slack_tokens(payload: Any) -> list[str]:
    texts = []
    for block in payload["blocks"]:
        texts += [t["text"] for t in [block.get("text"), *block.get("elements", [])] if t and t["type"] == "mrkdwn"]
    return re.findall(r"<[^>]*>?|>", "\n".join(texts)) + re.findall(r"[<>]", payload["text"])


@pytest.mark.parametrize("name", HOSTILE)
def test_html_has_the_shape_of_tame_words(name: str) -> None:
    html = part_of("email", HOSTILE[name]).html
    assert html_shape(html) == html_shape(part_of("email", TAME).html)
    assert not FORBIDDEN.search(html)
    assert len(html.encode()) < 60_000


@pytest.mark.parametrize("name", HOSTILE)
def test_text_holds_no_control_characters(name: str) -> None:
    part = part_of("email", HOSTILE[name])
    assert not FORBIDDEN.search(part.text)
    assert not FORBIDDEN.search(part.subject)
    assert "\n" not in part.subject
    assert len(part.subject) <= 200
    assert len(part.text) < 12_000


@pytest.mark.parametrize("name", HOSTILE)
def test_a_whole_mail_has_the_headers_and_parts_of_tame_words(name: str) -> None:
    def parsed(text: str) -> EmailMessage:
        part = part_of("email", text)
        spec = mail_channel(25, sender="News <news@monitor.test>")
        raw = message_of(delivery(part=part, digest_key="daily@x"), spec).as_bytes()
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        mail = BytesParser(policy=policy.default).parsebytes(raw)
        assert isinstance(mail, EmailMessage)
        return mail

    mail, tame = parsed(HOSTILE[name]), parsed(TAME)
    assert mail.keys() == tame.keys()
    assert "Bcc" not in mail
    assert mail.get_all("To") == ["ada@reader.test"]
    assert [p.get_content_type() for p in mail.walk()] == [p.get_content_type() for p in tame.walk()]
    assert not mail.defects
    assert not FORBIDDEN.search(str(mail["Subject"]))
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert html_shape(html.get_content()) == html_shape(part_of("email", TAME).html)


@pytest.mark.parametrize("name", HOSTILE)
def test_notes_hold_text_and_our_links(name: str) -> None:
    for part in render(digest_of(HOSTILE[name]), "apprise", Look()).parts:
        tokens = [t for top in MarkdownIt("commonmark").parse(part.markdown) for t in (top, *(top.children or []))]
        assert {t.type for t in tokens}.isdisjoint({"html_block", "html_inline", "image", "code_inline", "fence"})
        targets = {str(t.attrs["href"]) for t in tokens if t.type == "link_open"}
        assert targets == {"https://fine.test/a"}
        assert not FORBIDDEN.search(part.markdown + part.subject)


@pytest.mark.parametrize("name", HOSTILE)
def test_slack_has_only_our_links(name: str) -> None:
    payload = part_of("slack", HOSTILE[name]).payload
    tokens = slack_tokens(payload)
    assert all(re.fullmatch(r"<https://fine\.test/a\|[^<>|]*>", token) for token in tokens), tokens
    assert len(tokens) == len(slack_tokens(part_of("slack", TAME).payload))
    assert all(t["verbatim"] for b in payload["blocks"] for t in [b.get("text", {})] if t.get("type") == "mrkdwn")  # type: ignore[index]
    assert not FORBIDDEN.search(json.dumps(payload, ensure_ascii=False).replace("\\n", ""))


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_has_the_shape_of_tame_words(name: str) -> None:
    text = part_of("file", HOSTILE[name]).markdown
    assert markdown_shape(text) == markdown_shape(part_of("file", TAME).markdown)


@pytest.mark.parametrize("name", HOSTILE)
def test_json_is_json_and_shows_the_words(name: str) -> None:
    payload = json.loads(json.dumps(part_of("webhook", HOSTILE[name]).payload, allow_nan=False))
    assert [s["id"] for s in payload["stories"]] == [1, 2]
    assert not FORBIDDEN.search(payload["stories"][0]["title"])


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["rss", "atom", "json"])
def test_feeds_are_well_formed(name: str, kind: Format) -> None:
    head = FeedHead(title="News", home="https://a.test/", self_url="https://a.test/feed", updated=MONDAY)
    document = feed_out([attacked(HOSTILE[name]), attacked(TAME)], head, kind)
    if kind == "json":
        items = json.loads(document)["items"]
        assert [item["url"] for item in items] == ["https://fine.test/a"] * 2
        return
    root = Xml.fromstring(document)
    tags = [element.tag for element in root.iter()]
    assert tags == [element.tag for element in Xml.fromstring(feed_out([attacked(TAME)] * 2, head, kind)).iter()]
    if kind == "rss":
        described = html5lib.parse(root.find("channel/item/description").text, namespaceHTMLElements=False)  # type: ignore[union-attr]
        assert {e.tag for e in described.iter()} <= {"html", "head", "body", "br"}


@pytest.mark.parametrize("link", BAD_LINKS)
def test_links_are_http_or_none(link: str) -> None:
    tree = html5lib.parse(part_of("email", TAME, link).html, namespaceHTMLElements=False)
    hrefs = [a.get("href") for a in tree.iter("a")]
    assert all(re.match(r"https?://[a-z]", href) for href in hrefs)
    for token in slack_tokens(part_of("slack", TAME, link).payload):
        assert re.fullmatch(r"<https?://[^<>|\s]+\|[^<>|]*>", token), token
    tokens = MarkdownIt("commonmark").parse(part_of("file", TAME, link).markdown)
    targets = [c.attrs["href"] for t in tokens for c in t.children or [] if c.type == "link_open"]
    assert all(str(target).startswith(("http://", "https://")) for target in targets)


def test_feed_text_is_no_template() -> None:
    part = part_of("email", HOSTILE["template"])
    assert "{{ 7*7 }}" in part.html
    assert "49" not in part.subject
    assert "{more}" in part.subject


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(), min_size=1, max_size=60))
def test_any_text_keeps_the_shape(text: str) -> None:
    from monitor.text import clean_line

    if not clean_line(text, limit=60) or clean_line(text, limit=60).casefold() == "third":
        return
    html, tame = part_of("email", text).html, part_of("email", TAME).html
    assert html_shape(html) == html_shape(tame)
    markdown = part_of("file", text).markdown
    assert markdown_shape(markdown) == markdown_shape(part_of("file", TAME).markdown)
    tokens = slack_tokens(part_of("slack", text).payload)
    assert all(re.fullmatch(r"<https://fine\.test/a\|[^<>|]*>", token) for token in tokens), tokens
