"""The names that entities go by: a table of aliases, and finding them in a text.

Names in a text are found by their first word in a table, so the cost grows with the text and not with the number of
companies; names in Chinese, Japanese and Korean have no word borders and go by one compiled pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.ledger.entities import Entity

WORD = re.compile(r"[A-Za-z0-9À-ɏ]+")
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
#: second signal for a weak alias that has no words of its own
_TRADE = re.compile(
    r"\b(?:A\.?I|KI|IA|LLMs?|AGI|GPUs?|genAI|chatbots?|(?:language |foundation )?models?|machine learning|"
    r"artificial intelligence|"
    r"neural|chips?|semiconductors?|data cent(?:er|re)s?|start-?ups?|agents?|agentic|robots?|compute|inference|"
    r"acquir\w+|acquisition|"
    r"funding|valuation|Series [A-H]|invest\w*|partner\w*|deal|licens\w+|billion|million|CEO|Inc|iPhone|Siri|"
    r"smart glasses)\b|"
    r"人工智能|大模型|模型|芯片|融资|收购|生成|提携|買収|出資",
    re.I,
)
#: all in small letters these are still the company
_SMALL = frozenset(
    {
        "nvidia",
        "microsoft",
        "google",
        "samsung",
        "alibaba",
        "tencent",
        "baidu",
        "huawei",
        "salesforce",
        "databricks",
        "anthropic",
        "tesla",
        "amd",
        "ibm",
        "aws",
        "github",
        "qualcomm",
        "midjourney",
    }
)


@dataclass(frozen=True, slots=True)
class Alias:
    text: str
    low: str
    entity: Entity
    weak: bool


class AliasTable:
    """Aliases to entities. Immutable; threads may share it."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        self._by_key: dict[str, Entity] = {}
        self._aliases: dict[str, Alias] = {}
        self._products: dict[str, Entity] = {}
        self._signals: dict[str, re.Pattern[str]] = {}
        self._first: dict[str, list[Alias]] = {}
        for entity in entities:
            self._add(entity)
        cjk = sorted((a for a in self._aliases.values() if CJK.search(a.text)), key=lambda a: -len(a.text))
        self._cjk = re.compile("|".join(re.escape(a.text) for a in cjk)) if cjk else None
        for alias in self._aliases.values():
            first = WORD.search(alias.low)
            if first is not None and first.start() == 0:
                self._first.setdefault(first[0], []).append(alias)
        for found in self._first.values():
            found.sort(key=lambda a: -len(a.low))

    def _add(self, entity: Entity) -> None:
        self._by_key[entity.key] = entity
        names = [(entity.name, entity.name in entity.weak or not self._sure(entity))]
        names += [(alias, alias in entity.weak) for alias in entity.aliases]
        names += [(alias, True) for alias in entity.weak]
        for text, weak in names:
            low = text.lower()
            old = self._aliases.get(low)
            if old is None or (old.weak and not weak) or not old.entity.vetted:
                self._aliases[low] = Alias(text, low, entity, weak)
        for product in entity.products:
            self._products.setdefault(product.lower(), entity)

    @staticmethod
    def _sure(entity: Entity) -> bool:
        """A name that was only seen once needs two words or more to be found in texts without a second signal."""
        return entity.vetted or len(entity.name.split()) > 1 or CJK.search(entity.name) is not None

    # ------------------------------------------------------------ names in a text

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """Entities named in a text, in order, as (start, end, canonical name); the longest of overlapping names.

        Latin names count at word borders and in their own case; weak aliases only with a second signal in the text.
        """
        found: list[tuple[int, int, str]] = []
        reached = 0
        for match in WORD.finditer(text):
            if match.start() < reached:
                continue
            alias = self._at(text, match.start(), match[0].lower())
            if alias is not None:
                reached = match.start() + len(alias.text)
                found.append((match.start(), reached, alias.entity.name))
        if self._cjk is not None and CJK.search(text):
            found += [(m.start(), m.end(), self._aliases[m[0].lower()].entity.name) for m in self._cjk_matches(text)]
            found.sort()
        return found

    def _at(self, text: str, start: int, first: str) -> Alias | None:
        for alias in self._first.get(first, ()):
            end = start + len(alias.text)
            written = text[start:end]
            if written.lower() != alias.low or not _ends(text, end):
                continue
            if not self._case_fits(alias, written) or (alias.weak and not self._weak_fits(alias, text, start, end)):
                continue
            return alias
        return None

    @staticmethod
    def _case_fits(alias: Alias, written: str) -> bool:
        if written == alias.text:
            return True
        if alias.weak or len(alias.text) < 3:
            return False
        if written.islower():
            # "openai" is a company, "stripe" and "target" are words
            return written in _SMALL or (len(written) >= 5 and any(c.isupper() for c in alias.text[1:] if c != " "))
        return written[0].isupper() == alias.text[0].isupper() or written.isupper()

    def _weak_fits(self, alias: Alias, text: str, start: int, end: int) -> bool:
        if alias.entity.kind == "government":
            return False  # a country's name is hardly ever its government
        if re.match(r"[-‑](?!backed|based|owned|led|built|powered|made|style)[a-z]", text[end : end + 8]):
            return False  # Meta-analysis, Snap-on, X-ray
        return self._signalled(alias, f"{text[:start]} {text[end:]}")

    def _cjk_matches(self, text: str) -> list[re.Match[str]]:
        assert self._cjk is not None
        kept = []
        for match in self._cjk.finditer(text):
            inside = all("ァ" <= c <= "ヿ" for c in match[0])
            around = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
            # アップル in アップルパイ is a pie
            if inside and any("ァ" <= c <= "ヿ" and c != "・" for c in around):
                continue
            alias = self._aliases[match[0].lower()]
            if not alias.weak or self._signalled(alias, text):
                kept.append(match)
        return kept

    def _signalled(self, alias: Alias, context: str) -> bool:
        """Whether the context has a second signal: the entity's own words, its products, another of its names."""
        entity = alias.entity
        if not entity.signals:
            return _TRADE.search(context) is not None
        pattern = self._signals.get(entity.key)
        if pattern is None:
            words = [*entity.signals, *entity.products, *(a for a in entity.aliases if a not in entity.weak)]
            pattern = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(re.escape(w) for w in words)})", re.I)
            self._signals[entity.key] = pattern
        # the alias itself is no second signal: "Wing" in "Wing Aviation" is
        return pattern.search(re.sub(rf"\b{re.escape(alias.text)}\b(?! AI\b)", " ", context)) is not None


def _ends(text: str, end: int) -> bool:
    """Whether a Latin name may end there."""
    following = text[end : end + 1]
    return not following or WORD.match(following) is None
