"""Boundaries and centre lines against MONAI, brute force over pixels, and drawings."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.metrics import compute_surface_dice
from scipy.spatial.distance import cdist

from napari_slitseg.core.metrics import (
    LineCounts,
    boundary_f1,
    centreline_dice,
    compare_boundaries,
    compare_centrelines,
)

EMPTY, FULL = np.zeros((9, 12), bool), np.ones((9, 12), bool)
masks = st.integers(0, 2**30 - 1).map(
    lambda bits: np.array([bits >> k & 1 for k in range(30)], bool).reshape(5, 6)
)


def box(top, left, height, width, shape=(30, 40)):
    mask = np.zeros(shape, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def boundary_by_loops(mask):
    """List the pixels with a neighbour outside, beyond the frame too."""
    padded = np.pad(mask, 1)
    around = ((0, 1), (2, 1), (1, 0), (1, 2))
    h, w = mask.shape
    return [
        (y, x)
        for y, x in np.argwhere(mask)
        if not all(padded[dy : dy + h, dx : dx + w][y, x] for dy, dx in around)
    ]


@settings(max_examples=80, deadline=None)
@given(masks, masks, st.sampled_from([0.0, 1.0, 1.5, 3.0]))
def test_boundaries_by_brute_force(p, g, tolerance_px):
    found = compare_boundaries(p, g, tolerance_px=tolerance_px)
    a, b = boundary_by_loops(p), boundary_by_loops(g)
    assert (found.n_predicted, found.n_annotated) == (len(a), len(b))
    if a and b:
        near = cdist(a, b) <= tolerance_px
        assert found.predicted_right == near.any(axis=1).sum()
        assert found.annotated_found == near.any(axis=0).sum()
    assert found.f1 == compare_boundaries(g, p, tolerance_px=tolerance_px).f1
    assert found.f1 <= boundary_f1(p, g, tolerance_px=tolerance_px + 1)
    assert boundary_f1(p, p, tolerance_px=0) == 1


@pytest.mark.filterwarnings("ignore:monai.metrics.utils:FutureWarning")
@pytest.mark.parametrize("tolerance_px", [0.0, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_same_pixels_as_monais_surface_dice(seed, tolerance_px):
    """It takes both masks' near pixels over all, where BF takes the harmonic mean."""
    rng = np.random.default_rng(seed)
    p, g = (box(*rng.integers(2, 12, 4)) | box(*rng.integers(2, 12, 4)) for _ in range(2))
    theirs = compute_surface_dice(
        *(torch.tensor(each)[None, None] for each in (p, g)),
        [tolerance_px],
        include_background=True,
    )
    found = compare_boundaries(p, g, tolerance_px=tolerance_px)
    near = found.predicted_right + found.annotated_found
    assert near / (found.n_predicted + found.n_annotated) == pytest.approx(float(theirs))


class TestBoundaryF1:
    def test_a_shift_within_the_tolerance_costs_nothing(self):
        p, g = box(5, 5, 10, 10), box(5, 7, 10, 10)
        assert boundary_f1(p, g, tolerance_px=2) == 1.0
        assert 0 < boundary_f1(p, g, tolerance_px=1.9) < 1.0

    def test_known_value(self):
        """A line of 10 px and the 5 px of its half: 5 of 5 right, 5 of 10 found."""
        found = compare_boundaries(box(5, 5, 1, 5), box(5, 5, 1, 10), tolerance_px=0)
        assert found == LineCounts(5, 5, 5, 10)
        assert (found.precision, found.recall) == (1.0, 0.5)
        assert found.f1 == pytest.approx(2 / 3)

    def test_empty(self):
        assert boundary_f1(EMPTY, EMPTY, tolerance_px=1) == 1.0
        assert boundary_f1(EMPTY, FULL, tolerance_px=99) == 0.0
        assert boundary_f1(FULL, EMPTY, tolerance_px=99) == 0.0
        assert boundary_f1(FULL, FULL, tolerance_px=0) == 1.0

    def test_images_of_one_pixel(self):
        on, off = np.ones((1, 1), bool), np.zeros((1, 1), bool)
        assert boundary_f1(on, on, tolerance_px=0) == 1.0
        assert boundary_f1(on, off, tolerance_px=5) == 0.0
        assert centreline_dice(on, on) == 1.0
        assert centreline_dice(off, off) == 1.0
        assert centreline_dice(on, off) == 0.0


class TestCentrelineDice:
    def test_the_width_of_a_line_does_not_matter(self):
        thin, thick = box(10, 5, 3, 30), box(9, 5, 5, 30)
        assert centreline_dice(thick, thin) == 1.0
        far = box(20, 5, 3, 30)
        assert centreline_dice(far, thin) == 0.0

    def test_a_gap_costs_its_length(self):
        whole = box(10, 0, 1, 40)
        broken = whole.copy()
        broken[:, 10:20] = False
        found = compare_centrelines(broken, whole)
        assert found == LineCounts(30, 30, 30, 40)
        assert centreline_dice(broken, whole) == pytest.approx(2 * 0.75 / 1.75)

    def test_an_invented_branch_costs_precision_alone(self):
        line = box(10, 0, 1, 40)
        found = compare_centrelines(line | box(15, 10, 1, 10), line)
        assert (found.precision, found.recall) == (0.8, 1.0)

    def test_empty(self):
        assert centreline_dice(EMPTY, EMPTY) == 1.0
        assert centreline_dice(EMPTY, FULL) == centreline_dice(FULL, EMPTY) == 0.0

    @pytest.mark.parametrize("side", [1, 2, 3, 4])
    def test_a_square_has_a_centre_line(self, side):
        """Zhang and Suen's thinning, as published, leaves nothing of a square of 2 x 2."""
        square = box(5, 5, side, side)
        assert compare_centrelines(square, square).n_predicted > 0
        assert centreline_dice(square, np.zeros_like(square)) == 0.0

    @settings(max_examples=50, deadline=None)
    @given(masks, masks)
    def test_properties(self, p, g):
        value = centreline_dice(p, g)
        assert 0 <= value <= 1
        assert centreline_dice(g, p) == value
        assert centreline_dice(p, p) == 1


class TestLineCounts:
    def test_pooled_is_not_the_mean_of_images(self):
        long, short = LineCounts(90, 90, 90, 90), LineCounts(0, 10, 0, 10)
        pooled = sum([long, short], LineCounts())
        assert pooled.f1 == pytest.approx(0.9)
        assert (long.f1 + short.f1) / 2 == 0.5

    def test_nothing_to_divide_by(self):
        assert (LineCounts().precision, LineCounts().recall, LineCounts().f1) == (1, 1, 1)
        missed = LineCounts(0, 0, 0, 7)
        assert math.isnan(missed.precision)
        assert (missed.recall, missed.f1) == (0, 0)
        invented = LineCounts(0, 7, 0, 0)
        assert math.isnan(invented.recall)
        assert (invented.precision, invented.f1) == (0, 0)
        assert LineCounts(0, 4, 0, 4).f1 == 0


@pytest.mark.parametrize("tolerance_px", [-1.0, math.nan])
def test_refuses_a_senseless_tolerance(tolerance_px):
    with pytest.raises(ValueError, match="tolerance_px must be at least 0"):
        boundary_f1(EMPTY, EMPTY, tolerance_px=tolerance_px)


@pytest.mark.parametrize("compare", [compare_centrelines, centreline_dice])
def test_refuses_other_sizes(compare):
    with pytest.raises(ValueError, match="Bring both to the same size"):
        compare(EMPTY, EMPTY.T)
