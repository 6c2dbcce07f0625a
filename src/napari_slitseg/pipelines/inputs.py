"""Which images a job means, and their pixel sizes."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from napari_slitseg.core.image import Micrograph, is_image_file, read_image
from napari_slitseg.core.pixel_size import PLAUSIBLE_NM
from napari_slitseg.events import Event, Notice
from napari_slitseg.jobs import ImageSettings
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.tables import read_column

__all__ = [
    "ImageReader",
    "JobError",
    "ShouldStop",
    "check_names_differ",
    "find_images",
    "never",
    "page_and_notices",
    "read_pixel_sizes",
]

ShouldStop = Callable[[], bool]

_COMPANIONS: Final = ("_maps", "_slits", "_points", "_annotations", "_membrane")


def never() -> bool:
    """Go on for ever: the `should_stop` of those who do not want to stop."""
    return False


def find_images(paths: Sequence[Path]) -> tuple[Path, ...]:
    """List the images that files and folders mean.

    Parameters
    ----------
    paths : sequence of Path
        A file is taken as it is, whether it exists or not: reading it tells. A folder stands for
        the image files in it (not in its subfolders), img2 before img10, without what belongs to
        another image there, such as ``a_maps.tif`` or ``a_slits.png`` beside ``a.tif``.

    Returns
    -------
    tuple of Path
        Each file once.

    Raises
    ------
    JobError
        If a folder has no images or cannot be listed.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _in_folder(path) if path.is_dir() else [path]:
            found.setdefault(file.resolve(), file)
    return tuple(found.values())


def check_names_differ(images: Sequence[Path]) -> None:
    """Refuse images whose results would be written to the same files.

    Raises
    ------
    JobError
        If two images have the same name but for folder, ending and capitals.
    """
    first: dict[str, Path] = {}
    for image in images:
        other = first.setdefault(image.stem.casefold(), image)
        if other is not image:
            raise JobError(
                f"{other} and {image} have the same name, so one would overwrite the results of "
                "the other. Choose one of them, rename one, or use two output folders."
            )


@dataclass(frozen=True)
class ImageReader:
    """Reads images with the pixel sizes and the page that a job asks for."""

    settings: ImageSettings
    sizes_nm: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: ImageSettings) -> ImageReader:
        """Reader for a job.

        Raises
        ------
        JobError
            If its table of pixel sizes cannot be read.
        """
        path = settings.pixel_sizes
        return cls(settings, {} if path is None else read_pixel_sizes(path))

    def read(self, path: Path) -> Micrograph:
        """Read an image; its pixel size is from the table, else the job's, else the file's.

        Raises
        ------
        napari_slitseg.core.image.ImageReadError
            If it cannot be read.
        """
        image = read_image(path, page=self.settings.page)
        size = self.given_size_nm(path)
        return image if size is None else image.with_pixel_size(size)

    def for_image(self, path: Path) -> ImageReader:
        """Return a reader that knows what one image needs, small enough to be sent about."""
        size = self.given_size_nm(path)
        settings = self.settings.model_copy(update={"images": (path,)})
        return ImageReader(settings, {} if size is None else {path.name.casefold(): size})

    def given_size_nm(self, path: Path) -> float | None:
        """Pixel size from the table, else the job's; None where the file is to tell."""
        names = (path.name.casefold(), path.stem.casefold())
        size = next((self.sizes_nm[name] for name in names if name in self.sizes_nm), None)
        return self.settings.pixel_size_nm if size is None else size


def page_and_notices(image: Micrograph, path: Path) -> Generator[Event, None, None]:
    """Say what the person should know about how an image was read."""
    if image.n_pages > 1:
        text = f"It has {image.n_pages} pages; page {image.page} was taken (the first is 0)."
        yield Notice(text=text, item=path.name)
    for text in image.notices:
        yield Notice(text=text, item=path.name)


def read_pixel_sizes(path: Path) -> dict[str, float]:
    """Read a CSV table with the columns image and pixel_size_nm.

    Commas, semicolons (then with decimal commas) or tabs part the columns; others are ignored, and
    so are rows without a size.

    Returns
    -------
    dict
        Pixel size in nm by image name in lower case, as written: with or without ending.

    Raises
    ------
    JobError
        If it is no such table; the message names the line.
    """
    table = read_column(path, "pixel_size_nm", what="pixel sizes")
    return {name: _size(cell, f"{path}, line {line}") for name, (cell, line) in table.items()}


def _size(cell: str, where: str) -> float:
    low, high = PLAUSIBLE_NM
    try:
        size = float(cell.replace(",", "."))
    except ValueError:
        size = float("nan")
    if not low <= size < high:
        raise JobError(
            f"{where}: {cell!r} is no pixel size; it should be a number of nm from {low} to "
            f"{high:g}."
        )
    return size


def _in_folder(folder: Path) -> list[Path]:
    try:
        files = [file for file in folder.iterdir() if is_image_file(file) and file.is_file()]
    except OSError as error:
        raise JobError(f"The folder {folder} cannot be listed: {error.strerror}.") from error
    stems = {file.stem.casefold() for file in files}
    images = [file for file in files if not _belongs_to_another(file, stems)]
    if not images:
        raise JobError(f"There are no images in the folder {folder}.")
    return sorted(images, key=_natural)


def _belongs_to_another(file: Path, stems: set[str]) -> bool:
    stem = file.stem.casefold()
    return any(stem.endswith(end) and stem.removesuffix(end) in stems for end in _COMPANIONS)


def _natural(file: Path) -> tuple[tuple[int | str, ...], str]:
    """Sort numbers in names by value; texts and numbers alternate, so they never meet."""
    parts = re.split(r"(\d+)", file.stem.casefold())
    return tuple(int(part) if i % 2 else part for i, part in enumerate(parts)), file.name
