"""The job that measures slit density and foot process width."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field, field_validator

from napari_slitseg.jobs.base import Document, ImageSettings, ModelSettings

if TYPE_CHECKING:
    from napari_slitseg.core.morphometry import MeasureSettings

ReportKind = Literal[".xlsx", ".csv", ".html", ".pdf", ".json", ""]

REPORT_KINDS: Final[tuple[ReportKind, ...]] = (".xlsx", ".csv", ".html", ".pdf", ".json", "")
"""Endings of a report; "" is a folder that gets all of them."""


class LineSettings(Document):
    """How the membrane line is found and what lies on it; see `MeasureSettings`."""

    membrane_threshold: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Lowest probability of the membrane in a model's map, from 0 to 1.",
    )
    smooth_nm: float = Field(
        default=30.0,
        ge=0,
        description="Standard deviation of the smoothing along the membrane line, nm.",
    )
    spur_nm: float = Field(
        default=150.0,
        ge=0,
        description="Side branches of the membrane line shorter than this are dropped, nm.",
    )
    hole_nm: float = Field(
        default=150.0,
        ge=0,
        description="Holes in the membrane of an area smaller than the square of this are closed, "
        "nm.",
    )
    shortest_nm: float = Field(
        default=400.0,
        ge=0,
        description="Membrane lines shorter than this are dropped, nm.",
    )
    join_nm: float = Field(
        default=600.0,
        ge=0,
        description="Widest gap of the membrane that is bridged, nm; 0 bridges none.",
    )
    join_angle_deg: float = Field(
        default=40.0,
        ge=0,
        le=180,
        description="Largest angle between the line and the bridge over a gap, degrees.",
    )
    assign_nm: float = Field(
        default=150.0,
        ge=0,
        description="A slit farther than this from every membrane line is not counted, nm.",
    )
    effaced_nm: float = Field(
        default=1000.0,
        ge=0,
        description="A foot process wider than this counts as effaced, nm.",
    )

    @property
    def measure_settings(self) -> MeasureSettings:
        """The settings as the maths takes them."""
        from napari_slitseg.core.morphometry import MeasureSettings

        names = (each.name for each in fields(MeasureSettings))
        return MeasureSettings(**{name: getattr(self, name) for name in names})


class SampleSettings(Document):
    """How glomerulus, biopsy and group of an image are known, and how sure figures of them are."""

    samples: Path | None = Field(
        default=None,
        description="CSV table with the columns image (file name, with or without its ending), "
        "biopsy, and if known glomerulus and group. It goes before what the project says.",
    )
    name_pattern: str | None = Field(
        default=None,
        min_length=1,
        description="Regular expression that reads where an image belongs out of its name: it has "
        "groups named biopsy, glomerulus or group (in the spelling of Python) and is searched in "
        "the path below the folder. For images that neither table nor project tells of.",
    )
    folder_names: bool = Field(
        default=False,
        description="Read where an image belongs out of the folders it lies in: biopsy/image, "
        "biopsy/glomerulus/image or group/biopsy/glomerulus/image. For images of which nothing "
        "else is known; with --subfolders.",
    )
    confidence: float = Field(
        default=0.95, gt=0, lt=1, description="Confidence of the intervals, such as 0.95."
    )
    resamples: int = Field(
        default=2000,
        ge=100,
        le=100_000,
        description="How often biopsies, their glomeruli and their images are drawn anew for an "
        "interval.",
    )
    seed: int = Field(
        default=0, ge=0, lt=2**31, description="Seed of that drawing; the same gives the same."
    )


class MeasureJob(SampleSettings, LineSettings, ModelSettings, ImageSettings):
    """Measure slit density and foot process width of the images of a folder."""

    project: Path = Field(
        description="Folder of the images. Annotations, scales and samples come from the project "
        "in it where there is one, else from files beside the images."
    )
    images: tuple[Path, ...] = Field(
        default=(),
        description="Only these images: files, folders, or names of images in the folder. Default: "
        "all that the project knows or the folder holds.",
    )
    subfolders: bool = Field(
        default=False, description="Also images in folders of the folder, at any depth."
    )
    track: str = Field(
        default="shared",
        min_length=1,
        description="Whose annotation is measured: shared, or the name of a reader.",
    )
    predictions: Path | None = Field(
        default=None,
        description="Folder that slitseg predict wrote. Default: what it wrote beside the images, "
        "or to a folder results or predictions there or next to their folder, with the same model "
        "and settings as here.",
    )
    predict: bool = Field(
        default=True,
        description="Run the model on images that lack slits or membrane. --no-predict measures "
        "only what is there.",
    )
    same_slit_nm: float = Field(
        default=50,
        gt=0,
        description="A slit of the model this near to a point that a person judged is the same "
        "slit, nm.",
    )
    old_tool: bool = Field(
        default=False,
        description="Also measure every image by the rules of the published tool fpw-dl-v1, from "
        "the same membrane and slits, to lay old and new figures side by side. Takes two to three "
        "times as long.",
    )
    out: tuple[Path, ...] = Field(
        default=(),
        description="Reports to write, by their ending: .xlsx (workbook), .csv (tables, in several "
        "files NAME_*.csv), .html or .pdf (a page with figures), .json (everything); a name "
        "without ending is a folder that gets all of them.",
    )

    @field_validator("out")
    @classmethod
    def _are_reports(cls, paths: tuple[Path, ...]) -> tuple[Path, ...]:
        for path in paths:
            if path.suffix.lower() not in REPORT_KINDS and not path.is_dir():
                known = ", ".join(kind for kind in REPORT_KINDS if kind)
                raise ValueError(f"{path} should end in {known}, or be a folder")
        return paths
