"""Variance components agree with an analysis of variance by hand, and find what was put in."""

import math

import numpy as np
import pytest

from napari_slitseg.core.morphometry.components import components
from napari_slitseg.core.morphometry.sample import Sample


def balanced(a: int, b: int, n: int) -> list[Sample]:
    return [Sample(f"{i}", f"{j}") for i in range(a) for j in range(b) for _ in range(n)]


def test_balanced_numbers_agree_with_mean_squares_by_hand() -> None:
    a, b, n = 4, 3, 5
    rng = np.random.default_rng(2)
    x = rng.normal(size=(a, 1, 1)) * 3 + rng.normal(size=(a, b, 1)) * 2 + rng.normal(size=(a, b, n))
    of_glomeruli, of_biopsies = x.mean(axis=2), x.mean(axis=(1, 2))
    between_images = ((x - of_glomeruli[..., None]) ** 2).sum() / (a * b * (n - 1))
    between_glomeruli = n * ((of_glomeruli - of_biopsies[:, None]) ** 2).sum() / (a * (b - 1))
    between_biopsies = b * n * ((of_biopsies - x.mean()) ** 2).sum() / (a - 1)
    found = components(x.reshape(-1), balanced(a, b, n))
    assert found.images == pytest.approx(between_images)
    assert found.glomeruli == pytest.approx((between_glomeruli - between_images) / n)
    assert found.biopsies == pytest.approx((between_biopsies - between_glomeruli) / (b * n))
    assert sum(found.shares) == pytest.approx(1)
    assert (found.n_biopsies, found.n_glomeruli, found.n_images) == (4, 12, 60)
    assert found.note == ""


def test_unequal_numbers_are_unbiased() -> None:
    """Means over 500 studies of unequal shape, with two groups that differ by far."""
    rng = np.random.default_rng(0)
    sizes = {"A": [[1, 4], [3]], "B": [[2, 2, 1], [5, 1]], "C": [[2], [1, 1, 3]]}
    samples = [
        Sample(f"{group}{i}", f"{j}", group)
        for group, biopsies in sizes.items()
        for i, glomeruli in enumerate(biopsies)
        for j, n in enumerate(glomeruli)
        for _ in range(n)
    ]
    biopsy = np.unique([s.biopsy for s in samples], return_inverse=True)[1]
    glomerulus = np.unique([s.biopsy + s.glomerulus for s in samples], return_inverse=True)[1]
    far = np.array([{"A": 0.0, "B": 50.0, "C": -20.0}[s.group] for s in samples])
    found = []
    for _ in range(500):
        values = far + 2 * rng.normal(size=biopsy.max() + 1)[biopsy]
        values += 1.5 * rng.normal(size=glomerulus.max() + 1)[glomerulus]
        one = components(values + 5.0 + rng.normal(size=len(values)), samples)
        found.append([one.biopsies, one.glomeruli, one.images])
    assert np.mean(found, axis=0) == pytest.approx([4.0, 2.25, 1.0], rel=0.2)


def test_without_glomeruli_there_are_two_levels() -> None:
    values = np.array([1.0, 3.0, 11.0, 13.0])
    found = components(values, [Sample("A"), Sample("A"), Sample("B"), Sample("B")])
    assert found.images == pytest.approx(2.0)
    assert found.biopsies == pytest.approx((100.0 - 2.0) / 2)
    assert math.isnan(found.glomeruli)
    assert "no biopsy has two named glomeruli" in found.note
    assert found.shares == pytest.approx((49 / 51, 0, 2 / 51))


def test_what_cannot_be_told_has_its_reason() -> None:
    one = components([1.0], [Sample("A", "1")])
    assert math.isnan(one.images)
    assert "no glomerulus has two images" in one.note
    assert "no group has two biopsies" in one.note
    nothing = components([math.nan, 2.0], [Sample("A"), Sample()])
    assert nothing.n_images == 0
    assert all(math.isnan(share) for share in nothing.shares)


def test_no_variance_is_below_nothing() -> None:
    values = np.array([0.0, 10.0, 10.0, 0.0])
    assert components(values, [Sample("A")] * 2 + [Sample("B")] * 2).biopsies == 0
