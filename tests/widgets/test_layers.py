from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Image, Points

from napari_slitseg.core.image import Micrograph, read_image
from napari_slitseg.core.points import PointTable
from napari_slitseg.widgets import _samples
from napari_slitseg.widgets._adopt import Frame, frame_for, micrograph_of, slice_of
from napari_slitseg.widgets._entry import Status
from napari_slitseg.widgets._session import session_of
from napari_slitseg.widgets._style import MARKS


def layer_of(viewed, name: str):
    return next(layer for layer in viewed.viewer.layers if layer.name == name)


def names(viewed) -> list[str]:
    return [layer.name for layer in viewed.viewer.layers]


@pytest.fixture
def shown(table, micrograph, predicted):
    """One image: two annotated slits, one of them found, one found in the wrong place."""
    slits = PointTable.from_yx([[10, 10], [50, 50]])
    key = table.workspace.add_image(micrograph, annotation=slits)
    table.workspace.set_prediction(key, predicted([[10, 12], [80, 60]]))
    table.workspace.open(key)
    table.key = key
    return table


def test_maps_lie_over_the_image_and_points_over_maps(shown, micrograph) -> None:
    assert names(shown) == [
        "scene",
        "membrane map",
        "slit map",
        "annotated slits",
        "detected slits",
        "matched pairs",
    ]
    np.testing.assert_array_equal(layer_of(shown, "scene").data, micrograph.pixels)
    assert layer_of(shown, "slit map").blending == "additive"
    assert {tuple(layer.scale) for layer in shown.viewer.layers} == {(10.0, 10.0)}
    assert shown.viewer.canvas.overlays.scale_bar.visible


def test_kinds_are_told_apart_by_symbol_and_colour(shown) -> None:
    detected, annotated = layer_of(shown, "detected slits"), layer_of(shown, "annotated slits")
    assert detected.features["kind"].tolist() == ["true positive", "false positive"]
    assert [str(s) for s in detected.symbol] == ["disc", "x"]
    assert annotated.features["kind"].tolist() == ["matched", "missed"]
    assert [str(s) for s in annotated.symbol] == ["disc", "diamond"]
    colour = bytes.fromhex(MARKS["false positive"].colour[1:])
    np.testing.assert_allclose(detected.border_color[1, :3] * 255, list(colour), atol=0.5)
    np.testing.assert_array_equal(layer_of(shown, "matched pairs").data, [[[10, 12], [0, -2]]])


def test_layers_are_reused_and_hold_copies(shown, micrograph, predicted) -> None:
    before = list(shown.viewer.layers)
    other = shown.workspace.add_image(Micrograph(micrograph.pixels[:50], 5.0, "test", "other"))
    shown.workspace.set_prediction(other, predicted([[20, 20]]))
    shown.workspace.open(other)
    assert list(shown.viewer.layers) == before
    assert before[0].name == "other"
    assert tuple(before[0].scale) == (5.0, 5.0)
    assert len(layer_of(shown, "annotated slits").data) == 0
    layer_of(shown, "detected slits").data[:] = 0
    np.testing.assert_array_equal(shown.workspace.current.prediction.table.yx, [[20, 20]])


def test_all_of_an_image_is_shown_whatever_was_shown_before(shown, micrograph) -> None:
    small = shown.workspace.add_image(Micrograph(micrograph.pixels[:20, :20], 10.0, "", "small"))
    shown.workspace.open(small)
    np.testing.assert_allclose(shown.viewer.scene.camera.center[1:], (95, 95))
    shown.workspace.open(shown.key)
    np.testing.assert_allclose(shown.viewer.scene.camera.center[1:], (475, 395))


def test_the_active_layer_stays_that_of_the_image(shown) -> None:
    assert shown.viewer.layers.selection.active.name == "scene"


def test_a_layer_a_person_deletes_comes_back_with_its_points(shown) -> None:
    shown.viewer.layers.remove("annotated slits")
    assert len(shown.workspace.entry(shown.key).annotation) == 2
    shown.workspace.set_tolerance(10)
    assert len(layer_of(shown, "annotated slits").data) == 2
    assert names(shown).index("annotated slits") == 3


