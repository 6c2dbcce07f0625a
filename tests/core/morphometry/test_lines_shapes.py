"""Forks, gaps, ragged stripes, strange input, and what must not change a length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_slitseg.core.membrane import stripe_of
from napari_slitseg.core.morphometry import MeasureSettings, membrane_paths
from napari_slitseg.core.morphometry.curve import Curves
from napari_slitseg.core.simulate import SceneOptions, simulate

SETTINGS = MeasureSettings()
SHAPE_NM = (3000, 3600)
PIXELS = pytest.mark.parametrize("nm", [3.0, 10.0, 20.0])


def stripe(lines_nm, nm, shape_nm=SHAPE_NM):
    shape = tuple(round(side / nm) for side in shape_nm)
    return stripe_of([np.asarray(line) / nm for line in lines_nm], shape, 88 / nm)


def lengths_nm(mask, nm, options=SETTINGS):
    return [path.length_px * nm for path in membrane_paths(mask, options, nm).paths]


@PIXELS
def test_at_a_fork_the_straight_line_goes_through_and_the_branch_reaches_it(nm) -> None:
    mask = stripe([[(1000, 300), (1000, 3200)], [(1000, 1700), (2500, 1700)]], nm)
    trunk, branch = membrane_paths(mask, SETTINGS, nm).paths
    assert trunk.length_px * nm == pytest.approx(2900, rel=0.01)
    assert branch.length_px * nm == pytest.approx(1500, rel=0.01)
    assert sorted((branch.start, branch.end)) == ["fork", "free"]
    assert sorted((trunk.start, trunk.end)) == ["free", "free"]


@PIXELS
def test_crossing_lines_are_two(nm) -> None:
    for tilt in (500, 1200):
        mask = stripe(
            [
                [(1500 - tilt, 300), (1500 + tilt, 3300)],
                [(1500 + tilt, 300), (1500 - tilt, 3300)],
            ],
            nm,
        )
        assert lengths_nm(mask, nm) == pytest.approx([np.hypot(2 * tilt, 3000)] * 2, rel=0.02)


def test_a_short_branch_is_no_line_of_its_own() -> None:
    mask = stripe([[(1000, 300), (1000, 3200)], [(1000, 1700), (1150, 1700)]], 10.0)
    assert lengths_nm(mask, 10.0) == pytest.approx([2900], rel=0.01)


@PIXELS
@pytest.mark.parametrize("gap_nm", [100, 300, 500])
def test_a_gap_in_a_line_is_bridged_and_remembered(nm, gap_nm) -> None:
    stop = 1500 + gap_nm + 88
    mask = stripe([[(1000, 300), (1000, 1500)], [(1000, stop), (1000, 3200)]], nm)
    (path,) = membrane_paths(mask, SETTINGS, nm).paths
    assert path.length_px * nm == pytest.approx(2900, rel=0.01)
    ((start, end),) = path.joined
    assert (end - start) * nm == pytest.approx(gap_nm + 88, abs=3 * nm + 20)
    np.testing.assert_allclose(path.at((start + end) / 2) * nm, [1000, (1500 + stop) / 2], atol=40)
    apart = membrane_paths(mask, MeasureSettings(join_nm=0), nm).paths
    assert len(apart) == 2
    assert not any(each.joined for each in apart)


def test_a_bridge_can_close_a_loop() -> None:
    turn = np.linspace(0.25, 2 * np.pi - 0.25, 300)
    ring = 1500 + 900 * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    (path,) = membrane_paths(stripe([ring], 10.0), SETTINGS, 10.0).paths
    assert path.is_closed
    assert len(path.joined) == 1
    assert path.length_px * 10 == pytest.approx(2 * np.pi * 900, rel=0.005)


def test_lines_beside_each_other_and_across_another_are_not_joined() -> None:
    beside = [[(1000, 300), (1000, 1700)], [(1200, 1800), (1200, 3200)]]
    assert len(lengths_nm(stripe(beside, 10.0), 10.0)) == 2
    parallel = [[(1000, 300), (1000, 3200)], [(1200, 300), (1200, 3200)]]
    assert lengths_nm(stripe(parallel, 10.0), 10.0) == pytest.approx([2900] * 2, rel=0.01)
    ends = [[(1000, 300), (1000, 1500)], [(1000, 2000), (1000, 3200)]]
    wall = [[(300, 1750), (2500, 1750)]]
    assert len(lengths_nm(stripe(ends, 10.0), 10.0)) == 1
    assert len(lengths_nm(stripe(ends + wall, 10.0), 10.0)) == 3


def test_ragged_edges_and_pinholes_hardly_lengthen_a_line() -> None:
    rng = np.random.default_rng(5)
    turn = np.linspace(0, 2 * np.pi, 500)
    ring = 1500 + 900 * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    mask = stripe([ring], 5.0)
    edge = ndimage.binary_dilation(mask) & ~ndimage.binary_erosion(mask, iterations=2)
    ragged = mask ^ (edge & (rng.random(mask.shape) < 0.4))
    ragged &= rng.random(mask.shape) > 0.02
    (path,) = membrane_paths(ragged, SETTINGS, 5.0).paths
    assert path.is_closed
    assert path.length_px * 5 == pytest.approx(2 * np.pi * 900, rel=0.01)


@pytest.mark.parametrize("nm", [10.0, 20.0])
def test_turning_and_mirroring_an_image_changes_no_length(nm) -> None:
    mask = simulate(4, SceneOptions(shape=(256, 320), pixel_size_nm=nm)).membrane
    whole = sum(lengths_nm(mask, nm))
    assert whole > 400
    for other in (np.rot90(mask), np.rot90(mask, 2), mask[::-1], mask[:, ::-1], mask.T):
        assert sum(lengths_nm(other, nm)) == pytest.approx(whole, rel=0.002)


@settings(max_examples=8, deadline=None)
@given(
    st.floats(-30, 30), st.floats(0, 180), st.floats(250, 1200), st.sampled_from([8.0, 12.0, 20.0])
)
def test_an_arc_anywhere_is_as_long_as_it_was_drawn(shift, angle_deg, radius_nm, nm) -> None:
    turn = np.radians(angle_deg) + np.linspace(0, 1.5 * np.pi, 400)
    arc = 1500 + shift + radius_nm * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    mask = stripe([arc], nm, (3000, 3000))
    (length,) = lengths_nm(mask, nm, MeasureSettings(join_nm=0))
    assert length == pytest.approx(1.5 * np.pi * radius_nm, abs=0.004 * radius_nm + 70)


@PIXELS
def test_lines_of_simulated_scenes_are_as_long_as_their_truth(nm) -> None:
    for seed in range(2):
        scene = simulate(seed, SceneOptions(shape=(400, 400), pixel_size_nm=nm))
        truth = sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in scene.membrane_lines)
        lost_px = 20 / nm * 2 * len(scene.membrane_lines)
        found = sum(lengths_nm(scene.membrane, nm)) / nm
        assert -0.005 * truth <= found - truth <= 0.005 * truth + lost_px


def test_many_lines_are_all_found() -> None:
    lines = [
        [(90 + 190 * i, 100 + 1000 * j), (90 + 190 * i, 900 + 1000 * j)]
        for i in range(20)
        for j in range(5)
    ]
    mask = stripe(lines, 10.0, (4000, 5100))
    assert lengths_nm(mask, 10.0, MeasureSettings(join_nm=0)) == pytest.approx(
        [800] * 100, rel=0.02
    )


def test_a_map_is_cut_at_the_threshold() -> None:
    mask = stripe([[(1000, 300), (1000, 3200)]], 10.0)
    graded = ndimage.gaussian_filter(mask.astype(np.float32), 1.5)
    assert lengths_nm(graded, 10.0) == pytest.approx([2900], rel=0.01)
    weak = np.where(mask, 0.4, 0.0)
    assert lengths_nm(weak, 10.0) == []
    assert lengths_nm(weak, 10.0, MeasureSettings(membrane_threshold=0.3)) == lengths_nm(mask, 10.0)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.zeros((1, 1), bool), "no membrane"),
        (np.zeros((0, 5), bool), "no membrane"),
        (np.zeros((40, 50), bool), "no membrane"),
        (np.ones((1, 1), bool), "covers 100 %"),
        (np.ones((64, 64), bool), "covers 100 %"),
        (np.pad(np.ones((9, 9), bool), 20), "shorter than 400 nm"),
    ],
)
def test_a_membrane_without_a_line_is_explained(mask, words) -> None:
    lines = membrane_paths(mask, SETTINGS, 10.0)
    assert lines.paths == ()
    assert len(lines.notices) == 1
    assert words in lines.notices[0]


def test_a_stripe_far_too_thick_is_told() -> None:
    mask = np.zeros((300, 600), bool)
    mask[100:180, 50:550] = True
    lines = membrane_paths(mask, SETTINGS, 10.0)
    assert len(lines.paths) == 1
    assert "nm thick" in lines.notices[0]


@pytest.mark.parametrize(
    ("membrane", "words"),
    [
        (np.zeros((9, 9, 3), bool), "one value for each pixel"),
        (np.zeros((9, 9), np.uint8), "uint8"),
        (np.full((9, 9), 255.0), "from 255 to 255"),
        (np.full((9, 9), np.nan), "no numbers"),
    ],
)
def test_what_is_no_membrane_is_refused_in_words(membrane, words) -> None:
    with pytest.raises(ValueError, match=words):
        membrane_paths(membrane, SETTINGS, 10.0)


def test_lengths_in_nm_do_not_depend_on_the_pixel_size() -> None:
    wave = np.stack([1500 + 500 * np.sin(np.arange(200, 3300) / 300), np.arange(200, 3300)], axis=1)
    found = [lengths_nm(stripe([wave], nm), nm)[0] for nm in (5.0, 10.0, 20.0)]
    assert found == pytest.approx([found[0]] * 3, rel=0.01)


def test_an_unknown_scale_is_measured_like_one_of_ten_nanometres() -> None:
    mask = stripe([[(1000, 300), (1000, 3200)]], 10.0)
    unknown, known = (membrane_paths(mask, SETTINGS, nm).paths for nm in (None, 10.0))
    np.testing.assert_array_equal(unknown[0].yx, known[0].yx)


def test_thousands_of_specks_change_no_line() -> None:
    mask = stripe([[(1000, 0), (1000, 3590)], [(2000, 300), (2400, 3000)]], 10.0)
    far = ~ndimage.binary_dilation(mask, iterations=6)
    specks = far & (np.random.default_rng(0).random(mask.shape) < 0.03)
    assert ndimage.label(specks)[1] > 1500
    assert lengths_nm(mask | specks, 10.0) == pytest.approx(lengths_nm(mask, 10.0), rel=1e-9)


@given(st.integers(0, 10**6))
def test_curves_near_a_place_are_those_whose_boxes_meet(seed) -> None:
    dice = np.random.default_rng(seed)
    curves = list(dice.uniform(0, 100, (20, 1, 2)) + dice.uniform(0, 20, (20, 5, 2)))
    place = dice.uniform(0, 100, (1, 2)) + dice.uniform(0, 20, (3, 2))
    expected = [
        number
        for number, curve in enumerate(curves)
        if all(
            curve[:, k].min() <= place[:, k].max() and place[:, k].min() <= curve[:, k].max()
            for k in (0, 1)
        )
    ]
    near = {id(curve) for curve in Curves(curves).near(place)}
    assert near == {id(curves[number]) for number in expected}


def test_many_dashes_beside_each_other_are_joined_along_their_lines() -> None:
    dashes = [
        [(120 * i, 600 * j), (120 * i, 600 * j + 400)] for i in range(1, 25) for j in range(6)
    ]
    lines = stripe(dashes, 10.0, (3000, 3600))
    paths = membrane_paths(lines, MeasureSettings(), 10.0).paths
    assert [len(path.joined) for path in paths] == [5] * 24
