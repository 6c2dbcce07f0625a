"""Patches that are the same at each validation: losses, losses that are only noted, statistics."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from napari_slitseg.core.losses import LossSpec, build_loss
from napari_slitseg.core.losses.combine import GradientBalance
from napari_slitseg.core.models.base import Logits, SegmentationModel
from napari_slitseg.core.training.batch import Batch
from napari_slitseg.core.training.examples import Example
from napari_slitseg.core.training.objective import Objective, painted
from napari_slitseg.core.training.patches import Patch, draw_patch
from napari_slitseg.core.training.spec_augmentation import Augmentation
from napari_slitseg.pipelines.training.course import Plan

_FEWEST: Final = 8
_MOST: Final = 32
_EPOCH: Final = 0


def fixed_patches(
    examples: Sequence[Example], plan: Plan, augmentation: Augmentation, number: int | None = None
) -> list[Patch]:
    """Draw patches that do not change, from an epoch that is never trained.

    Parameters
    ----------
    examples : sequence of Example
    plan : Plan
    augmentation : Augmentation
        How they are varied.
    number : int, optional
        How many; by default as many as see each example once in full, from 8 to 32.
    """
    patch_px = plan.job.patch_px
    if number is None:
        in_full = sum(math.ceil(math.prod(each.shape) / patch_px**2) for each in examples)
        number = min(max(in_full, len(examples), _FEWEST), _MOST)
    return [
        draw_patch(
            examples,
            augmentation,
            patch_px=patch_px,
            uncertain_radius_px=plan.uncertain_radius_px,
            seed=plan.job.seed,
            epoch=_EPOCH,
            index=index,
        )
        for index in range(number)
    ]


@dataclass(frozen=True)
class Look:
    """How a model is run on fixed patches.

    Attributes
    ----------
    model : SegmentationModel
        In eval mode.
    autocast : callable
        Context in which the network runs.
    device : torch.device
    batch : int
        Patches at once.
    """

    model: SegmentationModel
    autocast: Callable[[], AbstractContextManager[object]]
    device: torch.device
    batch: int

    def forward(self, pixels: Tensor) -> object:
        """Run the network in its precision."""
        with self.autocast():
            return self.model(pixels)

    def batches(self, patches: Sequence[Patch]) -> Iterator[Batch]:
        """Yield patches on the device, in parts."""
        for start in range(0, len(patches), self.batch):
            yield Batch.of(patches[start : start + self.batch], self.device)

    @torch.no_grad()
    def losses(
        self, patches: Sequence[Patch], objective: Objective, balance: GradientBalance
    ) -> dict[str, float]:
        """Return the mean losses: "total" and the parts."""
        sums: dict[str, float] = {}
        for batch in self.batches(patches):
            found = objective.of(self._logits(batch), batch, balance)
            for name, value in {"total": found.total, **found.parts}.items():
                sums[name] = sums.get(name, 0.0) + float(value) * len(batch)
        return {name: value / len(patches) for name, value in sums.items()}

    def balanced(self, patches: Sequence[Patch], objective: Objective) -> GradientBalance:
        """Return the lengths of the gradients of balanced sums; none where nothing is balanced."""
        balance = GradientBalance()
        for batch in self.batches(patches):
            leaves = Logits(*(each.requires_grad_() for each in self._logits(batch)))
            with torch.enable_grad():
                objective.of(leaves, batch, balance)
        return balance

    @torch.no_grad()
    def _logits(self, batch: Batch) -> Logits:
        with self.autocast():
            logits = self.model(batch.pixels)
        return Logits(*(each.float() for each in logits))

    def noted(
        self, patches: Sequence[Patch], objective: Objective, specs: Sequence[tuple[str, LossSpec]]
    ) -> dict[str, float]:
        """Return the values of losses of the slit head, and the lengths of their gradients.

        The gradient is that by the slit logits of the first part of the patches.
        """
        if not specs:
            return {}
        batch = next(self.batches(patches))
        slit = painted(self._logits(batch), batch).slit
        target = objective.slit_target(batch)
        found: dict[str, float] = {}
        for name, spec in specs:
            leaf = slit.detach().requires_grad_()
            with torch.enable_grad():
                value = build_loss(spec)(leaf, target)
            found |= {name: float(value.detach()), f"{name}.gradient": _slope(value, leaf)}
        return found


def _slope(value: Tensor, leaf: Tensor) -> float:
    """Return the length of a gradient; 0 for losses that have none."""
    if not value.requires_grad:
        return 0.0
    [gradient] = torch.autograd.grad(value, leaf)
    return float(gradient.norm())
