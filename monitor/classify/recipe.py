"""All numbers of a training run."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 128
#: The mission's tags weigh more; in the order of TAGS.
TAG_WEIGHTS: Final = (1.5, 1.0, 1.5, 1.5, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All numbers of a training run."""

    seed: int = 3
    epochs: int = 4
    rate: float = 1e-4
    head_rate: float = 5e-4
    warm_up: float = 0.06
    decay: float = 0.01
    tokens: int = 1_536
    story_size: int = 40
    temperature: float = 0.06
    average: float = 0.997
    swap: float = 0.35
    #: lowest layers that stay as they are, besides the word table
    frozen: int = 0
    #: share of the everyday entries that each epoch sees
    everyday: float = 0.5
    mark_weight: float = 0.4
    story_weight: float = 0.5
    rumour_weight: float = 2.0
    #: share of the model that training began at in the weights that ship, where it began at a model: what a little more
    #: of the same data teaches too well is held back, and new days are read better for it
    keep: float = 0.0
    threads: int = 2
    #: ends early, with the learning rate brought down in time; 0 means no limit
    minutes: float = 0.0


def say(words: str) -> None:
    """One line of progress."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {words}\n")
    sys.stdout.flush()
