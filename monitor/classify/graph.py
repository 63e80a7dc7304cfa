"""Writes the trained network as an ONNX graph that multiplies in 8 bits.

Weights are rounded ahead of time, one scale for each output; activations when they come, one scale for each token, so
that an entry's scores never depend on its neighbours in the batch. (onnxruntime's own dynamic quantisation takes one
scale over the whole batch.) The last layer of each head stays in float32, where rounding would show in the scores.

Sums and norms, biases and GELU are nodes of their own: onnxruntime's fused SkipLayerNormalization takes eight times as
long as two additions and a norm, and BiasGelu a third longer than an addition and a GELU (1.32, AVX-512).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    import onnx
    from numpy.typing import NDArray

OPSET: Final = 20
MICROSOFT: Final = "com.microsoft"
ZERO: Final = 128
Weights = Mapping[str, "NDArray[np.float32]"]


def quantise_rows(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """One scale a row: for the table of word pieces, where each row stands alone."""
    import numpy as np

    scale = np.abs(weight).max(axis=1, keepdims=True).clip(1e-8) / 127.0
    return np.round(weight / scale).astype(np.int8), scale.astype(np.float32)


class Builder:
    """Collects nodes and constants, names them in order."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._count = 0

    def constant(self, value: NDArray[Any]) -> str:
        import numpy as np
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    def node(self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> str:
        """Adds a node; the name of its (first) output."""
        from onnx import helper

        self._count += 1
        names = [f"n{self._count}"] + [f"n{self._count}_{k}" for k in range(1, outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names[0]

    def name(self, value: str, wanted: str) -> None:
        """Gives a value the name of a graph output."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [value], [wanted]))

    def rounded(self, value: str) -> tuple[str, str]:
        """(token, feature) activations as uint8 around 128, and the scale of each token."""
        import numpy as np

        axis = self.constant(np.array([1], np.int64))
        largest = self.node("ReduceMax", self.node("Abs", value), axis, keepdims=1)
        scale = self.node("Mul", largest, self.constant(np.array(1 / 127, np.float32)))
        scale = self.node("Add", scale, self.constant(np.array(1e-9, np.float32)))
        flat = self.node("Squeeze", scale, axis)
        zero = self.node("Expand", self.constant(np.array([ZERO], np.uint8)), self.node("Shape", flat))
        return self.node("QuantizeLinear", value, flat, zero, axis=0), scale

    def product(self, rounded: tuple[str, str], weight: NDArray[np.float32]) -> str:
        """Rounded activations times a rounded (out, in) weight, as float32, without the bias."""
        import numpy as np

        packed, scale = quantise_rows(weight)
        found = self.node(
            "MatMulIntegerToFloat",
            rounded[0],
            self.constant(packed.T.copy()),
            self.constant(np.array(1.0, np.float32)),
            self.constant(scale[:, 0]),
            self.constant(np.array(ZERO, np.uint8)),
            domain=MICROSOFT,
        )
        return self.node("Mul", found, rounded[1])

    def exact(self, value: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """A small float32 linear layer: the last one of a head, where rounding would show in the scores."""
        product = self.node("MatMul", value, self.constant(weight.T.copy()))
        return self.node("Add", product, self.constant(bias))

    def norm(self, value: str, added: str, bias: str, weights: Weights, place: str, epsilon: float) -> str:
        """Layer normalisation of a sum of two values and a bias."""
        return self.node(
            "LayerNormalization",
            self.node("Add", self.node("Add", value, bias), added),
            self.constant(weights[f"{place}.weight"]),
            self.constant(weights[f"{place}.bias"]),
            epsilon=epsilon,
        )


def build(weights: Weights, *, layers: int, heads: int, epsilon: float) -> onnx.ModelProto:
    """The whole network: `ids`, `mask` (batch, token) to `scores`, `marks`, `vector`, `features`."""
    import numpy as np
    from onnx import TensorProto, helper

    hidden = weights["bert.embeddings.LayerNorm.weight"].shape[0]
    make = Builder()
    mask = make.node("Cast", "mask", to=TensorProto.INT32)
    state = _embed(make, weights, epsilon)
    shape = make.node("Shape", state)
    state = make.node("Reshape", state, make.constant(np.array([-1, hidden], np.int64)))
    for number in range(layers):
        state = _layer(make, state, (mask, shape), weights, f"bert.encoder.layer.{number}", heads, epsilon)
    _heads(make, make.node("Reshape", state, shape), weights)

    def value(name: str, kind: int, *shape: str | int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, list(shape))

    graph = helper.make_graph(
        make.nodes,
        "monitor-classifier",
        [value("ids", TensorProto.INT64, "batch", "token"), value("mask", TensorProto.INT64, "batch", "token")],
        [
            value("scores", TensorProto.FLOAT, "batch", weights["event_out.bias"].shape[0]),
            value("marks", TensorProto.FLOAT, "batch", "token", weights["mark_out.bias"].shape[0]),
            value("vector", TensorProto.FLOAT, "batch", weights["vector_out.weight"].shape[0]),
            value("features", TensorProto.FLOAT, "batch", hidden),
        ],
        make.constants,
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)], ir_version=10
    )


def _embed(make: Builder, weights: Weights, epsilon: float) -> str:
    import numpy as np

    table, scale = quantise_rows(weights["bert.embeddings.word_embeddings.weight"])
    rows = make.node("Cast", make.node("Gather", make.constant(table), "ids"), to=1)
    words = make.node("Mul", rows, make.node("Gather", make.constant(scale), "ids"))
    places = (
        weights["bert.embeddings.position_embeddings.weight"]
        + weights["bert.embeddings.token_type_embeddings.weight"][0]
    )
    length = make.node("Shape", "ids", start=1, end=2)
    zero = make.constant(np.array([0], np.int64))
    used = make.node("Slice", make.constant(places[None]), zero, length, make.constant(np.array([1], np.int64)))
    return make.node(
        "LayerNormalization",
        make.node("Add", words, used),
        make.constant(weights["bert.embeddings.LayerNorm.weight"]),
        make.constant(weights["bert.embeddings.LayerNorm.bias"]),
        epsilon=epsilon,
    )


def _layer(
    make: Builder, state: str, batch: tuple[str, str], weights: Weights, place: str, heads: int, epsilon: float
) -> str:
    """One layer over (token, feature) states; `batch` is the mask and the shape that attention needs."""
    import numpy as np

    def weight(name: str) -> NDArray[np.float32]:
        return weights[f"{place}.{name}"]

    mask, shape = batch
    flat = make.constant(np.array([-1, weight("output.dense.bias").shape[0]], np.int64))
    rounded = make.rounded(state)
    parts = [
        make.node("Reshape", make.product(rounded, weight(f"attention.self.{name}.weight")), shape)
        for name in ("query", "key", "value")
    ]
    biases = np.concatenate([weight(f"attention.self.{name}.bias") for name in ("query", "key", "value")])
    mixed = make.node("MultiHeadAttention", *parts, make.constant(biases), mask, domain=MICROSOFT, num_heads=heads)
    out = make.product(make.rounded(make.node("Reshape", mixed, flat)), weight("attention.output.dense.weight"))
    bias = make.constant(weight("attention.output.dense.bias"))
    state = make.norm(out, state, bias, weights, f"{place}.attention.output.LayerNorm", epsilon)
    inner = make.product(make.rounded(state), weight("intermediate.dense.weight"))
    inner = make.node("Add", inner, make.constant(weight("intermediate.dense.bias")))
    inner = make.node("Gelu", inner, domain=MICROSOFT)
    out = make.product(make.rounded(inner), weight("output.dense.weight"))
    bias = make.constant(weight("output.dense.bias"))
    return make.norm(out, state, bias, weights, f"{place}.output.LayerNorm", epsilon)


def _heads(make: Builder, state: str, weights: Weights) -> None:
    import numpy as np

    axis = make.constant(np.array([1], np.int64))
    weight = make.node("Unsqueeze", make.node("Cast", "mask", to=1), make.constant(np.array([2], np.int64)))
    total = make.node("ReduceSum", make.node("Mul", state, weight), axis, keepdims=0)
    mean = make.node("Div", total, make.node("ReduceSum", weight, axis, keepdims=0))
    first = make.node("Gather", state, make.constant(np.array(0, np.int64)), axis=1)
    pooled = make.node("Concat", first, mean, axis=1)
    dense = make.exact(pooled, weights["event_dense.weight"], weights["event_dense.bias"])
    features = make.node("Gelu", dense, domain=MICROSOFT)
    make.name(features, "features")
    make.name(make.exact(features, weights["event_out.weight"], weights["event_out.bias"]), "scores")
    dense = make.exact(state, weights["mark_dense.weight"], weights["mark_dense.bias"])
    marked = make.node("Gelu", dense, domain=MICROSOFT)
    make.name(make.exact(marked, weights["mark_out.weight"], weights["mark_out.bias"]), "marks")
    projected = make.exact(mean, weights["vector_out.weight"], weights["vector_out.bias"])
    make.name(make.node("LpNormalization", projected, axis=1, p=2), "vector")
