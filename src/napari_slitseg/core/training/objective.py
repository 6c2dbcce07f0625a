"""What a step minimises: the losses in force, of what is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from torch import Tensor

from napari_slitseg.core.curriculum import InForce
from napari_slitseg.core.losses.combine import GradientBalance, LossParts, two_head_loss
from napari_slitseg.core.losses.draw import draw_dots
from napari_slitseg.core.losses.spec_combine import TwoHeads
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.models.base import Logits
from napari_slitseg.core.training.batch import Batch

UNKNOWN_LOGIT: Final = -12.0
"""Logit that agrees with an empty target: it has neither a loss worth mentioning nor a gradient."""


@dataclass(frozen=True)
class Objective:
    """Losses and targets at one moment of a training.

    Attributes
    ----------
    in_force : InForce
        Of the curriculum.
    radius_px : float
        Radius of the dots where the curriculum says none, px.
    has_membranes : bool
        Whether any image has one; if none has, their head has no loss.
    """

    in_force: InForce
    radius_px: float
    has_membranes: bool = True

    def of(self, logits: Logits, batch: Batch, balance: GradientBalance | None = None) -> LossParts:
        """Return the loss of a batch and its parts.

        Raises
        ------
        ValueError
            If a loss cannot be computed of these targets.
        """
        membrane = Target(mask=batch.membrane) if self.has_membranes else None
        return two_head_loss(
            painted(logits, batch),
            membrane,
            self.slit_target(batch),
            spec=self._losses,
            state=balance,
        )

    @property
    def _losses(self) -> TwoHeads:
        losses = self.in_force.losses
        return losses if self.has_membranes else replace(losses, membrane_weight=0.0)

    def slit_target(self, batch: Batch) -> Target:
        """Return dots and points of the slits that are known."""
        dots = draw_dots(
            batch.slits,
            (batch.pixels.shape[-2], batch.pixels.shape[-1]),
            radius_px=self.in_force.radius_px or self.radius_px,
            blur_px=self.in_force.blur_px or 0.0,
        )
        return Target(mask=_without(dots, batch.slit_unknown, 0.0), points=batch.slits)


def painted(logits: Logits, batch: Batch) -> Logits:
    """Return logits that agree with an empty target where nothing is known."""
    return Logits(
        _without(logits.membrane, batch.membrane_unknown, UNKNOWN_LOGIT),
        _without(logits.slit, batch.slit_unknown, UNKNOWN_LOGIT),
    )


def _without(values: Tensor, unknown: Tensor, filler: float) -> Tensor:
    return values.masked_fill(unknown, filler)
