"""Trains the shipped model: `python -m monitor.classify.train --data DIR --out DIR --seed N`.

One encoder and four heads learn together: tags and status from every labelled entry, facts from the marks over its
tokens, the story vector from groups of entries about one event. Needs `pip install 'monitor[train]'`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.classify.base import TRAIN_HINT, Base, find_base, read_base
from monitor.classify.contrast import to_telling
from monitor.classify.dataset import read_rows, to_row
from monitor.classify.labels import join_labels
from monitor.classify.recipe import Recipe, say
from monitor.classify.vocabulary import build_tokenizer, choose_pieces, count_pieces
from monitor.classify.weights import SETTINGS
from monitor.errors import ModelError, MonitorError
from monitor.tellings import own_tellings, unlabelled

if TYPE_CHECKING:
    from monitor.classify.train_begin import Beginning

PIECES: Final = 40_000
OWN_DATA: Final = Path(__file__).parent / "data"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m monitor.classify.train", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with train.jsonl, stories-train.jsonl, dev*.jsonl"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder that the weights are written to")
    parser.add_argument("--seed", type=int, default=Recipe().seed)
    parser.add_argument("--epochs", type=int, default=Recipe().epochs)
    parser.add_argument("--keep", type=float, default=Recipe().keep, help="share of the starting model in the result")
    parser.add_argument("--until", default="9999", help="learn only from entries published before this date")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=0.0, help="end the training after so long")
    parser.add_argument(
        "--start", type=Path, help="go on from a shipped model's folder or a checkpoint instead of the base"
    )
    parser.add_argument("--rate", type=float, default=Recipe().rate, help="highest learning rate of the encoder")
    parser.add_argument("--head-rate", type=float, default=Recipe().head_rate, help="and of the heads")
    parser.add_argument("--checkpoints", type=Path, help="keep torch weights (safetensors) of each epoch here")
    given = parser.parse_args(arguments)
    try:
        require_torch()
        recipe = Recipe(
            seed=given.seed,
            epochs=given.epochs,
            threads=given.threads,
            minutes=given.minutes,
            rate=given.rate,
            head_rate=given.head_rate,
            keep=given.keep,
        )
        run(given.data, given.out, recipe, until=given.until, checkpoints=given.checkpoints, start=given.start)
    except MonitorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def require_torch() -> None:
    """Training needs what the monitor itself never does."""
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise ModelError(f"training needs torch and transformers ({error.name} is missing): {TRAIN_HINT}") from error


def run(
    data: Path,
    out: Path,
    recipe: Recipe,
    *,
    until: str = "9999",
    checkpoints: Path | None = None,
    start: Path | None = None,
) -> None:
    """Trains, exports, calibrates on the dev files, and prints the table of the model card."""
    import torch

    from monitor.classify.train_begin import between, from_release, is_release
    from monitor.classify.train_card import table
    from monitor.classify.train_loop import train
    from monitor.classify.train_release import release

    rows = [row for row in map(to_row, read_rows(data / "train.jsonl")) if row.published < until]
    for name in ("pairs.jsonl", "written.jsonl"):
        rows += map(to_row, read_rows(OWN_DATA / name))
    rows += [
        row for row in join_labels(read_rows(OWN_DATA / "labels.jsonl"), unlabelled(data)) if row.published < until
    ]
    grouped = read_rows(data / "stories-train.jsonl") + own_tellings(data)
    tellings = [t for t in map(to_telling, grouped) if t.published < until]
    torch.manual_seed(recipe.seed)
    beginning = from_release(start) if start is not None and is_release(start) else _from_base(data, start)
    say(f"{len(rows)} entries, {len(tellings)} tellings, {beginning.tokenizer.get_vocab_size()} pieces")
    network = train(beginning, rows, tellings, recipe, checkpoints)
    if recipe.keep and start is not None:
        network = between(network, from_release(start).network, recipe.keep)
    say("\n" + table(release(network, beginning.tokenizer, data, out, words=_words(recipe, start))))


def _words(recipe: Recipe, start: Path | None) -> str:
    """How the training went, for the model card."""
    begun = "at the base" if start is None else f"at the checkpoint {start.name}"
    if start is not None and (start / SETTINGS).is_file():
        begun = f"at the model {json.loads((start / SETTINGS).read_text(encoding='utf-8'))['model_id']}"
    return (
        f"Trained on {recipe.threads} CPU cores, begun {begun}, of which {recipe.keep:.0%} is kept:\n"
        f"seed {recipe.seed}, {recipe.epochs} epochs, highest rates {recipe.rate:g} (encoder) and "
        f"{recipe.head_rate:g} (heads)."
    )


def _from_base(data: Path, checkpoint: Path | None) -> Beginning:
    from monitor.classify.train_begin import from_pieces

    base = read_base(find_base())
    vocabulary = cut_vocabulary(base, data)
    tokenizer = build_tokenizer([(base.pieces[i], float(base.scores[i])) for i in vocabulary])
    return from_pieces(base, vocabulary, tokenizer, checkpoint)


def cut_vocabulary(base: Base, data: Path, size: int = PIECES) -> list[int]:
    """The pieces that the labelled entries and, where it is at hand, the unlabelled corpus use."""
    whole = build_tokenizer(list(zip(base.pieces, map(float, base.scores), strict=True)))
    used = count_pieces(whole, (text for text, times in _texts(data) for _ in range(times)))
    return choose_pieces(base.pieces, used, size)


def _texts(data: Path) -> Iterator[tuple[str, int]]:
    for records, times in ((read_rows(data / "train.jsonl"), 3), (unlabelled(data), 1)):
        for record in records:
            yield f"{record['title']} {record.get('summary') or ''}", times


if __name__ == "__main__":
    sys.exit(main())
