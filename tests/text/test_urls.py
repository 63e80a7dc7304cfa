"""Addresses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.urls import canonical, host_key, host_of, http_url, link_key, masked, registrable_domain

PIECES = st.lists(
    st.sampled_from(
        [
            "/",
            "a",
            "..",
            ".",
            "amp",
            "%2F",
            "%7e",
            "%zz",
            "%",
            "?",
            "&",
            "=",
            "utm_source=x",
            "id=1",
            "#",
            "top",
            "ref=rss",
            "ü",
            "中",
        ]
        + [" ", "//", ":", "@", ";", "\\", "|", "<", '"', "[", "]", "\n", "amp=1", "%E4", "\ud800"]
    ),
    max_size=14,
).map("".join)
HOSTS = st.sampled_from(
    ["x.com", "WWW.X.com", "m.x.co.uk", "münchen.de", "127.0.0.1:80", "[::1]", "x.com:443", "u:p@x.com", "x.com."]
)
URLS = st.one_of(
    st.builds(lambda s, h, p: f"{s}://{h}/{p}", st.sampled_from(["http", "HTTPS"]), HOSTS, PIECES), st.text(max_size=60)
)


@given(URLS)
@settings(max_examples=500)
def test_canonical_twice_is_canonical_once(url: str) -> None:
    once = canonical(url)
    if once is not None:
        assert canonical(once) == once
        assert once.startswith(("http://", "https://")) and once.isascii() and " " not in once
        assert link_key(once) == link_key(url)


@given(URLS)
def test_links_of_documents_are_http_or_nothing(url: str) -> None:
    link = http_url(url, "https://base.example/dir/")
    if link is not None:
        assert link.startswith(("http://", "https://")) and link.isascii()
        assert not set(link) & set(' "<>\\\n\t')
        assert http_url(link) == link


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("HTTP://User:pw@Example.COM:80/a/../b/./c?utm_source=x&b=2&a=1#xtor=3", "http://example.com/b/c?b=2&a=1"),
        ("https://x.com", "https://x.com/"),
        ("https://x.com/%7Euser/%2f", "https://x.com/~user/%2F"),
        ("https://x.com/notes#may-5", "https://x.com/notes#may-5"),
        ("https://x.com/a?ref=main", "https://x.com/a?ref=main"),
        ("https://x.com/a?ref=producthunt&fbclid=1", "https://x.com/a"),
        ("https://x.com/a?ref=newsletter-12", "https://x.com/a?ref=newsletter-12"),
        ("https://x.com/a?from=feedback", "https://x.com/a?from=feedback"),
        ("https://x.com/a?ref=other.example.com", "https://x.com/a"),
        # what is stored is opened: only keys leave out that a page is an AMP page
        ("https://x.com/2026/11/a-long-story/amp/", "https://x.com/2026/11/a-long-story/amp/"),
        ("https://x.com/amp", "https://x.com/amp"),
        ("https://www.google.com/amp/s/news.example/a/amp", "https://news.example/a/amp"),
        ("https://x-com.cdn.ampproject.org/c/s/x.com/a", "https://x.com/a"),
        ("https://münchen.de/ä", "https://xn--mnchen-3ya.de/%C3%A4"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("http://", None),
        ("http://x.com:99999/", None),
        ("http://evil\\@good/", None),
        ("http://a..b/", None),
        ("https://x.com/" + "a" * 100_000, None),
        ("http://" + "٠" * 5000 + ".com/", None),
    ],
)
def test_canonical(raw: str, expected: str | None) -> None:
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("page", "same"),
    [
        ("https://x.com/news/the-long-story/amp", "https://x.com/news/the-long-story"),
        ("https://amp.x.com/2026/11/the-long-story/amp/", "https://x.com/2026/11/the-long-story/"),
        ("https://x.com/news/story/2026112401/amp?id=7", "https://x.com/news/story/2026112401?id=7"),
    ],
)
def test_an_amp_page_has_its_articles_key(page: str, same: str) -> None:
    assert link_key(page) == link_key(same)


@pytest.mark.parametrize("page", ["blog/amp", "products/amp/", "docs/models/amp", "the-long-story-told/amp", "amp/amp"])
def test_a_page_about_amp_is_no_other_page(page: str) -> None:
    assert link_key(f"https://x.com/{page}") != link_key(f"https://x.com/{page.rstrip('/').removesuffix('/amp')}")


def test_link_key_ignores_what_wobbles_and_nothing_else() -> None:
    base = link_key("https://www.example.com/story?id=7&page=2")
    for same in (
        "http://example.com/story?id=7&page=2",
        "https://m.example.com/story/?page=2&id=7&utm_medium=rss",
        "https://EXAMPLE.com:443/story?id=7&page=2#rss",
    ):
        assert link_key(same) == base
    for other in (
        "https://www.example.com/story?id=8&page=2",
        "https://www.example.com/Story?id=7&page=2",
        "https://example.com/story?id=7&page=2#part",
        "https://news.example.com/story?id=7&page=2",
    ):
        assert link_key(other) != base
    assert len(base) == 16
    assert link_key("not a url") != link_key("not another")
    assert link_key("https://m.co/x") != link_key("https://co/x")


@pytest.mark.parametrize(
    ("raw", "base", "expected"),
    [
        ("../x y", "http://a.com/b/c/", "http://a.com/b/x%20y"),
        ("//h.com/x", "https://a.com/", "https://h.com/x"),
        ("?p=1", "https://a.com/b", "https://a.com/b?p=1"),
        ("https://a.com/b?c=d|e", None, "https://a.com/b?c=d%7Ce"),
        ("javascript:alert(1)", "https://a.com/", None),
        ("data:text/html,x", "https://a.com/", None),
        ("  https://a.com/\n x ", None, "https://a.com/%20x"),
        ("", "https://a.com", None),
        (None, "https://a.com", None),
        ("x", "no base", None),
    ],
)
def test_http_url(raw: str | None, base: str | None, expected: str | None) -> None:
    assert http_url(raw, base) == expected


def test_publishers_and_hosts() -> None:
    assert registrable_domain("news.bbc.co.uk") == "bbc.co.uk"
    assert registrable_domain("me.github.io") == "me.github.io"
    assert registrable_domain("some.substack.com") == "some.substack.com"
    assert registrable_domain("www.medium.com") == "medium.com"
    assert registrable_domain("10.0.0.1") == "10.0.0.1"
    assert host_key("https://a.github.io/x") == host_key("http://b.github.io/y") == "github.io"
    assert host_key("https://news.bbc.co.uk/x") == "bbc.co.uk"
    assert host_key("http://127.0.0.1:8790/a") == "127.0.0.1:8790"
    assert host_key("http://[::1]/a") == "[::1]:80"
    assert host_key("http://nas:81/a") == "nas:81"
    assert host_of("https://[::1]:8/") == "::1"


def test_secrets_are_masked() -> None:
    shown = [
        masked("https://user:s3cr3t@x.com/feed?api_key=s3cr3t&q=ai"),
        masked("https://hooks.slack.com/services/T0/B0/s3cr3t"),
        masked("user:s3cr3t@nowhere"),
        masked("http://x.com/?t=" + "s3cr3t" * 20),
        masked("https://user:s3cr3t@[broken/"),
    ]
    assert not any("s3cr3t" in text for text in shown)
    assert "x.com/feed" in shown[0] and "q=ai" in shown[0]


TIDY = st.builds(
    lambda scheme, host, path, query: f"{scheme}://{host}/{path}" + (f"?{query}" if query else ""),
    st.sampled_from(["http", "https"]),
    st.sampled_from(["x.com", "www.news.co.uk", "10.0.0.1", "a-b.c-d.example", "cdn.ampproject.org", "google.com"]),
    st.lists(st.sampled_from(["a", "2026", "/", "amp", "-", ".", "..", "_", "~", "'", "(", "@", ":", "c/x.com/"])).map(
        "".join
    ),
    st.lists(st.sampled_from(["id=1", "utm_source=x", "ref=rss", "&", "=", "b", "q=a/b?c", "ref=main"])).map("".join),
)


@given(TIDY)
@settings(max_examples=500)
def test_the_short_way_for_tidy_addresses_leads_where_the_long_one_does(url: str) -> None:
    # a fragment that only traces goes, and makes the address take the long way
    assert canonical(url) == canonical(f"{url}#top")
    assert host_of(url) == host_of(f"{url}#top")
    assert link_key(url) == link_key(f"{url}#top")


def test_suffixes_beyond_ascii_are_known_in_punycode() -> None:
    assert registrable_domain("a.b.xn--55qx5d.cn") == "b.xn--55qx5d.cn"
    assert host_key("https://a.b.xn--55qx5d.cn/feed") == "b.xn--55qx5d.cn"
    assert host_key("https://a.b.公司.cn/feed") == "b.xn--55qx5d.cn"
