"""Probability maps on disk."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from napari_slitseg.core.detection.peaks import Detections
from napari_slitseg.core.image import read_image
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.pipelines.maps_file import write_maps
from napari_slitseg.pipelines.outputs import OutputError

NOTHING = Detections(np.empty((0, 2)), np.empty(0))


def prediction(membrane: Any, slit: Any) -> Prediction:
    return Prediction(membrane, slit, NOTHING, 0.5, 30.0, 10.0, "dots", "ab" * 32)


@pytest.fixture
def maps() -> Prediction:
    rng = np.random.default_rng(0)
    membrane, slit = rng.random((2, 301, 203), np.float32)
    return prediction(membrane, slit)


def test_two_named_pages_of_float16_with_pixel_size(tmp_path: Path, maps: Prediction) -> None:
    path = tmp_path / "a_maps.tif"
    write_maps(path, maps, pixel_size_nm=8.5)
    with tifffile.TiffFile(path) as file:
        pages = file.asarray()
        [series] = file.series
        assert not file.is_bigtiff
        metadata = file.shaped_metadata[0]  # type: ignore[index]
    assert (pages.dtype, pages.shape, series.axes) == (np.float16, (2, 301, 203), "CYX")
    np.testing.assert_array_equal(pages[0], maps.membrane.astype(np.float16))
    np.testing.assert_array_equal(pages[1], maps.slit.astype(np.float16))
    assert metadata["names"] == ["membrane", "slit"]
    assert metadata["pixel_size_nm"] == 8.5
    assert metadata["sha256"] == "ab" * 32
    assert read_image(path, page=1).pixel_size_nm == pytest.approx(8.5, rel=1e-4)


def test_float32_is_an_imagej_hyperstack(tmp_path: Path, maps: Prediction) -> None:
    path = tmp_path / "a_maps.tif"
    write_maps(path, maps, pixel_size_nm=8.5, dtype="float32")
    with tifffile.TiffFile(path) as file:
        assert file.is_imagej
        pages, metadata = file.asarray(), file.imagej_metadata
    np.testing.assert_array_equal(pages, np.stack([maps.membrane, maps.slit]))
    assert metadata is not None
    assert metadata["Labels"] == ["membrane", "slit"]
    assert metadata["unit"] == "nm"
    assert metadata["channels"] == 2
    image = read_image(path)
    assert (image.pixel_size_nm, image.pixel_size_source) == (pytest.approx(8.5), "ImageJ")


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_no_pixel_size_is_none(tmp_path: Path, maps: Prediction, dtype: Any) -> None:
    path = tmp_path / "a_maps.tif"
    write_maps(path, maps, pixel_size_nm=None, dtype=dtype)
    assert read_image(path).pixel_size_nm is None


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_large_files_are_big_tiff(tmp_path: Path, maps: Prediction, dtype: Any) -> None:
    path = tmp_path / "a_maps.tif"
    write_maps(path, maps, pixel_size_nm=8.5, dtype=dtype, big_tiff_bytes=1000)
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff
        np.testing.assert_array_equal(file.asarray()[1], maps.slit.astype(dtype))


def test_mapped_maps_are_written_strip_by_strip(tmp_path: Path) -> None:
    shape = (6000, 4096)
    arrays = [np.memmap(tmp_path / name, np.float16, "w+", shape=shape) for name in "ms"]
    for array in arrays:
        array[::500] = 0.5
    tracemalloc.start()
    write_maps(tmp_path / "a_maps.tif", prediction(*arrays), pixel_size_nm=None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < arrays[0].nbytes / 2
    written = tifffile.memmap(tmp_path / "a_maps.tif", mode="r")
    assert written.shape == (2, *shape)
    assert written[1, 5500].min() == np.float16(0.5)


def test_one_pixel(tmp_path: Path) -> None:
    one = np.full((1, 1), 0.25, np.float32)
    write_maps(tmp_path / "a.tif", prediction(one, one), pixel_size_nm=10)
    assert tifffile.imread(tmp_path / "a.tif").shape == (2, 1, 1)


def test_a_failure_leaves_the_earlier_file(tmp_path: Path, maps: Prediction) -> None:
    path = tmp_path / "a_maps.tif"
    path.write_bytes(b"earlier")

    class Broken(np.ndarray[Any, Any]):
        def __getitem__(self, key: Any) -> Any:
            raise OSError(5, "Input/output error")

    with pytest.raises(OutputError, match=r"a_maps.tif could not be written: Input/output error"):
        write_maps(path, prediction(maps.membrane, maps.slit.view(Broken)), pixel_size_nm=10)
    assert path.read_bytes() == b"earlier"
    assert [each.name for each in tmp_path.iterdir()] == ["a_maps.tif"]
