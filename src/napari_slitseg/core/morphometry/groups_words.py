"""What a comparison of two groups shows, in words; part of `groups`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from napari_slitseg.core.morphometry.groups import GroupComparison

LEVEL: Final = 0.05
"""P below which a difference is called shown."""


def comparison_words(found: GroupComparison, title: str, unit: str) -> str:
    """Return what was found, and what was not.

    Parameters
    ----------
    found : GroupComparison
    title, unit : str
        Of the figure.
    """
    sides = f"{_side(found.first, found.n_first)} and {_side(found.second, found.n_second)}"
    if not (found.n_first and found.n_second):
        return f"{title}: {sides} cannot be compared, since one of them has no value."
    said = f"{title}: {_means(found, unit)}"
    if math.isnan(found.p):
        return (
            f"{said} With one biopsy in a group nothing can be said of how such biopsies differ: "
            "neither a range nor a test."
        )
    low, high = found.difference_range
    return (
        f"{said} Difference {_number(found.difference, unit)} "
        f"({found.confidence:.0%} range {_digits(low)} to {_digits(high)}, Welch); "
        f"{_tested(found)} {_shown(found)}"
    )


def _side(name: str, n: int) -> str:
    return f"{name} ({n} {'biopsy' if n == 1 else 'biopsies'})"


def _means(found: GroupComparison, unit: str) -> str:
    return (
        f"{_side(found.first, found.n_first)} {_number(found.mean_first, unit)}, "
        f"{_side(found.second, found.n_second)} {_number(found.mean_second, unit)}."
    )


def _number(value: float, unit: str) -> str:
    return f"{_digits(value)} {unit}".strip()


def _digits(value: float) -> str:
    """Write three digits, or all before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _tested(found: GroupComparison) -> str:
    how = "all ways" if found.is_exact else "random ways"
    said = f"permutation test over biopsies ({how}) P = {found.p:.2g}"
    if found.n_pairs > 1:
        said += f", after Holm's correction for {found.n_pairs} pairs P = {found.p_holm:.2g}"
    return f"{said}."


def _shown(found: GroupComparison) -> str:
    if found.p_smallest >= LEVEL:
        return (
            f"With so few biopsies no result could have a P below {found.p_smallest:.2g}: this "
            f"test cannot reach {LEVEL:g}, whatever the groups are like."
        )
    if found.p_holm < LEVEL:
        larger = found.second if found.difference > 0 else found.first
        return f"A difference of this size is unlikely by chance alone; {larger} is larger."
    return "A difference was not shown, which does not show that there is none."
