"""Tell whether a file is still the one it was."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CHUNK_BYTES = 2**20


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hex; read piece by piece.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def fingerprint_of(path: Path) -> dict[str, Any]:
    """Size in bytes, times of the last change (content, any) in ns, and SHA-256 of a file.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    status = path.stat()
    return {
        "bytes": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "ctime_ns": status.st_ctime_ns,
        "sha256": sha256_of(path),
    }


def is_unchanged(path: Path, known: Mapping[str, Any]) -> bool:
    """Whether a file has the content of which `fingerprint_of` told; False where there is none.

    The content is read only if a time differs, as it does for copies. Two files that were unpacked
    together often share size and time of the content; renaming changes the other time.
    """
    try:
        status = path.stat()
        if not path.is_file() or status.st_size != known.get("bytes"):
            return False
        times = {"mtime_ns": status.st_mtime_ns, "ctime_ns": status.st_ctime_ns}
        same_times = all(known.get(name) == time for name, time in times.items())
        return same_times or sha256_of(path) == known.get("sha256")
    except OSError:
        return False
