from __future__ import annotations

import csv
import errno
import hashlib
import math
import os
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from napari_slitseg.core.metrics.columns import COLUMNS
from napari_slitseg.core.metrics.result import EvaluationResult
from napari_slitseg.core.points import PointTable
from napari_slitseg.pipelines.runs.device_queue import STATE_VARIABLE
from napari_slitseg.widgets._export import Scores, result_of
from napari_slitseg.widgets._table import KEY, SORT, Column, EntryTable, SummaryLast
from napari_slitseg.widgets.metrics import MetricsDock


@pytest.fixture(autouse=True)
def _own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered from other tests, or by the person who runs them."""
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))


@pytest.fixture
def bench(table, qtbot):
    """The Metrics dock alone, of a viewer without a window: quick to make."""
    table.metrics = MetricsDock(table.viewer)
    qtbot.addWidget(table.metrics)
    yield table
    table.metrics.curve.runner.cancel()


@pytest.fixture
def scored(bench, micrograph, predicted):
    """Three images of which one, two and ten slits are annotated, one of them found."""
    bench.keys = []
    for count in (2, 10, 1):
        yx = np.stack([np.arange(count) * 8 + 5, np.full(count, 20)], axis=1)
        key = bench.workspace.add_image(micrograph, annotation=PointTable.from_yx(yx))
        bench.workspace.set_prediction(key, predicted([[5, 22]]))
        bench.keys.append(key)
    bench.metrics.refresh()
    return bench


def column(desk, title: str) -> list[str]:
    view = desk.metrics.sorted
    number = [c.title for c in desk.metrics.table.columns].index(title)
    return [view.index(row, number).data() for row in range(view.rowCount())]


def sort(desk, title: str, order: Qt.SortOrder) -> None:
    number = [c.title for c in desk.metrics.table.columns].index(title)
    desk.metrics.view.sortByColumn(number, order)


def check_pooled(metrics) -> None:
    told, hint = metrics.pooled.text(), metrics.pooled.toolTip()
    assert metrics.sorted.index(3, 5).data(Qt.ItemDataRole.ToolTipRole) == hint
    assert "Pooled over 3 images, with 95 % intervals" in told
    assert "From 3 images an interval is rough" in told
    result = result_of(metrics.to_export())
    for name, title, digits in (
        ("f1", "F1", 2),
        ("precision", "precision", 2),
        ("recall", "recall", 2),
        ("mean_image_chamfer_nm", "mean Chamfer", 1),
    ):
        expected = result.figure(name)
        unit = " nm" if name.endswith("nm") else ""
        value = f"{title} <b>{expected.value:.{digits}f}{unit}</b>"
        ends = f" ({expected.low:.{digits}f} to {expected.high:.{digits}f})"
        assert value in told
        assert f"{expected.value:.4g}" in hint
        if not math.isnan(expected.low):
            assert value + ends in told
            assert f"{expected.low:.4g} to {expected.high:.4g}" in hint


def test_the_table_of_scores(scored, qtbot, tmp_path: Path) -> None:
    metrics, workspace = scored.metrics, scored.workspace
    assert column(scored, "F1") == ["0.18", "0.67", "1.00", "0.38"]  # worst first
    assert column(scored, "Annotated") == ["10", "2", "1", "13"]
    assert column(scored, "Point loss") == ["729", "1", "0", "mean 243.3"]
    assert column(scored, "Image")[-1] == "3 images pooled"
    assert column(scored, "Offset (nm)") == ["20.0"] * 4
    qtbot.waitUntil(lambda: metrics.is_up_to_date, timeout=5000)
    check_pooled(metrics)

    sort(scored, "Annotated", Qt.SortOrder.AscendingOrder)
    assert column(scored, "Annotated") == ["1", "2", "10", "13"]
    sort(scored, "Annotated", Qt.SortOrder.DescendingOrder)
    assert column(scored, "Annotated") == ["10", "2", "1", "13"]

    workspace.open(scored.keys[0])
    metrics._on_row(metrics.sorted.index(0, 0))
    assert workspace.current.key == scored.keys[1]
    metrics._on_row(metrics.sorted.index(3, 0))  # the summary opens nothing
    assert workspace.current.key == scored.keys[1]

    metrics.tolerance.setValue(10)
    assert workspace.entry(scored.keys[1]).scores.true_positive == 0
    qtbot.waitUntil(lambda: column(scored, "True pos.") == ["0", "0", "0", "0"], timeout=5000)

    metrics.export.export(tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["n_annotated"] for row in rows] == ["2", "10", "1"]
    assert float(rows[0]["tolerance_nm"]) == 10
    assert [row["localisation_nm"] for row in rows] == [""] * 3
    assert {row["notice"] for row in rows} == {""}
    metrics.export.export(tmp_path / "no such folder" / "scores.csv")
    assert "could not be written" in metrics.message.text()

    for key in scored.keys:
        workspace.remove(key)
    qtbot.waitUntil(lambda: metrics.view.isHidden() and not metrics.empty.isHidden(), timeout=5000)
    assert not metrics.export.isEnabled()


def test_the_export_says_how_it_was_made(scored, tmp_path: Path) -> None:
    scored.metrics.export.export(tmp_path / "scores.csv")
    read = EvaluationResult.from_json((tmp_path / "scores.json").read_text())
    assert read.provenance.model_sha256 == "ab" * 32
    assert read.provenance.detector["name"] == "peaks"
    assert read.provenance.tolerance_nm == 50
    assert [image.scores for image in read.images] == [e.scores for e in scored.workspace.entries]
    with (tmp_path / "scores_pooled.csv").open() as file:
        pooled = list(csv.DictReader(file))
    assert {row["how"] for row in pooled} == {"pooled", "mean over images", "mean over pairs"}


def test_an_export_that_fails_is_told_and_leaves_the_old_file(
    scored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    scored.metrics.export.export(path)
    assert "No space left on device" in scored.metrics.message.text()
    assert "untouched" in scored.metrics.message.text()
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["scores.csv"]


def test_an_unknown_pixel_size_is_marked_and_nothing_is_told_in_nm(
    bench, micrograph, predicted, tmp_path: Path
) -> None:
    truth = PointTable.from_yx([[10, 20]])
    sizes = (10.0, None)
    for size in sizes:
        key = bench.workspace.add_image(micrograph.with_pixel_size(size), annotation=truth)
        bench.workspace.set_prediction(key, predicted([[10, 22]], pixel_size_nm=8))
    bench.metrics.refresh()
    assert column(bench, "Image") == [
        "scene",
        "scene (assumed 8 nm/px)",
        "1 of 2 images pooled",
    ]
    assert column(bench, "Chamfer (nm)")[:2] == ["20.0", "2.0 px"]
    assert column(bench, "Offset (nm)")[:2] == ["20.0", "2.0 px"]
    hint = bench.metrics.sorted.index(1, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "Type the pixel size in Load images" in hint
    assert "6.25 px" in hint

    bench.metrics.export.export(tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open() as file:
        known, unknown = csv.DictReader(file)
    assert [name for name in unknown if name.endswith("_nm") and unknown[name]] == []
    assert unknown["tolerance_px"] == "6.25"
    assert "8 nm/px was assumed" in unknown["notice"]
    assert (known["pixel_size_nm"], known["notice"]) == ("10.0", "")


def test_every_column_says_what_it_means_as_all_tables_do(scored) -> None:
    known = {column.title: column.meaning for column in COLUMNS.values()}
    columns = {each.title: each.tooltip for each in scored.metrics.table.columns[1:]}
    assert "open, in progress or done" in columns.pop("Review")
    for title, tooltip in columns.items():
        assert tooltip.startswith(known[title])


def test_the_export_leaves_files_of_others_alone(scored, tmp_path: Path) -> None:
    for name in ("scores.json", "scores_pooled.csv"):
        other = tmp_path / name
        other.write_text('{"mine": 1}')
        scored.metrics.export.export(tmp_path / "scores.csv")
        assert f"{other} would be replaced" in scored.metrics.message.text()
        assert not (tmp_path / "scores.csv").exists()
        other.unlink()


def test_an_annotation_that_was_edited_has_no_fingerprint(
    bench, micrograph, predicted, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("axis-0,axis-1\n5,20\n")
    truth = PointTable.from_yx([[5, 20]])
    for edited in (False, True):
        key = bench.workspace.add_image(
            micrograph, annotation=truth, annotation_path=file, edited=edited
        )
        bench.workspace.set_prediction(key, predicted([[5, 22]]))
    saved, edited = result_of(Scores(bench.workspace.entries)).images
    assert saved.annotation_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (edited.annotation_sha256, saved.notice) == ("", "")
    assert "not saved" in edited.notice


# -- the curve


@pytest.fixture
def curved(bench, micrograph, predicted, qtbot):
    """Two images with right slits of high and wrong ones of low score; the curve is open."""
    return with_a_curve(bench, micrograph, predicted, qtbot)


def with_a_curve(desk, micrograph, predicted, qtbot):
    for shift in (0, 1):
        yx = np.array([[10, 10], [30, 30], [50, 50], [70, 10], [80, 60]], float)
        key = desk.workspace.add_image(micrograph, annotation=PointTable.from_yx(yx[:3] + shift))
        score = np.array([0.95, 0.9, 0.72 - 0.02 * shift, 0.6, 0.45])
        desk.workspace.set_prediction(key, predicted(yx, score))
    desk.workspace.set_cut(0.4, 60)
    desk.workspace.open(desk.workspace.entries[0].key)
    desk.metrics.views.choose("threshold")
    wait_for_the_curve(desk, qtbot)
    return desk


def wait_for_the_curve(desk, qtbot) -> None:
    curve = desk.metrics.curve
    qtbot.waitUntil(lambda: desk.metrics.is_up_to_date and not curve.runner.is_busy, timeout=10_000)
    desk.metrics.refresh()
    qtbot.waitUntil(lambda: not curve.runner.is_busy, timeout=10_000)


def test_the_best_threshold_is_one_click_away(desk, micrograph, predicted, qtbot) -> None:
    """One window for many checks: they are quick, it is not."""
    curved = with_a_curve(desk, micrograph, predicted, qtbot)
    part, workspace = curved.metrics.curve, curved.workspace
    assert part.plot.best == 0.65
    assert "average precision 1.00; 2 images" in part.plot.note.text()
    assert "Now F1 0.75" in part.plot.note.text()
    assert part.plot.use.text().endswith("0.65: F1 1.00")
    assert part.plot.plot.current == 0.4
    ranked = dict(part.ranks.by_key)

    part.plot.use.click()
    assert workspace.cut == (0.65, 60)
    assert curved.predict.threshold.value() == 0.65
    assert curved.predict.slider.value() == 65
    curved.predict.distance.setValue(61)
    assert workspace.cut == (0.65, 61)
    curved.predict.distance.setValue(60)
    wait_for_the_curve(curved, qtbot)
    assert column(curved, "F1") == ["1.00"] * 3
    assert part.plot.plot.current == 0.65
    assert not part.plot.use.isEnabled()
    assert part.ranks.by_key == ranked  # a threshold needs no new comparison
    assert "1.00" in curved.metrics.pooled.text()

    workspace.set_tolerance(5)
    wait_for_the_curve(curved, qtbot)
    assert part.ranks.by_key != ranked
    assert part.plot.best != 0.65

    workspace.set_tolerance(50)
    first = workspace.entries[0]
    workspace.update(first.key, annotation=PointTable.from_yx([[80, 60]]))
    wait_for_the_curve(curved, qtbot)
    assert "average precision 1.00" not in part.plot.note.text()
    workspace.remove(first.key)
    qtbot.waitUntil(lambda: "1 image" in part.plot.note.text(), timeout=10_000)
    assert column(curved, "Image")[-1] == "1 image pooled"

    check_that_views_hide(curved, qtbot)


def check_that_views_hide(curved, qtbot) -> None:
    views, workspace = curved.metrics.views, curved.workspace
    views.choose("table")
    assert views.isHidden()
    views.choose("threshold")
    assert not views.isHidden()
    workspace.remove(workspace.entries[0].key)
    qtbot.waitUntil(views.isHidden, timeout=5000)


def test_no_candidates_are_told(bench, micrograph, predicted, qtbot) -> None:
    key = bench.workspace.add_image(micrograph, annotation=PointTable.from_yx([[10, 10]]))
    bench.workspace.set_prediction(key, predicted([]))
    bench.metrics.views.choose("threshold")
    wait_for_the_curve(bench, qtbot)
    assert "proposes no slit" in bench.metrics.curve.plot.note.text()
    assert bench.metrics.curve.plot.use.isHidden()


def test_a_comparison_that_fails_is_told_and_not_repeated(curved, qtbot, monkeypatch) -> None:
    part, calls = curved.metrics.curve, []

    def fail(*_):
        calls.append(1)
        raise ValueError("no such thing")
        yield

    monkeypatch.setattr("napari_slitseg.widgets._curve_part.rank_all", fail)
    with qtbot.captureExceptions():  # superqt raises it in the event loop as well
        curved.workspace.set_tolerance(40)
        wait_for_the_curve(curved, qtbot)
        qtbot.waitUntil(lambda: part.plot.note.text() == "no such thing", timeout=5000)
    assert calls == [1]


class Row:
    """Stands for an image."""

    def __init__(self, key: int, value: object) -> None:
        self.key = key
        self.value = value


@pytest.fixture
def proxy(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    model = EntryTable([Column("Value", "", lambda row: row.value)], parent)
    proxy = SummaryLast(parent)
    proxy.setSourceModel(model)
    proxy.table, proxy.keep = model, parent
    return proxy


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Qt.SortOrder.AscendingOrder, [2, 9, 10, None, 1000]),
        (Qt.SortOrder.DescendingOrder, [10, 9, 2, None, 1000]),
    ],
)
def test_numbers_are_sorted_as_numbers_and_blanks_and_the_summary_stay_last(
    proxy, order, expected
) -> None:
    rows = [Row(key, value) for key, value in enumerate((10, None, 2, 9))]
    proxy.table.show(rows, 0, Row(-1, 1000))
    proxy.sort(0, order)
    values = [proxy.index(row, 0).data(SORT) for row in range(proxy.rowCount())]
    assert values == expected
    assert proxy.index(3, 0).data() == "—"
    assert proxy.index(4, 0).data(KEY) == -1


def test_not_a_number_counts_as_blank(proxy) -> None:
    proxy.table.show([Row(0, float("nan")), Row(1, 0.5)], None)
    proxy.sort(0, Qt.SortOrder.DescendingOrder)
    assert [proxy.index(row, 0).data() for row in range(2)] == ["0.5", "—"]


def test_new_values_leave_selection_and_place_alone(proxy) -> None:
    proxy.table.show([Row(0, 1), Row(1, 2)], None)
    resets = []
    proxy.table.modelReset.connect(lambda: resets.append(1))
    proxy.table.show([Row(0, 5), Row(1, 6)], None)
    assert not resets
    proxy.table.show([Row(0, 5)], None)
    assert resets == [1]


def test_views_hear_only_of_rows_that_look_different(proxy) -> None:
    told = []
    proxy.table.dataChanged.connect(lambda first, last: told.append((first.row(), last.row())))
    proxy.table.show([Row(0, 5), Row(1, 6), Row(2, 7)], None)
    proxy.table.show([Row(0, 5), Row(1, 6), Row(2, 7)], None)
    assert told == []
    proxy.table.show([Row(0, 5), Row(1, 8), Row(2, 7)], None)
    assert told == [(1, 1)]
