from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QKeyEvent, QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import PointTable
from napari_slitseg.widgets._membrane_part import MembranePart
from napari_slitseg.widgets._session import session_of

STRIPE, LINE = "membrane stripe", "membrane line"


def stripe(viewed) -> np.ndarray:
    """What the layer shows."""
    return np.asarray(viewed.viewer.layers[STRIPE].data) > 0


@pytest.fixture
def window(make_napari_viewer_proxy, micrograph, qtbot):
    """A viewer with a canvas of a known size, and the part beside it."""
    viewer = make_napari_viewer_proxy().__wrapped__
    session = session_of(viewer)
    desk = SimpleNamespace(viewer=viewer, workspace=session.workspace, membrane=session.membrane)
    desk.part = MembranePart(session)
    viewer.window.add_dock_widget(desk.part, name="Membrane")
    viewer.window.resize(950, 640)
    viewer.window._qt_window.show()
    desk.canvas = viewer.window._qt_viewer.canvas
    desk.qtbot = qtbot
    desk.large = np.tile(micrograph.pixels, (4, 4))
    yield desk
    viewer.window._qt_window.hide()
    QApplication.processEvents()
    vars(desk).clear()


def begin(window) -> None:
    """Two images that nobody has drawn on, and no tool."""
    large = window.large
    window.part.done.click()
    window.key = window.workspace.add_image(Micrograph(large, 10.0, "", "large"))
    window.other = window.workspace.add_image(Micrograph(large[:200, :300], 10.0, "", "small"))
    window.workspace.open(window.key)
    window.qtbot.waitUntil(lambda: window.canvas.native.width() > 200, timeout=10_000)
    window.viewer.reset_view()
    QApplication.processEvents()


def place(window, yx: tuple[float, float]) -> QPoint:
    """Where a pixel of the image lies on the canvas."""
    viewer, native = window.viewer, window.canvas.native
    camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
    middle = np.array([native.height(), native.width()]) / 2
    y, x = middle + (np.array(yx) * 10.0 - np.array(camera.center)[-2:]) * camera.zoom
    return QPoint(round(x), round(y))


LEFT = Qt.MouseButton.LeftButton


def drag(window, start, end, steps: int = 6, *, release: bool = True) -> None:
    native = window.canvas.native
    QTest.mouseMove(native, place(window, start))
    QTest.mousePress(native, LEFT, pos=place(window, start))
    for share in np.linspace(0, 1, steps)[1:]:
        move(window, np.array(start) + share * (np.array(end) - start))
    if release:
        QTest.mouseRelease(native, LEFT, pos=place(window, end))
    QApplication.processEvents()


def move(window, yx) -> None:
    QTest.qWait(15)  # vispy drops moves that follow within 10 ms
    native, at = window.canvas.native, QPointF(place(window, yx))
    to = native.mapToGlobal(at)
    nothing = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, at, to, LEFT, LEFT, nothing)
    QApplication.sendEvent(native, event)


def click(window, yx, *, double: bool = False) -> None:
    native, at = window.canvas.native, place(window, yx)
    if double:
        QTest.mouseDClick(native, LEFT, pos=at)
        QTest.mouseRelease(native, LEFT, pos=at)
    else:
        QTest.mouseClick(native, LEFT, pos=at)
    QApplication.processEvents()


