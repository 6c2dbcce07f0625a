"""What an image adds to the figures of its glomerulus, biopsy and group."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.morphometry.image_measures import ImageMeasures
from napari_slitseg.core.morphometry.intervals import SAME_PLACE_PX
from napari_slitseg.core.morphometry.sample import Sample

NO_SCALE: Final = "scale is not known"
NO_MEMBRANE: Final = "membrane was not found"


@dataclass(frozen=True, eq=False)
class ImageRow:
    """Sums of one image, in nm.

    Attributes
    ----------
    name : str
    sample : Sample
    length_nm : float
        Of all membrane lines; not finite where the scale is unknown, 0 without membrane.
    n_slits : int
        On the membrane; those of an image without a length count nowhere.
    widths_nm : (M,) float64
        Foot process widths: stretches between two slits; 0 between two at the same place.
    effaced_nm : float
        Length of membrane under foot processes wider than the limit; NaN where that is not known.
    """

    name: str
    sample: Sample
    length_nm: float
    n_slits: int
    widths_nm: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    effaced_nm: float = math.nan

    @property
    def why_none(self) -> str:
        """Why the image has no figures, such as "scale is not known"; "" where it has."""
        if not math.isfinite(self.length_nm):
            return NO_SCALE
        return "" if self.length_nm > 0 else NO_MEMBRANE


def row_of(name: str, sample: Sample, measures: ImageMeasures) -> ImageRow:
    """Return the sums of an image that was measured."""
    nm_per_px = measures.nm_per_px
    length_px = measures.intervals.length_px
    stretches = np.where(length_px < SAME_PLACE_PX, 0.0, length_px) * nm_per_px
    is_measured = measures.intervals.is_measured
    limit_nm = measures.settings.effaced_nm
    return ImageRow(
        name=name,
        sample=sample,
        length_nm=float(sum(path.length_px for path in measures.paths)) * nm_per_px,
        n_slits=int(measures.slits.is_on_line.sum()),
        widths_nm=stretches[is_measured],
        effaced_nm=float(stretches[stretches > limit_nm].sum()) if measures.scale else math.nan,
    )
