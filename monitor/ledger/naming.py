"""Names as headlines write them, down to the bare name: "French startup Mistral AI SAS's" -> "Mistral AI". Pure."""

from __future__ import annotations

import re


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LEGAL = re.compile(
    r"[\s,]+(?:inc|incorporated|corp|corporation|co|company|ltd|limited|llc|llp|lp|plc|pbc|sas|s\.a\.s|sa|s\.a|sarl|ag|"
    r"gmbh|se|kg|n\.?v|b\.?v|ab|oy|oyj|asa|a/s|aps|s\.?p\.?a|s\.?r\.?l|s\.?l|bhd|berhad|pte|pvt|pty|k\.?k|holdings?|"
    r"group holding|group|cl)\.?$",
    re.I,
)
_LEGAL_CJK = re.compile(r"(?:股份)?有限公司$|株式会社$|^株式会社|(?<=..)(?:公司|集团|集團|社)$|주식회사")
#: part of an unknown name rather than its legal form
_KEPT_LEGAL = re.compile(r"\b(?:group|holdings?|company|co)\.?$|公司$|集团$|集團$|社$", re.I)
_POSSESSIVE = re.compile(r"['’]s?$")
_OWN_S = re.compile(
    r"(?:mc ?donald|lowe|moody|macy|kohl|wendy|levi|domino|sotheby|christie|sainsbury|kellogg|land o'lake|trader joe|"
    r"sam|dick|lay|reese|victoria|bj|carl|chili|denny|arby|hardee|zaxby|byju|lloyd)['’]s\b",
    re.I,
)
_ARTICLE = re.compile(
    r"^(?:the|an?|la|le|les|el|los|las|der|die|das|dem|den|des|du|un|une|una|ein|eine)\s+|^(?:l|d)['’]", re.I
)
_SMALL_ARTICLE = re.compile(
    r"^(?:the|an?|la|le|les|el|los|las|der|die|das|dem|den|des|une?|una|eine?) |^(?:l|d)['’](?=[A-ZÀ-Þ])"
)
_QUOTES = " \t\n\"'“”„«»‘’`*()[]{}<>.,;:!?-–—·|/\\、。，；：「」『』《》（）【】#@"

#: words before a name that say where it comes from
_ORIGINS = _set(
    """american us u.s. uk british english scottish irish french german dutch swiss swedish norwegian danish finnish
    nordic spanish portuguese italian austrian belgian polish czech estonian latvian lithuanian ukrainian
    russian turkish greek israeli emirati saudi egyptian nigerian kenyan south african indian chinese japanese
    korean taiwanese singaporean singapore vietnamese indonesian malaysian thai filipino australian canadian
    mexican brazilian argentine chilean colombian european asian latin silicon valley london paris berlin munich
    stockholm beijing shanghai hangzhou shenzhen tokyo seoul bangalore bengaluru toronto boston français
    française francesa española deutsche deutsches französische französisches chinesische chinesisches
    amerikanische amerikanischer chinois chinoise américain américaine estadounidense china's america's france's
    europe's japan's india's"""
)
#: words that say what it is, in any case; one must stand before a name for the words before it to be dropped
_TITLE_NOUNS = _set(
    """startup startups start-up start-ups chipmaker chip-maker unicorn decacorn hyperscaler neocloud carmaker
    automaker giant scaleup scale-up spinout spinoff"""
)
#: the same, but in small letters only: "Group 42" and "Business Insider" are names
_NOUNS = _TITLE_NOUNS | _set(
    """company firm firms lab labs laboratory giants maker makers developer platform provider cloud group rival
    investor backer owner parent vendor specialist builder pioneer powerhouse heavyweight upstart outfit
    business bank fund insurer retailer publisher newspaper broadcaster newcomer darling agency university
    ministry conglomerate multinational titan player supplier operator creator spin-off consultancy entreprise
    société pépite jeune pousse licorne éditeur géant unternehmen konzern firma chipkonzern hersteller
    tech-konzern ki-startup ki-firma ki-unternehmen empresa gigante compañía tecnológica subsidiary unit arm
    nonprofit non-profit ceo founder cofounder co-founder chief boss"""
)
_FILLERS = _set(
    """ai a.i. ki ia artificial intelligence genai generative agentic tech technology software hardware chip
    semiconductor robotics robot humanoid voice video image music legal legaltech health healthtech healthcare
    biotech fintech defense defence cybersecurity security data cloud search coding code vibe model models
    foundation frontier open source open-source autonomous driving self-driving vehicle automotive energy
    nuclear quantum enterprise consumer e-commerce social media network internet online streaming ride-hailing
    delivery payments crypto vector database inference infrastructure computing compute gpu memory server
    storage networking telecom telecoms telecommunications mobile venture capital private equity investment
    sovereign wealth asset pharma pharmaceutical drug discovery biopharma medical retail travel education edtech
    language translation customer service support sales marketing and new early stage early-stage stealth
    stealthy buzzy hot fast-growing well-funded leading big small its our former ex rival billionaire executive
    officer de en an in von für pour para"""
)
_BACKED = re.compile(
    r"^\S+[-‑](?:backed|based|owned|led|founded|funded|headquartered|born|listed|native|focused|powered|maker)$", re.I
)
_CJK_DESCRIPTION = re.compile(
    r"^(?:米|英|仏|独|中国|美国|法国|英国|德国|日本|韩国|韓国|加拿大|以色列|印度|欧洲|台湾|フランス|イスラエル|"
    r"カナダ|国内)?(?:の)?"
    r"(?:AI|人工智能|大模型|生成AI|芯片|机器人|科技|半導体)?"
    r"(?:初创公司|初创企业|初创|新创公司|新創公司|新創|创业公司|独角兽(?:企业)?|獨角獸|公司|企业|企業|巨头|巨頭|"
    r"スタートアップ|ベンチャー|大手|新興)?(?:企業)?(?:の)?"
)
_ROLE = (
    r"(?:maker|developer|owner|creator|parent(?: company)?|company|builder|operator|provider|startup|publisher|"
    r"mutterkonzern|macher|hersteller)s?"
)
_BY_ROLE = (
    re.compile(rf"^(?:the )?(.+?)[\s-]{_ROLE}$", re.I),
    re.compile(
        rf"^(?:the )?(?:{_ROLE}|créateur|éditeur|entwickler|creador(?:es)?|desarrollador(?:a)?) "
        r"(?:of|behind|de|von|d['’])\s?(.+)$",
        re.I,
    ),
    re.compile(r"^(.+?)(?:の)?(?:开发商|开发公司|开发者|母公司|開発元|開発会社|運営会社|メーカー|制造商)$"),
)
_AFTER_ROLE = re.compile(
    r"^(?:the )?[\w.+ -]{2,40}?[\s-](?:maker|parent(?: company)?|owner|developer|operator|creator|builder|backer|rival|"
    r"subsidiary|spinoff|spinout|unit|affiliate|arm|entwickler|mutter|开发商|母公司),? (?=[a-z]?[A-ZÀ-Þ0-9])(.{2,60})$"
)
_KIND_WORDS = (
    (
        "investor",
        re.compile(
            r"\b(?:ventures?|capital|vc|equity|investments?|investors?|fund|partners|angels?|asset management)\b|"
            r"资本|创投|基金|キャピタル",
            re.I,
        ),
    ),
    (
        "university",
        re.compile(r"universit|college\b|institute of technology|hochschule|大学|大學|polytechnic|école\b", re.I),
    ),
    (
        "government",
        re.compile(
            r"\b(?:ministry|department of|government|agency|city of|state of|parliament|senate|air force|army|navy)\b|"
            r"ministère|ministerium|ministerio|政府|国防|省$|部$",
            re.I,
        ),
    ),
)


