"""The network in torch: one encoder, four heads. Only training and the equality test need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from monitor.classify.taxonomy import ROLES, TAGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.classify.base import Base

VECTOR: Final = 128
#: outside, begins, inside: three classes for each role, so that one name may play two parts
MARKS: Final = 3
TYPE_ROWS: Final = 2
TAG_PRIOR: Final = -2.5
MARK_PRIOR: Final = -6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The shape of a network."""

    vocabulary: int
    hidden: int = 384
    layers: int = 12
    heads: int = 12
    inner: int = 1536
    positions: int = 128
    epsilon: float = 1e-12


class Outputs(NamedTuple):
    """Logits of tags, status and roles (batch, token, role, mark), and the story vector of unit length."""

    tags: Tensor
    status: Tensor
    marks: Tensor
    vector: Tensor


class Network(nn.Module):  # type: ignore[misc]
    """Encoder and heads; `forward` takes token numbers and a mask, both (batch, token)."""

    def __init__(self, sizes: Sizes, dropout: float = 0.1) -> None:
        super().__init__()
        self.sizes = sizes
        self.bert = BertModel(
            BertConfig(
                vocab_size=sizes.vocabulary,
                hidden_size=sizes.hidden,
                num_hidden_layers=sizes.layers,
                num_attention_heads=sizes.heads,
                intermediate_size=sizes.inner,
                max_position_embeddings=sizes.positions,
                layer_norm_eps=sizes.epsilon,
                hidden_dropout_prob=dropout,
                attention_probs_dropout_prob=0.0,  # costs a third of the time on CPU
                type_vocab_size=TYPE_ROWS,
                pad_token_id=1,
                attn_implementation="eager",
            ),
            add_pooling_layer=False,
        )
        self.dropout = nn.Dropout(dropout)
        # The base's states share one large direction; heads learn many times faster from what is left without it.
        self.register_buffer("pooled_mean", torch.zeros(2 * sizes.hidden))
        self.register_buffer("pooled_scale", torch.ones(2 * sizes.hidden))
        self.register_buffer("state_mean", torch.zeros(sizes.hidden))
        self.register_buffer("state_scale", torch.ones(sizes.hidden))
        self.event_dense = nn.Linear(2 * sizes.hidden, sizes.hidden)
        self.event_out = nn.Linear(sizes.hidden, len(TAGS) + 1)
        self.mark_dense = nn.Linear(sizes.hidden, sizes.hidden)
        self.mark_out = nn.Linear(sizes.hidden, len(ROLES) * MARKS)
        self.vector_out = nn.Linear(sizes.hidden, VECTOR, bias=False)

    def forward(self, ids: Tensor, mask: Tensor) -> Outputs:
        states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        weights = mask.unsqueeze(-1).to(states.dtype)
        mean = (states * weights).sum(1) / weights.sum(1)
        pooled = (torch.cat([states[:, 0], mean], dim=-1) - self.pooled_mean) * self.pooled_scale
        event = nn.functional.gelu(self.event_dense(self.dropout(pooled)))
        scores = self.event_out(self.dropout(event)).float()
        centred = (states - self.state_mean) * self.state_scale
        marks = self.mark_out(nn.functional.gelu(self.mark_dense(self.dropout(centred)))).float()
        vector = nn.functional.normalize(self.vector_out(pooled[:, self.sizes.hidden :]).float(), dim=-1)
        return Outputs(scores[:, : len(TAGS)], scores[:, len(TAGS)], marks.view(*ids.shape, len(ROLES), MARKS), vector)


def from_base(base: Base, chosen: Sequence[int], positions: int) -> Network:
    """A network with the base's encoder, its vocabulary cut to the chosen pieces, and fresh heads."""
    sizes = Sizes(
        vocabulary=len(chosen),
        hidden=base.hidden,
        layers=base.layers,
        heads=base.heads,
        inner=base.inner,
        positions=positions,
        epsilon=base.epsilon,
    )
    network = Network(sizes)
    network.bert.load_state_dict(_encoder_state(base, chosen, positions))
    with torch.no_grad():
        nn.init.orthogonal_(network.vector_out.weight)
        # Heads begin at how rare things are; else the first steps would bend the encoder to learn just that.
        network.event_out.weight.mul_(0.3)
        network.event_out.bias.fill_(TAG_PRIOR)
        network.mark_out.weight.mul_(0.3)
        network.mark_out.bias.view(len(ROLES), MARKS)[:] = torch.tensor([0.0, MARK_PRIOR, MARK_PRIOR])
    return network


