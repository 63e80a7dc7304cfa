"""The lead of a story: one or two sentences that say what happened, in the title's language. Pure.

The words are an entry's own. A teaser, a fragment or the title once more says nothing; a sentence that a feed cut off
is left out where a whole one stands before it. Where the best entry has no such sentence, another one's is taken, if
it is in the same language and visibly about the same. Rather none than one that does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from monitor.language import language_of
from monitor.stories.sketch import BOILERPLATE
from monitor.text import cjk_pieces, has_cjk

if TYPE_CHECKING:
    from monitor.stories.merge import Part

#: characters of a lead
LEAD: Final = 320
#: a second sentence is added to a lead shorter than this
SHORT: Final = 140
#: words (or pairs of Chinese or Japanese letters) that another entry's lead must have in common with the title
COMMON: Final = 2
#: words of a sentence that says something
SENTENCE: Final = 3
_SENTENCE: Final = re.compile(
    r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!Inc\.)(?<!Corp\.)(?<!Ltd\.)(?<!Co\.)(?<!Mr\.)(?<!Ms\.)(?<!Dr\.)(?<!U\.S\.)(?<!vs\.)\s+(?=[^a-z])|(?<=[。！？])"
)
#: what stands before the first sentence: a dateline, the agency's own name, a label
_OPENING: Final = re.compile(
    r"^(?:(?:IT之家|新浪科技|界面新闻|快科技|财联社|钛媒体App|品玩)\s*\d{1,2}\s*月\s*\d{1,2}\s*日(?:消息|讯|訊|电)?[，,：:]?\s*|"
    r"[A-Z][A-Za-z0-9 .,'-]{2,40}\((?:Reuters|AP|AFP|Bloomberg|dpa|Xinhua)\)\s*[-\u2013\u2014]+\s*|"
    r"(?:TL;?DR|Summary|Abstract|摘要|导读)\s*[:：]\s*|【[^】]{2,14}】\s*)"
)
#: it asks, or sends the reader elsewhere, and does not say what happened
_TEASER: Final = re.compile(
    r"[?？]\s*$|"
    r"^(?:here(?:'|\u2019)?s|here (?:is|are)|find out|learn (?:more|how)|read (?:more|on|our|about)|click (?:here|to)|"
    r"watch (?:the|our|how|live)|listen (?:to|now)|subscribe to|sign up|follow (?:our|us|along)|join us|stay tuned)\b|"
    r"^(?:images?|photos?|credit)\s*(?::|by\b)|"
    r"^(?:voici|découvrez|hier (?:erfahren|lesen)|erfahren sie|descubre)\b|^(?:点击|點擊|查看|阅读|扫码)",
    re.IGNORECASE,
)
_FRAGMENT: Final = re.compile(r"^(?:[a-z]{2,}(?![A-Za-z])|[-\u2013\u2014|\u2022,;:)\]\u2026、，。）]|\.\.)")
_WHOLE: Final = re.compile(r"[.!?。！？][\"'\u201d\u2019)\]）」』]*$")
_CUT: Final = re.compile(r"(?:\.\.\.|\u2026)[\"'\u201d\u2019)\]）」』]*$")
_WORD: Final = re.compile(r"[A-Za-zÀ-ɏ]{3,}|\d+(?:[.,]\d+)?")
_COMMON_WORDS: Final = frozenset(
    "the and for with from its has have will that this are was new into over more than after how why what says said "
    "les des une pour dans sur avec der die das und für mit von los las una para con por".split()
)


def lead_of(best: Part, parts: Sequence[Part]) -> str:
    """The lead for the best entry's title; "" where no entry has one that fits."""
    title = best.entry.title
    language = language_of(title, best.entry.language)
    others = sorted(
        (p for p in parts if p is not best and set(p.read.tags) & set(best.read.tags)),
        key=lambda p: (-p.entry.authority, p.entry.published_at, p.entry.id),
    )
    for teasers in (False, True):
        for part in (best, *others):
            found = first_sentences(part.entry.summary, title, teasers=teasers)
            if (
                found
                and language_of(found, part.entry.language) == language
                and (part is best or (not teasers and is_about(found, title)))
            ):
                return found
    return ""


def first_sentences(summary: str, title: str = "", *, teasers: bool = True) -> str:
    """The first sentence or two, cleaned of what the publisher's machine added; never the title once more.

    teasers: a question or a fragment is taken where nothing better stands; without, the answer is then "".
    """
    text = " ".join(BOILERPLATE.sub(" ", summary).split())
    text = _OPENING.sub("", text)
    every = [s.strip() for s in _SENTENCE.split(text) if s and s.strip()]
    every = _without_cut_end([s for s in every if not _repeats(s, title)])
    told = [s for n, s in enumerate(every) if not _says_nothing(s, first=n == 0)]
    return _joined(told) or (_joined(every) if teasers else "")


def is_about(lead: str, title: str) -> bool:
    """Whether the two have enough in common to stand together: names, numbers, other words of weight."""
    return len(words_of_weight(lead) & words_of_weight(title)) >= COMMON


def words_of_weight(text: str) -> set[str]:
    """Names, numbers and other words that are not in every text; pairs of letters of Chinese and Japanese."""
    found = {word.casefold() for word in _WORD.findall(text)} - _COMMON_WORDS
    return found | {piece for piece in cjk_pieces(text).split() if has_cjk(piece)}


def _joined(sentences: Iterable[str]) -> str:
    lead = ""
    for sentence in sentences:
        longer = f"{lead} {sentence}".strip()
        if lead and (len(lead) >= SHORT or len(longer) > LEAD):
            break
        lead = longer
    if len(lead) <= LEAD:
        return lead
    cut = lead[: LEAD - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[LEAD // 2 :] else cut).rstrip(" ,;:") + "…"


def _without_cut_end(sentences: list[str]) -> list[str]:
    """A last sentence that the feed cut off goes, if a whole one is left."""
    last = sentences[-1] if sentences else ""
    if len(sentences) > 1 and _WHOLE.search(sentences[0]) and (_CUT.search(last) or not _WHOLE.search(last)):
        return sentences[:-1]
    return sentences


def _says_nothing(sentence: str, *, first: bool) -> bool:
    cry = not has_cjk(sentence) and len(sentence.split()) < SENTENCE
    return cry or bool(_TEASER.search(sentence)) or (first and bool(_FRAGMENT.match(sentence)))


def _repeats(sentence: str, title: str) -> bool:
    said, known = _bare(sentence), _bare(title)
    if said in (known, ""):
        return True
    shorter, longer = sorted((said, known), key=len)
    return len(shorter) >= 20 and longer.startswith(shorter) and len(longer) - len(shorter) <= 12


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()
