"""What a loss without gradient does to a network, and what moves the slit head all the same."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from report_files import Results
from report_plan import MIDDLE, MOVING_EPOCHS, Size
from report_scenes import DOT_RADIUS_PX, Crops, crops
from report_scores import TOLERANCE_PX, measure, outputs, tuned_threshold
from report_training import (
    SlitLoss,
    Weights,
    adam,
    copied,
    dice_of_slits,
    finetuning_batch,
    fingerprint,
    loaded,
    one_step,
    pretrained,
    total_loss,
    untrained,
)
from skimage import feature

from napari_slitseg.core.detection import DETECTORS, Detections, find, select
from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.spec_study import (
    Composite,
    Detecting,
    PointLoss,
    ProportionalPointLoss,
    VanillaDistance,
)
from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics import pooled_count_ratio
from napari_slitseg.core.models.base import SegmentationModel
from napari_slitseg.core.targets import dots
from napari_slitseg.core.training.freezing import batch_norms

DetectorName = Literal["log", "dog", "doh"]
LOOP_DETECTORS: Final[tuple[DetectorName, ...]] = ("log", "dog", "doh")
TRUNK: Final = ("stem.", "level", "norm")
MEMBRANE_ENCODER: Final = ("membrane.level", "membrane.norm", "membrane.up4.")


def study_losses(detector: DetectorName) -> dict[str, Detecting]:
    """Return the five losses as reported, with a detector."""
    how: dict[str, Any] = {"detector": detector, "truth": "map"}
    return {
        "vanilla": VanillaDistance(**how),
        "point": PointLoss(**how),
        "proportional": ProportionalPointLoss(**how),
        "composite_0": Composite(**how, alpha=0.0),
        "composite_1": Composite(**how, alpha=1.0),
    }


def part_of(parameter: str) -> str:
    """Return which part of the ForkNet a parameter belongs to."""
    if parameter.startswith(TRUNK):
        return "shared encoder"
    if parameter.startswith(("membrane.join", "bridge")):
        return "cross link"
    return "membrane branch" if parameter.startswith("membrane") else "slit branch"


def run_gradients(seed: int, size: Size, results: Results, cache: Path) -> None:
    """Count the tensors of each part that get no gradient from membrane dice + a loss."""
    drawn = finetuning_batch(crops(seed, "train", size, cache), seed, 0)
    losses: dict[tuple[str, str], SlitLoss] = {
        (detector, name): build_loss(spec)
        for detector in LOOP_DETECTORS
        for name, spec in study_losses(detector).items()
    }
    losses[("", "dice")] = dice_of_slits
    rows = []
    for (detector, name), loss in losses.items():
        model = loaded(pretrained(seed, size, cache), size)
        total = total_loss(model(drawn[0]), drawn[1], drawn[2], loss)
        total.backward()  # type: ignore[no-untyped-call]
        tags = {"arm": "gradients", "seed": seed, "detector": detector, "loss": name}
        rows += [{**tags, "value": total.item(), **row} for row in _gradients(model)]
    results.add("gradients", rows)


def _gradients(model: SegmentationModel) -> list[dict[str, object]]:
    parts: dict[str, list[torch.Tensor | None]] = {}
    for name, parameter in model.named_parameters():
        parts.setdefault(part_of(name), []).append(parameter.grad)
    return [
        {
            "part": part,
            "tensors": len(grads),
            "without": sum(grad is None for grad in grads),
            "norm": sum(float(grad.square().sum()) for grad in grads if grad is not None) ** 0.5,
        }
        for part, grads in parts.items()
    ]


def run_loops(seed: int, size: Size, results: Results, cache: Path) -> None:
    """Take the same steps with every loss and detector in the loop: time, and the bits after."""
    steps = min(5, size.steps)
    alone, plain = _loop(None, seed, size, cache, steps)
    rows = [_loop_row(seed, "", "membrane dice alone", plain, same=True)]
    for detector in LOOP_DETECTORS:
        for name, spec in study_losses(detector).items():
            weights, seconds = _loop(build_loss(spec), seed, size, cache, steps)
            same = fingerprint(weights) == fingerprint(alone)
            rows.append(_loop_row(seed, detector, name, seconds, same=same))
    weights, seconds = _loop(dice_of_slits, seed, size, cache, steps)
    same = fingerprint(weights) == fingerprint(alone)
    rows.append(_loop_row(seed, "", "dice on both heads", seconds, same=same))
    results.add("loops", rows)


def _loop_row(
    seed: int, detector: str, loss: str, seconds: float, *, same: bool
) -> dict[str, object]:
    tags = {"arm": "loops", "seed": seed, "detector": detector, "loss": loss}
    return {**tags, "ms_per_step": 1000 * seconds, "same_weights": "yes" if same else "no"}


def _loop(
    loss: SlitLoss | None, seed: int, size: Size, cache: Path, steps: int
) -> tuple[Weights, float]:
    """Return the weights after some steps, and the median CPU seconds of a step."""
    train = crops(seed, "train", size, cache)
    model = loaded(pretrained(seed, size, cache), size)
    optimiser = adam(model, MIDDLE)
    seconds = []
    for step in range(steps):
        began = time.process_time()
        one_step(model, optimiser, finetuning_batch(train, seed, step), loss)
        seconds.append(time.process_time() - began)
    return copied(model), float(np.median(seconds))


@dataclass(frozen=True, kw_only=True)
class Variant:
    """What is held fixed while the membrane's dice trains; names of parameters begin so."""

    frozen: tuple[str, ...] = ()
    statistics: bool = True
    membrane_weight: float = 1.0
    pretrained: bool = True


