"""From the membrane and the slits of an image to its measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry.image_measures import ImageMeasures
from napari_slitseg.core.morphometry.lines import membrane_paths
from napari_slitseg.core.morphometry.measures import measure_paths
from napari_slitseg.core.morphometry.settings import MeasureSettings


def measure_image(
    membrane: NDArray[Any],
    ids: ArrayLike,
    yx: ArrayLike,
    *,
    scale: Scale | None,
    settings: MeasureSettings | None = None,
    excluded: Sequence[ArrayLike] = (),
) -> ImageMeasures:
    """Find the membrane lines of an image and measure the slits on them.

    Parameters
    ----------
    membrane : (H, W) ndarray
        Stripe of the membrane (bool), or its probability map.
    ids, yx, scale, settings, excluded
        As in `measure_paths`.

    Raises
    ------
    ValueError
        If the membrane is no image, a slit has no number or place of its own, or an area is not
        made of finite corners.
    """
    settings = settings or MeasureSettings()
    lines = membrane_paths(membrane, settings, None if scale is None else scale.nm_per_px)
    return measure_paths(
        lines.paths,
        ids,
        yx,
        scale=scale,
        settings=settings,
        excluded=excluded,
        notices=lines.notices,
    )
