"""What the words around a name say of its part: only mentioned, a speaker's house, a place where a product runs. Pure.

The model marks names; some of them take no part in the event: rivals, former employers, the analyst's bank, the paper
that reports it. Each question is asked of the text before and after the name, lists skipped: in "led by Accel and GV"
both are led by.
"""

from __future__ import annotations

import re

from monitor.ledger.entities import key_of

_NAME = r"[A-Z0-9À-Þ][\w.&'’+-]*(?: (?:[A-Z0-9À-Þ][\w.&'’+-]*|of|de|&)){0,3}"
_LIST_BEFORE = re.compile(rf"(?:{_NAME}(?:, and |, | and | & |, as well as | et | und | y ))+$")
_LIST_AFTER = re.compile(rf"^(?:(?:, and |, | and | & |, as well as | et | und | y ){_NAME})+")
_ARTICLE = re.compile(r"(?:\b(?:the|a|an|its|their|his|her|our) )?[\"“'‘]?$", re.I)

_OUTSIDERS = (
    r"analysts?|economists?|strategists?|professors?|lecturers?|lawyers?|attorneys?|experts?|portfolio managers?|"
    r"historians?|academics?|pundits?|commentators?|columnists?|reporters?|journalists?"
)
_INSIDERS = (
    r"CEOs?|CTOs?|CFOs?|COOs?|presidents?|vice presidents?|VPs?|heads? of [\w ]{2,30}|chief \w+ officers?|directors?|"
    r"spokes\w+|managers?|(?:general |managing )partners?|scientists?|chairm[ae]n|executives?|founders?|co-?founders?"
)
#: mentioned for comparison, or as where somebody was before
_MENTIONED_BEFORE = re.compile(
    r"(?:\b(?:ex|former|formerly(?: (?:at|of|with))?|one-?time|previously (?:at|of|with)|worked (?:at|for)|leaving|"
    r"quit(?:s|ting)?|departed|veterans? (?:of|from)|alum(?:ni|nus|s)? (?:of|from)|"
    r"spin-?(?:off|out)s? (?:of|from)|spun (?:out|off) (?:of|from)|"
    r"rivals? (?:to|of|like|such as|including)|competitors?(?: (?:to|of|like|such as|including))?|"
    r"similar,? (?:\S+ ){0,3}?(?:deal|agreement|partnership|pact) with|alternatives? to|answer to|response to|like|"
    r"such as|similar to|compared (?:to|with)|"
    r"(?:rival(?:l)?ing|compet(?:e|es|ing) (?:with|against)|taking on|takes? on|challeng(?:e|es|ing)|versus|vs|unlike|"
    r"than|beat(?:s|ing)?|outperform(?:s|ed|ing)?|surpass(?:es|ed|ing)?|overtak(?:es|en|ing)|overtook|"
    r"eclips(?:es|ed|ing)|leapfrog(?:s|ged|ging)?|ahead of|topp(?:ed|ing)|tops|passe[sd]|outpac(?:es|ed|ing)|"
    r"exceed(?:s|ed|ing)|dethron(?:es|ing)|catch(?:es|ing)? up (?:to|with))(?: (?:its )?(?:arch-?)?rivals?)?|"
    r"(?:customers?|clients?|users?) (?:include|includes|including|like|such as|are)|used by|founders? of|"
    r"co-?founders? of|(?:researchers?|engineers?|employees?|leaders?|staffers?|people|those|angels?|"
    r"operators|executives) (?:at|of|from))\.?[ -])$",
    re.I,
)
_MENTIONED_AFTER = re.compile(
    r"^[-‑](?:like|style|level|inspired|killer|class)\b|"
    r"^(?:['’]s?)?[ -](?:rivals?\b|competitors?\b|alternatives?\b|challengers?\b|veterans?\b|alum(?:ni|nus|s)?\b|"
    r"(?:co-?)?founders?\b|spin-?(?:off|out)s?\b|mafia\b|killer\b|employees?\b)",
    re.I,
)
#: those by whom a lab may well be named: "Meta researchers release"
_STAFF_AFTER = re.compile(r"^(?:['’]s?)? (?:engineers?|researchers?|execs?|executives?|scientists?)\b", re.I)
#: "Ann Bell's Tralala raises", "OpenAI's cozy partner Tralala": a founder or a friend, not who pays
_WHOSE_AFTER = re.compile(
    r"^['’]s (?!(?:\S+ ){0,6}?(?:stake|investment|bet|money|backing|funding|deal|cash|fund|arm|ventures?)\b)"
    r"(?:(?:\w+ ){0,2}(?:partner|supplier|client|customer|ally) )?[A-Z]",
)
#: "a loan backed by Tralala shares": what is pledged or sold gives nothing
_SHARES_AFTER = re.compile(r"^(?:['’]s?)?,? (?:shares|stock)\b", re.I)
#: "spun out of Lalala Inc.'s Tralala": the unit's house stands between
_HOUSE_BEFORE = re.compile(r"(?:[A-Z][\w&-]*\.? ){0,2}[A-Z][\w&-]*\.?['’]s $")
#: "Rivian CEO Ann Bell's new firm": the firm is hers
_HEAD_AFTER = re.compile(r"^(?:['’]s?)? (?:co-)?(?:CEO|CTO|CFO|COO|boss|chief|president|chairman|chair)\b", re.I)
_COUNTRIES = frozenset(
    """china us usa uk america britain india japan france germany europe singapore korea taiwan israel canada australia
    uae russia beijing washington brussels""".split()
)
_OUTSIDER = re.compile(rf"\b(?:{_OUTSIDERS}) (?:at|with|from|of|for)(?: the)? $", re.I)
_INSIDER = re.compile(rf"\b(?:{_INSIDERS}) (?:at|from|of|for)(?: the)? $", re.I)
_SPEAKS = re.compile(r"^['’]s (?:[A-Z]\w+ ){1,3}(?:said|says|wrote|told|thinks|expects|noted)\b")
_CITED_BEFORE = re.compile(
    r"\b(?:according to|as reported by|reported by|per|told|via|cited by|citing|data (?:from|by)|seen by|"
    r"reviewed by|(?:an )?interview with|laut|selon|según)(?: the)? $",
    re.I,
)
_CITED_AFTER = re.compile(r"^,? (?:reports\b|reported\b|has learned|first reported|says\b|said\b|understands\b)", re.I)
_MEDIA = frozenset(
    key_of(name)
    for name in (
        "Bloomberg", "Bloomberg News", "Reuters", "WSJ", "The Wall Street Journal", "Wall Street Journal", "FT",
        "Financial Times", "The Information", "CNBC", "Axios", "TechCrunch", "The Verge", "Wired", "Forbes", "Fortune",
        "Business Insider", "Insider", "The New York Times", "NYT", "New York Times", "Washington Post", "Politico",
        "Semafor", "Platformer", "Nikkei", "Nikkei Asia", "BBC", "CNN", "AP", "AFP", "The Register", "VentureBeat",
        "Engadget", "9to5Mac", "9to5Google", "MacRumors", "Crunchbase", "PitchBook", "CB Insights", "Sifted",
        "Handelsblatt", "Les Echos", "Caixin", "36Kr", "South China Morning Post", "SCMP", "The Guardian",
        "Ars Technica", "Puck", "LatePost",
    )
)  # fmt: skip

