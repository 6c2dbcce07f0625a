"""Agreement of readers in files: points that come from files, and tables that go there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.points import PointTable, find_annotation, read_points
from napari_slitseg.core.rows import rows_as_csv
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.outputs import prepare_folder, write_text
from napari_slitseg.store import Project, StoredImage

if TYPE_CHECKING:
    from napari_slitseg.pipelines.readers import Agreement

FORMAT: Final = "napari-slitseg agreement"
"""What the JSON of an agreement calls itself."""

_TABLES: Final = ("first,second,f1,", "image,first,second,")

PointsOf = Callable[[StoredImage], PointTable | None]
"""Points of an image that are not in the project, such as a model's; None where there are none."""


def annotations_beside(project: Project) -> PointsOf:
    """Return what reads the annotation beside an image that some reader has read."""
    read = {image_id for image_id, _ in project.tracks()}

    def points_of(stored: StoredImage) -> PointTable | None:
        table = _read(stored, None) if stored.id in read else None
        return table if table is None or not len(table) or table.is_slit.any() else None

    return points_of


def predictions_in(folder: Path) -> PointsOf:
    """Return what reads the slits of an image in a folder that slitseg predict wrote.

    Raises
    ------
    JobError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise JobError(f"There is no folder {folder} with predictions.")

    def points_of(stored: StoredImage) -> PointTable | None:
        table = _read(stored, folder)
        return None if table is None else as_slits(table.living)

    return points_of


def as_slits(table: PointTable) -> PointTable:
    """Return what a model proposes as a reader who says so."""
    return replace(table, status=np.full(len(table), "accepted"))


def _read(stored: StoredImage, folder: Path | None) -> PointTable | None:
    if stored.page:
        return None
    file = find_annotation(stored.path, folder)
    try:
        return None if file is None else read_points(file)
    except (OSError, ValueError) as error:
        raise JobError(f"{file} cannot be read: {error}") from error


def result_files(out: Path) -> tuple[Path, Path, Path]:
    """Return NAME.csv (pairs), NAME_images.csv (images of each pair), NAME.json (everything)."""
    return out, out.with_name(f"{out.stem}_images.csv"), out.with_suffix(".json")


def write_agreement(path: Path, agreement: Agreement) -> None:
    """Write the three `result_files`.

    Raises
    ------
    JobError
        If a file is there that is none of this program's results.
    OutputError
        If one cannot be written.
    """
    prepare_folder(path.parent)
    files = result_files(path)
    for file in files:
        _check_replaceable(file)
    texts = (
        rows_as_csv(agreement.pair_rows()),
        rows_as_csv(agreement.image_rows()),
        to_json(agreement.to_dict()),
    )
    for file, text in zip(files, texts, strict=True):
        write_text(file, text)


def _check_replaceable(path: Path) -> None:
    if not path.exists():
        return
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        text = ""
    if not (text.startswith(_TABLES) or f'"format": "{FORMAT}"' in text[:200]):
        raise JobError(
            f"{path} would be replaced, but is none of this program's tables of agreement. Choose "
            "another name."
        )