VARIANTS: Final = {
    "as reported": Variant(),
    "statistics fixed": Variant(statistics=False),
    "shared encoder fixed": Variant(frozen=TRUNK),
    "shared encoder and statistics fixed": Variant(frozen=TRUNK, statistics=False),
    "and the membrane's part of the cross link": Variant(
        frozen=TRUNK + MEMBRANE_ENCODER, statistics=False
    ),
    "membrane weight 0: only statistics move": Variant(membrane_weight=0.0),
    "membrane weight 0.01": Variant(membrane_weight=0.01),
    "membrane weight 100": Variant(membrane_weight=100.0),
    "untrained start": Variant(pretrained=False),
}


def run_moves(seed: int, size: Size, results: Results, cache: Path) -> None:
    """Train the membrane for some epochs and see how far the maps of slits moved."""
    validation = crops(seed, "validation", size, cache)
    rows = []
    for name, variant in VARIANTS.items():
        model = _start(variant, seed, size, cache)
        before = torch.sigmoid(outputs(model, validation).slit)
        _move(model, variant, seed, size, crops(seed, "train", size, cache))
        after = outputs(model, validation)
        change = (torch.sigmoid(after.slit) - before).abs()
        figures = measure(after, validation)
        rows.append(
            {
                **{"arm": "moves", "seed": seed, "variant": name},
                **{"mean_change": float(change.mean()), "largest_change": float(change.max())},
                **{key: figures[key] for key in ("ratio_doh", "ratio_tuned", "vanilla_px")},
            }
        )
    results.add("moves", rows)


def _start(variant: Variant, seed: int, size: Size, cache: Path) -> SegmentationModel:
    if variant.pretrained:
        return loaded(pretrained(seed, size, cache), size)
    return untrained(seed, size)


def _move(model: SegmentationModel, variant: Variant, seed: int, size: Size, train: Crops) -> None:
    for name, parameter in model.named_parameters():
        parameter.requires_grad = not (variant.frozen and name.startswith(variant.frozen))
    if not variant.statistics:
        for norm in batch_norms(model):
            norm.momentum = 0.0
    optimiser = adam(model, MIDDLE)
    for step in range(MOVING_EPOCHS * size.steps):
        one_step(
            model, optimiser, finetuning_batch(train, seed, step), None, variant.membrane_weight
        )


