"""What is trained: settings, and the runs of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from napari_slitseg.core.losses import LossSpec, build_loss
from napari_slitseg.core.losses.spec_distribution import CategoricalCrossEntropy
from napari_slitseg.core.losses.spec_overlap import Dice
from napari_slitseg.core.losses.target import Target

LOSSES: dict[str, LossSpec] = {
    "CCE": CategoricalCrossEntropy.preset("clipped"),
    "DICE": Dice.preset("dice"),
    "DICE_SQUARE": Dice.preset("dice_square"),
    "DICEFG": Dice.preset("dicefg"),
    "DICEFG_SQUARE": Dice.preset("dicefg_square"),
}
FOREGROUNDS = (0.05, 0.5, 0.95)
SEEDS = (0, 1, 2)
RATE, STEPS = 0.01, 1000
FEW_STEPS = 250
SGD_RATES = (0.04, 1.0)


@dataclass(frozen=True)
class Setting:
    """What the runs of one network have in common.

    Attributes
    ----------
    batch_norm : bool
        Whether values are normalised before each ReLU.
    optimiser : str
        ``"Adam"``, or ``"SGD"`` without momentum.
    rate : float
        Learning rate, constant.
    steps : int
        How many.
    mirrored : bool
        Whether networks see 1 - x instead of x; the classes stay.
    """

    batch_norm: bool
    optimiser: str = "Adam"
    rate: float = RATE
    steps: int = STEPS
    mirrored: bool = False


@dataclass(frozen=True)
class Run:
    """One network.

    Attributes
    ----------
    foreground : float
        Fraction of pixels in the foreground, the brightest.
    loss : str
        What it is trained with, a key of `LOSSES`.
    seed : int
        Of kernels and images.
    """

    foreground: float
    loss: str
    seed: int


SETTINGS = (
    *(Setting(norm) for norm in (False, True)),
    *(Setting(norm, "SGD", rate, FEW_STEPS) for rate, norm in product(SGD_RATES, (False, True))),
    Setting(batch_norm=False, steps=FEW_STEPS, mirrored=True),
)


def runs_of(setting: Setting, seeds: tuple[int, ...] = SEEDS) -> list[Run]:
    """Return the runs of a setting; mirrored, only those whose classes differ in size."""
    foregrounds = [each for each in FOREGROUNDS if not setting.mirrored or each != 0.5]
    return [Run(*each) for each in product(foregrounds, LOSSES, seeds)]


def losses_side_by_side(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a loss of (runs, B, 2, H, W) logits and masks that has one value a run."""
    loss = build_loss(LOSSES[name])

    def of_one(logits: Tensor, mask: Tensor) -> Tensor:
        return loss(logits, Target(mask=mask))

    return torch.vmap(of_one)
