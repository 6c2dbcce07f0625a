"""How long a pixel is in nanometres, how that is known, and how well."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from napari_slitseg.core.pixel_size import PLAUSIBLE_NM

ScaleKind = Literal["file", "typed", "table", "scale bar", "grating"]

SCALE_KINDS: Final[tuple[ScaleKind, ...]] = ("file", "typed", "table", "scale bar", "grating")
"""Ways to know a scale: metadata of the file, a person, a table of sizes, or a measured picture."""


_MOST_DECIMALS: Final = 5


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

    @property
    def origin(self) -> str:
        """Where it comes from: "grating: photo.tif", "scale bar of 2 µm, 245.2 px"."""
        if self.source.startswith(f"{self.kind} of "):
            return self.source
        return f"{self.kind}: {self.source}" if self.source else self.kind

    def __str__(self) -> str:
        """Return the scale as a person reads it: 8.16 ± 0.02 nm per pixel (scale bar of ...)."""
        return f"{_with_doubt(self.nm_per_px, self.relative_uncertainty)} ({self.origin})"


def _with_doubt(nm: float, share: float | None) -> str:
    """Write a size and its uncertainty with the same decimals, to 2 to 19 units of the last."""
    if not share:
        return f"{nm:.5g} nm per pixel"
    doubt = nm * share
    decimals = min(max(-math.floor(math.log10(doubt / 2)), 0), _MOST_DECIMALS)
    unit = 10.0**-decimals
    shown = max(round(doubt / unit), 1) * unit
    return f"{nm:.{decimals}f} ± {shown:.{decimals}f} nm per pixel"
