"""The shipped graph back to the network's weights in float32: to measure and compare the same encoder in torch.

The graph's constants have no names. A template of the same shape, whose every tensor holds one number of its own, is
written by the same builder; so the place of each tensor among the constants is known by that number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from monitor.classify.graph import build

if TYPE_CHECKING:
    import numpy as np
    import onnx
    from numpy.typing import NDArray

    from monitor.classify.network import Network

    Floats = NDArray[np.float32]

PARTS: Final = ("query", "key", "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A graph's sizes, as its constants tell."""

    vocabulary: int
    hidden: int
    layers: int
    inner: int
    positions: int
    heads: int = 12
    epsilon: float = 1e-12


def shape_of(model: onnx.ModelProto) -> Shape:
    """Reads the sizes from the constants."""
    found = constants(model)
    vocabulary, hidden = found[0].shape
    attention = [node for node in model.graph.node if node.op_type == "MultiHeadAttention"]
    heads = next(each.i for each in attention[0].attribute if each.name == "num_heads")
    norm = next(node for node in model.graph.node if node.op_type == "LayerNormalization")
    epsilon = next(each.f for each in norm.attribute if each.name == "epsilon")
    places = next(value for value in found if value.ndim == 3)
    wide = [
        value.shape[1] for value in found if value.ndim == 2 and value.dtype.name == "int8" and len(value) == hidden
    ]
    return Shape(
        vocabulary=vocabulary,
        hidden=hidden,
        layers=len(attention),
        inner=max(wide),
        positions=places.shape[1],
        heads=heads,
        epsilon=epsilon,
    )


def constants(model: onnx.ModelProto) -> list[NDArray[Any]]:
    """The graph's constants, in the order in which they were written."""
    from onnx import numpy_helper

    return [numpy_helper.to_array(one) for one in model.graph.initializer]


def unpacked(model: onnx.ModelProto) -> dict[str, Floats]:
    """Tensor names to float32 values: rounded ones as the graph multiplies with them."""
    import numpy as np

    shape = shape_of(model)
    marked = dict(_marked(model, shape))
    template = constants(build(marked, layers=shape.layers, heads=shape.heads, epsilon=shape.epsilon))
    real = constants(model)
    by_number = {float(value.flat[0]): name for name, value in marked.items()}
    found: dict[str, Floats] = {}
    for at, value in enumerate(template):
        if value.dtype != np.float32 or value.size < 2:
            continue
        if at >= 2 and template[at - 2].dtype == np.int8:  # a weight's scales stand two behind it
            name = by_number[float(np.round(value.flat[0] * 127))]
            found[name] = (real[at - 2].astype(np.float32) * real[at]).T.copy()
        elif template[at - 1].dtype == np.int8:  # the table of word pieces
            name = by_number[float(np.round(value.flat[0] * 127))]
            found[name] = real[at - 1].astype(np.float32) * real[at]
        else:
            _plain(found, by_number, value, real[at])
    return found


def _plain(found: dict[str, Floats], by_number: Mapping[float, str], template: Floats, real: Floats) -> None:
    """A tensor that is not rounded: a norm's, a bias, three biases behind each other, a head's weight, the places."""
    import numpy as np

    if template.ndim == 3:
        found["bert.embeddings.position_embeddings.weight"] = real[0]
        return
    if template.ndim == 2:
        found[by_number[float(template.flat[0])]] = real.T.copy()
        return
    third = len(template) // 3
    numbers = [float(number) for number in np.unique(template)]
    if len(numbers) == 3:
        for part in range(3):
            found[by_number[float(template[part * third])]] = real[part * third : (part + 1) * third]
    else:
        found[by_number[numbers[0]]] = real


def _marked(model: onnx.ModelProto, shape: Shape) -> Iterator[tuple[str, Floats]]:
    """Every tensor of a network of that shape, each full of a number of its own."""
    import numpy as np

    outs = {each.name: each.type.tensor_type.shape.dim[-1].dim_value for each in model.graph.output}
    hidden, inner = shape.hidden, shape.inner
    sizes: dict[str, tuple[int, ...]] = {
        "bert.embeddings.word_embeddings.weight": (shape.vocabulary, hidden),
        "bert.embeddings.position_embeddings.weight": (shape.positions, hidden),
        "bert.embeddings.token_type_embeddings.weight": (2, hidden),
        "bert.embeddings.LayerNorm.weight": (hidden,),
        "bert.embeddings.LayerNorm.bias": (hidden,),
        "event_dense.weight": (hidden, 2 * hidden),
        "event_dense.bias": (hidden,),
        "event_out.weight": (outs["scores"], hidden),
        "event_out.bias": (outs["scores"],),
        "mark_dense.weight": (hidden, hidden),
        "mark_dense.bias": (hidden,),
        "mark_out.weight": (outs["marks"], hidden),
        "mark_out.bias": (outs["marks"],),
        "vector_out.weight": (outs["vector"], hidden),
        "vector_out.bias": (outs["vector"],),
    }
    for number in range(shape.layers):
        place = f"bert.encoder.layer.{number}"
        for name in PARTS:
            sizes |= {f"{place}.attention.self.{name}.{kind}": (hidden, hidden)[:n] for kind, n in _KINDS}
        sizes |= {f"{place}.attention.output.dense.{kind}": (hidden, hidden)[:n] for kind, n in _KINDS}
        sizes |= {f"{place}.intermediate.dense.{kind}": (inner, hidden)[:n] for kind, n in _KINDS}
        sizes |= {f"{place}.output.dense.{kind}": (hidden, inner)[:n] for kind, n in _KINDS}
        for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
            sizes |= {f"{place}.{norm}.weight": (hidden,), f"{place}.{norm}.bias": (hidden,)}
    for number, (name, size) in enumerate(sizes.items(), 2):
        yield name, np.full(size, number, dtype=np.float32)


_KINDS: Final = (("weight", 2), ("bias", 1))


def to_network(model: onnx.ModelProto) -> Network:
    """The network in torch with the graph's weights, in float32, ready to run."""
    import numpy as np
    import torch

    from monitor.classify.network import Network, Sizes, unfold

    shape, found = shape_of(model), unpacked(model)
    network = Network(
        Sizes(
            vocabulary=shape.vocabulary,
            hidden=shape.hidden,
            layers=shape.layers,
            heads=shape.heads,
            inner=shape.inner,
            positions=shape.positions,
            epsilon=shape.epsilon,
        )
    )
    found["bert.embeddings.token_type_embeddings.weight"] = np.zeros((2, shape.hidden), dtype=np.float32)
    unfold(network, {name: torch.from_numpy(np.array(value, order="C")) for name, value in found.items()})
    network.eval()
    return network