#: who stands here gives the money
_GIVES_BEFORE = re.compile(
    r"\b(?:(?:led|co-led|backed|anchored|underwritten|financed|supported) (?:jointly |in part )?by|"
    r"participation (?:from|by|of)|investors? (?:including|include|includes|such as|like|are)|"
    r"backers? (?:including|include|includes|such as|like|are)|from investors?(?: including)?|"
    r"(?:investment|funding|money|capital|backing|support) from|mené[es]? par|auprès d[e']|angeführt von|"
    r"liderad[ao] por)(?: (?:new|existing|the|its|venture|firm|firms|capital|investors?|investor|VC|fund|giant|"
    r"both|including))* $",
    re.I,
)
_GIVES_AFTER = re.compile(
    r"^,? (?:(?:is|are|was|were|also|both) )*"
    r"(?:in (?:early |advanced |late |final )?talks to (?:co-)?(?:invest|lead|back)|"
    r"to (?:co-)?(?:invest|lead)|plans? to invest|will invest|invests?\b|invested\b|investing\b|(?:co-)?leads?\b|"
    r"(?:co-)?led (?:the|a)\b|participated\b|joins? (?:the )?(?:round|as)|"
    r"is pouring|pours)|^[-‑]led\b|^(?:等)?(?:领投|領投|跟投|参投|がリード|が主導)",
    re.I,
)
#: who stands here gets it
_GETS_AFTER = re.compile(
    r"^(?:,? which [^,]{3,80},|, an? [^,]{3,80},)? (?:rais(?:es|ed|ing)|secur(?:es|ed)|lands|nabs|bags|has raised|"
    r"is raising|to raise|in (?:early |advanced )?talks to raise|seeks to raise|looks to raise|"
    r"nears? \$|closes)\b(?! (?:its |the )?(?:stake|investment|bet))",
    re.I,
)
#: a product that stands here is where the new one runs
_HOST_BEFORE = re.compile(
    r"\b(?:in|at|into|within|inside|for|on|onto|via|through|using|across|powered by|built (?:on|with)|supports?|"
    r"(?:com(?:es|ing)|brings?|bringing|adds?|adding|arriv\w+|expand\w*|rolls? out)\b[^.;:]{0,60} to|"
    r"dans|sur|für|in der|en)(?: (?:the|its|your|a|our|all|every))? $",
    re.I,
)
#: a model that stands here is an older or another one
_OLDER_BEFORE = re.compile(
    r"\b(?:successors? (?:to|of)|replac(?:es|ed|ing)|based on|built (?:on|upon|on top of)|fine-?tuned from|"
    r"distill\w* from|trained on|up from|upgrade (?:from|over|to)|than|over|beyond|predecessors?,?|"
    r"weeks after|months after|days after|follows|following|since)"
    r"(?: (?:the|its|their|last year['’]s|[A-Z]\w+['’]s))* $",
    re.I,
)
_PERSON_BEFORE = re.compile(
    r"\b(?:CEO|CTO|CFO|COO|founder|exec|executive|analyst|governor|secretary|president|minister|leaker|billionaire|"
    r"chairman|senator|sen\.|rep\.|mr\.?|ms\.?|mrs\.?|dr\.?|justice|judge|chief)(?: [A-Z]\w+)? $",
    re.I,
)
#: known by their surnames; a company is meant by none of them
_PEOPLE = frozenset(
    """altman musk lecun nadella pichai huang zuckerberg bezos amodei hassabis murati sutskever karpathy kuo gurman
    thiel sandberg clegg trump hegseth desantis brockman suleyman benioff ellison schmidt mensch srinivas liang
    hinton bengio ng gates cook jassy dell su son wang zuck macron starmer merz vance newsom yann jensen satya sundar
    elon dario mira""".split()
)


