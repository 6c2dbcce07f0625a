from __future__ import annotations

import gc
import tempfile
from pathlib import Path
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
import torch
import zarr
from scipy import ndimage

from napari_slitseg.core.inference import (
    Cancelled,
    InferenceError,
    InferenceNotice,
    Predictor,
    TileProgress,
)
from tests.core.stub_models import Failing, Overflowing, Stub, info, lively

TILE_PX = 416  # the smallest that ForkNet's reach allows


def texture(shape, seed=0):
    """Smooth random grey values with a brightness gradient, uint8."""
    noise = np.random.default_rng(seed).normal(size=shape)
    smooth = ndimage.gaussian_filter(noise, 2) * 8 + np.linspace(-1, 1, shape[1])
    return np.clip(128 + 40 * smooth, 0, 255).astype(np.uint8)


def run(steps):
    """Everything a prediction yields, and its maps."""
    said = []
    while True:
        try:
            said.append(next(steps))
        except StopIteration as end:
            return end.value, said


def maps_of(predictor, pixels, nm=10.0, **options):
    return run(predictor.predict(pixels, nm, **options))[0]


def notices(said):
    return [step.text for step in said if isinstance(step, InferenceNotice)]


def difference(a, b):
    return max(np.abs(a.membrane - b.membrane).max(), np.abs(a.slit - b.slit).max())


@pytest.fixture(scope="module")
def forknet():
    return Predictor(lively(), info(), device="cpu")


@pytest.fixture
def stub():
    return Predictor(Stub(), info(), device="cpu")


# --- tiles, seams, windows -------------------------------------------------------------------


def test_one_tile_is_the_bare_network():
    model = lively()
    pixels = texture((96, 160))
    maps, said = run(Predictor(model, info(), device="cpu").predict(pixels, 10.0))
    assert said == [TileProgress(0, 1), TileProgress(1, 1)]
    rule = info().normalisation
    image = rule.apply(pixels, *rule.range_of(pixels))
    with torch.no_grad():
        expected = model(torch.from_numpy(image)[None, None])
    np.testing.assert_allclose(maps.membrane, expected.membrane[0, 0].sigmoid(), atol=1e-6)
    np.testing.assert_allclose(maps.slit, expected.slit[0, 0].sigmoid(), atol=1e-6)


def test_an_image_of_640_px_is_one_tile(stub):
    _, said = run(stub.predict(texture((640, 640)), 10.0))
    assert said[-1] == TileProgress(1, 1)


def test_tiled_equals_whole_at_a_quarter_width():
    predictor = Predictor(lively(width=0.25), info(), device="cpu")
    pixels = texture((605, 397))
    tiled, said = run(predictor.predict(pixels, 10.0, tile_px=TILE_PX))
    assert said[-1] == TileProgress(3, 3)
    whole = maps_of(predictor, pixels)
    assert whole.slit.std() > 0.03
    assert whole.membrane.std() > 0.03
    assert difference(tiled, whole) < 1e-4


@pytest.mark.parametrize(
    ("shape", "nm"),
    [((1, 700), 10.0), ((431, 900), 10.0), ((500, 233), 20.7), ((1100, 300), 4.1)],
)
def test_tiled_equals_whole(forknet, shape, nm):
    pixels = texture(shape)
    tiled, said = run(forknet.predict(pixels, nm, tile_px=TILE_PX))
    assert said[-1].total > 1
    whole, said = run(forknet.predict(pixels, nm))
    assert said[-1].total == 1
    assert whole.slit.shape == shape
    assert difference(tiled, whole) < 1e-4


def test_a_halo_shorter_than_the_reach_would_show():
    """The comparison above can fail."""
    model = lively()
    model.receptive_radius_px = 16
    predictor = Predictor(model, info(), device="cpu")
    pixels = texture((320, 320))
    tiled = maps_of(predictor, pixels, tile_px=208)
    assert difference(tiled, maps_of(predictor, pixels)) > 1e-3


