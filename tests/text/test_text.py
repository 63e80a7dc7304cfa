"""Cleaning at the boundary."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text import cjk_pieces, clean_line, has_cjk, plain, repair_references, shorten

HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\U000e0000-\U000e007f]"
)
ANY_TEXT = st.text(st.characters(), max_size=200)
MARKUP = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<b",
                ">",
                "<script>",
                "</script>",
                "<!--",
                "-->",
                "<![CDATA[",
                "]]>",
                "&amp;",
                "&lt;",
                "&#",
                "&#x1f;",
            ]
            + [
                "&#55357;&#56832;",
                "<br/>",
                "&nbsp;",
                "\x00",
                "\u202e",
                "<svg onload=x>",
                "&lt;script&gt;",
                "<style>x{}</style>",
            ]
        ),
        st.text(max_size=8),
    ),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain words", "plain words"),
        ("  two\tlines\nof  text ", "two lines of text"),
        ("<b>Go</b>ogle <i>ships</i><p>Next</p>", "Google ships Next"),
        ("one<br/>two<li>three", "one two three"),
        ("Q&amp;A at 5 &lt; 6", "Q&A at 5 < 6"),
        ("a < b & c", "a < b & c"),
        ("AI <3 you", "AI <3 you"),
        ("<script>alert(1)</script>Hello", "Hello"),
        ("x<style>p{}</style>y<!-- z -->", "xy"),
        ("&lt;p&gt;escaped once too often&lt;/p&gt;", "escaped once too often"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Hi", "Hi"),
        ("List&lt;int&gt; in Java", "List<int> in Java"),
        ("<![CDATA[kept words]]>", "kept words"),
        ("&#0;a&#31;b&#x1f;c", "abc"),
        ("&#55357;&#56832; and &#xD83D;&#xDE00;", "😀 and 😀"),
        ("&#xD800;x", "x"),
        ("\ud83d\ude00 \ud800", "😀"),
        ("zero\u200bwidth bidi\u202etxt", "zerowidth biditxt"),
        ("hid\U000e0041\U000e0042den", "hidden"),
        ("fam\u200dily می\u200cخواهم", "fam\u200dily می\u200cخواهم"),
        ("e\u0301te\u0301", "été"),
        ("<title>kept</title> too", "kept too"),
        ("", ""),
    ],
)
def test_plain(raw: str, expected: str) -> None:
    assert plain(raw, limit=500) == expected


@given(st.one_of(ANY_TEXT, MARKUP), st.integers(1, 300))
@settings(max_examples=300)
def test_what_comes_out_is_clean_and_short(raw: str, limit: int) -> None:
    text = plain(raw, limit=limit)
    assert not HOSTILE.search(text)
    assert len(text) <= limit
    assert text == " ".join(text.split())
    assert unicodedata.is_normalized("NFC", text)
    assert not re.search(r"<\s*/?(script|p|br|style|iframe)[\s>]", text, re.I)
    text.encode("utf-8")


@given(ANY_TEXT)
def test_cleaning_a_line_twice_changes_nothing(raw: str) -> None:
    once = clean_line(raw)
    assert clean_line(once) == once


def test_a_flood_of_combining_marks_is_cut() -> None:
    assert len(plain("a" + "\u0301" * 20_000, limit=50_000)) < 20


@pytest.mark.parametrize(
    "raw",
    ["<div>" * 30_000 + "x", "<!--" * 20_000, "<a " * 50_000, "&#" * 100_000, "<table><tr><td>" * 5_000, "<" * 200_000],
)
def test_hostile_markup_is_only_text(raw: str) -> None:
    assert len(plain(raw, limit=1000)) <= 1000


def test_shorten_cuts_between_words_and_never_inside_a_character() -> None:
    assert shorten("one two three four", 13) == "one two…"
    assert shorten("one two", 7) == "one two"
    assert shorten("abcdefghij", 5) == "abcd…"
    assert shorten("人工智能发布新模型", 5) == "人工智能…"
    assert shorten("abc\U0001f468\u200d\U0001f469\u200d\U0001f467 x", 6) == "abc\U0001f468…"


@given(ANY_TEXT, st.integers(0, 50))
def test_shorten_keeps_the_limit(text: str, n: int) -> None:
    assert len(shorten(text, n)) <= n or len(text) <= n


def test_cjk_pieces() -> None:
    assert cjk_pieces("OpenAI发布新模型 today") == "OpenAI 发布 布新 新模 模型 today"
    assert cjk_pieces("中") == "中"
    assert cjk_pieces("plain  text") == "plain  text"
    assert cjk_pieces("ソニーが買収") == "ソニ ニー ーが が買 買収"
    assert has_cjk("GPT发") and not has_cjk("naïve 안녕")


@given(st.text("中文模型発表のテスト", min_size=1, max_size=12), st.data())
def test_a_part_of_a_run_is_found_as_a_phrase(run: str, data: st.DataObject) -> None:
    if len(run) < 2:
        return
    start = data.draw(st.integers(0, len(run) - 2))
    part = run[start : data.draw(st.integers(start + 2, len(run)))]
    assert f" {cjk_pieces(part)} " in f" {cjk_pieces('x' + run + 'y')} "


@given(st.integers(0, 0x10FFFF))
def test_references_left_are_legal_in_xml(code: int) -> None:
    import lxml.etree

    document = repair_references(f"<a>&#{code};&#x{code:x};</a>")
    lxml.etree.fromstring(document)
