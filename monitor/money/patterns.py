"""The regular expressions made of words.py.

Compiled on first use and kept, so that commands that only write amounts pay nothing.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from monitor.money.words import AFTER, AFTER_CJK, BEFORE, CODES, NUMBER, SCALES, UNDISCLOSED, WORD_NUMBERS


def _choice(words: list[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


@cache
def after_patterns() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(words, re.I), code) for words, code in AFTER.items()]


@cache
def scale_patterns() -> list[tuple[Decimal, re.Pattern[str]]]:
    return [(scale, re.compile(words, re.I)) for scale, words in SCALES.items()]


@cache
def _before_choice() -> str:
    latin = [re.escape(w) for w in BEFORE if w[0].isascii() and w[0].isalpha()]
    other = [re.escape(w) for w in BEFORE if not (w[0].isascii() and w[0].isalpha())]
    codes = _choice(list(CODES))
    return rf"(?<![A-Za-z])(?-i:{_choice(latin)}|{codes})|{_choice(other)}"


@cache
def _after_choice() -> str:
    words = "|".join(sorted(AFTER, key=len, reverse=True))
    codes = "|".join([*CODES, "RMB"])
    symbols = r"(?:US\$|HK\$|[$€£¥₹₩₪])(?![ ]?\d)"
    return rf"(?:{words})(?![A-Za-zÀ-ÿ])|(?-i:{codes})(?![A-Za-z])|{symbols}|{_choice(list(AFTER_CJK))}"


@cache
def worth_reading() -> re.Pattern[str]:
    return re.compile(
        r"[\d０-９$€£¥￥]|ill[ioó]|undisclos|disclose|figure|divulg|dévoil|communiqu|precis|précis|secr|genannte|bekannte|"
        r"kaufpreis|"
        r"revelad|desvelad|bilh|milh|crore|lakh|[亿億万萬]|披露|透露|公开|公開|公表|不详|していない",
        re.I,
    )


@cache
def latin() -> re.Pattern[str]:
    long_scales = _choice([w for words in SCALES.values() for w in words.split("|") if len(w) > 1])
    return re.compile(
        rf"(?P<tilde>[~≈])?[ ]?(?:(?P<pre>{_before_choice()})[ ]?(?:\.[ ])?|"
        rf"(?<![\w.,]))~?(?P<num>{NUMBER})(?P<plus>\+)?"
        rf"(?:[ -]?(?P<scale>(?:{long_scales})(?![A-Za-zÀ-ÿ0-9])"
        # the full stop of "7 Mrd. Euro", not the one that ends a sentence
        rf"(?:\.(?=[ -]{{0,2}}(?:de |d'|di |of )?(?:{_after_choice()})))?(?=[^A-Za-z]|$)|"
        rf"(?<! )(?<!-)[kmbt](?![A-Za-zÀ-ÿ0-9])|"
        rf"(?<= )[mbt](?![\w'-]))|[ ]?(?P<glued>[MKT])(?P<gluedcur>SEK|NOK|DKK|EUR|USD|GBP|kr)(?![a-zA-Z]))?"
        rf"(?P<plus2>\+|[ -]plus(?![a-z]))?(?:[ -]{{0,2}}(?:de |d'|di |of )?(?P<post>{_after_choice()}))?",
        re.I,
    )


@cache
def cjk() -> re.Pattern[str]:
    unit, digit = "十拾百千万萬亿億兆", "零〇一二两兩三四五六七八九半"
    piece = rf"(?:\d[\d,]{{0,12}}(?:\.\d{{1,4}})?[ ]?[余多餘]?[ ]?[{unit}]{{1,3}}|[{digit}]{{1,3}}[{unit}]{{1,3}})"
    bare = rf"[数數几幾][{unit}]{{1,3}}|[百千万萬亿億]{{1,2}}(?=美元|元|ドル|円|日元|欧元)|十[万萬亿億]{{1,2}}"
    post = _choice(list(AFTER_CJK))
    return re.compile(
        rf"(?P<near>[逾近约約超上]|超过|"
        rf"大约)?(?:(?P<pre>{_before_choice()})[ ]?)?(?<![\d.,])(?P<num>(?:{piece}){{1,5}}|{bare}|"
        rf"\d[\d,]{{0,15}}(?:\.\d{{1,4}})?(?=[ ]?(?:{post})))(?P<more>[余多餘])?[ ]?(?P<post>{post}|USD|RMB|HKD)?",
        re.I,
    )


@cache
def words() -> re.Pattern[str]:
    numbers = _choice([re.escape(w).replace(r"\ ", "[ -]") for w in WORD_NUMBERS])
    scales = (
        r"million(?:s|en)?|billion(?:en)?|trillion|milliards?|milliarden?|mill[oó]n|millones|mil millones|"
        r"bill[oó]n|billones|crores?"
    )
    return re.compile(
        rf"(?<![\w$€£¥₹])(?:(?P<num>{numbers})[ -]|(?P<multi>multi)[ -]?)?(?P<scale>{scales})(?![A-Za-zÀ-ÿ])"
        rf"(?:[ -](?:de |d'|di |of )?(?P<post>{_after_choice()}))?",
        re.I,
    )


@cache
def figures() -> re.Pattern[str]:
    return re.compile(r"\b(?P<count>five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2})[ -](?P<fig>figures?)\b", re.I)


@cache
def plurals() -> re.Pattern[str]:
    tens = r"tens|dozens|hundreds|thousands|dizaines|centaines|milliers|decenas|cientos|centenares|miles|hundred"
    few = r"several|a few|a couple(?: of)?|plusieurs|quelques|mehrere|einige|varios|unos pocos"
    scales = (
        r"millions|billions|trillions|milliards|milliarden|millionen|millones|billones|crores|million|billion|trillion"
    )
    return re.compile(
        rf"(?<![\w$€£¥₹.,\d])(?<!\d )(?:(?P<pre>[$€£])[ ]?)?(?:(?P<few>{few}) )?(?:(?P<tens>{tens}) (?:of |de |"
        rf"(?<=hundred )))?"
        rf"(?P<scale>{scales})(?![A-Za-zÀ-ÿ])(?:[ -](?:of |de |d'|in )?(?P<post>{_after_choice()}))?",
        re.I,
    )


@cache
def undisclosed() -> re.Pattern[str]:
    return re.compile(UNDISCLOSED, re.I)


@cache
def qualifier(words: str) -> re.Pattern[str]:
    """The words at the end of what stands before an amount; "an", "its" and a currency may come between."""
    return re.compile(rf"(?:(?<![A-Za-z])(?:{words}))[ ]*(?:an? |the |its |los |les |as |around )?$", re.I)


@cache
def more_after() -> re.Pattern[str]:
    return re.compile(r"\+|[ -]plus\b|(?:,)? or more|以上|超(?!级)| ou plus| o más| oder mehr|余|强|強", re.I)


@cache
def less_after() -> re.Pattern[str]:
    return re.compile(r" or less|以下|以内|未満|弱", re.I)


@cache
def about_after() -> re.Pattern[str]:
    return re.compile(r"左右|上下|程度|前後|規模|-ish| or so", re.I)


@cache
def range_gap() -> re.Pattern[str]:
    return re.compile(r"\s*[-~/]\s*|\s+(?:to|bis|à|a|or|ou|oder|o)\s+|\s*(?:至|到|から|或)\s*", re.I)


@cache
def and_gap() -> re.Pattern[str]:
    return re.compile(r"\s+(?:and|y|et|und|e)\s+|\s*(?:和|与|與|到|至)\s*", re.I)


@cache
def kana() -> re.Pattern[str]:
    return re.compile(r"[ぁ-ゖァ-ヺ]")


@cache
def han() -> re.Pattern[str]:
    return re.compile(r"[\u4e00-\u9fff]")


@cache
def says_yuan() -> re.Pattern[str]:
    return re.compile(r"\b(?:yuan|renminbi|RMB|CNY)\b|人民[币幣元]|(?<![美日欧歐港加澳新韩韓])元", re.I)


@cache
def traditional() -> re.Pattern[str]:
    return re.compile(r"[億萬資團與這個對開發關臺灣]")


@cache
def says_mainland() -> re.Pattern[str]:
    return re.compile(r"人民[币幣]|RMB|CNY|中國|大陸")
