"""The shipped model in service: texts in, classifications out. onnxruntime and tokenizers, nothing else.

Both are imported at the first `classify`, so that a command that classifies nothing never pays for them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from monitor.classify.encoding import Encoded, encode
from monitor.classify.spans import read_spans
from monitor.classify.taxonomy import ROLES, TAGS, roles_for
from monitor.classify.vocabulary import PAD
from monitor.classify.weights import (
    GRAPH,
    SETTINGS,
    SHIPPED,
    TOKENIZER,
    Platt,
    Settings,
    read_checked,
    read_manifest,
    read_settings,
    way_out,
)
from monitor.errors import ModelError
from monitor.types import Classification, Status

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: A batch is as many entries of like length as have this many tokens, padding counted: its values stay in the cache.
TOKENS: Final = 384
MARKS: Final = 3
RUMOURED: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """The network's outputs for one entry, before calibration."""

    encoded: Encoded
    #: logits of the tags, then of "rumoured"
    scores: NDArray[np.float32]
    #: logits (token, role, mark)
    marks: NDArray[np.float32]
    vector: NDArray[np.float32]
    features: NDArray[np.float32]


class Engine:
    """A loaded model: session, tokenizer, settings.

    Threads share out batches, never the products within one: no thread waits for another, or spins, before the end.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        self._folder = folder
        self._threads = threads
        manifest = read_manifest(folder)
        self.settings = read_settings(folder, read_checked(folder, SETTINGS, manifest))
        if self.settings.tags != TAGS or self.settings.roles != ROLES:
            raise ModelError(f"{folder / SETTINGS} is of a model with other tags or roles; {way_out(folder)}")
        self._tokenizer = _load_tokenizer(folder, read_checked(folder, TOKENIZER, manifest))
        self._session = _load_session(folder, read_checked(folder, GRAPH, manifest))
        self._letting_go = _letting_go()

    def read(self, texts: Sequence[tuple[str, str]]) -> list[Raw]:
        """The network's outputs, in the order of the texts; batches are made of entries of like length."""
        encoded = encode(self._tokenizer, [(_whole(a), _whole(b)) for a, b in texts], self.settings.max_length)
        plan = batches([len(one.ids) for one in encoded], self._threads)
        found: dict[int, Raw] = {}
        for numbers, raws in zip(plan, self._run_all([[encoded[n] for n in one] for one in plan]), strict=True):
            found.update(zip(numbers, raws, strict=True))
        return [found[number] for number in range(len(encoded))]

    def _run_all(self, plan: Sequence[Sequence[Encoded]]) -> list[list[Raw]]:
        last = [False] * (len(plan) - 1) + [True]
        if self._threads == 1 or len(plan) < 2:
            return list(map(self._run, plan, last))
        with ThreadPoolExecutor(min(self._threads, len(plan)), thread_name_prefix="classify") as pool:
            return list(pool.map(self._run, plan, last))

    def _run(self, batch: Sequence[Encoded], last: bool) -> list[Raw]:
        """A batch; after the last one the room that batches were computed in is let go."""
        import numpy as np

        longest = max(len(one.ids) for one in batch)
        ids = np.full((len(batch), longest), PAD, dtype=np.int64)
        mask = np.zeros((len(batch), longest), dtype=np.int64)
        for row, one in enumerate(batch):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
        names = ["scores", "marks", "vector", "features"]
        try:
            options = self._letting_go if last else None
            scores, marks, vectors, features = self._session.run(names, {"ids": ids, "mask": mask}, options)
        except Exception as error:
            raise ModelError(
                f"{self._folder / GRAPH} failed to run ({_line(error)}); {way_out(self._folder)}"
            ) from error
        shaped = marks.reshape(len(batch), longest, len(ROLES), MARKS)
        return [
            Raw(one, scores[row], shaped[row, : len(one.ids)], vectors[row], features[row])
            for row, one in enumerate(batch)
        ]


def _load_tokenizer(folder: Path, data: bytes) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_str(data.decode("utf-8"))
    except Exception as error:
        raise ModelError(f"{folder / TOKENIZER} cannot be loaded ({_line(error)}); {way_out(folder)}") from error


