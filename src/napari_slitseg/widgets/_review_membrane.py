"""The membrane's centre lines of an image, made once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.widgets._entry import ImageEntry

Lines = Sequence[NDArray[np.float64]]

_CUT: Final = 0.5
_LINES: Final[WeakKeyDictionary[ImageEntry, Lines]] = WeakKeyDictionary()


def membrane_lines(entry: ImageEntry) -> Lines:
    """Return the lines of the membrane that a person drew, else of the model's; none without."""
    if entry not in _LINES:
        _LINES[entry] = _lines(entry)
    return _LINES[entry]


def _lines(entry: ImageEntry) -> Lines:
    from napari_slitseg.core.membrane_lines import lines_of

    if entry.membrane is not None and entry.membrane.any():
        return lines_of(entry.membrane)
    if entry.prediction is None or not entry.prediction.has_maps:
        return ()
    return lines_of(np.asarray(entry.prediction.membrane) > _CUT)
