"""Result files: written whole or not at all."""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.pipelines.inputs import JobError

SLIT_COLUMNS: Final = ("index", "axis-0", "axis-1", "score")

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_CONCERNS_ALL: Final = (*_FULL, errno.EROFS, errno.ENOTDIR, errno.ENOENT)


class OutputError(OSError):
    """A result cannot be written; the message is written for the person.

    Attributes
    ----------
    concerns_all : bool
        Whether the next result cannot be written either: disk full, folder gone.
    why : str
        What the system says.
    """

    def __init__(self, message: str, why: str, *, concerns_all: bool) -> None:
        super().__init__(message)
        self.why, self.concerns_all = why, concerns_all

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with all arguments, for other processes."""
        again = partial(type(self), concerns_all=self.concerns_all)
        return again, (str(self), self.why)


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Turn an `OSError` in the block into an `OutputError` that says what became of the file."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        cure = " Free some space, then run it again." if error.errno in _FULL else ""
        raise OutputError(
            f"{path} could not be written: {why}.{cure} What was written before is untouched.",
            why,
            concerns_all=error.errno in _CONCERNS_ALL,
        ) from error


def prepare_folder(folder: Path) -> None:
    """Make a folder for results if there is none, and try to write in it.

    Raises
    ------
    JobError
        If that does not work.
    """
    probe = folder / f".slitseg-{uuid4().hex}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        why = "there is a file of that name" if folder.is_file() else error.strerror or str(error)
        raise JobError(
            f"The results cannot be written to the folder {folder}: {why}. Choose another folder."
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write a text file as UTF-8; odd bytes of file names are written as they are.

    Raises
    ------
    OutputError
        If that does not work.
    """
    with writing(path):
        write_atomically(path, text.encode(errors="surrogateescape"))


def write_slits(path: Path, table: PointTable) -> None:
    """Write predicted slits as CSV: `SLIT_COLUMNS`, which napari opens as points.

    Raises
    ------
    OutputError
        If that does not work.
    """
    with writing(path):
        write_points(path, table, SLIT_COLUMNS)
