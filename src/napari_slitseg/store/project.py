"""A project: one SQLite file beside the images, opened and made."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from napari_slitseg.store.connection import WAITS_S
from napari_slitseg.store.errors import StoreError
from napari_slitseg.store.files import Files
from napari_slitseg.store.images import Images
from napari_slitseg.store.journal import Journals
from napari_slitseg.store.making import ExistsError, make
from napari_slitseg.store.opening import opened, opened_to_look
from napari_slitseg.store.place import file_system_of
from napari_slitseg.store.reviews import Reviews
from napari_slitseg.store.statements import Statements
from napari_slitseg.store.telling import Told

PROJECT_FILE: Final = "slitseg-project.sqlite"
"""Name of a project's file."""


class Project(Images, Journals, Reviews, Statements, Files, Told):
    """An open project; used by the thread that opened it.

    Attributes
    ----------
    editor : str
        Who works in this window; signs what has no signature of its own.
    """

    _troubles: tuple[str, ...] = ()

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make a project in a folder that is there, and open it.

        Raises
        ------
        StoreError
            If there is one already, or the folder cannot be written.
        """
        make(folder / PROJECT_FILE)
        return cls.open(folder)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        read_only: bool = False,
        file_system: Callable[[Path], str] = file_system_of,
        waits_s: float = WAITS_S,
    ) -> Self:
        """Open the project of a folder.

        Parameters
        ----------
        folder : Path
            The folder, or the file in it.
        read_only : bool
            Whether to look only; this works on a folder that cannot be written.
        file_system : callable
            Tells the kind of drive of a folder.
        waits_s : float
            How long to wait for another window that writes, each time.

        Raises
        ------
        StoreError
            If there is none, or it cannot be used; the message tells why and what to do.
        """
        path = folder if folder.is_file() else folder / PROJECT_FILE
        if read_only:
            return cls(opened_to_look(path))
        project = cls(opened(path, file_system, waits_s))
        project._enter()
        return project

    @classmethod
    def open_or_create(cls, folder: Path, *, waits_s: float = WAITS_S) -> Self:
        """Open the project of a folder; make it where there is none.

        Raises
        ------
        StoreError
            If it cannot be used, or not made.
        """
        if not (folder / PROJECT_FILE).exists():
            with contextlib.suppress(ExistsError):
                make(folder / PROJECT_FILE)
        return cls.open(folder, waits_s=waits_s)

    @property
    def notices(self) -> tuple[str, ...]:
        """What the person should know, a sentence each: other windows, the kind of drive."""
        others = [f"The project is also open in another window: {each}." for each in self.others]
        damages = (*self.damages, *self.unread)
        return (*self._database.notices, *self._troubles, *damages, *others)

    def close(self) -> None:
        """Close the file; doing it twice is harmless."""
        if self._database.is_open and not self.is_read_only:
            with contextlib.suppress(StoreError):
                self._leave()
        self._database.close()

    def _enter(self) -> None:
        """Tell others of this window; where the disk is full, work goes on without."""
        try:
            self._arrive()
        except StoreError as error:
            if not error.is_full:
                self._database.close()
                raise
            self._troubles = (str(error),)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
