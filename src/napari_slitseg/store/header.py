"""What a file is, from its first bytes, before SQLite touches it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from napari_slitseg.store.errors import DamagedError, explained_by_system
from napari_slitseg.store.schema import APPLICATION_ID

COMPANIONS: Final = ("-wal", "-journal")
"""Endings of the files beside a project that hold a part of it while it is open."""

_MAGIC: Final = b"SQLite format 3\x00"
_LENGTH: Final = 100
_PAGE_SIZE_AT, _PAGES_AT, _APPLICATION_AT = 16, 28, 68
_LEFT_ALONE: Final = "It was left as it is. Move it elsewhere, or choose another folder."


def check_header(path: Path) -> None:
    """Refuse a file that is no project.

    Raises
    ------
    StoreError
        If it is empty, of another program, damaged, or cannot be read.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(_LENGTH)
            size = file.seek(0, 2)
    except OSError as error:
        raise explained_by_system(error, path) from error
    if not size:
        raise DamagedError(f"The file {path} is empty, so it holds no project. {_LEFT_ALONE}")
    if not head.startswith(_MAGIC):
        raise DamagedError(f"The file {path} is no project: it is no SQLite file. {_LEFT_ALONE}")
    if size < _length_told(head) and not _is_unfinished(path):
        raise DamagedError(
            f"The file {path} is damaged: its end is missing, {size} bytes are left of "
            f"{_length_told(head)}. It was left as it is. Copy it, and those beside it whose names "
            f"begin alike, to a safe place; 'slitseg project check' tells what can be read."
        )
    if len(head) < _LENGTH or struct.unpack_from(">I", head, _APPLICATION_AT)[0] != APPLICATION_ID:
        raise DamagedError(f"The file {path} belongs to another program. {_LEFT_ALONE}")


def beside(path: Path, ending: str) -> Path:
    """Return the file that SQLite puts beside another."""
    return path.with_name(path.name + ending)


def _is_unfinished(path: Path) -> bool:
    """Whether a log beside the file holds what it may lack."""
    return any(beside(path, ending).is_file() for ending in COMPANIONS)


def _length_told(head: bytes) -> int:
    """Bytes that the file should at least have; 0 where its beginning does not tell."""
    if len(head) < _LENGTH:
        return _LENGTH
    page_size = struct.unpack_from(">H", head, _PAGE_SIZE_AT)[0]
    pages = struct.unpack_from(">I", head, _PAGES_AT)[0]
    return int(pages) * (65536 if page_size == 1 else int(page_size))
