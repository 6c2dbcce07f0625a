"""Groups are compared over biopsies, and no more is claimed than is shown."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from napari_slitseg.core.morphometry.groups import GroupComparison, compare_groups


def two(n: int, away: float, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"MCD": 300 + 20 * rng.normal(size=n), "FSGS": 300 + away + 40 * rng.normal(size=n)}


def only(values: dict[str, np.ndarray], n_ways: int = 20_000) -> GroupComparison:
    (found,) = compare_groups(values, n_ways=n_ways)
    return found


def test_welch_agrees_with_scipy() -> None:
    values = two(7, 30.0)
    found, reference = only(values), stats.ttest_ind(*values.values(), equal_var=False)
    assert found.p_welch == pytest.approx(reference.pvalue)
    interval = reference.confidence_interval()
    assert found.difference_range == pytest.approx((-interval.high, -interval.low))
    assert found.ratio == pytest.approx(values["FSGS"].mean() / values["MCD"].mean())
    assert found.ratio_range[0] < found.ratio < found.ratio_range[1]


@pytest.mark.parametrize("factor", [1e-15, 1e-6, 1e9])
def test_the_unit_of_a_figure_does_not_change_p(factor: float) -> None:
    apart = {"a": factor * np.arange(4.0), "b": factor * np.arange(10.0, 14.0)}
    assert only(apart).p == pytest.approx(2 / 70)


@pytest.mark.parametrize(("n_first", "n_second"), [(3, 3), (4, 5), (2, 6)])
def test_exact_p_agrees_with_all_ways_one_by_one(n_first: int, n_second: int) -> None:
    rng = np.random.default_rng(n_second)
    first, second = rng.normal(size=n_first), 1 + rng.normal(size=n_second)
    every = [*first, *second]
    far = []
    for chosen in itertools.combinations(range(len(every)), n_first):
        one = [every[i] for i in chosen]
        other = [x for i, x in enumerate(every) if i not in chosen]
        far.append(abs(np.mean(other) - np.mean(one)) >= abs(second.mean() - first.mean()) - 1e-12)
    found = only({"a": first, "b": second})
    assert found.is_exact
    assert found.p == pytest.approx(np.mean(far))
    assert found.p >= found.p_smallest


def test_random_ways_agree_with_scipy() -> None:
    values = two(14, 25.0, seed=4)
    found = only(values, n_ways=20_000)
    reference = stats.permutation_test(
        tuple(values.values()),
        lambda a, b: np.mean(a) - np.mean(b),
        n_resamples=20_000,
        rng=np.random.default_rng(1),
    )
    assert not found.is_exact
    assert found.p == pytest.approx(reference.pvalue, abs=0.012)


def test_p_is_as_often_small_as_it_says_where_groups_are_alike() -> None:
    rng = np.random.default_rng(0)
    p = [only({"a": rng.normal(size=4), "b": rng.normal(size=5)}).p for _ in range(600)]
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.035)


def test_the_smallest_p_is_reached_and_told() -> None:
    far = {"a": np.arange(3.0), "b": np.arange(3.0) + 100}
    assert only(far).p == pytest.approx(only(far).p_smallest) == pytest.approx(0.1)
    assert "cannot reach 0.05" in only(far).words("Width", "nm")
    four = only({"a": np.arange(4.0), "b": np.arange(4.0) + 100})
    assert four.p == pytest.approx(2 / 70)
    assert "b is larger" in four.words("Width", "nm")


def test_words_claim_nothing_that_was_not_shown() -> None:
    said = only(two(8, 0.0, seed=1)).words("Mean foot process width", "nm")
    assert "was not shown, which does not show that there is none" in said
    assert "MCD (8 biopsies)" in said
    assert "2154 nm" in only({"a": np.array([2154.0]), "b": np.ones(2)}).words("Width", "nm")
    one = only({"a": np.array([3.0]), "b": np.array([4.0, 5.0])})
    assert math.isnan(one.p)
    assert "nothing can be said" in one.words("Width", "nm")
    none = only({"a": np.array([math.nan]), "b": np.array([4.0, 5.0])})
    assert "cannot be compared" in none.words("Width", "nm")


def test_three_groups_are_corrected_by_holm() -> None:
    rng = np.random.default_rng(1)
    values = {name: rng.normal(at, 1, 6) for name, at in (("a", 0), ("b", 1), ("c", 4))}
    found = compare_groups(values)
    assert [(f.first, f.second) for f in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    p = [f.p for f in found]
    order = np.argsort(p)
    by_hand = np.maximum.accumulate([min(1, (3 - k) * p[i]) for k, i in enumerate(order)])
    assert [found[i].p_holm for i in order] == pytest.approx(by_hand.tolist())
    assert "Holm" in found[0].words("Width", "nm")


def test_no_spread_and_no_ratio_are_no_errors() -> None:
    same = only({"a": np.ones(3), "b": np.ones(3)})
    assert (same.difference, same.p, same.p_welch) == (0, 1, 1)
    zero = only({"a": np.zeros(3), "b": np.ones(3)})
    assert math.isnan(zero.ratio)
    assert math.isnan(zero.ratio_range[0])
    assert compare_groups({"a": np.ones(3)}) == ()
    with pytest.raises(ValueError, match="between 0 and 1"):
        compare_groups({"a": np.ones(3)}, confidence=1.0)
