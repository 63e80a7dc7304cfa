"""Learns weights.json: the pair forest, the join forest, the lens and the threshold, from labelled stories.

    python -m monitor.stories.train --data DIR                    writes monitor/stories/weights.json (a minute or two)
    python -m monitor.stories.train --data DIR --leave-one-out    measures instead: each window by the others, and dev

DIR holds stories-train.jsonl and stories-dev.jsonl, and for our own groups corpus.jsonl.gz. Weights are learnt on one
classifier's vectors, tags and facts: a new encoder wants them learnt anew. Its vectors of stories that it was itself
taught with are better than any it will make, so the forests learn on those of a model that was taught less: --vectors.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from monitor.errors import DataError, MonitorError
from monitor.protocols import Classifier
from monitor.stories import weights as files
from monitor.stories.evaluate import evaluate_stories
from monitor.stories.learn import Examples, World, learn, pair_examples, to_world
from monitor.stories.match import Matcher, MatchSettings
from monitor.stories.weights import Lens, Weights, grind
from monitor.stories.words import WordTable, load_table
from monitor.tellings import own_tellings, unlabelled
from monitor.types import Classification

OUT: Final = Path(__file__).with_name("weights.json")
BATCH: Final = 256
#: pairs are learnt on more candidates than are looked at in use
WIDE: Final = 24
DEV: Final = "dev"
#: of the corpus, what the lens is ground from: since when, how much of it, and from which score of any tag on
LATE: Final = "2025-08"
SHARE: Final = 0.2
MAYBE_NEWS: Final = 0.03
Rows = list[dict[str, Any]]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m monitor.stories.train", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with stories-train.jsonl and stories-dev.jsonl"
    )
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--threshold", type=float, default=0.7, help="join chance from which on an entry joins")
    parser.add_argument("--leave-one-out", action="store_true", help="measure; nothing is written")
    parser.add_argument("--with-dev", action="store_true", help="learn from stories-dev.jsonl, too: for what ships")
    parser.add_argument("--own-groups", action="store_true", help="learn from the stories that we grouped, too")
    parser.add_argument("--vectors", type=Path, help="folder of the model on whose vectors the forests learn")
    parser.add_argument("--no-lens", action="store_true", help="use the vectors as they are")
    parser.add_argument(
        "--classifier", default="monitor.classify:load_classifier", help="MODULE:FUNCTION that gives the classifier"
    )
    given = parser.parse_args(arguments)
    try:
        elsewhere = _classifier(given.classifier, given.vectors) if given.vectors else None
        classifier = _classifier(given.classifier)
        data = read(given.data, classifier, elsewhere, own=given.own_groups)
        if given.leave_one_out:
            leave_one_out(data, given.threshold, lens=not given.no_lens)
        else:
            chosen = {name: both for name, both in data.items() if name != DEV or given.with_dev}
            made = train(chosen, load_table(), given.threshold, lens=not given.no_lens)
            if not given.no_lens:
                made = replace(made, lens=unseen_lens(given.data, classifier) or made.lens)
            given.out.write_text(json.dumps(files.dump(made), separators=(",", ":")) + "\n", encoding="utf-8")
            _say(f"wrote {given.out} ({given.out.stat().st_size} bytes)")
    except MonitorError as error:
        _say(f"error: {error}")
        return error.exit_code
    return 0


@dataclass(frozen=True, slots=True)
class Window:
    """Labelled entries of some days. read: by the classifier that ships; learnt_on: with the vectors to learn on."""

    rows: Rows
    read: list[Classification]
    learnt_on: list[Classification]


Data = dict[str, Window]


def read(folder: Path, classifier: Classifier, elsewhere: Classifier | None = None, *, own: bool = False) -> Data:
    """Windows by name, `dev` among them. elsewhere: whose vectors to learn on. Raises DataError, ModelError."""
    data: Data = {}
    sources = {name: _read_rows(folder / name) for name in ("stories-train.jsonl", "stories-dev.jsonl")}
    if own:
        sources["our own groups"] = own_tellings(folder)
    for name, rows in sources.items():
        found = _classify(classifier, rows)
        others = _with_vectors(found, _classify(elsewhere, rows)) if elsewhere else found
        for row, one, other in zip(rows, found, others, strict=True):
            window = data.setdefault(str(row.get("window") or DEV), Window([], [], []))
            window.rows.append(row)
            window.read.append(one)
            window.learnt_on.append(other)
        _say(f"{name}: {len(rows)} entries read")
    return data


def _with_vectors(found: Sequence[Classification], others: Sequence[Classification]) -> list[Classification]:
    return [
        replace(one, vector=other.vector, model_id=other.model_id) for one, other in zip(found, others, strict=True)
    ]


def _read_rows(path: Path) -> Rows:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {error}") from error


def _classify(classifier: Classifier, rows: Rows) -> list[Classification]:
    found: list[Classification] = []
    for start in range(0, len(rows), BATCH):
        found += classifier.classify([(r["title"], r.get("summary") or "") for r in rows[start : start + BATCH]])
    return found


def train(data: Data, table: WordTable, threshold: float, *, lens: bool = True) -> Weights:
    """Weights from windows of labelled entries, with the lens of the classifier that ships."""
    ground, worlds, pairs = prepare(data, table, lens=lens)
    made = learn(pairs, worlds, table, lens=ground, threshold=threshold)
    return replace(made, lens=_lens([window.read for window in data.values()])) if lens else made


def unseen_lens(folder: Path, classifier: Classifier) -> Lens | None:
    """The lens from entries that nothing was taught with: the corpus's that may be news. None without a corpus.

    Vectors of stories that the encoder was taught with lie closer together than those of new days will.
    """
    chance = random.Random(1)  # noqa: S311  a sample
    some = [entry for entry in unlabelled(folder) if entry["published"] >= LATE and chance.random() < SHARE]
    found = [each for each in _classify(classifier, some) if max(each.scores.values()) >= MAYBE_NEWS]
    return _lens([found]) if found else None


def prepare(data: Data, table: WordTable, *, lens: bool) -> tuple[Lens | None, dict[str, World], dict[str, Examples]]:
    """Lens (from the vectors alone), worlds and pair examples of each window, of what is learnt on."""
    ground = _lens([window.learnt_on for window in data.values()]) if lens else None
    worlds = {name: to_world(name, each.rows, each.learnt_on, table, ground) for name, each in data.items()}
    chance = random.Random(1)  # noqa: S311  which easy pairs are kept, not a secret
    wide = MatchSettings(candidates=WIDE)
    pairs = {name: pair_examples(world, table, wide, chance) for name, world in worlds.items()}
    _say(f"{sum(len(each.rows) for each in pairs.values())} pairs of {len(worlds)} windows")
    return ground, worlds, pairs


def _lens(windows: Sequence[Sequence[Classification]]) -> Lens:
    read = [found for window in windows for found in window]
    return grind(np.array([np.frombuffer(found.vector, "<f2").astype(np.float32) for found in read]), read[0].model_id)


def leave_one_out(data: Data, threshold: float, *, lens: bool = True) -> dict[str, dict[str, Any]]:
    """Each window measured by weights that have not seen it; dev by those of all windows. Printed and returned.

    A window is measured on the vectors to learn on, dev on those of the classifier that ships.
    """
    table = load_table()
    ground, worlds, pairs = prepare(data, table, lens=lens)
    shipped = _lens([window.read for window in data.values()]) if lens else None
    found: dict[str, dict[str, Any]] = {}
    for name, window in data.items():
        others = [other for other in data if other not in (name, DEV)]
        made = learn(_some(pairs, others), _some(worlds, others), table, lens=ground, threshold=threshold)
        made = replace(made, lens=shipped) if name == DEV else made
        read = window.read if name == DEV else window.learnt_on
        found[name] = evaluate_stories(window.rows, read, Matcher(made, table))
        order = list(range(len(window.rows)))
        random.Random(7).shuffle(order)  # noqa: S311  an order of arrival
        shuffled = evaluate_stories(window.rows, read, Matcher(made, table), order=order)
        _say(f"{name:4} {_line(found[name])}   shuffled B-cubed F1 {shuffled['bcubed']['f1']:.3f}")
    return found


def _some(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: values[name] for name in names}


def _line(report: Mapping[str, Any]) -> str:
    pair, cubed = report["pairwise"], report["bcubed"]
    return (
        f"n {report['n']:4} pairwise {pair['precision']:.3f} {pair['recall']:.3f} "
        f"B-cubed {cubed['precision']:.3f} {cubed['recall']:.3f} {cubed['f1']:.3f}"
    )


def _classifier(name: str, folder: Path | None = None) -> Classifier:
    """The classifier that is named, of the model that ships or of another's folder: this room imports none."""
    module, _, function = name.partition(":")
    try:
        make: Callable[[Path | None], Classifier] = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise DataError(f"--classifier {name}: {error}") from error
    return make(folder)


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")


if __name__ == "__main__":
    sys.exit(main())
