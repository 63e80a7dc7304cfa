"""Reading documents: the fast way equals feedparser's, and everything else has a name."""

from __future__ import annotations

import gzip
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds.parse import parse
from monitor.types import ParsedFeed
from tests.feeds.server import item, rss

URL = "https://news.example/feed"
ATOM = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">
<title>Atom</title><link href="https://news.example/"/><entry>
<title type="html">One &amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt;</title><id>urn:1</id>
<link rel="self" href="https://news.example/1.atom"/><link href="https://news.example/1"/><author><name>Ann</name></author>
<updated>2024-02-26T08:00:00+01:00</updated><published>2024-02-26T07:00:00Z</published>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>First <b>words</b></p><p>more</p></div>
</content></entry>
<entry><title>Two</title><id>urn:2</id><link href="/2"/><updated>2024-02-25T07:00:00.123Z</updated>
<summary>Short</summary><content type="html">&lt;p&gt;Long&lt;/p&gt;</content>
<source><title>Elsewhere</title><link href="https://else.example/"/></source></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://news.example/"><title>RDF</title>
<link>https://news.example/</link></channel><item rdf:about="https://news.example/1"><title>One</title>
<link>https://news.example/1</link><dc:date>2024-02-26T08:00:00Z</dc:date><dc:creator>Bob</dc:creator></item></rdf:RDF>"""
RICH = """<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"
xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>
<title>Rich</title><atom:link href="https://news.example/feed" rel="self"/><link>https://news.example</link>
<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency><language>en-US</language>
<item><title>A &#8217;quoted&#8217; title</title><link>https://news.example/a?x=1&amp;y=2</link><guid>https://news.example/?p=1</guid>
<dc:creator><![CDATA[Ann]]></dc:creator><pubDate>Mon, 26 Feb 2024 08:00:00 +0000</pubDate><category>AI</category>
<description><![CDATA[<p>Hello &hellip; <a href="x">world</a></p>]]></description>
<content:encoded><![CDATA[<p>Whole</p>]]></content:encoded>
<media:content url="x"><media:title>pic</media:title></media:content></item>
<item><guid isPermaLink="false">77</guid><title>No link</title><source url="https://o.example/rss">Other</source></item>
</channel></rss>"""
DOCUMENTS = [ATOM, RDF, RICH, rss(*(item(n, date="Mon, 26 Feb 2024 08:00:00 GMT") for n in range(5))).decode()]


def read(text: str | bytes, *, fast: bool = True, content_type: str = "", truncated: bool = False) -> ParsedFeed:
    body = text.encode() if isinstance(text, str) else text
    return parse(body, url=URL, fast=fast, content_type=content_type, truncated=truncated)


def outcome(text: bytes, *, fast: bool) -> ParsedFeed | str:
    try:
        return replace(read(text, fast=fast), reader="feedparser", warnings=())
    except ParseError as error:
        return error.kind


def test_what_is_read() -> None:
    one, two = read(ATOM).entries
    assert (one.title, one.summary, one.author, one.guid) == ("One bold", "First words more", "Ann", "urn:1")
    assert one.link == "https://news.example/1" and one.published is not None and one.published.hour == 7
    assert (two.link, two.summary, two.source_name) == ("https://news.example/2", "Short", "Elsewhere")
    rich, bare = read(RICH).entries
    assert rich.title == "A ’quoted’ title" and rich.summary == "Hello … world"
    assert rich.link == "https://news.example/a?x=1&y=2" and bare.source_url == "https://o.example/rss"
    assert read(RICH).ttl == 1800 and read(RICH).language == "en-US" and read(RDF).entries[0].author == "Bob"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_common_forms_go_the_fast_way_and_give_what_feedparser_gives(document: str) -> None:
    assert read(document).reader == "fast"
    assert outcome(document.encode(), fast=True) == outcome(document.encode(), fast=False)


