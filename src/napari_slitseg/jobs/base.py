"""What jobs are made of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

Precision = Literal["auto", "float32", "float16", "bfloat16"]

SAYS_ALL: Final = "says_all"
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


class SearchSettings(Document):
    """How a model finds the slits."""

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
            raise PydanticCustomError(SAYS_ALL, "{text}", {"text": str(error)}) from error

    @field_validator("device")
    @classmethod
    def _is_device(cls, name: str) -> str:
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name):
            raise ValueError("Input should be auto, cpu, mps, cuda or cuda:NUMBER")
        return name


class _Model(Document):
    model: str = Field(
        default="slitseg-unet-v2",
        min_length=1,
        description="Name of a bundled model, or a .safetensors file.",
    )


class ModelSettings(SearchSettings, _Model):
    """Which model finds the slits, and how."""


def check_ending(path: Path | None, ending: str) -> Path | None:
    """Return a file name as it is if it ends as it should.

    Raises
    ------
    ValueError
        If it does not.
    """
    if path is not None and path.suffix.lower() != ending:
        raise ValueError(f"Input should be a file name that ends in {ending}")
    return path


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
    if kind in ("missing", "extra_forbidden", SAYS_ALL):
        return f"{where}{message}"
    shown = str(value) if isinstance(value, Path) else value
    return f"{where}{message}, got {shown!r}"
