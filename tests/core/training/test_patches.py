"""Pixels, membranes and points of a patch move as one; the same number gives the same patch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_slitseg.core.training.deformation import Deformation
from napari_slitseg.core.training.spec_augmentation import Augmentation
from napari_slitseg.core.training.warp import Sampler, Warp
from tests.core.training.made import (
    NEUTRAL,
    centre_of_mass,
    changed,
    dots,
    drawn,
    example,
    many,
    noise,
    same,
)

EVERYTHING = Augmentation(invert_share=0.5)
SHAPES_ONLY = changed(flip=True, rotation=True, min_scale=0.8, max_scale=1.25, elastic_px=2.0)
APART = [(y, x) for y in range(30, 330, 60) for x in range(30, 390, 60)]


def crop_of(patch, image):
    """Top left corner of the part of an image that a patch is a copy of."""
    height, width = patch.pixels.shape
    starts = np.argwhere(image[: 1 - height, : 1 - width] == patch.pixels[0, 0])
    (corner,) = [
        (y, x)
        for y, x in starts
        if np.array_equal(image[y : y + height, x : x + width], patch.pixels)
    ]
    return corner


@cache
def dotted(seed, shape=(360, 420)):
    """Dots, drawn into pixels and membrane, that are annotated and far from each other."""
    yx = np.array(APART) + np.random.default_rng(seed).uniform(-8, 8, (len(APART), 2))
    image = dots(shape, yx)
    return example(image, yx, membrane=image)


# --- unchanged -------------------------------------------------------------------------------


@pytest.mark.parametrize("patch_px", [32, 33])
def test_without_changes_a_patch_is_a_part_of_the_image_bit_for_bit(patch_px):
    pixels, slits = noise((90, 110)), np.random.default_rng(1).uniform(0, 89, (40, 2))
    membrane = noise((90, 110), 2) > 0
    one = example(pixels, slits, membrane=membrane)
    for patch in many(one, n=20, patch_px=patch_px):
        y, x = crop_of(patch, pixels)
        part = np.s_[y : y + patch_px, x : x + patch_px]
        np.testing.assert_array_equal(patch.membrane, membrane[part].astype(np.float32))
        moved = slits - (y, x)
        inside = ((moved >= -0.5) & (moved < patch_px - 0.5)).all(axis=1)
        np.testing.assert_allclose(patch.slits_yx, moved[inside], atol=1e-5)
        assert patch.slit_known.all()
        assert patch.membrane_known.all()


def test_a_patch_has_the_types_that_training_takes():
    patch = drawn(example(noise((90, 90)), [(40, 40)]), EVERYTHING, patch_px=48)
    arrays = (patch.pixels, patch.membrane, patch.slit_known, patch.membrane_known)
    assert [array.shape for array in arrays] == [(48, 48)] * 4
    assert [array.dtype.name for array in arrays] == ["float32", "float32", "bool", "bool"]
    assert patch.slits_yx.dtype == np.float32
    assert patch.slits_yx.shape[1] == 2
    assert not patch.membrane_known.any()
    assert not patch.membrane.any()


def test_examples_are_left_as_they_are():
    one = dotted(0)
    before = one.pixels.copy(), one.slits_yx.copy(), one.membrane.copy()
    many(one, EVERYTHING, n=10)
    many(one, NEUTRAL, n=10)[0].pixels[:] = 7
    for old, new in zip(before, (one.pixels, one.slits_yx, one.membrane), strict=True):
        np.testing.assert_array_equal(old, new)


def test_no_example_is_an_error_in_words():
    with pytest.raises(ValueError, match="at least one example"):
        drawn([])


# --- all move as one -------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    index=st.integers(0, 10**6),
    seed=st.integers(0, 2**31 - 1),
    min_scale=st.floats(0.5, 1.5),
    widening=st.floats(1, 1.5),
    elastic_px=st.floats(0, 4),
    elastic_grid_px=st.floats(32, 100),
    flip=st.booleans(),
    rotation=st.booleans(),
)
def test_dots_land_where_their_annotations_land(
    index, seed, min_scale, widening, elastic_px, elastic_grid_px, flip, rotation
):
    augmentation = changed(
        flip=flip,
        rotation=rotation,
        min_scale=min_scale,
        max_scale=min_scale * widening,
        elastic_px=elastic_px,
        elastic_grid_px=elastic_grid_px,
    )
    patch = drawn(dotted(index % 3), augmentation, patch_px=128, seed=seed, index=index)
    reach = 10
    whole = (np.abs(patch.slits_yx - 63.5) < 63.5 - reach - 1).all(axis=1)
    assume(whole.any())
    for at in patch.slits_yx[whole]:
        row, column = np.rint(at).astype(int)
        near = np.s_[row - reach : row + reach + 1, column - reach : column + reach + 1]
        if not patch.slit_known[near].all():
            continue
        for image in (patch.pixels, patch.membrane):
            found = centre_of_mass(image, at, reach)
            assert np.hypot(*(found - at)) < 0.15


def test_every_dot_in_a_patch_has_its_annotation():
    n_dots = 0
    for patch in many(dotted(0), SHAPES_ONLY, n=20, patch_px=128):
        peaks = patch.membrane > 0.9
        peaks[[0, -1]] = peaks[:, [0, -1]] = False
        for at in np.argwhere(peaks):
            assert np.hypot(*(patch.slits_yx - at).T).min() < 1.5
            n_dots += 1
    assert n_dots > 50


@pytest.mark.parametrize(("typical_px", "spacing_px"), [(0, 64), (2, 64), (20, 16), (20, 60)])
@pytest.mark.parametrize("seed", range(3))
def test_points_come_back_to_the_pixel_they_were_read_from(typical_px, spacing_px, seed):
    rng = np.random.default_rng(seed)
    angle, scale = rng.uniform(0, 6), rng.uniform(0.3, 3)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    deformation = Deformation.draw(rng, typical_px, spacing_px, 48)
    warp = Warp(rng.uniform(0, 500, 2), turn @ np.diag([1, -1]) / scale, deformation)
    places = np.stack(warp.places(), axis=-1).reshape(-1, 2)
    pixels = np.stack(np.indices((48, 48)), axis=-1).reshape(-1, 2)
    np.testing.assert_allclose(warp.to_patch(places), pixels, atol=0.01)


def test_points_outside_a_patch_are_dropped_beyond_the_margin():
    still = Deformation(np.zeros((2, 6, 6)), 64, 20)
    warp = Warp(np.array([9.5, 9.5]), np.eye(2), still)
    yx = np.array([(-0.5, 3), (-0.6, 3), (19.4, 3), (19.6, 3), (3, -4.4), (3, -4.6)])
    np.testing.assert_allclose(warp.to_patch(yx), yx[[0, 2]])
    np.testing.assert_allclose(warp.to_patch(yx, 4), yx[:5])


# --- what is known ---------------------------------------------------------------------------


def test_beyond_its_border_an_image_goes_on_as_its_mirror_and_is_unknown():
    pixels = noise((20, 30))
    one = example(pixels, [(5, 5)], membrane=np.ones((20, 30)))
    patch = drawn(one, patch_px=64)
    ((top, left),) = np.argwhere(patch.slit_known)[:1]
    assert patch.slit_known.sum() == 20 * 30
    assert patch.slit_known[top : top + 20, left : left + 30].all()
    mirrored = np.pad(pixels, 80, "symmetric")
    start = np.s_[80 - top : 144 - top, 80 - left : 144 - left]
    np.testing.assert_array_equal(patch.pixels, mirrored[start])
    np.testing.assert_array_equal(patch.membrane_known, patch.slit_known)
    np.testing.assert_array_equal(patch.membrane == 1, patch.slit_known)
    np.testing.assert_allclose(patch.slits_yx, [(5 + top, 5 + left)])


def test_what_the_grid_adds_to_an_image_is_unknown_and_not_read():
    pixels = noise((64, 64))
    pixels[40:], pixels[:, 50:] = 99, 99
    for patch in many(example(pixels, image_shape=(40, 50)), n=20, patch_px=40):
        assert patch.pixels.max() < 1
        assert patch.slit_known.all()
    patch = drawn(example(pixels, image_shape=(40, 50)), patch_px=64)
    assert patch.slit_known.sum() == 40 * 50


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 2), (31, 200)])
def test_images_smaller_than_a_patch_work(shape):
    one = example(noise(shape), [(0, 0)], membrane=np.ones(shape))
    patches = many(one, EVERYTHING, n=20, patch_px=48)
    assert all(np.isfinite(patch.pixels).all() for patch in patches)
    assert any(patch.slit_known.any() for patch in patches)
    assert not any(patch.slit_known.all() for patch in patches)
    patch = drawn(one, patch_px=48)
    assert patch.slits_yx.shape == (1, 2)


def test_slits_are_unknown_near_uncertain_annotations():
    one = example(noise((64, 64)), uncertain=[(20.25, 30.5)])
    patch = drawn(one, radius_px=6.5)
    rows, columns = np.indices((64, 64))
    far = np.hypot(rows - 20.25, columns - 30.5) > 6.5
    np.testing.assert_array_equal(patch.slit_known, far)
    assert len(patch.slits_yx) == 0
    assert drawn(one, radius_px=0.0).slit_known.all()


def test_an_uncertain_annotation_outside_the_patch_reaches_into_it():
    one = example(noise((64, 64)), uncertain=[(-3, 30)], membrane=np.ones((64, 64)))
    patch = drawn(one, radius_px=5)
    assert not patch.slit_known[0, 30]
    assert patch.slit_known[3, 30]
    assert patch.membrane_known.all()


def test_a_certain_annotation_keeps_its_surroundings_from_an_uncertain_neighbour():
    one = example(noise((64, 64)), [(20, 34)], uncertain=[(20, 30)])
    patch = drawn(one, radius_px=10)
    assert patch.slit_known[20, 33:].all()
    assert not patch.slit_known[20, 20:32].any()
    assert patch.slits_yx.tolist() == [[20, 34]]


def test_a_slit_that_one_annotation_is_sure_of_is_known():
    one = example(noise((64, 64)), [(20, 30)], uncertain=[(20, 30)])
    patch = drawn(one, radius_px=10)
    assert patch.slit_known.all()
    assert patch.slits_yx.tolist() == [[20, 30]]


def test_slits_lie_on_known_pixels():
    slits = np.random.default_rng(0).uniform(-0.5, 39.5, (300, 2))
    one = example(noise((40, 40)), slits, uncertain=slits[:40] + 0.3)
    for patch in many(one, EVERYTHING, n=30, patch_px=64):
        row, column = np.rint(patch.slits_yx).astype(int).T
        assert len(row) > 20
        assert patch.slit_known[row, column].all()


def test_unknown_membranes_are_empty():
    one = example(noise((40, 40)), membrane=np.ones((40, 40)))
    for patch in many(one, SHAPES_ONLY, n=10, patch_px=64):
        np.testing.assert_array_equal(patch.membrane[patch.membrane_known], 1)
        assert not patch.membrane[~patch.membrane_known].any()
        assert not patch.membrane_known.all()


# --- pure functions --------------------------------------------------------------------------


def test_the_same_number_gives_the_same_patch_in_any_order_and_in_threads():
    examples = [dotted(0), dotted(1), example(noise((100, 80)), membrane=np.eye(100, 80) > 0)]
    draw = partial(drawn, examples, EVERYTHING, seed=7, epoch=3)
    forwards = [draw(index=i) for i in range(24)]
    backwards = [draw(index=i) for i in reversed(range(24))][::-1]
    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(lambda i: draw(index=i), range(24)))
    for one, other, third in zip(forwards, backwards, threaded, strict=True):
        assert same(one, other)
        assert same(one, third)


def test_another_seed_epoch_or_number_gives_another_patch():
    one = example(noise((300, 300)))
    first = drawn(one, seed=1, epoch=1, index=1)
    for change in ({"seed": 2}, {"epoch": 2}, {"index": 2}):
        assert not same(first, drawn(one, **({"seed": 1, "epoch": 1, "index": 1} | change)))


def test_only_the_part_that_is_needed_is_read():
    side = 10**6
    pixels = np.broadcast_to(np.float32(0.5), (side, side))
    one = example(np.zeros((1, 1)), [(side - 5, 7), (side / 2, side / 2)])
    patch = drawn(replace(one, pixels=pixels, membrane=pixels), SHAPES_ONLY)
    np.testing.assert_allclose(patch.pixels, 0.5)
    assert len(patch.slits_yx) <= 1


def test_places_without_a_shift_are_read_without_interpolation():
    image = noise((30, 30))
    rows, columns = np.indices((5, 7)).astype(float)
    read = Sampler(rows + 3, columns + 8, (30, 30)).read(image)
    np.testing.assert_array_equal(read, image[3:8, 8:15])


@pytest.mark.parametrize("top_left", [(20, 30), (-3, -5), (0, 0)])
def test_a_smoothed_part_is_that_part_of_the_smoothed_image(top_left):
    image = noise((60, 70))
    rows, columns = np.indices((9, 11)) + np.reshape(top_left, (2, 1, 1)) + 0.25
    found = Sampler(rows, columns, (60, 70)).read(image, 1.5)
    smooth = ndimage.gaussian_filter(image, 1.5, truncate=3.0)
    whole = Sampler(rows, columns, (60, 70)).read(smooth)
    np.testing.assert_allclose(found, whole, atol=1e-5)
