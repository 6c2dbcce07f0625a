"""Jobs: frozen documents that say what to do.

One document drives the command line, the record beside the results and any worker process. The
description of a field is its help text.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

Precision = Literal["auto", "float32", "float16", "bfloat16"]
MapsFormat = Literal["float16", "float32", "none"]
Side = Annotated[int, Field(ge=64, le=20_000)]

_SAYS_ALL: Final = "says_all"
"""Kind of an error whose text tells the value too."""


class Document(BaseModel):
    """What all jobs share: no value changes, no unknown field, no NaN, JSON both ways."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ImageSettings(Document):
    """How images are read."""

    pixel_size_nm: float | None = Field(
        default=None,
        ge=0.05,
        lt=1000,
        description="Side of a pixel in nm, for all images that are not in the table of pixel "
        "sizes. Default: what each file says.",
    )
    pixel_sizes: Path | None = Field(
        default=None,
        description="CSV table with the columns image (file name, with or without its ending) and "
        "pixel_size_nm; it goes before the other ways to know a pixel size.",
    )
    page: int = Field(
        default=0, ge=0, description="Page to take from files with several, counted from 0."
    )


class ModelSettings(Document):
    """Which model finds the slits, and how."""

    model: str = Field(
        default="slitseg-forknet-v1",
        min_length=1,
        description="Name of a bundled model, or a .safetensors file.",
    )
    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Lowest probability of a slit, from 0 to 1. Default: the model's own.",
    )
    min_distance_nm: float | None = Field(
        default=None,
        ge=0,
        description="Smallest distance between two slits in nm; of two closer ones the more "
        "probable stays. Default: the model's own.",
    )
    detector: dict[str, Any] = Field(
        default="peaks",
        validate_default=True,
        description="What finds the slits in the slit map, by name: peaks, log, dog, doh or "
        "components. In a document also with settings, such as "
        '{"name": "log", "min_sigma_nm": 8}.',
    )
    device: str = Field(
        default="auto",
        description="Where the model runs: auto (the fastest there is), cpu, mps, cuda or "
        "cuda:NUMBER.",
    )
    precision: Precision = Field(
        default="auto",
        description="Numbers the model computes with; auto is what suits the device.",
    )

    @field_validator("detector", mode="before")
    @classmethod
    def _is_detector(cls, value: object) -> dict[str, Any]:
        from napari_slitseg.core.detection import detector_from_dict

        document: Any = {"name": value} if isinstance(value, str) else value
        try:
            return detector_from_dict(document).to_dict()
        except ValueError as error:
            raise PydanticCustomError(_SAYS_ALL, "{text}", {"text": str(error)}) from error

    @field_validator("device")
    @classmethod
    def _is_device(cls, name: str) -> str:
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name):
            raise ValueError("Input should be auto, cpu, mps, cuda or cuda:NUMBER")
        return name


class PredictJob(ModelSettings, ImageSettings):
    """Find the slits in image files."""

    images: tuple[Path, ...] = Field(
        min_length=1, description="Image files, or folders whose images are all taken."
    )
    out: Path = Field(description="Folder for the results; it is made if there is none.")
    maps: MapsFormat = Field(
        default="float16",
        description="Number format of the probability maps, or none to write only the slits. "
        "napari opens both formats, ImageJ only float32.",
    )


class EvaluateJob(ModelSettings, ImageSettings):
    """Compare predicted with annotated slits."""

    images: tuple[Path, ...] = Field(
        min_length=1, description="Folder of the images, or image files."
    )
    annotations: Path | None = Field(
        default=None,
        description="Folder of the annotations, named like the images. Default: beside each "
        "image, or in a folder slits, annotations or points there or next to its folder.",
    )
    predictions: Path | None = Field(
        default=None,
        description="Folder of predicted slits, named like the images (what predict wrote). "
        "Default: the model is run.",
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
    out: Path | None = Field(
        default=None, description="CSV table to write, one row an image with every figure."
    )


class SimulateJob(Document):
    """Draw micrographs whose slits are known exactly."""

    out: Path = Field(
        description="Folder for images/, slits/ and membrane/; it is made if there is none."
    )
    n: int = Field(default=10, ge=1, le=100_000, description="How many micrographs.")
    seed: int = Field(
        default=0,
        ge=0,
        lt=2**31,
        description="Seed of the first micrograph; the others follow. The same seed draws the "
        "same.",
    )
    pixel_size_nm: float = Field(default=10, ge=3, le=20, description="Side of a pixel in nm.")
    shape: tuple[Side, Side] = Field(
        default=(640, 640), description="Rows and columns of a micrograph, px."
    )
    capillaries: int | None = Field(
        default=None,
        ge=1,
        le=20,
        description="How many capillary walls are tried. Default: 1 to 4, by the seed.",
    )
    effacement: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Share of the membrane without slits, from 0 to 1. Default: by the seed.",
    )
    contrast: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="From 0 (cytoplasm as grey as the membrane) to 1 (hard). Default: by the seed.",
    )
    noise: float | None = Field(
        default=None,
        ge=0,
        le=0.5,
        description="Grain, as a share of the full grey range, from 0 to 0.5. Default: by the "
        "seed.",
    )
    blur_nm: float | None = Field(
        default=None,
        ge=0,
        le=200,
        description="Standard deviation of the defocus in nm. Default: by the seed.",
    )


def explain(error: ValidationError) -> str:
    """Say what is wrong with a document, one line for each field.

    Parameters
    ----------
    error : ValidationError
        As pydantic raises it.
    """
    return "\n".join(
        _line(".".join(map(str, item["loc"])), item["msg"], item["type"], item["input"])
        for item in error.errors(include_url=False)
    )


def _line(field: str, message: str, kind: str, value: object) -> str:
    where = f"{field}: " if field else ""
    message = message.removeprefix("Value error, ")
    if kind in ("missing", "extra_forbidden", _SAYS_ALL):
        return f"{where}{message}"
    return f"{where}{message}, got {value!r}"
