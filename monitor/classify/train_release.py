"""From a trained network to a folder that ships: graph, tokenizer, calibration on the dev files, model card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.classify.calibrate import (
    BIASES,
    FLOORS,
    POSSIBLE,
    apply_platt,
    choose_mildest,
    choose_threshold,
    fit_platt,
    fit_status,
    keep_precise,
)
from monitor.classify.dataset import read_rows
from monitor.classify.encoder import Engine, Raw, interpret
from monitor.classify.evaluate import evaluate_facts, evaluate_tags
from monitor.classify.graph import build
from monitor.classify.taxonomy import ROLES, TAGS
from monitor.classify.train_card import write_card
from monitor.classify.weights import GRAPH, SETTINGS, TOKENIZER, Platt, Settings, write_manifest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from monitor.classify.network import Network

DEV: Final = ("dev-natural.jsonl", "dev.jsonl", "dev-languages.jsonl")
HEADS: Final = "heads.safetensors"
#: of the tags of entries as feeds bring them: a reader loses trust by false ones before missing any
PRECISION: Final = 0.86
FILES: Final = (GRAPH, TOKENIZER, SETTINGS, HEADS)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A dev file with the network's outputs for it."""

    name: str
    rows: list[dict[str, Any]]
    raws: list[Raw]


def release(network: Network, tokenizer: Tokenizer, data: Path, out: Path, *, words: str = "") -> dict[str, Any]:
    """Writes the folder; the report of the dev files, by file name."""
    from monitor.classify.network import folded

    out.mkdir(parents=True, exist_ok=True)
    weights = {name: value.numpy() for name, value in folded(network).items()}
    write_network(weights, network, tokenizer, out)
    write_settings(out, neutral(network.sizes.positions, weights["vector_out.weight"].shape[0]))
    engine = Engine(out, threads=2)
    measured = [_measure(engine, data / name) for name in DEV if (data / name).is_file()]
    settings = write_settings(out, calibrate(measured, engine.settings))
    reports = {one.name: report(one, settings) for one in measured}
    write_card(out, settings, reports, words)
    return reports


def write_network(
    weights: Mapping[str, NDArray[np.float32]], network: Network, tokenizer: Tokenizer, out: Path
) -> None:
    """The graph, the tokenizer, and the last layers in float32 for training heads of one's own."""
    from safetensors.numpy import save_file

    model = build(weights, layers=network.sizes.layers, heads=network.sizes.heads, epsilon=network.sizes.epsilon)
    (out / GRAPH).write_bytes(model.SerializeToString())
    (out / TOKENIZER).write_text(tokenizer.to_str(), encoding="utf-8")
    save_file({name: weights[name] for name in ("event_out.weight", "event_out.bias")}, str(out / HEADS))


def neutral(max_length: int, dimensions: int) -> Settings:
    """Settings before calibration."""
    plain = Platt(scale=1.0, shift=0.0)
    return Settings(
        model_id="",
        tags=TAGS,
        roles=ROLES,
        max_length=max_length,
        dimensions=dimensions,
        calibration=dict.fromkeys(TAGS, plain),
        thresholds=dict.fromkeys(TAGS, 0.5),
        possible=dict.fromkeys(TAGS, 0.2),
        status=plain,
        role_biases=dict.fromkeys(ROLES, 0.0),
        role_floors=dict.fromkeys(ROLES, 0.0),
    )


def write_settings(out: Path, settings: Settings) -> Settings:
    """model.json under the model's id, and the manifest over all files; the settings with that id."""

    def pair(platt: Platt) -> dict[str, float]:
        return {"scale": platt.scale, "shift": platt.shift}

    document: dict[str, Any] = {
        "tags": list(settings.tags),
        "roles": list(settings.roles),
        "max_length": settings.max_length,
        "dimensions": settings.dimensions,
        "calibration": {tag: pair(platt) for tag, platt in settings.calibration.items()},
        "thresholds": dict(settings.thresholds),
        "possible": dict(settings.possible),
        "status": pair(settings.status),
        "role_biases": dict(settings.role_biases),
        "role_floors": dict(settings.role_floors),
    }
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode())
    for name in (GRAPH, TOKENIZER):
        digest.update((out / name).read_bytes())
    document = {"model_id": digest.hexdigest()[:12], **document}
    (out / SETTINGS).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    write_manifest(out, FILES)
    return replace(settings, model_id=document["model_id"])


def _measure(engine: Engine, path: Path) -> Measured:
    rows = read_rows(path)
    return Measured(path.name, rows, engine.read([(row["title"], row.get("summary") or "") for row in rows]))


