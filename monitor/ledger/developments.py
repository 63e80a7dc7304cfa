"""The steps of a story from its entries' own words: rumour, in talks, announced, closed, denied, amount changed. Pure.

The model says confirmed or rumoured; which step it is the words say, in six languages. A step is a development only if
the story was not there yet: a rumour after the announcement is none, nor a second announcement.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from monitor.money import format_amount
from monitor.types import (
    Classification,
    Development,
    DevelopmentKind,
    Entry,
    Fact,
    LedgerRecord,
    Status,
    Story,
    Tag,
)  # fmt: skip

_DEALS = frozenset({Tag.FUNDING.value, Tag.ACQUISITION.value, Tag.PARTNERSHIP.value})
_TAGS = frozenset(tag.value for tag in Tag)
#: an amount that moved less than this is the same, told more exactly
_MOVED = Decimal("0.05")
_LINE = 240

_DENIED = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)|refut(?:es|ed)|rejects? (?:reports?|claims?|rumou?rs?)|(?:false|untrue|not true)\b|"
    r"debunk\w*|"
    r"no (?:plans?|talks?|intention|deal)\b(?! details)|not (?:in talks|for sale|(?:currently )?(?:raising|seeking|"
    r"planning|considering|selling|buying))|"
    r"isn't (?:in talks|for sale|raising|selling)|won't (?:buy|acquire|sell|invest|raise|proceed|go ahead)|"
    r"(?:call(?:s|ed)?|calling) off|called-off|"
    r"(?:deal|talks?|merger|acquisition|takeover|bid|offer|negotiations|sale|round|investment|plans?|"
    r"partnership) (?:has |have |had )?(?:been )?"
    r"(?:collaps\w*|fall\w* (?:through|apart)|fell (?:through|apart)|(?:break\w*|broke) down|ends?\b|ended|stall\w*|"
    r"scrapped|dropped|abandoned|cancel+ed|blocked|"
    r"terminated|rejected|withdrawn|dead\b|off\b(?! the)|unravel\w*|on hold)|(?:scraps?|scrapped|drops?|dropped|"
    r"abandons?|abandoned|cancels?|cancel+ed|"
    r"pulls? out|pulled out|backs? out|backed out|walks? away|walked away|withdraws?|withdrew|blocks?|terminates?|"
    r"rejects?|rejected|halts?|halted|shelves|shelved|"
    r"rescinds?|rebuffs?|rebuffed|turn(?:s|ed) down|spurns?) "
    r"(?:\S+ ){0,6}?(?:deal|talks?|merger|acquisition|takeover|bid|offer|plans?|purchase|sale|funding|investment|"
    r"round|IPO|partnership|buyout|launch|release))|"
    r"\b(?:dément\w*|nie(?! )|renonce|abandonne|annul[ée]\w*|rejette l'offre|dementiert\w*|bestreitet|"
    r"weist \w+ zurück|geplatzt|gescheitert|abgesagt|"
    r"desmiente\w*|niega|descarta|cancela(?!r)|rechaza)|否认|否認|辟谣|不实|叫停|终止收购|放弃收购|放棄|告吹|破裂|"
    r"否定|撤回|中止|白紙",
    re.I,
)
#: "does not deny" and "no plans to stop" deny nothing
_NOT_DENIED = re.compile(
    r"(?:not|n't|neither|without|declin\w+ to|refus\w+ to|never) (?:\w+ )?(?:den(?:y|ied|ying|ies)|rul\w+ out)|"
    r"no plans? to (?:stop|slow|leave|change|shut)|未否认|没有否认",
    re.I,
)

_CLOSED = re.compile(
    r"\b(?:(?:has |have |had )?(?:completes?|completed|finali[sz]es?|finali[sz]ed|finishes|wraps? up|wrapped up|"
    r"concludes?|concluded|closes|closed) "
    r"(?:\S+ ){0,7}?(?:acquisition|deal|purchase|merger|takeover|buyout|round|funding|financing|investment|"
    r"transaction|raise|sale|IPO|share sale|tender)|"
    r"(?:acquisition|deal|purchase|merger|takeover|transaction|round|financing|sale|investment) (?:\S+ )?(?:is |was |"
    r"has |has been |now |officially |been )*(?:completed?\b|closed|closes|finali[sz]ed|done\b)|"
    r"clos(?:es|ed) (?:on )?(?:an? |its |their |the |new )?(?:\S+ ){0,3}?(?:[$€£¥₹]|\d)|(?:officially|"
    r"now) (?:part of|owns|joins?)|"
    r"(?:wins?|won|gets?|got|receives?|clears?|cleared) (?:\S+ ){0,4}?(?:regulatory |antitrust |final )?(?:approval|"
    r"clearance)(?: \S+){0,4} (?:deal|acquisition|takeover|merger|purchase)|"
    r"begins? trading|began trading|(?:shares|stock) (?:debut|soar|jump|surge|pop|rise|"
    r"open)\w* (?:\S+ ){0,4}?(?:debut|IPO|listing)|market debut|"
    r"(?:debuts?|lists?|goes public) on (?:the )?(?:nasdaq|nyse))|"
    r"\b(?:finalise|a finalisé|boucle|a bouclé|clôture|schließt \S+ (?:\S+ ){0,5}ab\b|abgeschlossen|cierra (?:una |"
    r"su |la |ronda)|completa la|completó)|"
    r"完成(?:了)?[^，。]{0,14}(?:轮|輪|融资|融資|收购|收購|交割|并购|募资|投资)|(?:收购|交易|融资)(?:已|正式)?完成|"
    r"正式完成|買収(?:を)?完了|完了した|クロージング",
    re.I,
)
#: "expected to close", "yet to close", "close to a deal" are not closed
_NOT_CLOSED = re.compile(
    r"(?:expect\w*|set|yet|due|likely|plan\w*|aim\w*|hop\w*|about|subject|pending|unable|fail\w*|near\w*|not|n't|"
    r"before|if|when|will|would|could|may|might) "
    r"(?:\S+ ){0,3}?(?:to )?(?:be )?(?:complet\w*|clos(?:e|es|ed|ing)\b|finali[sz]\w*)|"
    r"\bclos(?:e|er|ing in) (?:to|on)\b|closed[- ](?:source|beta|model|door|weight|loop)|behind closed|"
    r"预计[^，。]{0,12}完成|将完成|完了予定|完了する見込み",
    re.I,
)

_TALKS = re.compile(
    r"\b(?:(?:in|holds?|held|holding|advanced|early|late|exploratory|preliminary|final|active|ongoing|began|begun|"
    r"starts?|started|enters?|resum\w+|"
    r"reopen\w*|deal|funding|merger|acquisition|takeover|investment|financing|partnership|sale|acquire|having|"
    r"hosting|buyout) (?:\w+ )?(?:talks?|discussions?|negotiations?|conversations)|"
    r"talks (?:to|with|over|about|for|on|underway)|negotiat(?:es|ing|ed|e)\b|discuss(?:es|ing|ed) (?:an? |the |"
    r"raising|buying|selling|acquiring|\w+ )?(?:\S+ ){0,3}?"
    r"(?:deal|investment|stake|round|funding|sale|acquisition|raising|takeover|partnership|purchase|merger|valuation|"
    r"buying)|"
    r"near(?:s|ing)? (?:an? |the |\S+ ){0,4}?(?:deal|agreement|funding|investment|acquisition|round)|"
    r"close to (?:an? |the |\S+ ){0,4}?(?:deal|agreement|raising|finali[sz]ing|acquiring|buying|closing|investing|"
    r"round|funding)|"
    r"term sheets?|due diligence|in (?:the )?process of (?:raising|acquiring|buying)|fielding (?:offers|interest)|"
    r"weigh(?:s|ing)? (?:offers|bids)|bidding (?:war)?|makes? (?:an? )?(?:\S+ )?bid|bids? for|"
    r"(?:en|des) (?:pourparlers|négociations?|discussions?)|négocie|discute|in gesprächen|verhandel\w*|verhandlungen|"
    r"gespräche|negocia\w*|en conversaciones|conversaciones)|"
    r"洽谈|洽談|谈判|談判|磋商|商谈|商討|正就|接洽|協議中|交渉",
    re.I,
)
_RUMOUR = re.compile(
    r"\b(?:reportedly|report(?:s|ed)?:|sources?:|sources? (?:say|says|said|tell)|(?:people|person|those) familiar|"
    r"according to (?:a )?(?:report|sources?|people|the information|bloomberg)|"
    r"rumou?r\w*|leak(?:s|ed|er)?\b|is said to|are said to|said to be|allegedly|report says?|reports? (?:say|suggest|"
    r"claim)\w*|insiders?|tipped|hints? at|speculat\w*|"
    r"(?:may|might|could) (?:be |soon |also )?(?:\w+ )?(?:launch|buy|acquire|raise|raising|release|sell|invest|"
    r"unveil|announce|partner|file|seek|merge|get|have|arrive|debut)\w*|"
    r"(?:eyes?|eyeing|mulls?|mulling|weighs?|weighing|considers?|considering|explores?|exploring|seeks?|seeking|"
    r"plans?|planning|aims?|looks?|looking|targets?|targeting|wants?|prepares?|preparing|readies|"
    r"courts?|courting|plots?|pursues?|pursuing|expected|poised|set|about) (?:to |at |an? |for |its |"
    r"the )?(?:\S+ ){0,3}?"
    r"(?:rais\w*|buy\w*|acqui\w*|sell|sale|launch|release|unveil|invest\w*|IPO|go public|deal|round|funding|stake|"
    r"takeover|bid|merger|valuation|list\w*|partner\w*|[$€£])|"
    r"selon (?:des|plusieurs) (?:sources|informations)|serait|aurait|envisage\w*|pourrait|rumeur\w*|"
    r"laut (?:medienberichten|berichten|insidern|bericht)|soll(?:en)? (?:\S+ ){0,6}(?:übernehmen|investieren|kaufen|"
    r"planen)|"
    r"angeblich|gerüchte?\w*|erwägt|plant|según (?:fuentes|informes)|estaría|podría|rumor(?:es)?|baraja|planea)|"
    r"据悉|据报道|據報導|據報|传闻|傳聞|消息称|消息稱|消息人士|知情人士|爆料|拟|擬|有望|或将|或將|考虑|考慮|曝|"
    r"传(?=[A-Z\u4e00-\u9fff])|関係者|報道(?:によると)?|噂|リーク|検討|"
    r"見通し|可能性",
    re.I,
)
_ANNOUNCED = re.compile(
    r"\b(?:announc\w*|confirm(?:s|ed|ing)?|unveil(?:s|ed)?|launch(?:es|ed)?|releas(?:es|ed)|introduc(?:es|ed|ing)|"
    r"sign(?:s|ed)|inks?|inked|agree(?:s|d) to|strikes?|struck|reach(?:es|ed) (?:an? )?(?:\w+ )?(?:deal|agreement)|"
    r"acquires?|acquired|buys|bought|raises|raised|secures|secured|lands|partners? with|teams? up|joins forces|"
    r"invests|invested|rolls? out|is (?:now )?(?:live|available|here)|now available|debuts?|ships?|"
    r"files (?:for|to)|filed for|annonce\w*|confirme|lance|dévoile|signe|acquiert|rachète|lève|kündigt|bestätigt|"
    r"stellt \S+ (?:\S+ ){0,4}vor|übernimmt|kauft|unterzeichn\w*|anuncia\w*|confirma|lanza|presenta|firma|adquiere|"
    r"compra|levanta|recauda)\b|"
    r"宣布|宣佈|官宣|发布|發布|推出|签署|簽署|达成|達成|确认|確認|获得|收购|收購|発表|公開|開始|締結|買収する|合意",
    re.I,
)
_CHANGED = re.compile(
    r"\b(?:rais(?:es|ed|ing) (?:its |the |their )?(?:\w+ )?(?:bid|offer|target|round|price|valuation|stake|"
    r"commitment|investment)|(?:increas|boost|sweeten|upsiz|expand|doubl|tripl|lower|cut|reduc|slash|trim)(?:e|es|s|"
    r"ed|ing|ling)?\b|"
    r"up from|down from|upped|ups\b|larger than|more than (?:previously|expected|planned|initially)|instead of|"
    r"revis\w*|bigger|smaller than|from \$?[\d.]+\s?\w* to \$?[\d.]|"
    r"extend(?:s|ed)|upsized|oversubscribed|now (?:worth|valued|at|seeking|seeks|looking)|additional|another \$)|"
    r"上调|提高|增至|追加|下调|缩减|引き上げ|増額|relève|porte (?:son|à)|augmente|erhöht|aufgestockt|stockt|aumenta|"
    r"eleva|amplía",
    re.I,
)
_ORDER = {
    DevelopmentKind.RUMOUR: 0,
    DevelopmentKind.IN_TALKS: 1,
    DevelopmentKind.ANNOUNCED: 2,
    DevelopmentKind.CLOSED: 3,
}


def words_status(text: str) -> Status | None:
    """What the words alone say of how sure an event is; None if they say nothing."""
    if _TALKS.search(text) or _RUMOUR.search(text):
        return Status.RUMOURED
    return Status.CONFIRMED if _ANNOUNCED.search(text) else None


def step_of(entry: Entry, classification: Classification) -> tuple[DevelopmentKind, str]:
    """The step that an entry tells, with the sentence that says so (the title where the title does)."""
    deal = bool(_DEALS & set(classification.tags))
    sentences = [entry.title, *_sentences(entry.summary)][:4]
    rumoured = classification.status is Status.RUMOURED
    # the title speaks for the entry: its summary is asked only for what the title leaves open
    for sentence in sentences:
        if _DENIED.search(sentence) and not _NOT_DENIED.search(sentence) and (sentence is entry.title or rumoured):
            return DevelopmentKind.DENIED, sentence
    if deal and not rumoured:
        for sentence in sentences[:2]:
            if _CLOSED.search(sentence) and not _NOT_CLOSED.search(sentence) and not _TALKS.search(sentence):
                return DevelopmentKind.CLOSED, sentence
    if rumoured or (classification.status is None and words_status(entry.title) is Status.RUMOURED):
        for sentence in sentences if deal else ():
            if _TALKS.search(sentence):
                return DevelopmentKind.IN_TALKS, sentence
        told = next((s for s in sentences if _RUMOUR.search(s)), entry.title)
        return DevelopmentKind.RUMOUR, told
    return DevelopmentKind.ANNOUNCED, next((s for s in sentences[:2] if _ANNOUNCED.search(s)), entry.title)


def development_of(
    previous: Story | None, entry: Entry, classification: Classification, records: Sequence[LedgerRecord]
) -> Development | None:
    """The step that this entry adds to its story; None if it says nothing new.

    `previous` is the story before this entry joined (None: it begins one; its first step is no follow-up), `records`
    the story's records with this entry. An entry without one of the five tags begins and moves nothing.
    """
    tags = _TAGS & set(classification.tags)
    if not tags or (previous is not None and previous.tags and not tags & set(previous.tags)):
        return None
    kind, sentence = step_of(entry, classification)
    if previous is None:
        return _development(kind, entry, sentence, follow_up=False)
    seen = _steps(previous)
    if kind is DevelopmentKind.DENIED:
        return None if _last(previous) is DevelopmentKind.DENIED else _development(kind, entry, sentence)
    if DevelopmentKind.DENIED in seen and _last(previous) is DevelopmentKind.DENIED:
        # after a denial only a fact is news again, not the next rumour
        moved = kind in (DevelopmentKind.ANNOUNCED, DevelopmentKind.CLOSED)
        return _development(kind, entry, sentence) if moved else None
    reached = max((_ORDER[step] for step in seen if step in _ORDER), default=-1)
    if _ORDER[kind] > reached:
        return _development(kind, entry, sentence)
    change = _amount_change(previous, entry, records)
    return _development(DevelopmentKind.AMOUNT_CHANGED, entry, change) if change else None


def _steps(story: Story) -> set[DevelopmentKind]:
    """The steps that a story has been through; of one without any, what its status says."""
    seen = {development.kind for development in story.developments}
    if not seen - {DevelopmentKind.AMOUNT_CHANGED, DevelopmentKind.DENIED}:
        seen.add(DevelopmentKind.RUMOUR if story.status is Status.RUMOURED else DevelopmentKind.ANNOUNCED)
    return seen


def _last(story: Story) -> DevelopmentKind | None:
    ordered = sorted(story.developments, key=lambda d: d.at)
    return ordered[-1].kind if ordered else None


def _amount_change(previous: Story, entry: Entry, records: Sequence[LedgerRecord]) -> str | None:
    """The entry's sentence on an amount that it moves; None if it repeats or only rounds what was known."""
    before = {record.kind: record for record in previous.records}
    for record in records:
        old = before.get(record.kind)
        if old is None or record.kind not in _DEALS:
            continue
        for field in ("amount", "valuation"):
            known = [fact for fact in old.values(field) if fact.amount is not None and fact.amount.value is not None]
            if not known:
                continue
            for fact in record.values(field):
                sentence = _told_by(fact, entry)
                if sentence and _differs(fact, known) and _CHANGED.search(sentence):
                    return sentence
    return None