def largest_steps(profile):
    """Largest step from column to column at the two seams, and elsewhere."""
    steps = np.abs(np.diff(profile))
    at_seams = np.isin(np.arange(len(steps)) // 40, (6, 7, 10, 11))  # around 280 and 440 px
    return steps[at_seams].max(), steps[~at_seams].max()


def test_seams_fade_where_tiles_cannot_agree(monkeypatch):
    """With group norm tiles differ, the more so where contrast changes along the image."""
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(256, 720)), 6)
    pixels = 20 * noise * np.linspace(0.2, 1.5, 720) + np.linspace(-1, 2, 720)
    predictor = Predictor(lively(norm="group"), info(), device="cpu")
    whole = maps_of(predictor, pixels).slit.mean(axis=0)
    tiled = maps_of(predictor, pixels, tile_px=448).slit.mean(axis=0)
    at_seams, elsewhere = largest_steps(tiled)
    assert at_seams <= elsewhere
    monkeypatch.setattr("napari_slitseg.core.model_grid.BLEND_PX", 2)
    hard = maps_of(predictor, pixels, tile_px=448).slit.mean(axis=0)
    assert largest_steps(hard - whole)[0] > 3 * largest_steps(tiled - whole)[0]


@pytest.mark.parametrize("nm", [10.0, 4.1, 23.0])
def test_a_region_is_a_window_of_the_whole(forknet, nm):
    """The grey values' range is the whole image's, so a dark corner stays as it was."""
    pixels = texture((450, 380))
    whole = maps_of(forknet, pixels, nm)
    window = (slice(300, 361), slice(7, 50))
    part = maps_of(forknet, pixels, nm, region=window)
    assert part.offset_yx == (300, 7)
    assert part.shape == (61, 43)
    np.testing.assert_allclose(part.slit, whole.slit[window], atol=1e-4)
    np.testing.assert_allclose(part.membrane, whole.membrane[window], atol=1e-4)


def test_a_region_is_cut_off_at_the_border(stub):
    pixels = texture((100, 90))
    part = maps_of(stub, pixels, region=(slice(80, 500), slice(None, 20)))
    assert part.shape == (20, 20)
    assert part.offset_yx == (80, 0)
    with pytest.raises(InferenceError, match="no pixel in the image"):
        maps_of(stub, pixels, region=(slice(100, 200), slice(0, 5)))


def test_a_known_range_is_used(stub):
    pixels = np.full((32, 32), 150, np.uint8)
    known = maps_of(stub, pixels, value_range=(100.0, 200.0))
    np.testing.assert_allclose(known.membrane, 0.5, atol=1e-6)
    brighter = maps_of(stub, pixels, value_range=(50.0, 150.0))
    np.testing.assert_allclose(brighter.membrane, 1 / (1 + np.exp(-3)), atol=1e-6)


# --- pixel size ------------------------------------------------------------------------------


@pytest.mark.parametrize("nm", [3.0, 7.0, 10.0, 18.0, 31.0])
def test_places_survive_the_way_to_the_model_and_back(stub, nm):
    y, x = np.mgrid[:240, :200]
    pixels = np.exp(-((y - 111.3) ** 2 + (x - 80.6) ** 2) / (2 * 14.0**2))
    maps = maps_of(stub, pixels, nm, value_range=(0.0, 1.0))
    back = np.log(maps.membrane / (1 - maps.membrane)) / 3 + 1
    place = ndimage.center_of_mass(np.clip(back, 0.2, None) - 0.2)
    np.testing.assert_allclose(place, (111.3, 80.6), atol=0.05)


def test_the_model_sees_its_own_pixel_size():
    model = Stub()
    maps_of(Predictor(model, info(pixel_size_nm=16.0), device="cpu"), texture((640, 690)), 10.0)
    assert model.shapes == [(1, 1, 400, 432)]


def test_nearly_the_same_pixel_size_is_not_resampled(stub):
    pixels = texture((48, 64))
    np.testing.assert_array_equal(
        maps_of(stub, pixels, 10.15).slit, maps_of(stub, pixels, 10.0).slit
    )


