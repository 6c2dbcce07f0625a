"""Jobs that compare slits with annotations."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from napari_slitseg.jobs.base import (
    SAYS_ALL,
    Document,
    ImageSettings,
    ModelSettings,
    SearchSettings,
    check_ending,
)
from napari_slitseg.jobs.cluster import ClusterSettings


class ScoringSettings(Document):
    """How slits are compared with annotations, and how sure the figures are."""

    annotations: Path | None = Field(
        default=None,
        description="Folder of the annotations, named like the images. Default: beside each "
        "image, or in a folder slits, annotations or points there or next to its folder.",
    )
    tolerance_nm: float = Field(
        default=50,
        gt=0,
        description="Largest distance in nm between a predicted and an annotated slit that are "
        "the same.",
    )
    tolerance_px: float | None = Field(
        default=None,
        gt=0,
        description="The same in pixels, in place of nm; for images without a pixel size.",
    )
    ignore_radius_nm: float = Field(
        default=100,
        ge=0,
        description="Predictions this near to an uncertain annotation are neither right nor "
        "wrong; nm.",
    )
    ignore_radius_px: float = Field(
        default=10,
        ge=0,
        description="The same in pixels, for images without a pixel size.",
    )
    biopsies: Path | None = Field(
        default=None,
        description="CSV table with the columns image (file name, with or without its ending) and "
        "biopsy. Intervals are then over biopsies: images of one biopsy resemble each other, and "
        "intervals over images would be too narrow.",
    )
    confidence: float = Field(
        default=0.95, gt=0, lt=1, description="Confidence of the intervals, such as 0.95."
    )
    resamples: int = Field(
        default=2000,
        ge=100,
        le=1_000_000,
        description="How often images, or biopsies, are drawn anew for an interval.",
    )

    @field_validator("out", "curve", check_fields=False)
    @classmethod
    def _is_table(cls, path: Path | None) -> Path | None:
        return check_ending(path, ".csv")


class EvaluateJob(ScoringSettings, ModelSettings, ImageSettings, ClusterSettings):
    """Compare predicted with annotated slits."""

    images: tuple[Path, ...] = Field(
        min_length=1, description="Folder of the images, or image files."
    )
    predictions: Path | None = Field(
        default=None,
        description="Folder of predicted slits, named like the images (what predict wrote). "
        "Default: the model is run.",
    )
    further: bool = Field(
        default=False,
        description="Also compute one-way and summed Chamfer distances, averaged Hausdorff and "
        "Hausdorff distance, bijective Chamfer and earth mover's distance, and F1 integrated over "
        "tolerances: columns of --out and --json.",
    )
    out: Path | None = Field(
        default=None,
        description="CSV table to write, one row an image with every figure. Beside it go "
        "NAME_pooled.csv, the figures of all images together with their intervals, and NAME.json, "
        "all of it with what was compared with what, and how.",
    )
    curve: Path | None = Field(
        default=None,
        description="CSV table to write: precision, recall and F1 at every threshold.",
    )
    xlsx: Path | None = Field(
        default=None,
        description="Workbook to write: images, all together with intervals, every point of every "
        "image with its match, and how all of it was computed.",
    )

    @field_validator("xlsx")
    @classmethod
    def _is_workbook(cls, path: Path | None) -> Path | None:
        return check_ending(path, ".xlsx")


class CompareJob(ScoringSettings, SearchSettings, ImageSettings):
    """Compare two models, or two folders of predictions, on the same images."""

    images: tuple[Path, ...] = Field(
        min_length=1, description="Folder of the images, or image files."
    )
    models: tuple[str, ...] = Field(
        default=(),
        description="Two models, the old one first: names of bundled ones or .safetensors files. "
        "Each uses its own threshold and minimum distance unless they are given.",
    )
    predictions: tuple[Path, ...] = Field(
        default=(),
        description="In place of models: two folders of predicted slits, the old one first.",
    )
    out: Path | None = Field(
        default=None,
        description="CSV table to write, one row an image with the figures of both. Beside it goes "
        "NAME.json, all of it with what was compared with what, and how.",
    )

    @model_validator(mode="after")
    def _has_two_sides(self) -> Self:
        if sorted((len(self.models), len(self.predictions))) != [0, 2]:
            raise PydanticCustomError(
                SAYS_ALL,
                "Two models or two folders are compared: give --models OLD NEW or --predictions "
                "OLD NEW, after the images.",
            )
        return self
