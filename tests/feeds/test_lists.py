"""OPML lists and the feeds behind a page."""

from __future__ import annotations

import pytest

from monitor.errors import DataError
from monitor.feeds import opml
from monitor.feeds.discover import candidates
from monitor.types import FeedSpec, Fetched, Secret


def test_what_is_written_is_read_again() -> None:
    specs = [
        FeedSpec(id="a", url="https://a.example/feed?x=1&y=2", name='A "quoted" <name>', category="lab"),
        FeedSpec(
            id="b", url="https://b.example/rss", name="B", category="press", password=Secret("s3cr3t"), username="u"
        ),
    ]
    text = opml.write(specs)
    assert "s3cr3t" not in text
    found = opml.read(text.encode())
    assert [(f.url, f.name, f.category) for f in found] == [(s.url, s.name, s.category) for s in specs]


def test_folders_and_odd_lists() -> None:
    body = b"""<opml version="1.0"><body><outline text="News"><outline title="AI">
      <outline text="One" xmlUrl="HTTPS://One.example/feed"/><outline text="Again" xmlurl="http://one.example/feed/"/>
      <outline text="Two" xmlUrl="javascript:alert(1)"/></outline></outline><outline xmlUrl='https://x.example/'/></body></opml>"""
    found = opml.read(body)
    assert [(f.url, f.name, f.category) for f in found] == [
        ("https://one.example/feed", "One", "News/AI"),
        ("https://x.example/", "https://x.example/", ""),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<rss/>",
        b"not xml",
        b'<!DOCTYPE o [<!ENTITY a "b">]><opml><body>&a;</body></opml>',
        b"<opml>" + b"x" * opml.MAX_BYTES,
    ],
)
def test_what_is_no_list_is_one_error(body: bytes) -> None:
    with pytest.raises(DataError) as caught:
        opml.read(body)
    assert "\n" not in str(caught.value)


def test_candidates_of_a_page() -> None:
    page = b"""<html><head><base href="/blog/"><title>x</title>
      <link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">
      <link rel="alternate" type="application/atom+xml" title="All posts" href="atom">
      <link rel="alternate" type="text/html" hreflang="de" href="/de/">
      <link rel="stylesheet" href="x.css"></head><body><a href="https://other.example/rss.xml">RSS</a></body>"""
    found = candidates(Fetched(url="https://site.example/page", status=200, body=page), guesses=False)
    assert [c.url for c in found] == [
        "https://site.example/blog/atom",
        "https://other.example/rss.xml",
        "https://site.example/comments/feed/",
    ]
    guessed = candidates(Fetched(url="https://site.example/page", status=200, body=b"<html></html>"))
    assert guessed[0].url == "https://site.example/feed" and not guessed[0].named
