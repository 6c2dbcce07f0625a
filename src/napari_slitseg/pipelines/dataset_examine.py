"""Look at one image of a data set once: everything that its record says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import find_annotation, read_points
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset_member import Grey, Member, is_inside, made_by_a_person
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.fingerprints import sha256_of
from napari_slitseg.pipelines.inputs import ImageReader
from napari_slitseg.pipelines.membrane import find_membrane, read_membrane
from napari_slitseg.pipelines.scoring import Truth
from napari_slitseg.pipelines.tables import value_of

LEAST_SIDE_PX: Final = 16
_SAMPLE: Final = 1_000_000
_ROWS: Final = 512


class NoAnnotation(ValueError):
    """An image has no annotation, so there is nothing to learn from it."""


@dataclass(frozen=True)
class Examiner:
    """Looks at images as a job asks."""

    job: FinetuneJob
    reader: ImageReader
    biopsies: dict[str, str]

    def examine(self, path: Path) -> tuple[Member, tuple[str, ...]]:
        """Look at one image: what it is, and what the person should know of it.

        Raises
        ------
        NoAnnotation
            If it has none.
        ValueError, OSError
            If it cannot be trained with; the message says why.
        """
        annotation = find_annotation(path, self.job.annotations)
        if annotation is None and path.is_file():
            raise NoAnnotation("It has no annotation.")
        image = self.reader.read(path)
        if annotation is None:
            raise NoAnnotation("It has no annotation.")
        biopsy, grey = self._biopsy(path), _grey(image)
        table = read_points(annotation)
        notes = [*image.notices, *Truth.of(table, annotation).notes(image.shape)]
        points = made_by_a_person(table)
        inside = is_inside(points.yx, image.shape)
        _check_place(inside, annotation, image.shape)
        membrane, about = _membrane(path, image.shape)
        certain = points.take(inside & ~points.uncertain)
        member = Member(
            name=path.name,
            image=path.resolve(),
            annotation=annotation.resolve(),
            membrane=membrane,
            biopsy=biopsy,
            sha256=sha256_of(path),
            annotation_sha256=sha256_of(annotation),
            membrane_sha256="" if membrane is None else sha256_of(membrane),
            content_sha256=_content(image.pixels),
            shape=image.shape,
            pixel_size_nm=image.pixel_size_nm,
            pixel_size_source=image.pixel_size_source,
            n_slits=len(certain),
            n_uncertain=int((inside & points.uncertain).sum()),
            n_outside=int((~inside).sum()),
            n_close=_n_close(certain.yx, self.job.dot_radius_nm, image.pixel_size_nm),
            grey=grey,
        )
        return member, (*notes, *about)

    def _biopsy(self, path: Path) -> str:
        found = value_of(self.biopsies, path)
        if found is None and self.job.split_by == "biopsy":
            raise JobError(
                f"The table of biopsies {self.job.biopsies} says no biopsy for it. Add it there."
            )
        return found or ""


def _check_place(inside: NDArray[np.bool_], annotation: Path, shape: tuple[int, int]) -> None:
    beyond = int((~inside).sum())
    if 2 * beyond > len(inside):
        raise JobError(
            f"{beyond} of the {len(inside)} points of {annotation.name} lie outside the image, "
            f"which is {shape[0]} x {shape[1]} px: they seem to belong to another image, or to it "
            "in another size."
        )


def _membrane(path: Path, shape: tuple[int, int]) -> tuple[Path | None, tuple[str, ...]]:
    """Find a mask that fits; a bad one is only said."""
    file = find_membrane(path)
    if file is None:
        return None, ()
    try:
        read_membrane(file, shape)
    except (ValueError, OSError) as error:
        return None, (f"Its membrane is not used. {error}",)
    return file.resolve(), ()


def _grey(image: Micrograph) -> Grey:
    """Look at the grey values; an image that shows nothing is refused."""
    if min(image.shape) < LEAST_SIDE_PX:
        height, width = image.shape
        raise JobError(
            f"It is only {height} x {width} px, and at least {LEAST_SIDE_PX} are needed."
        )
    pixels: Any = image.pixels
    low, high = float(pixels.min()), float(pixels.max())
    if not high > low:
        raise JobError(f"All its pixels have the same grey value, {low:g}, so it shows nothing.")
    step = max(1, int(np.ceil(np.sqrt(pixels.size / _SAMPLE))))
    sample = pixels[::step, ::step]
    saturated = float(((sample == low) | (sample == high)).mean())
    return Grey(str(pixels.dtype), low, high, saturated, image.notices)


def _content(pixels: NDArray[Any]) -> str:
    """SHA-256 of grey values and shape, block by block."""
    digest = hashlib.sha256(f"{pixels.dtype.name} {pixels.shape}".encode())
    for start in range(0, len(pixels), _ROWS):
        block = np.ascontiguousarray(pixels[start : start + _ROWS])
        digest.update(block.astype(block.dtype.newbyteorder("<"), copy=False).data)
    return digest.hexdigest()


def _n_close(yx: NDArray[np.float64], radius_nm: float, size_nm: float | None) -> int:
    """Count the points nearer to another one than two radii of a dot."""
    if len(yx) < 2 or size_nm is None:
        return 0
    distances, _ = cKDTree(yx).query(yx, k=2)
    return int((distances[:, 1] * size_nm < 2 * radius_nm).sum())
