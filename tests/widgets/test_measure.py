from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from openpyxl import load_workbook
from PIL import Image
from qtpy.QtWidgets import QApplication

from napari_slitseg.core.points import write_points
from napari_slitseg.jobs.measure import MeasureJob
from napari_slitseg.pipelines.measure import measure
from napari_slitseg.pipelines.measure_json import to_dict
from napari_slitseg.pipelines.measure_result import MeasureResult
from napari_slitseg.store import Project
from napari_slitseg.widgets._measure_colours import colours_of
from napari_slitseg.widgets._measure_make import CHOSEN, EXCLUDED, WIDTHS
from napari_slitseg.widgets._measure_result import result_of
from napari_slitseg.widgets.measure import MeasureDock
from napari_slitseg.widgets.open_workspace import inner
from tests.pipelines.dots import drain
from tests.widgets.measuring import ROW, SHAPE, slits, stripe, with_membrane

WAIT_MS = 20_000
BOX = np.array([[0.0, 20.0], [0.0, 50.0], [95.0, 50.0], [95.0, 20.0]])


@pytest.fixture
def bench(table, qtbot, monkeypatch):
    """The Measure dock alone, of a viewer without a window: quick to make, and it waits little."""
    for module, name in (
        ("running", "_LATER_MS"),
        ("running", "_NEWS_MS"),
        ("together", "_SOON_MS"),
    ):
        monkeypatch.setattr(f"napari_slitseg.widgets._measure_{module}.{name}", 20)
    table.measure = MeasureDock(table.viewer)
    qtbot.addWidget(table.measure)
    yield table
    end(table.measure)


def end(dock: MeasureDock) -> None:
    dock.measuring.stop()
    dock.together.stop()
    dock.report.runner.cancel()
    dock.methods.runner.cancel()


@pytest.fixture
def measured(bench, micrograph, qtbot):
    """Two images that were measured, and one that cannot be."""
    ones = {"membrane": stripe(), "annotation": slits((40,))}
    rows = ({"membrane": stripe(), "annotation": slits()}, ones, {})
    bench.keys = [bench.workspace.add_image(micrograph, **row) for row in rows]
    bench.workspace.open(bench.keys[0])
    bench.measure.refresh()
    bench.measure.controls.everything.click()
    settle(bench, qtbot)
    return bench


def settle(bench: SimpleNamespace, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.measure.is_up_to_date, timeout=WAIT_MS)


def column(dock: MeasureDock, title: str) -> list[str]:
    proxy = dock.images.table.sorted
    number = [c.title for c in dock.images.table.model.columns].index(title)
    return [proxy.index(row, number).data() for row in range(proxy.rowCount())]


def test_figures_are_told_with_their_definitions_and_none_is_not_a_number(measured, qtbot) -> None:
    dock, workspace = measured.measure, measured.workspace
    figures = dock.image.figures
    assert "250 nm" in figures.text("Foot process width")
    assert "3 on the membrane" in figures.text("Slits")
    hint = figures.labels["Foot process width"].toolTip()
    assert "Foot process width" in hint
    assert "Slits: annotation" in dock.image.sources.text()
    assert "10 nm per pixel" in dock.image.scale.text()
    assert column(dock, "Status") == ["✓ done", "✓ done", "✗ cannot"]
    assert column(dock, "FPW (nm)") == ["250", "—", "—"]

    workspace.set_scale(measured.keys[0], None)
    settle(measured, qtbot)
    assert "25.0 px" in figures.text("Foot process width")
    assert "nm" not in "".join(figures.text(each) for each in figures.labels)
    assert "not known" in dock.image.scale.text()

    workspace.open(measured.keys[1])
    settle(measured, qtbot)
    assert "—" in figures.text("Foot process width")
    assert "one slit" in figures.labels["Foot process width"].toolTip()
    workspace.open(measured.keys[2])
    dock.refresh()
    assert "Predict slits first, or draw the membrane in Review" in dock.image.title.text()
    told = [label.text() for label in figures.labels.values()]
    assert not any("nan" in text for text in told)