def test_an_unknown_pixel_size_is_the_models_own_and_said(stub):
    pixels = texture((48, 64))
    maps, said = run(stub.predict(pixels, None))
    assert "pixel size is unknown" in notices(said)[0]
    np.testing.assert_array_equal(maps.slit, maps_of(stub, pixels).slit)


@pytest.mark.parametrize("nm", [0.0, -3.0, float("nan"), float("inf"), 0.01, 900.0])
def test_senseless_pixel_sizes_are_refused(stub, nm):
    with pytest.raises(InferenceError, match="should be between"):
        maps_of(stub, texture((48, 64)), nm)


# --- what comes in ---------------------------------------------------------------------------


class Recorder:
    """An array that remembers how much of it was read at once."""

    def __init__(self, pixels):
        self.pixels, self.shape, self.dtype = pixels, pixels.shape, pixels.dtype
        self.largest = 0

    def __getitem__(self, window):
        part = self.pixels[window]
        self.largest = max(self.largest, part.size)
        return part


@pytest.mark.parametrize("nm", [10.0, 6.0])
def test_lazy_images_give_the_same_maps(stub, nm):
    pixels = texture((310, 270))
    expected = maps_of(stub, pixels, nm)
    for lazy in (
        da.from_array(pixels, chunks=(64, 100)),
        zarr.array(pixels, chunks=(50, 64)),
        Recorder(pixels),
    ):
        assert difference(maps_of(stub, lazy, nm, tile_px=160), expected) < 1e-4


def test_lazy_images_are_read_tile_by_tile(stub):
    lazy = Recorder(np.zeros((900, 1000), np.uint8))
    maps_of(stub, lazy, tile_px=160, value_range=(0.0, 1.0))
    assert lazy.largest == 160 * 160
    region = (slice(400, 440), slice(400, 440))
    lazy.largest = 0
    maps_of(stub, lazy, region=region, value_range=(0.0, 1.0))
    assert lazy.largest <= 64 * 64


def test_windows_much_finer_than_the_model_are_read_in_strips(stub, monkeypatch):
    pixels = texture((400, 300))
    expected = maps_of(stub, pixels, 1.0)
    monkeypatch.setattr("napari_slitseg.core.model_grid.STRIP_PX", 20_000)
    lazy = Recorder(pixels)
    strips = maps_of(stub, lazy, 1.0, value_range=info().normalisation.range_of(pixels))
    assert lazy.largest < 40_000
    assert difference(strips, expected) < 1e-6


@pytest.mark.parametrize(
    "dtype", [np.bool_, np.uint8, ">u2", np.int32, np.uint64, np.float16, np.float32, ">f8"]
)
def test_any_type_of_grey_value(stub, dtype):
    pixels = np.random.default_rng(0).integers(0, 2, (20, 24)).astype(dtype)
    expected = maps_of(stub, pixels.astype(float))
    assert difference(maps_of(stub, pixels), expected) < 1e-6


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (17, 16), (3, 100)])
@pytest.mark.parametrize("nm", [10.0, 3.3, 25.0])
def test_small_and_constant_images_work(stub, shape, nm):
    maps = maps_of(stub, np.full(shape, 77, np.uint16), nm)
    assert maps.shape == shape
    np.testing.assert_allclose(maps.membrane, 0.5, atol=1e-6)
    assert maps.membrane.dtype == maps.slit.dtype == np.float32


def test_nan_pixels_take_the_median_and_are_said(stub):
    pixels = texture((64, 48)).astype(np.float32)
    holes = pixels.copy()
    holes[10:20, 5:9] = np.nan
    filled = np.where(np.isnan(holes), np.nanmedian(holes), holes)
    maps, said = run(stub.predict(holes, 10.0))
    assert "median" in notices(said)[0]
    value_range = info().normalisation.range_of(holes)
    assert difference(maps, maps_of(stub, filled, value_range=value_range)) < 1e-6
    assert notices(run(stub.predict(filled, 10.0))[1]) == []


