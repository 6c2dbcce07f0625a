"""What was measured, on the output stream."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from napari_slitseg.cli.tables import make_console
from napari_slitseg.cli.view import printable
from napari_slitseg.core.morphometry import figures
from napari_slitseg.core.morphometry.nested import FEW_UNITS

if TYPE_CHECKING:
    from napari_slitseg.core.calibration import Scale
    from napari_slitseg.core.morphometry.rollup import Rollup, Unit
    from napari_slitseg.core.morphometry.value import Value
    from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult

_FIGURES: Final = {
    "nm": (
        ("membrane_length_um", "length (µm)", 2),
        ("slit_density_per_um", "slits per µm", 2),
        ("fpw_mean_nm", "FPW (nm)", 0),
    ),
    "px": (
        ("membrane_length_px", "length (px)", 0),
        ("slit_density_per_1000_px", "slits per 1000 px", 2),
        ("fpw_mean_px", "FPW (px)", 1),
    ),
}
_FROM: Final = {
    "reviewed": "review",
    "annotation": "annotation",
    "decisions and unjudged proposals": "person + model",
    "proposals": "model",
    "none": "-",
}
_CAPTION: Final = (
    "FPW: mean foot process width, between n pairs of neighbouring slits. Edited: share of points "
    "that people set, moved or took away. -: see why with --json or in a report."
)

_UNITS: Final = (
    "Means of means ({:g} % interval over {}: t is Student's, of fewer than {}, else bootstrap); "
    "n foot processes. Scale from: {}."
)
_MANY: Final = {"image": "images", "glomerulus": "glomeruli", "biopsy": "biopsies"}


@dataclass(frozen=True)
class _Row:
    """One image with its figures."""

    image: MeasuredImage
    figures: Mapping[str, Value]


def print_result(result: MeasureResult) -> None:
    """Print a row an image, a row a biopsy, and who edited.

    Parameters
    ----------
    result : MeasureResult
        Nothing is printed without images.
    """
    if not result.images:
        return
    from napari_slitseg.pipelines.measure_words import edited_words

    console = make_console()
    console.print(_images(result.images))
    if result.rollups is not None:
        for title, units in _levels(result.rollups):
            console.print(_units(title, units, result))
    console.print(edited_words(result), markup=False, highlight=False, soft_wrap=True)


def _images(images: Sequence[MeasuredImage]) -> Table:
    unit = "nm" if any(each.measures.scale is not None for each in images) else "px"
    rows = [_Row(image, figures(image.measures)) for image in images]
    columns: dict[str, Callable[[_Row], str]] = {
        "sample": lambda row: _sample(row.image),
        "n": lambda row: _number(row.figures["n_intervals"].value, 0),
        "slits": lambda row: _number(row.figures["n_slits"].value, 0),
        **{title: _figure(name, digits) for name, title, digits in _FIGURES[unit]},
        "scale": lambda row: _scale(row.image.measures.scale),
        "slits from": lambda row: _FROM[row.image.slits_from],
        "edited": lambda row: _share(row.image.edits.edited_share),
        "by": lambda row: ", ".join(row.image.editors),
    }
    grid = Table(title="Images", caption=_CAPTION, title_justify="left", caption_justify="left")
    grid.add_column("image", overflow="fold")
    shown = {title: cell for title, cell in columns.items() if any(map(cell, rows))}
    for title in shown:
        text = title in ("sample", "slits from", "by", "scale")
        grid.add_column(title, justify="left" if text else "right", overflow="fold")
    for row in rows:
        cells = [_text(cell(row)) for cell in shown.values()]
        grid.add_row(_text(row.image.name), *cells)
    return grid


def _levels(rolled: Rollup) -> list[tuple[str, Sequence[Unit]]]:
    levels = (
        ("Glomeruli", rolled.glomeruli),
        ("Biopsies", rolled.biopsies),
        ("Groups", rolled.groups),
        ("All images", (rolled.everything,)),
    )
    return [(title, units) for title, units in levels if any(unit.rows for unit in units)]


def _units(title: str, units: Sequence[Unit], result: MeasureResult) -> Table:
    from napari_slitseg.pipelines.measure_phrases import scale_kinds

    how = {each.mean.confidence for unit in units for each in unit.estimates.values()}
    drawn = " or ".join(sorted({_MANY[unit.drawn] for unit in units}))
    measured = {row.name for unit in units for row in unit.rows}
    scales = (i.measures.scale for i in result.images if i.name in measured)
    caption = _UNITS.format(100 * min(how), drawn, FEW_UNITS, scale_kinds(scales))
    grid = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    for head in ("", "images", "slits", "slits per µm", "FPW (nm)", "n", "edited"):
        grid.add_column(head, justify="right" if head else "left", overflow="fold")
    for unit in units:
        grid.add_row(
            _text(_unit_name(unit)),
            str(len(unit.rows)),
            str(unit.n_slits),
            _estimate(unit, "slit_density_per_um", 2),
            _estimate(unit, "fpw_mean_nm", 0),
            str(unit.n_widths),
            _share(_edited(unit, result)),
        )
    return grid


def _unit_name(unit: Unit) -> str:
    sample = unit.sample
    if unit.level != "glomerulus":
        return unit.name
    return f"{sample.biopsy} / {sample.glomerulus}"


def _estimate(unit: Unit, figure: str, digits: int) -> str:
    """Mean of means with its interval, and what made that."""
    if figure not in unit.estimates:
        return "-"
    found = unit.estimates[figure]
    value, shown = _number(found.mean.value, digits), found.shown
    if not shown.how:
        return value
    return f"{value} ({_number(shown.low, digits)} to {_number(shown.high, digits)}, {shown.how})"


def _edited(unit: Unit, result: MeasureResult) -> float:
    from napari_slitseg.core.morphometry import EditCounts

    names = {row.name for row in (*unit.rows, *unit.left_out)}
    return EditCounts.together(i.edits for i in result.images if i.name in names).edited_share


def _figure(name: str, digits: int) -> Callable[[_Row], str]:
    return lambda row: _number(row.figures[name].value, digits)


def _sample(image: MeasuredImage) -> str:
    sample = image.sample
    return " / ".join(filter(None, (sample.group, sample.biopsy, sample.glomerulus)))


def _scale(scale: Scale | None) -> str:
    return "unknown" if scale is None else f"{scale.nm_per_px:.4g} nm ({scale.kind})"


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.0%}"


def _number(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _text(value: Any) -> Text:
    return Text(printable(str(value), sys.stdout))
