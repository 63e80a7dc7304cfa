"""Where a training begins: at the base, at a checkpoint in torch, or at a model that was shipped before.

A shipped model is 8-bit and has its centring folded into the layers that follow. It is taken apart again, so that its
heads learn as fast as they did, and says the same as before until the first step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file
from torch import Tensor

from monitor.classify.network import centre, folded, from_base, unfold
from monitor.classify.recipe import MAX_LENGTH
from monitor.classify.weights import GRAPH, TOKENIZER

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from monitor.classify.base import Base
    from monitor.classify.network import Network

#: (token numbers, mask) of some entries
Batches = Sequence[tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """A network to train and the tokenizer that it reads with."""

    network: Network
    tokenizer: Tokenizer
    #: whether its heads know nothing yet
    fresh: bool


def is_release(start: Path | None) -> bool:
    """A folder with a model that ships; anything else is a checkpoint in torch."""
    return start is not None and (start / GRAPH).is_file()


def from_release(folder: Path) -> Beginning:
    """The network of a shipped model."""
    import onnx
    from tokenizers import Tokenizer

    from monitor.classify.unpack import to_network

    network = to_network(onnx.load(str(folder / GRAPH)))
    return Beginning(network, Tokenizer.from_file(str(folder / TOKENIZER)), fresh=False)


def from_pieces(base: Base, vocabulary: Sequence[int], tokenizer: Tokenizer, checkpoint: Path | None) -> Beginning:
    """The base's encoder with fresh heads, or the same network with the weights of a checkpoint."""
    network = from_base(base, vocabulary, MAX_LENGTH)
    if checkpoint is not None:
        network.load_state_dict(load_file(str(checkpoint)))
    return Beginning(network, tokenizer, fresh=checkpoint is None)


def prepare(beginning: Beginning, some: Callable[[], Batches]) -> None:
    """Centres the heads: fresh ones by setting it, those of a shipped model without a change of what they say."""
    network = beginning.network.eval()
    if beginning.fresh:
        centre(network, some())
    elif bool((network.pooled_scale == 1).all()):
        recentre(network, some())


def recentre(network: Network, batches: Batches) -> None:
    """Centring as the states of `batches` want it, and the weights after it changed so that nothing else changes."""
    hidden = network.sizes.hidden
    old = {name: value.clone() for name, value in network.named_buffers()}
    centre(network, batches)
    with torch.no_grad():
        scaled = network.vector_out.weight * old["pooled_scale"][hidden:]
        # The vector has no bias: of all centres that leave it as it is, the one nearest to the states' own mean.
        moved = scaled @ (old["pooled_mean"][hidden:] - network.pooled_mean[hidden:])
        network.pooled_mean[hidden:] += torch.linalg.lstsq(scaled, moved[:, None], driver="gelsd").solution[:, 0]
        network.vector_out.weight.copy_(scaled / network.pooled_scale[hidden:])
        for layer, kind in ((network.event_dense, "pooled"), (network.mark_dense, "state")):
            scaled = layer.weight * old[f"{kind}_scale"]
            layer.bias += scaled @ (getattr(network, f"{kind}_mean") - old[f"{kind}_mean"])
            layer.weight.copy_(scaled / getattr(network, f"{kind}_scale"))


def between(network: Network, start: Network, keep: float) -> Network:
    """`network` with weights between its own and those of `start`, of which `keep` (0 to 1) stays.

    Both are folded first: centred differently, their heads' weights do not compare.
    """
    mine, others = folded(network), folded(start)
    unfold(network, {name: value.lerp(others[name], keep) for name, value in mine.items()})
    return network
