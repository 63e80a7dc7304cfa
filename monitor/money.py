"""Money as headlines write it, in English, French, German, Spanish, Chinese and Japanese. Pure.

The libraries of this field misread the scale ("$40 million" -> 40), so this is a parser of its own. It works in three
steps: every number with its neighbours (currency before, scale, currency after) becomes an atom; neighbouring atoms
become ranges ("between $3 and $4 billion"); what has no currency is dropped, so years, percentages, model sizes ("70B")
and plain numbers are never money. Vague forms ("nine-figure", "billions of dollars", "undisclosed") are read apart.

One module, longer than most, because its vocabulary and its grammar only make sense together. All patterns are
compiled on first use: commands that only format pay nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import cache

from monitor.errors import UsageError
from monitor.types import Amount

#: ISO 4217 for "no currency": of an undisclosed amount
NO_CURRENCY = "XXX"

_K, _M, _B, _T = Decimal(10**3), Decimal(10**6), Decimal(10**9), Decimal(10**12)

# ---------------------------------------------------------------- vocabulary

#: how an amount is written short; what is not here is written "CHF 30M"
_SYMBOLS = {
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "INR": "₹", "KRW": "₩", "ILS": "₪", "HKD": "HK$",
    "AUD": "A$", "CAD": "C$", "SGD": "S$", "TWD": "NT$", "NZD": "NZ$", "BRL": "R$", "MXN": "MX$",
}  # fmt: skip

#: symbols and codes that stand before the number
_BEFORE = {
    "US$": "USD", "U.S.$": "USD", "USD$": "USD", "US $": "USD", "$US": "USD", "HK$": "HKD", "HKD$": "HKD", "A$": "AUD",
    "AU$": "AUD", "AUD$": "AUD", "C$": "CAD", "CA$": "CAD", "CAD$": "CAD", "CDN$": "CAD", "S$": "SGD", "SG$": "SGD",
    "SGD$": "SGD", "NZ$": "NZD", "NT$": "TWD", "TW$": "TWD", "NTD$": "TWD", "R$": "BRL", "MX$": "MXN", "$": "USD",
    "€": "EUR", "£": "GBP", "¥": "JPY", "CN¥": "CNY", "JP¥": "JPY", "₹": "INR", "Rs.": "INR", "Rs": "INR", "₩": "KRW",
    "₪": "ILS", "NIS": "ILS", "₽": "RUB", "₺": "TRY", "₫": "VND", "฿": "THB", "₱": "PHP", "₦": "NGN", "SFr": "CHF",
    "Dh": "AED", "Dhs": "AED", "DH": "AED", "RM": "MYR", "Rp": "IDR", "kr": "SEK", "SKr": "SEK", "NKr": "NOK",
    "DKr": "DKK", "NTD": "TWD", "RMB": "CNY", "人民币": "CNY", "人民幣": "CNY", "新台币": "TWD", "新台幣": "TWD",
    "新臺幣": "TWD", "台币": "TWD", "台幣": "TWD", "港币": "HKD", "港幣": "HKD", "美金": "USD", "欧元": "EUR",
    "歐元": "EUR", "美元": "USD", "日元": "JPY", "英镑": "GBP",
}  # fmt: skip

_CODES = (
    "USD EUR GBP CHF JPY CNY INR KRW HKD AUD CAD SGD TWD NZD BRL MXN SEK NOK DKK AED SAR QAR KWD ILS PLN CZK HUF ZAR RUB "
    "THB VND IDR MYR NGN KES EGP"
).split()

#: codes that are trusted without a scale; the others need one ("CAD 360" is software)
_MAJOR = frozenset({"USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "RMB"})

#: words after the number, as regular expressions
_AFTER = {
    r"hong[ -]kong dollars?": "HKD", r"australian dollars?": "AUD", r"aussie dollars?": "AUD",
    r"canadian dollars?": "CAD", r"singapore(?:an)? dollars?": "SGD", r"(?:new )?taiwan(?:ese)? dollars?": "TWD",
    r"new zealand dollars?": "NZD", r"(?:u\.?s\.?[ -]?|american )?dollars?": "USD", r"bucks": "USD",
    r"dollars? (?:américains?|us)": "USD", r"dollars? canadiens?": "CAD", r"dollars? australiens?": "AUD",
    r"dollars? de hong[ -]kong": "HKD", r"dollars? de singapour": "SGD", r"hongkong-dollar": "HKD",
    r"kanadische[nr]? dollar": "CAD", r"australische[nr]? dollar": "AUD",
    r"d[óo]lares(?: estadounidenses| americanos)?": "USD", r"d[óo]lar(?:es)? canadienses?": "CAD", r"dollari": "USD",
    r"euros?": "EUR", r"(?:british )?pounds?(?: sterling)?": "GBP", r"pfund(?: sterling)?": "GBP",
    r"livres? sterling": "GBP", r"libras?(?: esterlinas?)?": "GBP", r"sterling": "GBP",
    r"yen(?:es|s)?": "JPY", r"(?:chinese )?yuan(?:es|s)?": "CNY", r"(?:chinese )?renminbi": "CNY", r"rmb": "CNY",
    r"(?:south )?(?:korean )?won": "KRW", r"(?:indian )?rupees?": "INR", r"rupias": "INR", r"rupien": "INR",
    r"roupies": "INR", r"swiss francs?": "CHF", r"francs? suisses?": "CHF", r"(?:schweizer )?franken": "CHF",
    r"francos? suizos?": "CHF", r"swedish (?:krona|kronor|crowns?|kroner)": "SEK", r"kronor": "SEK",
    r"couronnes suédoises": "SEK", r"schwedische[nr]? kronen": "SEK", r"coronas suecas": "SEK",
    r"norwegian (?:krone|kroner|crowns?)": "NOK", r"danish (?:krone|kroner|crowns?)": "DKK", r"kr": "SEK",
    r"(?:uae |emirati )?dirhams?": "AED", r"(?:saudi )?riyals?": "SAR", r"(?:israeli |new )?shekels?": "ILS", r"nis": "ILS",
    r"(?:brazilian )?reais": "BRL", r"reales": "BRL", r"mexican pesos?": "MXN", r"pesos? mexicanos?": "MXN",
    r"r[ou]+bles?": "RUB", r"(?:malaysian )?ringgit": "MYR", r"rupiah": "IDR", r"baht": "THB", r"(?:polish )?z[lł]oty": "PLN",
    r"(?:south african )?rand": "ZAR", r"naira": "NGN", r"canadian": "CAD", r"\(canadian\)": "CAD", r"australian": "AUD",
}  # fmt: skip

#: words that are also other things, and so need a scale or a long number
_WEAK_AFTER = frozenset({"won", "pound", "pounds", "rand", "kr", "sterling", "nis", "bucks"})

_AFTER_CJK = {
    "美元": "USD", "美金": "USD", "米ドル": "USD", "美刀": "USD", "ドル": "USD", "欧元": "EUR", "歐元": "EUR", "ユーロ": "EUR",
    "英镑": "GBP", "英鎊": "GBP", "ポンド": "GBP", "日元": "JPY", "日圆": "JPY", "日圓": "JPY", "円": "JPY", "人民币": "CNY",
    "人民幣": "CNY", "元人民币": "CNY", "元人民幣": "CNY", "人民元": "CNY", "中国元": "CNY", "港元": "HKD", "港币": "HKD",
    "港幣": "HKD", "香港ドル": "HKD", "新台币": "TWD", "新台幣": "TWD", "元新台幣": "TWD", "元台幣": "TWD", "台币": "TWD",
    "台幣": "TWD", "台湾ドル": "TWD", "韩元": "KRW", "韓元": "KRW", "韩圆": "KRW", "韓圜": "KRW", "ウォン": "KRW",
    "瑞士法郎": "CHF", "瑞郎": "CHF", "スイスフラン": "CHF", "卢比": "INR", "盧比": "INR", "ルピー": "INR", "加元": "CAD",
    "加币": "CAD", "カナダドル": "CAD", "澳元": "AUD", "豪ドル": "AUD", "新加坡元": "SGD", "新元": "SGD", "坡币": "SGD",
    "シンガポールドル": "SGD", "迪拉姆": "AED", "ディルハム": "AED", "里亚尔": "SAR", "谢克尔": "ILS", "瑞典克朗": "SEK",
    "元": "CNY", "块钱": "CNY",
}  # fmt: skip

_SCALES = {
    _K: "k|thousand|tausend|tsd|mille",
    _M: "m|mm|mn|mln|mio|mil|mi|millions?|millionen|mill[oó]n|millones|milioni|milione|milh[ãa]o|milh[õo]es|miljoner|miljoen",
    _B: "b|bn|bln|bil|bi|billions?|milliards?|milliarden?|mrds?|mds?|mia|miliardi|miliardo|millardos?|bilh[ãa]o|bilh[õo]es|"
    "miljarder|miljard|mil millones|mil milh[õo]es|thousand million|mil mill",
    _T: "t|tn|trn|trillions?|billionen|bill[oó]n|billones|trilh[ãa]o|trilh[õo]es|lakh crores?|biljoen",
    Decimal(10**5): "lakhs?|lacs?",
    Decimal(10**7): "crores?|cr",
}
#: scales of languages that write 8.500,5
_COMMA_SCALES = re.compile(
    r"mil|mill[oó]n|millones|mil millones|milliards?|milliarden?|millionen|mrds?|mio|mds?|bill[oó]n|billones|billionen|tsd|"
    r"tausend|miliardi|milioni|milh[õo]es|bilh[õo]es|milh[ãa]o|bilh[ãa]o|bi|mi|mia|mil milh[õo]es",
    re.I,
)

_WORD_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "a hundred": 100, "one hundred": 100,
    "two hundred": 200, "three hundred": 300, "four hundred": 400, "five hundred": 500, "half a": 0.5, "half": 0.5,
    "one and a half": 1.5, "a quarter of a": 0.25, "quarter": 0.25, "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4,
    "cinq": 5, "dix": 10, "vingt": 20, "cent": 100, "un demi": 0.5, "demi": 0.5, "ein": 1, "eine": 1, "einer": 1, "zwei": 2,
    "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9, "zehn": 10, "zwanzig": 20,
    "hundert": 100, "eine halbe": 0.5, "einer halben": 0.5, "halbe": 0.5, "anderthalb": 1.5, "eineinhalb": 1.5, "dos": 2,
    "tres": 3, "cuatro": 4, "cinco": 5, "diez": 10, "veinte": 20, "cien": 100, "medio": 0.5,
}  # fmt: skip

_CJK_UNITS = {"十": 10, "拾": 10, "百": 100, "千": 1000, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
_CJK_DIGITS = dict(zip("零〇一二三四五六七八九", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)) | {"两": 2, "兩": 2, "半": 0.5}

#: one character for one, so that offsets stay
_PLAIN = str.maketrans(
    "０１２３４５６７８９＄￡￥￦．，\u00a0\u202f\u2009’‘–—−‐‑〜～∼＋",
    "0123456789$£¥₩.,   ''-----~~~+",
)

_MORE = (
    r"more than|over|at least|north of|upwards? of|in excess of|exceed(?:s|ing|ed)?|above|topp?(?:s|ing|ed)|beyond|no less than|"
    r"a minimum of|plus de|au moins|plus d'|dépass(?:e|ant)|über|mehr als|mindestens|más de|al menos|mas de|supera(?: los)?|"
    r"超过|超過|逾|超|至少|不低于|不少於|不少于|高于|突破|破"
)
_LESS = (
    r"up to|as much as|at most|under|less than|below|fewer than|no more than|a maximum of|as high as|jusqu'à|moins de|au plus|"
    r"bis zu|weniger als|höchstens|unter|maximal|hasta|menos de|como máximo|最多|最高|高达|高達|不到|不超过|最大|不足|至多"
)
_ABOUT = (
    r"about|around|roughly|approximately|approx\.?|nearly|almost|close to|some|an estimated|estimated|circa|ca\.?|c\.|near|"
    r"environ|près de|presque|quelque|autour de|rund|etwa|fast|knapp|ungefähr|gut|circa|cerca de|alrededor de|unos|casi|"
    r"aproximadamente|约|約|近|大约|大約|将近|將近|接近|ほぼ|およそ|~|≈"
)
_UNDISCLOSED = (
    r"undisclosed(?: (?:amount|sum|price|terms|fee))?|(?:financial )?(?:terms|price|amount|sum|details) (?:of the (?:deal|round"
    r"|transaction|agreement) )?(?:were|was|are|is|have|has)(?: been)? ?(?:not|n't)(?: been)? (?:disclosed|revealed|announced)|"
    r"did(?: not|n't) disclose (?:the )?(?:financial )?(?:terms|price|amount|sum)|(?:montant|prix|somme) (?:non (?:divulgué|"
    r"dévoilé|communiqué|précisé)e?|tenue? secr[eè]te?)|nicht (?:genannte|bekannte)[nr]? (?:summe|betrag|höhe|kaufpreis)|"
    r"(?:über den )?kaufpreis (?:wurde|wird) (?:nicht|stillschweigen)|(?:cantidad|monto|suma|importe|precio) no (?:revelad|"
    r"divulgad|desvelad)[oa]|(?:金额|金額)(?:未披露|未公开|未公開|未透露|不详|は非公開|は非公表)|(?:未披露|未透露|未公开)(?:具体)?(?:的)?金额|"
    r"(?:買収額|調達額|金額)(?:は|について)?(?:非公開|非公表|明らかにしていない)"
)
_COUNTED = (
    r"users|people|customers|developers|downloads|parameters|tokens|views|subscribers|employees|workers|jobs|companies|gpus?|chips|"
    r"utilisateurs|nutzer|usuarios|homes|devices|units"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Atom:
    """A number with its neighbours. `number` is as written, `scale` what multiplies it."""

    start: int
    end: int
    number: Decimal
    scale: Decimal | None
    currency: str | None
    more: bool = False
    vague: bool = False
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def value(self) -> Decimal:
        return self.number * (self.scale or 1)


# ---------------------------------------------------------------- reading


def parse_amounts(text: str) -> list[tuple[int, int, Amount]]:
    """All money in a text, in order, as (start, end, amount); offsets count characters. Never raises.

    "¥" is yen unless the text is Chinese or says yuan; "元" in traditional characters is the New Taiwan dollar unless
    the text says otherwise.
    """
    return _read(text, default=None)


def parse_amount(text: str, default_currency: str | None = None) -> Amount | None:
    """The first amount of a text that is meant to hold one; None if there is none. Never raises.

    `default_currency` (ISO) is given to a scaled number without a currency ("2 billion"); without it such a number
    is no amount.
    """
    found = _read(text, default=default_currency)
    return found[0][2] if found else None


def _read(text: str, *, default: str | None) -> list[tuple[int, int, Amount]]:
    if not text or not _worth_reading().search(text):
        return []
    plain = text.translate(_PLAIN)
    atoms = [*_latin_atoms(plain), *_cjk_atoms(plain), *_word_atoms(plain), *_vague_atoms(plain, default)]
    atoms = _join_ranges(plain, _without_overlap(atoms))
    found = []
    for atom in atoms:
        currency = atom.currency
        if currency is None:
            if default is None or (atom.scale is None and not atom.vague):
                continue
            currency = default
        found.append((atom.start, atom.end, _amount_of(plain, text, replace(atom, currency=currency))))
    taken = [(start, end) for start, end, _ in found]
    for match in _undisclosed().finditer(plain):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            amount = Amount(value=None, currency=NO_CURRENCY, text=text[match.start() : match.end()])
            found.append((match.start(), match.end(), amount))
    return sorted(found, key=lambda item: item[0])


def _amount_of(plain: str, text: str, atom: _Atom) -> Amount:
    """The atom with the words around it: "more than" gives an open end, "about" only says so."""
    value, low, high = atom.value, atom.low, atom.high
    before, after = plain[max(0, atom.start - 24) : atom.start], plain[atom.end : atom.end + 10]
    approximate = atom.vague or low is not None or high is not None
    start = atom.start
    if low is None and high is None:
        if atom.more or _qualifier(_MORE).search(before) or _more_after().match(after):
            low, approximate = value, True
        elif _qualifier(_LESS).search(before) or _less_after().match(after):
            high, approximate = value, True
    if _qualifier(_ABOUT).search(before) or _about_after().match(after):
        approximate = True
    assert atom.currency is not None
    currency = _yen_or_yuan(plain, atom)
    return Amount(
        value=value, currency=currency, text=text[start : atom.end], low=low, high=high, approximate=approximate
    )


def _yen_or_yuan(plain: str, atom: _Atom) -> str:
    """What "¥" and a bare "元" mean in this text."""
    assert atom.currency is not None
    written = plain[atom.start : atom.end]
    if "¥" in written and "CN¥" not in written and "JP¥" not in written and atom.currency == "JPY":
        kana = _kana().search(plain) is not None
        if _says_yuan().search(plain) or (not kana and _han().search(plain) is not None):
            return "CNY"
    if atom.currency == "CNY" and written.endswith("元") and _traditional().search(plain) and not _kana().search(plain):
        says_mainland = _says_mainland().search(plain)
        return atom.currency if says_mainland or written[:2] in {"人民", "RM"} else "TWD"
    return atom.currency


def _latin_atoms(plain: str) -> list[_Atom]:
    atoms = []
    for match in _latin().finditer(plain):
        scale_word = (match["scale"] or match["glued"] or "").rstrip(".")
        scale = _scale_of(scale_word, plain, match) if scale_word else None
        before, after = match["pre"], match["post"]
        number = _decimal(match["num"], comma=bool(scale_word and _COMMA_SCALES.fullmatch(scale_word)), scaled=bool(scale))
        currency = _currency(before, after, strong=scale is not None or number >= 1000)
        end = match.end()
        if after and currency is None:
            end = match.start("post")
        glued = match["gluedcur"]
        if glued:
            currency = "SEK" if glued.lower() == "kr" else glued.upper()
        while end > match.start() and plain[end - 1] in " -":
            end -= 1
        if currency is None and scale is None and not match["num"]:
            continue
        start = match.start("tilde") if match["tilde"] and currency else match.start("pre" if before else "num")
        more = bool(match["plus"] or match["plus2"])
        atoms.append(
            _Atom(start=start, end=end, number=number, scale=scale, currency=currency, more=more, vague=bool(match["tilde"]))
        )
    return atoms


def _currency(before: str | None, after: str | None, *, strong: bool) -> str | None:
    """Currency of the words around a number; what is also another word needs a scale or a long number."""
    first = None
    if before:
        key = before.strip()
        first = _BEFORE.get(key) or next((v for k, v in _BEFORE.items() if k.lower() == key.lower()), None)
        if first is None and key.upper() in _CODES:
            first = key.upper() if strong or key.upper() in _MAJOR else None
        elif key in {"RM", "Rp", "kr", "DH", "Dh", "NIS"} and not strong:
            first = None
    if after:
        second = _currency_after(after, strong=strong)
        if first is None or (second and first in {"USD", "JPY"} and before and before.strip() in {"$", "¥"}):
            return second or first
    return first


def _currency_after(after: str, *, strong: bool) -> str | None:
    word = after.strip()
    if word in _AFTER_CJK:
        return _AFTER_CJK[word]
    if word in _BEFORE:
        return _BEFORE[word]
    if word.upper() in _CODES:
        return word.upper() if strong or word.upper() in _MAJOR else None
    low = word.lower()
    if low in _WEAK_AFTER and not strong:
        return None
    return next((code for pattern, code in _after_patterns() if pattern.fullmatch(low)), None)


def _scale_of(word: str, plain: str, match: re.Match[str]) -> Decimal:
    low = word.lower().replace("-", " ")
    rest = plain[match.end("scale") : match.end("scale") + 24].lower() if match["scale"] else ""
    if low == "mil" and re.match(r" ?(?:de )?(?:d[óo]lares|euros|pesos|libras|reais|yuanes)", rest):
        return _K
    # "un billion de dollars" and "eine Billion Euro" are a million million; "a billion dollars" is not
    if low == "billion" and (rest.startswith((" de ", " d'")) or plain[: match.start("scale")].lower().endswith(("eine ", "einer "))):
        return _T
    return next(scale for scale, pattern in _scale_patterns() if pattern.fullmatch(low))


def _decimal(written: str, *, comma: bool, scaled: bool) -> Decimal:
    """The number that is written; `comma`: the language writes 8.500,5. "1,125" is 1125 and "1.125 billion" is not."""
    digits = written.replace(" ", "").replace("'", "")
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        mark = "." if digits.rfind(".") > digits.rfind(",") else ","
    elif dots + commas > 1:
        mark = ""
    elif commas:
        thousands = len(digits.split(",")[1]) == 3 and not comma and digits[0] != "0"
        mark = "" if thousands else ","
    elif dots:
        thousands = len(digits.split(".")[1]) == 3 and (comma or not scaled) and digits[0] != "0"
        mark = "" if thousands else "."
    else:
        mark = ""
    clean = "".join("." if c == mark else c for c in digits if c.isdecimal() or c == mark)
    return Decimal(clean)


def _cjk_atoms(plain: str) -> list[_Atom]:
    atoms = []
    for match in _cjk().finditer(plain):
        value, vague, high = _cjk_number(match["num"])
        if value is None:
            continue
        before, after = match["pre"], match["post"]
        currency = _currency(before, after, strong=True)
        if currency is None:
            continue
        start = match.start("near") if match["near"] else match.start("pre" if before else "num")
        near = match["near"] or ""
        more = match["more"] is not None or any(c in match["num"] for c in "余多餘") or near in {"逾", "超", "超过", "上"}
        low = value if high is not None else None
        number, scale = ((value + high) / 2 if high is not None else value), Decimal(1)
        simple = re.match(r"\d+(?:\.\d+)?(?=[^\d.,]+$)", match["num"])
        if simple:
            # kept apart, so that "10至15亿" can share the scale
            scale, number = number / Decimal(simple[0]), Decimal(simple[0])
        atoms.append(
            _Atom(
                start=start, end=match.end(), number=number, scale=scale, currency=currency, more=more,
                vague=vague or bool(near), low=low, high=high,
            )
        )  # fmt: skip
    return atoms


def _cjk_number(written: str) -> tuple[Decimal | None, bool, Decimal | None]:
    """(value, vague, upper end) of "1兆5000億", "数十亿", "3.5万"; units multiply what stands before them."""
    several = written[0] in "数數几幾"
    total, section, number = Decimal(0), Decimal(0), None
    for token in re.findall(r"\d[\d,]*(?:\.\d+)?|.", written.lstrip("数數几幾")):
        if token[0].isdecimal():
            number = Decimal(token.replace(",", ""))
        elif token in _CJK_DIGITS:
            digit = Decimal(str(_CJK_DIGITS[token]))
            number = digit if number is None else number * 10 + digit
        elif token in _CJK_UNITS:
            unit = Decimal(_CJK_UNITS[token])
            if unit >= 10**4:
                section += number if number is not None else 0
                # 万亿: the unit multiplies all that stands before it
                total = (total + section) * unit if section == 0 and total else total + (section or 1) * unit
                section, number = Decimal(0), None
            else:
                section += (1 if number is None else number) * unit
                number = None
    value = total + section + (number or 0)
    if value == 0:
        return None, False, None
    return (value, True, value * 10) if several else (value, False, None)


def _word_atoms(plain: str) -> list[_Atom]:
    """"half a billion dollars", "un milliard de dollars", "billion-dollar"."""
    atoms = []
    for match in _words().finditer(plain):
        words = re.sub(r"[\s-]+", " ", match["num"] or "").strip().lower()
        currency = _currency(None, match["post"], strong=True) if match["post"] else None
        if currency is None and not words:
            continue
        end = match.end() if currency else match.end("scale")
        number = Decimal(str(_WORD_NUMBERS.get(words, 1)))
        scale_word = match["scale"].lower().rstrip(".")
        scale = next(s for s, pattern in _scale_patterns() if pattern.fullmatch(scale_word))
        if scale_word == "billion" and (
            words in {"eine", "einer", "eine halbe"} or plain[match.end("scale") :].lower().startswith((" de ", " d'"))
        ):
            scale = _T
        start = match.start("num") if words else match.start("scale")
        multi = bool(match["multi"])
        if multi:
            start = match.start("multi")
        bare = not words
        atoms.append(
            _Atom(start=start, end=end, number=number, scale=scale, currency=currency, more=multi, vague=bare)
        )
    return atoms


def _vague_atoms(plain: str, default: str | None) -> list[_Atom]:
    """"nine-figure", "hundreds of millions of dollars", "billions"."""
    atoms = []
    for match in _figures().finditer(plain):
        count = match["count"].lower()
        digits = int(count) if count.isdecimal() else int(_WORD_NUMBERS[count])
        if 5 <= digits <= 13:
            low, high = Decimal(10 ** (digits - 1)), Decimal(10**digits)
            atoms.append(
                _Atom(
                    start=match.start(), end=match.end("fig"), number=(low + high) / 2, scale=Decimal(1),
                    currency=default or "USD", vague=True, low=low, high=high,
                )
            )  # fmt: skip
    for match in _plurals().finditer(plain):
        scale_word = match["scale"].lower()
        scale = next(s for s, pattern in _scale_patterns() if pattern.fullmatch(scale_word))
        tens = (match["tens"] or "").lower()
        low = scale * (1000 if tens[:2] in {"mi", "th"} else 100 if tens[:2] in {"hu", "ce", "ci"} else 10 if tens else 1)
        few = (match["few"] or "").lower()
        low = low * 2 if few else low
        currency = _currency(match["pre"], match["post"], strong=True)
        end = match.end() if match["post"] and currency else match.end("scale")
        high = low * 10 if tens and not few else None
        middle = (low + high) / 2 if high else low
        atoms.append(
            _Atom(
                start=match.start(), end=end, number=middle, scale=Decimal(1), currency=currency, more=high is None,
                vague=True, low=low if high else None, high=high,
            )
        )  # fmt: skip
    return atoms


def _without_overlap(atoms: list[_Atom]) -> list[_Atom]:
    """The longest of overlapping atoms, one with a currency first; in order."""
    kept: list[_Atom] = []
    for atom in sorted(atoms, key=lambda a: (a.currency is None, -(a.end - a.start), a.start)):
        if all(atom.end <= other.start or other.end <= atom.start for other in kept):
            kept.append(atom)
    return sorted(kept, key=lambda a: a.start)


def _join_ranges(plain: str, atoms: list[_Atom]) -> list[_Atom]:
    """Two neighbours with "-", "to" or "between ... and" become one range, or share the scale of the second."""
    joined: list[_Atom] = []
    index = 0
    while index < len(atoms):
        atom = atoms[index]
        following = atoms[index + 1] if index + 1 < len(atoms) else None
        pair = _range_of(plain, atom, following) if following is not None else None
        if pair is None:
            joined.append(atom)
            index += 1
        else:
            joined.extend(pair)
            index += 2
    return joined


def _range_of(plain: str, first: _Atom, second: _Atom) -> list[_Atom] | None:
    gap = plain[first.end : second.start]
    if len(gap) > 7 or first.vague or second.vague or first.low is not None or second.low is not None:
        return None
    before = plain[max(0, first.start - 10) : first.start].lower()
    between = re.search(r"(?:between|entre|zwischen|tra|介于|介於)\s*$", before)
    if not (_range_gap().fullmatch(gap) or (between and _and_gap().fullmatch(gap))):
        return None
    currency = first.currency or second.currency
    if currency is None or (first.currency and second.currency and first.currency != second.currency):
        return None
    if second.currency is None and re.match(rf"\s+(?:{_COUNTED})\b", plain[second.end : second.end + 16], re.I):
        return None
    if first.scale is None and second.scale is not None:
        # "$3-4 billion"; a bare number far below the second is no part of it ("Top 3 - 500 million dollars")
        if not first.number < second.number <= first.number * (50 if first.currency else 10):
            return None
        first = replace(first, scale=second.scale)
    elif second.currency is None and second.scale is None:
        if gap.strip() not in {"-", "~"} or first.scale is not None:
            return None
    first, second = replace(first, currency=currency), replace(second, currency=currency)
    moved = re.search(r"(?:\bfrom|\bde|\bvon|从|從)\s*$", before) and gap.strip() not in {"-", "~"}
    if moved or not first.value < second.value:
        return [first, second] if first.scale is not None or second.scale is None else None
    low, high = first.value, second.value
    return [
        _Atom(
            start=first.start, end=second.end, number=(low + high) / 2, scale=Decimal(1), currency=currency, vague=True,
            low=low, high=high,
        )
    ]  # fmt: skip


# ---------------------------------------------------------------- patterns, compiled on first use

_NUMBER = r"\d{1,3}(?:(?P<sep>[ ,.'])\d{3})(?:(?P=sep)\d{3})*+(?:[.,]\d{1,2})?(?!\d)|\d{1,15}+(?:[.,]\d{1,6})?"


def _choice(words: list[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


@cache
def _after_patterns() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(words, re.I), code) for words, code in _AFTER.items()]


@cache
def _scale_patterns() -> list[tuple[Decimal, re.Pattern[str]]]:
    return [(scale, re.compile(words, re.I)) for scale, words in _SCALES.items()]


@cache
def _before_choice() -> str:
    latin = [re.escape(w) for w in _BEFORE if w[0].isascii() and w[0].isalpha()]
    other = [re.escape(w) for w in _BEFORE if not (w[0].isascii() and w[0].isalpha())]
    codes = _choice(_CODES)
    return rf"(?<![A-Za-z])(?-i:{_choice(latin)}|{codes})|{_choice(other)}"


@cache
def _after_choice() -> str:
    words = "|".join(sorted(_AFTER, key=len, reverse=True))
    codes = "|".join([*_CODES, "RMB"])
    return (
        rf"(?:{words})(?![A-Za-zÀ-ÿ])|(?-i:{codes})(?![A-Za-z])|(?:US\$|HK\$|[$€£¥₹₩₪])(?![ ]?\d)|{_choice(list(_AFTER_CJK))}"
    )


@cache
def _worth_reading() -> re.Pattern[str]:
    return re.compile(
        r"[\d０-９$€£¥￥]|illi|undisclos|disclose|figure|divulg|dévoil|communiqu|precis|précis|secr|genannte|bekannte|kaufpreis|"
        r"revelad|desvelad|bilh|milh|crore|lakh|[亿億万萬]|披露|透露|公开|公開|公表|不详|していない",
        re.I,
    )


@cache
def _latin() -> re.Pattern[str]:
    long_scales = _choice([w for words in _SCALES.values() for w in words.split("|") if len(w) > 1])
    return re.compile(
        rf"(?P<tilde>[~≈])?[ ]?(?:(?P<pre>{_before_choice()})[ ]?(?:\.[ ])?|(?<![\w.,]))(?P<tilde2>~)?(?P<num>{_NUMBER})(?P<plus>\+)?"
        rf"(?:[ -]?(?P<scale>(?:{long_scales})(?![A-Za-zÀ-ÿ0-9])\.?(?=[^A-Za-z]|$)|(?<! )(?<!-)[kmbt](?![A-Za-zÀ-ÿ0-9])|"
        rf"(?<= )[mbt](?![\w'-]))|[ ]?(?P<glued>[MKT])(?P<gluedcur>SEK|NOK|DKK|EUR|USD|GBP|kr)(?![a-zA-Z]))?"
        rf"(?P<plus2>\+|[ -]plus(?![a-z]))?(?:[ -]{{0,2}}(?:de |d'|di |of )?(?P<post>{_after_choice()}))?",
        re.I,
    )


@cache
def _cjk() -> re.Pattern[str]:
    unit, digit = "十拾百千万萬亿億兆", "零〇一二两兩三四五六七八九半"
    piece = rf"(?:\d[\d,]{{0,12}}(?:\.\d{{1,4}})?[ ]?[余多餘]?[ ]?[{unit}]{{1,3}}|[{digit}]{{1,3}}[{unit}]{{1,3}})"
    bare = rf"[数數几幾][{unit}]{{1,3}}|[百千万萬亿億]{{1,2}}(?=美元|元|ドル|円|日元|欧元)|十[万萬亿億]{{1,2}}"
    post = _choice(list(_AFTER_CJK))
    return re.compile(
        rf"(?P<near>[逾近约約超上]|超过|大约)?(?:(?P<pre>{_before_choice()})[ ]?)?(?<![\d.,])(?P<num>(?:{piece}){{1,5}}|{bare}|"
        rf"\d[\d,]{{0,15}}(?:\.\d{{1,4}})?(?=[ ]?(?:{post})))(?P<more>[余多餘])?[ ]?(?P<post>{post}|USD|RMB|HKD)?",
        re.I,
    )


@cache
def _words() -> re.Pattern[str]:
    numbers = _choice([re.escape(w).replace(r"\ ", "[ -]") for w in _WORD_NUMBERS])
    scales = r"million(?:s|en)?|billion(?:en)?|trillion|milliards?|milliarden?|mill[oó]n|millones|mil millones|bill[oó]n|billones|crores?"
    return re.compile(
        rf"(?<![\w$€£¥₹])(?:(?P<num>{numbers})[ -]|(?P<multi>multi)[ -]?)?(?P<scale>{scales})(?![A-Za-zÀ-ÿ])"
        rf"(?:[ -](?:de |d'|di |of )?(?P<post>{_after_choice()}))?",
        re.I,
    )


@cache
def _figures() -> re.Pattern[str]:
    return re.compile(r"\b(?P<count>five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2})[ -](?P<fig>figures?)\b", re.I)


@cache
def _plurals() -> re.Pattern[str]:
    tens = r"tens|dozens|hundreds|thousands|dizaines|centaines|milliers|decenas|cientos|centenares|miles"
    few = r"several hundred|several|a few|a couple(?: of)?|plusieurs|quelques|mehrere|einige|varios|unos pocos"
    scales = r"millions|billions|trillions|milliards|milliarden|millionen|millones|billones|crores|million|billion|trillion"
    return re.compile(
        rf"(?<![\w$€£¥₹.,\d])(?<!\d )(?:(?P<pre>[$€£])[ ]?)?(?:(?:(?P<few>{few}) )?(?P<tens>{tens}) (?:of |de )|(?P<few2>{few}) )?"
        rf"(?P<scale>{scales})(?![A-Za-zÀ-ÿ])(?:[ -](?:of |de |d'|in )?(?P<post>{_after_choice()}))?",
        re.I,
    )


@cache
def _undisclosed() -> re.Pattern[str]:
    return re.compile(_UNDISCLOSED, re.I)


@cache
def _qualifier(words: str) -> re.Pattern[str]:
    """The words at the end of what stands before an amount; "an", "its" and a currency may come between."""
    return re.compile(rf"(?:(?<![A-Za-z])(?:{words}))[ ]*(?:an? |the |its |los |les |as |around )?$", re.I)


@cache
def _more_after() -> re.Pattern[str]:
    return re.compile(r"\+|[ -]plus\b|(?:,)? or more|以上|超(?!级)| ou plus| o más| oder mehr|余|强|強", re.I)


@cache
def _less_after() -> re.Pattern[str]:
    return re.compile(r" or less|以下|以内|未満|弱", re.I)


@cache
def _about_after() -> re.Pattern[str]:
    return re.compile(r"左右|上下|程度|前後|規模|-ish| or so", re.I)


@cache
def _range_gap() -> re.Pattern[str]:
    return re.compile(r"\s*[-~/]\s*|\s+(?:to|bis|à|a|or|ou|oder|o)\s+|\s*(?:至|到|から|或)\s*", re.I)


@cache
def _and_gap() -> re.Pattern[str]:
    return re.compile(r"\s+(?:and|y|et|und|e)\s+|\s*(?:和|与|與|到|至)\s*", re.I)


@cache
def _kana() -> re.Pattern[str]:
    return re.compile(r"[ぁ-ゖァ-ヺ]")


@cache
def _han() -> re.Pattern[str]:
    return re.compile(r"[\u4e00-\u9fff]")


@cache
def _says_yuan() -> re.Pattern[str]:
    return re.compile(r"\b(?:yuan|renminbi|RMB|CNY)\b|人民[币幣元]|(?<![美日欧歐港加澳新韩韓])元", re.I)


@cache
def _traditional() -> re.Pattern[str]:
    return re.compile(r"[億萬資團與這個對開發關臺灣]")


@cache
def _says_mainland() -> re.Pattern[str]:
    return re.compile(r"人民[币幣]|RMB|CNY|中國|大陸")


# ---------------------------------------------------------------- writing


def format_amount(amount: Amount) -> str:
    """Short, for people: "$6.6B", "€385M", "CHF 30M", "$3B–$4B", "$1B+", "up to $4B", "~$18B", "undisclosed".

    Three significant digits; `parse_amount` reads it back.
    """
    if amount.value is None:
        return "undisclosed"
    if amount.low is not None and amount.high is not None and amount.low < amount.high:
        return f"{_short(amount.low, amount.currency)}–{_short(amount.high, amount.currency)}"
    short = _short(amount.value, amount.currency)
    if amount.low is not None:
        return f"{short}+"
    if amount.high is not None:
        return f"up to {short}"
    return f"~{short}" if amount.approximate else short


def format_usd(value: Decimal) -> str:
    """US dollars, short: "$6.6B"."""
    return _short(value, "USD")


def _short(value: Decimal, currency: str) -> str:
    sign = "-" if value < 0 else ""
    size = _rounded(abs(value))
    for scale, letter in ((_T, "T"), (_B, "B"), (_M, "M"), (_K, "K")):
        if size >= scale:
            number = f"{_plain(size / scale)}{letter}"
            break
    else:
        number = _plain(size)
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{currency} {number}"


def _rounded(value: Decimal) -> Decimal:
    """To three significant digits, cents at the finest."""
    if value == 0:
        return value
    step = Decimal(1).scaleb(max(value.adjusted() - 2, -2))
    return (value / step).to_integral_value(ROUND_HALF_EVEN) * step


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_limit(text: str) -> Decimal:
    """US dollars of "100m", "$1bn", "5e6", "1,000,000", for --min-amount. Raises UsageError on anything else."""
    trimmed = text.strip()
    way_out = "write for example 100m, $1bn or 5e6 (US dollars)"
    if re.fullmatch(r"\d{1,15}(?:\.\d{1,6})?(?:[eE]\+?\d{1,2})?", trimmed):
        try:
            return Decimal(Decimal(trimmed).quantize(Decimal("0.01")) if "." in trimmed else int(Decimal(trimmed)))
        except InvalidOperation as error:
            raise UsageError(f"amount {text!r} is too large: {way_out}") from error
    probe = trimmed if re.match(r"\d", trimmed) is None else f"${trimmed}"
    found = parse_amounts(probe)
    if len(found) != 1 or found[0][0] != 0 or found[0][1] != len(probe):
        raise UsageError(f"amount {text!r} is not understood: {way_out}")
    amount = found[0][2]
    if amount.value is None or amount.low is not None or amount.high is not None:
        raise UsageError(f"amount {text!r} is not one number: {way_out}")
    if amount.currency != "USD":
        raise UsageError(f"amount {text!r} is in {amount.currency}: {way_out}")
    return amount.value