def test_edits_flow_back_and_are_scored_at_once(shown) -> None:
    layer = layer_of(shown, "annotated slits")
    layer.add([[80, 61]])
    entry = shown.workspace.entry(shown.key)
    assert entry.scores.true_positive == 2
    assert entry.edited
    assert entry.annotation.ids.tolist() == [0, 1, 2]
    layer.selected_data = {1}
    layer.remove_selected()
    entry = shown.workspace.entry(shown.key)
    assert entry.annotation.living.ids.tolist() == [0, 2]
    assert entry.scores.missed == 0
    assert layer.features["kind"].tolist() == ["matched", "matched"]


def test_a_drag_moves_the_point_it_moves(shown) -> None:
    layer = layer_of(shown, "annotated slits")
    layer.data[1] = (80, 58)
    layer.events.data(value=layer.data, action="changed", data_indices=(1,), vertex_indices=((),))
    slits = shown.workspace.entry(shown.key).annotation
    assert slits.ids.tolist() == [0, 1]
    assert slits.yx[1].tolist() == [80, 58]
    assert shown.workspace.entry(shown.key).scores.true_positive == 2


def test_edits_survive_going_to_another_image_and_back(shown, micrograph) -> None:
    layer_of(shown, "annotated slits").add([[33, 44]])
    shown.workspace.open(shown.workspace.add_image(micrograph))
    assert len(layer_of(shown, "annotated slits").data) == 0
    shown.workspace.open(shown.key)
    assert layer_of(shown, "annotated slits").data[-1].tolist() == [33, 44]


def test_the_first_point_on_a_bare_image_begins_its_annotation(table, micrograph) -> None:
    key = table.workspace.add_image(micrograph)
    table.workspace.open(key)
    layer_of(table, "annotated slits").add([[5, 6]])
    assert table.workspace.entry(key).annotation.yx.tolist() == [[5, 6]]
    assert table.workspace.entry(key).annotation.origin.tolist() == ["human"]


def test_without_images_the_layers_are_empty(shown) -> None:
    shown.workspace.remove(shown.key)
    assert len(layer_of(shown, "annotated slits").data) == 0
    assert len(layer_of(shown, "detected slits").data) == 0


def test_an_image_dragged_into_napari_is_taken_in(table, pixels) -> None:
    layer = table.viewer.add_image(pixels, name="dragged", scale=(7, 7), units=("nm", "nm"))
    entry = table.workspace.current
    assert (entry.name, entry.shape, entry.pixel_size_nm) == ("dragged", pixels.shape, 7.0)
    layer_of(table, "annotated slits").add([[1, 2]])
    assert tuple(layer_of(table, "annotated slits").scale) == (7.0, 7.0)
    assert names(table)[0] == "dragged"
    assert "annotated slits" in names(table)[1:]
    table.viewer.layers.remove(layer)
    table.workspace.set_tolerance(11)
    np.testing.assert_array_equal(layer_of(table, "dragged").data, pixels)
    assert table.workspace.entry(entry.key).annotation.yx.tolist() == [[1, 2]]


def test_a_dragged_image_lies_below_the_marks_and_sets_the_units(shown, pixels) -> None:
    shown.viewer.add_image(pixels, name="dragged")
    assert names(shown).index("dragged") < names(shown).index("membrane map")
    assert {str(layer.units[0]) for layer in shown.viewer.layers} == {"pixel"}
    assert {tuple(layer.scale) for layer in shown.viewer.layers} == {(1.0, 1.0)}
    assert not layer_of(shown, "scene").visible
    shown.workspace.open(shown.key)
    assert layer_of(shown, "scene").visible
    assert not layer_of(shown, "dragged").visible
    assert shown.workspace.entry(shown.key).pixel_size_nm == 10


def test_foreign_points_in_pixels_bring_the_image_to_pixels(shown) -> None:
    shown.viewer.add_points(np.zeros((1, 2)), name="foreign")
    assert {str(layer.units[0]) for layer in shown.viewer.layers} == {"pixel"}
    assert tuple(layer_of(shown, "scene").scale) == (1.0, 1.0)
    assert not shown.viewer.canvas.overlays.scale_bar.visible


