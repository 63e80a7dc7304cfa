"""Learns weights.json: the pair forest, the join forest, the lens and the threshold, from labelled stories.

    python -m monitor.stories.train --data DIR                    writes monitor/stories/weights.json (a minute or two)
    python -m monitor.stories.train --data DIR --leave-one-out    measures instead: each window by the others, and dev

DIR holds stories-train.jsonl and stories-dev.jsonl, and for our own groups corpus.jsonl.gz. Weights are learnt on one
classifier's vectors, tags and facts: a new encoder wants them learnt anew.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
from collections.abc import Callable, Mapping, Sequence
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
from monitor.tellings import own_tellings
from monitor.types import Classification

OUT: Final = Path(__file__).with_name("weights.json")
BATCH: Final = 256
#: pairs are learnt on more candidates than are looked at in use
WIDE: Final = 24
DEV: Final = "dev"
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
    parser.add_argument("--no-lens", action="store_true", help="use the vectors as they are")
    parser.add_argument(
        "--classifier", default="monitor.classify:load_classifier", help="MODULE:FUNCTION that gives the classifier"
    )
    given = parser.parse_args(arguments)
    try:
        data = read(given.data, _classifier(given.classifier))
        if given.leave_one_out:
            leave_one_out(data, given.threshold, lens=not given.no_lens)
        else:
            chosen = {name: both for name, both in data.items() if name != DEV or given.with_dev}
            made = train(chosen, load_table(), given.threshold, lens=not given.no_lens)
            given.out.write_text(json.dumps(files.dump(made), separators=(",", ":")) + "\n", encoding="utf-8")
            _say(f"wrote {given.out} ({given.out.stat().st_size} bytes)")
    except MonitorError as error:
        _say(f"error: {error}")
        return error.exit_code
    return 0


Data = dict[str, tuple[Rows, list[Classification]]]


def read(folder: Path, classifier: Classifier) -> Data:
    """Windows by name, `dev` among them: rows and what the classifier read. Raises DataError, ModelError."""
    data: Data = {}
    sources = {name: _read_rows(folder / name) for name in ("stories-train.jsonl", "stories-dev.jsonl")}
    sources["our own groups"] = own_tellings(folder)
    for name, rows in sources.items():
        for row, found in zip(rows, _classify(classifier, rows), strict=True):
            both = data.setdefault(str(row.get("window") or DEV), ([], []))
            both[0].append(row)
            both[1].append(found)
        _say(f"{name}: {len(rows)} entries read")
    return data


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
    """Weights from windows of labelled entries."""
    ground, worlds, pairs = prepare(data, table, lens=lens)
    return learn(pairs, worlds, table, lens=ground, threshold=threshold)


def prepare(data: Data, table: WordTable, *, lens: bool) -> tuple[Lens | None, dict[str, World], dict[str, Examples]]:
    """Lens (from the vectors alone), worlds and pair examples of each window."""
    read = [found for _, both in data.values() for found in both]
    vectors = np.array([np.frombuffer(found.vector, "<f2").astype(np.float32) for found in read])
    ground = grind(vectors, read[0].model_id) if lens else None
    worlds = {name: to_world(name, rows, found, table, ground) for name, (rows, found) in data.items()}
    chance = random.Random(1)  # noqa: S311  which easy pairs are kept, not a secret
    wide = MatchSettings(candidates=WIDE)
    pairs = {name: pair_examples(world, table, wide, chance) for name, world in worlds.items()}
    _say(f"{sum(len(each.rows) for each in pairs.values())} pairs of {len(worlds)} windows")
    return ground, worlds, pairs


def leave_one_out(data: Data, threshold: float, *, lens: bool = True) -> dict[str, dict[str, Any]]:
    """Each window measured by weights that have not seen it; dev by those of all windows. Printed and returned."""
    table = load_table()
    ground, worlds, pairs = prepare(data, table, lens=lens)
    found: dict[str, dict[str, Any]] = {}
    for name, (rows, read) in data.items():
        others = [other for other in data if other not in (name, DEV)]
        made = learn(_some(pairs, others), _some(worlds, others), table, lens=ground, threshold=threshold)
        found[name] = evaluate_stories(rows, read, Matcher(made, table))
        order = list(range(len(rows)))
        random.Random(7).shuffle(order)  # noqa: S311  an order of arrival
        shuffled = evaluate_stories(rows, read, Matcher(made, table), order=order)
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


def _classifier(name: str) -> Classifier:
    """The classifier that is named: this room imports none."""
    module, _, function = name.partition(":")
    try:
        make: Callable[[], Classifier] = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise DataError(f"--classifier {name}: {error}") from error
    return make()


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")


if __name__ == "__main__":
    sys.exit(main())
