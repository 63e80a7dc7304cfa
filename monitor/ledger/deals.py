"""What a deal's words say: normal forms of rounds and stakes, and what an amount belongs to. Pure."""

from __future__ import annotations

import re

from monitor.types import Tag

#: round as written -> normal form; the first that fits counts
_ROUNDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), form)
    for pattern, form in (
        (r"pre[- ]?ipo|ipo前", "pre-IPO"),
        (r"pre[- ]?seed|プレシード|pré-?amorçage|pre-?semilla|种子前", "pre-seed"),
        (r"pre[- ]?series[- ]?([a-k])|pre[- ]?([a-k])\+?轮|pre[- ]?([a-k])\b", "pre-Series {}"),
        (r"(?:series|s[ée]ries?|serie|シリーズ|ronda)[- ]?([a-k])(?![a-z])", "Series {}"),
        (r"(?<![A-Za-z])([a-k])\+*\d?[轮輪]|(?<![A-Za-z])([a-k])[- ](?:round|runde)", "Series {}"),
        (r"\bIPOs?\b|initial public offering|public (?:listing|offering|debut)|go(?:es|ing)? public|börsengang|"
        r"introduction en bourse|"
         r"salida a bolsa|entrée en bourse|上市|新規上場|株式公開|listing", "IPO"),
        (r"convertible|wandel(?:anleihe|darlehen)|可转债|転換社債|obligations? convertibles?", "convertible note"),
        (r"\bdebt\b|\bloans?\b|credit (?:facility|line)|\bbonds?\b|term loan|notes offering|senior notes|crédit|prêt|"
        r"dette|kredit|darlehen|"
         r"anleihe|deuda|préstamo|债|贷款|融資枠|社債|借入", "debt"),
        (r"tender offer|secondary|share sale|employee share|stock sale|老股", "share sale"),
        (r"\bgrants?\b|subvention|förderung|subvención|补助|補助金|助成", "grant"),
        (r"\bsafe\b", "SAFE"),
        (r"\bpipe\b", "PIPE"),
        (r"\bspac\b", "SPAC"),
        (r"\bseed\b|シード|种子|種子|amorçage|semilla|startfinanzierung", "seed"),
        (r"angel|天使|エンジェル|business angels?", "angel"),
        (r"bridge", "bridge"),
        (r"crowdfund", "crowdfunding"),
        (r"private placement|定增|第三者割当", "private placement"),
        (r"\bgrowth\b|wachstums", "growth"),
        (r"early[- ]stage", "early-stage"),
        (r"late[- ]stage", "late-stage"),
        (r"strategic|战略(?:融资|投资)|stratégique|strategisch|estratégic", "strategic"),
        (r"venture[- ]?(?:round|capital)?\b", "venture"),
    )
)  # fmt: skip

#: every normal form but those with a letter
KNOWN_ROUNDS = frozenset(form for _, form in _ROUNDS if "{}" not in form) | {
    "mezzanine",
    "extension",
    "follow-on",
    "mega",
}

#: rounds that are sure enough to be read from a text without the model
_SURE_ROUND = re.compile(
    r"\b(?:pre-?seed|seed|pre-?series [A-D])(?: (?:round|funding|financing|investment|extension))|"
    r"\bSeries[- ][A-K]\d?\b(?:[- ]\d\b)?|"
    r"\bS[ée]rie[- ][A-K]\b|シリーズ[A-K]|(?:Pre-)?[A-K]\+{0,2}轮|种子轮|天使轮|プレシード|シードラウンド|"
    r"\b(?:pre-?seed|seed)-?runde\b|"
    r"\bronda semilla\b|\btour d'amorçage\b"
)
_EARLIER = re.compile(
    r"(?:previous|earlier|last|prior|after its|since its|following its|months after)[\w' ]{0,30}$", re.I
)