def batches(lengths: Sequence[int], threads: int) -> list[list[int]]:
    """Numbers of entries, shortest first, in batches of at most `TOKENS` tokens; a small call is shared out as well.

    An entry that is longer than that is a batch of its own.
    """
    limit = min(TOKENS, -(-sum(lengths) // threads))
    plan: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if plan and (len(plan[-1]) + 1) * lengths[number] <= limit:
            plan[-1].append(number)
        else:
            plan.append([number])
    return plan


def _load_session(folder: Path, data: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # The graph is written as it runs fastest; further fusions would undo that.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"{folder / GRAPH} cannot be loaded ({_line(error)}); {way_out(folder)}") from error


def _letting_go() -> Any:
    """Options of a run after which the session gives the memory of its computations back."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:160]


def _whole(text: str) -> str:
    """Lone surrogates would stop the tokenizer; each becomes one question mark, so that offsets hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


class Encoder:
    """The built-in classifier. Cheap to make; its model is loaded, once, by the first `classify`."""

    def __init__(self, folder: Path = SHIPPED, threads: int = 2) -> None:
        self._folder = folder
        self._threads = threads
        self._engine: Engine | None = None
        self._model_id = ""
        self._lock = Lock()

    @property
    def model_id(self) -> str:
        """The model's short hash, without loading the model."""
        if not self._model_id:
            manifest = read_manifest(self._folder)
            self._model_id = read_settings(self._folder, read_checked(self._folder, SETTINGS, manifest)).model_id
        return self._model_id

    def engine(self) -> Engine:
        """The loaded model. A load that failed is tried again next time: the file may be back."""
        with self._lock:
            if self._engine is None:
                self._engine = Engine(self._folder, self._threads)
                self._model_id = self._engine.settings.model_id
            return self._engine

    def unload(self) -> None:
        """The model leaves memory; the next text loads it again."""
        with self._lock:
            self._engine = None

    def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
        """(title, summary) pairs to classifications, in order."""
        if not texts:
            return []
        engine = self.engine()
        return [
            interpret(raw, title, summary, engine.settings)
            for raw, (title, summary) in zip(engine.read(texts), texts, strict=True)
        ]


def probability(logit: float, platt: Platt) -> float:
    """A calibrated logit."""
    value = platt.scale * logit + platt.shift
    return 1 / (1 + math.exp(-value)) if value >= 0 else 1 - 1 / (1 + math.exp(value))


def interpret(raw: Raw, title: str, summary: str, settings: Settings) -> Classification:
    """Outputs to a classification: calibrated, thresholded, facts only of the tags that are given."""
    import numpy as np

    scores = {
        tag: round(probability(float(raw.scores[number]), settings.calibration[tag]), 4)
        for number, tag in enumerate(TAGS)
    }
    tags = tuple(tag for tag in TAGS if scores[tag] >= settings.thresholds[tag])
    possible = tuple(tag for tag in TAGS if tag not in tags and scores[tag] >= settings.possible[tag])
    rumoured = round(probability(float(raw.scores[len(TAGS)]), settings.status), 4)
    status = None
    if tags:
        status = Status.RUMOURED if rumoured >= RUMOURED else Status.CONFIRMED
    biases = np.array([settings.role_biases[role] for role in ROLES], dtype=np.float32)
    floors = [settings.role_floors[role] for role in ROLES]
    return Classification(
        model_id=settings.model_id,
        scores=scores,
        tags=tags,
        possible=possible,
        status=status,
        status_score=rumoured,
        spans=read_spans(raw.marks, raw.encoded, title, summary, roles_for(tags), biases, floors) if tags else (),
        vector=pack_vector(raw.vector),
    )


def pack_vector(vector: NDArray[np.float32]) -> bytes:
    """A unit vector as little-endian float16."""
    import numpy as np

    length = float(np.linalg.norm(vector)) or 1.0
    return (vector / length).astype("<f2").tobytes()
