"""Nanometres per pixel from a photograph of a diffraction grating replica."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration.grating_evidence import strong_orders
from napari_slitseg.core.calibration.grating_image import prepared
from napari_slitseg.core.calibration.grating_lines import Found, find_lines
from napari_slitseg.core.calibration.grating_terms import lines_across
from napari_slitseg.core.calibration.grating_words import (
    FEWEST_PX,
    NoGrating,
    notices_about,
    too_fine,
)
from napari_slitseg.core.calibration.scale import Scale
from napari_slitseg.core.pixel_size import PLAUSIBLE_NM

LINES_PER_MM: Final = 2160.0
"""Of the grating replica that is sold for electron microscopes; its pitch is 462.963 nm."""

_OF_FEW_LINES: Final = 8.0
_KNOWN_AT_BEST: Final = 2e-5


@dataclass(frozen=True)
class LineSet:
    """Parallel lines of a grating.

    Attributes
    ----------
    period_px : float
        From line to line, px.
    uncertainty_px : float
        Standard uncertainty of the period, px.
    angle_deg : float
        Of the lines against the rows, counter-clockwise as seen, [0, 180).
    n_lines : float
        Periods across the image.
    """

    period_px: float
    uncertainty_px: float
    angle_deg: float
    n_lines: float


@dataclass(frozen=True)
class Harmonic:
    """A wave of the comb: which multiple of the fundamental, and how strong.

    Attributes
    ----------
    order : int
        1 is the fundamental.
    strength : float
        Amplitude over that of the strongest, [0, 1].
    """

    order: int
    strength: float


@dataclass(frozen=True)
class GratingScale:
    """Scale of a photograph of a grating, with the evidence.

    Attributes
    ----------
    scale : Scale
        Its uncertainty is that of the period; the grating's own pitch is taken as exact.
    lines : tuple of LineSet
        One, or the two of a cross grating.
    harmonics : tuple of Harmonic
        Of the first set of lines.
    significance : float
        Strength of the lines over its standard error between parts of the image.
    explained : float
        Share of the image's variance that is lines, [0, 1].
    variation : float
        By how much, as a share, the period differs from the middle to the corners.
    notices : tuple of str
        Sentences that the person should see.
    """

    scale: Scale
    lines: tuple[LineSet, ...]
    harmonics: tuple[Harmonic, ...]
    significance: float
    explained: float
    variation: float
    notices: tuple[str, ...] = ()

    @property
    def period_px(self) -> float:
        """From line to line, px; of a cross grating the geometric mean."""
        return math.prod(each.period_px for each in self.lines) ** (1 / len(self.lines))

    @property
    def angle_deg(self) -> float:
        """Angle of the (first) lines against the rows, counter-clockwise, [0, 180)."""
        return self.lines[0].angle_deg

    @property
    def anisotropy(self) -> float | None:
        """Longer over shorter period of a cross grating, less 1; None for plain lines."""
        if len(self.lines) < 2:
            return None
        periods = [each.period_px for each in self.lines]
        return max(periods) / min(periods) - 1


def measure_grating(
    image: NDArray[Any], lines_per_mm: float = LINES_PER_MM, *, name: str = ""
) -> GratingScale:
    """Measure nanometres per pixel from a photograph of a grating.

    Lines of a grating are a comb in the Fourier transform. The comb that explains most peaks of
    the windowed spectrum is fitted to the image itself, all harmonics together with a smooth
    ground, by least squares; so the fundamental may be weaker than its harmonics, or absent. The
    result holds for images of the same magnification and binning.

    Parameters
    ----------
    image : (H, W) array
        Grey values of any number type; at least 256 px a side, with at least 4 lines across, of at
        least 5 px each.
    lines_per_mm : float
        Of the grating.
    name : str
        Of the photograph, for the source of the scale.

    Returns
    -------
    GratingScale

    Raises
    ------
    NoGrating
        If there are no lines of a grating, with what was looked for and found, and what to do.
    """
    if not (math.isfinite(lines_per_mm) and lines_per_mm > 0):
        raise NoGrating(f"A grating has a positive number of lines per mm, not {lines_per_mm:g}.")
    found = find_lines(prepared(image))
    lines = tuple(_line_set(found, which) for which in range(len(found.fit.waves.basis)))
    finest_px = min(each.period_px for each in lines)
    if finest_px < FEWEST_PX:
        raise too_fine(finest_px)
    period = math.prod(each.period_px for each in lines) ** (1 / len(lines))
    nm_per_px = 1e6 / lines_per_mm / period
    low, high = PLAUSIBLE_NM
    if not low <= nm_per_px < high:
        raise NoGrating(
            f"Lines were found every {period:.4g} px, but {lines_per_mm:g} lines per mm would make "
            f"that {nm_per_px:.4g} nm per pixel, which no electron micrograph has. Check the "
            "number of lines per mm."
        )
    doubts = [each.uncertainty_px / each.period_px for each in lines]
    source = name or f"grating of {lines_per_mm:g} lines per mm"
    measured = GratingScale(
        scale=Scale(nm_per_px, "grating", source, math.hypot(*doubts) / len(doubts)),
        lines=lines,
        harmonics=_harmonics(found),
        significance=found.significance,
        explained=found.explained,
        variation=_variation(found),
    )
    return replace(
        measured,
        notices=notices_about(
            n_lines=found.n_lines,
            period_px=finest_px,
            variation=measured.variation,
            anisotropy=measured.anisotropy,
            stripes_px=found.stripes_px,
        ),
    )


def _line_set(found: Found, which: int) -> LineSet:
    frequency = found.fit.waves.basis[which]
    part = slice(2 * which, 2 * which + 2)
    square = frequency @ frequency
    variance = frequency @ found.fit.covariance[part, part] @ frequency / square
    period = found.bin_px / math.sqrt(square)
    n_lines = float(lines_across(frequency, found.fit.lines.shape))
    return LineSet(
        period_px=period,
        uncertainty_px=period * _doubt(math.sqrt(variance / square), n_lines),
        angle_deg=math.degrees(math.atan2(frequency[1], frequency[0])) % 180.0,
        n_lines=n_lines,
    )


def _doubt(scatter: float, n_lines: float) -> float:
    """Return the uncertainty of a period as a share, from the scatter of parts of the image.

    Parts of an image with few lines share their errors, so they scatter less than the truth; and
    lines without any noise are not known without end.
    """
    return math.hypot(scatter * math.sqrt(1 + _OF_FEW_LINES / n_lines), _KNOWN_AT_BEST)


def _harmonics(found: Found) -> tuple[Harmonic, ...]:
    orders, strengths = strong_orders(found.image, found.fit)
    most = max(strengths, default=1.0)
    return tuple(
        Harmonic(order, float(strength / most))
        for order, strength in zip(orders, strengths, strict=True)
    )


def _variation(found: Found) -> float:
    """Largest relative change of the frequency from the middle to a corner."""
    worst = 0.0
    unit = 2 / np.array(found.fit.lines.shape)
    for frequency, (yy, yx, xx) in zip(found.fit.waves.basis, found.fit.bend, strict=True):
        for corner in (-1.0, 1.0):
            change = np.array([2 * yy + yx * corner, yx + 2 * xx * corner]) * unit
            worst = max(worst, abs(change @ frequency) / (frequency @ frequency))
    return float(worst)