def calibrate(measured: Sequence[Measured], settings: Settings) -> Settings:
    """Calibration, thresholds, status and biases from the dev files."""
    calibration, thresholds = {}, {}
    for number, tag in enumerate(TAGS):
        groups = [_tag_logits(one, number, tag) for one in measured]
        calibration[tag] = _fit(groups)
        if measured:
            thresholds[tag] = choose_threshold([(apply_platt(x, calibration[tag]), y) for x, y in groups[:2]])
    thresholds = {tag: thresholds.get(tag, 0.5) for tag in TAGS}
    if measured:
        decisions = [_decisions(one, calibration) for one in measured[:2]]
        moved = keep_precise(decisions, [thresholds[tag] for tag in TAGS], PRECISION)
        thresholds = dict(zip(TAGS, moved, strict=True))
    settings = replace(
        settings,
        calibration=calibration,
        thresholds=thresholds,
        possible={tag: round(POSSIBLE * value, 3) for tag, value in thresholds.items()},
        status=_status(measured),
    )
    return with_roles(measured, settings)


def _decisions(one: Measured, calibration: Mapping[str, Platt]) -> tuple[Any, Any, Any]:
    """(entry, tag) arrays: probability, right, known."""
    import numpy as np

    likely = [
        apply_platt(np.array([float(raw.scores[number]) for raw in one.raws]), calibration[tag])
        for number, tag in enumerate(TAGS)
    ]
    right = np.array([[tag in row["tags"] for tag in TAGS] for row in one.rows])
    known = np.array([[tag not in (row.get("unsure") or ()) for tag in TAGS] for row in one.rows])
    return np.stack(likely, axis=1), right, known


def _tag_logits(one: Measured, number: int, tag: str) -> tuple[Any, Any]:
    import numpy as np

    sure = [
        (float(raw.scores[number]), tag in row["tags"])
        for row, raw in zip(one.rows, one.raws, strict=True)
        if tag not in (row.get("unsure") or ())
    ]
    return np.array([logit for logit, _ in sure]), np.array([right for _, right in sure])


def _fit(groups: Sequence[tuple[Any, Any]]) -> Platt:
    import numpy as np

    if not groups:
        return Platt(scale=1.0, shift=0.0)
    return fit_platt(np.concatenate([x for x, _ in groups]), np.concatenate([y for _, y in groups]))


def _status(measured: Sequence[Measured]) -> Platt:
    import numpy as np

    known = [
        (float(raw.scores[len(TAGS)]), row["status"] == "rumoured")
        for one in measured
        for row, raw in zip(one.rows, one.raws, strict=True)
        if row.get("status")
    ]
    if not known:
        return Platt(scale=1.0, shift=0.0)
    return fit_status(np.array([logit for logit, _ in known]), np.array([right for _, right in known]))


def with_roles(measured: Sequence[Measured], settings: Settings) -> Settings:
    """The settings with each role's bias and floor: roles do not touch each other, so each is chosen alone."""
    rows = [row for one in measured for row in one.rows]
    raws = [raw for one in measured for raw in one.raws]
    if not rows:
        return settings
    tried: dict[str, list[tuple[float, float, float]]] = {role: [] for role in ROLES}
    for bias in BIASES:
        loose = replace(settings, role_biases=dict.fromkeys(ROLES, bias), role_floors=dict.fromkeys(ROLES, 0.0))
        given = [
            interpret(raw, row["title"], row.get("summary") or "", loose) for row, raw in zip(rows, raws, strict=True)
        ]
        for floor in FLOORS:
            sure = [replace(one, spans=tuple(s for s in one.spans if s.score >= floor)) for one in given]
            per = evaluate_facts(rows, sure)["per"]
            for role in ROLES:
                tried[role].append((per[role]["f1"], bias, floor))
    chosen = {role: choose_mildest(options) for role, options in tried.items()}
    return replace(
        settings,
        role_biases={role: bias for role, (bias, _floor) in chosen.items()},
        role_floors={role: floor for role, (_bias, floor) in chosen.items()},
    )


def report(one: Measured, settings: Settings) -> dict[str, Any]:
    """Both reports of one dev file."""
    given = [
        interpret(raw, row["title"], row.get("summary") or "", settings)
        for row, raw in zip(one.rows, one.raws, strict=True)
    ]
    return {"tags": evaluate_tags(one.rows, given), "facts": evaluate_facts(one.rows, given)}
