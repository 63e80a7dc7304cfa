"""What the matcher looks at in one entry, taken once: words, names, sums, versions, kind of event, form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from monitor.stories.words import STOP, WordTable, fold, stem, tokens, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: characters of the lead that are looked at
LEAD: Final = 400
SECONDS_PER_HOUR: Final = 3600.0
#: two sums within this ratio are one sum, written with other care
SAME_SUM: Final = 1.02

BOILERPLATE: Final = re.compile(
    r"(The post .{0,300}? (?:first appeared|appeared first) on .*|Article URL:\s*\S+|Comments URL:\s*\S+|"
    r"Points:\s*\d+|#\s*Comments:\s*\d+|\(?(?:Read more|Continue reading|Read the full story|Read on)\b[^.]{0,80}$|"
    r"^Comments$|\[\u2026\]|\[\.\.\.\])",
    re.IGNORECASE | re.DOTALL,
)
#: "(Reporter/Paper)" at the end of an aggregator's title
CREDIT: Final = re.compile(r"\s*\([^()/]{2,60}/[^()]{2,40}\)$")
TAIL: Final = re.compile(r"\s+[-|]\s+(?P<tail>[^-|]{2,40})$")
CURRENCY: Final = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "₹": "inr", "₩": "krw"}
SCALE: Final = {
    "k": 1e3, "thousand": 1e3,
    "m": 1e6, "mn": 1e6, "mln": 1e6, "mio": 1e6, "million": 1e6, "millions": 1e6, "millionen": 1e6, "millones": 1e6,
    "b": 1e9, "bn": 1e9, "billion": 1e9, "billions": 1e9, "mrd": 1e9, "milliarden": 1e9, "milliard": 1e9,
    "milliards": 1e9, "t": 1e12, "tn": 1e12, "trillion": 1e12,
    "万": 1e4, "亿": 1e8, "億": 1e8,
}  # fmt: skip
_SCALES: Final = "|".join(sorted(SCALE, key=len, reverse=True))
SUM: Final = re.compile(
    rf"(?P<sign>[$€£¥₹₩])\s?(?P<a>\d[\d,]*(?:\.\d+)?)(?:\s?-?(?P<s>(?:{_SCALES})\b))?"
    rf"|(?P<b>\d[\d,]*(?:\.\d+)?)\s?-?(?P<t>million|millions|billion|billions|trillion|bn|mn|mrd|mio|milliarden|millionen|"
    rf"milliards?|millones|万|亿|億)\.?(?P<unit>\s?(?:dollars?|usd|euros?|eur|美元|元|ドル|円|yuan|rupees?|pounds?|won)?)",
    re.IGNORECASE,
)
UNIT: Final = {
    "eur": "eur",
    "美元": "usd",
    "ドル": "usd",
    "円": "jpy",
    "元": "cny",
    "yua": "cny",
    "rup": "inr",
    "pou": "gbp",
    "won": "krw",
}
#: a family and its version: "GPT-5.5", "Claude Opus 4.8", "Llama 4", "Qwen3.5"
VERSION: Final = re.compile(
    r"(?<![\w.$€£])(?P<family>[A-Z][A-Za-z]{1,20}|"
    r"[a-z]{1,12}(?=-?\d))(?:[ -]?[vV])?[ -]?(?P<number>\d{1,2}(?:\.\d{1,2})?)(?![\d%]|[.,:]\d|(?:st|nd|rd|th)\b)"
)
NOT_FAMILY: Final = frozenset(
    "the top over under after in on of and for to from with by at series chapter part episode ep day week year years "
    "age fortune forbes g20 q h covid may june july march april january february august september october november "
    "december jan feb mar apr jun jul aug sep sept oct nov dec about around nearly some raises raise cuts cut "
    "lays buys "
    "sells hits its his her this next last first these those why how what gets adds up near just only all more than "
    "least most article section vol volume no number phase stage tier level round page step reasons ways lessons "
    "between until since before during hours minutes days weeks months have has had is are was were will can "
    "web".split()
)

#: words that tell what kind of thing happened
KINDS: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset(stem(word) for word in listed.split())
    for kind, listed in {
        "funding": "raise raises raised raising funding round seed valuation valued invests investment investor "
        "investors "
        "backs backed financing capital stake unicorn fundraise fundraising secures nabs lands 融资 調達 levée lève",
        "acquisition": "acquire acquires acquired acquiring acquisition buy buys bought buying takeover merger "
        "merge merges purchase 收购 買収 rachète",
        "ipo": "ipo listing nasdaq debut prospectus float floats 上市",
        "launch": "launch launches launched release releases released unveils unveiled introduces introducing "
        "introduced debuts rolls "
        "rollout announces available arrives ships opens preview beta 发布 推出 発表 lance lanza stellt",
        "court": "sue sues sued suing lawsuit lawsuits trial court judge jury testifies testimony testified "
        "testify verdict appeal "
        "ruling settles settlement witness",
        "jobs": "layoff layoffs laid cutting jobs job workforce staff employees fired restructuring severance",
        "people": "joins join hires hired hiring appoints appointed resigns resign departs leaves leaving steps "
        "poaches ceo named successor",
        "money": "earnings revenue profit quarter quarterly sales forecast guidance shares stock stocks results "
        "outlook rally surges slump",
        "rules": "ban bans banned regulator regulators regulation regulations law bill act probe investigation "
        "antitrust senate congress "
        "eu commission order executive policy legislation lawmakers",
        "security": "hack hacked hackers hacking breach breached malware vulnerability vulnerabilities exploit "
        "attack attacks leak leaked stolen ransomware",
        "outage": "outage down disruption bug glitch",
        "research": "study research researchers paper scientists finds survey benchmark report reveals",
        "partnership": "partner partners partnership deal agreement signs contract teams collaboration alliance tie",
        "building": "datacenter center centers centre centres capex gigawatt megawatt power plant campus "
        "infrastructure",
    }.items()
}

LIVE: Final = re.compile(
    r"\blive (?:blog|updates?|coverage)\b|\bliveblog|\bas it happen(?:s|ed)\b|\d live\b|: live\b|\blive:", re.IGNORECASE
)
ROUNDUP: Final = re.compile(
    r"\b(?:round[- ]?up|newsletter|(?:morning|daily|evening) brief(?:ing)?|this week in|week in review|weekly|"
    r"the download(?=:)|"
    r"the week's|funding (?:daily|report)|deals of the|digest|everything (?:[\w' ]{0,20} )?(?:announced|"
    r"revealed|unveiled)|"
    r"every(?:thing)? new|all the [\w' ]{0,24}(?:announcements|news)|in brief|headlines|tl;?dr|ainews|"
    r"news of the (?:day|week)|daily deals|recap)\b|\b\d{2,3} things\b|融资周报|融资日报|一周|日报|早报|晚报|周报|"
    r"早知道|まとめ",
    re.IGNORECASE,
)
#: newsletters of many events like to begin with a picture, or put one behind each topic
NEWSLETTER: Final = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")
PICTURES: Final = 2
#: a day's news of one agency under its first titles
DAILY: Final = re.compile(r"^\s*\d{1,2}点1氪")
TALK: Final = re.compile(
    r"\b(?:podcast|episode|interview|opinion|q&a|webinar|video:|transcript|uncanny valley|why|how|what|should|"
    r"\d+ (?:biggest|best|ways|"
    r"takeaways|reasons|things))\b",
    re.IGNORECASE,
)
NameFinder = Callable[[str], frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sketch:
    """One entry as the matcher sees it. `hour`: publication time in hours of the epoch."""

    entry_id: int
    publisher: str
    language: str
    hour: float
    #: the time of day is known
    timed: bool
    title: str
    title_words: frozenset[str]
    words: frozenset[str]
    names: frozenset[str]
    title_names: frozenset[str]
    companies: frozenset[str]
    sums: frozenset[tuple[str, float]]
    title_sums: frozenset[tuple[str, float]]
    versions: Mapping[str, frozenset[str]]
    title_versions: Mapping[str, frozenset[str]]
    numbers: frozenset[str]
    kinds: frozenset[str]
    #: "report", "roundup", "live" or "talk"
    form: str
    #: it covers many events and joins no story of one
    apart: bool
    #: tag scores of the classifier
    scores: Mapping[str, float] = field(default_factory=dict)
    #: words of the facts that the classifier read, by role
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: the classifier's vector as the lens shows it, of unit length
    seen: NDArray[np.float32]
    #: no lens fits the model: the vector finds candidates, and is no number to judge by
    blurred: bool = False


def sketch(
    *,
    entry_id: int,
    publisher: str,
    language: str,
    published_at: datetime,
    title: str,
    summary: str,
    seen: NDArray[np.float32],
    table: WordTable,
    blurred: bool = False,
    scores: Mapping[str, float] | None = None,
    parts: Mapping[str, frozenset[str]] | None = None,
    find_companies: NameFinder | None = None,
) -> Sketch:
    """Everything the matcher needs of an entry. Pure."""
    title = clean_title(fold(title))
    lead = clean_lead(fold(summary))
    whole = f"{title}. {lead}"
    in_title = words(title)
    every = frozenset(in_title) | frozenset(words(lead))
    title_names = frozenset(names(title, table))
    return Sketch(
        entry_id=entry_id,
        publisher=publisher,
        language=language,
        hour=published_at.timestamp() / SECONDS_PER_HOUR,
        timed=(published_at.hour, published_at.minute, published_at.second) != (0, 0, 0),
        title=title,
        title_words=frozenset(in_title),
        words=every,
        names=title_names | frozenset(names(lead, table)),
        title_names=title_names,
        companies=find_companies(whole) if find_companies else frozenset(),
        sums=frozenset(sums(whole)),
        title_sums=frozenset(sums(title)),
        versions=versions(whole, table),
        title_versions=versions(title, table),
        numbers=frozenset(word for word in every if word[0].isdigit()),
        kinds=kinds(every),
        form=(shape := form(title)),
        apart=shape in ("roundup", "live") or len(NEWSLETTER.findall(title)) >= PICTURES or bool(DAILY.match(title)),
        scores=scores or {},
        parts=parts or {},
        seen=seen,
        blurred=blurred,
    )


def clean_title(title: str) -> str:
    """Without the publisher's name that aggregators hang on it."""
    title = CREDIT.sub("", title)
    found = TAIL.search(title)
    if found and len(found["tail"].split()) <= 4 and len(title[: found.start()].split()) >= 4:
        return title[: found.start()]
    return title


