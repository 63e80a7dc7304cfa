"""Which model reads: the encoder, a head of one's own, another model, a second opinion, one in front of the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.logs import get_logger

if TYPE_CHECKING:
    from monitor.archive import Archive
    from monitor.classify.taught import OwnHead, Taught
    from monitor.config import Config, Settings
    from monitor.protocols import Classifier, Clock


def model_folder(settings: Settings) -> Path | None:
    """None: the weights that ship."""
    name = settings.classify.model
    return None if name == "shipped" else Path(name)


def taught(settings: Settings, own: Callable[[], OwnHead | None]) -> Taught:
    """The built-in encoder, or one of the same kind in a folder, with what `own` gives in front."""
    from monitor.classify.encoder import Encoder
    from monitor.classify.taught import Taught
    from monitor.classify.weights import SHIPPED

    return Taught(Encoder(model_folder(settings) or SHIPPED, settings.classify.threads), own)


def with_foreign(config: Config, encoder: Taught) -> Classifier:
    """The encoder, or the model of Hugging Face that `classifier` names in front of it."""
    if config.classifier.model == "built-in":
        return encoder
    from monitor.classify.foreign import Foreign, ForeignSpec

    spec = ForeignSpec(name=config.classifier.model, revision=config.classifier.revision)
    return Foreign(spec, encoder, get_logger("classify"))


def thresholds(settings: Settings) -> Mapping[str, float]:
    """The encoder's thresholds, by tag. Raises ModelError."""
    from monitor.classify.weights import SETTINGS, SHIPPED, read_checked, read_manifest, read_settings

    folder = model_folder(settings) or SHIPPED
    return read_settings(folder, read_checked(folder, SETTINGS, read_manifest(folder))).thresholds


def head_in(archive: Archive) -> OwnHead | None:
    """The head of the tags that an archive has in use. Raises ArchiveError."""
    from monitor.classify.taught import OwnHead

    kept = archive.teaching.head("tags", "tags")
    return None if kept is None else OwnHead(key=kept.key, base=kept.base, body=kept.body)


def with_opinion(config: Config, inner: Classifier, archive: Archive, clock: Clock) -> Classifier:
    """The inner one, behind the second opinion that `classifier` names."""
    told = config.classifier.second_opinion
    if told is None:
        return inner
    from monitor.classify.opinion import Budget, SecondOpinion
    from monitor.opinions import Endpoint

    budget = Budget(daily=told.daily_budget, notes=archive.keep, clock=clock)
    endpoint = Endpoint(told, config.settings)
    return SecondOpinion(inner, lambda: thresholds(config.settings), budget, endpoint, get_logger("opinion"))
