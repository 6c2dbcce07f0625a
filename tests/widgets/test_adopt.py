"""What is read, and what is not, when an image layer is taken in."""

from __future__ import annotations

from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import tifffile
from napari.layers import Image

from napari_slitseg.core import image_tiff
from napari_slitseg.widgets._adopt import micrograph_of
from napari_slitseg.widgets._entry import Status


class Blocks:
    """Counts the blocks that are computed."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.count = 0
        self.array = da.from_array(pixels, chunks=16).map_blocks(self.note, dtype=pixels.dtype)

    def note(self, block: np.ndarray) -> np.ndarray:
        self.count += 1
        return block


@pytest.mark.parametrize("dtype", [np.uint8, np.float64, np.bool_])
def test_a_lazy_image_stays_lazy(dtype: type, pixels: np.ndarray) -> None:
    values = (pixels > 99) if dtype is np.bool_ else pixels.astype(dtype)
    blocks = Blocks(values)
    for data, index in ((blocks.array, ()), (da.stack([blocks.array] * 3), (1,))):
        layer = Image(data, contrast_limits=(0, 255))
        blocks.count = 0
        image = micrograph_of(layer, index)
        assert blocks.count == 0
        assert image.shape == pixels.shape
        assert image.pixels.dtype == (np.float32 if dtype is np.float64 else np.uint8)
        np.testing.assert_array_equal(np.asarray(image.pixels), values)


def test_colours_that_are_lazy_are_made_grey() -> None:
    layer = Image(da.full((8, 9, 3), 100, np.uint8), rgb=True)
    assert micrograph_of(layer, ()).pixels.tolist() == [[100] * 9] * 8


def test_a_lazy_image_is_predicted_like_any(qtbot, desk, pixels: np.ndarray) -> None:
    predict, workspace = desk.predict, desk.workspace
    for data in (pixels, da.from_array(pixels, chunks=32)):
        desk.viewer.add_image(data, scale=(10, 10))
        predict.predict_this()
        qtbot.waitUntil(lambda: not predict.runner.is_busy, timeout=20000)
    assert [entry.status for entry in workspace.entries] == [Status.PREDICTED] * 2
    whole, lazy = (entry.prediction.slit for entry in workspace.entries)
    np.testing.assert_array_equal(whole, lazy)


def test_the_pixel_size_of_a_dragged_file_costs_no_second_reading(
    qtbot, desk, tmp_path: Path, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "dragged.tif"
    tifffile.imwrite(path, pixels, imagej=True, resolution=(0.125, 0.125), metadata={"unit": "nm"})

    def refuse(*_: object) -> None:
        raise MemoryError("the pixels were read again")

    monkeypatch.setattr(image_tiff, "_decode", refuse)
    [layer] = desk.viewer.open(path, plugin="napari")
    layer.scale = (1, 1)
    entry = desk.workspace.entries[-1]
    assert entry.pixel_size_nm == pytest.approx(8)
