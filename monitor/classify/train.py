"""Trains the shipped model: `python -m monitor.classify.train --data DIR --out DIR --seed N`.

One encoder and four heads learn together: tags and status from every labelled entry, facts from the marks over its
tokens, the story vector from groups of entries about one event. Needs `pip install 'monitor[train]'`.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.classify.base import TRAIN_HINT, Base, find_base, read_base
from monitor.classify.contrast import Telling, story_batches, to_telling
from monitor.classify.dataset import (
    Example,
    Row,
    batches,
    name_pools,
    read_rows,
    swap_names,
    to_examples,
    to_row,
)
from monitor.classify.vocabulary import PAD, build_tokenizer, choose_pieces, count_pieces
from monitor.errors import ModelError, MonitorError

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from monitor.classify.network import Network, Outputs

MAX_LENGTH: Final = 128
PIECES: Final = 40_000
OWN_DATA: Final = Path(__file__).parent / "data"
#: The mission's tags weigh more; in the order of TAGS.
TAG_WEIGHTS: Final = (1.5, 1.0, 1.5, 1.5, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All numbers of a training run."""

    seed: int = 3
    epochs: int = 3
    rate: float = 1e-4
    head_rate: float = 5e-4
    warm_up: float = 0.06
    decay: float = 0.01
    tokens: int = 1_536
    story_size: int = 40
    temperature: float = 0.06
    average: float = 0.997
    swap: float = 0.25
    #: layers that stay as they are, besides the word table
    frozen: int = 6
    #: share of the everyday entries that each epoch sees
    everyday: float = 0.5
    mark_weight: float = 0.1
    story_weight: float = 0.5
    rumour_weight: float = 2.0
    threads: int = 2
    #: ends early, with the learning rate brought down in time; 0 means no limit
    minutes: float = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m monitor.classify.train", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with train.jsonl, stories-train.jsonl, dev*.jsonl"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder that the weights are written to")
    parser.add_argument("--seed", type=int, default=Recipe().seed)
    parser.add_argument("--epochs", type=int, default=Recipe().epochs)
    parser.add_argument("--until", default="9999", help="learn only from entries published before this date")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=0.0, help="end the training after so long")
    parser.add_argument("--checkpoints", type=Path, help="keep torch weights (safetensors) of each epoch here")
    given = parser.parse_args(arguments)
    try:
        require_torch()
        recipe = Recipe(seed=given.seed, epochs=given.epochs, threads=given.threads, minutes=given.minutes)
        run(given.data, given.out, recipe, until=given.until, checkpoints=given.checkpoints)
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


def run(data: Path, out: Path, recipe: Recipe, *, until: str = "9999", checkpoints: Path | None = None) -> None:
    """Trains, exports, calibrates on the dev files, and prints the table of the model card."""
    from monitor.classify.train_card import table
    from monitor.classify.train_release import release

    rows = [row for row in map(to_row, read_rows(data / "train.jsonl")) if row.published < until]
    rows += [to_row(record) for path in sorted(OWN_DATA.glob("*.jsonl")) for record in read_rows(path)]
    tellings = [t for t in map(to_telling, read_rows(data / "stories-train.jsonl")) if t.published < until]
    base = read_base(find_base())
    vocabulary = cut_vocabulary(base, data)
    tokenizer = build_tokenizer([(base.pieces[i], float(base.scores[i])) for i in vocabulary])
    say(f"{len(rows)} entries, {len(tellings)} tellings, {len(vocabulary)} pieces")
    network = train(base, vocabulary, tokenizer, rows, tellings, recipe, checkpoints)
    say("\n" + table(release(network, tokenizer, data, out)))


def cut_vocabulary(base: Base, data: Path, size: int = PIECES) -> list[int]:
    """The pieces that the labelled entries and, where it is at hand, the unlabelled corpus use."""
    whole = build_tokenizer(list(zip(base.pieces, map(float, base.scores), strict=True)))
    used = count_pieces(whole, (text for text, times in _texts(data) for _ in range(times)))
    return choose_pieces(base.pieces, used, size)