def centre(network: Network, batches: Sequence[tuple[Tensor, Tensor]]) -> None:
    """Sets the heads' centring from the encoder's states over some batches."""
    pooled, states = [], []
    with torch.no_grad():
        for ids, mask in batches:
            found = network.bert(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask.unsqueeze(-1).to(found.dtype)
            pooled.append(torch.cat([found[:, 0], (found * weights).sum(1) / weights.sum(1)], dim=-1))
            states.append(found[mask.bool()])
        for name, values in (("pooled", torch.cat(pooled)), ("state", torch.cat(states))):
            getattr(network, f"{name}_mean").copy_(values.mean(0))
            getattr(network, f"{name}_scale").copy_(1 / values.std(0).clamp(min=1e-3))


def folded(network: Network) -> dict[str, Tensor]:
    """The weights with the centring folded into the layers that follow it, as the graph wants them."""
    state = {name: value.detach().float() for name, value in network.state_dict().items()}
    hidden = network.sizes.hidden
    for layer, kind in (("event_dense", "pooled"), ("mark_dense", "state")):
        scaled = state[f"{layer}.weight"] * state[f"{kind}_scale"]
        state[f"{layer}.bias"] = state[f"{layer}.bias"] - scaled @ state[f"{kind}_mean"]
        state[f"{layer}.weight"] = scaled
    scaled = state["vector_out.weight"] * state["pooled_scale"][hidden:]
    state["vector_out.bias"] = -scaled @ state["pooled_mean"][hidden:]
    state["vector_out.weight"] = scaled
    return state


def unfold(network: Network, weights: Mapping[str, Tensor]) -> None:
    """Gives a network the weights of `folded`: it says what they say, with a centre only where the vector has a bias.

    The vector's layer has none of its own, so its bias becomes the centre, which the event head must not see twice.
    """
    hidden = network.sizes.hidden
    state = {name: value for name, value in weights.items() if not name.endswith(("_scale", "_mean"))}
    bias = state.pop("vector_out.bias")[:, None]
    centred = torch.linalg.lstsq(-state["vector_out.weight"], bias, driver="gelsd").solution[:, 0]
    state["event_dense.bias"] = state["event_dense.bias"] + state["event_dense.weight"][:, hidden:] @ centred
    for name, buffer in network.named_buffers():
        if name.endswith(("_scale", "_mean")):
            state[name] = torch.full_like(buffer, float(name.endswith("_scale")))
    state["pooled_mean"][hidden:] = centred
    network.load_state_dict(state)


def _encoder_state(base: Base, chosen: Sequence[int], positions: int) -> dict[str, Tensor]:
    """The base's tensors under the names that transformers gives them."""
    named = {
        "embeddings.word_embeddings.weight": base.tensors["emb.word"][list(chosen)],
        "embeddings.position_embeddings.weight": base.tensors["emb.pos"].reshape(-1, base.hidden)[:positions],
        "embeddings.token_type_embeddings.weight": base.tensors["emb.type"].reshape(TYPE_ROWS, base.hidden),
        "embeddings.LayerNorm.weight": base.tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": base.tensors["emb.ln.b"],
    }
    for number in range(base.layers):
        for short, long, rows in (
            ("q", "attention.self.query", base.hidden),
            ("k", "attention.self.key", base.hidden),
            ("v", "attention.self.value", base.hidden),
            ("ao", "attention.output.dense", base.hidden),
            ("fi", "intermediate.dense", base.inner),
            ("fo", "output.dense", base.hidden),
        ):
            place = f"encoder.layer.{number}.{long}"
            named[f"{place}.weight"] = base.tensors[f"l{number}.{short}.w"].reshape(rows, -1)
            named[f"{place}.bias"] = base.tensors[f"l{number}.{short}.b"]
        for short, long in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            place = f"encoder.layer.{number}.{long}"
            named[f"{place}.weight"] = base.tensors[f"l{number}.{short}.w"]
            named[f"{place}.bias"] = base.tensors[f"l{number}.{short}.b"]
    return {name: torch.from_numpy(array.copy()) for name, array in named.items()}
