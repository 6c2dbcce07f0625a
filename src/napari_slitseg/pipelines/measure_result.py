"""What measuring a folder gives: images, failures, figures of biopsies, and how it was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_slitseg.core.morphometry import EditCounts, ImageMeasures, MeasureSettings
from napari_slitseg.core.morphometry.rollup import Rollup
from napari_slitseg.core.morphometry.sample import Sample
from napari_slitseg.pipelines.measure_old import OldFigures


@dataclass(frozen=True)
class ModelUsed:
    """A model whose slits or membrane were measured, and how its maps were read.

    Attributes
    ----------
    name, sha256 : str
        Its name and the SHA-256 of its file.
    detector : str
        What made slits of its map, as a person reads it.
    threshold : float
        Lowest probability of a slit.
    min_distance_nm : float
        Smallest distance between slits, nm.
    """

    name: str
    sha256: str
    detector: str
    threshold: float
    min_distance_nm: float


@dataclass(frozen=True, eq=False)
class MeasuredImage:
    """One image, measured.

    Attributes
    ----------
    name : str
        Path relative to the folder, with "/"; the file's own name outside of it.
    path : Path
        The file.
    page : int
        Page of the file.
    shape : (int, int)
        Height and width, px.
    measures : ImageMeasures
        Lines, slits and intervals; its figures are in `MEASURES`. The scale is in it.
    slits_from : str
        Where the slits come from: "reviewed", "annotation", "decisions and unjudged proposals",
        "proposals" or "none".
    membrane_from : str
        "drawn", "model" or "none".
    sample : Sample
        Biopsy, glomerulus and group; "" where unknown.
    edits : EditCounts
        What people did to the slits.
    editors : tuple of str
        Names of those people, in alphabetical order, as far as they are known.
    review : str
        "open", "in progress" or "done"; "" for an image that no project knows.
    model : ModelUsed or None
        The model whose slits or membrane are among what was measured; None where all is a
        person's.
    proposed_by : tuple of str
        Models whose slits people confirmed or moved, as "name@first letters of its hash".
    old : OldFigures or None
        What the published tool fpw-dl-v1 makes of the same membrane and slits; None where that was
        not asked, or there is no membrane.
    notices : tuple of str
        Sentences that the person should see, with those of `measures`.
    """

    name: str
    path: Path
    page: int
    shape: tuple[int, int]
    measures: ImageMeasures
    slits_from: str
    membrane_from: str
    sample: Sample
    edits: EditCounts = field(default_factory=EditCounts)
    editors: tuple[str, ...] = ()
    review: str = ""
    model: ModelUsed | None = None
    proposed_by: tuple[str, ...] = ()
    old: OldFigures | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class MeasureFailure:
    """An image that could not be measured.

    Attributes
    ----------
    name : str
        As in `MeasuredImage`.
    path : Path
        The file.
    reason : str
        Why, and what to do.
    """

    name: str
    path: Path
    reason: str


@dataclass(frozen=True, eq=False)
class MeasureResult:
    """A folder, measured, with everything needed to tell how.

    Attributes
    ----------
    folder : Path
        The folder of the images.
    images : tuple of MeasuredImage
        In the order of their names.
    failures : tuple of MeasureFailure
        Images that could not be measured.
    settings : MeasureSettings
        How lines are found and slits assigned.
    rollups : Rollup or None
        Figures of glomeruli, biopsies and groups; None without images.
    job : mapping
        The job as plain values.
    track : str
        Whose annotation was measured: "shared", or the name of a reader.
    project : Path or None
        The project's file; None for a folder without one.
    date : str
        When, ISO 8601 in UTC.
    versions : mapping of str to str
        Of this program, Python, numpy, scipy, and torch where a model ran.
    methods : str
        A paragraph for a paper's methods section.
    notices : tuple of str
        What the person should know about the whole.
    """

    folder: Path
    images: tuple[MeasuredImage, ...]
    failures: tuple[MeasureFailure, ...] = ()
    settings: MeasureSettings = field(default_factory=MeasureSettings)
    rollups: Rollup | None = None
    job: Mapping[str, Any] = field(default_factory=dict)
    track: str = "shared"
    project: Path | None = None
    date: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    methods: str = ""
    notices: tuple[str, ...] = ()

    @property
    def edits(self) -> EditCounts:
        """What people did to the slits of all images together."""
        return EditCounts.together(image.edits for image in self.images)

    @property
    def models(self) -> tuple[ModelUsed, ...]:
        """The models whose slits or membranes were measured, each once, in order of the images."""
        return tuple(dict.fromkeys(i.model for i in self.images if i.model is not None))