def governing(text: str, start: int) -> str:
    """The words that stand before a name, or before the list in which it stands."""
    before = text[max(0, start - 140) : start]
    shorter = _LIST_BEFORE.sub("", before)
    return shorter if shorter.strip() else before


def following(text: str, end: int) -> str:
    """The words that follow a name, or the list that it begins."""
    after = text[end : end + 140]
    return _LIST_AFTER.sub("", after)


def only_mentioned(role: str, text: str, start: int, end: int) -> bool:
    """Whether a name takes no part: a rival, a former employer, a speaker's house, the paper that reports."""
    before, after = governing(text, start), text[end : end + 60]
    bare = _ARTICLE.sub("", before) if not before.endswith(("-", "- ")) else before
    if _MENTIONED_BEFORE.search(before) or (bare and _MENTIONED_BEFORE.search(bare)) or _MENTIONED_AFTER.match(after):
        return True
    if role not in ("developer", "partner") and _STAFF_AFTER.match(after):
        return True
    if role in ("investor", "target") and _HEAD_AFTER.match(after):
        return True
    if role == "investor" and (_WHOSE_AFTER.match(after) or _SHARES_AFTER.match(after)):
        return True
    if _HOUSE_BEFORE.search(before) and _MENTIONED_BEFORE.search(_HOUSE_BEFORE.sub("", before)):
        return True
    if role != "investor" and re.match(r"[-‑](?:backed|funded|owned)\b", after, re.I):
        return True
    if _OUTSIDER.search(before) or _SPEAKS.match(after):
        return True
    name = key_of(text[start:end])
    if name in _MEDIA:
        cited = _CITED_BEFORE.search(before) or _CITED_AFTER.match(after) or f"({text[start:end]}" in text[start - 1 :]
        return bool(cited) or role in ("developer", "investor", "recipient")
    return bool(_CITED_BEFORE.search(before)) and role in ("developer", "target", "investor")


