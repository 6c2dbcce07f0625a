"""A person says how long a pixel is, in a window beside the image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from qtpy.QtWidgets import QMainWindow

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.image import Micrograph, read_image
from napari_slitseg.store import Project
from napari_slitseg.widgets._calibrate import CalibrateButton, CalibrateDialog
from napari_slitseg.widgets._session import session_of


@pytest.fixture
def bench(qtbot, table: SimpleNamespace, folder: Path) -> Iterator[SimpleNamespace]:
    """The calibration of a window with two images of a folder, which say no pixel size."""
    window = QMainWindow()
    qtbot.addWidget(window)
    button = CalibrateButton(table.viewer)
    window.setCentralWidget(button)
    session = session_of(table.viewer)
    keys = session.workspace.add_paths([folder / "a.png", folder / "b.png"])
    for key in keys:
        path = session.workspace.entry(key).path
        assert path is not None
        session.workspace.set_read(key, read_image(path))
    session.workspace.open(keys[0])
    session.workspace.editor = "Ada"
    button.refresh()
    button.button.click()
    panel = window.findChild(CalibrateDialog).panel
    yield SimpleNamespace(
        button=button, panel=panel, session=session, keys=keys, folder=folder, viewer=table.viewer
    )
    window.close()


def sizes(bench: SimpleNamespace) -> list[float | None]:
    return [entry.pixel_size_nm for entry in bench.session.workspace.entries]


def test_a_typed_scale_is_given_to_this_image_and_taken_back(bench) -> None:
    panel = bench.panel
    assert "Scale unknown" in panel.present.text()
    assert not panel.apply.isEnabled()
    panel.typed.size.setText("9,7")
    panel.typed.source.setText("log book <2021>")
    assert panel.gives.text() == "Gives 9.7 nm per pixel (typed: log book <2021>)"
    panel.apply.click()
    assert sizes(bench) == [9.7, None]
    assert "log book <2021>" in panel.present.text()
    assert panel.message.text() == "Given to 1 image."
    panel.back.click()
    assert sizes(bench) == [None, None]
    assert not panel.back.isEnabled()
    panel.typed.size.setText("5000")
    assert "5000" in panel.gives.text()
    assert not panel.apply.isEnabled()


def test_a_scale_is_given_to_images_without_one_and_to_the_folder(bench, predicted) -> None:
    panel, workspace = bench.panel, bench.session.workspace
    workspace.set_pixel_size(bench.keys[1], 3.0)
    workspace.set_prediction(bench.keys[0], predicted([[5, 5]]))
    panel.typed.size.setText("8")
    panel.where.without.setChecked(True)
    panel.refresh()
    assert "(1)" in panel.where.without.text()
    assert "predict again" in panel.drops.text()
    panel.apply.click()
    assert sizes(bench) == [8, 3]
    panel.refresh()
    assert not panel.where.without.isEnabled()
    panel.where.folder.setChecked(True)
    panel.typed.size.setText("6")
    panel.apply.click()
    assert "2 images keep a scale of their own" in panel.message.text()
    for key in bench.keys:
        bench.session.keeper.scales.give([key], None)
    assert sizes(bench) == [6, 6]
    bench.session.keeper.close()
    with Project.open(bench.folder, read_only=True) as project:
        assert project.scales()[None].scale == Scale(6.0, "typed", "Ada")


def test_nothing_is_calibrated_in_a_blinded_reading_or_without_an_image(bench) -> None:
    workspace = bench.session.workspace
    workspace.blind = SimpleNamespace(
        in_order=lambda entries: entries, seen=lambda entry: entry, has=lambda _: True
    )
    bench.button.refresh()
    bench.panel.typed.size.setText("8")
    assert not bench.button.button.isEnabled()
    assert "Blinded" in bench.button.button.toolTip()
    assert not bench.panel.apply.isEnabled()
    bench.panel.give()
    assert sizes(bench) == [None, None]
    workspace.blind = None
    for key in bench.keys:
        workspace.remove(key)
    bench.button.refresh()
    bench.panel.refresh()
    assert "Open an image" in bench.panel.present.text()
    assert not bench.button.button.isEnabled()


def test_an_image_without_a_file_has_its_scale_in_this_window(bench, pixels) -> None:
    workspace = bench.session.workspace
    key = workspace.add_image(Micrograph(pixels, 10.0, "napari layer", "scene"))
    workspace.open(key)
    bench.panel.refresh()
    assert not bench.panel.where.folder.isEnabled()
    bench.panel.typed.size.setText("8")
    bench.panel.apply.click()
    assert workspace.entry(key).pixel_size_nm == 8
    assert workspace.image(key).pixel_size_nm == 8
    bench.panel.back.click()
    assert workspace.entry(key).scale == Scale(10.0, "file", "napari layer")
