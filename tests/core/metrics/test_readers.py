"""Agreement of readers: known values, brute force, symmetry, empty cases, simulated readers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from napari_slitseg.core.metrics import (
    ReadImage,
    compare_readers,
    expected_matches,
    f1,
    intraclass_correlation,
    point_kappa,
    score_image,
)
from napari_slitseg.core.points_table import PointTable
from napari_slitseg.core.simulate import SceneOptions, simulate

SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]
"""Six targets, four judges: table 2 of their paper of 1979."""

SHAPE = (100, 120)


def points(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).random((n, 2)) * SHAPE


def image(name: str = "a", tolerance_px: float = 5.0, **readers: object) -> ReadImage:
    tables = {
        key: v if isinstance(v, PointTable) else PointTable.from_yx(v) for key, v in readers.items()
    }
    return ReadImage(name, SHAPE, tolerance_px, tables, pixel_size_nm=10.0)


# -- counts


def test_the_published_intraclass_correlation() -> None:
    found = intraclass_correlation(SHROUT_FLEISS)
    assert found.value == pytest.approx(0.2898, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((0.0188, 0.7611), abs=5e-4)
    assert (found.n_images, found.n_readers) == (6, 4)


def test_the_limits_narrow_with_less_confidence() -> None:
    wide, narrow = (intraclass_correlation(SHROUT_FLEISS, confidence=c) for c in (0.95, 0.5))
    assert wide.low < narrow.low < wide.value < narrow.high < wide.high


def test_the_correlation_follows_from_the_components_of_variance() -> None:
    """An independent way: variances of images, readers and rest by expected mean squares."""
    table = np.random.default_rng(3).poisson(20, (12, 3)) + np.arange(12)[:, None]
    n, k = table.shape
    grand = table.mean()
    total = ((table - grand) ** 2).sum()
    images = k * ((table.mean(1) - grand) ** 2).sum()
    readers = n * ((table.mean(0) - grand) ** 2).sum()
    rest = (total - images - readers) / ((n - 1) * (k - 1))
    of_images = (images / (n - 1) - rest) / k
    of_readers = (readers / (k - 1) - rest) / n
    expected = of_images / (of_images + of_readers + rest)
    assert intraclass_correlation(table).value == pytest.approx(expected)


def test_readers_who_count_the_same_have_correlation_one() -> None:
    found = intraclass_correlation([[3, 3], [8, 8], [1, 1]])
    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_who_always_counts_more_lowers_it_unlike_pearson() -> None:
    one = np.arange(10)
    table = np.stack([one, one + 5], axis=1)
    assert stats.pearsonr(*table.T).statistic == pytest.approx(1)
    assert intraclass_correlation(table).value < 0.6


@pytest.mark.parametrize("table", [np.zeros((0, 2)), [[1, 2]], [[1], [2]], [[4, 4], [4, 4]]])
def test_what_tells_nothing_has_no_correlation_but_a_reason(table: object) -> None:
    found = intraclass_correlation(table)
    assert math.isnan(found.value)
    assert found.reason


@pytest.mark.parametrize("table", [[1, 2], [[1, math.nan], [2, 3]]])
def test_what_is_no_table_of_counts_is_refused(table: object) -> None:
    with pytest.raises(ValueError, match="a row an image"):
        intraclass_correlation(table)


def test_a_confidence_of_all_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        intraclass_correlation(SHROUT_FLEISS, confidence=1)


# -- chance


def test_one_point_each_meets_as_often_as_the_disc_is_large() -> None:
    middle = [(50, 60)]
    found = expected_matches(middle, middle, shape=SHAPE, tolerance_px=15, n_draws=20_000)
    expected = math.pi * 15**2 / (SHAPE[0] * SHAPE[1])
    assert found == pytest.approx(expected, rel=0.08)


def test_along_a_line_chance_is_that_of_the_line() -> None:
    line = np.zeros(SHAPE, bool)
    line[50, :100] = True
    found = expected_matches(
        [(50, 50)], [(50, 20)], shape=SHAPE, tolerance_px=10, region=line, n_draws=20_000
    )
    assert found == pytest.approx(0.2, abs=0.01)


def test_draws_at_once_are_the_same_as_draws_one_by_one() -> None:
    one, other = points(1, 12), points(2, 9)
    together = expected_matches(one, other, shape=SHAPE, tolerance_px=12, n_draws=30, seed=5)
    ways = []
    for fixed, count in ((one, 9), (other, 12)):
        thrown = np.random.default_rng(5).random((30, count, 2)) * SHAPE - 0.5
        ways += [_most_pairs(draw, fixed, 12) for draw in thrown]
    assert together == pytest.approx(np.mean(ways))


def _most_pairs(one: np.ndarray, other: np.ndarray, tolerance: float) -> int:
    """Largest number of pairs by augmenting paths, an independent way."""
    near = np.linalg.norm(one[:, None] - other[None], axis=2) <= tolerance
    partner = np.full(len(other), -1)

    def place(i: int, seen: set[int]) -> bool:
        for j in np.flatnonzero(near[i]):
            if j not in seen:
                seen.add(j)
                if partner[j] < 0 or place(partner[j], seen):
                    partner[j] = i
                    return True
        return False

    return sum(place(i, set()) for i in range(len(one)))


def test_chance_is_the_same_from_either_side_and_needs_two() -> None:
    one, other = points(1, 20), points(2, 7)
    how = {"shape": SHAPE, "tolerance_px": 8.0}
    assert expected_matches(one, other, **how) == expected_matches(other, one, **how)
    assert expected_matches(one, [], **how) == expected_matches([], [], **how) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_draws": 0},
        {"tolerance_px": -1.0},
        {"shape": (0, 5)},
        {"region": np.ones((2, 2), bool)},
    ],
)
def test_impossible_chances_are_refused(wrong: dict[str, object]) -> None:
    how = {"shape": SHAPE, "tolerance_px": 5.0} | wrong
    with pytest.raises(ValueError, match="must"):
        expected_matches([(1, 1)], [(2, 2)], **how)


def test_kappa_by_hand() -> None:
    assert point_kappa(8, 2, 10, 10) == pytest.approx((0.8 - 0.2) / (1 - 0.2))
    assert point_kappa(10, 3, 10, 10) == 1
    assert point_kappa(2, 2, 10, 6) == 0
    assert point_kappa(0, 1, 10, 10) < 0
    assert math.isnan(point_kappa(0, 0, 0, 0))
    assert math.isnan(point_kappa(4, 4, 4, 4))
    assert point_kappa(0, 0, 5, 0) == 0


def test_kappa_of_negative_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        point_kappa(-1, 0, 3, 3)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_without_chance_kappa_is_f1(both: int, one: int, other: int) -> None:
    if both + one + other:
        assert point_kappa(both, 0, both + one, both + other) == pytest.approx(f1(both, one, other))


# -- pairs


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 15), st.integers(0, 15))
def test_two_readers_are_the_same_from_either_side(seed: int, n: int, m: int) -> None:
    read = [image(A=points(seed, n), B=points(seed + 1, m))]
    there = compare_readers(read, ["A", "B"], n_draws=5).pairs[0].images[0]
    back = compare_readers(read, ["B", "A"], n_draws=5).pairs[0].images[0]
    assert there.scores.f1 == back.scores.f1
    assert there.scores.chamfer_px == pytest.approx(back.scores.chamfer_px, nan_ok=True)
    assert there.kappa == pytest.approx(back.kappa, nan_ok=True)
    assert there.scores.precision == pytest.approx(back.scores.recall, nan_ok=True)


def test_identical_readers_agree_wholly() -> None:
    read = [image(str(i), A=points(i, 10), B=points(i, 10)) for i in range(4)]
    pair = compare_readers(read).pairs[0]
    assert pair.f1.value == pair.kappa.value == 1
    assert pair.pooled.mean_image_chamfer_px == 0
    assert pair.counts.bias == 0


def test_points_set_at_random_have_kappa_near_nothing() -> None:
    """F1 of random points along a crowded line is far from 0; kappa is not."""
    line = np.zeros(SHAPE, bool)
    line[50] = True

    def along(seed: int) -> np.ndarray:
        x = np.random.default_rng(seed).random(12) * SHAPE[1]
        return np.stack([np.full(12, 50.0), x], axis=1)

    read = [replace(image(str(i), A=along(i), B=along(1000 + i)), region=line) for i in range(60)]
    pair = compare_readers(read).pairs[0]
    assert pair.f1.value > 0.4
    assert abs(pair.kappa.value) < 0.06
    assert pair.kappa.low < 0 < pair.kappa.high


def test_figures_of_an_image_are_those_of_a_model() -> None:
    one, other = points(1, 15), points(2, 12)
    found = compare_readers([image(A=one, B=other)]).pairs[0].images[0].scores
    assert found == score_image(one, other, shape=SHAPE, tolerance_px=5, pixel_size_nm=10)
    assert found.chamfer_nm == pytest.approx(10 * found.chamfer_px)


def test_only_slits_count() -> None:
    status = ["added", "rejected", "deleted", "proposed", "accepted"]
    table = PointTable.from_yx(points(1, 5), status=status)
    found = compare_readers([image(A=table, B=points(1, 5))]).pairs[0]
    assert found.pooled.n_predicted == 2
    assert found.pooled.true_positive == 2


def test_a_point_that_the_other_is_not_sure_of_is_set_aside_from_either_side() -> None:
    unsure = PointTable.from_yx([(10, 10), (50, 50)], uncertain=[False, True])
    sure = PointTable.from_yx([(10, 10), (51, 50), (90, 90)])
    for readers in (["A", "B"], ["B", "A"]):
        scores = compare_readers([image(A=unsure, B=sure)], readers).pairs[0].images[0].scores
        assert (scores.true_positive, scores.n_set_aside, scores.n_uncertain) == (1, 1, 1)
        assert scores.false_positive + scores.missed == 1


def test_images_without_points_agree_that_there_is_nothing() -> None:
    pair = compare_readers([image("a", A=[], B=[]), image("b", A=points(1, 3), B=[])]).pairs[0]
    neither, one = pair.images
    assert neither.scores.f1 == 1
    assert math.isnan(neither.kappa)
    assert one.scores.f1 == one.kappa == 0
    assert math.isnan(one.scores.chamfer_px)
    assert pair.kappa.value == 0


def test_each_pair_is_compared_on_the_images_both_read() -> None:
    read = [image("a", A=points(1, 5), B=points(1, 5)), image("b", B=points(2, 5), C=points(2, 5))]
    found = compare_readers(read)
    assert found.readers == ("A", "B", "C")
    assert found.pair("A", "C") is None
    assert found.pair("C", "B").readers == ("B", "C")
    matrix = found.matrix("f1")
    assert np.array_equal(np.isnan(matrix), np.isnan(matrix.T))
    assert math.isnan(matrix[0, 2])
    assert matrix[0, 1] == matrix[2, 1] == matrix[1, 1] == 1
    assert found.icc.reason


@pytest.mark.parametrize("readers", [["A"], ["A", "A"], []])
def test_agreement_takes_two(readers: list[str]) -> None:
    with pytest.raises(ValueError, match="two different readers"):
        compare_readers([image(A=points(1, 2), B=points(1, 2))], readers)


def test_a_row_of_a_pair_tells_everything_once() -> None:
    read = [image(str(i), A=points(i, 10), B=points(i, 9 + i % 3)) for i in range(5)]
    row = compare_readers(read).pairs[0].to_dict()
    assert row["first"] == "A"
    assert row["f1_low"] <= row["f1"] <= row["f1_high"]
    assert row["count_lower_limit"] < row["count_bias"] < row["count_upper_limit"]
    assert row["precision"] == pytest.approx(row["true_positive"] / row["n_predicted"])


def test_simulated_readers_agree_in_the_order_in_which_they_were_made() -> None:
    """A careful, a hasty and a careless reader of the same simulated membranes."""
    habits = {"careful": (0.02, 20, 0), "hasty": (0.15, 40, 1), "careless": (0.4, 70, 4)}
    read = []
    for seed in range(6):
        scene = simulate(seed, SceneOptions(shape=(320, 320), effacement=0.1))
        rng = np.random.default_rng(seed)
        tables = {"truth": PointTable.from_yx(scene.slits)}
        for name, habit in habits.items():
            tables[name] = PointTable.from_yx(_read(rng, scene.slits, scene.membrane, *habit))
        read.append(
            ReadImage(str(seed), scene.image.shape, 8.0, tables, 10.0, region=scene.membrane)
        )
    found = compare_readers(read, n_draws=30)
    for figure in ("f1", "kappa"):
        to_truth = found.matrix(figure)[0, 1:]
        assert to_truth[0] > 0.9
        assert to_truth[0] > to_truth[1] + 0.04 > to_truth[2] + 0.1
        assert found.pair("careful", "hasty").f1.value > found.pair("hasty", "careless").f1.value
    assert (found.matrix("kappa") <= found.matrix("f1") + 1e-12).all()
    chamfers = [found.pair("truth", name).pooled.mean_image_chamfer_nm for name in habits]
    assert chamfers == sorted(chamfers)


def _read(
    rng: np.random.Generator,
    slits: np.ndarray,
    membrane: np.ndarray,
    missed: float,
    jitter_nm: float,
    invented: int,
) -> np.ndarray:
    seen = slits[rng.random(len(slits)) >= missed]
    seen = seen + rng.normal(0, jitter_nm / 10 / math.sqrt(2), seen.shape)
    places = np.argwhere(membrane)
    return np.concatenate([seen, places[rng.integers(0, len(places), invented)]])
