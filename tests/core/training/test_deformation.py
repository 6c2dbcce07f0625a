"""Deformations are smooth, as strong as asked for, never fold and can be undone."""

from __future__ import annotations

import numpy as np
import pytest

from napari_slitseg.core.training.deformation import Deformation

SETTINGS = [(0.5, 16), (2, 64), (20, 16), (20, 64), (3, 500), (20, 41.7)]


def drawn(typical_px=2.0, spacing_px=64.0, patch_px=128, seed=0):
    return Deformation.draw(np.random.default_rng(seed), typical_px, spacing_px, patch_px)


def grid(patch_px):
    return np.stack(np.indices((patch_px, patch_px)), axis=-1).reshape(-1, 2).astype(float)


@pytest.mark.parametrize(("typical_px", "spacing_px"), SETTINGS)
def test_the_displacement_of_a_pixel_and_of_a_point_are_the_same(typical_px, spacing_px):
    deformation = drawn(typical_px, spacing_px, 50)
    on_grid = np.stack(deformation.on_grid(), axis=-1)
    np.testing.assert_allclose(deformation.at(grid(50)).reshape(50, 50, 2), on_grid, atol=1e-12)
    assert np.abs(on_grid).max() > 0.1


@pytest.mark.parametrize(("typical_px", "spacing_px"), SETTINGS)
@pytest.mark.parametrize("seed", range(4))
def test_nothing_folds(typical_px, spacing_px, seed):
    moved = np.stack(drawn(typical_px, spacing_px, 96, seed).on_grid())
    (yy, yx), (xy, xx) = (np.gradient(part) for part in moved)
    assert ((1 + yy) * (1 + xx) - yx * xy).min() > 0.2


def test_without_the_limit_it_would_fold():
    deformation = drawn(20, 16, 96)
    free = np.random.default_rng(0).standard_normal(deformation.control.shape) * 20
    loose = Deformation(free, 16, 96)
    (yy, yx), (xy, xx) = (np.gradient(part) for part in loose.on_grid())
    assert ((1 + yy) * (1 + xx) - yx * xy).min() < 0


@pytest.mark.parametrize(("typical_px", "spacing_px"), SETTINGS)
@pytest.mark.parametrize("seed", range(3))
def test_points_are_brought_back_to_where_they_were(typical_px, spacing_px, seed):
    deformation = drawn(typical_px, spacing_px, 64, seed)
    yx = np.random.default_rng(seed).uniform(-8, 72, (200, 2))
    moved = yx + deformation.at(yx)
    np.testing.assert_allclose(deformation.undone(moved), yx, atol=1e-3)


def test_the_typical_length_is_what_was_asked_for():
    squares = [
        np.square(np.stack(drawn(2.0, 40.0, 128, seed).on_grid())).sum(axis=0).mean()
        for seed in range(60)
    ]
    assert np.sqrt(np.mean(squares)) == pytest.approx(2.0, rel=0.15)


def test_a_wider_grid_changes_more_slowly():
    def change(spacing_px):
        fields = [np.stack(drawn(0.5, spacing_px, 128, seed).on_grid()) for seed in range(10)]
        return np.mean([np.abs(np.diff(field)).mean() for field in fields])

    assert change(64.0) < 0.6 * change(32.0)


def test_displacements_have_no_kinks():
    at = np.column_stack([np.linspace(-80, 180, 5201), np.full(5201, 20.3)])
    deformation = drawn(5, 30, 100)
    inside = (at[:, 0] > -29) & (at[:, 0] < 128)
    slope = np.diff(deformation.at(at)[inside], axis=0) / 0.05
    assert np.abs(np.diff(slope, axis=0)).max() < 0.002
    assert np.abs(slope).max() > 0.05


def test_zero_moves_nothing():
    deformation = drawn(0.0)
    assert deformation.is_none
    assert not np.stack(deformation.on_grid()).any()
    yx = np.array([[3.1, 4.2]])
    assert deformation.undone(yx).tolist() == yx.tolist()
    assert not drawn(0.1).is_none


def test_as_many_numbers_are_drawn_whatever_the_length():
    after = []
    for typical_px in (0.0, 2.0, 20.0):
        rng = np.random.default_rng(5)
        Deformation.draw(rng, typical_px, 64.0, 128)
        after.append(rng.random())
    assert len(set(after)) == 1


def test_no_points_are_no_points():
    none = np.empty((0, 2))
    assert drawn().at(none).shape == (0, 2)
    assert drawn().undone(none).shape == (0, 2)


@pytest.mark.parametrize("patch_px", [1, 2, 33])
def test_any_patch_can_be_deformed(patch_px):
    down, across = drawn(2.0, 16.0, patch_px).on_grid()
    assert down.shape == across.shape == (patch_px, patch_px)
