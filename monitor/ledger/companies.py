"""Who is meant: names to entities, products to owners.

Built once from the shipped file and the archive's entities, then only read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.ledger import naming
from monitor.ledger.aliases import CJK, WORD, AliasTable
from monitor.ledger.entities import Entity, key_of, shipped_entities, with_archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Who a name means. `certain` is False for unknown names, weak aliases without a second signal and guesses."""

    name: str
    kind: str
    key: str
    certain: bool
    entity: Entity | None = None


class CompanyIndex(AliasTable):
    """Names to entities. Immutable; threads may share it."""

    @classmethod
    def load(cls, rows: Iterable[Mapping[str, Any]] = ()) -> CompanyIndex:
        """The shipped entities plus the archive's (`EntityStore.entities()`). Raises DataError on a damaged file."""
        return cls(with_archive(shipped_entities(), rows))

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
        if CJK.search(rest):
            plain = re.sub(r"[\s，、。的与和在旗下の、]", "", rest)
            described = naming.without_description(plain + "某某") == "某某" or len(plain) <= 2
        else:
            words = [w for w in WORD.findall(rest) if w.lower() not in {"ai", "ceo", "cto", "the", "s"}]
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
        first = self._at(text, 0, (WORD.match(text) or [""])[0].lower()) if text else None
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
