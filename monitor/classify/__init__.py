"""The classifier: what a text is about, how sure its event is, which facts it states.

The encoder and its libraries are loaded at the first `classify`, not by this import.
"""

from __future__ import annotations

from pathlib import Path

from monitor.classify.weights import check_weights
from monitor.protocols import Classifier

__all__ = ["check_weights", "load_classifier"]


def load_classifier(folder: Path | None = None, threads: int = 2) -> Classifier:
    """The built-in model, or one of the same kind in another folder. ModelError comes at the first `classify`."""
    from monitor.classify.encoder import Encoder
    from monitor.classify.weights import SHIPPED

    return Encoder(SHIPPED if folder is None else folder, threads)
