"""Throw away what a cancelled run made; what it was and what it told stays."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path
from typing import Final

from napari_slitseg.pipelines.runs.folder import RunFolder

_TRIES: Final = 5
_BETWEEN_S: Final = 0.05


def discard(folder: RunFolder) -> bool:
    """Remove weights, previews and report; return whether all are gone."""
    for path in (folder.checkpoints, folder.previews, folder.report):
        _remove(path)
    return not any(path.exists() for path in (folder.checkpoints, folder.previews, folder.report))


def _remove(path: Path) -> None:
    """Remove a folder, also while a file is being written into it."""
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
        time.sleep(_BETWEEN_S)
