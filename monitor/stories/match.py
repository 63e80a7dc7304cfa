"""Which story an entry joins, or that it begins one. Online, one entry at a time, by one serial writer.

candidates by rare words and by vector -> pair chances -> the likeliest stories -> join chance against the whole
story -> vetoes -> the best story at or above the threshold, else a new one
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor.stories.groups import Group, join_features
from monitor.stories.index import Window
from monitor.stories.pairs import MISSING, features
from monitor.stories.sketch import NameFinder, Sketch, sketch
from monitor.stories.verdicts import CORE_NAMES, Verdict, View, numbers_of
from monitor.stories.vetoes import bond, veto
from monitor.stories.weights import Lens, Weights, grind
from monitor.stories.words import WordTable
from monitor.types import Classification, StoryMember, encoder_of

HOURS_PER_DAY: Final = 24.0
#: vectors from which a lens can be ground
ENOUGH: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchSettings:
    """How far matching looks."""

    #: a story that has been quiet for longer takes follow-ups only
    first_days: float = 7.0
    #: a story that has been quiet for longer takes nothing more
    follow_days: float = 14.0
    #: join chance from which on an entry joins; None: what the weights say; above 1: nothing joins, bound or not
    threshold: float | None = None
    #: added to the threshold for a follow-up to a story older than first_days
    follow_margin: float = 0.1
    #: part of the story's core names that such a follow-up must name
    follow_names: float = 0.5
    #: entries taken by words and by vector, stories looked at as a whole, entries of each looked at
    candidates: int = 16
    stories: int = 4
    members: int = 8
    #: least pair chance for which a story is looked at
    glance: float = 0.03


class Matcher:
    """Holds the stories of the window. Keys are the caller's: story ids, or negative numbers for what has none yet."""

    def __init__(
        self,
        weights: Weights,
        table: WordTable,
        settings: MatchSettings | None = None,
        find_companies: NameFinder | None = None,
    ) -> None:
        self.weights = weights
        self.settings = settings or MatchSettings()
        self.window = Window(table)
        self.groups: dict[int, Group] = {}
        self.key_of: dict[int, int] = {}
        #: ground from the window, for a model that the weights have no lens for
        self._own_lens: Lens | None = None
        self._table = table
        self._find_companies = find_companies

    # ------------------------------------------------------------ what it holds

    def sketch(self, member: StoryMember) -> Sketch:
        """What the matcher looks at in an entry."""
        read = member.classification
        vector = np.frombuffer(read.vector, "<f2").astype(np.float32)
        lens = self._lens(encoder_of(read.model_id), len(vector))
        parts: dict[str, frozenset[str]] = {}
        for span in read.spans:
            parts[span.role] = parts.get(span.role, frozenset()) | frozenset(span_words(span.text))
        return sketch(
            entry_id=member.entry_id,
            publisher=member.publisher,
            language=member.language,
            published_at=member.published_at,
            title=member.title,
            summary=member.summary,
            seen=lens(vector) if lens is not None else vector,
            blurred=lens is None,
            table=self._table,
            scores=read.scores,
            parts=parts,
            find_companies=self._find_companies,
        )

    def focus(self, reads: Iterable[Classification]) -> bool:
        """Grinds a lens from these vectors if they are of a model that the weights have none for; whether it did.

        Call it before the first sketch: vectors seen through different lenses cannot be compared.
        """
        found: dict[tuple[str, int], list[bytes]] = defaultdict(list)
        for read in reads:
            if read.vector:
                found[encoder_of(read.model_id), len(read.vector) // 2].append(read.vector)
        for (model_id, size), vectors in found.items():
            if len(vectors) >= ENOUGH and self._lens(model_id, size) is None:
                rows = np.frombuffer(b"".join(vectors), "<f2").astype(np.float32).reshape(-1, size)
                self._own_lens = grind(rows, model_id)
                return True
        return False

    def _lens(self, model_id: str, size: int) -> Lens | None:
        own = self._own_lens
        if own is not None and own.model_id == model_id and len(own.mean) == size:
            return own
        return self.weights.lens_for(model_id, size)

    def add(self, one: Sketch, key: int) -> None:
        """The entry is in that story. One that was elsewhere moves."""
        self.discard(one.entry_id)
        self.window.add(one)
        self.key_of[one.entry_id] = key
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(key)
        group.add(one)

    def discard(self, entry_id: int) -> None:
        """Lets an entry go, and its story when it was the last."""
        key = self.key_of.pop(entry_id, None)
        if key is None:
            return
        group = self.groups[key]
        group.discard(entry_id)
        if not group.members:
            del self.groups[key]
        self.window.discard(entry_id)

    def rekey(self, old: int, new: int) -> None:
        """A story has got its id, or became part of another."""
        group = self.groups.pop(old, None)
        if group is None:
            return
        target = self.groups.setdefault(new, Group(new))
        for one in group.members.values():
            target.add(one)
            self.key_of[one.entry_id] = new

    def slide(self, hour: float) -> int:
        """Lets go of entries older than the follow-up window before that hour of the epoch. How many."""
        old = self.window.older_than(hour - HOURS_PER_DAY * self.settings.follow_days)
        for entry_id in old:
            self.discard(entry_id)
        return len(old)

    # ------------------------------------------------------------ what it decides

    def decide(self, one: Sketch) -> Verdict:
        """Which story the entry joins. Changes nothing."""
        views = self.views(one)
        if not views:
            return Verdict(key=None, reason="nothing like it in the last days")
        chances = self.weights.join(np.array([view.row for view in views], np.float32))
        ranked = sorted(zip(chances.tolist(), views, strict=True), key=lambda pair: (-pair[0], pair[1].key))
        refused: str | None = None
        for chance, view in ranked:
            need = self._needed(one, self.groups[view.key], view)
            why = None if view.veto or need is None else self._why(one, self.groups[view.key], chance, need)
            if why is None:
                refused = refused or self._refusal(chance, view, need)
                continue
            return self._joined(one, chance, view, ranked, why)
        chance, view = ranked[0]
        return Verdict(key=None, score=chance, reason=refused or "", numbers=numbers_of(chance, view, ranked))

    def views(self, one: Sketch) -> list[View]:
        """The stories that it may belong to, each with its numbers."""
        self.window.refresh()
        take = self.settings.candidates
        near = dict.fromkeys([*self.window.by_words(one, take), *self.window.by_vector(one, take)])
        chances = self._chances(one, list(near))
        best: dict[int, float] = defaultdict(float)
        for entry_id, chance in chances.items():
            key = self.key_of[entry_id]
            best[key] = max(best[key], chance)
        ranked = sorted(best, key=lambda key: (-best[key], key))[: self.settings.stories]
        looked = [key for key in ranked if best[key] >= self.settings.glance]
        chances |= self._chances(one, [e for key in looked for e in self._chosen(one, key, chances)])
        return [
            self._view(one, key, chances, max((best[other] for other in ranked if other != key), default=0.0))
            for key in looked
        ]

    def _view(self, one: Sketch, key: int, chances: Mapping[int, float], second: float) -> View:
        group = self.groups[key]
        own = {entry_id: chances[entry_id] for entry_id in group.members if entry_id in chances}
        row = join_features(one, group, list(own.values()), second, self.window.weight)
        return View(key=key, row=tuple(row), chances=own, veto=self._vetoed(one, group))

    def _chosen(self, one: Sketch, key: int, known: Mapping[int, float]) -> list[int]:
        """Members to look at besides the known ones: evenly over the story, so that it is judged as a whole."""
        members = list(self.groups[key].members)
        wanted = self.settings.members
        if len(members) > wanted:
            step = len(members) / wanted
            members = [members[int(number * step)] for number in range(wanted)]
        return [entry_id for entry_id in members if entry_id not in known]

    def _chances(self, one: Sketch, others: Sequence[int]) -> dict[int, float]:
        """Pair chances of an entry with others."""
        if not others:
            return {}
        cosines = self.window.cosines(one, others)
        weight = self.window.weight
        rows = [
            features(one, self.window[entry_id], MISSING if one.blurred else float(cosine), weight)
            for entry_id, cosine in zip(others, cosines, strict=True)
        ]
        return dict(zip(others, self.weights.pair(np.array(rows, np.float32)).tolist(), strict=True))

    def _vetoed(self, one: Sketch, group: Group) -> str | None:
        for other in group.members.values():
            found = veto(one, other, self.window.weight)
            if found:
                return found
        return None

    def _why(self, one: Sketch, group: Group, chance: float, need: float) -> str | None:
        """What lets the entry join: its chance, or a bond with a member; None: nothing does."""
        if chance >= need:
            return f"{chance:.2f} (needs {need:.2f})"
        if need > 1.0:
            return None
        found = (bond(one, other, self.window.weight) for other in group.members.values())
        return next((reason for reason in found if reason), None)

    def _needed(self, one: Sketch, group: Group, view: View) -> float | None:
        """The chance that it takes to join; None if the story is closed to this entry."""
        settings = self.settings
        threshold = self.weights.threshold if settings.threshold is None else settings.threshold
        days = min(abs(one.hour - group.last), abs(one.hour - group.first)) / HOURS_PER_DAY
        if group.first <= one.hour <= group.last or days <= settings.first_days:
            return threshold
        names = view.row[CORE_NAMES]
        if days > settings.follow_days or names < settings.follow_names:
            return None
        return min(threshold + settings.follow_margin, 0.99)

    def _refusal(self, chance: float, view: View, need: float | None) -> str:
        if view.veto:
            return view.veto
        if need is None:
            return "the nearest story has been quiet for too long"
        return f"nearest story at {chance:.2f}, below {need:.2f}"

    def _joined(
        self, one: Sketch, chance: float, view: View, ranked: Sequence[tuple[float, View]], why: str
    ) -> Verdict:
        group = self.groups[view.key]
        weight = self.window.weight
        shared = sorted((word for word in one.words if word in group.words), key=lambda word: (-weight[word], word))
        likely = sum(value > 0.5 for value in view.chances.values())
        words = ", ".join(shared[:4])
        reason = f"{why}; like {likely} of {len(view.chances)} entries; shares {words}"
        return Verdict(key=view.key, score=chance, reason=reason, numbers=numbers_of(chance, view, ranked))


def span_words(text: str) -> Iterable[str]:
    """Words of a fact, for comparing facts of two entries."""
    from monitor.stories.words import fold, words

    return words(fold(text))
