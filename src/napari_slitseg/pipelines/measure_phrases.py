"""Numbers and lists in sentences."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from napari_slitseg.core.calibration import Scale

SCALE_FROM: Final = (
    "How the scale of the images is known, of which all in nm or µm depends: from the file, typed, "
    "from a table, a scale bar or a grating."
)
"""What a column about scales holds."""


def share(value: float) -> str:
    """Write a share as a percentage, one below 0.1 % or above 99.9 % not rounded away."""
    if math.isnan(value):
        return "no"
    percent = 100 * value
    digits = 1 if 0 < percent < 10 or 90 < percent < 100 else 0
    return f"{percent:.{digits}f} %"


def split(values: Iterable[str], told: Mapping[str, str]) -> str:
    """Say what holds in how many images; without numbers where it is the same in all."""
    counts = Counter(values)
    if len(counts) == 1:
        return told[next(iter(counts))]
    return listed([f"{told[each]} in {count(n, 'image')}" for each, n in counts.items()])


def listed(parts: Sequence[str]) -> str:
    """Say several things one after the other: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def count(n: int, one: str, many: str = "") -> str:
    """Say how many there are, in the plural where that is due."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def counted(values: Iterable[str]) -> str:
    """Say of how many images each value is: file (3 images), unknown (1 image)."""
    return ", ".join(f"{value} ({count(n, 'image')})" for value, n in Counter(values).items())


def scale_kinds(scales: Iterable[Scale | None]) -> str:
    """Say how the scales of images are known, and in how many images."""
    return counted("unknown" if scale is None else scale.kind for scale in scales)
