"""Pixel size in nanometres: units, plausibility and pixels that are not square."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

PLAUSIBLE_NM: Final = (0.05, 1000.0)
"""Range of a believable electron microscope pixel, nm; the upper bound lies outside."""

_NM_PER_UNIT: Final = {
    "fm": 1e-6,
    "pm": 1e-3,
    "a": 0.1,
    "å": 0.1,
    "angstrom": 0.1,
    "angstroms": 0.1,
    "nm": 1.0,
    "nanometer": 1.0,
    "nanometers": 1.0,
    "nanometre": 1.0,
    "nanometres": 1.0,
    "µm": 1e3,
    "um": 1e3,
    "micron": 1e3,
    "microns": 1e3,
    "micrometer": 1e3,
    "micrometers": 1e3,
    "micrometre": 1e3,
    "micrometres": 1e3,
    "mm": 1e6,
    "cm": 1e7,
    "m": 1e9,
    "meter": 1e9,
    "meters": 1e9,
    "metre": 1e9,
    "metres": 1e9,
    "inch": 2.54e7,
    "inches": 2.54e7,
    "in": 2.54e7,
    '"': 2.54e7,
}
_SPELLINGS: Final = {"\\u00b5": "µ", "\\u00c5": "å", "\u03bc": "µ", "\u212b": "å", "\u00c5": "å"}


@dataclass(frozen=True)
class PixelSize:
    """Height and width of a pixel in nm, and which part of the file says so."""

    y_nm: float
    x_nm: float
    source: str

    @property
    def isotropic_nm(self) -> float:
        """Geometric mean of height and width, nm."""
        return math.sqrt(self.y_nm * self.x_nm)

    @property
    def is_plausible(self) -> bool:
        """Whether an electron micrograph can have such pixels."""
        low, high = PLAUSIBLE_NM
        return all(low <= size < high for size in (self.y_nm, self.x_nm))

    @property
    def notices(self) -> tuple[str, ...]:
        """One sentence when the pixels are not square by more than 1 %."""
        ratio = self.y_nm / self.x_nm
        if max(ratio, 1 / ratio) <= 1.01:
            return ()
        return (
            f"The pixels are not square ({self.y_nm:.4g} nm high, {self.x_nm:.4g} nm wide): "
            f"distances use their geometric mean, {self.isotropic_nm:.4g} nm.",
        )


def nm_per_unit(unit: str) -> float | None:
    """Length of a unit of measure in nm, None when it is no known length.

    Parameters
    ----------
    unit : str
        Name or symbol such as "nm", "µm", "micron", "A", "inch"; ImageJ's escaped
        spelling of the micro sign is understood. Capitals do not matter.
    """
    text = unit.strip().strip("\x00").lower()
    for spelled, symbol in _SPELLINGS.items():
        text = text.replace(spelled.lower(), symbol)
    return _NM_PER_UNIT.get(text)


def pixel_size(y: float, x: float, unit: str | float, source: str) -> PixelSize | None:
    """Pixel size from two lengths and their unit, None when they make no sense.

    Parameters
    ----------
    y, x : float
        Height and width of a pixel in `unit`.
    unit : str or float
        Name of the unit, or its length in nm.
    source : str
        Which part of the file says so.
    """
    scale = nm_per_unit(unit) if isinstance(unit, str) else unit
    if scale is None:
        return None
    sizes = (float(y) * scale, float(x) * scale)
    if not all(math.isfinite(size) and size > 0 for size in sizes):
        return None
    return PixelSize(*sizes, source)


def believable(size: PixelSize | None) -> tuple[PixelSize | None, tuple[str, ...]]:
    """Keep a size an electron micrograph can have; say what is odd about it.

    Returns
    -------
    size : PixelSize or None
        None for a size outside `PLAUSIBLE_NM`, such as the 1 µm of files that were
        never calibrated.
    notices : tuple of str
        Sentences for the person.
    """
    if size is None or size.is_plausible:
        return size, () if size is None else size.notices
    low, high = PLAUSIBLE_NM
    return None, (
        f"The file states a pixel of {size.isotropic_nm:.4g} nm ({size.source}), which no "
        f"electron micrograph has ({low} to {high:g} nm): the pixel size is unknown.",
    )