_PERCENT = re.compile(
    r"(\d{1,3}(?:[.,]\d{1,2})?)\s?(?:%|percent|per cent|Prozent|pour cent|por ciento)"
    r"(?=[\w\s'’-]{0,24}?(?:\b(?:stake|share|shareholding|interest|ownership|equity|holding|anteil|beteiligung|"
    r"participation|"
    r"participación|capital)\b|的?(?:股份|股权|股權|持股)|の?(?:株式|出資|持分)))|"
    r"(?:\b(?:stake|interest|shareholding|anteil|beteiligung|participation|participación)\s(?:of|von|de|"
    r"en)\s(?:about\s|around\s|up to\s)?)"
    r"(\d{1,3}(?:[.,]\d{1,2})?)\s?(?:%|percent|Prozent)",
    re.I,
)
_STAKES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), form)
    for pattern, form in (
        (r"minority (?:stake|share|interest|investment|holding)|minderheitsbeteiligung|minderheitsanteil|"
         r"(?:participation|part) minoritaire|participación minoritaria|少数(?:股|持)|少数株主", "minority"),
        (r"controlling (?:stake|interest|share)|控股权|控制权|contrôle majoritaire", "controlling"),
        (r"majority (?:stake|share|interest|ownership|holding|control)|mehrheits(?:beteiligung|anteil)|"
         r"(?:participation|part) majoritaire|participación mayoritaria|多数股|過半数", "majority"),
    )
)  # fmt: skip

_BOUGHT = re.compile(
    r"acqui|buy(?:s|ing)?\b|bought|\bsold\b|purchas|takeover|take over|merge|deal (?:valued|worth)|bid\b|rachat|"
    r"rachète|übern|"
    r"kauf|compra|"
    r"adquier|收购|并购|買収",
    re.I,
)
_RAISED = re.compile(
    r"rais(?:e|es|ed|ing)\b|funding|round\b|series [a-k]\b|seed\b|invest|financ|stake|back(?:s|ed|ing)\b|lands\b|"
    r"secures?\b|nabs\b|"
    r"bags\b|IPO|lève|levée|tour de table|finanzierung|einsammel|sammelt|recauda|ronda|inversi|融资|融資|投资|調達|"
    r"出資",
    re.I,
)
_SUPPLIED = re.compile(
    r"contract|compute|supply|order|licen[cs]|cloud|deal with|agreement|partner|commit|spend|purchase of|vertrag|"
    r"contrat|contrato|合作|提携|契約",
    re.I,
)


def round_of(words: str) -> str:
    """The normal form of a round: "Series B extension" -> "Series B", "A轮" -> "Series A", "Börsengang" -> "IPO".

    What is unknown comes back in small letters, without "round" and "funding".
    """
    for pattern, form in _ROUNDS:
        match = pattern.search(words)
        if match is not None:
            letter = next((g for g in match.groups() if g), "")
            return form.format(letter.upper())
    plain = re.sub(r"\b(?:round|funding|financing|runde|the|an?)\b", " ", words, flags=re.I)
    return re.sub(r"\s+", " ", plain).strip(" .,-").lower() or words.strip().lower()


def find_rounds(text: str) -> list[tuple[int, int, str]]:
    """Rounds that a text names beyond doubt, as (start, end, normal form); not those it calls earlier ones."""
    return [
        (match.start(), match.end(), round_of(match[0]))
        for match in _SURE_ROUND.finditer(text)
        if not _EARLIER.search(text[max(0, match.start() - 45) : match.start()])
    ]


def find_stakes(text: str) -> list[tuple[int, int, str]]:
    """Stakes that a text names: "49%", "minority", "majority", "controlling"."""
    found = []
    for match in _PERCENT.finditer(text):
        number = (match[1] or match[2]).replace(",", ".")
        if 0 < float(number) <= 100:
            found.append((match.start(), match.end(), f"{number}%"))
    for pattern, form in _STAKES:
        found += [(match.start(), match.end(), form) for match in pattern.finditer(text)]
    return sorted(found)


def amount_belongs_to(text: str, start: int, end: int, kinds: tuple[str, ...]) -> str:
    """Which of an entry's kinds of deal an amount is of: what the nearest word says, else the first of `kinds`.

    `kinds` is in order of precedence and not empty.
    """
    if len(kinds) == 1:
        return kinds[0]
    cues = {Tag.FUNDING.value: _RAISED, Tag.ACQUISITION.value: _BOUGHT, Tag.PARTNERSHIP.value: _SUPPLIED}
    lower = max(0, start - 60)
    before, after = text[lower:start], text[end : end + 45]
    best, best_distance = kinds[0], 1000
    for kind in kinds:
        pattern = cues.get(kind)
        if pattern is None:
            continue
        distances = [len(before) - match.end() for match in pattern.finditer(before)]
        # what follows must be nearer to count as much: "buys X for $1B after raising $2B"
        distances += [match.start() + 6 for match in pattern.finditer(after)]
        distance = min(distances, default=1000)
        if distance < best_distance:
            best, best_distance = kind, distance
    return best
