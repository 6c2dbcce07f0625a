"""Rows of the published tool's workbooks from what its rules gave for images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.morphometry.fpw_dl_v1 import FpwDlV1Image

NOTHING = -1.0
"""What the tool writes where it has no width."""


def fpw_dl_v1_file_row(image: FpwDlV1Image) -> dict[str, float]:
    """Return an image's row of the sheet File, without Name and Time; lengths in px."""
    return {
        "Membrane": image.membrane_px,
        "Distances": NOTHING if image.fpw_px is None else image.fpw_px,
        "Count": float(image.n_slits),
    }


def fpw_dl_v1_folder_row(
    images: Sequence[FpwDlV1Image], *, use_file_average: bool = True
) -> dict[str, float]:
    """Return a folder's row of the bulk report, without Report Folder and Average Time.

    Parameters
    ----------
    images : sequence of FpwDlV1Image
    use_file_average : bool
        Average the images' means, as in the paper; else all widths alike, which is what the tool
        does unless it is told.

    Returns
    -------
    dict of str to float
        By the names of `FPW_DL_V1_COLUMNS`, lengths in px. Where no image has a width, it is
        what the tool writes then: 0 for means of counts, -1 for all else, and minus the membrane's
        length for "Fraction FPW".
    """
    membrane = sum(image.membrane_px for image in images)
    widths = _averaged(images, use_file_average=use_file_average)
    if not len(widths):
        return _row([0, NOTHING, NOTHING, membrane, 0, NOTHING, -membrane])
    counts = np.array([image.n_slits for image in images])
    covered = np.array([each.attachment_px for each in images if each.attachment_px is not None])
    spread = (widths.mean(), widths.std(), membrane, covered.mean(), covered.std())
    return _row([counts.mean(), *spread, membrane / counts.sum()])


def _averaged(images: Sequence[FpwDlV1Image], *, use_file_average: bool) -> NDArray[np.float64]:
    if use_file_average:
        return np.array([image.fpw_px for image in images if image.fpw_px is not None], np.float64)
    return np.concatenate([np.zeros(0), *(image.all_widths_px for image in images)])


def _row(values: Sequence[float]) -> dict[str, float]:
    names = (
        "Average File Slit Count",
        "Average FPW",
        "STD FPW",
        "Membrane Length",
        "Average Attachment",
        "STD Attachment",
        "Fraction FPW",
    )
    return {name: float(value) for name, value in zip(names, values, strict=True)}