def _texts(data: Path) -> Iterator[tuple[str, int]]:
    import gzip
    import json

    for record in read_rows(data / "train.jsonl"):
        yield f"{record['title']} {record.get('summary') or ''}", 3
    corpus = data / "corpus.jsonl.gz"
    if corpus.is_file():
        with gzip.open(corpus, "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                yield f"{record['title']} {record.get('summary') or ''}", 1


def weighed(rows: Iterable[Row]) -> list[Row]:
    """Rows with the scarce kinds twice: other languages, and the tag with the fewest examples."""
    chosen = []
    for row in rows:
        chosen.append(row)
        if row.language != "en" or "acquisition" in row.tags:
            chosen.append(row)
    return chosen


def train(
    base: Base,
    vocabulary: Sequence[int],
    tokenizer: Tokenizer,
    rows: Sequence[Row],
    tellings: Sequence[Telling],
    recipe: Recipe,
    checkpoints: Path | None = None,
) -> Network:
    """The network with the averaged weights of the run."""
    import torch

    from monitor.classify.network import centre, from_base

    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    chance = random.Random(recipe.seed)
    network = from_base(base, vocabulary, MAX_LENGTH)
    freeze(network, recipe.frozen)
    rows = weighed(rows)
    centre(network.eval(), [pad(some) for some in _sample(rows, tokenizer, chance)])
    average = Average(network.train(), recipe.average)
    pools = name_pools(rows)
    steps = _count_steps(rows, tellings, tokenizer, recipe)
    started, done, shown = time.monotonic(), 0, 0.0

    def progress() -> float:
        """The part of the run that is over, by steps or by the time limit, whichever is further."""
        spent = (time.monotonic() - started) / (60 * recipe.minutes) if recipe.minutes else 0.0
        return min(1.0, max(done / steps, spent))

    optimiser, schedule = _optimiser(network, progress, recipe)
    for epoch in range(recipe.epochs):
        some = _some(rows, chance, recipe)
        for loss in _losses(network, _epoch(some, tellings, tokenizer, pools, chance, recipe), recipe):
            if progress() >= 1.0:
                break
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            average.update(network)
            done += 1
            shown += 0.02 * (float(loss.detach()) - shown)
            if done % 20 == 0:
                say(f"epoch {epoch + 1}, step {done}/{steps}, loss {shown:.3f}, {time.monotonic() - started:.0f} s")
        if checkpoints is not None:
            average.save(checkpoints / f"seed{recipe.seed}-epoch{epoch + 1}.safetensors")
    average.copy_to(network)
    network.eval()
    return network


def freeze(network: Network, layers: int) -> None:
    """The word table and the lowest layers keep what they learnt from a billion pairs, and cost no backward pass."""
    for name, parameter in network.named_parameters():
        low = name.startswith("bert.embeddings.")
        for number in range(layers):
            low = low or name.startswith(f"bert.encoder.layer.{number}.")
        parameter.requires_grad = not low


def _sample(rows: Sequence[Row], tokenizer: Tokenizer, chance: random.Random) -> list[list[Example]]:
    """Some batches to centre the heads on."""
    examples = to_examples(chance.sample(list(rows), min(480, len(rows))), tokenizer, MAX_LENGTH)
    examples.sort(key=lambda example: len(example.ids))
    return [examples[at : at + 16] for at in range(0, len(examples), 16)]


class Average:
    """A running average of the weights: steadier than the last step, at almost no cost."""

    def __init__(self, network: Network, decay: float) -> None:
        self._decay = decay
        self._steps = 0
        self._state = {name: value.detach().clone() for name, value in network.state_dict().items()}

    def update(self, network: Network) -> None:
        import torch

        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                if value.dtype.is_floating_point:
                    self._state[name].lerp_(value, 1 - decay)

    def copy_to(self, network: Network) -> None:
        network.load_state_dict(self._state)

    def save(self, path: Path) -> None:
        from safetensors.torch import save_file

        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(self._state, str(path))


def _count_steps(rows: Sequence[Row], tellings: Sequence[Telling], tokenizer: Tokenizer, recipe: Recipe) -> int:
    chance = random.Random(recipe.seed)
    steps = 0
    for _ in range(recipe.epochs):
        examples = to_examples(_some(rows, chance, recipe), tokenizer, MAX_LENGTH)
        steps += len(batches([len(example.ids) for example in examples], recipe.tokens, chance))
        steps += sum(1 for _ in story_batches(tellings, recipe.story_size, chance))
    return steps


def _some(rows: Sequence[Row], chance: random.Random, recipe: Recipe) -> list[Row]:
    """The rows of an epoch: all but a changing part of those with nothing in them."""
    return [row for row in rows if not row.everyday or chance.random() < recipe.everyday]


def _optimiser(network: Network, progress: Callable[[], float], recipe: Recipe) -> tuple[Any, Any]:
    import torch

    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = recipe.rate if name.startswith("bert.") else recipe.head_rate
        decay = 0.0 if parameter.ndim < 2 else recipe.decay
        groups.setdefault((rate, decay), []).append(parameter)
    optimiser = torch.optim.AdamW(
        [{"params": some, "lr": rate, "weight_decay": decay} for (rate, decay), some in groups.items()],
        betas=(0.9, 0.98),
        fused=True,
    )

    def factor(_step: int) -> float:
        part = progress()
        return min((part + 0.002) / recipe.warm_up, (1.0 - part) / (1.0 - recipe.warm_up))

    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, factor)