def test_infinite_pixels_are_clipped(stub):
    pixels = texture((64, 48)).astype(np.float32)
    pixels[3, 3], pixels[9, 9] = np.inf, -np.inf
    maps = maps_of(stub, pixels)
    assert maps.membrane[3, 3] > 0.999
    assert maps.membrane[9, 9] < 0.001


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.full((9, 9), np.nan), "all of them are NaN"),
        (np.zeros((9, 9, 3)), "one grey image"),
        (np.zeros((0, 9)), "one grey image"),
        (np.zeros((9, 9), complex), "not numbers"),
    ],
)
def test_what_is_no_image_is_refused(stub, pixels, words):
    with pytest.raises(InferenceError, match=words):
        maps_of(stub, pixels)


# --- what goes out ---------------------------------------------------------------------------


def test_large_maps_live_in_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pixels = texture((310, 270))
    limit = 2 * 310 * 270 * 4
    large = Predictor(Stub(), info(), device="cpu", memory_limit_bytes=limit - 1)
    small = Predictor(Stub(), info(), device="cpu", memory_limit_bytes=limit)
    in_file = maps_of(large, pixels, tile_px=160)
    in_memory = maps_of(small, pixels, tile_px=160)
    assert isinstance(in_file.slit, np.memmap)
    assert not isinstance(in_memory.slit, np.memmap)
    assert in_file.slit.dtype == in_file.membrane.dtype == np.float16
    assert difference(in_file, in_memory) < 2e-3
    assert in_file.membrane.max() <= 1
    del in_file
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_cancelled_large_maps_leave_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    predictor = Predictor(Stub(), info(), device="cpu", memory_limit_bytes=0)
    steps = predictor.predict(texture((310, 270)), 10.0, tile_px=160)
    next(steps)
    next(steps)
    steps.close()
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_before_the_work_starts(monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=50))
    predictor = Predictor(Stub(), info(), device="cpu", memory_limit_bytes=0)
    with pytest.raises(InferenceError, match="TMPDIR"):
        maps_of(predictor, texture((64, 64)))


# --- memory ----------------------------------------------------------------------------------

OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("MPS backend out of memory (MPS allocated: 5.61 GB)"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
    MemoryError(),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda e: str(e)[:20])
def test_tiles_are_halved_until_they_fit(stub, error):
    pixels = texture((700, 500))
    model = Failing(error, limit=256 * 256)
    predictor = Predictor(model, info(), device="cpu")
    maps, said = run(predictor.predict(pixels, 10.0))
    assert [text.split(" ")[-2] for text in notices(said)] == ["352", "144"]
    assert max(max(shape) for shape in model.shapes) <= 256
    assert difference(maps, maps_of(stub, pixels)) < 1e-5
    assert notices(run(predictor.predict(pixels, 10.0))[1]) == []


def test_batches_are_halved_before_tiles(stub):
    pixels = texture((700, 500))
    model = Failing(torch.OutOfMemoryError("out of memory"), limit=3 * 160 * 160)
    predictor = Predictor(model, info(), device="cpu")
    predictor._budget.largest_batch = 8
    maps, said = run(predictor.predict(pixels, 10.0, tile_px=160))
    assert [text.split(" ")[0] for text in notices(said)] == ["8", "4"]
    assert {shape[0] for shape in model.shapes} == {2}
    assert [step for step in said if step == TileProgress(0, 30)] == [said[0]]
    assert said[-1] == TileProgress(30, 30)
    assert difference(maps, maps_of(stub, pixels)) < 1e-5


def test_when_no_tile_fits_the_person_is_told():
    predictor = Predictor(Failing(MemoryError("none left")), info(), device="cpu")
    with pytest.raises(InferenceError, match="not enough memory on cpu, even for the smallest"):
        maps_of(predictor, texture((700, 500)))


