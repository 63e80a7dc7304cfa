"""The folder of a shipped model, and the proof that its files are the ones that were shipped.

`manifest.json` lists each file with its size and SHA-256. The bytes that are checked are the bytes that are used, and
only ONNX, JSON and safetensors are ever read: formats that hold numbers and no code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from monitor.errors import ModelError

SHIPPED: Final = Path(__file__).parent / "weights"
MANIFEST: Final = "manifest.json"
GRAPH: Final = "encoder.onnx"
TOKENIZER: Final = "tokenizer.json"
SETTINGS: Final = "model.json"
NEEDED: Final = (GRAPH, TOKENIZER, SETTINGS)
ALLOWED: Final = frozenset({".onnx", ".json", ".safetensors"})
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Platt:
    """A logit to a probability: sigmoid(scale * logit + shift)."""

    scale: float
    shift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What model.json says: names, sizes, calibration, thresholds."""

    model_id: str
    tags: tuple[str, ...]
    roles: tuple[str, ...]
    max_length: int
    dimensions: int
    calibration: Mapping[str, Platt]
    thresholds: Mapping[str, float]
    #: lower end of the "possible" band
    possible: Mapping[str, float]
    status: Platt
    #: added to a role's "outside" logit
    role_biases: Mapping[str, float]
    #: a fact whose marks are less sure than this is not told
    role_floors: Mapping[str, float]


def way_out(folder: Path) -> str:
    """What a person can do about broken weights."""
    if folder == SHIPPED:
        return "reinstall the monitor (pip install --force-reinstall ai-news-monitor)"
    return "restore the folder or train again"


def read_file(folder: Path, name: str) -> bytes:
    """A file's bytes, or a ModelError that names it."""
    path = folder / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path} is missing; {way_out(folder)}") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); {way_out(folder)}") from error


def read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """File names with size and hash; refuses a manifest that is damaged or lists what must never be loaded."""
    path = folder / MANIFEST
    document = read_json(folder, MANIFEST, read_file(folder, MANIFEST))
    files = document.get("files")
    if document.get("format") != FORMAT or not isinstance(files, dict):
        raise ModelError(f"{path} is not a manifest of this version; {way_out(folder)}")
    for name, facts in files.items():
        if Path(name).name != name or Path(name).suffix not in ALLOWED:
            raise ModelError(
                f"{path} lists {name!r}, which is not a file of numbers and is never loaded; {way_out(folder)}"
            )
        if not isinstance(facts, dict) or not isinstance(facts.get("sha256"), str):
            raise ModelError(f"{path} has no hash for {name}; {way_out(folder)}")
    absent = [name for name in NEEDED if name not in files]
    if absent:
        raise ModelError(f"{path} does not list {absent[0]}; {way_out(folder)}")
    return files


def read_json(folder: Path, name: str, data: bytes) -> dict[str, Any]:
    """A JSON object, or a ModelError that names the file."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{folder / name} is not JSON; {way_out(folder)}") from error
    if not isinstance(document, dict):
        raise ModelError(f"{folder / name} is not a JSON object; {way_out(folder)}")
    return document


def read_checked(folder: Path, name: str, manifest: Mapping[str, Mapping[str, Any]]) -> bytes:
    """A file's bytes, if they are the ones of the manifest."""
    data = read_file(folder, name)
    wanted = manifest[name]
    if hashlib.sha256(data).hexdigest() != wanted["sha256"]:
        size = wanted.get("bytes")
        why = f"{len(data)} bytes, should be {size}" if size != len(data) else "its content changed"
        raise ModelError(f"{folder / name} is not the file that was shipped ({why}); {way_out(folder)}")
    return data


def read_settings(folder: Path, data: bytes) -> Settings:
    """model.json as a record."""
    document = read_json(folder, SETTINGS, data)
    try:
        return Settings(
            model_id=str(document["model_id"]),
            tags=tuple(document["tags"]),
            roles=tuple(document["roles"]),
            max_length=int(document["max_length"]),
            dimensions=int(document["dimensions"]),
            calibration={tag: Platt(**document["calibration"][tag]) for tag in document["tags"]},
            thresholds={tag: float(document["thresholds"][tag]) for tag in document["tags"]},
            possible={tag: float(document["possible"][tag]) for tag in document["tags"]},
            status=Platt(**document["status"]),
            role_biases={role: float(document["role_biases"][role]) for role in document["roles"]},
            role_floors={role: float(document.get("role_floors", {}).get(role, 0.0)) for role in document["roles"]},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder / SETTINGS} lacks or garbles {error}; {way_out(folder)}") from error


def check_weights(folder: Path | None = None) -> None:
    """Raises ModelError unless every file of the manifest is there and whole. Loads no model."""
    place = SHIPPED if folder is None else folder
    manifest = read_manifest(place)
    for name in manifest:
        data = read_checked(place, name, manifest)
        if name == SETTINGS:
            read_settings(place, data)


def write_manifest(folder: Path, names: tuple[str, ...]) -> None:
    """Writes manifest.json over these files."""
    files = {}
    for name in names:
        data = (folder / name).read_bytes()
        files[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    text = json.dumps({"format": FORMAT, "files": files}, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