def clean_lead(summary: str) -> str:
    """The lead without what the publisher's machine added."""
    return BOILERPLATE.sub(" ", summary[: LEAD * 2]).strip()[:LEAD]


def names(text: str, table: WordTable) -> set[str]:
    """Stems of words with a capital that are names by habit; in a title in capitals habit alone decides."""
    return {
        word
        for token in tokens(text)
        if token.lower() not in STOP
        if token[0].isupper() or not token.isascii() or any(c.isupper() for c in token)
        if len(word := stem(token.lower())) > 1 and table.is_name(word)
    }


def sums(text: str) -> set[tuple[str, float]]:
    """Sums of money, as (currency, units)."""
    found = set()
    for match in SUM.finditer(text):
        number = float((match["a"] or match["b"]).replace(",", ""))
        scale = SCALE[(match["s"] or match["t"] or "").lower()] if match["s"] or match["t"] else 1.0
        unit = (match["unit"] or "").strip().lower()
        if match["sign"]:
            currency = CURRENCY[match["sign"]]
        elif unit:
            currency = UNIT.get(unit[:3], UNIT.get(unit, "usd"))
        else:
            currency = ""
        if scale == 1.0 and number < 1000:
            continue
        found.add((currency, number * scale))
    return found


def versions(text: str, table: WordTable) -> dict[str, frozenset[str]]:
    """Families with the versions named: {"gpt": {"5.5"}}."""
    found: dict[str, set[str]] = {}
    for match in VERSION.finditer(text):
        family = stem(match["family"].lower())
        after = text[match.end() : match.end() + 12].lower()
        if family in NOT_FAMILY or match["family"].lower() in NOT_FAMILY:
            continue
        if re.match(
            r"[ -]?(?:million|billion|trillion|bn|percent|years?|days?|hours?|months?|people|k\b|b\b|m\b|x\b)", after
        ):
            continue
        if "." not in match["number"] and not table.is_name(family):
            continue
        found.setdefault(family, set()).add(match["number"])
    return {family: frozenset(numbers) for family, numbers in found.items()}


def kinds(found: frozenset[str]) -> frozenset[str]:
    """Kinds of event that the words speak of."""
    return frozenset(kind for kind, listed in KINDS.items() if not listed.isdisjoint(found))


def form(title: str) -> str:
    """What sort of text it is, by its title."""
    if LIVE.search(title):
        return "live"
    if ROUNDUP.search(title) or NEWSLETTER.match(title):
        return "roundup"
    return "talk" if TALK.search(title) else "report"
