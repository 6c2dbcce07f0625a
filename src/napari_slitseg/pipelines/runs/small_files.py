"""Small JSON files that are replaced often and read while they are."""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_TRIES: Final = 5
_BETWEEN_S: Final = 0.01


def replace_json(path: Path, values: Mapping[str, Any]) -> None:
    """Put values into a file, whole or not at all, without waiting for the disk.

    Windows lets no file be replaced while another process reads it, so it is tried again.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    part = path.with_name(f".{path.name}-{uuid.uuid4().hex}.part")
    try:
        part.write_text(json.dumps(values), encoding="utf-8")
        _replace(part, path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _replace(part: Path, path: Path) -> None:
    for _ in range(_TRIES):
        with contextlib.suppress(PermissionError):
            os.replace(part, path)
            return
        time.sleep(_BETWEEN_S)
    os.replace(part, path)


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the values of a file; None where there is none that can be read."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
