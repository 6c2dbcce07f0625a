"""How long a pixel is in nanometres, how that is known, and how well."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from napari_slitseg.core.pixel_size import PLAUSIBLE_NM

ScaleKind = Literal["file", "typed", "table", "scale bar", "grating"]

SCALE_KINDS: Final[tuple[ScaleKind, ...]] = ("file", "typed", "table", "scale bar", "grating")
"""Ways to know a scale: metadata of the file, a person, a table of sizes, or a measured picture."""


@dataclass(frozen=True)
class Scale:
    """Side of a pixel in nm, and where it comes from.

    Attributes
    ----------
    nm_per_px : float
        In `PLAUSIBLE_NM`.
    kind : str
        One of `SCALE_KINDS`.
    source : str
        For the person: "OME-XML", "scale bar of 2 µm, 241.0 px", "grating-2160.tif".
    relative_uncertainty : float or None
        Standard uncertainty as a share of the size, such as 0.001; None when it is not known.

    Raises
    ------
    ValueError
        If the size cannot be that of an electron micrograph, or a field makes no sense.
    """

    nm_per_px: float
    kind: ScaleKind
    source: str
    relative_uncertainty: float | None = None

    def __post_init__(self) -> None:
        low, high = PLAUSIBLE_NM
        if not low <= self.nm_per_px < high:
            raise ValueError(
                f"A pixel of {self.nm_per_px:g} nm is none of an electron micrograph: "
                f"it must have {low:g} to {high:g} nm."
            )
        if self.kind not in SCALE_KINDS:
            raise ValueError(f"A scale is known by one of {list(SCALE_KINDS)}, not '{self.kind}'.")
        share = self.relative_uncertainty
        if share is not None and not (math.isfinite(share) and share >= 0):
            raise ValueError(f"An uncertainty must be a share of at least 0, not {share}.")

    def __str__(self) -> str:
        """Return the scale as a person reads it."""
        doubt = self.relative_uncertainty
        shown = "" if doubt is None else f" ± {self.nm_per_px * doubt:.2g}"
        return f"{self.nm_per_px:.5g}{shown} nm per pixel ({self.kind}: {self.source})"
