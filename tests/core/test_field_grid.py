"""Models with a preprocessing of their own see one field, and maps come back to its pixels."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
from scipy import ndimage

from napari_slitseg.core.checkpoint import load_checkpoint, read_checkpoint_info, save_checkpoint
from napari_slitseg.core.checkpoint_info import CheckpointInfo
from napari_slitseg.core.image import Normalisation
from napari_slitseg.core.inference import (
    InferenceError,
    InferenceNotice,
    Predictor,
    TileProgress,
)
from napari_slitseg.core.preprocessing import fpw_dl_v1
from tests.core.stub_models import Failing, Stub, info, lively

FIELD = (1104, 1024)
# Near every corner, every side and within.
DOTS = [(9, 9), (9, 1014.4), (1094.3, 9), (1094, 1014), (552, 9), (9, 512), (300.5, 700.25)]


def fpw_info(**changes):
    made = replace(info(), preprocessing="fpw-dl-v1", normalisation=Normalisation(0, 100, 1))
    return replace(made, **changes)


@pytest.fixture
def stub():
    return Predictor(Stub(), fpw_info(), device="cpu")


def run(steps):
    said = []
    while True:
        try:
            said.append(next(steps))
        except StopIteration as end:
            return end.value, said


def notices(said):
    return [step.text for step in said if isinstance(step, InferenceNotice)]


def dots(shape, yx, sigma=5.0, height=100.0):
    """Bright Gaussian dots on grey, float."""
    image = np.full(shape, 110.0, np.float32)
    for each in yx:
        down, along = (
            np.exp(-((np.arange(n, dtype=np.float32) - at) ** 2) / (2 * sigma**2))
            for n, at in zip(shape, each, strict=True)
        )
        image += height * np.outer(down, along)
    return image


def eight(image):
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def centre(values, background, yx, reach=9):
    """Centre of mass of what rises above the background around a place."""
    y, x = (round(n) for n in yx)
    window = values[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
    rise = np.clip(window - background, 0, None)
    offset = max(y - reach, 0), max(x - reach, 0)
    return np.add(ndimage.center_of_mass(rise), offset)


def farthest(maps, yx):
    """Largest distance of a dot in a map from where it was drawn, px."""
    membrane = np.asarray(maps.membrane)
    background = np.median(membrane)
    return max(np.hypot(*(centre(membrane, background, each) - each)) for each in yx)


# --- the published size ----------------------------------------------------------------------


def test_the_network_sees_the_preprocessed_field_and_nothing_else(stub):
    pixels = eight(dots(FIELD, DOTS))
    maps, said = run(stub.predict(pixels, 10.0))
    assert said == [TileProgress(0, 1), TileProgress(1, 1)]
    (shape,) = stub._network.model.shapes
    assert shape == (1, 1, 640, 640)
    assert maps.shape == FIELD
    expected = 1 / (1 + np.exp(-3.0 * fpw_dl_v1(pixels)))
    scaled = ndimage.zoom(
        expected, (1104 / 640, 1024 / 640), order=1, grid_mode=True, mode="nearest"
    )
    np.testing.assert_allclose(maps.membrane, scaled, atol=1e-4)


def test_dots_come_back_to_where_they_were_up_to_the_corners(stub):
    maps, _ = run(stub.predict(eight(dots(FIELD, DOTS)), 10.0))
    assert farthest(maps, DOTS) < 0.3


def test_a_region_is_that_part_of_the_whole(stub):
    pixels = eight(dots(FIELD, DOTS))
    whole, _ = run(stub.predict(pixels, 10.0))
    region = (slice(280, 333), slice(690, 1024))
    part, _ = run(stub.predict(pixels, 10.0, region=region))
    assert part.offset_yx == (280, 690)
    np.testing.assert_array_equal(part.slit, whole.slit[region])
    assert part.slit.std() > 0.01


def test_wide_maps_are_written_in_strips(stub, monkeypatch):
    pixels = eight(dots(FIELD, DOTS))
    whole, _ = run(stub.predict(pixels, 10.0))
    monkeypatch.setattr("napari_slitseg.core.field_grid.STRIP_PX", 50_000)
    strips, _ = run(stub.predict(pixels, 10.0))
    np.testing.assert_array_equal(strips.slit, whole.slit)


def test_a_pixel_size_2_percent_off_is_taken_for_the_models_own(stub):
    pixels = eight(dots(FIELD, DOTS))
    own, _ = run(stub.predict(pixels, 10.0))
    near, said = run(stub.predict(pixels, 10.15))
    np.testing.assert_array_equal(own.slit, near.slit)
    assert notices(said) == []


def test_an_unknown_pixel_size_is_taken_for_the_models_own(stub):
    pixels = eight(dots(FIELD, DOTS))
    own, _ = run(stub.predict(pixels, 10.0))
    unknown, said = run(stub.predict(pixels, None))
    np.testing.assert_array_equal(own.slit, unknown.slit)
    assert "10 nm" in notices(said)[0]


# --- other sizes -----------------------------------------------------------------------------


def test_beyond_the_field_maps_are_zero_and_the_person_is_told(stub):
    pixels = eight(dots((1200, 1100), [*DOTS, (1150, 500)]))
    maps, said = run(stub.predict(pixels, 10.0))
    inside, _ = run(stub.predict(pixels[:1104, :1024], 10.0))
    assert maps.shape == (1200, 1100)
    np.testing.assert_array_equal(maps.slit[:1104, :1024], inside.slit)
    assert not maps.slit[1104:].any()
    assert not maps.membrane[:, 1024:].any()
    (text,) = notices(said)
    assert "the first 1104 rows and 1024 columns" in text


def test_a_region_beyond_the_field_takes_no_network(stub):
    maps, said = run(
        stub.predict(
            eight(dots((1200, 1100), DOTS)), 10.0, region=(slice(1110, 1150), slice(9, 80))
        )
    )
    assert maps.shape == (40, 71)
    assert not maps.slit.any()
    assert stub._network.model.shapes == []
    assert len(notices(said)) == 1


def test_a_smaller_image_is_continued_by_its_mirror(stub):
    yx = [(100, 90.5), (9, 9), (390, 490)]
    pixels = eight(dots((400, 500), yx))
    maps, said = run(stub.predict(pixels, 10.0))
    assert maps.shape == (400, 500)
    assert farthest(maps, yx) < 0.3
    (text,) = notices(said)
    assert "smaller than the field of 1104 x 1024 px" in text
    mirrored = np.pad(pixels, ((0, 704), (0, 524)), mode="symmetric")
    whole, _ = run(stub.predict(mirrored, 10.0))
    np.testing.assert_array_equal(maps.slit, whole.slit[:400, :500])


@pytest.mark.parametrize("nm", [5.0, 14.0])
def test_other_pixel_sizes_are_brought_to_the_models(stub, nm):
    shape = tuple(round(n * 10 / nm) for n in FIELD)
    yx = np.array(DOTS) * 10 / nm
    maps, said = run(stub.predict(eight(dots(shape, yx, sigma=50 / nm)), nm))
    assert maps.shape == shape
    assert farthest(maps, yx) < 1
    assert notices(said) == []


def test_at_a_finer_pixel_size_the_field_has_more_pixels(stub):
    maps, said = run(stub.predict(eight(dots((2500, 2100), [(2000, 1900)])), 5.0))
    assert maps.slit[2207].any()
    assert not maps.slit[2208:].any()
    assert not maps.slit[:, 2048:].any()
    assert "the first 2208 rows and 2048 columns" in notices(said)[0]


# --- grey values -----------------------------------------------------------------------------


def test_sixteen_bits_become_eight(stub):
    image = eight(dots(FIELD, DOTS))
    image[500:504, 500:504], image[504:508, 500:504] = 0, 255
    maps, _ = run(stub.predict(image, 10.0))
    wide, said = run(stub.predict(image.astype(np.uint16) * 200 + 1000, 10.0))
    np.testing.assert_allclose(wide.slit, maps.slit, atol=1e-6)
    (text,) = notices(said)
    assert "8 bits: the grey values from 1000 to 52000 became 0 to 255" in text


def test_images_of_eight_bits_are_not_searched_for_their_range(stub, monkeypatch):
    def search(*_):
        raise AssertionError("the range of the grey values is not needed")

    monkeypatch.setattr(Normalisation, "range_of", search)
    maps, _ = run(stub.predict(eight(dots(FIELD, DOTS)), 10.0))
    assert maps.slit.std() > 0.01


def test_pixels_without_a_value_take_the_median(stub):
    image = dots(FIELD, DOTS)
    image[3:7, 800:820] = np.nan
    maps, said = run(stub.predict(image, 10.0))
    assert np.isfinite(maps.slit).all()
    assert "NaN" in notices(said)[-1]


def test_lazy_images_are_read(stub):
    image = eight(dots((1200, 1100), DOTS))
    lazy, _ = run(stub.predict(da.from_array(image, chunks=300), 10.0))
    whole, _ = run(stub.predict(image, 10.0))
    np.testing.assert_array_equal(lazy.slit, whole.slit)


# --- what can go wrong, and the checkpoint ---------------------------------------------------


def test_there_is_no_smaller_tile_than_the_field():
    predictor = Predictor(Failing(MemoryError("full")), fpw_info(), device="cpu")
    with pytest.raises(InferenceError, match="even for the smallest tile of 640 px"):
        run(predictor.predict(eight(dots(FIELD, DOTS)), 10.0))


def test_the_name_goes_through_a_checkpoint_and_back(tmp_path):
    model, path = lively(), tmp_path / "model.safetensors"
    save_checkpoint(path, model, fpw_info(spec=model.spec))
    assert read_checkpoint_info(path).preprocessing == "fpw-dl-v1"
    assert load_checkpoint(path)[1].normalisation == Normalisation(0, 100, 1)


def test_without_one_the_info_is_what_it_was():
    plain = info()
    assert "preprocessing" not in plain.to_dict()
    assert CheckpointInfo.from_dict(plain.to_dict()) == plain
    assert plain.preprocessing == ""


def test_an_unknown_preprocessing_is_refused():
    values = info().to_dict() | {"preprocessing": "fpw-dl-v9"}
    with pytest.raises(ValueError, match=r"does not know the preprocessing 'fpw-dl-v9'.*update"):
        CheckpointInfo.from_dict(values)