def test_measures_follow_what_changes(measured, predicted, qtbot) -> None:
    dock, workspace, keys = measured.measure, measured.workspace, measured.keys
    workspace.update(keys[0], annotation=slits((10, 30)))
    settle(measured, qtbot)
    assert "200 nm" in dock.image.figures.text("Foot process width")

    workspace.set_prediction(keys[2], with_membrane(predicted([[ROW, 10], [ROW, 40]], [0.9, 0.5])))
    settle(measured, qtbot)  # another image than the current one
    assert column(dock, "Slits")[2] == "2"
    workspace.set_cut(0.8, 60.0)
    settle(measured, qtbot)
    assert column(dock, "Slits")[2] == "1"


def test_intervals_of_the_image_and_of_the_table_go_together(measured, qtbot) -> None:
    dock, layers = measured.measure, measured.viewer.layers
    measures = dock.measurer.measured(measured.keys[0]).measures
    drawn = layers[WIDTHS]
    assert len(drawn.data)
    expected = colours_of([200.0, 300.0], 1000.0)
    for colour in expected:
        assert np.isclose(drawn.edge_color, colour, atol=0.02).all(axis=1).any()

    dock.in_image._on_click(ROW + 1.0, 45.0)  # between the slits at 30 and 60
    row = dock.intervals.view.selectionModel().selectedRows()[0]
    assert row.data() == "300 nm"
    assert len(layers[CHOSEN].data)
    told = [dock.intervals.table.sorted.index(number, 0).data() for number in range(4)]
    dock.intervals.view.selectRow(told.index("200 nm"))
    assert measured.viewer.scene.camera.center[1:] == pytest.approx((10 * ROW, 200), abs=10)
    assert measures.intervals.kind.tolist() == ["border", "measured", "measured", "border"]
    dock.in_image._on_click(5.0, 45.0)
    assert not dock.intervals.view.selectionModel().selectedRows()

    dock.controls.visible.setChecked(False)
    assert not layers[WIDTHS].visible
    dock.controls.visible.setChecked(True)
    n_layers, data = len(layers), layers[WIDTHS]
    measured.workspace.open(measured.keys[2])
    settle(measured, qtbot)
    assert layers[WIDTHS] is data
    assert not len(data.data)
    assert len(layers) == n_layers
    assert len(measured.workspace.entries) == 3  # no layer of ours was taken in as an image


def test_a_stretch_is_excluded_by_drawing_and_included_again(measured, qtbot) -> None:
    dock, layers, key = measured.measure, measured.viewer.layers, measured.keys[0]
    before = layers.selection.active
    dock.controls.exclude.click()
    layer = layers[EXCLUDED]
    assert layers.selection.active is layer
    assert str(layer.mode) == "add_polygon_lasso"
    layer.add([BOX], shape_type="polygon")
    settle(measured, qtbot)
    assert str(layer.mode) == "pan_zoom"
    assert layers.selection.active is before
    assert not dock.controls.exclude.isChecked()
    assert "1 excluded" in dock.image.figures.text("Slits")

    measured.workspace.open(measured.keys[1])
    settle(measured, qtbot)
    assert not len(layer.data)
    measured.workspace.open(key)
    settle(measured, qtbot)
    assert np.array_equal(layer.data[0], BOX)

    dock.in_image._on_click(10.0, 30.0)
    assert dock.in_image.lasso.chosen == 0
    dock.controls.include.click()
    settle(measured, qtbot)
    assert "3 on the membrane" in dock.image.figures.text("Slits")
    dock.controls.undo.click()
    settle(measured, qtbot)
    assert len(layer.data) == 1
    layer.selected_data = {0}
    layer.remove_selected()  # with napari's own tools
    settle(measured, qtbot)
    assert dock.measurer.kept.excluded(key) == ()


def test_biopsies_are_written_rolled_up_and_compared(measured, qtbot) -> None:
    dock = measured.measure
    model = dock.images.table.model
    numbers = {c.title: n for n, c in enumerate(model.columns)}
    for row, (biopsy, group) in enumerate((("B1", "control"), ("B2", "diseased"))):
        assert model.setData(model.index(row, numbers["Biopsy"]), biopsy)
        assert model.setData(model.index(row, numbers["Group"]), group)
    dock.tabs.setCurrentWidget(dock.units)
    settle(measured, qtbot)
    units = dock.units.table.sorted
    assert [units.index(row, 0).data() for row in range(2)] == ["B1", "B2"]
    dock.views.choice.setCurrentIndex(2)
    settle(measured, qtbot)
    assert [name for name, *_ in dock.views.groups.groups] == ["control"]
    dock.views.figure.setCurrentIndex(1)
    assert [name for name, *_ in dock.views.groups.groups] == ["control", "diseased"]
    assert "control (1 biopsy)" in dock.views.note.toolTip()
    dock.views.choice.setCurrentIndex(1)
    assert dock.views.settling.settled.name == "B1"


