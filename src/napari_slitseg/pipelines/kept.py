"""Results that are not replaced, for a person may have changed them or put them there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import tifffile

from napari_slitseg.core.points import PointTable, read_points
from napari_slitseg.pipelines.fingerprints import is_unchanged
from napari_slitseg.pipelines.maps_file import SOFTWARE
from napari_slitseg.pipelines.outputs import SLIT_COLUMNS

Written = Mapping[str, Mapping[str, Any]]
"""Fingerprints of results when they were written, by name of the file."""

_CURE: Final = "Move it away, or give --no-skip-done to replace it."
_WITHIN_PX: Final = 0.01
_WITHIN_SCORE: Final = 1e-3


def changed_since(folder: Path, written: Written) -> str:
    """Why results that are there, but not as they were written, are kept; "" if none are."""
    for name, was in written.items():
        file = folder / name
        if file.is_file() and not is_unchanged(file, was):
            return _changed(file)
    return ""


def why_kept(files: Iterable[Path], written: Written, table: PointTable) -> str:
    """Why results must not be replaced by those of a new prediction; "" if they may.

    Parameters
    ----------
    files : iterable of Path
        Where the results go: slits as ``.csv``, maps as ``.tif``.
    written : mapping
        What is known of the results that are there.
    table : PointTable
        The slits that would be written. A file that holds the same is one of ours, left by a
        process that died before it could be entered in the record.
    """
    for file in files:
        known = written.get(file.name, {})
        if not file.is_file() or is_unchanged(file, known) or _is_ours(file, table):
            continue
        return _changed(file) if known else _unknown(file)
    return ""


def _changed(file: Path) -> str:
    return f"{file.name} was changed after it was written, so it is kept. {_CURE}"


def _unknown(file: Path) -> str:
    return (
        f"There is a {file.name} in {file.parent} which the record there does not know and which "
        f"differs from what was found now, so it is kept. {_CURE}"
    )


def _is_ours(file: Path, table: PointTable) -> bool:
    try:
        return _holds(file, table) if file.suffix == ".csv" else _is_map(file)
    except (OSError, ValueError, tifffile.TiffFileError):
        return False


def _holds(file: Path, table: PointTable) -> bool:
    """Whether a file holds these slits, but for the last digits, and nothing else."""
    header = file.read_text(encoding="utf-8").partition("\n")[0].strip()
    there = read_points(file)
    return (
        header == ",".join(SLIT_COLUMNS)
        and len(there) == len(table)
        and np.allclose(there.yx, table.yx, rtol=0, atol=_WITHIN_PX)
        and np.allclose(there.score, table.score, rtol=0, atol=_WITHIN_SCORE, equal_nan=True)
    )


def _is_map(file: Path) -> bool:
    with tifffile.TiffFile(file) as tiff:
        return bool(tiff.pages.first.software == SOFTWARE)
