"""The images of a project."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from napari_slitseg.store.base import Part
from napari_slitseg.store.errors import StoreError
from napari_slitseg.store.naming import new_uid
from napari_slitseg.store.schema import now

_NUMBER: Final = "SELECT id FROM images WHERE path = ? AND page = ?"
_PUT: Final = """
INSERT INTO images (path, page, height, width, pixel_size_nm, sha256, uid, time)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (path, page) DO UPDATE SET
    height = max(excluded.height, height),
    width = max(excluded.width, width),
    pixel_size_nm = coalesce(excluded.pixel_size_nm, pixel_size_nm),
    sha256 = CASE excluded.sha256 WHEN '' THEN sha256 ELSE excluded.sha256 END
"""
_FORMS: Final[tuple[Literal["NFC", "NFD"], ...]] = ("NFC", "NFD")
_COLUMNS: Final = "id, path, page, height, width, pixel_size_nm, sha256, uid"


@dataclass(frozen=True)
class StoredImage:
    """An image that a project knows.

    Attributes
    ----------
    id : int
        Its number in the project.
    path : Path
        Its file.
    page : int
        Which page of the file.
    shape : (int, int)
        Rows and columns.
    pixel_size_nm : float or None
        None when unknown.
    sha256 : str
        Of the file; "" when unknown.
    uid : str
        Its name in all copies of the project.
    """

    id: int
    path: Path
    page: int
    shape: tuple[int, int]
    pixel_size_nm: float | None
    sha256: str
    uid: str


class Images(Part):
    """The part of a project that knows its images."""

    def add_image(
        self,
        path: Path,
        page: int = 0,
        shape: tuple[int, int] = (0, 0),
        pixel_size_nm: float | None = None,
        sha256: str = "",
    ) -> int:
        """Add an image, or tell more of one that is there; return its number.

        Parameters
        ----------
        path : Path
            Its file; kept relative to the project's folder where it is inside.
        page : int
            Which page of the file.
        shape : (int, int)
            Rows and columns.
        pixel_size_nm : float or None
            None when unknown.
        sha256 : str
            Of the file; "" when unknown.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        stored = self._spelt(path, page)
        values = (stored, page, *shape, pixel_size_nm, sha256, new_uid(), now())
        with self._database.transaction():
            self._database.run(_PUT, values)
        return int(self._database.value(_NUMBER, (stored, page)))

    def add_images(
        self, images: Iterable[tuple[Path, int, tuple[int, int], float | None]]
    ) -> list[int]:
        """Add many images at once: path, page, shape and pixel size of each; return their numbers.

        Raises
        ------
        StoreError
            If they cannot be written; none was then.
        """
        rows = [
            (self._spelt(path, page), page, *shape, size, "", new_uid(), now())
            for path, page, shape, size in images
        ]
        with self._database.transaction():
            for row in rows:
                self._database.run(_PUT, row)
        return [int(self._database.value(_NUMBER, row[:2])) for row in rows]

    def image_id(self, path: Path, page: int = 0) -> int | None:
        """Return the number of an image, None where the project does not know it."""
        number: int | None = self._database.value(_NUMBER, (self._spelt(path, page), page))
        return number

    def images(self) -> tuple[StoredImage, ...]:
        """Return all images, in the order in which they were added."""
        return self._found(f"SELECT {_COLUMNS} FROM images ORDER BY id")

    def image(self, image_id: int) -> StoredImage | None:
        """Return an image by its number, None where the project has none of that number."""
        found = self._found(f"SELECT {_COLUMNS} FROM images WHERE id = ?", (image_id,))
        return found[0] if found else None

    def find_moved(self, sha256: str, page: int = 0) -> tuple[StoredImage, ...]:
        """Return images of that content, wherever their files were."""
        return self._found(
            f"SELECT {_COLUMNS} FROM images WHERE sha256 = ? AND page = ? AND sha256 <> '' "
            "ORDER BY id",
            (sha256, page),
        )

    def relocate(self, image_id: int, path: Path) -> None:
        """Tell that the file of an image is elsewhere now.

        Raises
        ------
        StoreError
            If the project has another image there, or it cannot be written.
        """
        page = self._database.value("SELECT page FROM images WHERE id = ?", (image_id,))
        if page is None:
            raise StoreError(f"The project {self.path} has no image of number {image_id}.")
        if self.image_id(path, page) not in (None, image_id):
            raise StoreError(f"The project {self.path} has another image at {path}.")
        with self._database.transaction():
            self._database.run(
                "UPDATE images SET path = ? WHERE id = ?", (self.stored_path(path), image_id)
            )

    def _spelt(self, path: Path, page: int) -> str:
        """Path as it is kept; another system may have written its accents in another way."""
        stored = self.stored_path(path)
        if stored.isascii() or self._database.rows(_NUMBER, (stored, page)):
            return stored
        for form in _FORMS:
            other = unicodedata.normalize(form, stored)
            if other != stored and self._database.rows(_NUMBER, (other, page)):
                found = self._found_path(other)
                if not (path.exists() and found.exists()) or path.samefile(found):
                    return other
        return stored

    def _found(self, query: str, values: tuple[Any, ...] = ()) -> tuple[StoredImage, ...]:
        return tuple(
            StoredImage(number, self._found_path(path), page, (height, width), size, sha256, uid)
            for number, path, page, height, width, size, sha256, uid in self._database.rows(
                query, values
            )
        )
