"""The columns of the table of scores, and its last row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg.core.metrics.columns import COLUMNS
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._scoring import assumed_nm, assumption
from napari_slitseg.widgets._table import Column

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.bootstrap import Interval
    from napari_slitseg.core.metrics.pooling import PooledScores
    from napari_slitseg.core.metrics.scores import ImageScores


@dataclass(frozen=True)
class Summary:
    """The last row: images together, and how many of how many."""

    pooled: PooledScores
    name: str


def summary_of(entries: Sequence[ImageEntry]) -> Summary | None:
    """All images together, None where there is nothing or the tolerances differ.

    Images of unknown pixel size are left out, unless there are no others.
    """
    scores = [entry.scores for entry in entries if entry.scores is not None]
    if not scores:
        return None
    from napari_slitseg.core.metrics.pooling import pool_scores

    calibrated = _calibrated(entries)
    try:
        pooled = pool_scores(calibrated)
    except ValueError:
        return None
    of = "" if len(calibrated) == len(scores) else f"of {len(scores)} "
    images = "image" if len(scores) == 1 else "images"
    return Summary(pooled, f"{len(calibrated)} {of}{images} pooled")


def pooled_f1(entries: Sequence[ImageEntry]) -> Interval:
    """Return F1 of all images together with its interval over images."""
    from napari_slitseg.core.metrics.bootstrap import interval_of_sums
    from napari_slitseg.core.metrics.figures import FIGURES

    f1 = FIGURES["f1"]
    return interval_of_sums(f1.rows(_calibrated(entries)), f1.value)


def _calibrated(entries: Sequence[ImageEntry]) -> list[ImageScores]:
    """Scores of images of known pixel size; of all where none is known."""
    scores = [entry.scores for entry in entries if entry.scores is not None]
    return [each for each in scores if each.pixel_size_nm is not None] or scores


def _name(item: Any) -> str:
    is_assumed = isinstance(item, ImageEntry) and assumption(item)
    return f"{item.name} (assumed {assumed_nm(item):g} nm/px)" if is_assumed else str(item.name)


def _score(name: str, pooled: str = "") -> Callable[[Any], Any]:
    """Figure of an image, or of the pool."""

    def value(item: Any) -> Any:
        if isinstance(item, ImageEntry):
            return getattr(item.scores, name)
        return getattr(item.pooled, pooled or name)

    return value


def _column(name: str, text: Callable[[Any], str] = str, pooled: str = "") -> Column:
    """Column of a figure; its heading and what it means are those of all tables."""
    about = COLUMNS[name]
    averaged = pooled.startswith("mean")
    meaning = f"{about.meaning} Pooled: mean over images." if averaged else about.meaning
    return Column(about.title, meaning, _score(name, pooled), text, averaged=averaged)


def _length(name: str, pooled: str) -> Column:
    """Column of a length in nm; in px for images without a pixel size."""
    in_px = _score(f"{name}_px", f"{pooled}_px")
    column = _column(f"{name}_nm", "{:.1f}".format, f"{pooled}_nm")

    def blank(item: Any) -> str:
        value = in_px(item)
        return "—" if value is None or math.isnan(value) else f"{value:.1f} px"

    return replace(column, blank=blank)


SCORE_COLUMNS: Final = (
    Column("Image", "Click a row to open the image.", _name, hint=assumption),
    _column("n_annotated"),
    _column("n_predicted"),
    _column("true_positive"),
    _column("false_positive"),
    _column("missed"),
    _column("precision", "{:.2f}".format),
    _column("recall", "{:.2f}".format),
    _column("f1", "{:.2f}".format),
    _length("chamfer", "mean_image_chamfer"),
    _column("point_loss", "{:.4g}".format, "mean_image_point_loss"),
    _length("localisation", "localisation"),
)