def mutated(document: str, seed: int) -> bytes:
    """Cut, doubled, exchanged and broken, as networks and programs do it."""
    rng = random.Random(seed)
    tokens = re.findall(r"<[^>]*>|[^<]+", document)
    for _ in range(rng.randint(1, 4)):
        i, j = rng.randrange(len(tokens)), rng.randrange(len(tokens))
        match rng.randrange(7):
            case 0:
                tokens[i], tokens[j] = tokens[j], tokens[i]
            case 1:
                tokens.insert(i, tokens[j])
            case 2 if len(tokens) > 3:
                del tokens[i]
            case 3:
                del tokens[max(3, i) :]
            case 4:
                tokens[i] += rng.choice(
                    ["&nbsp;", "&#0;", "&#xD83D;&#xDE00;", "&", "<", "\x00", "\ufffe", "]]>", "é中😀", "\x0b"]
                )
            case 5:
                tokens[i] = tokens[i].replace(
                    ">", rng.choice([' base="http://o.example/x">', " lang='fr'>", " type='html'>"])
                )
            case _:
                tokens[i] = rng.choice(
                    ["<title/>", "<link/>", "<item>", "</item>", "<script>x()</script>", "<date>2024-01-01</date>"]
                )
    return "".join(tokens).encode("utf-8", "surrogatepass")


@given(st.sampled_from(DOCUMENTS), st.integers(0, 2**32))
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_mutations_read_equally_both_ways_and_come_out_clean(document: str, seed: int) -> None:
    body = mutated(document, seed)
    fast = outcome(body, fast=True)
    assert fast == outcome(body, fast=False)
    assert_clean(fast)


def assert_clean(found: ParsedFeed | str) -> None:
    if isinstance(found, str):
        return
    for entry in found.entries:
        for text in (entry.title, entry.summary, entry.author or "", entry.guid or "", entry.source_name or ""):
            assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]|<script", text)
        assert entry.link is None or entry.link.startswith(("http://", "https://"))


def captured(shared: Path) -> list[Path]:
    return [path for path in sorted((shared / "data" / "feeds").iterdir()) if path.suffix != ".tsv"]


@pytest.mark.shared
def test_captured_documents_read_equally_both_ways(shared: Path) -> None:
    for path in captured(shared):
        body = path.read_bytes()
        assert outcome(body, fast=True) == outcome(body, fast=False), path.name


@pytest.mark.shared
@pytest.mark.long
@pytest.mark.timeout(3000)
def test_ten_thousand_mutations_of_captured_documents(shared: Path) -> None:
    small = [path.read_bytes() for path in captured(shared) if path.stat().st_size < 40_000]
    for seed in range(10_000):
        document = small[seed % len(small)].decode("utf-8", "replace")
        body = mutated(document, seed)
        fast = outcome(body, fast=True)
        assert fast == outcome(body, fast=False), seed
        assert_clean(fast)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b" \n\xef\xbb\xbf", "empty"),
        (b"<!DOCTYPE html><html><title>Just a moment...</title></html>", "challenge"),
        (b"<html><body><form><input type='password'></form></body></html>", "login"),
        (b"<html><head><title>Hello</title></head><body>feed</body></html>", "html"),
        (b"%PDF-1.7 ...", "not-a-feed"),
        (b"<opml version='1.0'><body/></opml>", "not-a-feed"),
        (b'{"a": 1}', "not-a-feed"),
        (b"[" * 200_000, "not-a-feed"),
        (b"/etc/passwd", "not-a-feed"),
        (b"<?xml version='1.0'?><rss version='2.0'><channel><item><title>x", "truncated"),
        (b"<rss><channel>" + b"<a>" * 100_000, "too-big"),
        (
            b"<rss><channel><item "
            + b" ".join(b'a%d="x"' % n for n in range(20_000))
            + b"><title>&nbsp;</title></item></channel></rss>",
            "too-big",
        ),
    ],
)
def test_what_came_instead_of_a_feed_is_named(body: bytes, kind: str) -> None:
    with pytest.raises(ParseError) as caught:
        read(body)
    assert caught.value.kind == kind and "\n" not in str(caught.value)


