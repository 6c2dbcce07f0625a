"""Jobs that find slits."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from napari_slitseg.jobs.base import ImageSettings, ModelSettings
from napari_slitseg.jobs.cluster import ClusterSettings

MapsFormat = Literal["float16", "float32", "none"]


class PredictJob(ModelSettings, ImageSettings, ClusterSettings):
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
    skip_done: bool = Field(
        default=True,
        description="Skip images that are done: their results are in the folder, unchanged, and "
        "its record says that they were made from the same image content by this version, with "
        "the same model, threshold, minimum distance, detector, precision, pixel size, page and "
        "format of the maps. Results that were changed since, or that the record does not know, "
        "are never replaced. --no-skip-done predicts all again and replaces all.",
    )
