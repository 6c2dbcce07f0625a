from __future__ import annotations

import csv
import errno
import os
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from napari_slitseg.core.points import PointTable
from napari_slitseg.widgets._table import KEY, SORT, Column, EntryTable, SummaryLast


@pytest.fixture
def scored(desk, micrograph, predicted):
    """Three images of which one, two and ten slits are annotated, one of them found."""
    desk.keys = []
    for count in (2, 10, 1):
        yx = np.stack([np.arange(count) * 8 + 5, np.full(count, 20)], axis=1)
        key = desk.workspace.add_image(micrograph, annotation=PointTable.from_yx(yx))
        desk.workspace.set_prediction(key, predicted([[5, 22]]))
        desk.keys.append(key)
    desk.metrics.refresh()
    return desk


def column(desk, title: str) -> list[str]:
    view = desk.metrics.sorted
    number = [c.title for c in desk.metrics.table.columns].index(title)
    return [view.index(row, number).data() for row in range(view.rowCount())]


def sort(desk, title: str, order: Qt.SortOrder) -> None:
    number = [c.title for c in desk.metrics.table.columns].index(title)
    desk.metrics.view.sortByColumn(number, order)


def test_the_table_of_scores(scored, qtbot, tmp_path: Path) -> None:
    """One viewer for many checks: they are quick, it is not."""
    metrics, workspace = scored.metrics, scored.workspace
    assert column(scored, "Annotated") == ["2", "10", "1", "13"]
    assert column(scored, "Point loss") == ["1", "729", "0", "mean 243.3"]
    assert column(scored, "Image")[-1] == "3 images pooled"
    assert column(scored, "Offset (nm)") == ["20.0"] * 4

    sort(scored, "Annotated", Qt.SortOrder.AscendingOrder)
    assert column(scored, "Annotated") == ["1", "2", "10", "13"]
    sort(scored, "Annotated", Qt.SortOrder.DescendingOrder)
    assert column(scored, "Annotated") == ["10", "2", "1", "13"]

    workspace.open(scored.keys[0])
    metrics._on_row(metrics.sorted.index(0, 0))
    assert workspace.current.key == scored.keys[1]
    metrics._on_row(metrics.sorted.index(3, 0))
    assert workspace.current.key == scored.keys[1]

    metrics.tolerance.setValue(10)
    assert workspace.entry(scored.keys[1]).scores.true_positive == 0
    qtbot.waitUntil(lambda: column(scored, "True pos.") == ["0", "0", "0", "0"], timeout=5000)

    metrics.export_csv(tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["n_annotated"] for row in rows] == ["2", "10", "1"]
    assert float(rows[0]["tolerance_nm"]) == 10
    assert [row["localisation_nm"] for row in rows] == [""] * 3
    assert {row["notice"] for row in rows} == {""}
    metrics.export_csv(tmp_path / "no such folder" / "scores.csv")
    assert "could not be written" in metrics.message.text()

    for key in scored.keys:
        workspace.remove(key)
    qtbot.waitUntil(lambda: metrics.view.isHidden() and not metrics.empty.isHidden(), timeout=5000)
    assert not metrics.export.isEnabled()


def test_an_export_that_fails_is_told_and_leaves_the_old_file(
    scored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    scored.metrics.export_csv(path)
    assert "No space left on device" in scored.metrics.message.text()
    assert "untouched" in scored.metrics.message.text()
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["scores.csv"]


def test_an_unknown_pixel_size_is_marked_and_nothing_is_told_in_nm(
    desk, micrograph, predicted, tmp_path: Path
) -> None:
    truth = PointTable.from_yx([[10, 20]])
    sizes = (10.0, None)
    for size in sizes:
        key = desk.workspace.add_image(micrograph.with_pixel_size(size), annotation=truth)
        desk.workspace.set_prediction(key, predicted([[10, 22]], pixel_size_nm=8))
    desk.metrics.refresh()
    assert column(desk, "Image") == [
        "scene",
        "scene (assumed 8 nm/px)",
        "1 of 2 images pooled",
    ]
    assert column(desk, "Chamfer (nm)")[:2] == ["20.0", "2.0 px"]
    assert column(desk, "Offset (nm)")[:2] == ["20.0", "2.0 px"]
    hint = desk.metrics.sorted.index(1, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "Type the pixel size in Load images" in hint
    assert "6.25 px" in hint

    desk.metrics.export_csv(tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open() as file:
        known, unknown = csv.DictReader(file)
    assert [name for name in unknown if name.endswith("_nm") and unknown[name]] == []
    assert unknown["tolerance_px"] == "6.25"
    assert "8 nm/px was assumed" in unknown["notice"]
    assert (known["pixel_size_nm"], known["notice"]) == ("10.0", "")


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
