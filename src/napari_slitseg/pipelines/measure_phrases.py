"""Numbers and lists in sentences."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence


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
