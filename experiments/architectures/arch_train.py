"""One training: a network, a course of losses, a seed."""

from __future__ import annotations

import time
from types import MappingProxyType
from typing import Final

from arch_data import SPLIT, View, batch, views
from arch_models import new_network
from arch_scores import Row, scores
from torch.optim import Adam

from napari_slitseg.core.curriculum import Curriculum, Stage
from napari_slitseg.core.losses import LossSpec
from napari_slitseg.core.losses.combine import two_head_loss
from napari_slitseg.core.losses.spec_combine import TwoHeads, WeightedSum
from napari_slitseg.core.losses.spec_distribution import BinaryCrossEntropy
from napari_slitseg.core.losses.spec_overlap import Dice
from napari_slitseg.core.models.base import SegmentationModel
from napari_slitseg.core.schedules import Cosine, rate_at
from napari_slitseg.core.training.recalibrate import recalibrate

STEPS, BATCH, SWITCH = 160, 2, 0.5
RECALIBRATED = 20
SCHEDULE: Final = Cosine(rate=3e-3)
LOVASZ: Final = WeightedSum.preset("lovasz_and_dice")


def course(*losses: LossSpec) -> Curriculum:
    """Return one or two stages, each with the same loss for both heads."""
    ends = (SWITCH, 1.0)[-len(losses) :]
    heads = [TwoHeads(membrane=loss, slit=loss) for loss in losses]
    return Curriculum(
        stages=tuple(Stage(until=end, losses=each) for end, each in zip(ends, heads, strict=True))
    )


COURSES: Final = MappingProxyType(
    {
        "bce": course(BinaryCrossEntropy()),
        "dice": course(Dice()),
        "lovasz + dice": course(LOVASZ),
        "bce, then lovasz + dice": course(BinaryCrossEntropy(), LOVASZ),
        "dice, then lovasz + dice": course(Dice(), LOVASZ),
    }
)
GROUPS: Final = (
    (
        ("unet", "dice"),
        ("fcn", "dice"),
        ("deeplabv3", "dice"),
        ("unet", "bce"),
        ("unet", "dice, then lovasz + dice"),
    ),
    (("unet", "bce, then lovasz + dice"), ("unet", "lovasz + dice")),
    (("unet, added", "dice"), ("deeplabv3, stride 8", "dice")),
)
SETTINGS: Final = tuple(each for group in GROUPS for each in group)


def run(
    network: str,
    losses: str,
    seed: int,
    *,
    split: tuple[int, ...] = SPLIT,
    steps: int = STEPS,
) -> Row:
    """Train a network and return its scores on the test scenes."""
    train, validation, test = views(seed, split)
    began = time.perf_counter()
    model = trained(new_network(network, seed), COURSES[losses], train, seed, steps)
    seconds = time.perf_counter() - began
    about: Row = {"network": network, "losses": losses, "seed": seed, "steps": steps}
    return {**about, **scores(model, validation, test), "seconds": round(seconds, 1)}


def trained(
    model: SegmentationModel, losses: Curriculum, train: list[View], seed: int, steps: int
) -> SegmentationModel:
    """Return the model after some steps, in eval mode."""
    optimiser = Adam(model.parameters(), lr=SCHEDULE.rate, fused=True)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate_at(SCHEDULE, step, steps)
        patches = batch(train, seed, step, BATCH)
        spec = losses.at(step / steps).losses
        optimiser.zero_grad()
        found = model(patches.images)
        loss = two_head_loss(found, patches.membrane, patches.slit, spec=spec).total
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    model.eval()
    again = (batch(train, seed, steps + i, BATCH).images for i in range(RECALIBRATED))
    recalibrate(model, again, model)
    return model
