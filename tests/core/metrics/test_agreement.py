"""Agreement of counts: published examples, by hand, and by brute force."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from napari_slitseg.core.metrics import bland_altman, pooled_count_ratio

WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
"""Peak expiratory flow of 17 people by two meters: Bland and Altman, Lancet 327 (1986)."""


def test_the_published_example() -> None:
    found = bland_altman(WRIGHT, MINI)
    assert found.bias == pytest.approx(-2.1, abs=0.05)
    assert found.sd == pytest.approx(38.8, abs=0.05)
    assert found.bias_range == pytest.approx((-22.0, 17.8), abs=0.1)
    # They print 2 sd (-79.7 and 75.5); we take 1.96.
    assert found.lower_limit == pytest.approx(-2.118 - 1.96 * 38.765, abs=0.01)
    assert found.upper_limit == pytest.approx(-2.118 + 1.96 * 38.765, abs=0.01)


def test_the_standard_error_of_a_limit_as_published() -> None:
    """Their 1999 paper: 85 people, bias -16.29, sd 19.61; limits -54.7 (-61.9 to -47.5) to 22.1."""
    unit = stats.norm.ppf((np.arange(85) + 0.5) / 85)
    unit = (unit - unit.mean()) / unit.std(ddof=1)
    base = np.full(85, 200.0)
    found = bland_altman(base + 19.61 * unit - 16.29, base)
    assert found.bias_range == pytest.approx((-20.5, -12.1), abs=0.06)
    assert found.lower_limit == pytest.approx(-54.7, abs=0.06)
    assert found.lower_limit_range == pytest.approx((-61.9, -47.5), abs=0.1)
    assert found.upper_limit == pytest.approx(22.1, abs=0.06)
    assert found.upper_limit_range == pytest.approx((14.9, 29.4), abs=0.1)


def test_three_images_by_hand() -> None:
    found = bland_altman([10, 12, 20], [10, 10, 16])  # differences 0, 2, 4
    assert (found.bias, found.sd, found.n_images, found.n_left_out) == (2, 2, 3, 0)
    t = 4.302652729911275
    assert found.lower_limit == pytest.approx(2 - 1.959964 * 2)
    assert found.bias_range == pytest.approx((2 - t * 2 / 3**0.5, 2 + t * 2 / 3**0.5))
    half = t * 2 * math.sqrt(1 / 3 + 1.959964**2 / 4)
    assert found.upper_limit_range == pytest.approx(
        (found.upper_limit - half, found.upper_limit + half)
    )


def test_percent_and_ratio_by_hand() -> None:
    percent = bland_altman([30, 10, 0], [10, 10, 0], scale="percent")  # +100 %, 0 %, none
    assert (percent.bias, percent.n_images, percent.n_left_out) == (50, 2, 1)
    ratio = bland_altman([20, 5, 0, 3], [10, 10, 4, 0], scale="ratio")  # 2, 1/2
    assert ratio.bias == pytest.approx(1)
    assert (ratio.n_images, ratio.n_left_out) == (2, 2)
    assert ratio.sd == pytest.approx(math.sqrt(2) * math.log(2))
    assert ratio.lower_limit * ratio.upper_limit == pytest.approx(1)
    assert ratio.upper_limit == pytest.approx(math.exp(1.959964 * ratio.sd))


counts = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=40)


@given(counts)
def test_the_bias_is_scipys_t_interval(pairs) -> None:
    predicted, annotated = np.array(pairs).T
    found = bland_altman(predicted, annotated, confidence=0.9)
    if np.ptp(predicted - annotated):
        expected = stats.ttest_1samp(predicted - annotated, 0).confidence_interval(0.9)
        assert found.bias_range == pytest.approx(tuple(expected))
    assert found.lower_limit <= found.bias <= found.upper_limit


@given(counts)
def test_swapping_the_two_mirrors_everything(pairs) -> None:
    predicted, annotated = np.array(pairs).T
    for scale in ("difference", "percent"):
        one, other = (
            bland_altman(predicted, annotated, scale=scale),
            bland_altman(annotated, predicted, scale=scale),
        )
        if one.n_images > 1:
            assert one.lower_limit == pytest.approx(-other.upper_limit, abs=1e-9)
            assert one.bias_range[0] == pytest.approx(-other.bias_range[1], abs=1e-9)


def test_ninety_five_of_a_hundred_images_lie_between_the_limits() -> None:
    rng = np.random.default_rng(0)
    annotated = rng.integers(20, 200, 20_000)
    predicted = np.maximum(annotated + rng.normal(3, 6, 20_000).round(), 0)
    found = bland_altman(predicted, annotated)
    difference = predicted - annotated
    inside = (difference >= found.lower_limit) & (difference <= found.upper_limit)
    assert inside.mean() == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(
    ("n_images", "exact", "share"),
    [(12, False, 0.93), (100, False, 0.95), (4, True, 0.95), (12, True, 0.95), (100, True, 0.95)],
)
def test_how_often_the_range_of_a_limit_holds_the_truth(n_images, exact, share) -> None:
    """As the docstring says; (true limit - mean) / sd follows a noncentral t distribution."""
    unit = stats.norm.ppf((np.arange(n_images) + 0.5) / n_images)
    unit = 100 + (unit - unit.mean()) / unit.std(ddof=1)
    found = bland_altman(unit, np.full(n_images, 100.0), exact=exact)
    z = 1.959964
    truth = stats.nct(n_images - 1, z * math.sqrt(n_images), scale=1 / math.sqrt(n_images))
    held = np.ptp(truth.cdf(found.upper_limit_range))
    assert held == pytest.approx(share, abs=0.005)
    low, high = found.lower_limit_range
    assert (-high, -low) == pytest.approx(found.upper_limit_range, abs=1e-9)


def test_exact_ranges_change_only_the_ranges_of_the_limits() -> None:
    found, exact = bland_altman(WRIGHT, MINI), bland_altman(WRIGHT, MINI, exact=True)
    assert exact.upper_limit_range[1] > found.upper_limit_range[1]
    assert exact.upper_limit_range[0] > found.upper_limit_range[0]
    ranges = {name: getattr(found, name) for name in ("lower_limit_range", "upper_limit_range")}
    assert dataclasses.replace(exact, **ranges) == found


def test_ratios_too_large_for_a_number_are_infinite() -> None:
    found = bland_altman([1, 1000], [1000, 1], scale="ratio", confidence=0.999)
    assert found.bias == pytest.approx(1)
    assert found.bias_range == (0, math.inf)


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_confidence_widens_the_ranges_and_leaves_the_limits(confidence) -> None:
    found, wider = (bland_altman(WRIGHT, MINI, confidence=c) for c in (confidence, 0.99))
    assert wider.lower_limit == found.lower_limit
    assert wider.lower_limit_range[0] < found.lower_limit_range[0]
    assert wider.confidence == 0.99


@pytest.mark.parametrize("scale", ["difference", "percent", "ratio"])
def test_one_image_has_a_bias_and_no_limits(scale) -> None:
    found = bland_altman([12], [6], scale=scale)
    assert found.bias == pytest.approx({"difference": 6, "percent": 200 / 3, "ratio": 2}[scale])
    assert math.isnan(found.lower_limit)
    assert all(math.isnan(end) for end in (*found.bias_range, *found.upper_limit_range))
    assert "one image" in found.reason
    assert bland_altman([1, 2], [1, 2], scale=scale).reason == ""


def test_no_image() -> None:
    found = bland_altman([], [])
    assert math.isnan(found.bias)
    assert "no image" in found.reason
    assert bland_altman([0], [0], scale="percent").n_left_out == 1


def test_plain_values() -> None:
    plain = bland_altman(WRIGHT, MINI).to_dict()
    assert plain["bias_range"] == list(bland_altman(WRIGHT, MINI).bias_range)
    assert plain["scale"] == "difference"


@pytest.mark.parametrize(
    ("counts", "expected"),
    [(([3, 5], [4, 6]), 0.8), (([0], [3]), 0), (([2, 1], [0, 0]), math.inf)],
)
def test_the_pooled_ratio(counts, expected) -> None:
    assert pooled_count_ratio(*counts) == expected
    assert math.isnan(pooled_count_ratio([0, 0], [0, 0]))


def test_the_pooled_ratio_of_mean_counts_of_two_people() -> None:
    assert pooled_count_ratio([1.5, 1.0], [2.5, 2.5]) == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bland_altman([1, 2], [1]), "2 predicted and 1 annotated"),
        (lambda: bland_altman([1, -2], [1, 1]), r"n_predicted .* -2 \(row 1\)"),
        (lambda: bland_altman([1], [math.nan]), "n_annotated"),
        (lambda: bland_altman([1], [1], scale="log"), "difference, percent or ratio"),
        (lambda: bland_altman([1], [1], confidence=1), "between 0 and 1"),
        (lambda: pooled_count_ratio([1], []), "1 predicted and 0 annotated"),
    ],
)
def test_refusals(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()
