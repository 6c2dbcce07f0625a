"""Lengths of lines against formulas, at every pixel size, wherever a line ends."""

from __future__ import annotations

import numpy as np
import pytest

from napari_slitseg.core.membrane import stripe_of
from napari_slitseg.core.morphometry import MeasureSettings, membrane_paths

SETTINGS = MeasureSettings()
WIDTH_NM = 88.0
EVERY_NM = pytest.mark.parametrize("nm", [3.0, 5.0, 10.0, 20.0])


def stripe(line_nm, side_nm, nm):
    """The stripe around a line (K, 2), nm, in a field (height, width), nm."""
    shape = tuple(round(side / nm) for side in side_nm)
    return stripe_of([np.asarray(line_nm) / nm], shape, WIDTH_NM / nm)


def visible_px(line_nm, shape, nm):
    """Length of the part whose places lie between the centres of the outermost pixels, px."""
    yx = np.asarray(line_nm) / nm
    steps = np.hypot(*np.diff(yx, axis=0).T)
    middle = (yx[1:] + yx[:-1]) / 2
    return steps[((middle >= 0) & (middle <= np.array(shape) - 1)).all(axis=1)].sum()


def straight(middle, angle_deg, half, count=2):
    along = np.array([np.sin(np.radians(angle_deg)), np.cos(np.radians(angle_deg))])
    return np.asarray(middle) + np.linspace(-half, half, count)[:, None] * along


@EVERY_NM
@pytest.mark.parametrize("radius_nm", [300.0, 500.0, 1000.0])
def test_a_circle_is_one_loop_as_long_as_its_circumference(nm, radius_nm) -> None:
    turn = np.linspace(0, 2 * np.pi, 1000)
    ring = 1.3 * radius_nm + radius_nm * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    (path,) = membrane_paths(stripe(ring, [2.6 * radius_nm] * 2, nm), SETTINGS, nm).paths
    assert path.is_closed
    assert path.length_px * nm == pytest.approx(2 * np.pi * radius_nm, rel=0.003)


@EVERY_NM
def test_a_sine_from_border_to_border_is_as_long_as_its_arc(nm) -> None:
    x = np.linspace(-300, 4300, 5000)
    wave = np.stack([1500 + 600 * np.sin(x / 385), x], axis=1)
    mask = stripe(wave, (3000, 4000), nm)
    (path,) = membrane_paths(mask, SETTINGS, nm).paths
    assert (path.start, path.end) == ("border", "border")
    assert path.length_px == pytest.approx(visible_px(wave, mask.shape, nm), rel=0.003)


@EVERY_NM
def test_a_spiral_is_as_long_as_the_formula_of_archimedes_says(nm) -> None:
    turn = np.linspace(2 * np.pi, 6 * np.pi, 3000)
    pitch_nm = 400 / (2 * np.pi)
    spiral = 1400 + pitch_nm * turn[:, None] * np.stack([np.sin(turn), np.cos(turn)], axis=1)

    def arc(t):
        return pitch_nm / 2 * (t * np.hypot(t, 1) + np.arcsinh(t))

    (path,) = membrane_paths(stripe(spiral, (2800, 2800), nm), SETTINGS, nm).paths
    assert (path.start, path.end) == ("free", "free")
    assert path.length_px * nm == pytest.approx(arc(6 * np.pi) - arc(2 * np.pi), rel=0.003)


@EVERY_NM
def test_a_straight_line_at_any_angle_runs_to_the_border(nm) -> None:
    for angle in range(0, 180, 30):
        line = straight((1128, 1248), angle, 4000, 40_001)
        mask = stripe(line[[0, -1]], (2400, 2400), nm)
        (path,) = membrane_paths(mask, SETTINGS, nm).paths
        assert (path.start, path.end) == ("border", "border")
        assert path.length_px == pytest.approx(visible_px(line, mask.shape, nm), rel=0.003)


@pytest.mark.parametrize(("nm", "share"), [(3.0, 0.2), (10.0, 0.4), (20.0, 1.0)])
def test_a_line_ends_where_it_was_drawn_to_and_where_its_stripe_was_cut(nm, share) -> None:
    half_nm = 700.0
    for angle in range(0, 180, 30):
        line = straight((1128, 1248), angle, half_nm) / nm
        shape = (round(2400 / nm),) * 2
        along = (line[1] - line[0]) / np.hypot(*(line[1] - line[0]))
        off = np.stack(np.indices(shape), axis=-1) - line.mean(axis=0)
        cut = (np.abs(off @ along) <= half_nm / nm) & (
            np.abs(off @ [-along[1], along[0]]) <= WIDTH_NM / 2 / nm
        )
        for mask in (stripe_of([line], shape, WIDTH_NM / nm), cut):
            (path,) = membrane_paths(mask, SETTINGS, nm).paths
            assert (path.start, path.end) == ("free", "free")
            off_by_px = abs(path.length_px - 2 * half_nm / nm) / 2
            assert off_by_px <= share * WIDTH_NM / 2 / nm


def test_a_line_along_the_border_is_one_although_half_its_stripe_is_cut_off() -> None:
    mask = stripe([(15, -200), (15, 5000)], (2400, 4000), 10.0)
    (path,) = membrane_paths(mask, SETTINGS, 10.0).paths
    assert path.length_px == pytest.approx(399, rel=0.003)
    np.testing.assert_allclose(path.yx[:, 0], 1.5, atol=0.8)


def test_a_stripe_that_looks_in_from_outside_has_no_line_in_the_image() -> None:
    wall, t = [(1200, -200), (1200, 5000)], np.linspace(-1, 1, 400)
    outside = np.stack([-15 - 40 * t**2, 2000 + 800 * t], axis=1)
    mask = stripe(outside, (2400, 4000), 10.0)
    assert mask[0].sum() > 60
    paths = membrane_paths(mask | stripe(wall, (2400, 4000), 10.0), SETTINGS, 10.0).paths
    assert [path.length_px for path in paths] == pytest.approx([399], rel=0.003)


def test_a_line_that_leaves_and_comes_back_is_two() -> None:
    arch = np.array(
        [(2000, 300), (900, 700), (-500, 1500), (-500, 2500), (900, 3300), (2000, 3700)]
    )
    mask = stripe(arch, (2400, 4000), 10.0)
    paths = membrane_paths(mask, SETTINGS, 10.0).paths
    assert [sorted((path.start, path.end)) for path in paths] == [["border", "free"]] * 2
