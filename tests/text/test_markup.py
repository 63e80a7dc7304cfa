"""The short way through tidy markup gives what a whole HTML parser gives."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text import _clean, _strip_any_markup, _strip_markup

NAMES = ["p", "div", "br", "li", "ul", "h2", "hr", "pre", "img", "a", "b", "em", "span", "strong", "code", "font"]
ATTRIBUTES = st.sampled_from(
    [
        "",
        ' href="https://x.example/?a=1&amp;b=2"',
        " class='a b'",
        ' title="1 > 0"',
        " hidden",
        " width=10",
        " \n id = x ",
    ]
)
TAGS = st.builds(
    lambda name, close, attributes, end: f"<{'/' if close else ''}{name}{'' if close else attributes}{end}",
    st.sampled_from([*NAMES, *map(str.upper, NAMES)]),
    st.booleans(),
    ATTRIBUTES,
    st.sampled_from([">", ">", "/>", " >"]),
)
WORDS = st.sampled_from(
    [
        "word",
        " two words ",
        "&amp;",
        "&lt;b&gt;",
        "&#8217;",
        "&nbsp;",
        "&eacute",
        "&notit;",
        "&#x80;",
        "日本",
        "\n",
        "a>b",
        "&",
    ]
)
ODD = st.sampled_from(["<", "<table>", "<td>", "<script>x</script>", "<!-- c -->", "<br", "< p>", '<a href="', "<p =>"])


@given(st.lists(st.one_of(TAGS, WORDS, WORDS), max_size=25).map("".join))
@settings(max_examples=1000)
def test_tidy_markup(text: str) -> None:
    assert _clean(_strip_markup(text)) == _clean(_strip_any_markup(text)), text


@given(st.lists(st.one_of(TAGS, WORDS, ODD), max_size=25).map("".join))
@settings(max_examples=500)
def test_markup_of_any_kind(text: str) -> None:
    assert _clean(_strip_markup(text)) == _clean(_strip_any_markup(text)), text
