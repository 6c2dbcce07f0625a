"""Examples are what a prediction would see, with their annotations in the same places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_slitseg.core.image import Micrograph, Normalisation
from napari_slitseg.core.inference import InferenceError, Predictor
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.training.examples import make_example
from tests.core.stub_models import Stub, info
from tests.core.training.made import centre_of_mass, dots

FPW = replace(info(), preprocessing="fpw-dl-v1", normalisation=Normalisation(0, 100, 1))


class Recording(Stub):
    """Keeps what it is fed."""

    def __init__(self):
        super().__init__()
        self.fed = []

    def forward(self, image):
        self.fed.append(image.numpy().copy())
        return super().forward(image)


def micrograph(pixels, pixel_size_nm=10.0):
    return Micrograph(pixels, pixel_size_nm, "user", "made")


def grey(shape, dtype=np.uint8, seed=0):
    values = np.random.default_rng(seed).normal(120, 40, shape)
    return np.clip(values, 0, 255).astype(dtype)


def with_holes(pixels):
    pixels = pixels.astype(np.float32)
    pixels[3:9, 4:20] = np.nan
    return pixels


def made(image, yx=(), membrane=None, model=None, **columns):
    points = PointTable.from_yx(np.reshape(yx, (-1, 2)), **columns)
    return make_example(image, points, membrane, model or info(), Stub.size_multiple)


# --- pixels ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "model"),
    [
        (micrograph(grey((96, 128))), info()),
        (micrograph(grey((75, 101))), info()),
        (micrograph(grey((75, 101)), 10.15), info()),
        (micrograph(grey((75, 101)), 5.0), info()),
        (micrograph(grey((40, 50)), 20.0), info()),
        (micrograph(grey((61, 83)), 7.3), info()),
        (micrograph(grey((75, 101)), None), info()),
        (micrograph(grey((75, 101), np.uint16) * 100, 12.0), info()),
        (micrograph(with_holes(grey((75, 101))), 8.0), info()),
        (micrograph(np.full((40, 40), 7, np.uint8)), info()),
        (micrograph(grey((1104, 1024))), FPW),
        (micrograph(grey((700, 900)), 8.0), FPW),
        (micrograph(with_holes(grey((1300, 1100))), None), FPW),
    ],
    ids=lambda part: str(part.pixels.shape) if isinstance(part, Micrograph) else None,
)
def test_pixels_are_those_that_a_prediction_feeds_the_network(image, model):
    network = Recording()
    predictor = Predictor(network, model, device="cpu")
    for _ in predictor.predict(image.pixels, image.pixel_size_nm, tile_px=4096):
        pass
    (fed,) = network.fed
    found = made(image, model=model).pixels
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, fed[0, 0], strict=True)


def test_large_images_are_read_in_strips_with_the_same_result(monkeypatch):
    image = micrograph(grey((301, 203)), 6.0)
    mask = image.pixels > 120
    whole = made(image, membrane=mask)
    for module in ("model_grid", "training.examples"):
        monkeypatch.setattr(f"napari_slitseg.core.{module}.STRIP_PX", 5000)
    strips = made(image, membrane=mask)
    np.testing.assert_array_equal(strips.pixels, whole.pixels)
    np.testing.assert_array_equal(strips.membrane, whole.membrane)


def test_an_image_that_the_model_cannot_take_is_refused():
    with pytest.raises(InferenceError, match="does not suit a model"):
        made(micrograph(grey((50, 50)), 1000.0))
    with pytest.raises(InferenceError, match="one grey image"):
        made(micrograph(np.zeros((40, 40, 3))))


# --- points ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pixel_size_nm", [5.0, 10.0, 20.0])
def test_a_bright_pixel_and_its_annotation_stay_together(pixel_size_nm):
    pixels = np.zeros((90, 120), np.uint8)
    pixels[37, 81] = 200
    example = made(micrograph(pixels, pixel_size_nm), [(37, 81)])
    found = centre_of_mass(example.pixels + 1, example.slits_yx[0])
    np.testing.assert_allclose(found, example.slits_yx[0], atol=1e-3)


@pytest.mark.parametrize("pixel_size_nm", [3.7, 5.0, 10.0, 17.0])
def test_dots_between_pixels_and_their_annotations_stay_together(pixel_size_nm):
    yx = [(30.3, 40.8), (65.5, 90.25)]
    pixels = dots((100, 140), yx, sigma_px=2.0)
    example = made(micrograph(pixels, pixel_size_nm), yx)
    for at in example.slits_yx:
        np.testing.assert_allclose(centre_of_mass(example.pixels + 1, at, 12), at, atol=0.02)


@pytest.mark.parametrize(("shape", "pixel_size_nm"), [((1104, 1024), 10.0), ((700, 900), 14.0)])
def test_points_go_along_into_the_field_of_a_model_with_its_own_preprocessing(shape, pixel_size_nm):
    yx = [(60.5, 80.25), (300.0, 500.75), (620.0, 615.0)]
    pixels = 110 + 100 * dots(shape, yx, sigma_px=5.0)
    example = made(micrograph(pixels.astype(np.uint8), pixel_size_nm), yx, model=FPW)
    assert example.pixels.shape == (640, 640)
    rise = np.clip(example.pixels - np.median(example.pixels) - 0.5, 0, None)
    for at in example.slits_yx:
        np.testing.assert_allclose(centre_of_mass(rise, at, 12), at, atol=0.15)


def test_points_outside_the_image_are_left_out_and_counted():
    inside = [(-0.5, -0.5), (49.4, 69.4)]
    outside = [(-0.51, 3), (3, -0.51), (49.5, 3), (3, 69.5), (1e9, 0)]
    example = made(micrograph(grey((50, 70))), [*inside, *outside])
    np.testing.assert_allclose(example.slits_yx, inside)
    assert example.n_outside == 5


def test_points_beyond_the_field_are_left_out_and_counted():
    example = made(micrograph(grey((1300, 1100))), [(1100, 1000), (1200, 50)], model=FPW)
    assert len(example.slits_yx) == 1
    assert example.n_outside == 1


def test_uncertain_points_are_kept_apart():
    yx = [(5, 6), (7, 8), (9, 10), (-9, 0)]
    unsure = [False, True, False, True]
    example = made(micrograph(grey((32, 32))), yx, uncertain=unsure)
    assert example.slits_yx.tolist() == [[5, 6], [9, 10]]
    assert example.uncertain_yx.tolist() == [[7, 8]]
    assert example.n_outside == 1


def test_what_a_model_proposed_or_a_person_rejected_is_no_annotation():
    status = ("proposed", "accepted", "rejected", "added", "moved")
    yx = [(number, 20) for number in range(5)]
    example = made(micrograph(grey((32, 32))), yx, status=status)
    assert example.slits_yx[:, 0].tolist() == [1, 3, 4]
    assert example.n_outside == 0


# --- membrane, extent, size ------------------------------------------------------------------


def test_a_mask_at_the_models_own_scale_is_what_was_drawn():
    mask = grey((48, 64)) > 120
    example = made(micrograph(grey((48, 64))), membrane=mask)
    np.testing.assert_array_equal(example.membrane, mask.astype(np.float32), strict=True)
    assert made(micrograph(grey((48, 64)))).membrane is None


@pytest.mark.parametrize("pixel_size_nm", [4.0, 10.0, 16.0])
def test_the_membrane_lies_where_the_same_pixels_of_the_image_lie(pixel_size_nm):
    mask = np.zeros((70, 90), bool)
    mask[20:31, 30:61] = True
    example = made(micrograph(np.where(mask, 200, 0).astype(np.uint8), pixel_size_nm), (), mask)
    np.testing.assert_allclose(example.membrane, (example.pixels + 1) / 2, atol=1e-6)
    assert example.membrane.min() == 0
    assert example.membrane.max() == 1


def test_the_membrane_of_a_field_lies_where_its_image_lies():
    mask = np.zeros((1104, 1024), bool)
    mask[300:400, 500:800] = True
    pixels = np.where(mask, 200, 60).astype(np.uint8)
    example = made(micrograph(pixels), (), mask, model=FPW)
    bright = example.pixels > np.mean([example.pixels.min(), example.pixels.max()])
    assert np.mean(bright != (example.membrane > 0.5)) < 1e-3


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"mask has 10 x 20 px, but its image 30 x 40 px"):
        made(micrograph(grey((30, 40))), (), np.zeros((10, 20), bool))


@pytest.mark.parametrize(
    ("pixel_size_nm", "shape", "grid"),
    [(10.0, (50, 70), (64, 80)), (20.0, (100, 140), (112, 144)), (2.5, (13, 18), (16, 32))],
)
def test_an_example_knows_how_much_of_its_grid_shows_the_image(pixel_size_nm, shape, grid):
    example = made(micrograph(grey((50, 70)), pixel_size_nm))
    assert example.shape == shape
    assert example.pixels.shape == grid


def test_a_small_image_fills_a_part_of_the_field():
    example = made(micrograph(grey((552, 512))), model=FPW)
    assert example.shape == (320, 320)
    assert made(micrograph(grey((1300, 1100))), model=FPW).shape == (640, 640)


def test_the_pixel_size_is_that_of_the_grid():
    assert made(micrograph(grey((50, 70)), 20.0)).pixel_size_nm == pytest.approx(10.0)
    field = made(micrograph(grey((50, 70)), 20.0), model=FPW)
    assert field.pixel_size_nm == pytest.approx(10 * np.sqrt(1104 * 1024) / 640)
    assert field.pixel_size_nm == pytest.approx(FPW.network_pixel_size_nm)
    assert info().network_pixel_size_nm == info().pixel_size_nm


def test_places_on_the_membrane_are_on_the_membrane_and_in_the_image():
    mask = np.zeros((50, 70), bool)
    mask[10:14, 5:70] = True
    example = made(micrograph(grey((50, 70))), (), mask)
    places = example.membrane_places_yx.astype(int)
    assert len(places) == mask.sum()
    assert mask[tuple(places.T)].all()
    assert len(made(micrograph(grey((50, 70)))).membrane_places_yx) == 0


def test_places_on_a_large_membrane_are_thinned_out_evenly():
    example = made(micrograph(grey((400, 400))), (), np.ones((400, 400), bool))
    places = example.membrane_places_yx
    assert 10_000 <= len(places) < 12_000
    np.testing.assert_allclose(places.mean(axis=0), 199.5, atol=8)
