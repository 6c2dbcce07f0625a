"""Points from ImageJ/Fiji ROI files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import roifile
from numpy.typing import NDArray

from napari_slitseg.core.points_source import PointsReadError
from napari_slitseg.core.points_table import PointTable


def read_roi(path: Path) -> PointTable:
    """Read the points of an ImageJ ROI file (.roi) or ROI set (.zip).

    ImageJ counts the coordinates of point selections from pixel centres, as we do:
    clicking the middle of the first pixel stores 0, with and without sub-pixel
    resolution (``Roi.useLineSubpixelConvention`` in ImageJ's source). Only outlines of
    areas count from pixel corners. So x and y are taken as they are.

    Selections in a set that are no points (lines, areas) are left out.

    Raises
    ------
    PointsReadError
        If the file is damaged or holds no point selection.
    """
    try:
        found = roifile.roiread(path)
    except Exception as error:
        raise PointsReadError(f"{path.name} is no readable ImageJ ROI file ({error}).") from error
    rois = found if isinstance(found, list) else [found]
    points = [roi for roi in rois if roi.roitype == roifile.ROI_TYPE.POINT]
    if not points:
        raise PointsReadError(
            f"{path.name} holds {len(rois)} selection(s), none of which is a point or "
            "multi-point selection."
        )
    try:
        return PointTable.from_yx(np.concatenate([_yx(roi) for roi in points]))
    except ValueError as error:
        raise PointsReadError(f"{path.name}: {error}") from error


def _yx(roi: roifile.ImagejRoi) -> NDArray[np.float64]:
    xy = np.asarray(roi.coordinates(), np.float64).reshape(-1, 2)
    return xy[:, ::-1]
