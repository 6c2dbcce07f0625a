"""The work that docks give to threads, without a window."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from napari_slitseg.widgets._work import PredictorCache


def test_a_model_that_was_written_anew_is_loaded_anew(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    shutil.copyfile(tiny_model, path)
    cache = PredictorCache()
    first = cache.get(str(path), "cpu")
    assert cache.get(str(path), "cpu") is first, "the second click waits for nothing"
    os.utime(path, ns=(1, 1))
    assert cache.get(str(path), "cpu") is not first
