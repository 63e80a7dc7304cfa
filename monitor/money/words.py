"""The words that money is written with, in six languages. Data only; patterns.py makes expressions of it."""

from __future__ import annotations

import re
from decimal import Decimal

THOUSAND, MILLION, BILLION, TRILLION = Decimal(10**3), Decimal(10**6), Decimal(10**9), Decimal(10**12)

#: how an amount is written short; what is not here is written "CHF 30M"
SYMBOLS = {
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "INR": "₹", "KRW": "₩", "ILS": "₪", "HKD": "HK$",
    "AUD": "A$", "CAD": "C$", "SGD": "S$", "TWD": "NT$", "NZD": "NZ$", "BRL": "R$", "MXN": "MX$",
}  # fmt: skip

#: symbols and codes that stand before the number
BEFORE = {
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

CODES = (
    "USD",
    "EUR",
    "GBP",
    "CHF",
    "JPY",
    "CNY",
    "INR",
    "KRW",
    "HKD",
    "AUD",
    "CAD",
    "SGD",
    "TWD",
    "NZD",
    "BRL",
    "MXN",
    "SEK",
    "NOK",
    "DKK",
    "AED",
    "SAR",
    "QAR",
    "KWD",
    "ILS",
    "PLN",
    "CZK",
    "HUF",
    "ZAR",
    "RUB",
    "THB",
    "VND",
    "IDR",
    "MYR",
    "NGN",
    "KES",
    "EGP",
)

#: codes that are trusted without a scale; the others need one ("CAD 360" is software)
MAJOR = frozenset({"USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "RMB"})

#: words after the number, as regular expressions
AFTER = {
    r"hong[ -]kong dollars?": "HKD", r"australian dollars?": "AUD", r"aussie dollars?": "AUD",
    r"canadian dollars?": "CAD", r"singapore(?:an)? dollars?": "SGD", r"(?:new )?taiwan(?:ese)? dollars?": "TWD",
    r"new zealand dollars?": "NZD", r"(?:u\.?s\.?[ -]?|american )?dollars?": "USD", r"bucks": "USD",
    r"dollars? (?:américains?|us)": "USD", r"dollars? canadiens?": "CAD", r"dollars? australiens?": "AUD",
    r"dollars? de hong[ -]kong": "HKD", r"dollars? de singapour": "SGD", r"hongkong-dollar": "HKD",
    r"kanadische[nr]? dollar": "CAD", r"australische[nr]? dollar": "AUD",
    r"d[óo]lares(?: estadounidenses| americanos)?": "USD", r"d[óo]lar(?:es)? canadienses?": "CAD", r"dollari": "USD",
    r"euros?": "EUR", r"(?:british )?pounds?(?: sterling)?": "GBP", r"pfund(?: sterling)?": "GBP",
    r"livres? sterling": "GBP", r"libras?(?: esterlinas?)?": "GBP", r"sterling": "GBP", r"yen(?:es|s)?": "JPY",
    r"(?:chinese )?yuan(?:es|s)?": "CNY", r"(?:chinese )?renminbi": "CNY", r"rmb": "CNY",
    r"(?:south )?(?:korean )?won": "KRW", r"(?:indian )?rupees?": "INR", r"rupias": "INR", r"rupien": "INR",
    r"roupies": "INR", r"swiss francs?": "CHF", r"francs? suisses?": "CHF", r"(?:schweizer )?franken": "CHF",
    r"francos? suizos?": "CHF", r"swedish (?:krona|kronor|crowns?|kroner)": "SEK", r"kronor": "SEK",
    r"couronnes suédoises": "SEK", r"schwedische[nr]? kronen": "SEK", r"coronas suecas": "SEK",
    r"norwegian (?:krone|kroner|crowns?)": "NOK", r"danish (?:krone|kroner|crowns?)": "DKK", r"kr": "SEK",
    r"(?:uae |emirati )?dirhams?": "AED", r"(?:saudi )?riyals?": "SAR", r"(?:israeli |new )?shekels?": "ILS",
    r"nis": "ILS", r"(?:brazilian )?reais": "BRL", r"reales": "BRL", r"mexican pesos?": "MXN",
    r"pesos? mexicanos?": "MXN", r"r[ou]+bles?": "RUB", r"(?:malaysian )?ringgit": "MYR", r"rupiah": "IDR",
    r"baht": "THB", r"(?:polish )?z[lł]oty": "PLN", r"(?:south african )?rand": "ZAR", r"naira": "NGN",
    r"canadian": "CAD", r"\(canadian\)": "CAD", r"australian": "AUD",
}  # fmt: skip

#: words that are also other things, and so need a scale or a long number
WEAK_AFTER = frozenset({"won", "pound", "pounds", "rand", "kr", "sterling", "nis", "bucks"})

AFTER_CJK = {
    "美元": "USD", "美金": "USD", "米ドル": "USD", "美刀": "USD", "ドル": "USD", "欧元": "EUR", "歐元": "EUR",
    "ユーロ": "EUR", "英镑": "GBP", "英鎊": "GBP", "ポンド": "GBP", "日元": "JPY", "日圆": "JPY", "日圓": "JPY",
    "円": "JPY", "日本円": "JPY", "人民币": "CNY", "人民幣": "CNY", "元人民币": "CNY", "元人民幣": "CNY",
    "人民元": "CNY", "中国元": "CNY",
    "港元": "HKD", "港币": "HKD", "港幣": "HKD", "香港ドル": "HKD", "新台币": "TWD", "新台幣": "TWD",
    "元新台幣": "TWD", "元台幣": "TWD", "台币": "TWD", "台幣": "TWD", "台湾ドル": "TWD", "韩元": "KRW", "韓元": "KRW",
    "韩圆": "KRW", "韓圜": "KRW", "ウォン": "KRW", "瑞士法郎": "CHF", "瑞郎": "CHF", "スイスフラン": "CHF",
    "卢比": "INR", "盧比": "INR", "ルピー": "INR", "加元": "CAD", "加币": "CAD", "カナダドル": "CAD", "澳元": "AUD",
    "豪ドル": "AUD", "新加坡元": "SGD", "新元": "SGD", "坡币": "SGD", "シンガポールドル": "SGD", "迪拉姆": "AED",
    "ディルハム": "AED", "里亚尔": "SAR", "谢克尔": "ILS", "瑞典克朗": "SEK", "元": "CNY", "块钱": "CNY",
}  # fmt: skip

SCALES = {
    THOUSAND: "k|thousand|tausend|tsd|mille",
    MILLION: "m|mm|mn|mln|mio|mil|mi|millions?|millionen|mill[oó]n|millones|milioni|milione|milh[ãa]o|milh[õo]es|"
    "miljoner|miljoen",
    BILLION: "b|bn|bln|bil|bi|billions?|milliards?|milliarden?|mrds?|mds?|mia|miliardi|miliardo|millardos?|bilh[ãa]o|"
    "bilh[õo]es|"
    "miljarder|miljard|mil millones|mil milh[õo]es|thousand million|mil mill",
    TRILLION: "t|tn|trn|trillions?|billionen|bill[oó]n|billones|trilh[ãa]o|trilh[õo]es|lakh crores?|biljoen",
    Decimal(10**5): "lakhs?|lacs?",
    Decimal(10**7): "crores?|cr",
}

#: scales of languages that write 8.500,5
COMMA_SCALES = re.compile(
    r"mil|mill[oó]n|millones|mil millones|milliards?|milliarden?|millionen|mrds?|mio|mds?|bill[oó]n|billones|"
    r"billionen|tsd|"
    r"tausend|miliardi|milioni|milh[õo]es|bilh[õo]es|milh[ãa]o|bilh[ãa]o|bi|mi|mia|mil milh[õo]es",
    re.I,
)

WORD_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "a hundred": 100,
    "one hundred": 100, "two hundred": 200, "three hundred": 300, "four hundred": 400, "five hundred": 500,
    "half a": 0.5, "half": 0.5, "one and a half": 1.5, "a quarter of a": 0.25, "quarter": 0.25, "un": 1, "une": 1,
    "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "dix": 10, "vingt": 20, "cent": 100, "un demi": 0.5, "demi": 0.5,
    "ein": 1, "eine": 1, "einer": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8,
    "neun": 9, "zehn": 10, "zwanzig": 20, "hundert": 100, "eine halbe": 0.5, "einer halben": 0.5, "halbe": 0.5,
    "anderthalb": 1.5, "eineinhalb": 1.5, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "diez": 10, "veinte": 20,
    "cien": 100, "medio": 0.5,
}  # fmt: skip

CJK_UNITS = {
    "十": 10,
    "拾": 10,
    "百": 100,
    "千": 1000,
    "万": 10**4,
    "萬": 10**4,
    "亿": 10**8,
    "億": 10**8,
    "兆": 10**12,
}

CJK_DIGITS = dict(zip("零〇一二三四五六七八九", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)) | {
    "两": 2,
    "兩": 2,
    "半": 0.5,
}

#: one character for one, so that offsets stay
PLAIN = str.maketrans(
    "０１２３４５６７８９＄￡￥￦．，\u00a0\u202f\u2009’‘–—−‐‑〜～∼＋",
    "0123456789$£¥₩.,   ''-----~~~+",
)

MORE = (
    r"more than|over|at least|north of|upwards? of|in excess of|exceed(?:s|ing|ed)?|above|topp?(?:s|ing|ed)|beyond|"
    r"no less than|"
    r"a minimum of|plus de|au moins|plus d'|dépass(?:e|ant)|über|mehr als|mindestens|más de|al menos|mas de|"
    r"supera(?: los)?|"
    r"超过|超過|逾|超|至少|不低于|不少於|不少于|高于|突破|破"
)

LESS = (
    r"up to|as much as|at most|under|less than|below|fewer than|no more than|a maximum of|as high as|jusqu'à|"
    r"moins de|au plus|"
    r"bis zu|weniger als|höchstens|unter|maximal|hasta|menos de|como máximo|最多|最高|高达|高達|不到|不超过|最大|"
    r"不足|至多"
)

ABOUT = (
    r"about|around|roughly|approximately|approx\.?|nearly|almost|close to|some|an estimated|estimated|circa|ca\.?|"
    r"c\.|near|"
    r"environ|près de|presque|quelque|autour de|rund|etwa|fast|knapp|ungefähr|gut|circa|cerca de|alrededor de|unos|"
    r"casi|"
    r"aproximadamente|约|約|近|大约|大約|将近|將近|接近|ほぼ|およそ|~|≈"
)

UNDISCLOSED = (
    r"undisclosed(?: (?:amount|sum|price|terms|fee))?|(?:financial )?(?:terms|price|amount|sum|"
    r"details) (?:of the (?:deal|round"
    r"|transaction|agreement) )?(?:were|was|are|is|have|has)(?: been)? ?(?:not|n't)(?: been)? (?:disclosed|revealed|"
    r"announced)|"
    r"did(?: not|n't) disclose (?:the )?(?:financial )?(?:terms|price|amount|sum)|(?:montant|prix|"
    r"somme) (?:non (?:divulgué|"
    r"dévoilé|communiqué|précisé)e?|tenue? secr[eè]te?)|nicht (?:genannte|bekannte)[nr]? (?:summe|betrag|höhe|"
    r"kaufpreis)|"
    r"(?:über den )?kaufpreis (?:wurde|wird) (?:nicht|stillschweigen)|(?:cantidad|monto|suma|importe|"
    r"precio) no (?:revelad|"
    r"divulgad|desvelad)[oa]|(?:金额|金額)(?:未披露|未公开|未公開|未透露|不详|は非公開|は非公表)|(?:未披露|未透露|"
    r"未公开)(?:具体)?(?:的)?金额|"
    r"(?:買収額|調達額|金額)(?:は|について)?(?:非公開|非公表|明らかにしていない)"
)

COUNTED = (
    r"users|people|customers|developers|downloads|parameters|tokens|views|subscribers|employees|workers|jobs|"
    r"companies|gpus?|chips|"
    r"utilisateurs|nutzer|usuarios|homes|devices|units"
)
NUMBER = r"\d{1,3}(?:(?P<sep>[ ,.'])\d{3})(?:(?P=sep)\d{3})*+(?:[.,]\d{1,2})?(?!\d)|\d{1,15}+(?:[.,]\d{1,6})?"
