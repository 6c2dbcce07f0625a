from __future__ import annotations

import math

import numpy as np
import pytest
from qtpy.QtCore import QRectF

from napari_slitseg.core.metrics import PrecisionRecall
from napari_slitseg.widgets._threshold_plot import Curves, ThresholdPlot, round_within

BOX = QRectF(0, 0, 100, 100)


def points(threshold, right, found, n_annotated) -> PrecisionRecall:
    return PrecisionRecall(
        np.array(threshold, float), np.array(right), np.array(found), n_annotated
    )


POINTS = points([0.9, 0.6, 0.2], [2, 3, 3], [2, 4, 9], 4)


@pytest.fixture
def plot(qtbot) -> ThresholdPlot:
    plot = ThresholdPlot()
    qtbot.addWidget(plot)
    plot.show_points(POINTS, 0.3, 2)
    return plot


@pytest.mark.parametrize("at", [0.0, 0.1, 0.2, 0.21, 0.5, 0.6, 0.75, 0.9, 0.95])
def test_the_curve_of_f1_is_level_between_scores(at) -> None:
    curves = Curves.of(POINTS)
    row = int(np.searchsorted(curves.threshold, at, side="left"))
    assert curves.values[0][row] == pytest.approx(POINTS.f1_at(at))


def test_precision_ends_where_nothing_is_found(plot) -> None:
    f1, precision, recall = (plot.plot.polygons(BOX, number) for number in range(3))
    assert [len(each) for each in (f1, precision, recall)] == [1, 1, 1]
    assert max(point.x() for point in precision[0]) == 90
    assert max(point.x() for point in recall[0]) == 100


def test_higher_figures_are_drawn_higher_and_within_the_box(plot) -> None:
    for number in range(3):
        [curve] = plot.plot.polygons(BOX, number)
        y = np.array([point.y() for point in curve])
        assert y.min() >= 0
        assert y.max() <= 100
    [recall] = plot.plot.polygons(BOX, 2)
    assert (np.diff([point.y() for point in recall]) >= 0).all()


def test_words_and_button(plot, qtbot) -> None:
    assert plot.note.text() == "Now F1 0.75; average precision 0.69; 2 images"
    assert plot.use.text() == "Use &best threshold 0.4: F1 0.75"
    assert not plot.use.isEnabled()
    plot.show_points(POINTS, 0.7, 1)
    with qtbot.waitSignal(plot.chosen) as caught:
        plot.use.click()
    assert caught.args == [0.4]
    assert "1 image" in plot.accessibleDescription()


def test_it_draws_itself(plot) -> None:
    plot.resize(320, 200)
    drawn = plot.grab().toImage()
    plot.say("Nothing.")
    assert not plot.plot.isVisibleTo(plot)
    assert plot.note.text() == "Nothing."
    assert plot.grab().toImage() != drawn


def test_nothing_annotated(plot) -> None:
    plot.show_points(points([0.5], [0], [3], 0), None, 1)
    assert plot.note.text() == "1 image"
    assert plot.best is not None
    assert plot.best > 0.5
    plot.grab()


@pytest.mark.parametrize(
    ("value", "lowest", "highest", "expected"),
    [
        (0.61549, 0.5, 0.7, 0.62),
        (0.61549, 0.612, 0.618, 0.615),
        (0.61549, 0.61548, 0.6155, 0.61549),
        (0.3, 0.3, 0.31, 0.3),
    ],
)
def test_thresholds_are_as_round_as_they_may_be(value, lowest, highest, expected) -> None:
    rounded = round_within(value, lowest, highest)
    assert rounded == expected
    assert math.isclose(rounded, value, abs_tol=0.005)


def test_a_curve_of_very_many_images_is_drawn_by_few_points_that_look_the_same(qtbot) -> None:
    rng = np.random.default_rng(0)
    n = 30_000
    score = np.sort(rng.random(n))[::-1]
    right = np.cumsum(rng.random(n) < 0.7)
    plot = ThresholdPlot()
    qtbot.addWidget(plot)
    plot.show_points(points(score, right, np.arange(1, n + 1), n), 0.3, 500)
    for number in range(3):
        drawn = np.array([(p.x(), p.y()) for part in plot.plot.polygons(BOX, number) for p in part])
        whole = np.column_stack([plot.plot.curves.threshold, 1 - plot.plot.curves.values[number]])
        assert len(drawn) < 1000
        for end in (np.nanmin, np.nanmax):
            assert extremes(drawn, end) == pytest.approx(extremes(100 * whole, end))


def extremes(places, end) -> list[float]:
    """Highest or lowest place of each of 100 columns; the last ones have few points."""
    column = np.floor(places[:, 0])
    return [end(places[column == each, 1]) for each in range(100)]
