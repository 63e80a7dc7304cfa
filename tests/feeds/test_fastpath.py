"""What feedparser has in its hand while it reads: the fast path must hold the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import ParseError
from monitor.feeds.parse import parse
from monitor.types import ParsedFeed

URL = "https://news.example/feed"
SPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:a="http://www.w3.org/2005/Atom" xmlns:my="urn:mine" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
)
ITEM = "<item><title>One</title><link>https://news.example/1</link></item>"


def channel(inner: str) -> str:
    return f'<rss version="2.0" {SPACES}><channel>{inner}</channel></rss>'


def entry(inner: str) -> str:
    return channel(f"<title>Feed</title><item>{inner}</item>")


def atom(inner: str) -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {SPACES}>{inner}</feed>'


def both(document: str) -> tuple[ParsedFeed | str, ParsedFeed | str, str]:
    """(the fast way's outcome, feedparser's, who read it)."""
    found: list[ParsedFeed | str] = []
    reader = ""
    for fast in (True, False):
        try:
            parsed = parse(document.encode(), url=URL, fast=fast)
            reader = reader or parsed.reader
            found.append(replace(parsed, reader="fast", warnings=()))
        except ParseError as error:
            found.append(error.kind)
    return found[0], found[1], reader


#: documents that the fast path reads itself
READ = {
    "a second title": channel(f"<title>A</title><title>B</title>{ITEM}"),
    "an empty title after one": channel(f"<title>A</title><title/>{ITEM}"),
    "a title after the entries": channel(f"<title>A</title>{ITEM}<title/>"),
    "a title after the image": channel(f"<title>A</title><image><title>I</title></image><title>B</title>{ITEM}"),
    "a media title first": channel(f"<media:title>M</media:title><title>A</title>{ITEM}"),
    "ids as link": atom("<id>https://news.example/</id><title>T</title><entry><id>urn:1</id></entry>"),
    "a link with parameters": channel(f"<link>https://news.example/?a=1&amp;amp;b=2</link>{ITEM}"),
    "a summary of the feed, twice": channel(
        "<itunes:summary>F</itunes:summary><itunes:summary>G</itunes:summary>"
        "<item><description>D</description><itunes:summary>S</itunes:summary></item>"
        "<item><description>D</description><itunes:summary>S</itunes:summary></item>"
    ),
    "an empty description": entry("<title>T</title><description/><itunes:summary>S</itunes:summary>"),
    "three summaries": entry(
        "<description>D</description><itunes:summary>S</itunes:summary><media:description>M</media:description>"
    ),
    "content, then description": entry("<content:encoded>C</content:encoded><description>D</description>"),
    "content twice": entry("<content:encoded>C</content:encoded><content:encoded>E</content:encoded>"),
    "two titles": entry("<title/><dc:title>D</dc:title><title>T</title>"),
    "a media title before and after": entry("<media:title>M</media:title><title>T</title><media:title>N</media:title>"),
    "media titles only": entry("<media:group><media:title>M</media:title></media:group><media:title>N</media:title>"),
    "media described": entry(
        "<media:group><media:title>M</media:title><media:description>D</media:description></media:group><title>T</title>"
    ),
    "a title after the source": entry('<title>T</title><source url="https://o.example/">O</source><title>U</title>'),
    "guids": entry("<guid>https://news.example/1</guid><guid isPermaLink='false'>2</guid><link>/3</link>"),
    "an empty link": entry("<guid>https://news.example/1</guid><link/>"),
    "a link that leads elsewhere": entry('<a:link rel="" href="/x"/><a:link type="" href="/y"/><a:link href="/z"/>'),
    "other parents": entry('<a:link rel="self" href="/x"/><my:thing><my:other>x</my:other></my:thing><link>/1</link>'),
    "two authors": entry("<author>A</author><dc:creator>C</dc:creator>"),
    "a name that was encoded twice": atom(
        "<entry><id>1</id><author><name>J\u00c3\u00bcrgen</name><email>j@x.example</email><uri>https://x.example</uri>"
        "</author></entry>"
    ),
    "a source by its id": atom(
        "<entry><id>1</id><source><id>https://o.example/</id><title>O</title></source><title>T</title></entry>"
    ),
    "xhtml": atom(
        '<entry><id>1</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A <b id="x">b</b></div></title>'
        '<rights type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">R</div></rights></entry>'
    ),
    "unknown spaces": entry("<my:title>M</my:title><title xmlns='urn:x'>X</title>"),
    "an address of its own": channel(
        '<link>/</link><item xml:base="https://b.example/x/"><title>T</title><link>1</link><guid>2</guid></item>'
        '<item base="sub/"><a:link href="3" xml:base="https://c.example/"/><guid isPermaLink="false">4</guid></item>'
    ),
    "an image": entry("<image><title>I</title><url>/i.png</url><link>/i</link></image><link>/1</link><title/>"),
    "an image first": entry("<image><title>I</title></image><title>T</title>"),
    "another space under a usual prefix": '<rss version="2.0" xmlns:media="https://search.yahoo.com/mrss/"><channel>'
    "<item><media:title>M</media:title></item></channel></rss>",
    "licences": entry('<title>T</title><cc:license xmlns:cc="http://web.resource.org/cc/">L</cc:license>'),
    "lists of categories": entry("<categories><category>C</category></categories><title>T</title><rating>5</rating>"),
    "a date that no format knows": entry("<date>2024-02-26T08:00:00Z</date><pubDate>x</pubDate>"),
}
#: documents that look as common as those, and are left to feedparser
LEFT = {
    "an entry among entries": channel(f"{ITEM}<entry><title>E</title></entry>"),
    "an item in an Atom feed": atom("<title>T</title><item/>"),
    "a title in odd places": channel(f"<skipHours><title/></skipHours><title>A</title>{ITEM}"),
    "a link at the owner": channel(f"<link>https://a.example/</link><itunes:owner><link/></itunes:owner>{ITEM}"),
    "closing tags that mean something": atom(
        '<entry><id>1</id><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><a:title/>x</div></content></entry>'
    ),
    "base64": entry('<title type="application/octet-stream">VGl0bGU=</title>'),
    "no type": entry('<title type="">VGl0bGU=</title>'),
    "keys of its own": entry("<links>x</links><link>https://a.example/</link>"),
    "RDF without entries": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel/></rdf:RDF>',
    "a prefix with two meanings": entry('<x:title xmlns:x="urn:1"/><x:title xmlns:x="urn:2">X</x:title>'),
    "letters of newer XML": entry("<title>T</title><😀/>"),
}


@pytest.mark.parametrize("name", READ)
def test_what_it_reads_it_reads_as_feedparser(name: str) -> None:
    ours, theirs, reader = both(READ[name])
    assert reader == "fast" and ours == theirs


@pytest.mark.parametrize("name", LEFT)
def test_what_it_is_not_sure_of_it_leaves_to_feedparser(name: str) -> None:
    ours, theirs, reader = both(LEFT[name])
    assert reader != "fast" and ours == theirs
