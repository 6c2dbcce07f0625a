"""Run one tile on a device."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_slitseg.core.bundled import DEFAULT_MODEL, bundled_models
from napari_slitseg.core.checkpoint import CheckpointInfo, load_checkpoint
from napari_slitseg.core.image import Normalisation
from napari_slitseg.core.models import ForkNetSpec, build_model

if TYPE_CHECKING:
    from napari_slitseg.core.models.base import SegmentationModel

TILE_PX: Final = 320


def seconds_for_a_tile(device: str) -> float:
    """Time for one tile of `TILE_PX`, after one that warms up.

    Uses the bundled model, or one of its architecture with random weights where there is none.

    Raises
    ------
    InferenceError
        If the device cannot do it.
    """
    from napari_slitseg.core.inference import Predictor

    predictor = Predictor(*_model(), device=device)
    noise = np.random.default_rng(0).integers(0, 256, (TILE_PX, TILE_PX), np.uint8)
    for _ in range(2):
        start = perf_counter()
        for _ in predictor.predict(noise, None):
            pass
        seconds = perf_counter() - start
    return seconds


def _model() -> tuple[SegmentationModel, CheckpointInfo]:
    path = bundled_models().get(DEFAULT_MODEL)
    if path is not None:
        return load_checkpoint(path)
    spec = ForkNetSpec(width=0.25)
    info = CheckpointInfo("random", spec, Normalisation(), 10.0, 0.5, 30.0)
    return build_model(spec), info
