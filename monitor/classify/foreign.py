"""Another model for the tags: one from Hugging Face, through transformers' pipelines (the `train` extra).

It says the tags; facts, status and the vector stay the built-in encoder's, which also answers alone whenever the other
model cannot. Only safetensors are loaded, no code of a model's is run, and a model of the hub is pinned to a commit.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from monitor.classify.taught import PLUS, Taught
from monitor.classify.taxonomy import TAG_WORDS, TAGS, roles_for
from monitor.errors import ModelError
from monitor.protocols import Log
from monitor.types import Classification, Status

COMMIT: Final = re.compile(r"[0-9a-f]{40}\Z")
THRESHOLD: Final = 0.5
POSSIBLE: Final = 0.2
SUMMARY_CHARACTERS: Final = 600
EXTRA: Final = "pip install 'ai-news-monitor[train]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSpec:
    """Which model. revision: a commit of the hub; a folder needs none."""

    name: str
    revision: str = ""

    @property
    def folder(self) -> Path | None:
        """Where it lies, if it is a folder."""
        path = Path(self.name)
        return path if path.is_absolute() or path.is_dir() else None

    @property
    def key(self) -> str:
        """A short name for its scores."""
        return "hf" + hashlib.sha256(f"{self.name}@{self.revision}".encode()).hexdigest()[:8]


class Foreign:
    """A Classifier: the other model's tags on the built-in one's reading."""

    def __init__(self, spec: ForeignSpec, built_in: Taught, log: Log) -> None:
        self._spec = spec
        self._built_in = built_in
        self._log = log
        self._pipeline: Any = None
        self._kind = ""
        self._said = ""

    @property
    def model_id(self) -> str:
        """The encoder's id, for the vectors are its own, and the other model's key."""
        return f"{self._built_in.model_id.partition(PLUS)[0]}{PLUS}{self._spec.key}"

    def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
        """(title, summary) pairs to classifications, in order. Raises ModelError where the built-in one cannot read."""
        read = self._built_in.classify(texts)
        if not texts:
            return read
        try:
            scored = self._scores([_joined(title, summary) for title, summary in texts])
        except ModelError as error:
            if str(error) != self._said:
                self._said = str(error)
                self._log.warning("the configured model cannot be used; the built-in one answers", error=str(error))
            return read
        self._said = ""
        return [_merged(one, scores, self.model_id) for one, scores in zip(read, scored, strict=True)]

    def features(self, texts: Sequence[tuple[str, str]]) -> Any:
        """The built-in encoder's."""
        return self._built_in.features(texts)

    def unload(self) -> None:
        """Both models leave memory."""
        self._pipeline = None
        self._built_in.unload()

    def _scores(self, texts: Sequence[str]) -> list[dict[str, float]]:
        pipeline = self._loaded()
        try:
            if self._kind == "zero-shot-classification":
                words = [TAG_WORDS[tag] for tag in TAGS]
                answers = pipeline(list(texts), candidate_labels=words, multi_label=True, hypothesis_template="{}")
                answers = answers if isinstance(answers, list) else [answers]
                tag_of = {TAG_WORDS[tag]: tag for tag in TAGS}
                return [
                    {tag_of[label]: float(score) for label, score in zip(one["labels"], one["scores"], strict=True)}
                    for one in answers
                ]
            answers = pipeline(list(texts), top_k=None, function_to_apply="sigmoid", truncation=True)
            return [{tag_named(each["label"]): float(each["score"]) for each in one} for one in answers]
        except Exception as error:
            raise ModelError(f"{self._spec.name}: failed to run ({_line(error)})") from error

    def _loaded(self) -> Any:
        if self._pipeline is None:
            check(self._spec)
            self._pipeline, self._kind = load(self._spec)
        return self._pipeline


def check(spec: ForeignSpec) -> None:
    """Raises ModelError for what is never loaded: no safetensors, no pinned revision."""
    folder = spec.folder
    if folder is None:
        if not COMMIT.match(spec.revision):
            raise ModelError(
                f"{spec.name}: classifier.revision must be a commit of 40 letters and digits, to be pinned"
            )
        return
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder; classifier.model names a folder or a model of Hugging Face")
    if not any(folder.glob("*.safetensors")):
        raise ModelError(f"{folder} has no .safetensors file; other weights are never loaded")


def load(spec: ForeignSpec) -> tuple[Any, str]:
    """The pipeline and its kind: text-classification where its labels are the tags, zero-shot where it entails."""
    try:
        from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, pipeline
    except ImportError:
        raise ModelError(f"{spec.name} needs transformers and torch: {EXTRA}") from None
    place = str(spec.folder or spec.name)
    safe: dict[str, Any] = {"trust_remote_code": False}
    if spec.folder is None:
        safe["revision"] = spec.revision
    else:
        safe["local_files_only"] = True
    try:
        labels = [str(label) for label in (AutoConfig.from_pretrained(place, **safe).id2label or {}).values()]
        kind = kind_of(labels)
        model = AutoModelForSequenceClassification.from_pretrained(place, use_safetensors=True, **safe)
        return pipeline(kind, model=model, tokenizer=AutoTokenizer.from_pretrained(place, **safe), device=-1), kind
    except ModelError as error:
        raise ModelError(f"{spec.name}: {error}") from None
    except Exception as error:
        raise ModelError(f"{spec.name} cannot be loaded ({_line(error)})") from error


def kind_of(labels: Sequence[str]) -> str:
    """Which pipeline these labels are for. Raises ModelError where neither fits."""
    if any(label.lower().startswith("entail") for label in labels):
        return "zero-shot-classification"
    if {tag_named(label) for label in labels} & set(TAGS):
        return "text-classification"
    shown = ", ".join(labels[:6]) or "none"
    raise ModelError(f"its labels ({shown}) are neither the tags ({', '.join(TAGS)}) nor entailment")


def tag_named(label: str) -> str:
    """A label as a tag is written: `Model Launch` is model-launch."""
    return re.sub(r"[\s_]+", "-", label.strip().lower())


def _merged(read: Classification, scores: dict[str, float], model_id: str) -> Classification:
    """The built-in reading with other tags; its facts stay as far as their tags do."""
    given = {tag: round(scores.get(tag, 0.0), 4) for tag in TAGS}
    tags = tuple(tag for tag in TAGS if given[tag] >= THRESHOLD)
    roles = roles_for(tags)
    rumoured = Status.RUMOURED if read.status_score >= 0.5 else Status.CONFIRMED
    return replace(
        read,
        model_id=model_id,
        scores=given,
        tags=tags,
        possible=tuple(tag for tag in TAGS if POSSIBLE <= given[tag] < THRESHOLD),
        status=(read.status or rumoured) if tags else None,
        spans=tuple(span for span in read.spans if span.role in roles),
    )


def _joined(title: str, summary: str) -> str:
    return f"{title}. {summary[:SUMMARY_CHARACTERS]}".strip()


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:160]
