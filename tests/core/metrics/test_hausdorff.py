"""Hausdorff distances against scipy, MONAI, canonical cases and their properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from monai.metrics import compute_hausdorff_distance
from scipy.spatial.distance import cdist, directed_hausdorff

from napari_slitseg.core.metrics import (
    averaged_hausdorff_distance,
    chamfer_distance,
    hausdorff_distance,
)
from tests.canonical import CASES, Case
from tests.core.metrics.points import moved, points, random_points, scaled, shifts


@pytest.mark.parametrize("seed", range(20))
def test_against_scipy(seed):
    rng = np.random.default_rng(seed)
    p, g = random_points(rng), random_points(rng)
    expected = max(directed_hausdorff(p, g)[0], directed_hausdorff(g, p)[0])
    assert hausdorff_distance(p, g, empty_px=0) == pytest.approx(expected)


def isolated_pixels(rng, side=40):
    """Return pixels that are their own outline, and their mask for MONAI."""
    mask = np.zeros((side, side), bool)
    mask[::3, ::3] = rng.random(mask[::3, ::3].shape) < 0.1
    mask[3, 3] = True
    return np.argwhere(mask), torch.tensor(mask)[None, None].float()


@pytest.mark.filterwarnings("ignore:monai.metrics.utils:FutureWarning")
@pytest.mark.parametrize("percentile", [50, 95, 100])
@pytest.mark.parametrize("seed", range(5))
def test_against_monai(seed, percentile):
    rng = np.random.default_rng(seed)
    (p, p_mask), (g, g_mask) = isolated_pixels(rng), isolated_pixels(rng)
    theirs = compute_hausdorff_distance(
        p_mask, g_mask, include_background=True, percentile=percentile
    )
    ours = hausdorff_distance(p, g, empty_px=0, percentile=percentile)
    assert ours == pytest.approx(float(theirs), rel=1e-6)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_canonical(case: Case):
    value = hausdorff_distance(case.predicted, case.annotated, empty_px=77.0)
    assert value == pytest.approx(case.apart.hausdorff_px if case.apart else 77.0)
    averaged = averaged_hausdorff_distance(
        case.predicted, case.annotated, empty_px=77.0, combined="sum"
    )
    assert averaged == pytest.approx(2 * case.apart.chamfer_px if case.apart else 77.0)


def test_known_values_of_the_averaged():
    p, g = [(0, 0), (0, 4)], [(0, 0)]  # means 2 there, 0 back
    assert averaged_hausdorff_distance(p, g, empty_px=0) == 2.0
    assert averaged_hausdorff_distance(g, p, empty_px=0) == 2.0
    assert averaged_hausdorff_distance(p, g, empty_px=0, combined="sum") == 2.0
    p = [(0, 0), (0, 3)]  # means 1.5 and 0; and 1 and 2 with another annotation
    assert averaged_hausdorff_distance(p, [(0, 1), (0, 6)], empty_px=0) == 2.0
    assert averaged_hausdorff_distance(p, [(0, 1), (0, 6)], empty_px=0, combined="sum") == 3.5


def test_percentile_forgives_the_outlier():
    p = [(0, k) for k in range(100)]
    far = [*p, (900, 0)]
    assert hausdorff_distance(far, p, empty_px=0) == 900
    assert hausdorff_distance(far, p, empty_px=0, percentile=95) == 0


@settings(max_examples=60, deadline=None)
@given(points, points, points, shifts)
def test_properties(p, g, third, shift):
    def value(a, b, **options):
        return hausdorff_distance(a, b, empty_px=5.0, **options)

    worst = value(p, g)
    assert value(g, p) == worst
    assert value(p, p) == 0
    assert value(moved(p, shift), moved(g, shift)) == pytest.approx(worst, abs=1e-9)
    if p and g:
        assert value(scaled(p, 4), scaled(g, 4)) == pytest.approx(4 * worst)
        assert worst == pytest.approx(
            max(cdist(p, g).min(axis=1).max(), cdist(p, g).min(axis=0).max())
        )
        averaged = averaged_hausdorff_distance(p, g, empty_px=5.0)
        assert value(p, g, percentile=95) <= worst
        assert chamfer_distance(p, g, empty_px=5.0) <= averaged + 1e-9
        assert averaged <= worst + 1e-9
        if third:
            assert worst <= value(p, third) + value(third, g) + 1e-9


def test_nan_for_one_empty_set():
    assert math.isnan(hausdorff_distance([], [(0, 0)], empty_px=math.nan))
    assert math.isnan(averaged_hausdorff_distance([(0, 0)], [], empty_px=math.nan))


class TestRefusals:
    @pytest.mark.parametrize("percentile", [-1, 100.1, math.nan])
    def test_percentile(self, percentile):
        with pytest.raises(ValueError, match="percentile must lie in"):
            hausdorff_distance([(0, 0)], [(0, 0)], empty_px=0, percentile=percentile)

    @pytest.mark.parametrize("points", [[], [(0, 0)]])
    @pytest.mark.parametrize("distance", [hausdorff_distance, averaged_hausdorff_distance])
    def test_empty_cost(self, distance, points):
        with pytest.raises(ValueError, match="empty_px"):
            distance(points, points, empty_px=-1)

    def test_choice(self):
        with pytest.raises(ValueError, match=r"combined cannot be 'max'.*maximum"):
            averaged_hausdorff_distance([], [], empty_px=0, combined="max")
