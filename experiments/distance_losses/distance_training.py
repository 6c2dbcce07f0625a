"""Pretraining with dice, and going on from there with any recipe in the same steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from distance_batches import batch_at
from distance_recipes import Recipe
from distance_regimes import REGIMES, draw
from torch import Tensor

from napari_slitseg.core.curriculum import Curriculum, InForce, Stage
from napari_slitseg.core.losses import LossSpec, build_loss
from napari_slitseg.core.losses.combine import GradientBalance
from napari_slitseg.core.losses.set_prediction import set_prediction
from napari_slitseg.core.losses.spec_combine import TwoHeads
from napari_slitseg.core.losses.spec_overlap import Dice
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.models import PointSpec, UNetSpec, build_model
from napari_slitseg.core.models.base import SegmentationModel
from napari_slitseg.core.models.points import PointModel
from napari_slitseg.core.schedules import rate_at
from napari_slitseg.core.schedules.spec_falling import Cosine
from napari_slitseg.core.training.batch import Batch
from napari_slitseg.core.training.ema import WeightMean
from napari_slitseg.core.training.objective import Objective
from napari_slitseg.core.training.recalibrate import recalibrate

PRETRAIN_RATE: Final = 3e-3
_NORM_BATCHES: Final = 6
_FIRST_STEP: Final = 100_000
_LEARNT: Final = 0.75
_LAST: Final = 50

Look = Callable[[int, SegmentationModel], None]


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How long things take, in steps.

    Pretraining goes on beyond ``pretrain`` steps, up to ``longest``, while the network has not left
    the plateau on which dice begins: until the mean loss of the last steps is below `_LEARNT`.
    """

    pretrain: int = 500
    longest: int = 1500
    finetune: int = 120
    look_every: int = 30


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One run: what is trained, on which draw of the data, and how."""

    regime: str
    recipe: str
    rate: float
    weight: float
    seed: int


def new_network(recipe: Recipe, seed: int) -> SegmentationModel:
    """Return an untrained network with about 0.1 million weights."""
    torch.manual_seed(seed)
    is_points = recipe.kind == "model"
    spec = PointSpec(width=0.125) if is_points else UNetSpec(width=0.125, depth=3)
    model = build_model(spec)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def pretrained(
    regime: str, recipe: Recipe, seed: int, lengths: Lengths, folder: Path
) -> SegmentationModel:
    """Return the network that every recipe of a regime and seed goes on from; kept in a folder."""
    about = REGIMES[regime]
    kind = "points" if recipe.kind == "model" else "maps"
    path = folder / f"{regime}-{seed}-{kind}-{lengths.pretrain}-{lengths.longest}.pt"
    model = new_network(recipe, seed)
    if path.exists():
        model.load_state_dict(torch.load(path, weights_only=True))
        return model
    train = draw(regime, seed).train
    objective = Objective(Curriculum().at(0.0), about.radius_px)
    optimiser = torch.optim.Adam(model.parameters(), lr=PRETRAIN_RATE)
    values: list[float] = []
    while not _has_learnt(values, lengths):
        batch = batch_at(train, seed, len(values))
        values.append(_descend(optimiser, _loss(model, batch, objective, GradientBalance())))
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), path)
    return model


def _has_learnt(values: Sequence[float], lengths: Lengths) -> bool:
    if not lengths.pretrain <= len(values) < lengths.longest:
        return len(values) >= lengths.longest
    return sum(values[-_LAST:]) / _LAST < _LEARNT


def finetuned(
    model: SegmentationModel, recipe: Recipe, setting: Setting, lengths: Lengths, look: Look
) -> SegmentationModel:
    """Train on, and return the network ready to be judged; `look` sees it now and then."""
    train, radius_px = draw(setting.regime, setting.seed).train, REGIMES[setting.regime].radius_px
    curriculum = _curriculum(model, recipe, setting)
    optimiser = torch.optim.Adam(model.parameters(), lr=setting.rate)
    balance, total = GradientBalance(), lengths.finetune
    mean = WeightMean(model, recipe.mean_memory) if recipe.mean_memory else None
    for step in range(total):
        if step % lengths.look_every == 0:
            look(step, settled(model, setting))
        optimiser.param_groups[0]["lr"] = rate_at(Cosine(rate=setting.rate), step, total)
        batch = batch_at(train, setting.seed, _FIRST_STEP + step, windows=recipe.windows)
        objective = Objective(curriculum.at(step / total), radius_px)
        _descend(optimiser, _loss(model.train(), batch, objective, balance))
        if mean:
            mean.update()
    if mean:
        model.load_state_dict({**model.state_dict(), **mean.tensors()})
    look(total, settled(model, setting))
    return model


def settled(model: SegmentationModel, setting: Setting) -> SegmentationModel:
    """Return the network in eval mode, its batch norms as of the weights that it has now."""
    train = draw(setting.regime, setting.seed).train
    pixels = [batch_at(train, setting.seed, step).pixels for step in range(_NORM_BATCHES)]
    recalibrate(model.eval(), pixels, model)
    return model


def _curriculum(model: SegmentationModel, recipe: Recipe, setting: Setting) -> Curriculum:
    loss, weight = Dice() if recipe.kind == "model" else recipe.slit_loss(setting.weight), 1.0
    if not recipe.is_sum:
        weight = setting.weight * _as_long_as_dice(model, loss, setting)
    losses = TwoHeads(slit=loss, slit_weight=weight)
    dilation = recipe.shrinking(REGIMES[setting.regime].radius_px)
    return Curriculum(stages=(Stage(losses=losses),), dilation=dilation)


def _as_long_as_dice(model: SegmentationModel, loss: LossSpec, setting: Setting) -> float:
    """Return the factor that makes the first gradients by the slit logits as long as dice's."""
    if isinstance(loss, Dice):
        return 1.0
    train, radius_px = draw(setting.regime, setting.seed).train, REGIMES[setting.regime].radius_px
    objective = Objective(InForce(0, TwoHeads()), radius_px)
    lengths = torch.zeros(2)
    for step in range(_NORM_BATCHES):
        batch = batch_at(train, setting.seed, _FIRST_STEP + step)
        logits = settled(model, setting)(batch.pixels).slit.detach().requires_grad_()
        target = objective.slit_target(batch)
        lengths += torch.stack([_length(each, logits, target) for each in (Dice(), loss)])
    return float(lengths[0] / lengths[1])


def _length(loss: LossSpec, logits: Tensor, target: Target) -> Tensor:
    [gradient] = torch.autograd.grad(build_loss(loss)(logits, target), logits)
    length: Tensor = gradient.norm()
    return length


def _loss(
    model: SegmentationModel, batch: Batch, objective: Objective, balance: GradientBalance
) -> Tensor:
    if not isinstance(model, PointModel):
        return objective.of(model(batch.pixels), batch, balance).total
    found = model.points(batch.pixels)
    membrane = build_loss(Dice())(found.membrane, Target(mask=batch.membrane))
    weight = objective.in_force.losses.slit_weight
    return membrane + weight * set_prediction(found.points, batch.slits)


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return float(loss.detach())
