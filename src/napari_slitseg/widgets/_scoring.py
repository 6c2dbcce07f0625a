"""Compare what is known about an image: lengths in nm become pixels here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._overlay import Overlay, compare

if TYPE_CHECKING:
    from napari_slitseg.core.scores import ImageScores

_IGNORE_RADIUS_NM: Final = 100.0
_ASSUMED_NM: Final = 10.0


def compare_entry(entry: ImageEntry, tolerance_nm: float) -> tuple[Overlay, ImageScores | None]:
    """Return what to draw over an image, and its scores where there is enough to compare.

    Without a pixel size that of the prediction counts, the model's own.
    """
    prediction = entry.prediction
    assumed = _ASSUMED_NM if prediction is None else prediction.pixel_size_nm
    size_nm = entry.pixel_size_nm or assumed
    return compare(
        None if prediction is None else prediction.table,
        entry.annotation,
        shape=entry.shape,
        tolerance_px=tolerance_nm / size_nm,
        ignore_radius_px=_IGNORE_RADIUS_NM / size_nm,
        pixel_size_nm=entry.pixel_size_nm,
    )
