"""Write a whole file or nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def open_atomically(path: Path) -> Generator[BinaryIO]:
    """Open a file that takes the place of `path` when the block ends without an error.

    A temporary file in the same folder is written, flushed to the disk and moved over `path`, so
    that a reader finds the old file or the new one, never a part; when anything goes wrong it is
    removed and an earlier file at `path` is untouched.

    Parameters
    ----------
    path : Path
        File to write, in an existing folder. A link is followed and stays a link.

    Raises
    ------
    OSError
        If the file cannot be written: no such folder, no permission, disk full; or there is
        something at `path` that is no file, such as a device.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "there is something that is not a file", str(path))
    temporary = target.with_name(f".slitseg-{uuid.uuid4().hex}.part")
    try:
        with open(temporary, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` in `path`, as a whole or not at all.

    Parameters
    ----------
    path : Path
        File to write, in an existing folder. A link is followed and stays a link.
    content : bytes
        Everything the file will hold.

    Raises
    ------
    OSError
        If the file cannot be written: no such folder, no permission, disk full.
    """
    with open_atomically(path) as file:
        file.write(content)
