"""The Review dock in a real window, driven by keys and by the mouse."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
from psygnal import SignalInstance
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QDialogButtonBox

from napari_slitseg.core.detection.peaks import Detections
from napari_slitseg.core.image import Micrograph, read_image
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.core.simulate import SceneOptions, simulate
from napari_slitseg.widgets import _review_settings, review
from napari_slitseg.widgets._entry import Status
from napari_slitseg.widgets._review_keymap import Keymap, normal
from napari_slitseg.widgets._review_keys import BINDINGS, BY_ACTION
from napari_slitseg.widgets._review_remap import KeysDialog
from napari_slitseg.widgets._session import session_of
from napari_slitseg.widgets.open_workspace import inner

KINDS = ("Image", "Labels", "Points", "Shapes", "Surface", "Tracks", "Vectors")
EXTRA = [[20.0, 20.0], [25.0, 120.0]]
"""Two detections where there is no slit."""


@pytest.fixture
def scene():
    """A small simulated image with its slits."""
    return simulate(5, SceneOptions(shape=(256, 256), capillaries=1, effacement=0.0))


@pytest.fixture
def bench(desk, scene, qtbot, monkeypatch, tmp_path: Path):
    """The Review dock in front, with an image of which the model missed two and found two more."""
    monkeypatch.setattr(_review_settings, "user_config_path", lambda _: tmp_path / "config")
    slits = scene.slits
    assert len(slits) >= 5
    found = np.vstack([slits[2:] + np.array([1.0, 0.0]), EXTRA])
    maps = np.zeros(scene.image.shape, np.float16)
    prediction = Prediction(
        membrane=maps,
        slit=maps,
        candidates=Detections(found, np.linspace(0.95, 0.6, len(found))),
        threshold=0.4,
        min_distance_nm=20.0,
        pixel_size_nm=scene.pixel_size_nm,
        model_name="tiny",
        model_sha256="ab" * 32,
    )
    image = Micrograph(scene.image, scene.pixel_size_nm, "simulation", "sim")
    desk.key = desk.workspace.add_image(image, annotation=PointTable.from_yx(slits))
    desk.workspace.set_prediction(desk.key, prediction)
    desk.workspace.set_cut(0.4, 20.0)
    desk.workspace.open(desk.key)
    desk.session = session_of(desk.viewer)
    desk.dock = inner(desk.viewer, "Review")
    desk.viewer.window._qt_window.show()
    dock, _ = desk.viewer.window.add_plugin_dock_widget("napari-slitseg", "Review")
    dock.show()
    dock.raise_()
    del dock, _
    desk.window = desk.viewer.window._qt_window
    desk.window.activateWindow()
    desk.canvas = desk.viewer.window._qt_viewer.canvas.native
    desk.canvas.setFocus()
    qtbot.waitUntil(lambda: desk.dock.isVisible() and desk.window.isActiveWindow(), timeout=10000)
    desk.dock.refresh()
    desk.slits = slits
    yield desk
    for entry in desk.workspace.entries:
        desk.workspace.update(entry.key, edited=False)
    desk.dock = None


def press(bench, action: str) -> None:
    """Press the key of an action while the image has the focus."""
    keys = QKeySequence(bench.dock.settings.keymap.key(action))
    combination = keys[0]
    QTest.keyClick(bench.canvas, combination.key(), combination.keyboardModifiers())


def click(bench, action: str) -> None:
    for part in (bench.dock.large, bench.dock.small, bench.dock.image):
        if action in part.by_action:
            bench.dock.refresh()
            assert part.by_action[action].isEnabled(), action
            QTest.mouseClick(part.by_action[action], Qt.MouseButton.LeftButton)
            return
    raise AssertionError(action)


def hover(bench, yx) -> None:
    """Hold the mouse over a place of the image."""
    layer = next(each for each in bench.viewer.layers if each.name == "annotated slits")
    bench.viewer.cursor.position = layer.data_to_world(yx)


def review_all(bench, do) -> None:
    """Judge every open item: what the simulator drew is right."""
    do(bench, "next")
    for _ in range(50):
        walk = bench.dock.reviewer.walk
        if not walk.n_open:
            return
        do(bench, {"false positive": "reject", "missed": "accept"}[walk.item.kind])
    raise AssertionError("The review does not end.")


@pytest.mark.parametrize("do", [press, click], ids=["keys", "mouse"])
def test_a_review_from_the_first_error_to_the_last_and_back(bench, do) -> None:
    entry = bench.workspace.current
    start = entry.annotation
    assert (entry.scores.false_positive, entry.scores.missed) == (2, 2)
    review_all(bench, do)

    table = bench.workspace.current.annotation
    rejected = table.take(table.status == "rejected")
    assert sorted(rejected.yx.tolist()) == EXTRA
    assert (table.status == "accepted").sum() == 2
    assert set(table.editor[table.time != ""]) == {bench.dock.top.editor.text()}
    hover(bench, (200.0, 60.0))
    press(bench, "add")
    assert bench.workspace.current.annotation.yx[-1] == pytest.approx([200, 60])
    scores = bench.workspace.current.scores
    assert scores.true_positive == len(bench.slits) - 2
    bench.dock.refresh()
    assert bench.dock.figures.values["slits"].text() == str(len(bench.slits) + 1)
    assert bench.dock.figures.values["f1"].text() == f"{scores.f1:.2f}"

    for _ in range(5):
        do(bench, "undo")
    assert bench.workspace.current.annotation.equals(start)
    bench.dock.refresh()
    assert not bench.dock.small.by_action["undo"].isEnabled()
    for _ in range(5):
        do(bench, "redo")
    assert bench.workspace.current.annotation.is_slit.sum() == len(bench.slits) + 1


def test_a_prediction_is_made_an_annotation_by_keys(bench) -> None:
    asked = []
    bench.workspace.update(bench.key, annotation=None)
    bench.dock.reviewer.hand._confirm = lambda text: asked.append(text) or True
    found = bench.workspace.current.prediction.table
    press(bench, "next")
    assert bench.dock.reviewer.walk.item.kind == "proposal"
    first = bench.dock.reviewer.walk.item
    press(bench, "reject")
    assert bench.dock.reviewer.walk.item is not first
    press(bench, "accept")
    assert bench.dock.reviewer.walk.item.kind == "proposal"
    press(bench, "accept_above")
    assert f"{len(found) - 2} slits" in asked[0]
    assert bench.dock.reviewer.walk.n_open == 0
    assert bench.workspace.current.annotation.is_slit.sum() == len(found) - 1
    press(bench, "undo")
    press(bench, "redo")
    bench.dock.reviewer.walk.go_to(None)
    bench.dock.refresh()
    assert "nothing is left open" in bench.dock.card.facts.text()
    press(bench, "done")
    bench.dock.refresh()
    assert bench.dock.top.progress.format() == "The image is reviewed"


def test_moving_by_arrows_and_by_a_click(bench) -> None:
    press(bench, "next")
    for _ in range(4):
        if bench.dock.reviewer.walk.item.kind == "missed":
            break
        press(bench, "next")
    item = bench.dock.reviewer.walk.item
    place = np.array(item.yx)

    def now():
        table = bench.workspace.current.annotation
        return table.yx[table.ids == item.annotation_id][0]

    QTest.keyClick(bench.canvas, Qt.Key.Key_Up)
    assert (now() == place).all()
    press(bench, "move")
    QTest.keyClick(bench.canvas, Qt.Key.Key_Up)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert (now() == place + np.array([-1, 5])).all()
    QTest.keyClick(bench.canvas, Qt.Key.Key_Escape)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Down)
    assert (now() == place + np.array([-1, 5])).all()
    press(bench, "move")
    bench.dock.reviewer.hand.click(33.0, 44.0)
    assert now().tolist() == [33, 44]
    assert not bench.dock.reviewer.hand.moving


def test_keys_rest_while_a_field_is_typed_in_and_while_the_dock_is_not_seen(bench, qtbot) -> None:
    press(bench, "next")
    before = bench.workspace.current.annotation
    editor = bench.dock.top.editor
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "gwn")
    assert editor.text() == "gwn"
    spin = bench.dock.live.tolerance
    spin.setFocus()
    QTest.keyClick(spin, Qt.Key.Key_G)
    assert bench.workspace.current.annotation is before
    dock, _ = bench.viewer.window.add_plugin_dock_widget("napari-slitseg", "Review")
    dock.hide()
    qtbot.waitUntil(lambda: not bench.dock.isVisible(), timeout=5000)
    bench.canvas.setFocus()
    QTest.keyClick(bench.canvas, Qt.Key.Key_G)
    assert bench.workspace.current.annotation is before


def test_no_default_key_is_one_of_the_window_its_menus_or_its_layers(bench) -> None:
    import napari.layers

    taken = bench.dock.shortcuts.taken()
    assert {"Ctrl+O", "V", "Alt+Right"} <= set(taken)
    assert Keymap().collisions(taken) == {}
    ours = {normal(each.key) for each in BINDINGS if not each.while_moving}
    for kind in KINDS:
        keys = {normal(str(key)) for key in getattr(napari.layers, kind).class_keymap}
        assert keys or kind in ("Surface", "Tracks", "Vectors"), kind
        assert not keys & ours, kind


def test_the_second_key_of_undo_is_left_to_a_layer_that_needs_it(bench) -> None:
    press(bench, "next")
    press(bench, "accept")
    start = bench.workspace.current.history.position
    labels = bench.viewer.add_labels(np.zeros((8, 8), int))
    bench.viewer.layers.selection.active = labels
    QTest.keyClick(bench.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert bench.workspace.current.history.position == start
    bench.viewer.layers.selection.active = bench.viewer.layers["annotated slits"]
    QTest.keyClick(bench.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert bench.workspace.current.history.position == start - 1


def test_other_keys_can_be_chosen_but_none_that_is_taken(bench, monkeypatch) -> None:
    taken = bench.dock.shortcuts.taken()
    dialog = KeysDialog(bench.dock, Keymap(), taken)
    save = dialog.buttons.button(QDialogButtonBox.StandardButton.Save)
    dialog.fields["accept"].setKeySequence(QKeySequence("V"))
    assert not save.isEnabled()
    assert "napari" in dialog.problem.text()
    dialog.fields["accept"].setKeySequence(QKeySequence("W"))
    assert not save.isEnabled()
    assert f"W already means: {BY_ACTION['accept'].title}" in dialog.problem.text()
    dialog.fields["accept"].setKeySequence(QKeySequence("F7"))
    assert save.isEnabled()
    keymap = dialog.keymap
    dialog.deleteLater()
    monkeypatch.setattr(review, "ask_for_keys", lambda *_: keymap)
    bench.dock.change_keys()
    assert _review_settings.load_settings()[0].keymap == keymap
    assert bench.dock.large.by_action["accept"].text() == "Accept  F7"
    press(bench, "next")
    QTest.keyClick(bench.canvas, Qt.Key.Key_G)
    assert bench.workspace.current.history.position == 0
    QTest.keyClick(bench.canvas, Qt.Key.Key_F7)
    assert bench.workspace.current.history.position == 1


def test_help_shows_every_key_over_the_image(bench) -> None:
    press(bench, "help")
    assert bench.dock.help.isVisible()
    text = bench.dock.help.text()
    assert all(binding.title in text for binding in BINDINGS if not binding.while_moving)
    QTest.mouseClick(bench.dock.help, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert not bench.dock.help.isVisible()


def listeners(bench) -> dict[str, int]:
    """How many listen to each signal of what the docks share."""
    session = bench.session
    parts = (session.workspace, session.membrane, session.keeper, session.readings)
    signals = {
        f"{type(part).__name__}.{name}": getattr(part, name, None)
        for part in parts
        for name in dir(type(part))
    }
    return {name: len(each) for name, each in signals.items() if isinstance(each, SignalInstance)}


def close_dock(bench, qtbot) -> None:
    """Close the Review dock and wait until Python has forgotten it."""
    gone = weakref.ref(bench.dock.reviewer)
    bench.dock = None
    dock, _ = bench.viewer.window.add_plugin_dock_widget("napari-slitseg", "Review")
    dock.destroyOnClose()
    del dock, _
    qtbot.waitUntil(lambda: gc.collect() >= 0 and gone() is None, timeout=10000)


def test_a_closed_dock_leaves_nothing_behind(bench, qtbot) -> None:
    press(bench, "next")
    close_dock(bench, qtbot)
    found = [each.__module__ for each in bench.viewer.mouse_drag_callbacks]
    assert not [name for name in found if "_review_" in name]
    keys = {normal(each.key().toString()) for each in bench.window.findChildren(QShortcut)}
    assert "G" not in keys
    assert not len(bench.viewer.layers["under review"].data)
    without = listeners(bench)
    bench.dock = inner(bench.viewer, "Review")
    assert listeners(bench) != without
    close_dock(bench, qtbot)
    assert listeners(bench) == without
    bench.workspace.undo(bench.key)


def test_empty_states_say_what_to_do(desk, micrograph) -> None:
    dock = inner(desk.viewer, "Review")
    dock.refresh()
    assert "Open a folder" in dock.card.facts.text()
    assert not dock.large.by_action["accept"].isEnabled()
    key = desk.workspace.add_image(micrograph)
    desk.workspace.open(key)
    dock.refresh()
    assert "no annotation and no prediction" in dock.card.facts.text()
    assert "K" in dock.card.facts.text()


def test_commands_of_the_palette_walk_and_undo(bench) -> None:
    from napari._app_model import get_app_model

    commands = get_app_model().commands
    commands.execute_command("napari-slitseg.next_error").result()
    assert bench.dock.reviewer.walk.item is not None
    press(bench, "reject")
    assert bench.workspace.current.history.position == 1
    commands.execute_command("napari-slitseg.undo_edit").result()
    assert bench.workspace.current.history.position == 0


def test_images_of_a_folder_are_reviewed_one_after_the_other(desk, folder: Path, qtbot) -> None:
    dock, workspace = inner(desk.viewer, "Review"), desk.workspace
    keys = {path.stem: workspace.add_paths([path])[0] for path in sorted(folder.glob("*.png"))}
    for name in ("a", "b"):
        workspace.set_read(keys[name], read_image(folder / f"{name}.png").with_pixel_size(10.0))
    workspace.set_status(keys["broken"], Status.FAILED, "broken.png cannot be read as a picture.")
    tour = dock.reviewer.tour
    tour.images.which = "not reviewed"
    workspace.open(keys["a"])
    qtbot.waitUntil(lambda: workspace.is_at_hand(keys["b"]), timeout=20000)
    dock.reviewer.do("done")
    assert workspace.current.key == keys["b"]
    dock.reviewer.hand.acts.add((10.0, 10.0))
    reviews = session_of(desk.viewer).keeper.reviews
    assert {key: each.status for key, each in reviews.items()} == {
        keys["a"]: "done",
        keys["b"]: "in progress",
    }
    dock.reviewer.do("next_image")
    assert workspace.current.key == keys["broken"]
    dock.refresh()
    assert dock.card.title.text() == "broken could not be opened"
    assert "cannot be read as a picture" in dock.card.facts.text()
    assert not dock.large.by_action["accept"].isEnabled()
    dock.reviewer.do("done")
    assert not tour.images.is_done(keys["broken"])
    dock.reviewer.do("next_image")
    assert workspace.current.key == keys["b"]
    tour.images.reload()
    assert tour.images.is_done(keys["a"])
    workspace.update(keys["b"], edited=False)


def test_a_key_that_napari_took_meanwhile_is_left_to_it(bench) -> None:
    bench.viewer.bind_key("g", lambda _: None)
    try:
        bench.dock._show_keys()
        assert "G already does this in napari" in bench.dock.message.text()
        press(bench, "next")
        press(bench, "accept")
        assert bench.workspace.current.history.position == 0
        press(bench, "reject")
        assert bench.workspace.current.history.position == 1
    finally:
        bench.viewer.bind_key("g", None)