def test_a_report_is_written_in_a_thread_and_methods_are_copied(
    measured, qtbot, tmp_path: Path
) -> None:
    dock = measured.measure
    dock.report.write(tmp_path / "measures.xlsx")
    qtbot.waitUntil(lambda: not dock.report.runner.is_busy, timeout=WAIT_MS)
    assert "Wrote" in dock.message.text()
    assert load_workbook(tmp_path / "measures.xlsx").sheetnames
    (tmp_path / "theirs.xlsx").write_text("not ours")
    dock.report.write(tmp_path / "theirs.xlsx")
    qtbot.waitUntil(lambda: not dock.report.runner.is_busy, timeout=WAIT_MS)
    assert (tmp_path / "theirs.xlsx").read_text() == "not ours"
    assert dock.message.text().startswith("⚠ Not written.")
    dock.report.write(tmp_path / "report.docx")
    assert "no kind of report" in dock.message.text()
    assert not (tmp_path / "report.docx").exists()
    dock.methods.click()
    qtbot.waitUntil(lambda: not dock.methods.runner.is_busy, timeout=WAIT_MS)
    assert "Foot process width" in QApplication.clipboard().text()


def test_a_blinded_reading_hides_every_measure(measured, qtbot) -> None:
    dock = measured.measure
    measured.workspace.blind = SimpleNamespace(
        in_order=lambda entries: entries, seen=lambda entry: entry, has=lambda key: True
    )
    dock.refresh()
    assert "hidden" in dock.empty.text()
    assert dock.split.isHidden()
    assert not len(measured.viewer.layers[WIDTHS].data)
    assert not dock.images.table.model.entries
    assert not dock.report.isEnabled()
    measured.workspace.blind = None


def test_the_dock_of_a_real_window_keeps_what_is_said(desk, tmp_path: Path, qtbot) -> None:
    for name in ("a", "b"):
        Image.fromarray(np.zeros(SHAPE, np.uint8)).save(tmp_path / f"{name}.png")
        Image.fromarray(stripe().astype(np.uint8) * 255).save(tmp_path / f"{name}_membrane.png")
        write_points(tmp_path / f"{name}.csv", slits())
    (tmp_path / "samples.csv").write_text("image,biopsy,group\na,B1,x\nb,B2,y\n")
    dock = inner(desk.viewer, "Measure")
    desk.measure = dock
    assert dock.empty.isVisibleTo(dock)
    desk.load.open_paths(sorted(tmp_path.glob("?.png")))
    qtbot.waitUntil(lambda: not desk.load.runner.is_busy, timeout=WAIT_MS)
    dock.samples.from_table(tmp_path / "samples.csv")
    qtbot.waitUntil(dock.controls.everything.isEnabled, timeout=WAIT_MS)
    dock.controls.everything.click()
    settle(desk, qtbot)
    assert column(dock, "Biopsy") == ["B1", "B2"]
    dock.measurer.set_excluded(desk.workspace.current.key, (BOX,))
    dock.keeper.set_review(desk.workspace.current.key, "done")
    settle(desk, qtbot)
    ours = result_of(dock.to_report())
    end(dock)
    desk.measure.keeper.close()
    with Project.open(tmp_path) as project:
        assert sorted(each.biopsy for each in project.samples().values()) == ["B1", "B2"]
        assert len(project.excluded()) == 1
    theirs = drain(measure(MeasureJob(project=tmp_path, predict=False)))[1]
    assert told_by(ours) == told_by(theirs)


def told_by(result: MeasureResult) -> dict[str, object]:
    """What a report says, but for when and from where it was written."""
    plain = to_dict(replace(result, rollups=None, job={}, date="", versions={}))
    methods = re.sub(r"\(Python [^)]*\)", "", result.methods)
    units = [
        (unit.level, unit.name, name, each.mean.value, each.mean.low, each.mean.high)
        for unit in result.rollups.units
        for name, each in unit.estimates.items()
    ]
    return json.loads(json.dumps(plain | {"methods": methods, "units": units}))