def press(window, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    for kind in (QKeyEvent.Type.KeyPress, QKeyEvent.Type.KeyRelease):
        QApplication.sendEvent(window.canvas.native, QKeyEvent(kind, key, modifier))
    QApplication.processEvents()


def a_dragged_stroke_is_one_edit_and_the_keys_of_undo_take_it_back(window) -> None:
    window.part.tools["paint"].click()
    drag(window, (100, 60), (100, 200))
    edits = window.workspace.current.history.edits
    painted = window.workspace.current.membrane
    assert [edit.kind for edit in edits] == ["paint membrane"]
    assert painted[100, 65:195].all()
    assert 5 <= painted[:, 130].sum() <= 13
    assert edits[0].stripe.flipped.shape[1] < 170
    drag(window, (60, 130), (140, 130))
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(window.workspace.current.membrane, painted)
    np.testing.assert_array_equal(stripe(window), painted)
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.workspace.current.membrane is None
    assert not stripe(window).any()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    press(window, Qt.Key.Key_Z, both)
    np.testing.assert_array_equal(stripe(window), painted)
    window.part.tools["erase"].click()
    drag(window, (100, 130), (100, 230))
    assert stripe(window)[100, 65:120].all()
    assert not stripe(window)[:, 140:].any()
    assert window.workspace.current.history.edits[-1].kind == "erase membrane"


def a_stroke_in_which_the_image_changes_stays_with_its_image(window) -> None:
    window.part.tools["paint"].click()
    drag(window, (100, 60), (100, 120), release=False)
    window.workspace.open(window.other)
    first = window.workspace.entry(window.key)
    assert first.membrane[100, 65:115].all()
    assert not stripe(window).any()
    move(window, (100, 100))
    move(window, (120, 150))
    QTest.mouseRelease(window.canvas.native, LEFT, pos=place(window, (120, 150)))
    assert window.workspace.current.membrane is None
    assert not stripe(window).any()
    drag(window, (50, 60), (50, 100))
    assert window.workspace.current.membrane[50, 65:95].all()
    window.workspace.open(window.key)
    np.testing.assert_array_equal(stripe(window), first.membrane)
    assert len(first.history.edits) == 1


def a_clicked_line_becomes_a_stripe_of_the_width(window) -> None:
    window.part.tools["line"].click()
    zoom = window.viewer.scene.camera.zoom
    for yx in ((100, 50), (100, 120), (100, 200)):
        click(window, yx)
    move(window, (140, 220))
    assert len(window.viewer.layers[LINE].data)
    assert window.workspace.current.membrane is None
    click(window, (100, 200), double=True)
    drawn = window.workspace.current.membrane
    assert drawn[100, 55:195].all()
    assert 7 <= drawn[:, 120].sum() <= 10
    assert not len(window.viewer.layers[LINE].data)
    assert window.viewer.scene.camera.zoom == zoom
    window.qtbot.waitUntil(lambda: "1.5" in window.part.message.text(), timeout=10_000)
    assert [edit.kind for edit in window.workspace.current.history.edits] == ["draw membrane"]
    window.part.done.click()
    assert not window.viewer.layers[LINE].visible
    click(window, (60, 60))
    assert not len(window.viewer.layers[LINE].data)
    click(window, (60, 60), double=True)
    assert window.viewer.scene.camera.zoom > zoom


def keys_finish_a_line_drop_it_and_take_a_corner_back(window) -> None:
    window.part.tools["line"].click()
    for yx in ((100, 50), (100, 120), (200, 200)):
        click(window, yx)
    press(window, Qt.Key.Key_Backspace)
    press(window, Qt.Key.Key_Return)
    drawn = window.workspace.current.membrane
    assert drawn[100, 55:115].all()
    assert not drawn[:, 140:].any()
    click(window, (200, 50))
    click(window, (200, 120))
    press(window, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_Return)
    assert window.workspace.current.membrane is drawn
    assert window.membrane.tool == "line"


def a_line_is_drawn_on_the_image_it_was_begun_on(window) -> None:
    window.part.tools["line"].click()
    click(window, (100, 50))
    click(window, (100, 120))
    window.workspace.open(window.other)
    assert window.workspace.current.membrane is None
    assert window.workspace.entry(window.key).membrane[100, 55:115].all()
    assert not len(window.viewer.layers[LINE].data)


def a_drag_moves_the_view_while_a_line_is_drawn(window) -> None:
    window.part.tools["line"].click()
    before = tuple(window.viewer.scene.camera.center)
    drag(window, (100, 50), (140, 90))
    assert tuple(window.viewer.scene.camera.center) != before
    assert len(window.membrane.line.line) == 0


def test_a_membrane_is_edited_with_mouse_and_keys(window) -> None:
    """One viewer for all, since a viewer takes seconds to open."""
    for story in (
        a_dragged_stroke_is_one_edit_and_the_keys_of_undo_take_it_back,
        a_stroke_in_which_the_image_changes_stays_with_its_image,
        a_clicked_line_becomes_a_stripe_of_the_width,
        keys_finish_a_line_drop_it_and_take_a_corner_back,
        a_line_is_drawn_on_the_image_it_was_begun_on,
        a_drag_moves_the_view_while_a_line_is_drawn,
    ):
        begin(window)
        story(window)
    assert len(window.workspace.entries) == 12, "each story has two images of its own"


# -- the part alone


@pytest.fixture
def bare(table, micrograph, qtbot):
    """The part beside a viewer without a window."""
    table.session = session_of(table.viewer)
    table.membrane = table.session.membrane
    table.part = MembranePart(table.session)
    qtbot.addWidget(table.part)
    large = np.tile(micrograph.pixels, (4, 4))
    table.key = table.workspace.add_image(Micrograph(large, 10.0, "", "large"))
    table.workspace.open(table.key)
    table.part.refresh()
    return table


def test_the_part_tells_what_there_is_and_what_can_be_done(bare, qtbot) -> None:
    part = bare.part

    def says(state: str, hint: str = "") -> bool:
        return part.state.text() == state and hint in part.message.text()

    qtbot.waitUntil(lambda: says("not drawn yet"), timeout=10_000)
    assert not part.from_model.isEnabled()
    assert "Predict" in part.from_model.toolTip()
    assert not part.clear.isEnabled()
    part.tools["paint"].click()
    qtbot.waitUntil(lambda: says("not drawn yet", "Drag over the image"), timeout=10_000)
    assert part.tools["paint"].isChecked()
    bare.viewer.layers[STRIPE].paint((100, 80), 1)
    qtbot.waitUntil(lambda: says("drawn"), timeout=10_000)
    part.clear.click()
    qtbot.waitUntil(lambda: says("not drawn yet"), timeout=10_000)
    part.tools["erase"].click()
    assert not part.tools["paint"].isChecked()
    part.tools["erase"].click()
    assert bare.membrane.tool == ""
    assert not part.done.isEnabled()
    assert not isinstance(bare.viewer.layers.selection.active, Labels)
    bare.workspace.set_pixel_size(bare.key, None)
    part.tools["line"].click()
    qtbot.waitUntil(lambda: "10 nm is assumed" in part.message.text(), timeout=10_000)


def test_the_stripe_is_hidden_and_shown(bare) -> None:
    bare.part.tools["paint"].click()
    bare.viewer.layers[STRIPE].paint((100, 80), 1)
    bare.part.done.click()
    bare.part.refresh()
    bare.part.visible.click()
    assert not bare.viewer.layers[STRIPE].visible
    bare.viewer.layers[STRIPE].visible = True
    bare.part.refresh()
    assert bare.part.visible.isChecked()


def test_the_width_is_that_of_brush_and_line(bare) -> None:
    bare.part.tools["paint"].click()
    bare.part.width.setValue(200)
    assert bare.viewer.layers[STRIPE].brush_size == 20
    bare.part.tools["line"].click()
    assert bare.viewer.layers[LINE].visible
    assert bare.membrane.line.width_px == 20
    bare.part.smooth.setChecked(False)
    assert not bare.membrane.line.is_smooth


def test_points_that_are_annotated_stay_while_the_membrane_is_edited(bare) -> None:
    points = PointTable.from_yx([[10, 10], [20, 20]])
    bare.workspace.update(bare.key, annotation=points)
    bare.part.tools["paint"].click()
    bare.viewer.layers[STRIPE].paint((100, 80), 1)
    assert bare.workspace.current.annotation is points


def test_the_part_is_no_wider_than_the_dock(bare) -> None:
    assert bare.part.minimumSizeHint().width() <= 330