def bare(name: str) -> str:
    """Without quotes, outer punctuation, a possessive and doubled spaces."""
    text = re.sub(r"\s+", " ", name).strip(_QUOTES)
    # Lowe's and McDonald's keep theirs
    stripped = _POSSESSIVE.sub("", text) if len(text) > 3 and not _OWN_S.match(text) else text
    return stripped.strip(_QUOTES) or text or name.strip()


def without_article(name: str) -> str:
    """Without a leading article, in any case: "The Browser Company" -> "Browser Company"."""
    return _ARTICLE.sub("", name) or name


def without_legal(name: str) -> str:
    """Without one legal suffix: "Alibaba Group Holding Ltd" -> "Alibaba Group Holding"."""
    shorter = _LEGAL_CJK.sub("", _LEGAL.sub("", name)).strip(_QUOTES)
    return shorter if len(shorter) > 1 else name


def without_description(name: str) -> str:
    """Without the words before the name that describe it: "French AI startup Mistral" -> "Mistral"."""
    if not name.isascii():
        shorter = _CJK_DESCRIPTION.sub("", name, count=1)
        if shorter != name and len(shorter) > 1:
            return shorter
    words = name.split(" ")
    last_noun = -1
    for index, word in enumerate(words[:-1]):
        low = bare(word).casefold()
        if low in _TITLE_NOUNS or (low in _NOUNS and word[:1].islower()) or _BACKED.match(word):
            last_noun = index
        elif low not in _ORIGINS and low not in _FILLERS and not word[:1].islower() and word != "&":
            break
    return " ".join(words[last_noun + 1 :]) if last_noun >= 0 else name


def tail_of_possessive(name: str) -> tuple[str, str] | None:
    """Owner and owned: "Elon Musk's xAI" -> ("Elon Musk", "xAI")."""
    match = re.match(r"^(.{2,60}?)['’]s?\s+(.{2,80})$", name)
    return (match[1], match[2]) if match else None


def made_product(name: str) -> str | None:
    """The product of a name that goes by it: "the ChatGPT maker", "maker of Claude", "ChatGPT-maker"."""
    match = next((m for m in (pattern.match(name) for pattern in _BY_ROLE) if m is not None), None)
    return match[1].strip(_QUOTES) if match else None


def after_role(name: str) -> str | None:
    """The name behind what it makes or owns: "ChatGPT maker OpenAI" -> "OpenAI", "Facebook parent Meta" -> "Meta"."""
    match = _AFTER_ROLE.match(name)
    return match[1] if match else None


def unknown_name(name: str) -> str:
    """The best writing of a name that no list has."""
    text = bare(name)
    text = bare(_SMALL_ARTICLE.sub("", bare(without_description(_SMALL_ARTICLE.sub("", text))))) or text
    if text != bare(name) and (text.islower() or re.match(r"(?:de|of|von|du|del|da|behind|by|d['’]) ?", text)):
        return bare(name)  # "Musk-led group" is no "group", "startup de Elon Musk" no "de Elon Musk"
    for _ in range(2):
        shorter = text if _KEPT_LEGAL.search(text) else without_legal(text)
        if shorter == text:
            break
        text = shorter
    return text


def kind_of(name: str) -> str:
    """What an unknown name probably is."""
    return next((kind for kind, pattern in _KIND_WORDS if pattern.search(name)), "company")
