"""The job that tells which images to annotate first."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from napari_slitseg.jobs.base import ImageSettings, ModelSettings, check_ending


class RankJob(ModelSettings, ImageSettings):
    """Order images by how doubtful what the model finds in them is."""

    images: tuple[Path, ...] = Field(
        min_length=1, description="Image files, or folders whose images are all taken."
    )
    views: int = Field(
        default=2,
        ge=0,
        le=7,
        description="How many flipped and turned copies of each image the model looks at besides; "
        "what it finds in some of them only is doubtful. Each takes as long as the image itself.",
    )
    tolerance_nm: float = Field(
        default=50,
        gt=0,
        description="Largest distance in nm at which a slit of a copy is the same slit.",
    )
    out: Path | None = Field(
        default=None, description="CSV table to write, one row an image, most doubtful first."
    )

    @field_validator("out")
    @classmethod
    def _is_table(cls, path: Path | None) -> Path | None:
        return check_ending(path, ".csv")
