"""One annotated image of a data set: what is known of it, and loading it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.image import Micrograph, read_image
from napari_slitseg.core.points import PointTable, read_points
from napari_slitseg.jobs import ImageSettings
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.fingerprints import sha256_of
from napari_slitseg.pipelines.membrane import read_membrane


@dataclass(frozen=True)
class Grey:
    """Grey values of an image.

    Attributes
    ----------
    dtype : str
    low, high : float
        Lowest and highest.
    saturated : float
        Share of pixels that have one of these two, in [0, 1].
    notices : tuple of str
        What reading it changed, such as colours made grey.
    """

    dtype: str
    low: float
    high: float
    saturated: float
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Member:
    """An annotated image.

    Attributes
    ----------
    name : str
        File name; with folders before it where another image of the set has the same.
    image, annotation : Path
    membrane : Path or None
        Mask of the membrane; None where there is none that fits.
    biopsy : str
        "" where no table names one.
    sha256, annotation_sha256, membrane_sha256 : str
        Of the files; "" without a file.
    content_sha256 : str
        Of the grey values, whatever the file that holds them.
    shape : (int, int)
        Rows and columns.
    pixel_size_nm : float or None
    pixel_size_source : str
    n_slits, n_uncertain : int
        Annotations inside the image, without what a person rejected or nobody reviewed.
    n_outside : int
        Those outside, which nothing is learned from.
    n_close : int
        Slits whose dot of the target touches another one's.
    grey : Grey
    """

    name: str
    image: Path
    annotation: Path
    membrane: Path | None
    biopsy: str
    sha256: str
    annotation_sha256: str
    membrane_sha256: str
    content_sha256: str
    shape: tuple[int, int]
    pixel_size_nm: float | None
    pixel_size_source: str
    n_slits: int
    n_uncertain: int
    n_outside: int
    n_close: int
    grey: Grey

    @property
    def files(self) -> tuple[tuple[Path, str], ...]:
        """All its files, each with its SHA-256."""
        both = [(self.image, self.sha256), (self.annotation, self.annotation_sha256)]
        if self.membrane is not None:
            both.append((self.membrane, self.membrane_sha256))
        return tuple(both)


class Loaded(NamedTuple):
    """What training needs of an image; `membrane` is a mask, None where nobody drew one."""

    image: Micrograph
    points: PointTable
    membrane: NDArray[np.bool_] | None


def load_member(member: Member, settings: ImageSettings) -> Loaded:
    """Read an image with its annotations: only points that are inside it and that a person made.

    Raises
    ------
    JobError
        If a file is gone or no longer the one that the data set holds.
    napari_slitseg.core.image.ImageReadError or napari_slitseg.core.points.PointsReadError
        If it cannot be read.
    """
    for path, sha256 in member.files:
        check_same(path, sha256)
    image = replace(
        read_image(member.image, page=settings.page),
        pixel_size_nm=member.pixel_size_nm,
        pixel_size_source=member.pixel_size_source,
    )
    points = made_by_a_person(read_points(member.annotation))
    membrane = None if member.membrane is None else read_membrane(member.membrane, image.shape)
    return Loaded(image, points.take(is_inside(points.yx, image.shape)), membrane)


def check_same(path: Path, sha256: str) -> None:
    """Refuse a file that is not the one it was.

    Raises
    ------
    JobError
        If it is gone or its content differs.
    """
    try:
        found = sha256_of(path)
    except OSError as error:
        raise JobError(f"{path} cannot be read any more: {error.strerror or error}.") from error
    if found != sha256:
        raise JobError(f"{path} has changed since the run was begun.")


def told_apart(members: Sequence[Member]) -> list[Member]:
    """Give images of the same name as much of their folders as tells them apart."""
    named = list(members)
    for length in range(2, 1 + max((len(member.image.parts) for member in members), default=0)):
        n_same = Counter(member.name for member in named)
        named = [
            member
            if n_same[member.name] == 1
            else replace(member, name=Path(*member.image.parts[-length:]).as_posix())
            for member in named
        ]
    return named


def made_by_a_person(table: PointTable) -> PointTable:
    """Return a table without what a person rejected or nobody reviewed."""
    return table.take(table.is_slit)


def is_inside(yx: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which points (N, 2) lie in an image of this shape."""
    return np.asarray(((yx >= -0.5) & (yx <= np.subtract(shape, 0.5))).all(axis=1))
