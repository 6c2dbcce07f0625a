"""Two models on the same images: against scipy and brute force, and what is refused."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy import stats

from napari_slitseg.core.metrics import (
    Bootstrap,
    ImageScores,
    NotComparable,
    compare_paired,
    interval_of,
    pool_scores,
)
from napari_slitseg.core.metrics.paired_tests import sign_test, wilcoxon_test


def scores(tp: int, fp: int, missed: int, **change) -> ImageScores:
    values = {
        "n_set_aside": 0,
        "n_uncertain": 0,
        "chamfer_px": 3.0,
        "vanilla_px": 3.0,
        "point_loss": 0.0,
        "proportional_point_loss": 0.0,
        "localisation_px": 1.0,
        "localisation_rms_px": 1.0,
        "tolerance_px": 5.0,
        "pixel_size_nm": 10.0,
    }
    return ImageScores(tp, fp, missed, **{**values, **change})


def sides(seed: int, n: int, gain: float) -> tuple[dict, dict]:
    """A second model that finds more of the same annotations."""
    rng = np.random.default_rng(seed)
    first, second = {}, {}
    for i in range(n):
        annotated = int(rng.integers(10, 40))
        one = int(rng.binomial(annotated, 0.6))
        other = min(annotated, int(rng.binomial(annotated, 0.6 + gain)))
        first[f"img{i}"] = scores(one, int(rng.poisson(4)), annotated - one)
        second[f"img{i}"] = scores(other, int(rng.poisson(4)), annotated - other)
    return first, second


@pytest.fixture
def better():
    return sides(0, 12, 0.25)


def test_the_difference_and_its_interval_by_brute_force(better) -> None:
    first, second = better
    found = compare_paired(first, second)
    names = list(first)

    def pooled_difference(chosen) -> float:
        one, other = (pool_scores([side[names[i]] for i in chosen]).f1 for side in (first, second))
        return other - one

    expected = interval_of(pooled_difference, len(names))
    assert found.difference == dataclasses.replace(
        expected,
        value=pytest.approx(expected.value),
        low=pytest.approx(expected.low),
        high=pytest.approx(expected.high),
    )
    assert found.difference.value == pytest.approx(found.second - found.first)
    assert found.verdict == 1


def test_tests_by_image_are_scipys(better) -> None:
    first, second = better
    found = compare_paired(first, second)
    difference = np.array([second[name].f1 - first[name].f1 for name in first])
    assert list(found.image_differences.values()) == pytest.approx(difference.tolist())
    assert (found.n_better, found.n_worse) == ((difference > 0).sum(), (difference < 0).sum())
    expected = stats.binomtest(found.n_better, found.n_better + found.n_worse).pvalue
    assert found.sign_p == pytest.approx(expected)
    assert found.wilcoxon_p == pytest.approx(stats.wilcoxon(difference).pvalue)


@pytest.mark.parametrize("n_better", range(8))
def test_the_sign_test_is_scipys(n_better) -> None:
    assert sign_test(n_better, 7) == pytest.approx(stats.binomtest(n_better, n_better + 7).pvalue)
    assert sign_test(0, 0) == 1


@pytest.mark.parametrize(
    "differences",
    [
        [0.1, 0.1, 0.3, -0.2, 0.25, 0.1],
        [0.5, -0.5, 0.5, -0.5],
        [0.0, 0.3, 0.0, 0.2, -0.1],
        [1.0],
        list(np.linspace(-0.3, 0.8, 20)),
        list(np.linspace(-0.3, 0.8, 60)),
    ],
)
def test_wilcoxons_test_is_scipys(differences) -> None:
    some = np.array([each for each in differences if each])
    assert wilcoxon_test(np.array(differences)) == pytest.approx(stats.wilcoxon(some).pvalue)


def test_wilcoxons_test_with_ties_and_many_images() -> None:
    some = np.repeat([0.1, -0.1, 0.3], 10)
    expected = stats.wilcoxon(some, method="asymptotic").pvalue
    assert wilcoxon_test(some) == pytest.approx(expected)
    assert wilcoxon_test(np.zeros(3)) == 1


def test_swapping_the_sides_mirrors_everything(better) -> None:
    one, other = compare_paired(*better), compare_paired(*better[::-1])
    assert other.difference.low == pytest.approx(-one.difference.high)
    assert (other.n_better, other.n_worse) == (one.n_worse, one.n_better)
    assert (other.sign_p, other.wilcoxon_p) == pytest.approx((one.sign_p, one.wilcoxon_p))
    assert other.verdict == -one.verdict


def test_where_less_is_better_a_negative_difference_is_better() -> None:
    first = {f"i{k}": scores(5, 1, 1, localisation_px=3 + 0.1 * k) for k in range(12)}
    second = {f"i{k}": scores(5, 1, 1, localisation_px=1.5 + 0.1 * k) for k in range(12)}
    found = compare_paired(first, second, figure="localisation_px")
    assert (found.n_better, found.verdict) == (12, 1)
    assert found.difference.high < 0


def test_the_same_twice() -> None:
    first, _ = sides(1, 6, 0)
    found = compare_paired(first, dict(reversed(first.items())))
    assert (found.n_better, found.n_equal, found.n_worse) == (0, 6, 0)
    assert (found.sign_p, found.wilcoxon_p, found.verdict) == (1, 1, 0)
    assert found.difference.value == 0


@pytest.mark.parametrize("n_images", [4, 8, 15])
def test_of_two_alike_one_is_seldom_called_better(n_images) -> None:
    """The interval alone would say so in 24, 12 and 8 of 100 cases."""
    how = Bootstrap(n_resamples=300)
    said = [compare_paired(*sides(seed, n_images, 0.0), how=how).verdict for seed in range(200)]
    assert np.count_nonzero(said) / 200 <= (0.07 if n_images > 4 else 0)


def test_a_difference_that_is_there_is_shown() -> None:
    said = [compare_paired(*sides(seed, 12, 0.2)).verdict for seed in range(40)]
    assert sum(said) >= 37


def test_swapping_by_brute_force(better) -> None:
    first, second = ({name: side[name] for name in list(side)[:6]} for side in better)
    observed, as_large = compare_paired(first, second), 0
    for swaps in itertools.product((False, True), repeat=6):
        one = {n: (second if s else first)[n] for n, s in zip(first, swaps, strict=True)}
        other = {n: (first if s else second)[n] for n, s in zip(first, swaps, strict=True)}
        difference = pool_scores([*other.values()]).f1 - pool_scores([*one.values()]).f1
        as_large += abs(difference) >= abs(observed.difference.value) - 1e-12
    assert observed.swap_p == as_large / 64


def test_random_swaps_come_close_to_all(better, monkeypatch) -> None:
    every = compare_paired(*better)
    monkeypatch.setattr("napari_slitseg.core.metrics.paired_tests._ALL_WAYS_UP_TO", 3)
    drawn = compare_paired(*better, how=Bootstrap(n_resamples=20_000))
    assert drawn.swap_p == pytest.approx(every.swap_p, abs=0.002)
    assert drawn.swap_p > 0


def test_a_swap_test_against_scipys_permutation_test() -> None:
    """Means over images: scipy can do those."""
    rng = np.random.default_rng(4)
    first, second = (
        {f"i{k}": scores(1, 1, 1, point_loss=value) for k, value in enumerate(values)}
        for values in (rng.exponential(size=9), rng.exponential(size=9) + 0.4)
    )
    found = compare_paired(first, second, figure="mean_image_point_loss")
    expected = stats.permutation_test(
        [[s.point_loss for s in side.values()] for side in (first, second)],
        lambda a, b, axis: abs(np.mean(b, axis=axis) - np.mean(a, axis=axis)),
        permutation_type="samples",
        alternative="greater",
        n_resamples=np.inf,
    )
    assert found.swap_p == pytest.approx(expected.pvalue)


def test_few_biopsies_show_nothing_however_many_images(better) -> None:
    biopsies = {name: int(name[3:]) // 4 for name in better[0]}
    assert compare_paired(*better).verdict == 1
    found = compare_paired(*better, biopsies=biopsies)
    assert found.difference.low > 0
    assert (found.swap_p, found.verdict) == (0.25, 0)


def test_biopsies_are_drawn_whole_for_both(better) -> None:
    first, second = better
    biopsies = {name: int(name[3:]) // 4 for name in first}
    found = compare_paired(first, second, biopsies=biopsies)
    assert (found.difference.n_units, found.difference.unit) == (3, "biopsy")
    assert found.difference.value == compare_paired(first, second).difference.value
    assert found.difference.low != compare_paired(first, second).difference.low


def test_settings_of_the_bootstrap_count(better) -> None:
    narrow, wide = (
        compare_paired(*better, how=Bootstrap(confidence=c)).difference for c in (0.6, 0.99)
    )
    assert wide.low < narrow.low < narrow.high < wide.high


def test_one_image_shows_nothing() -> None:
    found = compare_paired({"a": scores(1, 0, 5)}, {"a": scores(6, 0, 0)})
    assert math.isnan(found.difference.low)
    assert "One image" in found.difference.note
    assert (found.verdict, found.n_better) == (0, 1)


def test_an_image_without_a_value_is_in_no_test() -> None:
    first = {"a": scores(2, 1, 2), "b": scores(0, 0, 4)}
    second = {"a": scores(3, 0, 1), "b": scores(2, 1, 2)}
    found = compare_paired(first, second, figure="precision")
    assert (found.n_better, found.n_undefined) == (1, 1)
    assert math.isnan(found.image_differences["b"])


def test_plain_values(better) -> None:
    plain = compare_paired(*better).to_dict()
    assert plain["difference"]["low"] > 0
    assert plain["images"][0]["image"] == "img0"
    assert plain["verdict"] == 1


class TestRefusals:
    def test_different_images(self) -> None:
        one = {name: scores(1, 1, 1) for name in "abcdef"}
        with pytest.raises(NotComparable, match="only one side has b, c, d and 2 more"):
            compare_paired(one, {"a": scores(1, 1, 1)})
        with pytest.raises(NotComparable, match="no image"):
            compare_paired({}, {})

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            ({"tolerance_px": 5.1}, "tolerances"),
            ({"pixel_size_nm": 9.0}, "pixel sizes"),
            ({"pixel_size_nm": None}, "pixel sizes"),
            ({"n_uncertain": 2}, "annotations"),
        ],
    )
    def test_different_conditions(self, change, what) -> None:
        one = {"a": scores(1, 1, 1), "b": scores(1, 1, 1)}
        with pytest.raises(NotComparable, match=f"different {what}.*: b"):
            compare_paired(one, one | {"b": scores(1, 1, 1, **change)})

    def test_different_annotations(self) -> None:
        with pytest.raises(NotComparable, match="different annotations"):
            compare_paired({"a": scores(1, 1, 1)}, {"a": scores(1, 1, 2)})

    def test_no_such_figure(self, better) -> None:
        with pytest.raises(ValueError, match="no figure 'recal'; did you mean 'recall'"):
            compare_paired(*better, figure="recal")

    def test_a_figure_in_nm_without_pixel_sizes(self) -> None:
        one = {"a": scores(1, 1, 1, pixel_size_nm=None)}
        with pytest.raises(ValueError, match="have no localisation_nm"):
            compare_paired(one, one, figure="localisation_nm")

    def test_an_image_without_biopsy(self, better) -> None:
        with pytest.raises(ValueError, match="No biopsy is known of img1, img10, img11"):
            compare_paired(*better, biopsies={"img0": 1})
