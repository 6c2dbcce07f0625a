"""Images with a straight membrane and slits at known places on it."""

from __future__ import annotations

import numpy as np

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.prediction import Prediction

SHAPE = (96, 80)
ROW = 40
"""Where the membrane runs from border to border, px."""

SLITS_X = (10, 30, 60)
"""At 10 nm per pixel widths of 200 and 300 nm, on a membrane of 0.79 µm."""


def stripe(row: int = ROW) -> np.ndarray:
    """Return a membrane of 9 px across the image."""
    mask = np.zeros(SHAPE, bool)
    mask[row - 4 : row + 5] = True
    return mask


def slits(xs=SLITS_X, row: int = ROW) -> PointTable:
    return PointTable.from_yx([[row, x] for x in xs])


def with_membrane(prediction: Prediction, row: int = ROW) -> Prediction:
    """Return a prediction whose map shows a membrane."""
    from dataclasses import replace

    return replace(prediction, membrane=stripe(row).astype(np.float16))