def _told_by(fact: Fact, entry: Entry) -> str | None:
    """The sentence of this entry that the fact was read from."""
    for evidence in fact.evidence:
        if evidence.entry_id == entry.id:
            text = entry.title if evidence.field == "title" else entry.summary
            return text if evidence.field == "title" else _sentence_at(text, evidence.start)
    return None


def _differs(fact: Fact, known: Sequence[Fact]) -> bool:
    if fact.amount is None or fact.amount.value is None:
        return False
    for other in known:
        mine, theirs = (
            (fact.usd, other.usd)
            if fact.usd and other.usd
            else (fact.amount.value, other.amount.value if other.amount else None)
        )
        if theirs is None or format_amount(fact.amount) == other.value:
            return False
        if max(mine, theirs) == 0 or abs(mine - theirs) / max(mine, theirs) <= _MOVED:
            return False
    return True


def _development(kind: DevelopmentKind, entry: Entry, line: str, *, follow_up: bool = True) -> Development:
    words = re.sub(r"\s+", " ", line).strip()
    if len(words) > _LINE:
        words = words[: _LINE - 1].rsplit(" ", 1)[0] + "…"
    return Development(kind=kind, at=entry.published_at, entry_id=entry.id, line=words, follow_up=follow_up)


def _sentences(text: str) -> list[str]:
    """Sentences of a summary; an initial or "Inc." ends none."""
    parts = re.split(
        r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!Inc\.)(?<!Corp\.)(?<!Ltd\.)(?<!Mr\.)(?<!U\.S\.)\s+(?=[A-ZÀ-Þ\"“‘'])|"
        r"(?<=[。！？])",
        text,
    )
    return [part.strip() for part in parts if part and part.strip()]


def _sentence_at(text: str, position: int) -> str:
    reached = 0
    for sentence in _sentences(text):
        start = text.find(sentence, reached)
        reached = start + len(sentence)
        if start <= position < reached:
            return sentence
    return text
