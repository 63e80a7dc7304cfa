"""Which language a text is in, and who can read its script. Pure.

Feeds often name no language, or one for all their entries, so what a text is written with says more than what was
declared: the script first, then, among languages of the Latin script, their small words. Only clear evidence overrules
the declaration; a headline without any small word keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

#: so many letters of a foreign script are a name in a headline; more are its language
_FEW: Final = 2
#: of all letters: an English headline may hold a Chinese name
_SHARE: Final = 0.1
_SCRIPTS: Final = {
    "han": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"),
    "kana": re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]"),
    "hangul": re.compile("[\u1100-\u11ff\uac00-\ud7af]"),
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "arabic": re.compile("[\u0600-\u06ff\u0750-\u077f]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "thai": re.compile("[\u0e00-\u0e7f]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
}
#: languages of each script; the first is meant where nothing else is declared
_WRITES: Final[dict[str, tuple[str, ...]]] = {
    "han": ("zh", "ja"),
    "kana": ("ja",),
    "hangul": ("ko",),
    "cyrillic": ("ru", "uk", "bg", "sr", "mk", "be", "kk", "mn"),
    "greek": ("el",),
    "arabic": ("ar", "fa", "ur"),
    "hebrew": ("he", "yi"),
    "thai": ("th",),
    "devanagari": ("hi", "mr", "ne"),
}
#: small words that mark one language among those of the Latin script
_SMALL: Final = {
    "en": "the of and to for with from its is are was has have will by at an as that this it how after over into",
    "fr": "le les du et une pour dans sur avec est aux qui ses sont vers après au ce cette plus",
    "de": "der das und für mit von ist ein eine den dem im zum zur auf nach bei wird will sich auch",
    "es": "el los las y una para con por del más su sus al que como está desde según",
    "it": "il gli e una per con della del nel che di dei alla sono più dal degli",
    "pt": "o os e uma para com por do da no na dos das que mais ao em são",
    "nl": "het een van voor met en op naar zijn wordt bij ook niet aan",
}
_SMALL_WORDS: Final = {code: frozenset(words.split()) for code, words in _SMALL.items()}
_WORD: Final = re.compile(r"[^\W\d_]+")
NAMES: Final = {
    "en": "English", "fr": "French", "de": "German", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "ru": "Russian", "uk": "Ukrainian",
    "ar": "Arabic", "he": "Hebrew", "hi": "Hindi", "th": "Thai", "el": "Greek", "pl": "Polish", "sv": "Swedish",
    "tr": "Turkish", "fa": "Persian", "bg": "Bulgarian", "da": "Danish", "cs": "Czech", "fi": "Finnish",
}  # fmt: skip


def base(code: str) -> str:
    """`pt-BR` and `pt` are the same language."""
    return code.lower().replace("_", "-").partition("-")[0]


def language_of(text: str, declared: str = "") -> str:
    """The language's two letters, by the text; `declared` where the text does not say otherwise ("" for none: en)."""
    said = base(declared)
    if not text.isascii():
        script = _script(text)
        if script:
            own = _WRITES[script]
            return said if said in own else own[0]
    if any(said in codes for codes in _WRITES.values()):
        # declared Chinese, written in Latin letters
        said = ""
    return _by_small_words(text, said)


def readable(text: str, languages: Iterable[str]) -> bool:
    """Whether those who read these languages can read the letters; the Latin ones everyone can. None named: yes."""
    codes = {base(code) for code in languages}
    if not codes or text.isascii():
        return True
    return all(
        codes & set(_WRITES[name]) or (name == "han" and "ko" in codes)
        for name, letters in _SCRIPTS.items()
        if letters.search(text)
    )


def language_name(code: str) -> str:
    """`Chinese` for `zh`; the code itself for one that is not known here."""
    return NAMES.get(base(code), code)


def _script(text: str) -> str:
    letters = sum(letter.isalpha() for letter in text)
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    if counts["kana"] >= _FEW and counts["kana"] + counts["han"] >= _SHARE * letters:
        return "kana"
    name = max(counts, key=lambda each: counts[each])
    return name if counts[name] >= _FEW and counts[name] >= _SHARE * letters else ""


def _by_small_words(text: str, said: str) -> str:
    words = [word.casefold() for word in _WORD.findall(text[:600])]
    counts = {code: sum(word in small for word in words) for code, small in _SMALL_WORDS.items()}
    best = max(counts, key=lambda code: (counts[code], code == said, code == "en"))
    if not said:
        return best if counts[best] else "en"
    # a language that is not known here is believed
    if said not in counts:
        return said
    return best if counts[best] >= counts[said] + 2 and counts[best] >= 2 * counts[said] else said
