"""An image by the published tool's rules, and our figures as that tool would count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.membrane import ASSUMED_PIXEL_SIZE_NM
from napari_slitseg.core.morphometry import (
    FpwDlV1Image,
    ImageMeasures,
    dots_map,
    measure_fpw_dl_v1,
    to_fpw_dl_v1_frame,
)
from napari_slitseg.core.morphometry.fpw_dl_v1_frame import FRAME_SCALE
from napari_slitseg.core.preprocessing import PREPROCESSINGS

_NM_PER_PX: Final = 10.0
_DOT_NM: Final = 60.0


@dataclass(frozen=True, eq=False)
class OldFigures:
    """What the published tool's rules give for the membrane and slits of an image.

    Attributes
    ----------
    found : FpwDlV1Image
        Lengths in px of the tool's frame.
    is_cut : bool
        Whether part of the image lies beyond that frame: it counts in ours only.
    """

    found: FpwDlV1Image
    is_cut: bool = False


def old_figures(
    membrane: NDArray[Any],
    yx: ArrayLike,
    *,
    slit_map: NDArray[Any] | None = None,
    scale: Scale | None = None,
) -> OldFigures:
    """Measure the membrane and slits of an image by the published tool's rules.

    The tool's limits are in px of images of about 10 nm per pixel: where the scale is known, the
    image is brought to that first. Else a pixel is a pixel.

    Parameters
    ----------
    membrane : (H, W) array
        Mask, or map of probabilities.
    yx : (N, 2) array_like
        Slits, px: they are drawn as dots where there is no map of them.
    slit_map : (H, W) array, optional
        Map of the slits; the tool finds the slits itself.
    scale : Scale, optional
    """
    nm = None if scale is None else scale.nm_per_px
    if slit_map is None:
        shape = (membrane.shape[0], membrane.shape[1])
        slit_map = dots_map(yx, shape, _DOT_NM / (nm or ASSUMED_PIXEL_SIZE_NM))
    maps = (to_fpw_dl_v1_frame(each, pixel_size_nm=nm) for each in (membrane, slit_map))
    per_px = 1.0 if nm is None else nm / _NM_PER_PX
    field = PREPROCESSINGS["fpw-dl-v1"].field_px
    is_cut = any(side * per_px > n for side, n in zip(membrane.shape, field, strict=True))
    return OldFigures(measure_fpw_dl_v1(*maps), is_cut)


def px_per_frame_px(measures: ImageMeasures) -> float:
    """Return how many pixels of an image a pixel of the tool's frame is wide; see `old_figures`."""
    per_px = 1.0 if measures.scale is None else _NM_PER_PX / measures.scale.nm_per_px
    return FRAME_SCALE * per_px


def frame_nm(measures: ImageMeasures) -> float:
    """Return the side of a pixel of the tool's frame, nm; NaN where the scale is unknown."""
    return px_per_frame_px(measures) * measures.nm_per_px


def ours_as_old(measures: ImageMeasures) -> FpwDlV1Image:
    """Return what we measured in the tool's form, lengths in px of its frame.

    Its sums and means over lines, images and folders can then be taken of ours, too. Slits off the
    membrane are not in it.
    """
    per_frame_px = px_per_frame_px(measures)
    kept, slits = measures.intervals, measures.slits
    return FpwDlV1Image(
        lines=tuple(np.round(path.yx / per_frame_px).astype(np.int64) for path in measures.paths),
        lengths_px=np.array([path.length_px for path in measures.paths]) / per_frame_px,
        dots=slits.yx[slits.is_on_line] / per_frame_px,
        n_slits=int(slits.is_on_line.sum()),
        slits=tuple(slits.yx[slits.line == n] / per_frame_px for n in range(len(measures.paths))),
        widths_px=tuple(
            kept.length_px[kept.is_measured & (kept.line == n)] / per_frame_px
            for n in range(len(measures.paths))
        ),
    )
