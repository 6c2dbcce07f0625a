"""Nested draws follow their scheme, and their intervals hold the truth as often as they say."""

import itertools
import math

import numpy as np
import pytest

from napari_slitseg.core.metrics import Bootstrap
from napari_slitseg.core.morphometry.nested import Nesting, draw, nested_intervals, without_one
from napari_slitseg.core.morphometry.rollup_estimate import t_range, unit_means

BIOPSIES = ["A", "A", "A", "A", "B", "B", "C"]
GLOMERULI = ["1", "1", "2", "2", "1", "1", "1"]


def nesting() -> Nesting:
    return Nesting.of([BIOPSIES, GLOMERULI], 7)


def test_units_of_the_same_name_in_two_units_are_two() -> None:
    parents = nesting().parents
    assert [p.tolist() for p in parents] == [[0, 0, 0], [0, 0, 1, 2], [0, 0, 1, 1, 2, 2, 3]]
    assert nesting().top.tolist() == [0, 0, 0, 0, 1, 1, 2]


def test_weights_are_those_of_the_mean_of_means() -> None:
    values = np.array([1.0, 3.0, 5.0, 9.0, 2.0, 4.0, 10.0])
    by_hand = (((1 + 3) / 2 + (5 + 9) / 2) / 2 + (2 + 4) / 2 + 10) / 3
    assert nesting().weights @ values == pytest.approx(by_hand)
    assert unit_means(values, nesting()) == pytest.approx([4.5, 3.0, 10.0])


def test_units_that_lose_their_images_are_gone() -> None:
    values = np.array([1.0, 3.0, math.nan, math.nan, 2.0, 4.0, math.nan])
    assert unit_means(values, nesting()) == pytest.approx([2.0, 3.0])
    assert len(unit_means(np.full(7, math.nan), nesting())) == 0


def test_draws_agree_with_drawing_one_by_one() -> None:
    """Mean and covariance of the counts, against a plain loop over units drawn one by one."""
    rng = np.random.default_rng(1)
    members = {"A": [[0, 1], [2, 3]], "B": [[4, 5]], "C": [[6]]}

    def one() -> np.ndarray:
        counts = np.zeros(7)
        for biopsy in rng.choice(["A", "B", "C"], 3):
            glomeruli = members[biopsy]
            for g in rng.integers(0, len(glomeruli), len(glomeruli)):
                for image in rng.choice(glomeruli[g], len(glomeruli[g])):
                    counts[image] += 1
        return counts

    brute = np.array([one() for _ in range(4000)])
    counts = np.concatenate(list(draw(nesting(), Bootstrap(n_resamples=20_000))))
    assert counts.mean(axis=0) == pytest.approx(np.ones(7), abs=0.03)
    assert np.cov(counts.T) == pytest.approx(np.cov(brute.T), abs=0.17)


def test_without_one_leaves_out_a_top_unit() -> None:
    assert without_one(nesting()).sum(axis=1).tolist() == [3, 5, 6]


def test_all_ways_of_two_images_are_met() -> None:
    counts = np.concatenate(list(draw(Nesting.of([], 2), Bootstrap(n_resamples=200))))
    assert {tuple(row) for row in counts} == set(itertools.product([0, 1, 2], repeat=2)) - {
        (0, 0), (1, 0), (0, 1), (2, 2), (1, 2), (2, 1),
    }  # fmt: skip


def test_one_unit_has_no_interval_and_the_reason() -> None:
    one = Nesting.of([["A", "A"]], 2)
    found = nested_intervals(one, {"n": lambda c: c.sum(axis=1)}, unit="glomerulus")["n"]
    assert math.isnan(found.low)
    assert "One glomerulus tells nothing" in found.note


def test_few_units_are_warned_of() -> None:
    values = np.arange(7.0)
    six = Nesting.of([list("aabcdef")], 7)
    found = nested_intervals(six, {"m": lambda c: c @ values / 7}, unit="biopsy")["m"]
    assert found.low < found.high
    assert "From 6 biopsies an interval is rough" in found.note


def test_of_fewer_than_five_units_there_is_no_interval_and_the_reason() -> None:
    statistics = {"m": lambda c: c @ np.arange(7.0) / 7, "none": lambda c: c[:, 0] * math.nan}
    found = nested_intervals(nesting(), statistics, unit="glomerulus")
    assert found["m"].value == 3
    assert math.isnan(found["m"].low)
    assert math.isnan(found["m"].high)
    assert "takes 5 glomeruli; of 3" in found["m"].note
    assert "not defined" in found["none"].note


def test_the_same_seed_gives_the_same_interval() -> None:
    statistics = {"m": lambda c: c @ np.arange(7.0) / c.sum(axis=1)}
    images = Nesting.of([], 7)
    first, second = (nested_intervals(images, statistics, unit="image") for _ in range(2))
    assert first == second
    assert math.isfinite(first["m"].low)


@pytest.mark.parametrize(("n_biopsies", "least"), [(10, 0.88)])
def test_intervals_hold_the_truth(n_biopsies: int, least: float) -> None:
    """Of 300 studies with two glomeruli of two images; by t 95 % within its own error."""
    rng = np.random.default_rng(0)
    how, shape = Bootstrap(n_resamples=300), (n_biopsies, 2, 2)
    biopsy, glomerulus = (np.repeat(np.arange(n_biopsies), 4), np.tile([0, 0, 1, 1], n_biopsies))
    nested = Nesting.of([biopsy.tolist(), glomerulus.tolist()], len(biopsy))
    n_held = by_t = 0
    for _ in range(300):
        b, g, i = (rng.normal(0, 1, (*shape[:k], *(1,) * (3 - k))) for k in (1, 2, 3))
        values = (b + g + i).reshape(-1)
        found = nested_intervals(
            nested, {"m": lambda c, v=values: c @ v / len(v)}, unit="biopsy", how=how
        )["m"]
        n_held += found.low <= 0 <= found.high
        low, high = t_range(unit_means(values, nested), 0.95)
        by_t += low <= 0 <= high
    assert least <= n_held / 300 <= 0.99
    assert 0.92 <= by_t / 300 <= 0.98