def test_selecting_another_image_layer_makes_it_current(table, pixels) -> None:
    one = table.viewer.add_image(pixels, name="one")
    two = table.viewer.add_image(pixels, name="two")
    assert table.workspace.current.name == "two"
    assert (one.visible, two.visible) == (False, True)
    table.viewer.layers.selection.active = one
    assert table.workspace.current.name == "one"
    assert (one.visible, two.visible) == (True, False)


def test_each_slice_of_a_stack_has_its_own_slits(table, pixels, predicted) -> None:
    table.viewer.add_image(np.stack([pixels, pixels, pixels]), name="stack")
    table.viewer.dims.current_step = (2, 0, 0)
    assert [entry.name for entry in table.workspace.entries] == ["stack [2]"]
    key = table.workspace.current.key
    table.workspace.set_prediction(key, predicted([[10, 12]]))
    assert len(layer_of(table, "detected slits").data) == 1
    table.viewer.dims.current_step = (0, 0, 0)
    assert len(layer_of(table, "detected slits").data) == 0
    assert [entry.name for entry in table.workspace.entries] == ["stack [2]", "stack [0]"]
    table.viewer.dims.current_step = (2, 0, 0)
    assert table.workspace.current.key == key
    assert len(table.workspace.entries) == 1 + 1


def test_a_dragged_file_brings_its_annotation(table, folder) -> None:
    for name in ("a", "b"):
        layer = Image(np.zeros((96, 80), np.uint8), name=name)
        layer._source = layer.source.model_copy(update={"path": str(folder / f"{name}.png")})
        table.viewer.add_layer(layer)
    a, b = table.workspace.entries
    assert a.annotation.yx.tolist() == [[10, 10], [50, 40]]
    assert a.annotation_path == folder / "a.csv"
    assert b.annotation is None


def test_sample_layers_bring_their_annotation(table) -> None:
    for data, options, kind in _samples.healthy():
        getattr(table.viewer, f"add_{kind}")(data, **options)
    entry = table.workspace.current
    assert len(entry.annotation) > 5
    assert not entry.edited
    assert entry.pixel_size_nm == 10.0


def test_pixel_size_of_a_layer() -> None:
    data = np.zeros((8, 8), np.uint8)
    size = [
        micrograph_of(Image(data, **place), ()).pixel_size_nm
        for place in (
            {},
            {"scale": (8, 8)},
            {"scale": (0.01, 0.01)},
            {"scale": (0.01, 0.01), "units": ("um", "um")},
            {"scale": (4, 9), "units": ("nm", "nm")},
        )
    ]
    assert size == [None, 8.0, pytest.approx(10.0), pytest.approx(10.0), pytest.approx(6.0)]


def test_rgb_is_made_grey_and_stacks_are_sliced() -> None:
    rgb = Image(np.full((8, 9, 3), 100, np.uint8), rgb=True)
    assert micrograph_of(rgb, ()).shape == (8, 9)
    stack = Image(np.arange(24).reshape(4, 2, 3))
    assert slice_of(stack, (3, 0, 0)) == (3,)
    assert slice_of(stack, (9, 3, 0, 0)) == (3,)
    assert micrograph_of(stack, (3,)).pixels.tolist() == [[18, 19, 20], [21, 22, 23]]


def test_files_lie_in_nm_unless_other_layers_are_in_pixels() -> None:
    assert frame_for(8.0, []) == Frame((8.0, 8.0), units=("nm", "nm"))
    assert frame_for(8.0, [Points(np.zeros((1, 2)))]) == Frame()
    assert frame_for(None, []) == Frame()
    assert Frame((2.0, 4.0), (1.0, 1.0)).to_pixels((0, 5, 9)) == (2.0, 2.0)


class Clicks:
    """Stands for the dock."""

    def __init__(self) -> None:
        self.at: list[tuple[float, float]] = []

    def note(self, y: float, x: float) -> None:
        self.at.append((y, x))


