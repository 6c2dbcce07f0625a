"""The views beside the table of scores: what they show, and what a click on them does."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QPointF, Qt
from qtpy.QtWidgets import QFileDialog, QLabel, QWidget

from napari_slitseg.core.metrics import bland_altman, count_pixels
from napari_slitseg.core.points import PointTable
from napari_slitseg.pipelines.runs.device_queue import STATE_VARIABLE
from napari_slitseg.widgets._legend import Legend
from napari_slitseg.widgets._metrics_histogram import bin_edges
from napari_slitseg.widgets._metrics_memory import remember, remembered
from napari_slitseg.widgets._metrics_recall import threshold_of
from napari_slitseg.widgets._table import KEY
from napari_slitseg.widgets.metrics import MetricsDock

COUNTS = (2, 10, 1)
COUNTED = {
    "true positive": 39,
    "false positive": 23,
    "set aside": 4,
    "missed": 16,
    "matched": 39,
    "uncertain": 8,
}


@pytest.fixture(autouse=True)
def _own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))


@pytest.fixture
def bench(table, qtbot):
    """The Metrics dock alone, of a viewer without a window: quick to make."""
    table.metrics = MetricsDock(table.viewer)
    qtbot.addWidget(table.metrics)
    yield table
    table.metrics.curve.runner.cancel()


@pytest.fixture
def scored(bench, micrograph, predicted, qtbot):
    """Three images with two detections each, one of them right."""
    return filled(bench, micrograph, predicted, qtbot)


def filled(desk, micrograph, predicted, qtbot):
    desk.keys = []
    for count in COUNTS:
        yx = np.stack([np.arange(count) * 8 + 5, np.full(count, 20)], axis=1)
        key = desk.workspace.add_image(micrograph, annotation=PointTable.from_yx(yx))
        desk.workspace.set_prediction(key, predicted([[5, 22], [60, 60]], [0.9, 0.6]))
        desk.keys.append(key)
    desk.metrics.refresh()
    desk.workspace.open(desk.keys[0])
    wait(desk, qtbot)
    return desk


def wait(desk, qtbot) -> None:
    part = desk.metrics.curve
    qtbot.waitUntil(lambda: desk.metrics.is_up_to_date and not part.runner.is_busy, timeout=20_000)


def key_at(desk, row: int) -> int:
    return desk.metrics.sorted.index(row, 0).data(KEY)


def spot_of(plot, key: int):
    return next(spot for spot in plot.dots.points() if spot.data().key == key)


def test_dots_rows_and_images_go_together(scored, qtbot) -> None:
    """One viewer for many checks: they are quick, it is not."""
    check_count_plot(scored, qtbot)
    check_that_rows_stay_selected(scored, qtbot)
    check_other_plots(scored)
    check_without_images(scored, qtbot)


def check_count_plot(scored, qtbot) -> None:
    metrics, workspace, keys = scored.metrics, scored.workspace, scored.keys
    views, scores = metrics.views, metrics.scores
    assert views.isHidden()

    views.choose("counts")
    plot = views.counts
    assert not views.isHidden()
    places = {spot.data().key: (spot.pos().x(), spot.pos().y()) for spot in plot.dots.points()}
    assert places == {key: (count, 2) for key, count in zip(keys, COUNTS, strict=True)}
    assert plot.getAxis("bottom").labelText == "annotated slits"
    assert "2 found, 10 annotated" in spot_of(plot, keys[1]).data().text
    assert plot.ring.getData()[0].tolist() == [COUNTS[0]]

    plot.dots.sigClicked.emit(plot.dots, [spot_of(plot, keys[1])], None)
    assert workspace.current.key == keys[1]
    assert scores.selected == {keys[1]}
    qtbot.waitUntil(lambda: plot.ring.getData()[0].tolist() == [COUNTS[1]], timeout=5000)
    assert spot_of(plot, keys[1]).size() > spot_of(plot, keys[0]).size()

    scores.select({keys[0], keys[2]})
    assert spot_of(plot, keys[0]).size() == spot_of(plot, keys[2]).size()
    assert spot_of(plot, keys[1]).size() < spot_of(plot, keys[0]).size()


def check_that_rows_stay_selected(scored, qtbot) -> None:
    metrics, workspace, keys = scored.metrics, scored.workspace, scored.keys
    scores = metrics.scores
    workspace.set_tolerance(10)
    wait(scored, qtbot)
    assert scores.selected == {keys[0], keys[2]}
    removed = workspace.add_image(workspace.image(keys[0]))
    workspace.remove(removed)
    workspace.remove(keys[1])
    wait(scored, qtbot)
    qtbot.waitUntil(lambda: len(metrics.table.entries) == 2, timeout=5000)
    assert scores.selected == {keys[0], keys[2]}


def check_other_plots(scored) -> None:
    metrics, workspace, keys = scored.metrics, scored.workspace, scored.keys
    views, scores = metrics.views, metrics.scores
    views.choose("agreement")
    plot = views.agreement
    places = {spot.data().key: (spot.pos().x(), spot.pos().y()) for spot in plot.dots.points()}
    assert places == {keys[0]: (2, 0), keys[2]: (1.5, 1)}
    expected = bland_altman([2, 2], [2, 1])
    levels = [expected.bias, expected.lower_limit, expected.upper_limit]
    assert [line.value() for line in plot.lines] == pytest.approx(levels)

    views.choose("histogram")
    histogram = views.histogram
    histogram.choose("n_annotated")
    assert histogram.plot.heights.tolist() == [1, 1]
    assert histogram.plot.current == workspace.current.scores.n_annotated
    at = histogram.plot.getPlotItem().vb.mapViewToScene(QPointF(1, 0.5))
    histogram.plot.scene().sigMouseClicked.emit(SimpleNamespace(scenePos=lambda: at))
    assert scores.selected == {keys[2]}
    histogram.choose("membrane_dice")
    assert "2 of 2 images have no value" in histogram.note.text()


def check_without_images(scored, qtbot) -> None:
    views = scored.metrics.views
    for key in (scored.keys[0], scored.keys[2]):
        scored.workspace.remove(key)
    qtbot.waitUntil(views.isHidden, timeout=5000)
    views.choose("points")
    assert views.points.title.text() == "No image is open."


def test_the_dot_on_the_curve_is_the_threshold(scored, qtbot) -> None:
    metrics, workspace = scored.metrics, scored.workspace
    metrics.views.choose("recall")
    wait(scored, qtbot)
    plot = metrics.curve.recall
    qtbot.waitUntil(lambda: plot.points is not None, timeout=10_000)
    dot = plot.plot.dot
    threshold = workspace.current.prediction.threshold
    right, wrong, missed = plot.points.counts_at(threshold)
    assert (right, wrong, missed) == (3, 3, 10)
    assert (dot.pos().x(), dot.pos().y()) == pytest.approx((3 / 13, 0.5))

    dot.setPos(0.25, 0.97)  # as a drag does
    assert 0.6 < workspace.cut[0] <= 0.9
    assert (dot.pos().x(), dot.pos().y()) == pytest.approx((3 / 13, 1))
    assert "precision 1.00" in plot.note.text()
    wait(scored, qtbot)
    assert {entry.scores.false_positive for entry in workspace.entries} == {0}


def test_points_of_the_image_and_of_the_viewer_go_together(
    desk, micrograph, predicted, qtbot
) -> None:
    scored = filled(desk, micrograph, predicted, qtbot)
    metrics, viewer = scored.metrics, scored.viewer
    metrics.views.choose("points")
    part = metrics.views.points
    rows = part.rows
    qtbot.waitUntil(lambda: rows.rowCount() == 4, timeout=5000)

    def cells(row: int) -> list[str]:
        return [rows.index(row, column).data() for column in range(rows.columnCount())]

    assert cells(0) == ["True positive", "0.90", "2.0", "5.0", "22.0"]
    assert cells(1) == ["False positive", "0.60", "—", "60.0", "60.0"]
    assert [cells(row)[0] for row in (2, 3)] == ["Annotated, found", "Missed"]

    part.view.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert [cells(row)[1] for row in range(4)] == ["0.60", "0.90", "—", "—"]
    part._on_row(rows.index(0, 0))
    camera = getattr(viewer, "scene", viewer).camera
    layer = viewer.layers["detected slits"]
    assert tuple(camera.center)[-2:] == pytest.approx(tuple(layer.data_to_world((60, 60))))

    viewer.layers["annotated slits"].selected_data = {1}
    viewer.layers["annotated slits"].events.highlight()
    chosen = part.view.selectionModel().selectedRows()
    assert [cells(each.row())[0] for each in chosen] == ["Missed"]


def test_columns_are_chosen_and_remembered(scored, qtbot, tmp_path: Path) -> None:
    header, view = scored.metrics.scores.header, scored.metrics.view
    assert "chamfer_nm" in header.shown
    assert "membrane_dice" not in header.shown
    actions = {action.text(): action for action in header.menu().actions()}
    assert actions["Chamfer (nm)"].isChecked()
    actions["Chamfer (nm)"].trigger()
    actions["Chamfer (px)"].trigger()
    assert {"chamfer_px"} <= set(header.shown)
    assert "chamfer_nm" not in header.shown
    assert remembered("columns") == header.shown
    actions["Usual columns"].trigger()
    assert remembered("columns") is None

    truth = np.zeros((96, 80), bool)
    truth[10:20] = True
    maps = scored.workspace.entry(scored.keys[0]).prediction.membrane.copy()
    maps[15:25] = 1
    prediction = scored.workspace.entry(scored.keys[0]).prediction
    object.__setattr__(prediction, "membrane", maps)
    scored.workspace.update(scored.keys[0], membrane=truth)
    wait(scored, qtbot)
    assert "membrane_dice" in header.shown
    names = [column.name for column in scored.metrics.table.columns]
    number = names.index("membrane_dice")
    texts = {
        key_at(scored, row): scored.metrics.sorted.index(row, number).data() for row in range(4)
    }
    assert texts[scored.keys[0]] == "0.50" == f"{count_pixels(maps > 0.5, truth).dice:.2f}"
    assert texts[scored.keys[1]] == "—"
    assert texts[-1] == "0.50"
    scored.workspace.update(scored.keys[0], prediction=prediction.without_maps())
    assert scored.metrics.membranes.dice(scored.workspace.entry(scored.keys[0])) == 0.5
    assert not view.isColumnHidden(number)


def test_a_workbook_is_written_in_a_thread(scored, qtbot, tmp_path: Path, monkeypatch) -> None:
    export = scored.metrics.export
    path = tmp_path / "scores.xlsx"
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "scores"), "Workbook (*.xlsx)")
    )
    for _ in range(2):  # a workbook of ours is replaced
        export.click()
        qtbot.waitUntil(lambda: scored.metrics.message.text() == f"Wrote {path}.", timeout=20_000)
        qtbot.waitUntil(lambda: not export.runner.is_busy, timeout=20_000)
        scored.metrics.message.say("")
    sheets = pd.read_excel(path, sheet_name=None)
    assert sheets["Images"]["Annotated"].tolist() == list(COUNTS)
    assert sheets["Images"]["Image"].tolist() == ["scene", "scene (2)", "scene (3)"]
    assert sheets["Images"]["Review"].tolist() == ["open"] * 3
    kinds = sheets["Points"]["Match"].value_counts().to_dict()
    assert kinds == {"missed": 10, "true positive": 3, "false positive": 3, "matched": 3}

    path.write_text("mine")
    export.click()
    assert "would be replaced" in scored.metrics.message.text()
    assert path.read_text() == "mine"
    export.export(tmp_path / "scores.txt")
    assert "should end in .xlsx or .csv" in scored.metrics.message.text()


def test_numbers_of_the_legend_are_never_cut_off(qtbot) -> None:
    place = QWidget()
    qtbot.addWidget(place)
    legend = Legend()
    legend.setParent(place)
    for width, numbers in ((1200, 6), (290, 6), (240, 5)):
        legend.resize(width, 24)
        legend.show_counts(COUNTED)
        shown = [each for each in legend.findChildren(QLabel) if not each.isHidden()]
        assert legend.sizeHint().width() <= width
        assert len(shown) == numbers


# -- without a window


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3, 4, 4, 6], [2.5, 3.5, 4.5, 5.5, 6.5]),
        ([7], [6.5, 7.5]),
        ([0.5, 0.5], [0.0, 1.0]),
        ([], [0, 1]),
    ],
)
def test_bins(values, expected) -> None:
    assert bin_edges(np.array(values, float)).tolist() == expected


def test_bins_hold_every_value() -> None:
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=50), rng.integers(0, 500, 40).astype(float), rng.random(9)):
        edges = bin_edges(values)
        assert 2 <= len(edges) <= 23
        assert np.histogram(values, edges)[0].sum() == len(values)
        assert np.allclose(np.diff(edges), np.diff(edges)[0])


def test_a_step_of_the_curve_has_a_short_threshold() -> None:
    scores = np.array([0.9, 0.7012, 0.7011])
    assert threshold_of(scores, 0) == 0.8
    assert scores[2] < threshold_of(scores, 1) <= scores[1]
    assert 0 < threshold_of(scores, 2) <= scores[2]


def test_what_is_remembered_survives_nonsense(tmp_path: Path) -> None:
    remember("columns", ["f1"])
    assert remembered("columns") == ["f1"]
    file = tmp_path / "state" / "metrics-dock.json"
    file.write_text("[not json")
    assert remembered("columns") is None
    remember("view", "counts")
    assert (remembered("view"), remembered("columns")) == ("counts", None)
    remember("view", None)
    assert file.read_text() == "{}"
