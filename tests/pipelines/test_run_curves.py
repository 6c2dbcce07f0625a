from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_slitseg.events import Alarm, EpochDone
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.inputs import read_pixel_sizes
from napari_slitseg.pipelines.runs.curves import (
    settled_range,
    smoothed,
    standing_alarms,
    thinned,
    time_text,
)
from napari_slitseg.pipelines.runs.sizes import keep_pixel_sizes


def test_smoothing_keeps_gaps_and_is_a_mean_of_what_came_before() -> None:
    values = [4.0, np.nan, 0.0, 0.0]
    found = smoothed(values, 0.5)
    assert np.isnan(found).tolist() == [False, True, False, False]
    np.testing.assert_allclose(found[[0, 2, 3]], [4, 4 / 3, 4 / 7])
    np.testing.assert_array_equal(smoothed(values, 0), values)
    np.testing.assert_allclose(smoothed(np.full(50, 3.0), 0.97), 3.0)
    assert len(smoothed([], 0.9)) == 0
    assert np.isnan(smoothed([np.nan, np.nan], 0.9)).all()
    with pytest.raises(ValueError, match="from 0 to below 1"):
        smoothed(values, 1.0)


def test_more_memory_smooths_more() -> None:
    noise = np.random.default_rng(0).normal(size=500)
    spread = [smoothed(noise, memory)[100:].std() for memory in (0, 0.5, 0.9, 0.99)]
    assert spread == sorted(spread, reverse=True)


def test_a_thinned_curve_keeps_its_ends_and_extremes_in_order() -> None:
    x = np.arange(100_000.0)
    y = np.random.default_rng(0).normal(size=len(x))
    y[31_234], y[77_777], y[500:900] = 99, -99, np.nan
    thin_x, thin_y = thinned(x, y, 300)
    assert len(thin_x) <= 602
    assert (np.diff(thin_x) > 0).all()
    assert {0, 31_234, 77_777, 99_999} <= set(thin_x.tolist())
    np.testing.assert_array_equal(thin_y, y[thin_x.astype(int)])


def test_a_short_curve_stays_as_it_is() -> None:
    x, y = thinned([1, 2, 3], [5, np.nan, 7], 300)
    assert x.tolist() == [1, 2, 3]
    assert y.tolist()[::2] == [5, 7]
    assert [len(each) for each in thinned([], [], 10)] == [0, 0]


def test_a_curve_of_gaps_is_thinned_to_gaps() -> None:
    _, y = thinned(np.arange(1000.0), np.full(1000, np.nan), 20)
    assert np.isnan(y).all()


def test_a_first_value_that_dwarfs_the_rest_does_not_set_the_range() -> None:
    assert settled_range([[160.0, 2, 1, 3], [0.5, np.nan]]) == (0.5, 3)
    assert settled_range([[4.0, 2, 1, 3]]) == (1, 4)
    assert settled_range([[160.0, 2]]) == (2, 160)
    assert settled_range([[], [np.nan]]) is None
    assert settled_range([]) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (20, "less than a minute"),
        (60, "1 min"),
        (600, "10 min"),
        (7200, "2.0 h"),
        (86_400 * 3, "3 days"),
    ],
)
def test_a_length_of_time_in_words(seconds: float | None, text: str) -> None:
    assert time_text(seconds) == text


def test_pixel_sizes_are_kept_once_and_can_be_read(tmp_path: Path) -> None:
    sizes = {Path("x/a.tif"): 3.25, Path("y/b.tif"): 10.0, Path("c.tif"): None}
    path = keep_pixel_sizes(tmp_path / "runs", sizes)
    assert keep_pixel_sizes(tmp_path / "runs", sizes) == path
    assert read_pixel_sizes(path) == {"a.tif": 3.25, "b.tif": 10.0}
    with pytest.raises(JobError, match=r"called a\.tif"):
        keep_pixel_sizes(tmp_path, {Path("x/a.tif"): 1.0, Path("y/a.tif"): 2.0})
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match="cannot be written"):
        keep_pixel_sizes(tmp_path / "file", sizes)


@pytest.mark.parametrize(
    ("best", "fixed", "names"),
    [
        (0.9, 0.6, ["disk"]),
        (0.9, 0.4, ["erasure", "disk"]),
        (0.4, 0.9, ["erasure", "disk"]),
        (0.9, None, ["erasure", "disk"]),
    ],
)
def test_an_alarm_of_erasure_stands_until_slits_are_found_again(
    best: float, fixed: float | None, names: list[str]
) -> None:
    alarms = [Alarm(name="erasure", text="gone", epoch=2), Alarm(name="disk", text="full")]
    scores = {"count_ratio": best, "fixed_count_ratio": fixed}
    epochs = [
        EpochDone(epoch=2, step=2, total_epochs=9, scores={"count_ratio": 0.1}),
        EpochDone(epoch=3, step=3, total_epochs=9, scores=scores),
    ]
    assert [each.name for each in standing_alarms(alarms, epochs)] == names
    assert standing_alarms(alarms, []) == tuple(alarms)
