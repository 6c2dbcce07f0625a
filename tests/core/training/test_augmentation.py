"""Every setting does what it says, and nothing else; its neutral value does nothing."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy import ndimage

from napari_slitseg.core.training.augment_grey import GreyChange
from napari_slitseg.core.training.spec_augmentation import (
    AUGMENTATIONS,
    Augmentation,
    NoAugmentation,
    augmentation_from_dict,
)
from tests.core.training.made import NEUTRAL, changed, drawn, example, many, noise, same

RAMP_Y, RAMP_X = (np.asarray(part, np.float32) / 1000 for part in np.indices((500, 500)))
STRONG = {
    "flip": True,
    "rotation": True,
    "max_scale": 2.0,
    "elastic_px": 3.0,
    "gain": 0.5,
    "offset": 0.5,
    "gamma": 0.5,
    "blur_px": 4.0,
    "noise": 0.5,
    "invert_share": 1.0,
}
GREY = ("gain", "offset", "gamma", "blur_px", "noise", "invert_share")


def slopes(patch):
    """Mean change of the grey values down and across."""
    return np.array([np.diff(patch.pixels, axis=axis).mean() for axis in (0, 1)]) * 1000


def smooth_noise(seed=0):
    return ndimage.gaussian_filter(noise((300, 300), seed), 1.5) * 4


def pairs(augmentation, pixels=None, n=120):
    """Grey values of patches as they are, and changed."""
    one = example(smooth_noise() if pixels is None else pixels)
    plain, varied = many(one, n=n), many(one, augmentation, n=n)
    return [(a.pixels, b.pixels) for a, b in zip(plain, varied, strict=True)]


# --- all settings ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", STRONG)
def test_each_setting_changes_patches_on_its_own(name):
    one = example(noise((200, 200)), [(100, 100)])
    neutral, varied = many(one, n=8), many(one, changed(**{name: STRONG[name]}), n=8)
    assert not all(same(a, b) for a, b in zip(neutral, varied, strict=True))


@pytest.mark.parametrize("name", STRONG)
def test_each_setting_leaves_what_the_others_draw(name):
    everything = replace(NEUTRAL, **STRONG)
    without = replace(everything, **{name: getattr(NEUTRAL, name)})
    for seed in range(5):
        one, other = (
            GreyChange.draw(np.random.default_rng(seed), augmentation)
            for augmentation in (everything, without)
        )
        different = {f.name for f in fields(one) if getattr(one, f.name) != getattr(other, f.name)}
        assert different <= {name.replace("invert_share", "inverts")}


@pytest.mark.parametrize("name", GREY)
def test_changes_of_grey_values_leave_places_alone(name):
    one = example(noise((200, 200)), [(100, 100)], [(90, 90)], noise((200, 200)) > 0)
    for plain, varied in zip(
        many(one, n=6), many(one, changed(**{name: STRONG[name]}), n=6), strict=True
    ):
        assert same(replace(varied, pixels=plain.pixels), plain)


def test_no_augmentation_is_the_one_that_changes_nothing():
    neutral = NoAugmentation(slit_share=0.3).full()
    assert neutral.slit_share == 0.3
    one = example(noise((200, 200)))
    assert same(drawn(one, neutral, index=5), drawn(one, changed(slit_share=0.3), index=5))


def test_every_setting_is_tested_here():
    names = {field.name for field in fields(Augmentation)} - {"name"}
    assert names == set(STRONG) | {"slit_share", "min_scale", "elastic_grid_px"}


def test_limits_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match="min_scale"):
        Augmentation(min_scale=2.0, max_scale=1.0)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_documents_name_augmentations(name):
    assert augmentation_from_dict({"name": name}).name == name


# --- places ----------------------------------------------------------------------------------


def test_flip_mirrors_half_of_the_patches():
    found = np.array([slopes(patch) for patch in many(example(RAMP_X), changed(flip=True))])
    np.testing.assert_allclose(np.abs(found[:, 1]), 1, atol=1e-3)
    assert 35 < (found[:, 1] < 0).sum() < 65
    down = np.array([slopes(patch) for patch in many(example(RAMP_Y), changed(flip=True))])
    np.testing.assert_allclose(down[:, 0], 1, atol=1e-3)


def test_a_mirrored_patch_is_the_mirrored_part_of_the_image_bit_for_bit():
    one = example(noise((120, 120)))
    plain, flipped = many(one, n=10), many(one, changed(flip=True), n=10)
    turned = [
        np.array_equal(a.pixels[:, ::-1], b.pixels) for a, b in zip(plain, flipped, strict=True)
    ]
    kept = [same(a, b) for a, b in zip(plain, flipped, strict=True)]
    assert any(turned)
    assert all(a != b for a, b in zip(turned, kept, strict=True))


def test_rotation_turns_to_any_angle_and_keeps_lengths():
    inside = example(RAMP_X, [(250, 250)])
    found = np.array(
        [slopes(each) for each in many(inside, changed(rotation=True, slit_share=1.0), n=200)]
    )
    np.testing.assert_allclose(np.hypot(*found.T), 1, atol=1e-3)
    angles = np.degrees(np.arctan2(*found.T))
    assert np.histogram(angles, 8, (-180, 180))[0].min() > 10


@pytest.mark.parametrize(("smallest", "largest"), [(0.5, 0.5), (2, 2), (0.8, 1.25), (1, 3)])
def test_scales_enlarge_patches_within_their_limits(smallest, largest):
    one = example(RAMP_X, [(250, 250)])
    augmentation = changed(slit_share=1.0, min_scale=smallest, max_scale=largest)
    found = np.array([1 / slopes(patch)[1] for patch in many(one, augmentation, n=200)])
    assert found.min() == pytest.approx(smallest, rel=0.03)
    assert found.max() == pytest.approx(largest, rel=0.03)
    assert np.median(found) == pytest.approx(np.sqrt(smallest * largest), rel=0.15)


def test_scales_move_points_apart():
    one = example(noise((300, 300)), [(150, 150), (150, 158)])
    for scale in (0.5, 1.0, 2.0):
        augmentation = changed(slit_share=1.0, min_scale=scale, max_scale=scale)
        patches = [each for each in many(one, augmentation, n=9) if len(each.slits_yx) == 2]
        assert patches
        for patch in patches:
            assert np.hypot(*np.diff(patch.slits_yx, axis=0)[0]) == pytest.approx(8 * scale)


def test_a_reduced_patch_is_smoothed_before():
    pixels = noise((300, 300))
    reduced = drawn(example(pixels), changed(min_scale=0.5, max_scale=0.5))
    mean_of_four_pixels = 0.5
    assert reduced.pixels.std() < 0.8 * mean_of_four_pixels * pixels.std()
    assert reduced.pixels.std() > 0.1 * pixels.std()


def test_elastic_deformation_bends_lines_more_the_longer_it_is():
    def bending(elastic_px):
        one = example(RAMP_X, [(250, 250)])
        augmentation = changed(slit_share=1.0, elastic_px=elastic_px)
        patches = many(one, augmentation, n=40)
        return np.mean([np.diff(p.pixels, axis=1).std() for p in patches]) * 1000

    assert bending(0.0) < 2e-4
    assert bending(0.5) > 2e-3
    assert bending(2.0) > 2 * bending(0.5)


def test_a_wider_elastic_grid_bends_lines_less():
    def bending(elastic_grid_px):
        one = example(RAMP_X, [(250, 250)])
        augmentation = changed(slit_share=1.0, elastic_px=1.0, elastic_grid_px=elastic_grid_px)
        patches = many(one, augmentation, n=40)
        return np.mean([np.diff(p.pixels, axis=1).std() for p in patches])

    assert bending(100.0) < 0.6 * bending(30.0)


# --- grey values -----------------------------------------------------------------------------


def test_gain_multiplies_or_divides_contrast():
    factors = np.array([new.std() / old.std() for old, new in pairs(changed(gain=0.5))])
    assert factors.max() == pytest.approx(1.5, rel=0.05)
    assert factors.min() == pytest.approx(1 / 1.5, rel=0.05)
    for old, new in pairs(changed(gain=0.5), n=5):
        np.testing.assert_allclose(new / old, new[0, 0] / old[0, 0], rtol=1e-4)


def test_offset_shifts_brightness():
    shifts = np.array([(new - old).mean() for old, new in pairs(changed(offset=0.4))])
    assert shifts.max() == pytest.approx(0.4, abs=0.03)
    assert shifts.min() == pytest.approx(-0.4, abs=0.03)
    assert max(np.ptp(new - old) for old, new in pairs(changed(offset=0.4), n=5)) < 1e-5


def test_gamma_bends_the_grey_curve_and_keeps_its_ends_and_its_order():
    middles = []
    for old, new in pairs(changed(gamma=0.8), noise((300, 300))):
        order = np.argsort(old, axis=None)
        assert (np.diff(new.ravel()[order]) >= 0).all()
        assert new.min() == pytest.approx(old.min(), abs=0.1)
        assert new.max() == pytest.approx(old.max(), abs=0.02)
        middles.append(np.interp(0, old.ravel()[order], new.ravel()[order]))
    assert max(middles) == pytest.approx(2 * 0.5 ** np.exp(-0.8) - 1, abs=0.05)
    assert min(middles) == pytest.approx(2 * 0.5 ** np.exp(0.8) - 1, abs=0.05)


def test_gamma_keeps_grey_values_beyond_the_usual_range_in_order():
    pixels = 3 * noise((300, 300))
    for old, new in pairs(changed(gamma=0.8), pixels, n=10):
        assert np.isfinite(new).all()
        assert (np.diff(new.ravel()[np.argsort(old, axis=None)]) >= 0).all()
        assert new.min() == pytest.approx(old.min(), abs=1e-4)
        assert new.max() == pytest.approx(old.max(), abs=1e-4)


def test_a_third_of_the_patches_is_blurred_by_up_to_the_limit():
    found = pairs(changed(blur_px=3), noise((300, 300)))
    left = np.array([new.std() / old.std() for old, new in found])
    assert 0.22 < np.mean(left < 1) < 0.45
    strongest = ndimage.gaussian_filter(noise((300, 300)), 3).std() / noise((300, 300)).std()
    assert left.min() == pytest.approx(strongest, rel=0.2)
    assert (left <= 1).all()


def test_a_longer_blur_leaves_less_detail():
    def detail(blur_px):
        found = pairs(changed(blur_px=blur_px), noise((300, 300)), n=30)
        return np.mean([new.std() for _, new in found])

    assert detail(6.0) < detail(1.0) < detail(0.0)


def test_noise_of_up_to_the_limit_is_added():
    added = [new - old for old, new in pairs(changed(noise=0.5))]
    spread = np.array([each.std() for each in added])
    assert spread.max() == pytest.approx(0.5, rel=0.06)
    assert spread.mean() == pytest.approx(0.25, rel=0.15)
    assert np.mean(added) == pytest.approx(0, abs=0.01)
    neighbours = np.mean([np.corrcoef(e[:, 1:].ravel(), e[:, :-1].ravel())[0, 1] for e in added])
    assert abs(neighbours) < 0.02


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_contrast_is_inverted_in_as_many_patches_as_asked_for(share):
    found = pairs(changed(invert_share=share))
    inverted = [np.array_equal(new, -old) for old, new in found]
    assert np.mean(inverted) == pytest.approx(share, abs=0.1)
    kept = [np.array_equal(new, old) for old, new in found]
    assert all(a != b for a, b in zip(inverted, kept, strict=True))
