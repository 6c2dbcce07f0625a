"""One row a pair of groups and a figure: difference, its range, and what it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from napari_slitseg.core.morphometry import GroupComparison, RollupFigure
from napari_slitseg.pipelines.measure_book_table import Column, Table, number, with_unit
from napari_slitseg.pipelines.measure_comparisons import OF_BIOPSIES, comparisons
from napari_slitseg.pipelines.measure_phrases import SCALE_FROM, scale_kinds
from napari_slitseg.pipelines.measure_result import MeasureResult

_NO_BIOPSY: Final = "A group has no biopsy with a value."
_FEW: Final = "It takes two biopsies with a value in each group."
_NO_RATIO: Final = "It takes means above 0; a range also takes two biopsies in each group."


class Compared(NamedTuple):
    """Two groups in one figure."""

    figure: RollupFigure
    found: GroupComparison
    scale_from: str


def groups_table(result: MeasureResult) -> Table:
    """Return every pair of groups in every figure that is compared; no row for one group."""
    rolled = result.rollups
    scales = {image.name: image.measures.scale for image in result.images}
    of_groups = {} if rolled is None else {unit.sample.group: unit.rows for unit in rolled.groups}

    def known(pair: GroupComparison) -> str:
        rows = (*of_groups[pair.first], *of_groups[pair.second])
        return scale_kinds(scales[row.name] for row in rows)

    items = [
        Compared(figure, each, known(each))
        for figure, pairs in (() if rolled is None else comparisons(rolled))
        for each in pairs
    ]
    return Table("comparisons", "Groups compared", COMPARISON_COLUMNS, items)


def _of(name: str) -> Callable[[Compared], Any]:
    return lambda item: getattr(item.found, name)


def _number(name: str, why: str, end: int | None = None) -> Callable[[Compared], Any]:
    """Return a number of the comparison, or one end of a range."""

    def cell(item: Compared) -> Any:
        value = getattr(item.found, name)
        return number(value if end is None else value[end], why)

    return cell


def _title(item: Compared) -> str:
    return with_unit(item.figure.title, item.figure.unit)


def _words(item: Compared) -> str:
    return item.found.words(f"{item.figure.title} ({OF_BIOPSIES})", item.figure.unit)


COMPARISON_COLUMNS: Final = (
    Column("figure", "Figure", "What is compared: the mean of means of each biopsy.", _title),
    Column("first", "First group", "A group.", _of("first")),
    Column("second", "Second group", "Another group.", _of("second")),
    Column("n_first", "Biopsies of the first", "Those with a value.", _of("n_first")),
    Column("n_second", "Biopsies of the second", "Those with a value.", _of("n_second")),
    Column(
        "mean_first",
        "Mean of the first",
        "Mean of its biopsies.",
        _number("mean_first", _NO_BIOPSY),
    ),
    Column(
        "mean_second",
        "Mean of the second",
        "Mean of its biopsies.",
        _number("mean_second", _NO_BIOPSY),
    ),
    Column(
        "difference",
        "Difference",
        "Mean of the second less that of the first.",
        _number("difference", _NO_BIOPSY),
    ),
    Column(
        "difference_low",
        "Difference from",
        "Lower end of its range by Welch's t.",
        _number("difference_range", _FEW, 0),
    ),
    Column(
        "difference_high",
        "Difference to",
        "Upper end of its range by Welch's t.",
        _number("difference_range", _FEW, 1),
    ),
    Column("ratio", "Ratio", "Second mean over first.", _number("ratio", _NO_RATIO)),
    Column(
        "ratio_low",
        "Ratio from",
        "Lower end of its range by Welch's t on the logarithm.",
        _number("ratio_range", _NO_RATIO, 0),
    ),
    Column("ratio_high", "Ratio to", "Upper end.", _number("ratio_range", _NO_RATIO, 1)),
    Column("confidence", "Confidence", "Of the ranges.", _of("confidence")),
    Column("p", "P", "Of a two-sided permutation test of the difference.", _number("p", _FEW)),
    Column(
        "p_holm",
        "P after Holm's correction",
        "For all pairs of groups in this figure.",
        _number("p_holm", _FEW),
    ),
    Column(
        "p_smallest",
        "Smallest P possible",
        "No result of so many biopsies could have a smaller one.",
        _number("p_smallest", _FEW),
    ),
    Column("p_welch", "P of Welch's t test", "For reference.", _number("p_welch", _FEW)),
    Column("scale_from", "Scale from", SCALE_FROM, lambda item: item.scale_from),
    Column("words", "In words", "What was found, and what was not.", _words),
)
"""Columns of the table of comparisons."""
