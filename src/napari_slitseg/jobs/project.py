"""Jobs about projects: annotations taken in, and given out."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from napari_slitseg.jobs.base import Document


class ImportAnnotationsJob(Document):
    """Take annotations from files into the project of a folder of images."""

    folder: Path = Field(description="Folder of the images; its project is made if there is none.")
    files: tuple[Path, ...] = Field(
        default=(),
        description="Annotations: folders or files named like the images. Points: CSV, ImageJ ROI "
        "or zip, masks with a dot on every slit (PNG, TIFF), layered TIFF of fpw-dl-v1; membrane: "
        "masks named a_membrane.png. Default: what lies beside the images.",
    )
    pairs: Path | None = Field(
        default=None,
        description="CSV table with the columns image (file name, with or without its ending) and "
        "file, for annotations that are named otherwise.",
    )
    editor: str = Field(
        default="", description="Who imports; signs what --replace changes in the project."
    )
    replace: bool = Field(
        default=False,
        description="Also for images that the project has an annotation of: it becomes what the "
        "file says, as an edit that can be undone. Default: such images are skipped.",
    )
    dry_run: bool = Field(default=False, description="Report only; nothing is written.")


class ExportProjectJob(Document):
    """Write the annotations of a project as files."""

    folder: Path = Field(description="Folder of the project.")
    out: Path = Field(
        description="Folder to write to: a CSV table of points an image, a_membrane.png where the "
        "membrane is drawn, and images.xlsx and images.json with the status of all."
    )
    track: str = Field(
        default="shared",
        min_length=1,
        description="Whose annotations: shared, or the name of a reader.",
    )
    all: bool = Field(
        default=False,
        description="Also points that were rejected or deleted. Other programs know no status and "
        "would take them for slits.",
    )
    replace: bool = Field(
        default=False, description="Replace files that are there already and say something else."
    )
