"""Nanometres per pixel from a scale bar that is burnt into an image."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.calibration.scale import Scale
from napari_slitseg.core.calibration.scale_bar_runs import Box, find_boxes
from napari_slitseg.core.calibration.scale_bar_score import ends_px, score
from napari_slitseg.core.pixel_size import nm_per_unit

DRAWN_END_PX: Final = 1.0
"""Standard uncertainty of an end that a person marked, px."""

FOUND_END_PX: Final = 0.5
"""The same for an end that was found: nobody knows whether a border was meant to count."""

_LABEL: Final = re.compile(r"\s*(\d+(?:[.,]\d+)?|[.,]\d+)\s*(\S+)\s*")
_EXAMPLES: Final = "such as 2 µm, 500 nm or 0.5 um"
_LEAST_SCORE: Final = 0.3
_MOST: Final = 8
_BORDER_PX: Final = 6


@dataclass(frozen=True)
class ScaleBar:
    """A bar that may be a scale bar.

    Attributes
    ----------
    start, end : (y, x)
        Its left and its right end, px, to a fraction of a pixel.
    thickness_px : int
        Its height.
    is_bright : bool
        White, or else black.
    score : float
        How much it looks like a scale bar, (0, 1].
    """

    start: tuple[float, float]
    end: tuple[float, float]
    thickness_px: int
    is_bright: bool
    score: float

    @property
    def length_px(self) -> float:
        """From end to end, px."""
        return math.dist(self.start, self.end)


def find_scale_bar(image: NDArray[Any]) -> tuple[ScaleBar, ...]:
    """Find horizontal bars of one grey, white or black, on a banner or on the tissue.

    Parameters
    ----------
    image : (H, W) array

    Returns
    -------
    tuple of ScaleBar
        The most likely first, at most 8; a person confirms. The length of a bar with ticks at its
        ends is that between their outer sides.
    """
    pixels = np.asarray(image)
    if pixels.ndim != 2 or min(pixels.shape) < 16:
        return ()
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        pixels = np.nan_to_num(pixels, posinf=0, neginf=0)
    bars = [_bar(pixels, box) for box in find_boxes(pixels)]
    likely = [bar for bar in bars if bar.score >= _LEAST_SCORE]
    whole = [bar for bar in likely if not any(_is_border_of(bar, other) for other in likely)]
    return tuple(sorted(whole, key=lambda bar: -bar.score)[:_MOST])


def _is_border_of(bar: ScaleBar, other: ScaleBar) -> bool:
    """Whether a bar is the upper or lower border that was drawn around a thicker one."""
    apart = abs(bar.start[0] - other.start[0])
    is_near = apart <= (bar.thickness_px + other.thickness_px) / 2 + 1
    off = max(abs(bar.start[1] - other.start[1]), abs(bar.end[1] - other.end[1]))
    return bar.thickness_px < other.thickness_px and is_near and off <= _BORDER_PX


def _bar(pixels: NDArray[Any], box: Box) -> ScaleBar:
    middle = (box.top + box.bottom - 1) / 2
    left, right = ends_px(pixels, box)
    return ScaleBar(
        start=(middle, left),
        end=(middle, right),
        thickness_px=box.bottom - box.top,
        is_bright=box.is_bright,
        score=score(pixels, box),
    )


def snap_to_bar(
    image: NDArray[Any], start: ArrayLike, end: ArrayLike, *, reach_px: float = 8.0
) -> ScaleBar | None:
    """Return the bar that a line was drawn along, None where there is none.

    Parameters
    ----------
    image : (H, W) array
    start, end : (y, x)
        Ends of the line, px, in any order.
    reach_px : float
        How far either end of the bar may be from that of the line.
    """
    ends = sorted((tuple(np.asarray(each, float)) for each in (start, end)), key=lambda yx: yx[1])
    found = []
    for bar in find_scale_bar(image):
        off = max(math.dist(bar.start, ends[0]), math.dist(bar.end, ends[1]))
        reach = math.hypot(reach_px, bar.thickness_px / 2)
        if off <= reach:
            found.append((off, bar))
    return min(found, key=lambda each: each[0])[1] if found else None


def parse_length(text: str) -> tuple[float, str]:
    """Return number and unit of a label such as "2 µm", "500 nm", "0,5 um" or "2um".

    Raises
    ------
    ValueError
        If it has no positive number, or no known unit; the message says what to type.
    """
    found = _LABEL.fullmatch(text)
    if found is None:
        raise ValueError(
            f"'{text}' is no length. Type the length of the bar with its unit, {_EXAMPLES}."
        )
    length, unit = float(found[1].replace(",", ".")), found[2]
    if nm_per_unit(unit) is None:
        raise ValueError(f"'{unit}' is no unit of length that is known here. Type one {_EXAMPLES}.")
    if length <= 0:
        raise ValueError(
            f"A scale bar is longer than {text.strip()}. Type its length, {_EXAMPLES}."
        )
    return length, unit


def scale_from_bar(
    length_px: float,
    length: float,
    unit: str,
    *,
    end_px: float = DRAWN_END_PX,
    image: str = "",
) -> Scale:
    """Return the scale that a bar gives.

    Parameters
    ----------
    length_px : float
        From end to end, px.
    length : float
        What is written beside it, in `unit`.
    unit : str
        Such as "nm" or "µm".
    end_px : float
        Standard uncertainty of either end, px: `FOUND_END_PX` or `DRAWN_END_PX`.
    image : str
        Name of the image with the bar, for the source of the scale.

    Raises
    ------
    ValueError
        If a length is not positive, the unit unknown, or the result no pixel of an electron
        micrograph; the message is for the person.
    """
    nm = nm_per_unit(unit)
    if nm is None:
        raise ValueError(f"'{unit}' is no unit of length that is known here. Type one {_EXAMPLES}.")
    if not (math.isfinite(length) and length > 0):
        raise ValueError(f"The bar needs a positive length, not {length:g} {unit}.")
    if not (math.isfinite(length_px) and length_px >= 1):
        raise ValueError(
            f"The bar is {length_px:.3g} px long in the image. Mark its left and its right end."
        )
    place = f" in {image}" if image else ""
    source = f"scale bar of {length:g} {unit}, {length_px:.1f} px{place}"
    doubt = math.sqrt(2) * end_px / length_px
    try:
        return Scale(length * nm / length_px, "scale bar", source, doubt)
    except ValueError as error:
        raise ValueError(
            f"{error} Check the length and its unit, and the ends of the bar."
        ) from error
