"""Score the slits of one image against its annotation, as a job asks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.detection import Detections
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics import ImageScores, score_image
from napari_slitseg.core.metrics.further import Sets, further_figures
from napari_slitseg.core.metrics.ranking import RankedImage, ScoredImage, rank_image
from napari_slitseg.core.points import TOMBSTONES, PointTable
from napari_slitseg.jobs import ScoringSettings
from napari_slitseg.pipelines.errors import JobError


@dataclass(frozen=True)
class Scale:
    """Lengths of a job in the pixels of one image."""

    tolerance_px: float
    ignore_radius_px: float

    @classmethod
    def of(cls, job: ScoringSettings, image: Micrograph) -> Scale:
        """Return the lengths for an image.

        Raises
        ------
        JobError
            If they are in nm and the image has no pixel size.
        """
        size_nm = image.pixel_size_nm
        if size_nm is None and job.tolerance_px is None:
            raise JobError(
                "Its pixel size is unknown, so the tolerance in nm has no meaning: give "
                "--pixel-size-nm, --pixel-sizes or --tolerance-px."
            )
        if size_nm is None:
            return cls(job.tolerance_px or 0.0, job.ignore_radius_px)
        in_px = job.tolerance_nm / size_nm if job.tolerance_px is None else job.tolerance_px
        return cls(in_px, job.ignore_radius_nm / size_nm)


@dataclass(frozen=True, eq=False)
class Found:
    """What was found in an image.

    Attributes
    ----------
    yx : (N, 2) array of float
        The slits, px.
    candidates : Detections or None
        All that may be slits with their scores; None where scores are not known.
    min_distance_px : float
        With which slits are chosen from the candidates.
    covers_from : float
        Lowest score the candidates may have.
    membrane : (H, W) array of float or None
        Probability map.
    table : PointTable or None
        The slits with all that is known of them, and those a person took away.
    """

    yx: NDArray[np.float64]
    candidates: Detections | None = None
    min_distance_px: float = 0.0
    covers_from: float = 0.0
    membrane: NDArray[np.floating] | None = None
    table: PointTable | None = None


@dataclass(frozen=True, eq=False)
class Truth:
    """What a person annotated in an image: slits, uncertain ones, and where that was read."""

    path: Path
    yx: NDArray[np.float64]
    uncertain_yx: NDArray[np.float64]
    n_proposed: int = 0

    @classmethod
    def of(cls, table: PointTable, path: Path) -> Truth:
        """Take an annotation without what a person rejected or has not looked at.

        Raises
        ------
        JobError
            If a model made all of it and nobody looked.
        """
        proposed = table.status == "proposed"
        if proposed.any() and proposed.all():
            raise JobError(
                f"Its annotation {path} holds only proposals of a model. Give the folder of the "
                "annotations, or review them."
            )
        kept = table.take(table.is_slit)
        certain, unsure = kept.take(~kept.uncertain).yx, kept.take(kept.uncertain).yx
        return cls(path, certain, unsure, int(proposed.sum()))

    def notes(self, shape: tuple[int, int]) -> list[str]:
        """Say what a person should know of the annotation of an image of this shape."""
        notes = []
        if self.n_proposed:
            notes.append(
                f"{self.n_proposed} proposals that nobody reviewed were left out of its annotation."
            )
        beyond = ((self.yx < -0.5) | (self.yx > np.subtract(shape, 0.5))).any(axis=1).sum()
        if beyond:
            notes.append(
                f"{beyond} of its {len(self.yx)} annotated slits lie outside the image, which is "
                f"{shape[0]} x {shape[1]} px: {self.path} may belong to another image, or to it "
                "in another size."
            )
        return notes


def found_in_file(table: PointTable, known_from: float | None) -> Found:
    """Take the slits of a file of predictions; a person's rejections are left out.

    Parameters
    ----------
    table : PointTable
        As read.
    known_from : float or None
        Threshold the file was made with; None for the lowest score in it.
    """
    kept = table.take(~np.isin(table.status, TOMBSTONES))
    if not len(kept):
        return Found(kept.yx, Detections(kept.yx, kept.score), covers_from=known_from or 0.0)
    usable = np.isfinite(kept.score) & (kept.score >= 0) & (kept.score <= 1)
    if not usable.all():
        return Found(kept.yx)
    order = np.argsort(-kept.score, kind="stable")
    candidates = Detections(kept.yx[order], kept.score[order])
    lowest = float(kept.score.min()) if known_from is None else known_from
    return Found(kept.yx, candidates, covers_from=lowest)


def score(found: Found, truth: Truth, image: Micrograph, scale: Scale) -> ImageScores:
    """Return every figure of one image."""
    return score_image(
        found.yx,
        truth.yx,
        shape=image.shape,
        tolerance_px=scale.tolerance_px,
        pixel_size_nm=image.pixel_size_nm,
        ignored_yx=truth.uncertain_yx,
        ignore_radius_px=scale.ignore_radius_px,
    )


def rank(found: Found, truth: Truth, scale: Scale) -> RankedImage | None:
    """Return what each candidate adds to the counts, for a curve; None where scores are unknown."""
    if found.candidates is None:
        return None
    image = ScoredImage(
        found=found.candidates,
        annotated_yx=truth.yx,
        tolerance_px=scale.tolerance_px,
        min_distance_px=found.min_distance_px,
        uncertain_yx=truth.uncertain_yx,
        ignore_radius_px=scale.ignore_radius_px,
    )
    return rank_image(image)


def more_figures(
    found: Found, truth: Truth, scale: Scale, pixel_size_nm: float | None
) -> dict[str, float]:
    """Return the figures that are computed on request, of the points that count."""
    aside = match(
        found.yx,
        truth.yx,
        scale.tolerance_px,
        uncertain_yx=truth.uncertain_yx,
        ignore_radius_px=scale.ignore_radius_px,
    ).set_aside
    counted = np.delete(found.yx, aside, axis=0)
    return further_figures(Sets(counted, truth.yx, scale.tolerance_px, pixel_size_nm))


@dataclass
class Rankings:
    """Images collected for a precision-recall curve."""

    images: list[RankedImage] = field(default_factory=list)
    covers_from: float = 0.0
    n_without: int = 0

    def add(self, ranked: RankedImage | None, covers_from: float) -> None:
        """Take an image (`rank`), or count it among those without scores.

        Parameters
        ----------
        ranked : RankedImage or None
        covers_from : float
            Lowest score its candidates may have.
        """
        if ranked is None:
            self.n_without += 1
            return
        self.images.append(ranked)
        self.covers_from = max(self.covers_from, covers_from)


def fingerprint(path: Path | None) -> str:
    """SHA-256 of a file, hex; "" without one."""
    return "" if path is None else hashlib.sha256(path.read_bytes()).hexdigest()
