"""Simulated micrographs and their truth."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from napari_slitseg.core.simulate import (
    SceneOptions,
    simulate,
    visible_runs,
)
from napari_slitseg.core.simulate_feet import plan_feet

CLEAN = {"noise": 0.0, "blur_nm": 0.0, "contrast": 1.0, "effacement": 0.0}


def line_points(scene):
    return np.concatenate(scene.membrane_lines)


def test_same_seed_same_scene_other_seed_other_scene():
    first, again, other = (simulate(s, SceneOptions(shape=(96, 120))) for s in (3, 3, 4))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.slits, again.slits)
    assert not np.array_equal(first.image, other.image)


def test_image_is_grey_bytes_of_the_asked_shape():
    scene = simulate(1, SceneOptions(shape=(100, 140)))
    assert scene.image.shape == scene.membrane.shape == (100, 140)
    assert scene.image.dtype == np.uint8
    assert np.ptp(scene.image) > 40


@pytest.mark.parametrize("seed", range(4))
def test_slits_lie_on_a_membrane_line_inside_the_stripe(seed):
    scene = simulate(seed, SceneOptions(shape=(320, 320)))
    distance, _ = cKDTree(line_points(scene)).query(scene.slits)
    assert distance.max() < 1
    rows, columns = np.round(scene.slits).astype(int).T
    assert scene.membrane[rows, columns].all()
    assert (scene.slits >= 0).all()
    assert (scene.slits <= 319).all()


def test_stripe_is_ninety_nanometres_wide_around_the_lines():
    scene = simulate(2, SceneOptions(shape=(320, 320)))
    length_px = sum(
        np.linalg.norm(np.diff(run, axis=0), axis=1).sum() for run in scene.membrane_lines
    )
    assert scene.membrane.sum() / length_px == pytest.approx(9.0, rel=0.06)


@pytest.mark.parametrize("nm", [5.0, 20.0])
def test_same_anatomy_at_every_pixel_size(nm):
    field_nm = 3200
    scene = simulate(6, SceneOptions(shape=(int(field_nm / nm),) * 2, pixel_size_nm=nm))
    reference = simulate(6, SceneOptions(shape=(400, 400), pixel_size_nm=8.0))
    inner = [
        points[((points > 100) & (points < field_nm - 100)).all(axis=1)]
        for points in (scene.slits * nm, reference.slits * 8.0)
    ]
    assert len(inner[1]) > 0
    np.testing.assert_allclose(*inner, atol=1e-6)


def test_same_picture_at_every_pixel_size():
    fine, coarse = (
        simulate(6, SceneOptions(shape=(side, side), pixel_size_nm=3200 / side, blur_nm=20))
        for side in (400, 200)
    )
    shrunk = fine.image.reshape(200, 2, 200, 2).mean(axis=(1, 3))
    assert np.corrcoef(shrunk.ravel(), coarse.image.ravel())[0, 1] > 0.8


def test_healthy_slits_stand_three_to_five_hundred_nanometres_apart():
    gaps = np.concatenate(
        [plan_feet(np.random.default_rng(s), 20_000, 0.0).width_nm for s in range(40)]
    )
    assert 300 < gaps.mean() < 500
    assert gaps.min() >= 129
    assert np.mean((gaps > 150) & (gaps < 900)) > 0.97


def test_effacement_is_the_share_of_membrane_without_slits():
    for share in (0.0, 0.5, 0.9):
        plans = [plan_feet(np.random.default_rng(s), 40_000, share).width_nm for s in range(40)]
        effaced = sum(w[w > 880].sum() for w in plans) / sum(w.sum() for w in plans)
        assert effaced == pytest.approx(share, abs=0.1)


def test_slits_are_brighter_than_the_feet_beside_them():
    contrasts = []
    for seed in range(4):
        scene = simulate(seed, SceneOptions(shape=(320, 320), pixel_size_nm=8.0, **CLEAN))
        smooth = ndimage.gaussian_filter(scene.image.astype(float), 1)
        near = cKDTree(scene.slits)
        stripe = np.argwhere(scene.membrane)
        distance_nm = near.query(stripe)[0] * 8
        values = smooth[tuple(stripe.T)]
        contrasts.append(values[distance_nm < 20].mean() - values[(distance_nm > 70)].mean())
    assert np.mean(contrasts) > 10


def test_a_closed_line_is_cut_where_it_leaves_the_field():
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    circle = np.stack([np.sin(angle), np.cos(angle)], axis=1) * 30
    whole = visible_runs(circle + 50, (100, 100))
    assert len(whole) == 1
    np.testing.assert_array_equal(whole[0][0], whole[0][-1])
    halves = visible_runs(circle + np.array([50, 0]), (100, 100))
    assert len(halves) == 1
    assert (halves[0][:, 1] >= 0).all()
    assert len(visible_runs(circle * [1, 2] + 50, (100, 100))) == 2


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("pixel_size_nm", 2.9),
        ("pixel_size_nm", 21),
        ("shape", (63, 640)),
        ("effacement", 1.1),
        ("contrast", -0.1),
        ("noise", 0.6),
        ("blur_nm", -1),
        ("capillaries", 0),
    ],
)
def test_options_that_cannot_be_drawn_are_refused(option, value):
    with pytest.raises(ValueError, match=option):
        SceneOptions(**{option: value})