def click(viewer, position, *, drag: bool = False) -> None:
    """Press, perhaps move, and release the mouse."""
    event = SimpleNamespace(type="mouse_press", position=position)
    for callback in list(viewer.mouse_drag_callbacks):
        if getattr(callback, "__name__", "") != "_on_mouse":
            continue
        steps = callback(viewer, event)
        next(steps)
        for kind in [*(["mouse_move"] if drag else []), "mouse_release"]:
            event.type = kind
            next(steps, None)


def test_clicks_are_told_in_pixels_and_drags_are_not(shown) -> None:
    layers, clicks = session_of(shown.viewer).layers.clicks, Clicks()
    before = len(shown.viewer.mouse_drag_callbacks)
    layers.listen(clicks.note)
    click(shown.viewer, (100.0, 205.0))
    click(shown.viewer, (100.0, 205.0), drag=True)
    assert clicks.at == [(10.0, 20.5)]
    layers.listen(None)
    click(shown.viewer, (100.0, 205.0))
    assert len(clicks.at) == 1
    assert len(shown.viewer.mouse_drag_callbacks) == before


def is_bare(viewed) -> bool:
    points = layer_of(viewed, "annotated slits").data, layer_of(viewed, "detected slits").data
    picture = viewed.viewer.layers[0].data
    return not any(map(len, points)) and picture.shape == (1, 1)


@pytest.mark.parametrize("status", [Status.FAILED, Status.WAITING])
def test_an_image_that_was_not_read_shows_nothing_and_takes_no_points(shown, status) -> None:
    workspace = shown.workspace
    (bad,) = workspace.add_paths([Path("bad.png")])
    workspace.set_status(bad, status, "bad.png: is no picture.")
    workspace.open(bad)
    assert is_bare(shown)
    assert "bad.png: is no picture." in shown.viewer.status
    layer = layer_of(shown, "annotated slits")
    assert not layer.editable
    layer.add([1, 1])
    assert workspace.entry(bad).annotation is None
    assert not workspace.entry(bad).edited

    workspace.open(shown.key)
    assert len(layer.data) == 2
    assert layer.editable
    layer.add([5, 5])
    assert len(workspace.entry(shown.key).annotation) == 3


def test_an_image_that_is_read_while_one_looks_at_it_appears(shown, micrograph) -> None:
    (late,) = shown.workspace.add_paths([Path("late.png")])
    shown.workspace.open(late)
    assert is_bare(shown)
    shown.workspace.set_read(late, micrograph)
    np.testing.assert_array_equal(layer_of(shown, "scene").data, micrograph.pixels)
    layer_of(shown, "annotated slits").add([5, 5])
    assert len(shown.workspace.entry(late).annotation) == 1


def test_a_file_that_went_away_fails_once_and_comes_back(shown, folder, pixels) -> None:
    workspace = shown.workspace
    (key,) = workspace.add_paths([folder / "b.png"])
    workspace.set_read(key, read_image(folder / "b.png"))
    workspace._shelf.drop(key)
    (folder / "b.png").rename(folder / "away.png")
    workspace.open(key)
    assert workspace.entry(key).status is Status.FAILED
    assert "b.png" in workspace.entry(key).message
    assert is_bare(shown)
    workspace.set_tolerance(70)
    workspace.update(key, pixel_size_nm=7.0)
    assert is_bare(shown)

    workspace.open(shown.key)
    (folder / "away.png").rename(folder / "b.png")
    workspace.open(key)
    np.testing.assert_array_equal(layer_of(shown, "b").data, pixels)
    assert workspace.entry(key).status is Status.READY


def test_an_image_that_is_nowhere_any_more_fails_with_a_reason(shown, micrograph) -> None:
    key = shown.workspace.add_image(micrograph)
    shown.workspace.update(key, micrograph=None)
    shown.workspace.open(key)
    assert shown.workspace.entry(key).status is Status.FAILED
    assert "no longer there" in shown.workspace.entry(key).message
    assert is_bare(shown)
