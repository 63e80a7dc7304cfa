"""Which language a text is in, by what it is written with; and who can read its letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.language import base, language_name, language_of, readable


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("Larkspur 将以12亿美元收购 Halden，押注开源模型 L-3", "en", "zh"),
        ("ラークスパー、新モデル「L-3」を公開", "en", "ja"),
        ("米ラークスパー買収へ", "zh", "ja"),
        ("米国企業、新型模型公開", "ja", "ja"),
        ("라크스퍼, 새 모델 공개", "en", "ko"),
        ("Ларкспур представила новую модель", "en", "ru"),
        ("Ларкспур представила нову модель", "uk", "uk"),
        ("Larkspur lève 640 millions d'euros pour ses modèles et les centres de données", "en", "fr"),
        ("Larkspur und Halden bauen ein Modell für die Verwaltung", "en", "de"),
        ("Larkspur raises $640M to build models for the sea", "fr", "en"),
        # a name is no language, and a headline without small words is believed
        ("Larkspur opens its first office in 東京 this summer, the company says", "en", "en"),
        ("Larkspur raises $640M", "fr", "fr"),
        ("Larkspur raises $640M", "zh", "en"),
        ("Larkspur raises $640M", "", "en"),
        ("Larkspur hankki 640 miljoonaa", "fi", "fi"),
        ("", "pt-BR", "pt"),
    ],
)
def test_a_text_says_its_language(text: str, declared: str, language: str) -> None:
    assert language_of(text, declared) == language


@given(st.text(max_size=200), st.sampled_from(["", "en", "zh-Hant", "pt_BR", "xx"]))
def test_any_text_has_one(text: str, declared: str) -> None:
    code = language_of(text, declared)
    assert code
    assert code == base(code)
    assert language_name(code)


def test_who_can_read_it() -> None:
    assert readable("€385 million", ["en"])
    assert readable("12 milliards", ["zh"]), "Latin letters can everyone read"
    assert not readable("12亿美元", ["en", "fr"])
    assert readable("12亿美元", ["en", "zh-Hans"])
    assert readable("9.5兆円", ["ja"])
    assert not readable("9.5億ドル", ["zh"]), "kana"
    assert readable("12亿美元", []), "a reader who names no language is shown what was written"
