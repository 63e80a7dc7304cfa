"""Words, their commonness, and the names among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stories.count import lines
from monitor.stories.words import WordTable, load_table, parse_table, stem, tokens, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Larkspur raises $640M", ["larkspur", "rais", "640m"]),
        ("OpenAI's GPT-5.5 models", ["openai", "gpt", "5.5", "model"]),
        ("the of and", []),
        ("微软投资", ["微软", "软投", "投资"]),
        ("Mistral发布Large模型", ["mistral", "发布", "larg", "模型"]),
    ],
)
def test_words_are_lower_stemmed_and_cut(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("one", "other"), [("raises", "raised"), ("companies", "company"), ("models", "model"), ("launching", "launched")]
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@given(st.text(max_size=200))
def test_words_never_raise_and_are_never_empty(text: str) -> None:
    assert all(words(text)) if words(text) else True
    assert all(tokens(text)) if list(tokens(text)) else True


def test_the_shipped_table_knows_common_words_and_names() -> None:
    table = load_table()
    assert table.share("launch") > table.share("stalactite-unseen")
    assert table.is_name("nvidia")
    assert not table.is_name("launch")
    assert table.is_name("larkspurish"), "what no table knows is taken for a name"


def test_a_table_that_is_counted_is_read_back() -> None:
    rows = [{"title": "Nvidia sells chips", "summary": "The chips of Nvidia sell. Again chips of Nvidia."}] * 6
    table = parse_table(lines(rows, 100))
    assert isinstance(table, WordTable)
    assert table.texts == 6
    assert table.counts["nvidia"] == 6
    assert table.is_name("nvidia")
    assert not table.is_name("chip")
