"""The built-in encoder with a head of one's own in front, if there is one. Cheap to make, as the encoder is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from monitor.classify.encoder import Encoder, interpret
from monitor.classify.taxonomy import TAGS
from monitor.classify.weights import Platt
from monitor.types import Classification

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from monitor.classify.heads import TagHead

#: stands between the encoder's id and that of a head of one's own
PLUS: Final = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnHead:
    """A head as the archive keeps it. base: the encoder whose features it reads."""

    key: str
    base: str
    body: Mapping[str, Any]


class Taught:
    """A Classifier. `own` is asked for the head in use before each batch, so that a new one counts at once."""

    def __init__(self, encoder: Encoder, own: Callable[[], OwnHead | None]) -> None:
        self._encoder = encoder
        self._own = own
        self._read: tuple[str, TagHead] | None = None

    @property
    def model_id(self) -> str:
        """The encoder's id, with the head's where one is in use."""
        base = self._encoder.model_id
        own = self._fitting(base)
        return f"{base}{PLUS}{own.key}" if own is not None else base

    def _fitting(self, base: str) -> OwnHead | None:
        """The head in use, unless it reads another encoder's features."""
        own = self._own()
        return own if own is not None and own.base == base else None

    def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
        """(title, summary) pairs to classifications, in order. Raises ModelError."""
        if not texts:
            return []
        engine = self._encoder.engine()
        own = self._fitting(engine.settings.model_id)
        raws = engine.read(texts)
        settings = engine.settings
        if own is not None:
            head = self._head(own)
            plain = Platt(scale=1.0, shift=0.0)
            settings = replace(
                settings, model_id=f"{settings.model_id}{PLUS}{own.key}", calibration=dict.fromkeys(TAGS, plain)
            )
            raws = [replace(raw, scores=_scores(head, raw.features, raw.scores)) for raw in raws]
        return [interpret(raw, title, summary, settings) for raw, (title, summary) in zip(raws, texts, strict=True)]

    def features(self, texts: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """(entry, feature): what heads are trained on."""
        import numpy as np

        return np.array([raw.features for raw in self._encoder.engine().read(texts)], dtype=np.float64)

    def unload(self) -> None:
        """The model leaves memory; the next text loads it again."""
        self._encoder.unload()

    def _head(self, own: OwnHead) -> TagHead:
        from monitor.classify.heads import TagHead

        if self._read is None or self._read[0] != own.key:
            self._read = (own.key, TagHead.of(own.body))
        return self._read[1]


def _scores(head: TagHead, features: NDArray[Any], scores: NDArray[Any]) -> NDArray[np.float32]:
    """The head's logits in the tags' places; "rumoured", which stands last, stays."""
    import numpy as np

    tags = head.logits(np.asarray(features, dtype=np.float64)[None])[0]
    return np.concatenate([tags, scores[len(TAGS) :]]).astype(np.float32)
