"""One training: a task, a loss, a seed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from lobes_data import SPLIT, Pictures, parts
from lobes_net import LobeNet, new_net
from numpy.typing import NDArray
from torch import Tensor

from napari_slitseg.core.losses import LossSpec, build_loss
from napari_slitseg.core.losses.spec_distribution import Focal
from napari_slitseg.core.losses.spec_overlap import DiceBCE, FocalTversky, Jaccard, Tversky
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.metrics.masks import iou, mean_precision_over_ious, pixel_accuracy
from napari_slitseg.core.training.recalibrate import recalibrate

RATE, BATCH, EPOCHS, THRESHOLD = 1e-3, 16, 50, 0.5
THRESHOLDS = tuple(round(0.05 * k, 2) for k in range(1, 20))
OTHER_START: Final = 1000

Row = dict[str, str | float]


@dataclass(frozen=True)
class Setting:
    """A loss, and what it is trained from.

    Attributes
    ----------
    loss : LossSpec
        With its settings.
    start : int
        Added to the seed of weights and order of batches, not to that of the pictures.
    in_table : bool
        Whether it is one of the five of the poster.
    """

    loss: LossSpec
    start: int = 0
    in_table: bool = True


SETTINGS: Final = MappingProxyType(
    {
        "dice_bce": Setting(DiceBCE()),
        "jaccard": Setting(Jaccard()),
        "focal": Setting(Focal()),
        "tversky": Setting(Tversky()),
        "focal_tversky": Setting(FocalTversky()),
        "dice_bce, other start": Setting(DiceBCE(), start=OTHER_START, in_table=False),
        "focal_tversky, exponent 4/3": Setting(FocalTversky(exponent=4 / 3), in_table=False),
    }
)


def run(
    task: str,
    setting: str,
    seed: int,
    *,
    split: tuple[int, ...] = SPLIT,
    epochs: int = EPOCHS,
) -> Row:
    """Train a network and return its scores on the test pictures."""
    train, validation, test = parts(task, seed, split)
    began, chosen = time.perf_counter(), SETTINGS[setting]
    net = trained(train, chosen, seed, epochs)
    seconds = time.perf_counter() - began
    about: Row = {"task": task, "setting": setting, "seed": seed, "epochs": epochs}
    return {**about, **scores(net, validation, test), "seconds": round(seconds, 1)}


def trained(train: Pictures, setting: Setting, seed: int, epochs: int) -> LobeNet:
    """Return a network after some epochs; weights and batches follow from the seed alone."""
    net, loss = new_net(seed + setting.start), build_loss(setting.loss)
    images, masks = torch.from_numpy(train.images), torch.from_numpy(train.masks)
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE, fused=True)
    rng = np.random.default_rng([seed + setting.start, 2])
    for _ in range(epochs):
        for batch in batches(rng, len(train)):
            optimiser.zero_grad()
            value = loss(net(images[batch]), Target(mask=masks[batch]))
            value.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    again = (images[each] for each in batches(rng, len(train)))
    recalibrate(net.eval(), again, net)
    return net


def batches(rng: np.random.Generator, number: int) -> list[Tensor]:
    """Return the whole batches of one epoch, in a new order."""
    order, size = torch.from_numpy(rng.permutation(number)), min(BATCH, number)
    return [order[start : start + size] for start in range(0, number - size + 1, size)]


@torch.no_grad()
def scores(net: LobeNet, validation: Pictures, test: Pictures) -> Row:
    """Return every figure of the study.

    Returns
    -------
    dict
        ``iou``: mean over pictures; ``pooled_iou``: of all their pixels together; ``accuracy``;
        ``hits``: how many of 10 thresholds a picture, summed; ``mean_precision``: hits over all;
        ``threshold``: the one with the highest mean IoU of the validation pictures, and
        ``tuned_iou``, the mean at it; ``ious``: of each picture. All others at 0.5.
    """
    chosen = max(THRESHOLDS, key=lambda each: float(np.mean(ious(net, validation, each))))
    each = ious(net, test, THRESHOLD)
    predicted, annotated = probabilities(net, test) >= THRESHOLD, test.masks > 0.5
    return {
        "iou": round(float(np.mean(each)), 12),
        "pooled_iou": round(iou(predicted, annotated), 6),
        "accuracy": round(pixel_accuracy(predicted, annotated), 6),
        "hits": hits(predicted, annotated),
        "mean_precision": hits(predicted, annotated) / (10 * len(test)),
        "threshold": chosen,
        "tuned_iou": round(float(np.mean(ious(net, test, chosen))), 6),
        "ious": " ".join(f"{value:.4f}" for value in each),
    }


def probabilities(net: LobeNet, pictures: Pictures) -> NDArray[np.float32]:
    """Return probabilities (N, 1, H, W)."""
    found: NDArray[np.float32] = net(torch.from_numpy(pictures.images)).sigmoid().numpy()
    return found


@torch.no_grad()
def ious(net: LobeNet, pictures: Pictures, threshold: float) -> list[float]:
    """Return the IoU of each picture."""
    predicted = probabilities(net, pictures) >= threshold
    return [iou(p, g) for p, g in zip(predicted, pictures.masks > 0.5, strict=True)]


def hits(predicted: NDArray[np.bool_], annotated: NDArray[np.bool_]) -> int:
    """Return how many of the thresholds .50, .55, ... .95 the IoU of all pictures exceed."""
    pairs = zip(predicted, annotated, strict=True)
    return sum(round(10 * mean_precision_over_ious(p, g)) for p, g in pairs)