def test_charsets_and_odd_beginnings() -> None:
    text = rss(item(1, title="Größe – naïve")).decode()
    bare = text.replace('<?xml version="1.0" encoding="utf-8"?>', "")
    for body, content_type in [
        (text.encode(), "text/xml; charset=iso-8859-1"),
        (text.encode("utf-16"), ""),
        (bare.encode("utf-16-le"), ""),
        (bare.encode("cp1252"), "text/xml; charset=ISO-8859-1"),
        (f"<?xml version='1.0' encoding='windows-1252'?>{bare}".encode("cp1252"), "text/html"),
        (b"\n\n <br>PHP Warning: x</br>\n" + text.encode(), ""),
        (b"\xef\xbb\xbf" + text.encode(), "text/plain"),
    ]:
        found = read(body, content_type=content_type).entries
        assert [entry.title for entry in found] == ["Größe – naïve"], (body[:60], content_type)


def test_a_server_that_calls_everything_utf_8_is_not_believed_against_the_bytes() -> None:
    for codec, title in (
        ("gb2312", "建国三十五周年"),
        ("iso-8859-7", "Καλημέρα κόσμε"),
        ("windows-1251", "Привет, мир"),
    ):
        text = f"<?xml version='1.0' encoding='{codec}'?>" + rss(item(1, title=title)).decode().partition("?>")[2]
        found = read(text.encode(codec), content_type="application/xml; charset=utf-8")
        assert found.entries[0].title == title
    # one broken letter does not make another language of it
    found = read(
        rss(item(1, title="Größe – naïve und schön")) + "ü".encode()[:1], content_type="text/xml; charset=utf-8"
    )
    assert found.entries[0].title == "Größe – naïve und schön"


def test_emoji_of_naive_generators_and_undeclared_entities_are_read() -> None:
    found = read(rss(item(1, title="Go &#55357;&#56832;&nbsp;now &#xD800;")))
    assert found.entries[0].title == "Go 😀 now"
    assert read(RICH.replace("dc:creator", "zz:creator")).entries[0].title == "A ’quoted’ title"


def test_whole_entries_of_a_cut_document_are_kept() -> None:
    whole = rss(*(item(n) for n in range(5)))
    for cut in range(whole.index(b"Story 3"), len(whole) - 20, 7):
        found = read(whole[:cut])
        expected = whole[:cut].count(b"</item>")
        assert len(found.entries) == expected and found.truncated, cut


def test_entities_bombs_and_files_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t")
    for doctype in (
        "<!DOCTYPE rss ["
        + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
        + '<!ENTITY l0 "lol">]>',
        f'<!DOCTYPE rss [<!ENTITY l11 SYSTEM "file://{secret}">]>',
    ):
        found = read(
            doctype.encode() + b"<rss version='2.0'><channel><item><title>x &l11;</title></item></channel></rss>"
        )
        assert "s3cr3t" not in repr(found) and len(found.entries[0].title) < 600


def test_a_long_author_does_not_stall() -> None:
    found = read(
        b"<rss><channel><item><author>" + b"a" * 50_000 + b"</author><title>&nbsp;</title></item></channel></rss>"
    )
    assert found.entries[0].author is not None and len(found.entries[0].author) <= 200


def test_json_feed() -> None:
    text = (
        '{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": 12345, "url": "https://j.example/1",'
        ' "title": "One", "content_html": "<p>Hi</p>", "date_published": "2024-02-26T08:00:00Z"},'
        ' {"id": "2", "content_text": "a < b", "url": ["x"], "authors": [{"name": "Ann"}, 7]}]}'
    )
    one, two = read(text).entries
    assert (one.guid, one.summary, one.link) == ("12345", "Hi", "https://j.example/1") or one.guid == "12345"
    assert (two.summary, two.author, two.link) == ("a < b", "Ann", None)
    assert len(read(text[: text.index('"id": "2"')]).entries) == 1
    for title, plain in (("List<T> of AT&amp;T &#8212; x", "List<T> of AT&T — x"), ("A <b>bold</b> one", "A bold one")):
        assert read(text.replace("One", title)).entries[0].title == plain


def test_a_compressed_body_is_not_taken_for_text() -> None:
    with pytest.raises(ParseError):
        read(gzip.compress(RICH.encode()))


def test_entries_beyond_the_cap_are_counted() -> None:
    found = read(rss(*(item(n) for n in range(5_010))))
    assert len(found.entries) == 5_000 and "5010 entries" in found.warnings[0]
