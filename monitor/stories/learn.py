"""Examples for the two forests, taken from the online matcher at work, and the learning itself."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from monitor.stories.evaluate import to_members
from monitor.stories.forest import Forest, Recipe, grow
from monitor.stories.groups import JOIN_FEATURES
from monitor.stories.index import Window
from monitor.stories.match import Matcher, MatchSettings
from monitor.stories.pairs import FEATURES, MISSING, features
from monitor.stories.sketch import Sketch
from monitor.stories.weights import Lens, Weights
from monitor.stories.words import WordTable
from monitor.types import Classification

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAIR_RECIPE: Final = Recipe(trees=140, depth=4, rate=0.08, least=6.0, ridge=6.0)
JOIN_RECIPE: Final = Recipe(trees=110, depth=3, rate=0.07, least=6.0, ridge=6.0, columns=0.6)
#: an easy pair of different stories is kept once in so many, and weighs as many
EASY: Final = 2
#: so many pairs are learnt without the cosine, for the day when no lens fits the model
BLURRED: Final = 0.05
#: rules of thumb by which the examples' stories are also built, so that the join is learnt on imperfect stories too
ROUGH: Final = (0.35, 0.5, 0.65)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """Labelled entries of one stretch of days, in order of publication."""

    name: str
    sketches: tuple[Sketch, ...]
    told: tuple[str, ...]
    unsure: tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examples:
    """rows, how true each is, and what it weighs."""

    rows: NDArray[np.float32]
    truth: NDArray[np.float64]
    weight: NDArray[np.float64]


def to_world(
    name: str, rows: Sequence[Mapping[str, Any]], read: Sequence[Classification], table: WordTable, lens: Lens | None
) -> World:
    """Rows of a stories file and what the classifier read in them."""
    members = to_members(rows, read)
    order = sorted(range(len(rows)), key=lambda place: (members[place].published_at, place))
    maker = Matcher(_bare(lens), table)
    at = {str(rows[place]["id"]): number for number, place in enumerate(order)}
    sketches = tuple(maker.sketch(replace(members[place], entry_id=number)) for number, place in enumerate(order))
    unsure: list[set[int]] = [set() for _ in order]
    for number, place in enumerate(order):
        for other in rows[place].get("unsure") or ():
            if str(other) in at:
                unsure[number].add(at[str(other)])
                unsure[at[str(other)]].add(number)
    return World(
        name=name,
        sketches=sketches,
        told=tuple(str(rows[place]["story"]) for place in order),
        unsure=tuple(map(frozenset, unsure)),
    )


def pair_examples(world: World, table: WordTable, settings: MatchSettings, chance: random.Random) -> Examples:
    """Pairs as the matcher meets them: each entry with its candidates among those before it, and its own story."""
    window = Window(table)
    rows, truth, weight = [], [], []
    before: dict[str, list[int]] = {}
    for one, story in zip(world.sketches, world.told, strict=True):
        window.refresh()
        take = settings.candidates
        near = dict.fromkeys([*window.by_words(one, take), *window.by_vector(one, take), *before.get(story, ())])
        others = [entry_id for entry_id in near if entry_id not in world.unsure[one.entry_id]]
        if others:
            cosines = window.cosines(one, others)
            middle = float(np.median(cosines))
            for entry_id, cosine in zip(others, cosines, strict=True):
                true = world.told[entry_id] == story
                blurred = one.blurred or chance.random() < BLURRED
                row = features(one, window[entry_id], MISSING if blurred else float(cosine), window.weight)
                easy = not true and cosine <= middle and row[SHARED] < 14
                if easy and chance.random() >= 1 / EASY:
                    continue
                rows.append(row)
                truth.append(float(true))
                weight.append(float(EASY) if easy else 1.0)
        window.add(one)
        before.setdefault(story, []).append(one.entry_id)
    return Examples(rows=np.array(rows, np.float32), truth=np.array(truth), weight=np.array(weight))


SHARED: Final = FEATURES.index("shared")


def join_examples(world: World, pair: Forest, table: WordTable, settings: MatchSettings) -> Examples:
    """Entries before stories: as they should be, and as rules of thumb build them."""
    rows: list[tuple[float, ...]] = []
    truth: list[float] = []
    numbers = {story: number for number, story in enumerate(dict.fromkeys(world.told))}
    for rough in (None, *ROUGH):
        matcher = Matcher(replace(_bare(None), pair=pair), table, settings)
        for one, story in zip(world.sketches, world.told, strict=True):
            best: tuple[float, int] | None = None
            for view in matcher.views(one):
                if view.veto:
                    continue
                sure = [e for e in matcher.groups[view.key].members if e not in world.unsure[one.entry_id]]
                if 2 * len(sure) >= len(matcher.groups[view.key].members):
                    rows.append(view.row)
                    truth.append(sum(world.told[e] == story for e in sure) / len(sure))
                value = (view.row[1] + view.row[2]) / 2
                best = max(best or (0.0, 0), (value, view.key))
            if rough is None:
                matcher.add(one, 1 + numbers[story])
            else:
                joins = best is not None and best[0] >= rough
                matcher.add(one, best[1] if best and joins else 1 + one.entry_id)
    # what belongs to most of a story belongs to it
    return Examples(
        rows=np.array(rows, np.float32), truth=(np.array(truth) > 0.5).astype(float), weight=np.ones(len(rows))
    )


def learn(
    pairs: Mapping[str, Examples],
    worlds: Mapping[str, World],
    table: WordTable,
    *,
    lens: Lens | None,
    threshold: float,
    folds: int = 3,
    settings: MatchSettings | None = None,
) -> Weights:
    """Both forests. The join is learnt on pair chances of forests that have not seen the world in question."""
    settings = settings or MatchSettings()
    names = sorted(worlds)
    pair = _grow_pairs([pairs[name] for name in names])
    joins = []
    for fold in range(min(folds, len(names))):
        held = names[fold::folds]
        rest = [pairs[name] for name in names if name not in held]
        blind = _grow_pairs(rest) if rest else pair
        joins += [join_examples(worlds[name], blind, table, settings) for name in held]
    whole = _together(joins)
    join = grow(JOIN_FEATURES, whole.rows, whole.truth, whole.weight, JOIN_RECIPE)
    return Weights(pair=pair, join=join, threshold=threshold, lens=lens)


def _grow_pairs(examples: Sequence[Examples]) -> Forest:
    whole = _together(examples)
    return grow(FEATURES, whole.rows, whole.truth, whole.weight, PAIR_RECIPE)


def _together(examples: Sequence[Examples]) -> Examples:
    return Examples(
        rows=np.concatenate([each.rows for each in examples]),
        truth=np.concatenate([each.truth for each in examples]),
        weight=np.concatenate([each.weight for each in examples]),
    )


def _bare(lens: Lens | None) -> Weights:
    """Weights that know nothing yet."""
    nothing = Forest(
        features=("none",),
        base=0.0,
        split=np.zeros((1, 1), np.int16),
        bound=np.zeros((1, 1), np.float32),
        leaf=np.zeros((1, 2), np.float32),
    )
    return Weights(pair=nothing, join=nothing, threshold=1.0, lens=lens)
