"""Who is meant: names to entities, names in texts, products to owners.

Built once from the shipped file and the archive's entities, then only read. Names in a text are found by their first
word in a table, so the cost grows with the text and not with the number of companies; names in Chinese, Japanese and
Korean have no word borders and go by one compiled pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.ledger import naming
from monitor.ledger.entities import Entity, key_of, shipped_entities, with_archive

_WORD = re.compile(r"[A-Za-z0-9À-ɏ]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Who a name means. `certain` is False for unknown names, weak aliases without a second signal and guesses."""

    name: str
    kind: str
    key: str
    certain: bool
    entity: Entity | None = None


@dataclass(frozen=True, slots=True)
class _Alias:
    text: str
    low: str
    entity: Entity
    weak: bool


class CompanyIndex:
    """Names to entities. Immutable; threads may share it."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        self._by_key: dict[str, Entity] = {}
        self._aliases: dict[str, _Alias] = {}
        self._products: dict[str, Entity] = {}
        self._signals: dict[str, re.Pattern[str]] = {}
        self._first: dict[str, list[_Alias]] = {}
        for entity in entities:
            self._add(entity)
        cjk = sorted((a for a in self._aliases.values() if _CJK.search(a.text)), key=lambda a: -len(a.text))
        self._cjk = re.compile("|".join(re.escape(a.text) for a in cjk)) if cjk else None
        for alias in self._aliases.values():
            first = _WORD.search(alias.low)
            if first is not None and first.start() == 0:
                self._first.setdefault(first[0], []).append(alias)
        for found in self._first.values():
            found.sort(key=lambda a: -len(a.low))

    @classmethod
    def load(cls, rows: Iterable[Mapping[str, Any]] = ()) -> CompanyIndex:
        """The shipped entities plus the archive's (`EntityStore.entities()`). Raises DataError on a damaged file."""
        return cls(with_archive(shipped_entities(), rows))

    def _add(self, entity: Entity) -> None:
        self._by_key[entity.key] = entity
        names = [(entity.name, entity.name in entity.weak or not self._sure(entity))]
        names += [(alias, alias in entity.weak) for alias in entity.aliases]
        names += [(alias, True) for alias in entity.weak]
        for text, weak in names:
            low = text.lower()
            old = self._aliases.get(low)
            if old is None or (old.weak and not weak) or not old.entity.vetted:
                self._aliases[low] = _Alias(text, low, entity, weak)
        for product in entity.products:
            self._products.setdefault(product.lower(), entity)

    @staticmethod
    def _sure(entity: Entity) -> bool:
        """A name that was only seen once needs two words or more to be found in texts without a second signal."""
        return entity.vetted or len(entity.name.split()) > 1 or _CJK.search(entity.name) is not None

    # ------------------------------------------------------------ entities

    def entities(self) -> tuple[Entity, ...]:
        """All entities, by name."""
        return tuple(sorted(self._by_key.values(), key=lambda e: e.name.casefold()))

    def get(self, name: str) -> Entity | None:
        """The entity of that canonical name or alias, None if there is none."""
        alias = self._aliases.get(name.lower())
        return alias.entity if alias else self._by_key.get(key_of(name))

    def parent_of(self, name: str) -> str | None:
        """The canonical name of who owns it: "GitHub" -> "Microsoft"."""
        entity = self.get(name)
        return entity.parent if entity else None

    # ------------------------------------------------------------ one name

    def resolve(self, name: str, *, context: str = "", products: bool = True) -> Resolved:
        """The entity that a name means, in the text around it. Never raises; an unknown name comes back tidied.

        A weak alias ("Character") counts where the context gives a second signal; with a context that gives none
        it stays an unknown name; without any context the entity is returned as uncertain. A product that stands for
        its maker ("Kimi raises") gives the maker, unless `products` is False ("a bid for Chrome" is none for Google).
        """
        for candidate in self._candidates(name):
            found = self._known(candidate, context)
            if found is not None:
                return found
        made = self._by_product(name) if products else None
        return made or self._inside(name) or self._unknown(name)

    def _candidates(self, name: str) -> list[str]:
        """Ever shorter writings of a name, the most literal first."""
        text = naming.bare(name)
        out = [name.strip(), text, naming.without_article(text)]
        described = naming.bare(naming.without_article(naming.without_description(naming.without_article(text))))
        out.append(described)
        for start in (naming.without_article(text), described):
            shorter = start
            for _ in range(3):
                shorter = naming.without_legal(shorter)
                out.append(shorter)
        behind = naming.after_role(text)
        if behind:
            out += [behind, naming.without_legal(behind)]
        bracket = re.match(r"^(.{2,80}?)\s*[(（](.{1,60})[)）]?$", text)
        if bracket:
            out += [bracket[1], naming.without_legal(bracket[1])]
        possessive = naming.tail_of_possessive(text)
        if possessive:
            out += [possessive[1], naming.without_description(possessive[1])]
        return list(dict.fromkeys(c for c in out if c))

    def _known(self, name: str, context: str) -> Resolved | None:
        alias = self._aliases.get(name.lower())
        if alias is None:
            entity = self._by_key.get(key_of(name)) if len(name) > 3 else None
            # "Open AI" and "Hugging-Face" are only spelled differently; what is weak stays weak
            if entity is None or entity.name in entity.weak:
                return None
            return self._as(entity, certain=entity.vetted)
        if not alias.weak:
            return self._as(alias.entity, certain=True)
        if not context:
            return self._as(alias.entity, certain=False)
        if self._signalled(alias, context):
            return self._as(alias.entity, certain=True)
        # of "Apple" and "India" the role in an AI deal says enough to name, not to be sure; "Figure" may be anyone
        anyone = alias.entity.signals and alias.entity.kind != "government"
        return None if anyone else self._as(alias.entity, certain=False)

    def _signalled(self, alias: _Alias, context: str) -> bool:
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

    def _by_product(self, name: str) -> Resolved | None:
        """ "the ChatGPT maker"; a product that stands for its company; "OpenAI's ChatGPT"."""
        text = naming.without_article(naming.bare(name))
        for product in filter(None, (naming.made_product(naming.bare(name)), naming.made_product(text))):
            owner = self.owner_of(product)
            if owner is not None:
                return self._as(self._by_key[key_of(owner)], certain=True)
        exact = self._products.get(naming.bare(name).lower()) or self._products.get(text.lower())
        if exact is not None:
            return self._as(exact, certain=False)
        possessive = naming.tail_of_possessive(text)
        if possessive:
            alias = self._aliases.get(possessive[0].lower())
            if alias is not None:
                return self._as(alias.entity, certain=False)
        return None

    def _inside(self, name: str) -> Resolved | None:
        """A span that is too long: one known name among words that only describe it."""
        found = self.find(name)
        if len({canonical for _, _, canonical in found}) != 1:
            return None
        start, end, canonical = found[0]
        rest = f"{name[:start]} {name[end:]}"
        if _CJK.search(rest):
            plain = re.sub(r"[\s，、。的与和在旗下の、]", "", rest)
            described = naming.without_description(plain + "某某") == "某某" or len(plain) <= 2
        else:
            words = [w for w in _WORD.findall(rest) if w.lower() not in {"ai", "ceo", "cto", "the", "s"}]
            described = (
                not any(w[:1].isupper() for w in words)
                or re.match(r"^\s*(?:CEO|CTO|founder|chief)\b", name[end:]) is not None
            )
        return self._as(self._by_key[key_of(canonical)], certain=False) if described else None

    def _unknown(self, name: str) -> Resolved:
        tidy = naming.unknown_name(name)
        return Resolved(name=tidy, kind=naming.kind_of(tidy), key=key_of(tidy) or tidy, certain=False)

    @staticmethod
    def _as(entity: Entity, *, certain: bool) -> Resolved:
        return Resolved(name=entity.name, kind=entity.kind, key=entity.key, certain=certain, entity=entity)

    # ------------------------------------------------------------ names in a text

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """Entities named in a text, in order, as (start, end, canonical name); the longest of overlapping names.

        Latin names count at word borders and in their own case; weak aliases only with a second signal in the text.
        """
        found: list[tuple[int, int, str]] = []
        reached = 0
        for match in _WORD.finditer(text):
            if match.start() < reached:
                continue
            alias = self._at(text, match.start(), match[0].lower())
            if alias is not None:
                reached = match.start() + len(alias.text)
                found.append((match.start(), reached, alias.entity.name))
        if self._cjk is not None and _CJK.search(text):
            found += [(m.start(), m.end(), self._aliases[m[0].lower()].entity.name) for m in self._cjk_matches(text)]
            found.sort()
        return found

    def _at(self, text: str, start: int, first: str) -> _Alias | None:
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
    def _case_fits(alias: _Alias, written: str) -> bool:
        if written == alias.text:
            return True
        if alias.weak or len(alias.text) < 3:
            return False
        if written.islower():
            # "openai" is a company, "stripe" and "target" are words
            return written in _SMALL or (len(written) >= 5 and any(c.isupper() for c in alias.text[1:] if c != " "))
        return written[0].isupper() == alias.text[0].isupper() or written.isupper()

    def _weak_fits(self, alias: _Alias, text: str, start: int, end: int) -> bool:
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

    # ------------------------------------------------------------ products

    def owner_of(self, product: str) -> str | None:
        """The canonical name of who makes a product or model: "Copilot" -> "Microsoft", "GPT-5.4 mini" -> "OpenAI".

        A version may follow the name; a company's name may begin it ("NVIDIA Ising"). None if it is not known.
        """
        literal = naming.bare(product)
        text = naming.without_article(literal)
        for candidate in dict.fromkeys([*_families(literal), *_families(text)]):
            entity = self._products.get(candidate.lower())
            if entity is not None:
                return entity.name
        first = self._at(text, 0, (_WORD.match(text) or [""])[0].lower()) if text else None
        if first is not None and not first.weak and len(first.text) < len(text):
            return first.entity.name
        if first is not None and first.entity.name == first.text and text[len(first.text) :].startswith(" "):
            return first.entity.name
        return None

    def is_product(self, name: str) -> bool:
        """Whether that very name is a product or model family of the file."""
        return name.lower() in self._products

    def products_of(self, name: str) -> Sequence[str]:
        """What an entity makes, as far as the file knows."""
        entity = self.get(name)
        return entity.products if entity else ()


def _ends(text: str, end: int) -> bool:
    """Whether a Latin name may end there."""
    following = text[end : end + 1]
    return not following or _WORD.match(following) is None


def _families(name: str) -> list[str]:
    """A model's name, then without its version, size and kind, word by word: "Gemini 3.1 Pro" -> ... "Gemini"."""
    words = name.split(" ")
    out = [" ".join(words[:count]) for count in range(len(words), 0, -1)]
    head = re.match(r"^([A-Za-z·.\- ]*?[A-Za-z·])[- ]?v?\d[\w.\-]*", words[0])
    if head:
        out.append(head[1])
    dashed = re.match(r"^([A-Za-z]{3,})-", words[0])
    if dashed:
        out.append(dashed[1])
    return out
