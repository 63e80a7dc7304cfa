"""The shipped 8-bit graph against the same weights in torch float32. Skips by name where torch is not installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.classify.encoder import Engine
from monitor.classify.encoding import encode
from monitor.classify.taxonomy import TAGS
from monitor.classify.weights import GRAPH, SHIPPED

#: what rounding each token's activations to 8 bits may cost: any probability, 99 in 100 of them, the vectors' cosine.
#: Measured: 0.10 (one score near one half), 0.03, 0.995; the median is 0.00001.
TOLERANCE = 0.15
USUAL = 0.05
COSINE = 0.99
BATCH = 16

pytest.importorskip("torch", reason="torch is not installed (the train extra): equality with torch is not tested")
pytest.importorskip("onnx", reason="onnx is not installed (the train extra): equality with torch is not tested")
pytest.importorskip("transformers", reason="transformers is not installed: equality with torch is not tested")


def texts() -> list[tuple[str, str]]:
    rows = []
    for name in ("mistral.jsonl", "traps.jsonl"):
        lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
        rows += [json.loads(line) for line in lines]
    return [(row["title"], row["summary"]) for row in rows][:96]


def test_the_graph_says_what_torch_says() -> None:
    import onnx
    import torch
    from tokenizers import Tokenizer

    from monitor.classify.unpack import to_network

    network: Any = to_network(onnx.load(str(SHIPPED / GRAPH)))
    engine = Engine(SHIPPED, threads=1)
    told = texts()
    raws = engine.read(told)
    encoded = encode(Tokenizer.from_file(str(SHIPPED / "tokenizer.json")), told, engine.settings.max_length)
    differences, likeness = [], []
    for at in range(0, len(told), BATCH):
        part = encoded[at : at + BATCH]
        longest = max(len(one.ids) for one in part)
        ids = torch.tensor([one.ids + [1] * (longest - len(one.ids)) for one in part])
        mask = torch.tensor([[1] * len(one.ids) + [0] * (longest - len(one.ids)) for one in part])
        with torch.no_grad():
            found = network(ids, mask)
        for row, raw in enumerate(raws[at : at + BATCH]):
            exact = np.append(found.tags[row].numpy(), found.status[row].numpy())
            differences.append(np.abs(1 / (1 + np.exp(-exact)) - 1 / (1 + np.exp(-raw.scores))))
            likeness.append(float(found.vector[row].numpy() @ (raw.vector / np.linalg.norm(raw.vector))))
    gaps = np.array(differences)
    assert gaps.shape == (len(told), len(TAGS) + 1)
    assert gaps.max() <= TOLERANCE
    assert float(np.quantile(gaps, 0.99)) <= USUAL
    assert min(likeness) >= COSINE


def test_a_shipped_model_taken_up_again_says_the_same_before_it_learns() -> None:
    import torch

    from monitor.classify.network import Network, Sizes
    from monitor.classify.train_begin import Beginning, prepare

    torch.manual_seed(1)
    sizes = Sizes(vocabulary=50, hidden=24, layers=2, heads=4, inner=48, positions=16)
    network = Network(sizes).eval()
    # as it comes out of a shipped graph: a centre only where the story vector has one
    network.pooled_mean[24:] = torch.randn(24)
    batches = [(torch.randint(2, 50, (6, 12)), torch.ones(6, 12, dtype=torch.long)) for _ in range(4)]
    with torch.no_grad():
        before = network(*batches[0])
        prepare(Beginning(network, tokenizer=None, fresh=False), lambda: batches)  # type: ignore[arg-type]
        after = network(*batches[0])
    assert not bool((network.pooled_scale == 1).any())
    for old, new in zip(before, after, strict=True):
        assert torch.allclose(old, new, atol=1e-4)


def test_weights_between_two_models_say_what_either_says_at_the_ends() -> None:
    import torch

    from monitor.classify.network import Network, Sizes
    from monitor.classify.train_begin import between

    sizes = Sizes(vocabulary=50, hidden=24, layers=2, heads=4, inner=48, positions=16)
    ids, mask = torch.randint(2, 50, (6, 12)), torch.ones(6, 12, dtype=torch.long)

    def made(seed: int) -> Any:
        torch.manual_seed(seed)
        network = Network(sizes).eval()
        network.pooled_mean.normal_()
        network.state_scale.fill_(3.0)
        return network

    with torch.no_grad():
        for keep, like in ((0.0, made(1)), (1.0, made(2))):
            found = between(made(1), made(2), keep)(ids, mask)
            # the vector's centre is found again by least squares: 24 unknowns for 128 outputs
            for old, new in zip(like(ids, mask), found, strict=True):
                assert torch.allclose(old, new, atol=1e-3)