def speaks_for(text: str, start: int) -> bool:
    """Whether a name is the house of somebody who speaks ("the CEO of Tralala"): it counts only beside nothing else."""
    return _INSIDER.search(text[max(0, start - 60) : start]) is not None


def is_country(words: str) -> bool:
    """Whether a name is a country's or a capital's, which speak for firms of theirs: they count beside nothing else."""
    return words.strip().casefold().removeprefix("the ").replace(".", "") in _COUNTRIES


def is_person(text: str, start: int, end: int) -> bool:
    """Whether a name is a person's, by the word before it or because everybody knows them."""
    words = text[start:end].split()
    if len(words) > 3 or not words:
        return False
    if words[-1].casefold().removesuffix("'s").removesuffix("’s") in _PEOPLE and (
        len(words) == 1 or words[0][:1].isupper()
    ):
        return len(words) > 1 or words[0].casefold() in _PEOPLE
    return (
        len(words) <= 2 and words[0].isalpha() and _PERSON_BEFORE.search(text[max(0, start - 40) : start]) is not None
    )


def money_side(role: str, text: str, start: int, end: int) -> str:
    """ "investor" or "recipient", as the words around a name say; else its own role."""
    before, after = governing(text, start), following(text, end)
    gives = _GIVES_BEFORE.search(before)
    # "Backed by Orchid Ventures, Tralala ...": the list ends with the one that gets it
    if gives is not None and gives.start() == 0 and not text[:start].endswith(before):
        gives = None
    if role == "recipient" and (gives is not None or _GIVES_AFTER.match(after)):
        return "investor"
    if role == "investor" and _GETS_AFTER.match(text[end : end + 120]) and not _GIVES_BEFORE.search(before):
        return "recipient"
    return role


def is_host(text: str, start: int) -> bool:
    """Whether a product is where the new one runs: "now available in Windsurf"."""
    return _HOST_BEFORE.search(governing(text, start)) is not None


def is_older(text: str, start: int, end: int) -> bool:
    """Whether a model or product is what the new one is measured against: "beats GPT-5", "Mythos-level"."""
    before = governing(text, start)
    if _MENTIONED_AFTER.match(text[end : end + 30]):
        return True
    return _OLDER_BEFORE.search(before) is not None or _MENTIONED_BEFORE.search(before) is not None


def is_publisher(text: str, start: int, end: int, publisher: str, name: str) -> bool:
    """Whether a name at a title's end only says whose title it is: "... - 9to5Google"."""
    if end < len(text) or not re.search(r" [-–—|] $", text[:start]):
        return False
    key = key_of(text[start:end])
    return bool(key) and (key == key_of(name) or key in key_of(publisher) or key in _MEDIA)
