"""How exact and how fast the detectors are, on maps of the network that all arms start from."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from report_files import Results
from report_plan import Size
from report_scenes import DOT_RADIUS_PX, Crops, crops
from report_scores import TOLERANCE_PX, outputs, tuned_threshold
from report_training import loaded, pretrained
from skimage import feature

from napari_slitseg.core.detection import DETECTORS, Detections, find, select
from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics import pooled_count_ratio
from napari_slitseg.core.targets import dots

DetectorName = Literal["log", "dog", "doh"]
LOOP_DETECTORS: Final[tuple[DetectorName, ...]] = ("log", "dog", "doh")


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