def run_detectors(seed: int, size: Size, results: Results, cache: Path) -> None:
    """Run each detector on the maps of the pretrained network, and time it on large ones."""
    validation = crops(seed, "validation", size, cache)
    model = loaded(pretrained(seed, size, cache), size)
    maps = torch.sigmoid(outputs(model, validation).slit)[:, 0].double().numpy()
    wide = np.random.default_rng(seed).uniform(10, 630, (60, 2))
    large = dots(wide, (640, 640), DOT_RADIUS_PX).astype(float)
    rows = []
    for name in ("peaks", *LOOP_DETECTORS):
        found, seconds = _timed(name, maps)
        _, wide_seconds = _timed(name, [large])
        tags = {"arm": "detectors", "seed": seed, "detector": name}
        times = {"ms_96": 1000 * seconds / len(maps), "ms_640": 1000 * wide_seconds}
        rows.append({**tags, **times, **_quality(found, validation)})
    results.add("detectors", [*rows, *_scikit_image(seed, large)])


def _scikit_image(seed: int, large: NDArray[Any]) -> list[dict[str, object]]:
    """Time scikit-image's detectors, which the study used: with their defaults, and narrow."""
    rows: list[dict[str, object]] = []
    for name in ("blob_log", "blob_dog", "blob_doh"):
        for words, how in (("defaults", {}), ("1 to 4 px", {"min_sigma": 1, "max_sigma": 4})):
            began = time.process_time()
            getattr(feature, name)(large, **how)
            spent = 1000 * (time.process_time() - began)
            tags = {"arm": "detectors", "seed": seed, "detector": f"{name}, {words}"}
            rows.append({**tags, "ms_640": spent})
    return rows


def _quality(found: list[Detections], drawn: Crops) -> dict[str, float]:
    """Return figures at a threshold of 0.5, and F1 at the best one."""
    threshold = tuned_threshold(found, drawn.points)
    plain, best = (
        [np.asarray(select(each, threshold=t, min_distance_px=3.0).yx) for each in found]
        for t in (0.5, threshold)
    )
    numbers = np.array([[len(a), len(b)] for a, b in zip(plain, drawn.points, strict=True)])
    offsets = [
        match(*pair, TOLERANCE_PX).distance_px for pair in zip(best, drawn.points, strict=True)
    ]
    right, n_best = sum(map(len, offsets)), sum(map(len, best))
    return {
        "ratio": pooled_count_ratio(*numbers.T),
        "f1_tuned": 2 * right / (n_best + int(numbers[:, 1].sum())),
        "offset_px": float(np.concatenate(offsets).mean()) if right else float("nan"),
        "unequal": float((numbers[:, 0] != numbers[:, 1]).mean()),
    }


def _timed(name: str, maps: Iterable[NDArray[Any]]) -> tuple[list[Detections], float]:
    """Return what a detector finds in each map, and the shorter of two CPU times, seconds."""
    seconds = []
    for _ in range(2):
        began = time.process_time()
        found = [find(DETECTORS[name](), each, pixel_size_nm=10.0) for each in maps]
        seconds.append(time.process_time() - began)
    return found, min(seconds)


def run_pretraining(seed: int, size: Size, results: Results, cache: Path) -> None:
    """Train the start of all arms, and judge it on the test images."""
    model = loaded(pretrained(seed, size, cache), size)
    validation, test = (crops(seed, part, size, cache) for part in ("validation", "test"))
    rows: list[dict[str, object]] = []
    threshold: float | None = None
    for part, drawn in (("validation", validation), ("test best", test)):
        figures = measure(outputs(model, drawn), drawn, threshold)
        threshold = figures["threshold"]
        tags = {"arm": "pretraining", "seed": seed, "part": part, "epoch": 0, "rate": 0.0}
        rows.append({**tags, **figures})
    results.add("epochs", rows)


_RUNS: Final = {
    "pretraining": run_pretraining,
    "loops": run_loops,
    "gradients": run_gradients,
    "moves": run_moves,
    "detectors": run_detectors,
}
PARTS: Final = tuple(_RUNS)


def run_part(name: str, seed: int, size: Size, results: Results, cache: Path) -> None:
    """Run what is no arm, by its name in `PARTS`."""
    _RUNS[name](seed, size, results, cache)
