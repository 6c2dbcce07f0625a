"""The job that takes over a model from Keras."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from napari_slitseg.jobs.base import Document, check_ending


class ImportKerasJob(Document):
    """Convert Keras weights of fpw-dl-v1's ForkNet into a checkpoint."""

    weights: Path = Field(
        description="File that Keras wrote with save_weights or save, usually weights.h5."
    )
    out: Path = Field(description="Checkpoint to write, such as forknet.safetensors.")
    name: str | None = Field(
        default=None,
        min_length=1,
        description="Name of the model, as shown and as written beside every slit it finds. "
        "Default: the name of the checkpoint without its ending.",
    )
    pixel_size_nm: float = Field(
        default=10,
        ge=0.05,
        lt=1000,
        description="Pixel size in nm of the micrographs that the model was trained on, before "
        "they were squeezed from 1104 x 1024 to 640 x 640 px (at 10 nm, a pixel of the network is "
        "17.25 nm high and 16 nm wide). Images of another pixel size are resampled to it.",
    )
    threshold: float = Field(
        default=round(55 / 255, 4),
        ge=0,
        le=1,
        description="Lowest probability of a slit, from 0 to 1; the published one is 55 of 255.",
    )
    min_distance_nm: float | None = Field(
        default=None,
        ge=0,
        description="Smallest distance between two slits in nm. Default: one pixel of the "
        "network, as published, so 16 nm at a pixel size of 10 nm.",
    )
    dataprops: Path | None = Field(
        default=None,
        description="JSON file with x_mean and x_std, the numbers by which the model's images "
        "were standardised. Default: those of the publication, 115.836 and 42.8125.",
    )
    licence: str = Field(
        default="",
        description="Licence of the weights, or who may use them; kept in the checkpoint.",
    )

    @field_validator("out")
    @classmethod
    def _is_checkpoint(cls, path: Path) -> Path | None:
        return check_ending(path, ".safetensors")
