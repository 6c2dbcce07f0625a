"""How a run ended, where its file of events does not tell."""

from __future__ import annotations

import re
from typing import Final

from pydantic import ValidationError

from napari_slitseg.events import Finished
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.small_files import read_json, replace_json

END: Final = "end.json"
STDERR: Final = "stderr.txt"
_TAIL_BYTES: Final = 16_384
_TELLS: Final = re.compile(r"Error|Exception|No module named|[Ff]ault|[Kk]illed")


def write_end(folder: RunFolder, finished: Finished) -> None:
    """Put the end beside the file of events, which cannot be written.

    Raises
    ------
    OSError
        If this file cannot be written either.
    """
    replace_json(folder.path / END, finished.model_dump(mode="json"))


def read_end(folder: RunFolder) -> Finished | None:
    """Return the end that stands beside the file of events; None where there is none."""
    try:
        return Finished(**(read_json(folder.path / END) or {}))
    except (ValidationError, TypeError):
        return None


def clear_end(folder: RunFolder) -> None:
    """Forget the end of an earlier process."""
    (folder.path / END).unlink(missing_ok=True)


def last_words(folder: RunFolder) -> str:
    """Return the last error that the process wrote where errors go; empty if there is none."""
    try:
        with (folder.path / STDERR).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if _TELLS.search(line)), "")
