"""What a model's name and a launch's words say: family, version, size, licence, openness. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.ledger import naming
from monitor.ledger.companies import CompanyIndex

_SIZE = re.compile(
    r"(?<![\w.])((?:\d{1,2}x)?\d{1,4}(?:\.\d{1,2})?[BMT](?:[- ]?A\d{1,3}(?:\.\d)?B)?)(?![\w%])|"
    r"(?<=[-_])((?:\d{1,2}x)?\d{1,4}(?:\.\d{1,2})?[bB](?:-[aA]\d{1,3}(?:\.\d)?[bB])?)(?![\w%])"
)
_SIZE_STATED = re.compile(
    r"(\d{1,4}(?:[.,]\d{1,2})?)[\s\-‑–]?(billion|bn|B|million|M|trillion|T|milliards?(?: de)?|Milliarden|"
    r"mil millones(?: de)?)[\s\-‑–]+"
    r"(?:total )?(?:parameters?|params?|paramètres|Parameter\w*|parámetros|weights)|"
    r"(\d{1,5}(?:\.\d)?)\s?([万亿億兆]{1,2})(?:个|個)?(?:参数|參數|パラメータ)",
    re.I,
)
_SCALE_LETTERS = {"b": "B", "m": "M", "t": "T"}
_VERSION = re.compile(
    r"(?:^|[\s\-_])(?:v\.?\s?)?(\d{1,4}(?:\.\d{1,3}){0,3}[a-z]?)(?=$|[\s\-_,:])|"
    r"(?<=[a-z])(\d{1,2}(?:\.\d{1,2})?)(?=$|[\s\-_])|"
    r"(?:^|[\s\-_])([VRKMoO]\d{1,2}(?:\.\d{1,2})?)(?=$|[\s\-_])"
)

_LICENCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), form)
    for pattern, form in (
        (r"apache[- ]?(?:licen[cs]e)?,?[- ]?(?:version )?2(?:\.0)?\b|\bapache licen[cs]e", "Apache 2.0"),
        (r"modified MIT", "modified MIT"),
        (r"\bMIT[- ]?(?:licen[cs]\w*|lizenz|许可)|licen[cs]\w+ MIT\b|MITライセンス", "MIT"),
        (r"\bcc[- ]by[- ]nc(?:[- ]sa|[- ]nd)?(?:[- ]\d\.\d)?", "CC BY-NC"),
        (r"\bcc[- ]by(?:[- ]sa)?(?:[- ]\d\.\d)?", "CC BY"),
        (r"\bAGPL", "AGPL"),
        (r"\bGPL", "GPL"),
        (r"\bBSD[- ]?\d?", "BSD"),
        (r"open ?rail", "OpenRAIL"),
        (r"llama (?:\d(?:\.\d)? )?(?:community )?licen[cs]e", "Llama licence"),
        (r"gemma (?:terms|licen[cs]e)", "Gemma licence"),
        (r"mistral (?:ai )?research licen[cs]e|\bMNPL\b|\bMRL\b", "Mistral research licence"),
        (r"(?:research|academic)[- ]only|research licen[cs]e", "research only"),
        (r"non-?commercial(?: use)?(?: only)? licen[cs]e", "non-commercial"),
    )
)  # fmt: skip

#: "Tralala Omni multimodal" is Tralala Omni
_DESCRIBED = re.compile(
    r"((?:\b[A-Z]\S*|\d\S*)(?: (?:[A-Z]\S*|\d\S*))*)(?: (?:multimodal|open-?weights?|open-?source[d]?|frontier|"
    r"foundation|language|generative|agentic|text-to-\w+|reasoning|voice|image|video|speech|coding))+$"
)
#: who uses a product and how much of it is no product
_USE = re.compile(r"(.+?)(?: (?:rate|usage|power|users?|limits?|subscribers?|accounts?))+")

_NOUN = r"(?:\w+ ){0,3}?(?:models?|LLMs?|VLMs?|AI|weights|version|release|licen[cs]e|family|checkpoint)\b"
_OPENNESS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), form)
    for pattern, form in (
        (r"(?:not|isn't|won't be|no longer|instead of|rather than) (?:be )?(?:fully )?open[- ]?(?:source|sourced|"
        r"weights?)|"
         r"\b(?:proprietary|closed|closed-source|closed-weights?) (?:\w+ ){0,2}?models?\b|闭源|"
         r"nicht quelloffen", "closed"),
        (rf"open[- ]weights?\b(?: {_NOUN})?|\bopen(?:s|ed|ing)? (?:up )?(?:the |its )?weights|poids ouverts|"
        rf"offene[nr]? gewichte|"
         r"pesos abiertos|开放权重|開放權重|オープンウェイト|weights (?:are|is) (?:now )?(?:available|open|public|"
         r"released)|"
         r"released? (?:the |its )?(?:model )?weights", "open weights"),
        (rf"open[- ]sourc(?:es|ed|ing)\b|(?:as|is|fully|now|to|goes|made) open[- ]source\b|open[- ]source {_NOUN}|"
         r"(?:releas|launch|introduc|announc|unveil)\w* (?:an?|its|the|new)?[\w ,-]{0,24}open[- ]source\b|"
         r"code source ouvert|en open source|"
         r"quelloffen|als open source|código abierto|开源|開源|オープンソース", "open source"),
    )
)  # fmt: skip
_RIVAL = re.compile(
    r"(?:rival|competitor|alternative|compared|versus|vs\.?|unlike|beats?|beating|outperform\w*|than)[\w\s'’,-]{0,24}$",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """A model's name taken apart; parts that it does not state are None."""

    name: str
    family: str | None = None
    version: str | None = None
    size: str | None = None


