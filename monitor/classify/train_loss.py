"""What the network is taught by: the losses of a labelled batch and of a batch of tellings, in torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from monitor.classify.recipe import TAG_WEIGHTS, Recipe
from monitor.classify.vocabulary import PAD

if TYPE_CHECKING:
    from monitor.classify.contrast import Telling
    from monitor.classify.dataset import Example
    from monitor.classify.network import Outputs


def pad(examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token numbers and mask of a batch."""
    longest = max(len(example.ids) for example in examples)
    ids = torch.full((len(examples), longest), PAD)
    mask = torch.zeros((len(examples), longest), dtype=torch.long)
    for number, example in enumerate(examples):
        ids[number, : len(example.ids)] = torch.tensor(example.ids)
        mask[number, : len(example.ids)] = 1
    return ids, mask


def labelled_loss(outputs: Outputs, examples: Sequence[Example], mask: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """Tags and status by cross-entropy, marks by the sum over an entry's tokens and roles."""
    weights = torch.tensor([example.weight for example in examples])
    tags = torch.tensor([example.tags for example in examples])
    per_tag = functional.binary_cross_entropy_with_logits(outputs.tags, tags, reduction="none")
    loss = ((per_tag * torch.tensor(TAG_WEIGHTS)).sum(1) * weights).mean()
    status = torch.tensor([example.status for example in examples])
    known = (status >= 0).float()
    per_status = functional.binary_cross_entropy_with_logits(
        outputs.status, status.clamp(min=0), reduction="none", pos_weight=torch.tensor(recipe.rumour_weight)
    )
    loss = loss + (per_status * known * weights).sum() / len(examples)
    wanted = torch.zeros(outputs.marks.shape[:3], dtype=torch.long)
    for number, example in enumerate(examples):
        for role, first, last in example.marks:
            wanted[number, first : last + 1, role] = 2
            wanted[number, first, role] = 1
    per_mark = functional.cross_entropy(outputs.marks.flatten(0, 2), wanted.flatten(), reduction="none")
    per_entry = (per_mark.view(wanted.shape).sum(2) * mask).sum(1)
    return loss + recipe.mark_weight * (per_entry * weights).mean()


def story_loss(vectors: torch.Tensor, tellings: Sequence[Telling], temperature: float) -> torch.Tensor:
    """Tellings of one story attract, all others of the batch repel; unsure pairs do neither."""
    names = {story: number for number, story in enumerate({telling.story: None for telling in tellings})}
    story = torch.tensor([names[telling.story] for telling in tellings])
    same = story[:, None] == story[None, :]
    ignored = torch.tensor([[a.id == b.id or b.id in a.unsure or a.id in b.unsure for b in tellings] for a in tellings])
    logits = (vectors @ vectors.T / temperature).masked_fill(ignored, -1e4)
    wanted = same & ~ignored
    likely = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    counts = wanted.sum(1)
    has = counts > 0
    return -((likely * wanted).sum(1)[has] / counts[has]).mean()
