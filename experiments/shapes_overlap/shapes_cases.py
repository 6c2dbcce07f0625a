"""What is trained, and with which loss on which targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from napari_slitseg.core.losses import LossSpec, build_loss
from napari_slitseg.core.losses.spec_distribution import MeanSquaredError
from napari_slitseg.core.losses.spec_overlap import Dice, MSEDice
from napari_slitseg.core.losses.target import Target

RAW: dict[str, LossSpec] = {
    "MSE": MeanSquaredError.preset("dlstudio"),
    "dice": Dice.preset("dlstudio"),
    "MSE + 20 dice": MSEDice.preset("dlstudio_20"),
    "MSE + 400 dice": MSEDice.preset("dlstudio_400"),
}
RIGHT: dict[str, LossSpec] = {
    "MSE": MeanSquaredError(activation="sigmoid"),
    "dice": Dice(classes="channels", activation="sigmoid", reduction="batch"),
    "MSE + dice": MSEDice(scale=1.0, classes="channels", activation="sigmoid", reduction="batch"),
}
RAW_RATE, RIGHT_RATE, SAME_PRODUCT_RATE = 1e-3, 1.0, 6.25e-3
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Setting:
    """One way to train.

    Attributes
    ----------
    loss : str
        A key of `RAW`, or of `RIGHT`.
    right : bool
        Whether masks are 0 and 1, values pass a sigmoid, each kind has an index of its own and
        images are between 0 and 1. Otherwise all are as they were: masks of 50 to 250, raw values,
        one index for all, images up to 255.
    sparse : bool
        Whether the network enlarges as DLStudio's does, with three pixels of four the bias.
    skips : bool
        Whether blocks add their input to their output.
    rate : float
        Learning rate.
    """

    loss: str
    right: bool = False
    sparse: bool = False
    skips: bool = True
    rate: float = RAW_RATE


SETTINGS = (
    *(Setting(loss, sparse=True) for loss in RAW),
    Setting("MSE"),
    Setting("dice"),
    Setting("dice", right=True, rate=RIGHT_RATE),
    Setting("MSE + 400 dice"),
    Setting("MSE", right=True, rate=RIGHT_RATE),
    Setting("MSE", skips=False),
    Setting("MSE + 20 dice"),
    Setting("dice", rate=SAME_PRODUCT_RATE),
)


def loss_of(setting: Setting) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the loss as a function of raw values and targets (B, 5, 64, 64)."""
    built = build_loss((RIGHT if setting.right else RAW)[setting.loss])
    return lambda values, target: built(values, Target(mask=target))


def terms_of(setting: Setting) -> dict[str, Callable[[Tensor, Tensor], Tensor]]:
    """Return both terms, whether or not the loss has them."""
    return {name: loss_of(Setting(name, right=setting.right)) for name in ("MSE", "dice")}


def strength(setting: Setting, values: Tensor, mask_values: Tensor) -> Tensor:
    """Return outputs as fractions of what they are to be where there is a shape."""
    return torch.sigmoid(values) if setting.right else values / mask_values[:, None, None]
