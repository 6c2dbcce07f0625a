"""What the person asks of a run, in a file that the run's process looks at."""

from __future__ import annotations

import time
from typing import Final, cast, get_args

from napari_slitseg.pipelines.runs.folder import Ask, RunFolder
from napari_slitseg.pipelines.runs.small_files import read_json, replace_json

ASKS: Final[tuple[str, ...]] = get_args(Ask)


def read_ask(folder: RunFolder) -> Ask:
    """Return what is asked; "go" where nothing is."""
    found = (read_json(folder.control) or {}).get("ask")
    return cast("Ask", found) if found in ASKS else "go"


def write_ask(folder: RunFolder, what: Ask) -> None:
    """Leave word for the process.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    replace_json(folder.control, {"ask": what, "time": time.time()})


def clear_ask(folder: RunFolder) -> None:
    """Forget what was asked of an earlier process."""
    folder.control.unlink(missing_ok=True)
