"""Glomeruli, biopsies and groups of a window: work for a thread, without Qt and napari."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from napari_slitseg.core.morphometry.precision import (
    Convergence,
    ImagesNeeded,
    convergence,
    images_needed,
)
from napari_slitseg.core.morphometry.rollup import Rollup, Unit, nesting_of, roll_up
from napari_slitseg.core.morphometry.rollup_figures import ROLLUP_FIGURES, RollupFigure
from napari_slitseg.widgets._measure_pace import giving_way

if TYPE_CHECKING:
    from napari_slitseg.core.morphometry.image_row import ImageRow
    from napari_slitseg.core.morphometry.rollup_estimate import Estimate

FIGURES: Final = MappingProxyType({figure.name: figure for figure in ROLLUP_FIGURES})
LEVELS: Final = MappingProxyType(
    {"biopsy": "Biopsies", "glomerulus": "Glomeruli", "group": "Groups", "all": "All images"}
)

_N_ORDERS: Final = 200
_MOST_IMAGES: Final = 150
_WANTED: Final = 0.1


@dataclass(frozen=True, eq=False)
class Settled:
    """How a figure of a biopsy settles as images are added.

    Attributes
    ----------
    name : str
        The biopsy, or "all images".
    figure : RollupFigure
    course : Convergence
    needed : ImagesNeeded
    """

    name: str
    figure: RollupFigure
    course: Convergence
    needed: ImagesNeeded


@dataclass(frozen=True, eq=False)
class RolledUp:
    """What follows from the images of a window.

    Attributes
    ----------
    rollup : Rollup
    settled : mapping of str to Settled
        By name of the figure; empty without an image that has figures.
    """

    rollup: Rollup
    settled: dict[str, Settled]


@dataclass(frozen=True, eq=False)
class UnitRow:
    """A unit in the table.

    Attributes
    ----------
    key : int
    unit : Unit
    """

    key: int
    unit: Unit

    @property
    def belongs_to(self) -> str:
        """Biopsy and group it belongs to, as far as it is not their own name."""
        sample = self.unit.sample
        parts = {
            "glomerulus": (sample.biopsy, sample.group),
            "biopsy": (sample.group,),
        }.get(self.unit.level, ())
        return ", ".join(filter(None, parts))

    def estimate(self, name: str) -> Estimate | None:
        """Return a figure, None where there is none."""
        return self.unit.estimates.get(name)

    def value(self, name: str) -> float | None:
        """Return the mean of means of a figure."""
        found = self.estimate(name)
        return None if found is None else found.mean.value


def roll_up_images(
    rows: Sequence[ImageRow], biopsy: str, known: Rollup | None, should_stop: Callable[[], bool]
) -> Generator[None, None, RolledUp | None]:
    """Roll images up, unless it is known, and see how the figures of a biopsy settle.

    Without a biopsy ("") those of all images.
    """
    with giving_way():
        rollup = known or roll_up(rows)
    yield
    found = [each for each in rollup.biopsies if each.name == biopsy and biopsy]
    unit = found[0] if found else rollup.everything
    settled: dict[str, Settled] = {}
    for name in ("fpw_mean_nm", "slit_density_per_um"):
        if should_stop():
            return None
        if unit.rows:
            with giving_way():
                settled[name] = _settled(unit, FIGURES[name])
        yield
    return RolledUp(rollup, settled)


def _settled(unit: Unit, figure: RollupFigure) -> Settled:
    some = unit.rows[:_MOST_IMAGES]
    course = convergence(some, figure, n_orders=_N_ORDERS)
    needed = images_needed(unit.rows, nesting_of(unit.rows, "biopsy"), figure, _WANTED)
    return Settled(unit.name, figure, course, needed)


def unit_rows(rolled: RolledUp | None, level: str) -> list[UnitRow]:
    """Return the units of a level."""
    if rolled is None:
        return []
    units = [unit for unit in rolled.rollup.units if unit.level == level]
    return [UnitRow(key, unit) for key, unit in enumerate(units)]


def told(row: UnitRow, name: str, digits: int, factor: float = 1.0) -> str:
    """Return a figure with its interval, and what made that: t or bootstrap."""
    found = row.estimate(name)
    if found is None or math.isnan(found.mean.value):
        return "—"
    value = f"{factor * found.mean.value:.{digits}f}"
    shown = found.shown
    if not shown.how:
        return value
    low, high = (f"{factor * end:.{digits}f}" for end in (shown.low, shown.high))
    return f"{value} ({low} to {high}, {shown.how})"


def hint(row: UnitRow, name: str) -> str:
    """Say how a figure came about, what it is pooled, and what to doubt."""
    found = row.estimate(name)
    if found is None:
        return "None of its images has a membrane and a scale."
    pooled, mean = found.pooled, found.mean
    ends = "" if math.isnan(pooled.low) else f" ({pooled.low:.4g} to {pooled.high:.4g})"
    many = {"biopsy": "biopsies", "glomerulus": "glomeruli"}.get(row.unit.drawn, "images")
    how = {
        "t": f" 95 % interval by Student's t over {mean.n_units} {many}, since these are few.",
        "bootstrap": f" 95 % nested bootstrap interval: {many} drawn anew.",
        "": f" {found.shown.why}",
    }[found.shown.how]
    lines = (
        f"{found.figure.title}: mean of means.{how}",
        f"Pooled over {found.n_images} images: {pooled.value:.4g}{ends} {found.figure.unit}",
        mean.note if found.shown.how == "bootstrap" else "",
        found.note,
    )
    return "\n".join(line for line in lines if line)
