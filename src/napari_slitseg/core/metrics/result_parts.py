"""Parts of an evaluation's result: one image, one figure, and how everything was made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from napari_slitseg.core.metrics.bootstrap import Interval
from napari_slitseg.core.metrics.columns import CONVENTIONS
from napari_slitseg.core.metrics.figures import Pooling
from napari_slitseg.core.metrics.scores import ImageScores


@dataclass(frozen=True)
class Provenance:
    """What was compared with what, and how.

    Attributes
    ----------
    date : str
        ISO 8601, UTC.
    versions : mapping
        Of this program and what it rests on.
    conventions : int
        `napari_slitseg.core.metrics.columns.CONVENTIONS`.
    model, model_sha256 : str
        Name and fingerprint; "" where files of predictions were compared.
    detector : mapping
        Document of the detector; empty where unknown.
    threshold, min_distance_nm : float or None
        What the slits were chosen with; None where unknown.
    tolerance_nm, tolerance_px : float or None
        As asked for; the one in px goes first.
    ignore_radius_nm, ignore_radius_px : float or None
        Around uncertain annotations.
    predictions, biopsies : str
        Folder of the predictions, table of the biopsies; "" without.
    job : mapping
        The whole job as a document; empty where there was none.
    """

    date: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    conventions: int = CONVENTIONS
    model: str = ""
    model_sha256: str = ""
    detector: Mapping[str, Any] = field(default_factory=dict)
    threshold: float | None = None
    min_distance_nm: float | None = None
    tolerance_nm: float | None = None
    tolerance_px: float | None = None
    ignore_radius_nm: float | None = None
    ignore_radius_px: float | None = None
    predictions: str = ""
    biopsies: str = ""
    job: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return every field by name."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build it from what `to_dict` returned; unknown entries are left out."""
        known = {each.name for each in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in known})


@dataclass(frozen=True)
class Summary:
    """One figure of all images together.

    Attributes
    ----------
    figure, title : str
        Name and heading.
    pooling : str
        "pooled", "mean over images" or "mean over pairs" (`POOLINGS`).
    interval : Interval
        Value with its interval, and on how many images it rests.
    """

    figure: str
    title: str
    pooling: Pooling
    interval: Interval

    def to_dict(self) -> dict[str, Any]:
        """Return one row."""
        names = {"figure": self.figure, "title": self.title, "how": self.pooling}
        return names | self.interval.to_dict()


@dataclass(frozen=True)
class ImageResult:
    """Scores of one image.

    Attributes
    ----------
    name : str
        Of the image file or layer.
    scores : ImageScores
    file, annotation, prediction : Path or None
        The image, its annotation, its predicted slits; None where there is no file.
    annotation_sha256, prediction_sha256 : str
        Fingerprints of those files; "" without one.
    biopsy : str
        "" where not known.
    further : mapping
        More figures by their name in `COLUMNS`; NaN where not defined.
    notice : str
        What was assumed.
    """

    name: str
    scores: ImageScores
    file: Path | None = None
    annotation: Path | None = None
    prediction: Path | None = None
    annotation_sha256: str = ""
    prediction_sha256: str = ""
    biopsy: str = ""
    further: Mapping[str, float] = field(default_factory=dict)
    notice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return one row: image, every figure, files; NaN and infinity are kept."""
        files = {name: getattr(self, name) for name in _FILES}
        return {
            "image": self.name,
            "biopsy": self.biopsy,
            **self.scores.to_dict(),
            **self.further,
            **{name: None if path is None else str(path) for name, path in files.items()},
            "annotation_sha256": self.annotation_sha256,
            "prediction_sha256": self.prediction_sha256,
            "notice": self.notice,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build it from a row; None, as JSON has it for NaN, becomes NaN again."""
        numbers = {each.name: values.get(each.name) for each in fields(ImageScores)}
        size = numbers.pop("pixel_size_nm")
        scores = ImageScores(
            **{key: _number(value) for key, value in numbers.items()}, pixel_size_nm=size
        )
        told = {*scores.to_dict(), *_FILES, *_TEXTS, "image"}
        further = {key: float(_number(v)) for key, v in values.items() if key not in told}
        rest: dict[str, Any] = {name: values.get(name) or "" for name in _TEXTS}
        rest |= {name: Path(values[name]) if values.get(name) else None for name in _FILES}
        return cls(name=values["image"], scores=scores, further=further, **rest)


_FILES = ("file", "annotation", "prediction")
_TEXTS = ("biopsy", "annotation_sha256", "prediction_sha256", "notice")


def _number(value: Any) -> Any:
    return math.nan if value is None else value
