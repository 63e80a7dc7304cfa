"""The table by which the fast path knows feedparser's elements."""

from __future__ import annotations

import pytest
from feedparser.api import StrictFeedParser

from monitor.feeds.names import HANDLED, UnsureError, check_declarations, foreign, known


def test_every_element_that_feedparser_handles_is_in_the_table() -> None:
    handlers = {
        name.removeprefix(kind).lower()
        for name in dir(StrictFeedParser)
        for kind in ("_start_", "_end_")
        if name.startswith(kind)
    }
    assert handlers and handlers <= HANDLED


def test_every_namespace_that_feedparser_knows_is_known_or_left_to_it() -> None:
    for namespace, prefix in StrictFeedParser.namespaces.items():
        tag = f"{{{namespace}}}x" if namespace else "x"
        try:
            assert known(tag) == (f"{prefix.lower()}_x" if prefix else "x"), namespace
        except UnsureError:
            continue


def test_elements_are_named_as_feedparser_names_them() -> None:
    assert known("{http://purl.org/dc/elements/1.1/}Creator") == "dc_creator"
    assert known("{http://www.w3.org/2005/Atom}link") == known("link") == "link"
    assert known("{urn:mine}title") is None
    assert foreign("{urn:mine}Title", "My") == "my_title" and foreign("{urn:mine}Title", None) == "title"
    for strange in ("{http://purl.org/atom/ns#}title", "{http://www.w3.org/2000/svg}title", "titel😀"):
        with pytest.raises(UnsureError):
            known(strange)


@pytest.mark.parametrize(
    "text",
    [
        '<a xmlns:dc="http://search.yahoo.com/mrss/">',
        '<a xmlns:content="http://purl.org/rss/1.0/modules/image/">',
        '<a xmlns:x="urn:1"><b xmlns:x="urn:2">',
        '<a xmlns:MEDIA="http://purl.org/dc/elements/1.1/">',
    ],
)
def test_prefixes_that_mean_something_else_than_usual_are_left_to_feedparser(text: str) -> None:
    with pytest.raises(UnsureError):
        check_declarations(text)
    check_declarations('<a xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:x="urn:1"><b xmlns:x="urn:1">')
    check_declarations('<a xmlns:media="https://search.yahoo.com/mrss/" xmlns:cc="http://web.resource.org/cc/">')
