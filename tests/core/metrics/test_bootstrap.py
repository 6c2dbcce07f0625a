"""Intervals against scipy, brute force, and cases where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from napari_slitseg.core.metrics import FIGURES, Bootstrap, interval_of, interval_of_sums
from napari_slitseg.core.metrics.bootstrap import _drawn

COUNTS = np.array(
    [[9, 2, 1], [4, 4, 3], [12, 0, 5], [7, 1, 1], [0, 3, 2], [15, 2, 9], [6, 6, 0], [8, 1, 4]]
)
"""True positives, false positives, missed of eight images."""


def f1(sums: np.ndarray) -> np.ndarray:
    return 2 * sums[:, 0] / (2 * sums[:, 0] + sums[:, 1] + sums[:, 2])


def ends(interval) -> tuple[float, float]:
    return interval.low, interval.high


@pytest.mark.parametrize(("method", "name"), [("bca", "BCa"), ("percentile", "percentile")])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_same_as_scipy_draw_for_draw(method, name, confidence) -> None:
    def statistic(tp, fp, missed, axis):
        tp, fp, missed = (each.sum(axis=axis) for each in (tp, fp, missed))
        return 2 * tp / (2 * tp + fp + missed)

    expected = stats.bootstrap(
        tuple(COUNTS.T.astype(float)),
        statistic,
        paired=True,
        n_resamples=999,
        confidence_level=confidence,
        method=name,
        rng=np.random.default_rng(3),
    ).confidence_interval
    how = Bootstrap(n_resamples=999, confidence=confidence, method=method, seed=3)
    # Paired data go to scipy as one sample of indices, so both draw the same images.
    assert ends(interval_of_sums(COUNTS, f1, how=how)) == pytest.approx(tuple(expected), abs=1e-12)


def test_any_statistic_by_indices_is_the_same_as_by_sums() -> None:
    def of_images(chosen: np.ndarray) -> float:
        return float(f1(COUNTS[chosen].sum(axis=0, keepdims=True))[0])

    for biopsies in (None, list("aabbbcdd")):
        by_index = interval_of(of_images, len(COUNTS), biopsies=biopsies)
        assert by_index == interval_of_sums(COUNTS, f1, biopsies=biopsies)


def test_a_statistic_that_is_no_sum() -> None:
    values = np.random.default_rng(0).exponential(size=30)
    how = Bootstrap(n_resamples=500, seed=8)
    found = interval_of(lambda chosen: float(np.median(values[chosen])), len(values), how=how)
    expected = stats.bootstrap(
        (values,), np.median, n_resamples=500, rng=np.random.default_rng(8), method="BCa"
    ).confidence_interval
    assert ends(found) == pytest.approx(tuple(expected))


def test_biopsies_are_drawn_whole() -> None:
    """Brute force: all 27 ways to draw three biopsies with replacement, equally likely."""
    biopsies = ["x", "y", "x", "z", "y", "x", "z", "z"]
    groups = [COUNTS[[b == name for b in biopsies]].sum(axis=0) for name in "xyz"]
    every = [
        f1((groups[i] + groups[j] + groups[k])[np.newaxis])[0]
        for i in range(3)
        for j in range(3)
        for k in range(3)
    ]
    how = Bootstrap(method="percentile", confidence=0.6, n_resamples=20_000)
    found = interval_of_sums(COUNTS, f1, biopsies=biopsies, how=how)
    assert ends(found) == pytest.approx(tuple(np.quantile(np.repeat(every, 1000), (0.2, 0.8))))
    assert (found.n_images, found.n_units, found.unit) == (8, 3, "biopsy")
    assert "3 biopsies" in found.note


def test_images_of_one_biopsy_that_resemble_each_other_widen_the_interval() -> None:
    rows = np.repeat(COUNTS, 5, axis=0)
    biopsies = np.repeat(np.arange(len(COUNTS)), 5).tolist()
    over_images = interval_of_sums(rows, f1)
    over_biopsies = interval_of_sums(rows, f1, biopsies=biopsies)
    assert over_images.value == over_biopsies.value
    ratio = np.ptp(ends(over_biopsies)) / np.ptp(ends(over_images))
    assert ratio == pytest.approx(math.sqrt(5), rel=0.25)
    alone = interval_of_sums(COUNTS, f1)
    assert ends(over_biopsies) == pytest.approx(ends(alone))


def test_a_higher_confidence_is_a_wider_interval() -> None:
    narrow, wide = (interval_of_sums(COUNTS, f1, how=Bootstrap(confidence=c)) for c in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high
    assert (narrow.confidence, wide.confidence) == (0.5, 0.99)


def test_the_seed_and_the_number_of_resamples_matter_a_little() -> None:
    first, again, other, more = (
        interval_of_sums(COUNTS, f1, how=how)
        for how in (Bootstrap(), Bootstrap(), Bootstrap(seed=1), Bootstrap(n_resamples=3000))
    )
    assert first == again
    for different in (other, more):
        assert ends(different) != ends(first)
        assert ends(different) == pytest.approx(ends(first), abs=0.05 * np.ptp(ends(first)))


def test_bca_follows_skew_and_percentiles_do_not() -> None:
    values = np.random.default_rng(1).exponential(size=(25, 1)) ** 2
    ones = np.ones_like(values)

    def mean(sums: np.ndarray) -> np.ndarray:
        return sums[:, 0] / sums[:, 1]

    rows = np.hstack([values, ones])
    bca, plain = (
        interval_of_sums(rows, mean, how=Bootstrap(method=m)) for m in ("bca", "percentile")
    )
    assert bca.low > plain.low
    assert bca.high > plain.high


def test_nine_of_ten_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        rows = np.column_stack([rng.normal(1.0, 1.0, 40), np.ones(40)])
        low, high = ends(
            interval_of_sums(
                rows,
                lambda sums: sums[:, 0] / sums[:, 1],
                how=Bootstrap(confidence=0.9, n_resamples=400),
            )
        )
        held += low <= 1.0 <= high
    assert held / 300 == pytest.approx(0.9, abs=0.05)


def test_many_resamples_of_many_images_come_in_chunks(monkeypatch) -> None:
    whole = interval_of_sums(COUNTS, f1)
    monkeypatch.setattr("napari_slitseg.core.metrics.bootstrap._CHUNK_ENTRIES", 1000)
    assert interval_of_sums(COUNTS, f1) == whole


def test_chunks_are_drawn_when_they_are_used(monkeypatch) -> None:
    monkeypatch.setattr("napari_slitseg.core.metrics.bootstrap._CHUNK_ENTRIES", 80)
    drawn = _drawn(8, Bootstrap())
    assert next(drawn).shape == (10, 8)
    assert 10 + sum(len(each) for each in drawn) == 2000


def test_an_end_may_be_infinite_where_some_resamples_are() -> None:
    """A quarter of all resamples hold the image without annotations alone, twice."""
    ratio = FIGURES["count_ratio"].value
    found = interval_of_sums([[0, 3, 0], [5, 0, 1]], ratio)
    assert (found.value, found.low, found.high) == (pytest.approx(8 / 6), 5 / 6, math.inf)
    assert found.method == "percentile"


class TestNoInterval:
    def test_an_infinite_figure(self) -> None:
        found = interval_of_sums([[0, 3, 0], [0, 2, 0]], FIGURES["count_ratio"].value)
        assert found.value == math.inf
        assert math.isnan(found.low)
        assert "infinite" in found.note

    @pytest.mark.parametrize("biopsies", [None, ["a"] * 3])
    def test_one_image_or_one_biopsy(self, biopsies) -> None:
        rows = COUNTS[:1] if biopsies is None else COUNTS[:3]
        found = interval_of_sums(rows, f1, biopsies=biopsies)
        assert found.value == f1(rows.sum(axis=0, keepdims=True))[0]
        assert math.isnan(found.low)
        assert math.isnan(found.high)
        assert found.note.startswith("One biopsy" if biopsies else "One image")

    def test_a_figure_that_is_not_defined(self) -> None:
        with np.errstate(invalid="ignore"):
            found = interval_of_sums(np.zeros((4, 3)), f1)
        assert math.isnan(found.value)
        assert "not defined" in found.note

    def test_a_figure_that_is_seldom_defined(self) -> None:
        def only_with_all(sums: np.ndarray) -> np.ndarray:
            return np.where(sums[:, 0] == 41, 1.0, np.where(sums[:, 0] > 41, 2.0, np.nan))

        rows = COUNTS.copy()
        rows[5, 0] = 1
        rows[6, 0] = 41 - rows[[0, 1, 2, 3, 4, 5, 7], 0].sum()
        found = interval_of_sums(rows, only_with_all)
        assert found.value == 1
        assert math.isnan(found.low)
        assert "too many resamples" in found.note

    def test_no_spread_is_not_certainty(self) -> None:
        found = interval_of_sums(np.tile([5, 0, 0], (12, 1)), f1)
        assert ends(found) == (1, 1)
        assert found.method == "percentile"
        assert "not of certainty" in found.note

    def test_enough_images_need_no_note(self) -> None:
        assert interval_of_sums(np.tile(COUNTS, (2, 1)), f1).note == ""


class TestRefusals:
    @pytest.mark.parametrize(
        "wrong", [{"n_resamples": 99}, {"confidence": 1.0}, {"confidence": 0.0}, {"method": "t"}]
    )
    def test_settings(self, wrong) -> None:
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Bootstrap(**wrong)

    def test_no_images(self) -> None:
        with pytest.raises(ValueError, match="an image at least"):
            interval_of_sums(np.zeros((0, 3)), f1)
        with pytest.raises(ValueError, match="an image at least"):
            interval_of(lambda _: 0.0, 0)

    def test_rows_that_are_not_finite(self) -> None:
        with pytest.raises(ValueError, match="adds 0"):
            interval_of_sums([[1.0, math.nan]], lambda s: s[:, 0])

    def test_an_image_without_a_biopsy(self) -> None:
        with pytest.raises(ValueError, match="8 images but 7 biopsies"):
            interval_of_sums(COUNTS, f1, biopsies=list("aabbccd"))
