"""The window of agreement, on a real project."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from PIL import Image

from napari_slitseg.core.blinding import ReadingSettings
from napari_slitseg.core.image import read_image
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Annotation
from napari_slitseg.store import Project
from napari_slitseg.widgets._agreement_plot import means_and_differences
from napari_slitseg.widgets._agreement_view import AgreementView
from napari_slitseg.widgets._session import session_of

COUNTS = {"Ada": (9, 8, 7), "Ben": (7, 8, 4), "shared": (9, 9, 9)}


def truth(n: int) -> np.ndarray:
    return np.random.default_rng(n).random((9, 2)) * 150 + 5


@pytest.fixture
def window(tmp_path: Path, qtbot: Any) -> SimpleNamespace:
    """Three images that two readers and everybody have read, in a viewer without a window."""
    with Project.create(tmp_path) as project:
        for n in range(3):
            Image.new("L", (160, 160)).save(tmp_path / f"b{n}.png")
            image = project.add_image(tmp_path / f"b{n}.png", shape=(160, 160), pixel_size_nm=10.0)
            for reader, counts in COUNTS.items():
                table = PointTable.from_yx(truth(n)[: counts[n]])
                project.begin(image, reader, Annotation(table))
    viewer = ViewerModel()
    session = session_of(viewer)
    keys = session.workspace.add_paths(sorted(tmp_path.glob("*.png")))
    for key in keys:
        path = session.workspace.unblinded(key).path
        session.workspace.set_read(key, read_image(path).with_pixel_size(10.0))
    session.workspace.open(keys[0])
    view = AgreementView(session)
    qtbot.addWidget(view)
    return SimpleNamespace(view=view, session=session, viewer=viewer, folder=tmp_path, keys=keys)


def computed(window: SimpleNamespace, qtbot: Any) -> AgreementView:
    window.view.open_now()
    qtbot.waitUntil(lambda: window.view.found is not None, timeout=30_000)
    qtbot.waitUntil(lambda: not window.view.runner.is_busy, timeout=30_000)
    return window.view


def texts(table: Any, row: int) -> list[str]:
    return [table.item(row, column).text() for column in range(table.columnCount())]


def test_every_pair_has_a_cell_and_a_cell_shows_its_pair(window: Any, qtbot: Any) -> None:
    view = computed(window, qtbot)
    found = view.found.found
    assert found.readers == ("Ada", "Ben", "shared")
    assert texts(view.matrix, 0) == ["", *(f"{v:.2f}" for v in found.matrix("f1")[0, 1:])]
    assert view.pair.readers == ("Ada", "Ben")
    view.matrix.setCurrentCell(2, 0)
    assert view.pair.readers == ("Ada", "shared")
    assert "Ada and shared: F1" in view.words.text()
    assert "ICC(2,1)" in view.words.text()
    view.figure.setCurrentIndex(1)
    assert view.matrix.item(0, 1).text() == f"{found.matrix('kappa')[0, 1]:.2f}"
    assert "Kappa" in view.matrix.item(0, 1).toolTip()
    assert view.pair.readers == ("Ada", "shared")


def test_images_are_listed_worst_first_and_drawn(window: Any, qtbot: Any) -> None:
    view = computed(window, qtbot)
    assert [texts(view.images, row)[:3] for row in range(3)] == [
        ["b2.png", "7", "4"],
        ["b0.png", "9", "7"],
        ["b1.png", "8", "8"],
    ]
    mean, difference = means_and_differences(view.pair)
    assert mean.tolist() == [8, 8, 5.5]
    assert difference.tolist() == [2, 0, 3]
    assert len(view.plot.dots.data) == 3
    assert view.pair.counts.bias == pytest.approx(5 / 3)


def test_a_click_opens_the_image(window: Any, qtbot: Any) -> None:
    view = computed(window, qtbot)
    view.images.cellClicked.emit(0, 0)
    assert window.session.workspace.current.key == window.keys[2]
    view.plot._on_clicked(None, [view.plot.dots.points()[1]], None)
    assert window.session.workspace.current.key == window.keys[1]
    window.session.workspace.remove(window.keys[2])
    view.images.cellClicked.emit(0, 0)
    assert "Open its folder first" in view.message.text()


def test_another_tolerance_is_another_agreement(window: Any, qtbot: Any) -> None:
    view = computed(window, qtbot)
    before = view.found
    view.matrix.setCurrentCell(1, 2)
    view.tolerance.setValue(1000)
    qtbot.waitUntil(lambda: view.found is not before, timeout=30_000)
    assert view.found.tolerance_nm == 1000
    assert view.pair.readers == ("Ben", "shared")


def test_tables_are_exported_with_how_they_were_made(window: Any, qtbot: Any) -> None:
    view = computed(window, qtbot)
    view.export_csv(window.folder / "agreement.csv")
    assert "Wrote" in view.message.text()
    rows = list(csv.DictReader((window.folder / "agreement.csv").read_text().splitlines()))
    assert [(row["first"], row["second"]) for row in rows] == [
        ("Ada", "Ben"),
        ("Ada", "shared"),
        ("Ben", "shared"),
    ]
    assert json.loads((window.folder / "agreement.json").read_text())["draws"] == 100
    (window.folder / "mine.csv").write_text("my own table")
    view.export_csv(window.folder / "mine.csv")
    assert "would be replaced" in view.message.text()
    assert (window.folder / "mine.csv").read_text() == "my own table"


def test_nothing_is_told_during_a_reading(window: Any, qtbot: Any) -> None:
    view = computed(window, qtbot)
    window.session.readings.begin("Cleo", window.keys, ReadingSettings())
    view.compute()
    assert view.found is None
    assert not view.export.isEnabled()
    assert not view.matrix.isVisible()
    view.open_image("b1.png")
    assert "b1" not in view.message.text()


def test_one_reader_is_told_what_is_missing(tmp_path: Path, qtbot: Any) -> None:
    Image.new("L", (64, 64)).save(tmp_path / "a.png")
    viewer = ViewerModel()
    session = session_of(viewer)
    (key,) = session.workspace.add_paths([tmp_path / "a.png"])
    session.workspace.set_read(key, read_image(tmp_path / "a.png"))
    view = AgreementView(session)
    qtbot.addWidget(view)
    view.open_now()
    assert "once two have read the same images" in view.message.text()
    session.readings.begin("Ada", [key], ReadingSettings())
    session.readings.end("Chief")
    view.compute()
    qtbot.waitUntil(lambda: not view.runner.is_busy, timeout=30_000)
    assert "read by two of: Ada" in view.message.text()