def model_key(name: str) -> str:
    """The same for "GPT-5.4 Mini", "GPT 5.4 mini" and "gpt-5.4-mini"."""
    return re.sub(r"[\s\-_‑–:]+", "", name).replace("+", "plus").lower().strip("\"'“”‘’«»()")


def tidy_model(name: str, companies: CompanyIndex) -> str:
    """A model's or product's name without its maker: "OpenAI's GPT-5" -> "GPT-5"; "Mistral Large" stays."""
    text = naming.bare(name).replace("‑", "-")
    possessive = naming.tail_of_possessive(text)
    if possessive and companies.get(possessive[0]) is not None:
        text = possessive[1]
    text = re.sub(r"^(?:the |its |new |neue[sn]? |le |la |el )(?=\S)", "", text) or text
    text = (
        re.sub(r"\s+(?:AI )?(?:models?|LLM|language model|foundation model|模型|モデル)$", "", text, flags=re.I) or text
    )
    # "Copilot Cowork agents" is Copilot Cowork, "Claude plugins" is more than Claude
    text = re.sub(
        r"((?:\b[A-Z]\S*|\d\S*)(?: (?:[A-Z]\S*|\d\S*))+) (?:agents?|assistant|app|tool|feature|suite)$", r"\1", text
    )
    text = _without_description(text, companies)
    words = text.split(" ")
    if companies.is_product(" ".join(words[:2])):
        return text  # "GitHub Copilot" and "Amazon Bedrock" are the names of products
    for count in (1, 2):
        maker = companies.get(" ".join(words[:count])) if len(words) > count else None
        rest = " ".join(words[count:])
        # the rest must be a known name of its own, or "Mistral Large" would become "Large"
        if maker is not None and companies.owner_of(rest) is not None and _known_family(rest, companies):
            return rest
    return text


def _without_description(text: str, companies: CompanyIndex) -> str:
    """A name without words in small letters that only say what it is, or who uses it."""
    if companies.is_product(text):
        return text
    text = _DESCRIBED.sub(r"\1", text)
    user = _USE.fullmatch(text)
    return user[1] if user is not None and companies.is_product(user[1]) else text


def _known_family(name: str, companies: CompanyIndex) -> bool:
    """Whether the name begins with a product of the file (and not with a company's name)."""
    return companies.get(re.split(r"[\s\-\d]", name)[0]) is None


def read_model_name(name: str) -> ModelName:
    """Family, version and size that a model's name states: "Llama 3.1 405B" -> Llama, 3.1, 405B."""
    size_match = _SIZE.search(name)
    size = (size_match[1] or size_match[2]) if size_match else None
    rest = f"{name[: size_match.start()]} {name[size_match.end() :]}" if size_match else name
    version_match = _VERSION.search(rest)
    version = next((g for g in version_match.groups() if g), None) if version_match else None
    end = version_match.start() if version_match else len(rest)
    family = rest[:end].strip(" -_:")
    if version_match and version_match[2]:
        family = rest[: version_match.start(2)].strip(" -_:")
    if re.fullmatch(r"o\d(?:-\w+)?", name):
        family, version = "o", name[1:2]
    return ModelName(
        name=name,
        family=family if len(family) > 1 or family == "o" else None,
        version=version,
        size=size.upper().replace("X", "x") if size else None,
    )


def find_size(text: str) -> list[tuple[int, int, str]]:
    """Sizes that a text states in words: "70 billion parameters" -> "70B"."""
    found = []
    for match in _SIZE_STATED.finditer(text):
        if match[1]:
            word = match[2].lower()
            letter = "B" if word[:3] in {"mrd", "mil"} and not word.startswith("million") else _SCALE_LETTERS[word[0]]
            found.append((match.start(), match.end(), f"{match[1].replace(',', '.')}{letter}"))
        else:
            factor = {"万": 1e4, "亿": 1e8, "億": 1e8, "兆": 1e12, "万亿": 1e12}.get(match[4])
            if factor is None:
                continue
            value = float(match[3]) * factor
            scaled = next(
                ((value / s, letter) for s, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")) if value >= s), None
            )
            if scaled is not None:
                found.append((match.start(), match.end(), f"{scaled[0]:.4g}{scaled[1]}"))
    return found


def find_licences(text: str) -> list[tuple[int, int, str]]:
    """Licences that a text names."""
    found: list[tuple[int, int, str]] = []
    for pattern, form in _LICENCES:
        for match in pattern.finditer(text):
            if all(match.end() <= start or end <= match.start() for start, end, _ in found):
                found.append((match.start(), match.end(), form))
    return sorted(found)


def find_openness(text: str) -> list[tuple[int, int, str]]:
    """What a text says of a launch's openness: "open weights", "open source" or "closed"; not of rivals."""
    found: list[tuple[int, int, str]] = []
    for pattern, form in _OPENNESS:
        for match in pattern.finditer(text):
            overlaps = any(match.start() < end and start < match.end() for start, end, _ in found)
            said = text.lower().find("open", match.start(), match.end())
            before = text[:said] if said > match.start() else text[: match.start()]
            if not overlaps and not _RIVAL.search(before[-40:]):
                found.append((match.start(), match.end(), form))
    return sorted(found)
