"""A photograph of a grating measured in a thread, with a picture of the evidence. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.image import read_image

if TYPE_CHECKING:
    from napari_slitseg.core.calibration.grating import GratingScale

SIDE_PX: Final = 200
"""Of the picture of the photograph, and of that of its spectrum."""

_GAP_PX: Final = 8
_LARGEST_PX: Final = 1024
_MARGIN: Final = 1.4
_RING_PX: Final = 5
_ORANGE: Final = (230, 159, 0)

Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class MeasuredPhoto:
    """What a photograph of a grating gave.

    Attributes
    ----------
    path : Path
        The photograph.
    found : GratingScale
        Scale, lines and harmonics.
    picture : (H, W, 3) uint8
        Middle of the photograph, and its spectrum with the harmonics in orange squares.
    """

    path: Path
    found: GratingScale
    picture: Picture


def measure_photo(
    path: Path, lines_per_mm: float, should_stop: Callable[[], bool]
) -> Generator[str, None, MeasuredPhoto | str]:
    """Measure a photograph of a grating; return why where it cannot be read or has no grating."""
    from napari_slitseg.core.calibration.grating import measure_grating

    yield f"Reading {path.name}"
    try:
        pixels = read_image(path).pixels
        if should_stop():
            return ""
        yield "Looking for lines"
        found = measure_grating(pixels, lines_per_mm, name=path.name)
    except (ValueError, OSError) as error:
        return str(error)
    return MeasuredPhoto(path, found, evidence_of(pixels, found))


def words_about(found: GratingScale) -> str:
    """Say what was found, a sentence a line."""
    lines = [
        f"Lines every {each.period_px:.5g} ± {each.uncertainty_px:.1g} px at "
        f"{each.angle_deg:.1f}°, {each.n_lines:.1f} across."
        for each in found.lines
    ]
    orders = [f"{each.order} ({each.strength:.0%})" for each in found.harmonics]
    harmonics = f"Harmonics that were found: {', '.join(orders)}." if orders else ""
    return "\n".join(filter(None, (*lines, harmonics, *found.notices)))


def evidence_of(pixels: NDArray[Any], found: GratingScale) -> Picture:
    """Return the middle of a photograph beside its spectrum, (H, W, 3)."""
    middle = _middle(pixels)
    frequencies = [
        harmonic.order * _frequency(found.lines[0].period_px, found.angle_deg)
        for harmonic in found.harmonics
    ]
    highest = max((float(np.abs(each).max()) for each in frequencies), default=0.1)
    reach = min(0.5, _MARGIN * highest)
    spectrum = _grey(_spectrum(middle, reach))
    for frequency in frequencies:
        for sign in (-1, 1):
            _mark(spectrum, (sign * frequency / reach + 1) / 2 * (SIDE_PX - 1))
    gap = np.zeros((SIDE_PX, _GAP_PX, 3), np.uint8)
    return np.concatenate([_grey(_sampled(middle)), gap, spectrum], axis=1)


def _middle(pixels: NDArray[Any]) -> NDArray[np.float64]:
    side = min(*pixels.shape, _LARGEST_PX)
    y, x = ((length - side) // 2 for length in pixels.shape)
    return np.asarray(pixels[y : y + side, x : x + side], np.float64)


def _frequency(period_px: float, angle_deg: float) -> NDArray[np.float64]:
    """Return the wave (y, x) of lines at an angle, cycles per px."""
    angle = np.deg2rad(angle_deg)
    return np.array([np.cos(angle), np.sin(angle)]) / period_px


def _spectrum(middle: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Return the logarithm of the spectrum up to a frequency, sampled on the picture's pixels."""
    window = np.hanning(len(middle))
    values = (middle - middle.mean()) * np.outer(window, window)
    power = np.log1p(np.abs(np.fft.fftshift(np.fft.fft2(values))))
    steps = np.linspace(-reach, reach, SIDE_PX) * len(middle) + len(middle) // 2
    at = np.clip(np.rint(steps).astype(int), 0, len(middle) - 1)
    return np.asarray(power[np.ix_(at, at)])


def _sampled(middle: NDArray[np.float64]) -> NDArray[np.float64]:
    at = np.rint(np.linspace(0, len(middle) - 1, SIDE_PX)).astype(int)
    return np.asarray(middle[np.ix_(at, at)])


def _grey(values: NDArray[np.float64]) -> Picture:
    low, high = np.percentile(values, (1, 99.8))
    grey = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    return np.repeat((255 * grey).astype(np.uint8)[..., None], 3, axis=2)


def _mark(picture: Picture, yx: NDArray[np.float64]) -> None:
    """Draw a square around a place."""
    y, x = (round(float(each)) for each in yx)
    top, left = max(0, y - _RING_PX), max(0, x - _RING_PX)
    bottom, right = (min(SIDE_PX - 1, each + _RING_PX) for each in (y, x))
    picture[[top, bottom], left : right + 1] = _ORANGE
    picture[top : bottom + 1, [left, right]] = _ORANGE
