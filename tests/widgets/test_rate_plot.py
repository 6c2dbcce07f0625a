from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QRectF
from qtpy.QtGui import QColor

from napari_slitseg.core.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    OneCycle,
    ReduceOnPlateau,
    Step,
)
from napari_slitseg.widgets._rate_plot import RatePlot, round_numbers
from napari_slitseg.widgets._style import BLUE, SKY_BLUE

BOX = QRectF(0, 0, 100, 100)


def drawn(plot: RatePlot) -> np.ndarray:
    points = plot.curve.polygon(BOX)
    return np.array([(point.x(), point.y()) for point in points])


@pytest.fixture
def plot(qtbot) -> RatePlot:
    plot = RatePlot()
    qtbot.addWidget(plot)
    return plot


@pytest.mark.parametrize("is_log", [False, True])
@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 12345])
def test_curves_stay_in_the_box(plot: RatePlot, name: str, steps: int, is_log: bool) -> None:
    plot.log.setChecked(is_log)
    plot.setValue(SCHEDULES[name](), steps)
    points = drawn(plot)
    assert points.min() >= -1e-9
    assert points.max() <= 100 + 1e-9
    assert plot.grab().width() > 0


def test_a_higher_rate_is_drawn_higher_and_a_later_step_further_right(plot: RatePlot) -> None:
    plot.setValue(Cosine(warm_up=0.0), 100)
    x, y = drawn(plot).T
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) > 0).all()
    assert (x[0], x[-1]) == (0, 100)


def test_equal_ratios_are_equal_distances_on_a_logarithmic_axis(plot: RatePlot) -> None:
    plot.setValue(Step(drops=(0.3, 0.6)), 100)
    heights = sorted(set(drawn(plot)[:, 1].round(6)))
    assert heights[2] - heights[1] < (heights[1] - heights[0]) / 5
    plot.log.setChecked(True)
    heights = sorted(set(drawn(plot)[:, 1].round(6)))
    assert heights[2] - heights[1] == pytest.approx(heights[1] - heights[0], abs=1e-5)


def test_ticks_are_round_numbers(plot: RatePlot) -> None:
    plot.setValue(Cosine(rate=3e-4), 100)
    assert plot.curve.ticks() == pytest.approx([0, 1e-4, 2e-4, 3e-4])
    plot.log.setChecked(True)
    plot.setValue(OneCycle(), 100)
    ticks = np.log10(plot.curve.ticks())
    assert 2 <= len(ticks) <= 5
    np.testing.assert_allclose(ticks, ticks.round(), atol=1e-9)


@pytest.mark.parametrize(
    ("high", "wanted"), [(1, [0, 0.5, 1]), (12000, [0, 5000, 10000]), (100, [0, 50, 100])]
)
def test_round_numbers(high: float, wanted: list[float]) -> None:
    assert round_numbers(high) == pytest.approx(wanted)


def test_the_course_is_told_in_words(plot: RatePlot) -> None:
    plot.setValue(Constant(rate=3.5e-06), 480)
    told = "480 steps: begins at 3.5e-06, at most 3.5e-06, ends at 3.5e-06"
    assert plot.accessibleDescription() == told


def test_a_plateau_is_said_to_be_an_example(plot: RatePlot) -> None:
    plot.setValue(Constant(), 480)
    assert not plot.note.isVisibleTo(plot)
    plot.setValue(ReduceOnPlateau(), 4800, steps_per_epoch=48)
    assert plot.note.isVisibleTo(plot)
    assert plot.note.text() == "If no epoch of 48 steps improves the loss."


def test_a_training_without_steps_has_no_plot(plot: RatePlot) -> None:
    with pytest.raises(ValueError, match="0 steps"):
        plot.setValue(Constant(), 0)


def colours_of(plot: RatePlot) -> set[str]:
    image = plot.curve.grab().toImage()
    return {
        QColor(image.pixel(x, y)).name().upper()
        for x in range(0, image.width(), 2)
        for y in range(image.height())
    }


def test_the_curve_suits_both_themes(make_napari_viewer_proxy, qtbot) -> None:
    viewer = make_napari_viewer_proxy(show=True).__wrapped__
    plot = RatePlot()
    viewer.window.add_dock_widget(plot, name="Rates")
    plot.setValue(Constant(), 100)
    for theme, curve, ink in (("dark", SKY_BLUE, 0.7), ("light", BLUE, 0.3)):
        viewer.theme = theme
        qtbot.wait(20)
        assert curve in colours_of(plot)
        text = plot.curve.palette().color(plot.curve.foregroundRole()).lightnessF()
        assert text > ink if theme == "dark" else text < ink
