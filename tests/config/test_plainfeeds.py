"""The short way for plain feeds leads where the YAML parser does, or is not taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.plainfeeds import split
from monitor.config.source import _compose, compose
from monitor.errors import ConfigError

ROOT = Path(__file__).parents[2]
_WRITTEN = r"""
feeds:
feeds: # mine
settings:
  contact: a@b.example
digests: []
# a line
  # another
  - id: a
  - id: b
- id: c
    name: A name
    url: https://x.example/feed?a=1#top
  name: D
    name: 9to5 News
    authority: 3
    enabled: false
    name: 'It''s'
    name: "Two: one"
    name: AT&T, [x]  # not bad
    interval: 30m
    interval: 0x1F
    name: 2024-01-01
    a: 1e5
    tags: [a, b]
    name: yes
    name: Null
    name: A: B
    name: A:
    name:
   x: y
      over two lines
    url: *it
    name: Ünï
    name: '#1'
-   id: wide
    name: wide
    - deep: er
---
...
    id: again
    name: 12
    name: 0o7
    b: 1_000
    name: "a\nb"
    name: A #no
    name: A#yes
    name: ~
    name: |
    name: -x
  feeds: 1
"""
_LINES = [*_WRITTEN.split("\n"), "    name: tab\there"]
ANYTHING = st.lists(st.sampled_from(_LINES), max_size=14)
#: most of these are plain
ITEMS = st.lists(
    st.lists(st.sampled_from([line for line in _LINES if line.startswith("    ")]), max_size=3).map(
        lambda lines: ["  - id: one", *lines]
    ),
    max_size=3,
).map(lambda items: [line for item in items for line in item])


def _outcome(text: str, read: object) -> object:
    try:
        document = read(text, "feeds.yaml")  # type: ignore[operator]
    except ConfigError as error:
        return str(error)
    return document.data, list(document.data), document.places, document.problems


@given(st.one_of(ANYTHING, ITEMS).map("\n".join), st.booleans())
@settings(max_examples=400)
def test_both_ways_agree(text: str, ended: bool) -> None:
    text = f"feeds:\n{text}" + "\n" * ended
    assert _outcome(text, compose) == _outcome(text, _compose)


@pytest.mark.parametrize("path", [ROOT / "feeds.yaml", *sorted(ROOT.glob("docs/**/*.yaml"))], ids=str)
def test_both_ways_agree_on_what_ships(path: Path) -> None:
    text = path.read_text()
    assert _outcome(text, compose) == _outcome(text, _compose)


def test_what_most_people_write_goes_the_short_way() -> None:
    text = """settings:
  contact: me@example.com
feeds:
  # the big ones
  - id: one
    name: The "Daily" News, and more
    url: https://news.example/feed?format=rss
    category: press   # of course
    authority: 3
    enabled: true

  - id: two
    name: 'Two: a blog'
    url: "https://two.example/atom.xml"
digests:
  - name: daily
"""
    found = split(text)
    assert found is not None
    rest, (feeds, places) = found
    assert [feed["id"] for feed in feeds] == ["one", "two"] and feeds[0]["authority"] == 3
    assert feeds[0]["enabled"] is True and feeds[0]["category"] == "press" and feeds[1]["name"] == "Two: a blog"
    assert places["feeds", 1, "url"] == (14, 5) and places["feeds", 1] == (12, 5)
    assert rest.count("\n") == text.count("\n") and "news.example" not in rest and "digests:" in rest