def test_memory_lost_while_reading_counts_too(stub):
    class Heavy(Recorder):
        def __getitem__(self, window):
            if self.pixels[window].size > 300 * 300:
                raise MemoryError
            return self.pixels[window]

    pixels = texture((700, 500))
    value_range = info().normalisation.range_of(pixels)
    maps, said = run(stub.predict(Heavy(pixels), 10.0, value_range=value_range))
    assert len(notices(said)) >= 1
    assert difference(maps, maps_of(Predictor(Stub(), info(), device="cpu"), pixels)) < 1e-5


def test_the_tile_follows_the_memory_there_is(monkeypatch):
    name = "napari_slitseg.core.inference.working_memory_bytes"
    monkeypatch.setattr(name, lambda _: 60 * 300**2)
    model = Stub()
    maps_of(Predictor(model, info(), device="cpu"), texture((700, 500)))
    assert max(max(shape) for shape in model.shapes) <= 300


@pytest.mark.parametrize("tile_px", [32, 96, -5])
def test_a_tile_too_small_for_its_halo_is_refused(stub, tile_px):
    with pytest.raises(InferenceError, match="use at least 144 px"):
        maps_of(stub, texture((700, 500)), tile_px=tile_px)


# --- numbers, errors, cancelling -------------------------------------------------------------


def test_short_numbers_that_overflow_are_replaced_by_float32():
    predictor = Predictor(Overflowing(), info(), device="cpu", precision="float16")
    pixels = texture((64, 64))
    maps, said = run(predictor.predict(pixels, 10.0))
    assert "float32" in notices(said)[0]
    expected = maps_of(Predictor(Stub(), info(), device="cpu"), pixels)
    np.testing.assert_allclose(maps.slit, expected.slit, atol=1e-5)


def test_bfloat16_is_close_to_float32():
    pixels = texture((48, 48))
    exact = maps_of(Predictor(lively(), info(), device="cpu"), pixels)
    quick = maps_of(Predictor(lively(), info(), device="cpu", precision="bfloat16"), pixels)
    assert quick.slit.dtype == np.float32
    assert 0 < difference(exact, quick) < 0.1


def test_output_that_is_not_finite_is_refused():
    model = Stub()
    torch.nn.init.constant_(model.mean.weight, float("inf"))
    with pytest.raises(InferenceError, match=r"not finite.*damaged"):
        maps_of(Predictor(model, info(), device="cpu"), texture((64, 64)))


def test_other_failures_of_the_network_have_our_name():
    model = Failing(RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"))
    with pytest.raises(InferenceError, match=r"64 x 64 px on cpu.*EXECUTION_FAILED"):
        maps_of(Predictor(model, info(), device="cpu"), texture((64, 64)))


def test_cancelling_between_tiles():
    model = Stub()
    stop = False
    steps = Predictor(model, info(), device="cpu").predict(
        texture((700, 500)), 10.0, tile_px=160, should_stop=lambda: stop
    )
    for _ in range(4):
        next(steps)
    stop = True
    with pytest.raises(Cancelled):
        next(steps)
    assert len(model.shapes) == 3


def test_cancelling_within_a_tile():
    asked = []

    def should_stop():
        asked.append(True)
        return len(asked) > 20

    model = lively()
    predictor = Predictor(model, info(), device="cpu")
    with pytest.raises(Cancelled):
        maps_of(predictor, texture((64, 64)), should_stop=should_stop)
    assert len(asked) == 21
    assert all(not layer._forward_pre_hooks for layer in model.modules())


def test_torch_is_left_as_it_was_between_steps(stub):
    for _ in stub.predict(texture((64, 64)), 10.0):
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()


def test_a_missing_device_is_refused():
    with pytest.raises(InferenceError, match="choose one of"):
        Predictor(Stub(), info(), device="cuda:77")


def test_real_micrographs_tile_as_a_whole(real_data: Path, forknet):
    """Half of a real image: tiles make no difference there either."""
    from napari_slitseg.core.image import read_image

    pixels = read_image(real_data / "images" / "good.png").pixels[:450, :520]
    tiled, said = run(forknet.predict(pixels, 10.0, tile_px=TILE_PX))
    assert said[-1].total > 1
    assert difference(tiled, maps_of(forknet, pixels)) < 1e-4
