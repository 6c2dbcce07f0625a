"""Ways to measure a picture: ours and the published tool's rules, true masks or a model's maps."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import numpy as np
from truth import Truth

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.morphometry import (
    dots_map,
    figures,
    measure_fpw_dl_v1,
    measure_image,
    to_fpw_dl_v1_frame,
)
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.pipelines.predict_one import predict_image

Figures = dict[str, float]
T = TypeVar("T")

OLD_NM = 16.0
DOT_NM = 60.0


def ours(membrane: Any, slits: Any, nm_per_px: float) -> Figures:
    """Length, number of slits, mean width and density as the product gives them."""
    scale = Scale(nm_per_px, "typed", "known")
    found = figures(measure_image(membrane, np.arange(len(slits)), slits, scale=scale))
    return {
        "length_nm": found["membrane_length_um"].value * 1000,
        "n_slits": found["n_slits"].value,
        "fpw_nm": found["fpw_mean_nm"].value,
        "density_per_um": found["slit_density_per_um"].value,
        "length_over_count_nm": found["fpw_length_over_count_nm"].value,
        "censored_nm": found["fpw_censored_mean_nm"].value,
    }


def old(membrane: Any, slit_map: Any, nm_per_px: float) -> Figures:
    """Return the same by the published tool's rules, in its frame at the scale it was made for."""
    maps = (to_fpw_dl_v1_frame(each, pixel_size_nm=nm_per_px) for each in (membrane, slit_map))
    image = measure_fpw_dl_v1(*maps)
    length = image.membrane_px * OLD_NM
    return {
        "length_nm": length,
        "n_slits": float(image.n_slits),
        "fpw_nm": float("nan") if image.fpw_px is None else image.fpw_px * OLD_NM,
        "density_per_um": image.n_slits / length * 1000 if length else float("nan"),
    }


def by_truth(truth: Truth) -> dict[str, Figures]:
    """Measure the true stripe and slits."""
    dots = dots_map(truth.slits, truth.membrane.shape, DOT_NM / truth.nm_per_px)
    return {
        "ours, true masks": ours(truth.membrane, truth.slits, truth.nm_per_px),
        "old, true masks": old(truth.membrane, dots, truth.nm_per_px),
    }


def by_model(predictor: Any, truth: Truth) -> dict[str, Figures]:
    """Measure what a model makes of the micrograph."""
    found = predicted(predictor, truth.image, truth.nm_per_px)
    membrane, slit = (np.asarray(each, np.float32) for each in (found.membrane, found.slit))
    dots = dots_map(found.table.yx, found.shape, DOT_NM / truth.nm_per_px)
    return {
        "ours, model": ours(membrane, found.table.yx, truth.nm_per_px),
        "ours, model's membrane, true slits": ours(membrane, truth.slits, truth.nm_per_px),
        "ours, true membrane, model's slits": ours(truth.membrane, found.table.yx, truth.nm_per_px),
        "old, model's maps": old(membrane, np.clip(slit, 0, 1), truth.nm_per_px),
        "old, model's membrane and points": old(membrane, dots, truth.nm_per_px),
    }


def predicted(predictor: Any, pixels: Any, nm_per_px: float) -> Prediction:
    """Run a model on a micrograph."""
    return _result_of(predict_image(predictor, Micrograph(pixels, nm_per_px, "known", "picture")))


def _result_of(steps: Generator[Any, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: T = stop.value
            return result
