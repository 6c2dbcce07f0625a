"""Read the annotation of one image from its files, and say what is odd about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points import PointsReadError, PointTable, read_points
from napari_slitseg.core.points_formats import is_layered
from napari_slitseg.core.points_formats import read_membrane as read_layer
from napari_slitseg.pipelines.import_annotations_pairs import Sources
from napari_slitseg.pipelines.membrane import read_membrane
from napari_slitseg.pipelines.save_plan_file import PointsFile, look_at

_MASKS: Final = (".png", ".tif", ".tiff")
_DUPLICATE_PX: Final = 1.0


@dataclass(frozen=True, eq=False)
class Found:
    """The annotation of an image, as its files tell.

    Attributes
    ----------
    file : PointsFile or None
        Points, with what else the file holds; None where there is no such file.
    membrane : (H, W) bool or None
        The stripe; None where nobody drew it.
    """

    file: PointsFile | None
    membrane: NDArray[np.bool_] | None

    @property
    def points(self) -> PointTable | None:
        """The points, None where there are none."""
        return None if self.file is None else self.file.table


def read_sources(sources: Sources, shape: tuple[int, int]) -> Found:
    """Read the files of an image.

    Parameters
    ----------
    sources : Sources
        The files.
    shape : (int, int)
        Rows and columns of the image; masks must be as large.

    Raises
    ------
    ValueError
        If a file cannot be read, or is a mask of another size; the message says which and why.
    """
    file = None if sources.points is None else _points(sources.points, shape)
    membrane = None
    if sources.membrane is not None:
        membrane = read_membrane(sources.membrane, shape)
    elif sources.points is not None and _is_layered(sources.points):
        membrane = read_layer(sources.points)
    return Found(file, membrane)


def oddities(found: Found, shape: tuple[int, int]) -> tuple[str, ...]:
    """Say what a person should know of an annotation, a sentence each."""
    table = found.points
    if table is None or found.file is None:
        return ()
    columns = found.file.unknown_columns
    outside, twice = n_outside(table, shape), n_duplicates(table)
    scored = int((np.isfinite(table.score) & (table.status == "proposed")).sum())
    texts = (
        "it has no points: it says that there are no slits" if not len(table) else "",
        _counted(outside, "outside the image"),
        _counted(twice, f"within {_DUPLICATE_PX:g} px of another one"),
        _counted(scored, "with a score and no status: taken as a model's proposals"),
        f"ignored columns: {', '.join(columns)}" if columns else "",
    )
    return tuple(filter(None, texts))


def n_outside(table: PointTable, shape: tuple[int, int]) -> int:
    """How many points lie outside the pixels of an image of that shape."""
    limits = np.array(shape) - 0.5
    return int(((table.yx < -0.5) | (table.yx > limits)).any(axis=1).sum())


def n_duplicates(table: PointTable) -> int:
    """How many points lie within 1 px of one before them."""
    from scipy.spatial import cKDTree

    if len(table) < 2:
        return 0
    pairs = cKDTree(table.yx).query_pairs(_DUPLICATE_PX, output_type="ndarray")
    return len(np.unique(pairs[:, 1]))


def _points(path: Path, shape: tuple[int, int]) -> PointsFile:
    if path.suffix.lower() in _MASKS:
        _check_size(path, shape)
    if path.suffix.lower() != ".csv":
        return PointsFile(path, table=read_points(path), columns=("axis-0", "axis-1"))
    file = look_at(path)
    if file.table is None:
        raise PointsReadError(file.problem or f"There is no file {path}.")
    return file


def _check_size(path: Path, shape: Sequence[int]) -> None:
    mask = read_layer(path)
    if mask.shape != tuple(shape):
        there, here = (" x ".join(map(str, each)) for each in (mask.shape, shape))
        raise PointsReadError(f"{path.name} is {there} px, but its image is {here} px.")


def _is_layered(path: Path) -> bool:
    return path.suffix.lower() in _MASKS and is_layered(path)


def _counted(count: int, what: str) -> str:
    points = "1 point" if count == 1 else f"{count} points"
    return f"{points} {what}" if count else ""
