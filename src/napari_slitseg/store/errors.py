"""What goes wrong with a project, in words for the person."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import Final

from napari_slitseg.core.review import Record


class StoreError(Exception):
    """A project cannot be read or written; the message is for the person.

    Attributes
    ----------
    is_full : bool
        The disk, or what a person may use of it, is full.
    is_read_only : bool
        The folder can be read and not written.
    is_busy : bool
        Another window or program holds the file.
    is_gone : bool
        The file is not there, or another one took its place.
    is_damaged : bool
        The file is not what it should be.
    """

    is_full = False
    is_read_only = False
    is_busy = False
    is_gone = False
    is_damaged = False


class DiskFullError(StoreError):
    """There is no room for another edit."""

    is_full = True


class ReadOnlyError(StoreError):
    """Nothing can be written here."""

    is_read_only = True


class BusyError(StoreError):
    """Another window or program holds the file."""

    is_busy = True


class GoneError(StoreError):
    """The file is not where it was."""

    is_gone = True


class DamagedError(StoreError):
    """The file is not what it should be."""

    is_damaged = True


class Stale(StoreError):
    """Another window wrote meanwhile; nothing was appended.

    Attributes
    ----------
    records : tuple of Record
        What it wrote, oldest first.
    head : int
        Where the journal ends now.
    is_restarted : bool
        Whether the journal began anew: the history must be read again, `records` is empty.
    """

    def __init__(
        self, records: tuple[Record, ...], head: int, *, is_restarted: bool = False
    ) -> None:
        super().__init__("Another window edited this image meanwhile; its edits come first.")
        self.records = records
        self.head = head
        self.is_restarted = is_restarted


_PRIMARY: Final = 0xFF
_NOTHING_LOST: Final = "Nothing that was kept before is lost."


def explained(error: sqlite3.Error, path: Path) -> StoreError:
    """Return what SQLite complains about in words: cause and cure."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    kind, words = _WORDS.get(code) or _WORDS.get(code & _PRIMARY) or (StoreError, _UNKNOWN)
    if kind is GoneError and path.is_file() and not os.access(path.parent, os.W_OK):
        kind, words = ReadOnlyError, _NO_WRITING
    return kind(f"{words.format(path=path, folder=path.parent)} {_NOTHING_LOST} ({error})")


def explained_by_system(error: OSError, path: Path) -> StoreError:
    """Return what the system complains about in words."""
    kind, words = _BY_NUMBER.get(error.errno or 0, (StoreError, _UNKNOWN))
    return kind(f"{words.format(path=path, folder=path.parent)} ({error.strerror})")


_UNKNOWN: Final = "The project {path} cannot be used."
_NO_ROOM: Final = (
    "There is no room on the disk for another edit in {path}: free some space (or some of your "
    "quota), then go on."
)
_REFUSED: Final = (
    "The disk refused a part of {path}: it or your quota is full, or the connection to the drive "
    "was lost. See to that, then go on."
)
_LOCKS: Final = (
    "Locks do not work on the drive of {path}, so edits of two windows could not be told apart. "
    "Copy the folder to a disk of this computer and work there."
)
_HELD: Final = (
    "Another window or program holds {path}, such as a backup or a synchronising folder. Try "
    "again in a moment; if it lasts, close the others."
)
_DAMAGED: Final = (
    "The file {path} is damaged. Copy it, and those beside it whose names begin alike, to a safe "
    "place before anything else; 'slitseg project check' tells what can still be read."
)
_NO_WRITING: Final = (
    "The project {path} can be read and not written: the folder or the file is write-protected. "
    "Change that, or work on a copy."
)
_NOT_THERE: Final = (
    "The project {path} cannot be opened: the file or its folder is not there, or you may not use "
    "them."
)
_WORDS: Final[dict[int, tuple[type[StoreError], str]]] = {
    sqlite3.SQLITE_FULL: (DiskFullError, _NO_ROOM),
    sqlite3.SQLITE_IOERR_WRITE: (DiskFullError, _REFUSED),
    sqlite3.SQLITE_IOERR_SHMSIZE: (DiskFullError, _REFUSED),
    sqlite3.SQLITE_IOERR_LOCK: (BusyError, _LOCKS),
    sqlite3.SQLITE_IOERR_RDLOCK: (BusyError, _LOCKS),
    sqlite3.SQLITE_IOERR_SHMLOCK: (BusyError, _LOCKS),
    sqlite3.SQLITE_IOERR_SHMMAP: (BusyError, _LOCKS),
    sqlite3.SQLITE_IOERR_SHMOPEN: (BusyError, _LOCKS),
    sqlite3.SQLITE_NOLFS: (BusyError, _LOCKS),
    sqlite3.SQLITE_PROTOCOL: (BusyError, _LOCKS),
    sqlite3.SQLITE_BUSY: (BusyError, _HELD),
    sqlite3.SQLITE_LOCKED: (BusyError, _HELD),
    sqlite3.SQLITE_READONLY: (ReadOnlyError, _NO_WRITING),
    sqlite3.SQLITE_PERM: (ReadOnlyError, _NO_WRITING),
    sqlite3.SQLITE_CORRUPT: (DamagedError, _DAMAGED),
    sqlite3.SQLITE_NOTADB: (DamagedError, _DAMAGED),
    sqlite3.SQLITE_CANTOPEN: (GoneError, _NOT_THERE),
    sqlite3.SQLITE_IOERR: (StoreError, _REFUSED),
}
_BY_NUMBER: Final[dict[int, tuple[type[StoreError], str]]] = {
    errno.ENOSPC: (DiskFullError, _NO_ROOM),
    errno.EDQUOT: (DiskFullError, _NO_ROOM),
    errno.EFBIG: (DiskFullError, _NO_ROOM),
    errno.EROFS: (ReadOnlyError, _NO_WRITING),
    errno.EACCES: (ReadOnlyError, _NO_WRITING),
    errno.EPERM: (ReadOnlyError, _NO_WRITING),
    errno.ENOENT: (GoneError, _NOT_THERE),
    errno.ENOTDIR: (GoneError, _NOT_THERE),
}
