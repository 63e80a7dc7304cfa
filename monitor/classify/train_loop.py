"""The training loop: epochs of labelled and story batches in one random order, and a running average of the weights."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from monitor.classify.contrast import Telling, story_batches
from monitor.classify.dataset import Example, Row, batches, name_pools, swap_names, to_examples
from monitor.classify.network import Network
from monitor.classify.recipe import MAX_LENGTH, Recipe, say
from monitor.classify.train_begin import Beginning, prepare
from monitor.classify.train_loss import labelled_loss, pad, story_loss

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def weighed(rows: Iterable[Row]) -> list[Row]:
    """Rows with the scarce kinds of real ones twice: other languages, and the tag with the fewest examples."""
    chosen = []
    for row in rows:
        chosen.append(row)
        if row.published and (row.language != "en" or "acquisition" in row.tags):
            chosen.append(row)
    return chosen


def train(
    beginning: Beginning,
    rows: Sequence[Row],
    tellings: Sequence[Telling],
    recipe: Recipe,
    checkpoints: Path | None = None,
) -> Network:
    """The network with the averaged weights of the run."""
    torch.set_num_threads(recipe.threads)
    chance = random.Random(recipe.seed)
    network, tokenizer = beginning.network, beginning.tokenizer
    freeze(network, recipe.frozen)
    rows = weighed(rows)
    prepare(beginning, lambda: [pad(some) for some in _sample(rows, tokenizer, chance)])
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
        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                if value.dtype.is_floating_point:
                    self._state[name].lerp_(value, 1 - decay)

    def copy_to(self, network: Network) -> None:
        network.load_state_dict(self._state)

    def save(self, path: Path) -> None:
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
