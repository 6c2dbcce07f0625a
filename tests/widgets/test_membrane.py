from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from qtpy.QtWidgets import QApplication

from napari_slitseg.core.image import Micrograph, read_image
from napari_slitseg.core.membrane import stripe_of
from napari_slitseg.core.membrane_edits import draw_line
from napari_slitseg.core.review import Signature
from napari_slitseg.widgets._membrane_file import drawn_stripe, membrane_dice
from napari_slitseg.widgets._membrane_part import MembranePart
from napari_slitseg.widgets._session import session_of

SHAPE = (96, 80)
STRIPE, LINE = "membrane stripe", "membrane line"


def names(viewed) -> list[str]:
    return [layer.name for layer in viewed.viewer.layers]


def stripe(viewed) -> np.ndarray:
    """What the layer shows."""
    return np.asarray(viewed.viewer.layers[STRIPE].data) > 0


@pytest.fixture
def shown(table, micrograph):
    """An image of a known pixel size and one of an unknown one, in a viewer without a window."""
    table.session = session_of(table.viewer)
    table.membrane = table.session.membrane
    table.key = table.workspace.add_image(micrograph)
    table.other = table.workspace.add_image(Micrograph(micrograph.pixels[:50, :60], None, "", "b"))
    table.workspace.open(table.key)
    return table


@pytest.fixture
def filed(table, tmp_path: Path, pixels):
    """Three images in files: one with its membrane, one with a membrane of another size."""
    table.membrane = session_of(table.viewer).membrane
    table.mask = stripe_of([[[10, 0], [80, 79]]], SHAPE, 9)
    for name in ("a", "b", "c"):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    Image.fromarray(np.where(table.mask, 255, 0).astype(np.uint8)).save(tmp_path / "a_membrane.png")
    Image.fromarray(np.full((5, 5), 255, np.uint8)).save(tmp_path / "b_membrane.png")
    table.keys = table.workspace.add_paths([tmp_path / f"{name}.png" for name in ("a", "b", "c")])
    for key in table.keys:
        table.workspace.set_read(key, read_image(table.workspace.entry(key).path))
    return table


# -- files


def test_an_image_is_opened_with_the_membrane_beside_it(filed) -> None:
    workspace = filed.workspace
    workspace.open(filed.keys[0])
    np.testing.assert_array_equal(workspace.current.membrane, filed.mask)
    np.testing.assert_array_equal(stripe(filed), filed.mask)
    assert not workspace.current.edited
    order = names(filed)
    assert order.index("a") < order.index(STRIPE) < order.index("annotated slits")
    workspace.open(filed.keys[2])
    assert workspace.current.membrane is None
    assert not stripe(filed).any()


def test_a_stripe_that_nobody_edited_is_held_for_the_open_image_only(filed) -> None:
    first, _, third = filed.keys
    filed.workspace.open(first)
    filed.workspace.open(third)
    assert filed.workspace.entry(first).membrane is None
    np.testing.assert_array_equal(drawn_stripe(filed.workspace.entry(first)), filed.mask)
    filed.workspace.open(first)
    np.testing.assert_array_equal(stripe(filed), filed.mask)


def test_an_edited_stripe_stays_and_its_history_begins_with_the_file(filed) -> None:
    first, _, third = filed.keys
    workspace = filed.workspace
    workspace.open(first)
    filed.membrane.clear()
    workspace.open(third)
    workspace.open(first)
    assert not workspace.current.membrane.any()
    np.testing.assert_array_equal(workspace.current.history.base.membrane, filed.mask)
    workspace.undo(first)
    np.testing.assert_array_equal(stripe(filed), filed.mask)


def test_a_membrane_of_another_size_is_told_once_and_the_image_is_shown(filed) -> None:
    second = filed.keys[1]
    for key in (second, filed.keys[2], second):
        filed.workspace.open(key)
    entry = filed.workspace.current
    assert entry.membrane is None
    assert entry.notices.count("Its membrane was not read.") == 1
    assert "5 x 5 px, but its image is 96 x 80 px" in entry.notices


def test_a_review_that_began_without_the_file_is_given_no_other_beginning(filed) -> None:
    first = filed.keys[0]
    workspace = filed.workspace
    workspace.edit_annotation(first, np.array([-1]), np.array([[5.0, 5.0]]))
    workspace.open(first)
    assert workspace.current.membrane is None
    assert filed.membrane.has_untaken_file
    filed.membrane.take_file()
    np.testing.assert_array_equal(workspace.current.membrane, filed.mask)
    assert [edit.kind for edit in workspace.current.history.edits] == ["add", "read membrane"]
    workspace.undo(first)
    assert workspace.current.membrane is None
    assert len(workspace.current.annotation) == 1


def test_the_models_membrane_is_compared_with_the_drawn_one(filed, predicted) -> None:
    first, _, third = filed.keys
    assert membrane_dice(filed.workspace.entry(first)) is None
    for key in (first, third):
        filed.workspace.set_prediction(key, predicted([[5, 5]]))
    half = filed.mask.copy()
    half[:48] = False
    filed.workspace.entry(first).prediction.membrane[half] = 1
    both = 2 * half.sum() / (half.sum() + filed.mask.sum())
    assert membrane_dice(filed.workspace.entry(first)) == pytest.approx(both)
    assert membrane_dice(filed.workspace.entry(third)) is None


# -- painting and drawing, without a window


