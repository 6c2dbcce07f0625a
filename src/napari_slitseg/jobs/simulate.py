"""Jobs that draw micrographs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from napari_slitseg.core.simulate_options import Look
from napari_slitseg.jobs.base import Document

Side = Annotated[int, Field(ge=64, le=20_000)]


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
    look: Look = Field(
        default="plain",
        description="Plain draws the bare shapes, tissue also what real sections are full of: "
        "cells, organelles, effaced stretches, faint slits, damage and the camera's faults.",
    )
