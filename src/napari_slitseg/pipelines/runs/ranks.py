"""Several processes that train together: the first does all the talking, the others help."""

from __future__ import annotations

import math
import os
import time
from threading import Thread
from typing import Final

from napari_slitseg.pipelines.runs.alive import read_alive
from napari_slitseg.pipelines.runs.folder import RunFolder

_NUMBERS: Final = ("LOCAL_RANK", "RANK", "SLURM_PROCID")
_EVERY_S: Final = 0.5
_GRACE_S: Final = 5.0
_ORPHANED: Final = 1


def is_helper() -> bool:
    """Whether this process was started to help the first one, going by its environment."""
    return any(_is_above_0(os.environ.get(name, "")) for name in _NUMBERS)


def leave_with_first(folder: RunFolder) -> None:
    """End this process soon after the first one, or the one that started it, has gone."""
    parent = os.getppid()
    Thread(target=_watch, args=(folder, parent), name="watch first", daemon=True).start()


def _watch(folder: RunFolder, parent: int) -> None:
    token, seen_at = "", math.inf
    while os.getppid() == parent and time.monotonic() - seen_at < _GRACE_S:
        alive = read_alive(folder)
        if alive is not None and alive.is_living and token in ("", alive.identity.token):
            token, seen_at = alive.identity.token, time.monotonic()
        time.sleep(_EVERY_S)
    os._exit(_ORPHANED)


def _is_above_0(text: str) -> bool:
    return text.isdecimal() and int(text) > 0
