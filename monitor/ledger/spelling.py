"""Spans down to names: loose ends cut off, what is no name refused. Pure."""

from __future__ import annotations

import re

from monitor.ledger.companies import CompanyIndex

_LOOSE = frozenset(
    """for on in and with to at of from as by or the a an is are has have will its their after amid via into over
    against but than that which who this new pour avec dans et und mit für y con de""".split()
)
#: verbs of headlines that a title writes like names
_VERBS = frozenset(
    """deepen deepens ink inks launch launches unveil unveils raise raises announce announces expand expands sign signs
    partner partners team teams join joins rise rises sue sues bet bets add adds plan plans talks buy buys acquire
    acquires bring brings release releases introduce introduces get gets make makes take takes say says eye eyes near
    nears seek seeks secure secures land lands debut debuts open opens meet meets use uses invest invests back backs
    meter meters set sets roll rolls test tests update updates agree agrees""".split()
)
#: single words that are no name of anybody
_NO_NAME = frozenset(
    """le la les el los las der die das the a an ein eine un une it he she they we i this that new ai ki ia compute
    cloud seed series round unicorn startup model models agent agents chip chips data robotics superintelligence
    intelligence platform deal news agentic pbc report source sources exclusive update hey show hn preview beta
    voice tech big hong tokyo paris london dc narvik zurich governance technology software hardware spike
    announcing introducing 华尔街 華爾街 美国军 投资者 投資者 投资人 股东 承销银行 承销商 初创公司 科技公司 科技巨头
    投资机构""".split()
) | {"wall street", "private equity", "venture capital", "big tech"}
#: what an unknown name ends in that only describes: "Zurich lab", "Tokyo office"
_DESCRIBED = re.compile(
    r"(?: |^)(?:labs?|office|team|unit|arm|division|branch|campus|hub|startups?|firm|company|companies|subsidiary|"
    r"researchers|engineers|investors?|model|models|chips?|platform|service|services|"
    r"executives?|employees|workers|makers?|giants?|shareholders|backers|founders?|owners?)$"
)
_GENERIC_PRODUCT = re.compile(
    r"(?:the |its |new |an? )*(?:ai |voice |smart |personal |virtual |coding |search |enterprise |digital )*"
    r"(?:assistants?|chatbots?|agents?|apps?|tools?|features?|models?|search|chips?|subscriptions?|plans?|controls|"
    r"cameras?|platforms?|modes?|preview|beta|updates?|apis?|browser|plug-?ins?|software|products?|labels?|devices?|"
    r"services?|system|systems|suite|robots?|phones?|website|toolkit|sdk|hardware|wearables?|features|labs?)",
    re.I,
)
_CAPITALS_AFTER = re.compile(r"(?: [A-Z][\w&.-]*[\w&]){1,3}")
_CAPITALS_BEFORE = re.compile(r"(?:(?<![\w])[A-Z][\w&.-]* ){1,2}$")
_SPACES = " \t\n\"“”„«»'‘’,;:，。、"


def trimmed(text: str, start: int, end: int, companies: CompanyIndex, *, verbs: bool = True) -> tuple[int, int]:
    """A span without the loose words at its ends: "Gemini for" -> "Gemini"; with `verbs` "TSMC Deepen" -> "TSMC"."""
    words = text[start:end]
    opening = re.match(r"(?:(?:Meet|Introducing|Announcing|The|the|its|new) )+(?=\S)", words)
    if opening is not None and companies.get(words) is None:
        start += opening.end()
    if companies.get(text[start:end]) is not None:
        return start, end
    if "(" in text[start:end] and ")" not in text[start:end]:
        end = start + len(text[start:end].partition("(")[0].rstrip(_SPACES))
    short = tight = end
    while " " in text[start:tight]:
        head, _, last = text[start:tight].rpartition(" ")
        low = last.casefold()
        if (low in _LOOSE and (verbs or last.islower())) or (verbs and low in _VERBS):
            tight = start + len(head.rstrip(_SPACES))
            # verbs in capitals may be part of a name, unless a known name stands before them
            if last.islower() and short == start + len(head) + 1 + len(last):
                short = tight
        else:
            break
    known = text[start:tight]
    return start, tight if companies.get(known) is not None or companies.is_product(known) else short


def lengthened(text: str, start: int, end: int, companies: CompanyIndex) -> tuple[int, int]:
    """A span that broke off inside a known name, whole: "DeepMind" of "Google DeepMind"."""
    number = re.match(r"\.\d+", text[end : end + 6]) if text[start:end][-1:].isdigit() else None
    end += number.end() if number else 0
    rest = _CAPITALS_AFTER.match(text, end)
    for stop in _ends_of_words(text, end, rest.end() if rest else end):
        if _is_known(text[start:stop], companies):
            end = stop
    before = _CAPITALS_BEFORE.search(text[max(0, start - 40) : start])
    if before is not None:
        for match in re.finditer(r"\S+ ", before[0]):
            begin = start - len(before[0]) + match.start()
            if _is_known(text[begin:end], companies):
                return begin, end
    return start, end


def _ends_of_words(text: str, start: int, end: int) -> list[int]:
    return [start + match.end() for match in re.finditer(r" \S+", text[start:end])]


def _is_known(words: str, companies: CompanyIndex) -> bool:
    """Whether a name is known; one that the archive has only seen may itself be a span that was too long."""
    entity = companies.get(words)
    return (entity is not None and entity.vetted) or companies.is_product(words)


def is_name(words: str) -> bool:
    """Whether words can name a company, lab, person or office at all."""
    plain = words.strip(_SPACES)
    if not re.search(r"[^\W\d_]", plain) or plain.casefold() in _NO_NAME or plain.casefold() in _LOOSE:
        return False
    # one letter is X, one Chinese character is half of a name
    return len(plain) > 1 or plain == "X"


def is_described(name: str) -> bool:
    """Whether an unknown name only describes somebody: "Zurich lab", "existing investors", "rival chipmaker"."""
    return _DESCRIBED.search(name) is not None or (name.isascii() and name.islower())


def is_product_name(words: str, companies: CompanyIndex, *, in_title: bool) -> bool:
    """Whether words are the name of a model or a product rather than a description: not "voice assistant"."""
    plain = words.strip(_SPACES)
    if companies.is_product(plain):
        return True
    if _GENERIC_PRODUCT.fullmatch(plain):
        return False
    written = re.sub(r"\bAI\b", "", plain)
    if written.isascii() and not re.search(r"[A-Z\d]", written):
        return in_title and " " not in plain
    return True
