"""A person says how long a pixel is, in a window beside the image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest
from napari.layers import Shapes
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from qtpy.QtWidgets import QMainWindow

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.image import Micrograph, read_image
from napari_slitseg.store import Project
from napari_slitseg.widgets._calibrate import CalibrateButton, CalibrateDialog
from napari_slitseg.widgets._calibrate_make import BAR
from napari_slitseg.widgets._calibrate_words import given
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
    assert panel.message.text() == "Given to 1 image."
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


def test_images_that_were_not_read_are_not_counted_but_told_of(bench) -> None:
    bench.session.workspace.add_paths([bench.folder / "c.png"])
    bench.panel.refresh()
    assert bench.panel.where.without.text().endswith("without a scale (2; 1 not read yet)")
    assert given(3, 1) == "Given to 3 images. 1 image keeps a scale of its own."


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


def with_bar(pixels: np.ndarray) -> np.ndarray:
    """Image with a white bar of 50 px on a black banner."""
    image = np.pad(pixels // 2 + 60, ((0, 24), (0, 0)))
    image[-14:-11, 15:65] = 255
    return image


def drag(layer: Shapes, *places: tuple[float, float]) -> None:
    """Press, move and release the mouse at places of an image."""
    event = SimpleNamespace(
        type="mouse_press",
        is_dragging=False,
        modifiers=[],
        button=1,
        view_direction=None,
        dims_displayed=[0, 1],
        position=layer.data_to_world(places[0]),
    )
    mouse_press_callbacks(layer, event)
    event.type, event.is_dragging = "mouse_move", True
    for place in places[1:]:
        event.position = layer.data_to_world(place)
        mouse_move_callbacks(layer, event)
    event.type = "mouse_release"
    mouse_release_callbacks(layer, event)


def test_a_scale_bar_is_found_dragged_and_drawn(qtbot, bench, pixels) -> None:
    workspace, panel = bench.session.workspace, bench.panel
    key = workspace.add_image(Micrograph(with_bar(pixels), None, "", "bar"))
    workspace.open(key)
    panel.tabs.setCurrentIndex(1)
    panel.refresh()
    way = panel.bar
    way.find.click()
    qtbot.waitUntil(lambda: way.line.ends is not None, timeout=20_000)
    assert np.ptp(way.line.ends[:, 1]) == pytest.approx(50, abs=1)
    assert not panel.apply.isEnabled()
    way.label.setText("0,5 µm")
    assert panel.way.scale.nm_per_px == pytest.approx(10, rel=0.02)
    found = panel.way.scale.relative_uncertainty
    layer = bench.viewer.layers[BAR]
    assert str(layer.mode) == "direct"
    start, end = layer.data[0].tolist()
    drag(layer, end, (end[0], end[1] + 20), (end[0], end[1] + 50))
    np.testing.assert_allclose(layer.data[0], [start, [end[0], end[1] + 50]], atol=0.1)
    assert panel.way.scale.nm_per_px == pytest.approx(5, rel=0.02)
    assert panel.way.scale.relative_uncertainty == pytest.approx(found, rel=0.1)

    way.draw.click()
    drag(layer, (106, 16), (107, 40), (108, 64))
    qtbot.waitUntil(lambda: not way.runner.is_busy, timeout=20_000)
    assert len(layer.data) == 1
    assert panel.way.scale.nm_per_px == pytest.approx(10, rel=0.02)
    panel.apply.click()
    assert workspace.entry(key).scale.kind == "scale bar"
    assert "2 µm" not in panel.present.text()
    assert "0.5 µm" in panel.present.text()
    workspace.open(bench.keys[0])
    panel.refresh()
    assert BAR not in bench.viewer.layers
    assert way.scale is None


def test_an_image_without_a_scale_bar_says_so(qtbot, bench) -> None:
    bench.panel.tabs.setCurrentIndex(1)
    bench.panel.bar.look()
    qtbot.waitUntil(lambda: "No scale bar" in bench.panel.gives.text(), timeout=20_000)
    bench.panel.bar.line.show(np.array([[1.0, 1], [1, 41]]), 1)
    bench.panel.bar.label.setText("2 parsecs")
    assert "parsecs" in bench.panel.gives.text()
    bench.panel.window().close()
    assert BAR not in bench.viewer.layers


def test_a_photograph_of_a_grating_is_measured_or_refused(qtbot, bench, tmp_path: Path) -> None:
    y, x = np.mgrid[:400, :500]
    phase = 2 * np.pi * (y * np.cos(0.4) + x * np.sin(0.4)) / 30
    noise = np.random.default_rng(0).normal(0, 10, y.shape)
    lines = np.clip(128 + 20 * np.cos(phase) + 30 * np.cos(2 * phase) + noise, 0, 255)
    photo = tmp_path / "grating.png"
    PIL.Image.fromarray(lines.astype(np.uint8)).save(photo)
    panel, way = bench.panel, bench.panel.grating
    panel.tabs.setCurrentIndex(2)
    way.open(photo)
    qtbot.waitUntil(lambda: panel.apply.isEnabled(), timeout=60_000)
    assert way.scale.nm_per_px == pytest.approx(1e6 / 2160 / 30, rel=1e-3)
    assert "± " in panel.gives.text()
    assert "(grating: grating.png)" in panel.gives.text()
    assert "Lines every 30" in way.evidence.text()
    assert "2 (100%)" in way.evidence.text()
    shown = way.picture.pixmap().toImage()
    assert len({shown.pixel(x, y) for x in range(0, 400, 7) for y in range(0, 200, 7)}) > 20
    panel.apply.click()
    assert bench.session.workspace.entry(bench.keys[0]).scale == way.scale

    way.lines.setValue(1200)
    assert not panel.apply.isEnabled()
    way.open(bench.folder / "broken.png")
    qtbot.waitUntil(lambda: "broken.png" in panel.gives.text(), timeout=60_000)
    tissue = tmp_path / "tissue.png"
    PIL.Image.fromarray(noise.astype(np.uint8)).save(tissue)
    way.open(tissue)
    qtbot.waitUntil(lambda: "No grating" in panel.gives.text(), timeout=60_000)
    assert way.picture.isHidden()
    assert not panel.apply.isEnabled()
