"""Result of an evaluation: figures of every image, of all together, and how they were made."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.metrics.agreement import SCALES, CountAgreement, bland_altman
from napari_slitseg.core.metrics.bootstrap import Bootstrap, Interval, interval_of_sums
from napari_slitseg.core.metrics.columns import COLUMNS
from napari_slitseg.core.metrics.figures import FIGURES, Floats, Pooling, has_figure
from napari_slitseg.core.metrics.membranes import MEMBRANE_FIGURES, PIXEL_COUNTS, pixel_rows
from napari_slitseg.core.metrics.pooling import PooledScores, pool_scores
from napari_slitseg.core.metrics.result_curve import Curve
from napari_slitseg.core.metrics.result_parts import ImageResult, Provenance, Summary
from napari_slitseg.core.rows import rows_as_csv

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Curve", "EvaluationResult", "ImageResult", "Provenance", "Summary"]

_FORMAT: Final = "napari-slitseg evaluation"
_VERSION: Final = 1


@dataclass(frozen=True)
class EvaluationResult:
    """What an evaluation found, with everything needed to tell how.

    Rows of images (`to_frame`, `to_csv`) and figures of all images together (`summary_frame`,
    `summary_csv`) are tables of their own and never in one. Their provenance is in the JSON beside
    them: comment lines in a CSV file are taken for data by spreadsheets, and columns that repeat
    it in every row hide the figures.

    Attributes
    ----------
    images : tuple of ImageResult
        In the order of the images.
    provenance : Provenance
    skipped, failed : mapping
        Reasons by image name.
    curve : Curve or None
        Precision and recall at all thresholds, where scores are known.
    how : Bootstrap
        How intervals are made: over biopsies where every image has one, else over images.
    """

    images: tuple[ImageResult, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    skipped: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    curve: Curve | None = None
    how: Bootstrap = field(default_factory=Bootstrap)

    @property
    def scores(self) -> dict[str, Any]:
        """Scores by image name."""
        return {image.name: image.scores for image in self.images}

    @cached_property
    def pool(self) -> tuple[ImageResult, ...]:
        """Images that are put together: all that share a tolerance.

        Without those of unknown pixel size where the tolerance is one in nm.
        """
        known = tuple(each for each in self.images if each.scores.pixel_size_nm is not None)
        tolerances = {each.scores.tolerance_px for each in self.images}
        return self.images if len(tolerances) == 1 or not known else known

    @cached_property
    def pooled(self) -> PooledScores | None:
        """All images together; None where there are none."""
        return pool_scores([image.scores for image in self.pool]) if self.pool else None

    @property
    def biopsies(self) -> list[str] | None:
        """Biopsy of each image of the pool; None unless all are known."""
        names = [image.biopsy for image in self.pool]
        return names if names and all(names) else None

    @cached_property
    def summary(self) -> tuple[Summary, ...]:
        """Every figure of all images together, with its interval; none without images."""
        if not self.pool:
            return ()
        scores = [image.scores for image in self.pool]
        known = [each for each in FIGURES.values() if has_figure(each, scores)]
        return (
            *(
                Summary(
                    e.name, e.title, e.pooling, self._interval(e.rows(scores), e.value, e.pooling)
                )
                for e in known
            ),
            *map(self._further, self._further_names()),
            *self._membranes(),
        )

    def figure(self, name: str) -> Interval:
        """Return one figure of all images with its interval; KeyError where they have none."""
        return {each.figure: each.interval for each in self.summary}[name]

    @cached_property
    def agreement(self) -> tuple[CountAgreement, ...]:
        """Agreement of the numbers of slits, as difference, percentage and ratio."""
        found = [image.scores.n_predicted for image in self.pool]
        annotated = [image.scores.n_annotated for image in self.pool]
        return tuple(bland_altman(found, annotated, scale=scale) for scale in SCALES)

    def to_csv(self) -> str:
        """Return one row an image as CSV; figures that are not defined are empty cells."""
        return rows_as_csv([image.to_dict() for image in self.images])

    def summary_csv(self) -> str:
        """Return one row a figure of all images together as CSV."""
        return rows_as_csv([each.to_dict() for each in self.summary])

    def to_frame(self) -> pd.DataFrame:
        """Return one row an image, with `COLUMNS` as columns; pandas is loaded here."""
        import pandas as pd

        return pd.DataFrame([image.to_dict() for image in self.images])

    def summary_frame(self) -> pd.DataFrame:
        """Return one row a figure of all images together: value, interval, and how pooled."""
        import pandas as pd

        return pd.DataFrame([each.to_dict() for each in self.summary])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values; NaN and infinity are kept."""
        pooled = self.pooled
        return {
            "format": _FORMAT,
            "format_version": _VERSION,
            "provenance": self.provenance.to_dict(),
            "bootstrap": asdict(self.how),
            "images": [image.to_dict() for image in self.images],
            "skipped": dict(self.skipped),
            "failed": dict(self.failed),
            "pooled": None if pooled is None else pooled.to_dict(),
            "summary": [each.to_dict() for each in self.summary],
            "count_agreement": [each.to_dict() for each in self.agreement],
            "curve": None if self.curve is None else self.curve.to_dict(),
        }

    def to_json(self) -> str:
        """Return everything as JSON, in which NaN and infinity are null."""
        return to_json(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; what follows from the images is computed again.

        Raises
        ------
        ValueError
            If it is no such text.
        """
        try:
            values = json.loads(text)
            if (values["format"], values["format_version"]) != (_FORMAT, _VERSION):
                raise ValueError("of another format")
            return cls(
                images=tuple(map(ImageResult.from_dict, values["images"])),
                provenance=Provenance.from_dict(values["provenance"]),
                skipped=values["skipped"],
                failed=values["failed"],
                curve=None if values["curve"] is None else Curve.from_dict(values["curve"]),
                how=Bootstrap(**values["bootstrap"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"This is no evaluation of this program: {error}.") from error

    def _further_names(self) -> list[str]:
        """Names of further figures; lengths only in a unit in which a mean has a meaning."""
        names = dict.fromkeys(name for image in self.pool for name in image.further)
        sizes = {image.scores.pixel_size_nm for image in self.pool}
        without = (*(("_px",) if len(sizes) > 1 else ()), *(("_nm",) if None in sizes else ()))
        return [name for name in names if not name.endswith((*without, *PIXEL_COUNTS))]

    def _further(self, name: str) -> Summary:
        values = np.array([image.further.get(name, math.nan) for image in self.pool])
        rows = np.column_stack([np.nan_to_num(values), ~np.isnan(values)])
        title = COLUMNS[name].title if name in COLUMNS else name
        interval = self._interval(rows, _mean, "mean over images")
        return Summary(title=title, figure=name, pooling="mean over images", interval=interval)

    def _membranes(self) -> list[Summary]:
        """Return figures of the membranes of all images together, where any has one."""
        rows = pixel_rows([image.further for image in self.pool])
        if np.isnan(rows).all():
            return []
        return [
            Summary(name, title, "pooled", self._interval(rows, value, "pooled"))
            for name, (title, value) in MEMBRANE_FIGURES.items()
        ]

    def _interval(self, rows: Floats, value: Any, pooling: Pooling) -> Interval:
        """Return an interval over the images that have the figure; over all where none has."""
        has = ~np.isnan(rows).any(axis=1) if pooling == "pooled" else rows[:, 1] > 0
        has = has if has.any() else ~has
        units = None if self.biopsies is None else np.array(self.biopsies)[has].tolist()
        return interval_of_sums(rows[has], value, biopsies=units, how=self.how)


def _mean(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        return sums[:, 0] / sums[:, 1]


def describe(interval: Interval, *, digits: int = 2) -> str:
    """Say an interval in words: ``0.71 (95 % interval 0.60 to 0.80 over 12 images)``."""
    value = "not defined" if math.isnan(interval.value) else f"{interval.value:.{digits}f}"
    over = f"over {_number_of(interval.n_images, 'image')}"
    if interval.unit == "biopsy":
        over += f" of {_number_of(interval.n_units, 'biopsy')}"
    if math.isnan(interval.low):
        return f"{value} ({over}; no interval)"
    ends = f"{interval.low:.{digits}f} to {interval.high:.{digits}f}"
    return f"{value} ({interval.confidence * 100:g} % interval {ends} {over})"


def _number_of(n: int, unit: str) -> str:
    plural: Mapping[str, str] = {"image": "images", "biopsy": "biopsies"}
    return f"{n} {unit if n == 1 else plural[unit]}"