def test_without_a_membrane_there_is_no_layer_until_one_is_painted(shown) -> None:
    assert STRIPE not in names(shown)
    shown.membrane.start("paint")
    assert stripe(shown).shape == SHAPE
    assert shown.viewer.layers[STRIPE].brush_size == 9
    assert shown.workspace.current.membrane is None


@pytest.mark.parametrize("use", ["paint", "fill", "paint_polygon", "data_setitem"])
def test_whatever_a_tool_of_napari_does_is_one_edit(shown, use) -> None:
    shown.membrane.start("paint")
    layer = shown.viewer.layers[STRIPE]
    area = [[10, 10], [10, 40], [40, 40], [40, 10]]
    arguments = {
        "paint": ((40, 30), 1),
        "fill": ((40, 30), 1),
        "paint_polygon": (area, 1),
        "data_setitem": ((np.array([3, 4]), np.array([5, 6])), 1),
    }
    getattr(layer, use)(*arguments[use])
    assert len(shown.workspace.current.history.edits) == 1
    assert shown.workspace.current.membrane.any()
    np.testing.assert_array_equal(shown.workspace.current.membrane, stripe(shown))
    shown.workspace.undo(shown.key)
    assert not stripe(shown).any()


def test_random_edits_are_undone_and_done_again_bit_for_bit(shown) -> None:
    rng = np.random.default_rng(0)
    shown.membrane.start("paint")
    layer, workspace = shown.viewer.layers[STRIPE], shown.workspace
    states = [np.zeros(SHAPE, bool)]
    for _ in range(12):
        line = rng.uniform(0, 90, (2, 2))
        before = workspace.current.membrane
        if rng.random() < 0.5:
            layer.paint(rng.integers(0, 79, 2), int(rng.integers(0, 2)))
        else:
            workspace.apply(shown.key, draw_line(before, line, SHAPE, 4.0, Signature("Ada", "t")))
        np.testing.assert_array_equal(stripe(shown), workspace.current.membrane)
        if workspace.current.membrane is not before:
            states.append(workspace.current.membrane)
    for state in states[-2::-1]:
        workspace.undo(shown.key)
        np.testing.assert_array_equal(stripe(shown), state)
    for state in states[1:]:
        workspace.redo(shown.key)
        np.testing.assert_array_equal(stripe(shown), state)


def test_edits_are_signed(shown) -> None:
    shown.workspace.editor = "Ada"
    shown.membrane.start("erase")
    shown.viewer.layers[STRIPE].paint((40, 40), 1)
    edit = shown.workspace.current.history.edits[-1]
    assert (edit.kind, edit.editor) == ("erase membrane", "Ada")
    assert edit.time


def test_an_unknown_pixel_size_is_assumed_to_be_10_nm(shown) -> None:
    shown.membrane.set_width(50.0)
    shown.workspace.open(shown.other)
    shown.membrane.start("paint")
    assert shown.membrane.width_px == 5
    assert shown.viewer.layers[STRIPE].brush_size == 5


def test_the_models_membrane_replaces_the_stripe_without_its_specks(shown, predicted) -> None:
    shown.membrane.start("paint")
    shown.viewer.layers[STRIPE].paint((80, 70), 1)
    shown.membrane.take_models()
    assert shown.workspace.current.membrane[80, 70]
    prediction = predicted([[5, 5]])
    prediction.membrane[20:30] = 0.7
    prediction.membrane[60, 60] = 1
    shown.workspace.set_prediction(shown.key, prediction)
    shown.membrane.take_models()
    expected = np.zeros(SHAPE, bool)
    expected[20:30] = True
    np.testing.assert_array_equal(stripe(shown), expected)
    shown.workspace.undo(shown.key)
    assert stripe(shown)[80, 70]


def test_a_deleted_layer_comes_back_with_the_next_change(shown) -> None:
    shown.membrane.start("paint")
    shown.viewer.layers[STRIPE].paint((40, 40), 1)
    shown.viewer.layers.remove(STRIPE)
    shown.workspace.edit_annotation(shown.key, np.array([-1]), np.array([[5.0, 5.0]]))
    np.testing.assert_array_equal(stripe(shown), shown.workspace.current.membrane)
    shown.viewer.layers[STRIPE].paint((10, 10), 1)
    assert shown.workspace.current.membrane[10, 10]


def test_without_an_image_no_tool_starts(table) -> None:
    membrane = session_of(table.viewer).membrane
    for tool in ("paint", "line"):
        membrane.start(tool)
        assert membrane.tool == ""
    membrane.take_models()
    membrane.clear()
    membrane.take_file()
    assert not table.viewer.layers


def test_walking_images_makes_no_more_layers_and_no_more_listeners(shown) -> None:
    viewer = shown.viewer

    def counts() -> tuple[int, ...]:
        lists = (viewer.mouse_drag_callbacks, viewer.mouse_move_callbacks)
        zoom = viewer.mouse_double_click_callbacks
        return len(viewer.layers), *map(len, lists), len(zoom), len(shown.workspace.recorded)

    shown.membrane.start("line")
    shown.membrane.start("paint")
    shown.membrane.stop()
    before = counts()
    for turn in range(20):
        shown.workspace.open((shown.key, shown.other)[turn % 2])
        shown.membrane.start(("paint", "line")[turn // 2 % 2])
        shown.membrane.stop()
    assert counts() == before


def test_a_part_of_a_closed_dock_is_no_longer_told(shown, qtbot) -> None:
    part = MembranePart(shown.session)
    linked = len(shown.membrane.changed)
    part.deleteLater()
    QApplication.sendPostedEvents(part, 52)
    del part
    gc.collect()
    assert len(shown.membrane.changed) == linked - 1
