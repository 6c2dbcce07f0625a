"""More figures of one image, for those who ask for them."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.detection.peaks import Detections
from napari_slitseg.core.metrics.areas import fpw_dice
from napari_slitseg.core.metrics.distances import chamfer_distance
from napari_slitseg.core.metrics.hausdorff import averaged_hausdorff_distance, hausdorff_distance
from napari_slitseg.core.metrics.masks import count_pixels
from napari_slitseg.core.metrics.membranes import PIXEL_COUNTS
from napari_slitseg.core.metrics.outlines import boundary_f1, centreline_dice
from napari_slitseg.core.metrics.ranking import ScoredImage
from napari_slitseg.core.metrics.tolerances import integrated_f1
from napari_slitseg.core.metrics.transport import bijective_chamfer_distance, earth_movers_distance

Points = NDArray[np.float64]

MEMBRANE_CUT: Final = 0.5
"""Probability from which a pixel of a membrane map counts as membrane."""

_MOST_FOR_TRANSPORT: Final = 300**2


@dataclass(frozen=True, eq=False)
class Sets:
    """Two sets of points of one image, and how far apart a pair may be.

    Parameters
    ----------
    predicted_yx, annotated_yx : (N, 2) and (M, 2) array of float
        Those that count, px: without predictions set aside and uncertain annotations.
    tolerance_px : float
        Largest distance of a matched pair.
    pixel_size_nm : float or None
        For the figures in nm.
    """

    predicted_yx: Points
    annotated_yx: Points
    tolerance_px: float
    pixel_size_nm: float | None = None


def further_figures(sets: Sets) -> dict[str, float]:
    """Return more figures by their names in `COLUMNS`; NaN where one is not defined.

    Distances are NaN where exactly one set is empty; the bijective one charges the tolerance for a
    point without a partner. Beyond 90 000 pairs of points the earth mover's distance, which would
    take minutes, is NaN.
    """
    p, g = sets.predicted_yx, sets.annotated_yx
    nan = math.nan
    few = len(p) * len(g) <= _MOST_FOR_TRANSPORT
    px = {
        "chamfer_predicted": chamfer_distance(p, g, empty_px=nan, direction="to_annotated"),
        "chamfer_annotated": chamfer_distance(p, g, empty_px=nan, direction="to_predicted"),
        "chamfer_sum": chamfer_distance(p, g, empty_px=nan, reduction="sum", halved=False),
        "averaged_hausdorff": averaged_hausdorff_distance(p, g, empty_px=nan),
        "hausdorff": hausdorff_distance(p, g, empty_px=nan),
        "bijective": bijective_chamfer_distance(p, g, penalty_px=sets.tolerance_px, capped=True),
        "earth_mover": earth_movers_distance(p, g, empty_px=nan) if few else nan,
    }
    size = sets.pixel_size_nm
    in_nm = {} if size is None else {f"{name}_nm": value * size for name, value in px.items()}
    all_found = Detections(p, np.ones(len(p)))
    image = ScoredImage(found=all_found, annotated_yx=g, tolerance_px=sets.tolerance_px)
    return {
        **{f"{name}_px": value for name, value in px.items()},
        **in_nm,
        "integrated_f1": integrated_f1([image], threshold=0.0),
    }


def membrane_figures(
    probability: NDArray[np.floating], annotated: NDArray[np.bool_], *, tolerance_px: float
) -> dict[str, float]:
    """Return how a membrane map agrees with a mask, by names in `COLUMNS`.

    Parameters
    ----------
    probability : (H, W) array of float
        In [0, 1].
    annotated : (H, W) array of bool
    tolerance_px : float
        Of the outlines, px.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    cut = np.asarray(probability) >= MEMBRANE_CUT
    counts = count_pixels(cut, annotated)
    return {
        "membrane_dice": counts.dice,
        "membrane_fpw_dice": fpw_dice(probability, annotated),
        "membrane_iou": counts.iou,
        "membrane_accuracy": counts.accuracy,
        "membrane_boundary_f1": boundary_f1(cut, annotated, tolerance_px=tolerance_px),
        "membrane_centreline_dice": centreline_dice(cut, annotated),
        **dict(zip(PIXEL_COUNTS, map(float, astuple(counts)), strict=True)),
    }
