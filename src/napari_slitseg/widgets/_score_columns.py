"""The columns of the table of scores, and its last row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg.core.metrics.columns import COLUMNS
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._metrics_membranes import Membranes
from napari_slitseg.widgets._scoring import assumed_nm, assumption
from napari_slitseg.widgets._table import Column

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.bootstrap import Interval
    from napari_slitseg.core.metrics.pooling import PooledScores
    from napari_slitseg.core.metrics.scores import ImageScores

USUAL: Final = (
    "review",
    *("n_annotated", "n_predicted", "true_positive", "false_positive", "missed"),
    *("precision", "recall", "f1", "chamfer_nm", "point_loss", "localisation_nm"),
    "membrane_dice",
)
"""Columns in sight until a person chooses others."""

WORST_FIRST: Final = "f1"
"""Figure the table is sorted by at first, the lowest on top: every image has an F1."""

POOLED: Final = ("f1", "precision", "recall", "mean_image_chamfer_nm", "mean_image_chamfer_px")
"""Figures of all images together that are told with their intervals."""


@dataclass(frozen=True)
class Summary:
    """The last row: images together, and how many of how many."""

    pooled: PooledScores
    name: str
    membrane_dice: float | None = field(default=None, compare=False)


def summary_of(entries: Sequence[ImageEntry], membranes: Membranes | None = None) -> Summary | None:
    """All images together, None where there is nothing or the tolerances differ.

    Images of unknown pixel size are left out, unless there are no others.
    """
    scores = [entry.scores for entry in entries if entry.scores is not None]
    if not scores:
        return None
    from napari_slitseg.core.metrics.pooling import pool_scores

    calibrated = calibrated_scores(entries)
    try:
        pooled = pool_scores(calibrated)
    except ValueError:
        return None
    of = "" if len(calibrated) == len(scores) else f"of {len(scores)} "
    images = "image" if len(scores) == 1 else "images"
    dice = None if membranes is None else membranes.pooled(entries)
    return Summary(pooled, f"{len(calibrated)} {of}{images} pooled", dice)


def pooled_interval(name: str, scores: Sequence[ImageScores]) -> Interval | None:
    """Return a figure of images together with its interval; None where it has no meaning."""
    from napari_slitseg.core.metrics.bootstrap import interval_of_sums
    from napari_slitseg.core.metrics.figures import FIGURES, has_figure

    figure = FIGURES[name]
    if not has_figure(figure, scores):
        return None
    rows = figure.rows(scores)
    has = rows[:, 1] > 0 if figure.pooling == "mean over images" else rows[:, 0] >= 0
    return interval_of_sums(rows[has] if has.any() else rows, figure.value)


def calibrated_scores(entries: Sequence[ImageEntry]) -> list[ImageScores]:
    """Scores of images of known pixel size; of all where none is known."""
    scores = [entry.scores for entry in entries if entry.scores is not None]
    return [each for each in scores if each.pixel_size_nm is not None] or scores


def score_columns(
    membranes: Membranes, review_of: Callable[[int], str | None]
) -> tuple[Column, ...]:
    """Return all columns of the table.

    Parameters
    ----------
    membranes : Membranes
        Has the figures of the membranes.
    review_of : callable
        Returns the review status of the image of a key.
    """
    return (
        Column("Image", "Click a row to open the image.", _name, hint=assumption, name="image"),
        _review_column(review_of),
        _column("f1", "{:.2f}".format),
        _length("chamfer", "mean_image_chamfer"),
        _column("point_loss", _loss, "mean_image_point_loss"),
        *(_column(each, "{:.2f}".format) for each in ("precision", "recall")),
        *map(_column, ("n_annotated", "n_predicted", "true_positive", "false_positive", "missed")),
        _length("localisation", "localisation"),
        _membrane_column(membranes),
        _column("chamfer_px", "{:.1f}".format, "mean_image_chamfer_px"),
        _column("localisation_px", "{:.1f}".format),
        _length("vanilla", "mean_image_vanilla"),
        _column("proportional_point_loss", _loss, "mean_image_proportional_point_loss"),
        _column("count_ratio", "{:.2f}".format),
        *map(_column, ("n_set_aside", "n_uncertain")),
        _column("pixel_size_nm", "{:.4g}".format),
    )


def _name(item: Any) -> str:
    is_assumed = isinstance(item, ImageEntry) and assumption(item)
    return f"{item.name} (assumed {assumed_nm(item):g} nm/px)" if is_assumed else str(item.name)


def _loss(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _score(name: str, pooled: str = "") -> Callable[[Any], Any]:
    """Figure of an image, or of the pool."""

    def value(item: Any) -> Any:
        if isinstance(item, ImageEntry):
            return getattr(item.scores, name)
        return getattr(item.pooled, pooled or name, None)

    return value


def _column(name: str, text: Callable[[Any], str] = str, pooled: str = "") -> Column:
    """Column of a figure; its heading and what it means are those of all tables."""
    about = COLUMNS[name]
    averaged = pooled.startswith("mean")
    meaning = f"{about.meaning} Pooled: mean over images." if averaged else about.meaning
    value = _score(name, pooled)
    return Column(about.title, meaning, value, text, averaged=averaged, name=name)


def _length(name: str, pooled: str) -> Column:
    """Column of a length in nm; in px for images without a pixel size."""
    in_px = _score(f"{name}_px", f"{pooled}_px")
    column = _column(f"{name}_nm", "{:.1f}".format, f"{pooled}_nm")

    def blank(item: Any) -> str:
        value = in_px(item)
        return "—" if value is None or math.isnan(value) else f"{value:.1f} px"

    return replace(column, blank=blank)


def _review_column(review_of: Callable[[int], str | None]) -> Column:
    def value(item: Any) -> str | None:
        return review_of(item.key) if isinstance(item, ImageEntry) else None

    meaning = "How far the review of the image is: open, in progress or done."
    return Column("Review", meaning, value, blank=lambda _: "", name="review")


def _membrane_column(membranes: Membranes) -> Column:
    def value(item: Any) -> float | None:
        return membranes.dice(item) if isinstance(item, ImageEntry) else item.membrane_dice

    about = COLUMNS["membrane_dice"]
    meaning = f"{about.meaning} None without a drawn membrane or a map. Pooled: of all pixels."
    return Column(about.title, meaning, value, "{:.2f}".format, name="membrane_dice")