def _epoch(
    rows: Sequence[Row],
    tellings: Sequence[Telling],
    tokenizer: Tokenizer,
    pools: dict[str, list[str]],
    chance: random.Random,
    recipe: Recipe,
) -> list[list[Example] | list[tuple[Telling, Example]]]:
    """All batches of one epoch, labelled and story ones in one random order."""
    swapped = [swap_names(row, pools, chance) if chance.random() < recipe.swap else row for row in rows]
    examples = to_examples(swapped, tokenizer, MAX_LENGTH)
    made: list[Any] = [
        [examples[number] for number in batch]
        for batch in batches([len(example.ids) for example in examples], recipe.tokens, chance)
    ]
    for batch in story_batches(tellings, recipe.story_size, chance):
        read = to_examples([Row(title=t.title, summary=t.summary) for t in batch], tokenizer, MAX_LENGTH)
        made.append(list(zip(batch, read, strict=True)))
    chance.shuffle(made)
    return made


def _losses(network: Network, made: Iterable[Any], recipe: Recipe) -> Iterator[torch.Tensor]:
    import torch

    for batch in made:
        stories = isinstance(batch[0], tuple)
        examples = [pair[1] for pair in batch] if stories else batch
        ids, mask = pad(examples)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = network(ids, mask)
        if stories:
            yield recipe.story_weight * story_loss(outputs.vector, [pair[0] for pair in batch], recipe.temperature)
        else:
            yield labelled_loss(outputs, examples, mask, recipe)


def pad(examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token numbers and mask of a batch."""
    import torch

    longest = max(len(example.ids) for example in examples)
    ids = torch.full((len(examples), longest), PAD)
    mask = torch.zeros((len(examples), longest), dtype=torch.long)
    for number, example in enumerate(examples):
        ids[number, : len(example.ids)] = torch.tensor(example.ids)
        mask[number, : len(example.ids)] = 1
    return ids, mask


def labelled_loss(outputs: Outputs, examples: Sequence[Example], mask: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """Tags and status by cross-entropy, marks by the sum over an entry's tokens and roles."""
    import torch
    from torch.nn import functional

    weights = torch.tensor([example.weight for example in examples])
    tags = torch.tensor([example.tags for example in examples])
    per_tag = functional.binary_cross_entropy_with_logits(outputs.tags, tags, reduction="none")
    loss = ((per_tag * torch.tensor(TAG_WEIGHTS)).sum(1) * weights).mean()
    status = torch.tensor([example.status for example in examples])
    known = (status >= 0).float()
    per_status = functional.binary_cross_entropy_with_logits(
        outputs.status, status.clamp(min=0), reduction="none", pos_weight=torch.tensor(recipe.rumour_weight)
    )
    loss = loss + (per_status * known * weights).sum() / len(examples)
    wanted = torch.zeros(outputs.marks.shape[:3], dtype=torch.long)
    for number, example in enumerate(examples):
        for role, first, last in example.marks:
            wanted[number, first : last + 1, role] = 2
            wanted[number, first, role] = 1
    per_mark = functional.cross_entropy(outputs.marks.flatten(0, 2), wanted.flatten(), reduction="none")
    per_entry = (per_mark.view(wanted.shape).sum(2) * mask).sum(1)
    return loss + recipe.mark_weight * (per_entry * weights).mean()


def story_loss(vectors: torch.Tensor, tellings: Sequence[Telling], temperature: float) -> torch.Tensor:
    """Tellings of one story attract, all others of the batch repel; unsure pairs do neither."""
    import torch

    names = {story: number for number, story in enumerate({telling.story: None for telling in tellings})}
    story = torch.tensor([names[telling.story] for telling in tellings])
    same = story[:, None] == story[None, :]
    ignored = torch.tensor([[a.id == b.id or b.id in a.unsure or a.id in b.unsure for b in tellings] for a in tellings])
    logits = (vectors @ vectors.T / temperature).masked_fill(ignored, -1e4)
    wanted = same & ~ignored
    likely = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    counts = wanted.sum(1)
    has = counts > 0
    return -((likely * wanted).sum(1)[has] / counts[has]).mean()


def say(words: str) -> None:
    """One line of progress."""
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
