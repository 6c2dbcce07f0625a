"""What the experiment measures: every loss with its defaults, and variants that teach something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from napari_slitseg.core.losses import LOSSES, LossSpec, build_loss
from napari_slitseg.core.losses.draw import draw_dots
from napari_slitseg.core.losses.probes import RADIUS_PX, Loss
from napari_slitseg.core.losses.spec_combine import Term, WeightedSum
from napari_slitseg.core.losses.spec_expected import ExpectedChamfer, ExpectedComposite, OneToOne
from napari_slitseg.core.losses.spec_maps import Boundary
from napari_slitseg.core.losses.spec_overlap import Dice
from napari_slitseg.core.losses.spec_transport import WeightedHausdorff
from napari_slitseg.core.losses.target import Target

SEEDS = (0, 1, 2)
STEPS, RATE, THRESHOLD = 400, 0.2, 0.5
DISPLACEMENTS_PX = tuple(range(1, 21))
TIED_SIGMA_PX, SMALL_RADIUS_PX, SHAKE_PX = 1.0, 1.0, 1.0


Field = Literal["free", "tied", "shaky"]


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes
    ----------
    spec : LossSpec
        The loss.
    field : str
        ``"free"``: every pixel moves by itself. ``"tied"``: neighbours move together, as those of
        a network do; the loss sees the field through a Gaussian of 1 px, and a mask of dots of
        1 px radius. ``"shaky"``: annotations lie elsewhere at each step, by 1 px along each axis
        (standard deviation), so that no field has a distance of 0.
    """

    spec: LossSpec
    field: Field = "free"

    def loss(self) -> Loss:
        """Return the loss as a function of field and target."""
        loss = build_loss(self.spec)
        return {"free": loss, "tied": tied(loss), "shaky": shaky(loss)}[self.field]


def tied(loss: Loss) -> Loss:
    """Return a loss that sees small dots and a blurred field."""

    def of_blurred(logits: Tensor, target: Target) -> Tensor:
        return loss(blurred(logits), drawn(target.points or (), logits, SMALL_RADIUS_PX))

    return of_blurred


def shaky(loss: Loss) -> Loss:
    """Return a loss that sees annotations elsewhere at each step."""

    def of_moved(logits: Tensor, target: Target) -> Tensor:
        moved = [yx + SHAKE_PX * torch.randn_like(yx) for yx in target.points or ()]
        return loss(logits, drawn(moved, logits, RADIUS_PX))

    return of_moved


def drawn(points: Sequence[Tensor], logits: Tensor, radius_px: float) -> Target:
    """Return points with their dots as mask."""
    shape = (logits.shape[-2], logits.shape[-1])
    return Target(mask=draw_dots(points, shape, radius_px=radius_px), points=points)


def blurred(logits: Tensor, sigma_px: float = TIED_SIGMA_PX) -> Tensor:
    """Return (B, 1, H, W) logits under a Gaussian, cut off at 4 px."""
    offset = torch.arange(-4.0, 5)
    kernel = torch.exp(offset.square() / (-2 * sigma_px**2))
    kernel = kernel / kernel.sum()
    wide = pad(logits, (4,) * 4, mode="replicate")
    return conv2d(conv2d(wide, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))


VARIANTS: dict[str, Case] = {
    "expected_chamfer (one_way)": Case(ExpectedChamfer.preset("one_way")),
    "weighted_hausdorff (power -1)": Case(WeightedHausdorff(power=-1.0)),
    "boundary (tied)": Case(Boundary(), field="tied"),
    "dice (tied)": Case(Dice(), field="tied"),
    "one_to_one (tied)": Case(OneToOne(), field="tied"),
    "expected_chamfer (one_way, shaky)": Case(ExpectedChamfer.preset("one_way"), field="shaky"),
    "expected_chamfer (shaky)": Case(ExpectedChamfer(), field="shaky"),
    "expected_composite (shaky)": Case(ExpectedComposite(), field="shaky"),
    "one_to_one (shaky)": Case(OneToOne(), field="shaky"),
    "dice (shaky)": Case(Dice(), field="shaky"),
    "dice + boundary": Case(WeightedSum.preset("dice_and_boundary")),
    "dice + lovasz_hinge": Case(WeightedSum.preset("lovasz_and_dice")),
    "dice + distance_weighted (balanced)": Case(WeightedSum.preset("dice_and_distance")),
    "dice + mmd (balanced)": Case(WeightedSum.preset("dice_and_kernel")),
    "dice + one_to_one (balanced)": Case(WeightedSum.preset("dice_and_one_to_one")),
    "dice + expected_composite (balanced)": Case(
        WeightedSum(terms=(Term(), Term(loss=ExpectedComposite())), balance="grad_ema")
    ),
}


def cases() -> dict[str, Case]:
    """Return the rows of the table by name, in its order."""
    return {name: Case(spec()) for name, spec in LOSSES.items()} | VARIANTS
