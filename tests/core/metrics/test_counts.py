"""Penalties and fractions from numbers of points."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_slitseg.core.metrics import (
    count_ratio,
    f1,
    point_loss,
    precision,
    proportional_point_loss,
    recall,
)

counts = st.integers(0, 200)


def same(value, expected):
    return math.isnan(value) if math.isnan(expected) else value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("n_predicted", "n_annotated", "expected"),
    [
        (0, 0, 0), (7, 7, 0), (8, 7, 1), (6, 7, 1),
        (10, 7, 9),  # 3 too many, squared
        (4, 7, 27),  # 3 too few, cubed
        (0, 40, 64_000), (40, 0, 1600),
    ],
)  # fmt: skip
def test_point_loss(n_predicted, n_annotated, expected):
    assert point_loss(n_predicted, n_annotated) == expected


def test_powers_belong_to_their_direction():
    assert point_loss(5, 3, under_power=1, over_power=4) == 16
    assert point_loss(3, 5, under_power=1, over_power=4) == 2


@pytest.mark.parametrize(
    ("n_predicted", "n_annotated", "expected"),
    [
        (0, 0, 0), (7, 7, 0),
        (3, 6, 125),  # half erased: (10 * 0.5) ** 3
        (6, 3, 25),  # half invented: (10 * 0.5) ** 2
        (30, 40, 2.5**3), (0, 5, 1000), (5, 0, 100),
    ],
)  # fmt: skip
def test_proportional_point_loss(n_predicted, n_annotated, expected):
    assert proportional_point_loss(n_predicted, n_annotated) == pytest.approx(expected)


@given(st.integers(1, 200), st.integers(1, 200))
def test_erasing_costs_more_than_inventing_from_a_tenth_on(few, extra):
    many = few + extra
    erased, invented = proportional_point_loss(few, many), proportional_point_loss(many, few)
    if extra / many > 0.1 + 1e-9:
        assert erased > invented
    elif extra / many < 0.1 - 1e-9:
        assert erased < invented
    assert point_loss(few, many) >= point_loss(many, few)


@given(counts, counts)
def test_proportional_range_and_scale_free(n_predicted, n_annotated):
    value = proportional_point_loss(n_predicted, n_annotated)
    assert 0 <= value <= 1000
    assert proportional_point_loss(3 * n_predicted, 3 * n_annotated) == pytest.approx(value)


@pytest.mark.parametrize(
    ("n_predicted", "n_annotated", "expected"),
    [(0, 0, math.nan), (3, 0, math.inf), (0, 3, 0), (3, 3, 1), (1, 2, 0.5), (4, 2, 2)],
)
def test_count_ratio(n_predicted, n_annotated, expected):
    assert same(count_ratio(n_predicted, n_annotated), expected)


@pytest.mark.parametrize(
    ("found", "expected"),  # (tp, fp, missed), (precision, recall, f1)
    [
        ((0, 0, 0), (1, 1, 1)),
        ((0, 0, 4), (math.nan, 0, 0)),
        ((0, 4, 0), (0, math.nan, 0)),
        ((0, 4, 4), (0, 0, 0)),
        ((4, 0, 0), (1, 1, 1)),
        ((3, 1, 2), (0.75, 0.6, 2 / 3)),
    ],
)
def test_fractions(found, expected):
    for fraction, value in zip((precision, recall, f1), expected, strict=True):
        assert same(fraction(*found), value)


@given(counts, counts, counts)
def test_f1_is_the_harmonic_mean(tp, fp, missed):
    p, r = precision(tp, fp, missed), recall(tp, fp, missed)
    assert 0 <= f1(tp, fp, missed) <= 1
    if tp:
        assert f1(tp, fp, missed) == pytest.approx(2 / (1 / p + 1 / r))
    assert f1(tp, fp, missed) == f1(tp, missed, fp)


class TestRefusals:
    @pytest.mark.parametrize("figure", [point_loss, proportional_point_loss, count_ratio])
    @pytest.mark.parametrize(("numbers", "name"), [((-1, 0), "predicted"), ((0, -1), "annotated")])
    def test_negative_number(self, figure, numbers, name):
        with pytest.raises(ValueError, match=f"n_{name} is a number of points and cannot be -1"):
            figure(*numbers)

    @pytest.mark.parametrize("fraction", [precision, recall, f1])
    @pytest.mark.parametrize("at", range(3))
    def test_negative_count(self, fraction, at):
        with pytest.raises(ValueError, match="cannot be -1"):
            fraction(*[-1 if k == at else 3 for k in range(3)])

    @pytest.mark.parametrize("powers", [{"under_power": 0}, {"over_power": -1.0}])
    def test_powers(self, powers):
        with pytest.raises(ValueError, match="Powers must be positive"):
            point_loss(1, 2, **powers)

    @pytest.mark.parametrize("scale", [1.0, 0.5, -3.0, math.nan])
    def test_scale_that_would_invert_the_asymmetry(self, scale):
        with pytest.raises(ValueError, match="scale must be above 1"):
            proportional_point_loss(1, 2, scale=scale)
