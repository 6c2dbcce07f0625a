"""Many images walked and edited in a real viewer leave nothing behind, and are found again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image
from qtpy.QtCore import QObject

from napari_slitseg.core.image import read_image
from napari_slitseg.core.points import PointTable
from napari_slitseg.widgets._session import session_of

N_IMAGES, WARM, SIDE_PX = 12, 4, 256


def pictures(folder: Path, number: int) -> list[Path]:
    rng = np.random.default_rng(0)
    paths = [folder / f"{each:02}.png" for each in range(number)]
    for path in paths:
        Image.fromarray(rng.integers(0, 255, (SIDE_PX, SIDE_PX)).astype(np.uint8)).save(path)
    return paths


def edit(workspace, key: int, *yx: tuple[float, float]) -> None:
    marks = workspace.entry(key).overlay.annotations
    ids = np.append(marks.ids, np.full(len(yx), -1))
    workspace.edit_annotation(key, ids, np.concatenate([marks.yx, np.array(yx, float)]))


def opened(workspace, path: Path) -> int:
    key = workspace.add_paths([path])[0]
    if not workspace.entry(key).shape[0]:
        workspace.set_read(key, read_image(path).with_pixel_size(10.0))
    workspace.open(key)
    return key


def counts(desk: SimpleNamespace) -> dict[str, int]:
    """Layers, listeners and Qt objects of a window."""
    viewer, workspace = desk.viewer, desk.workspace
    ours = (workspace.entry_changed, workspace.current_changed, workspace.recorded)
    emitters = [viewer.events, viewer.layers.events, viewer.dims.events]
    emitters += [layer.events for layer in viewer.layers]
    return {
        "layers": len(viewer.layers),
        "ours": sum(len(signal) for signal in ours),
        "napari": sum(len(e.callbacks) for group in emitters for e in group.emitters.values()),
        "widgets": len(viewer.window._qt_window.findChildren(QObject)),
    }


def test_images_walked_and_edited_leave_no_layer_listener_or_widget(
    desk: SimpleNamespace, predicted, tmp_path: Path, qtbot
) -> None:
    seen = []
    for number, path in enumerate(pictures(tmp_path, N_IMAGES)):
        key = opened(desk.workspace, path)
        yx = np.random.default_rng(number).uniform(10, 240, (20, 2))
        desk.workspace.set_prediction(key, predicted(yx))
        edit(desk.workspace, key, (5, 5), (30.5, 31))
        desk.workspace.undo(key)
        desk.workspace.redo(key)
        qtbot.wait(1)
        seen.append(counts(desk))
    assert seen[WARM] == seen[-1]
    assert session_of(desk.viewer).keeper.state.kept


def test_edits_are_undone_in_another_viewer_to_the_start(
    make_napari_viewer, tmp_path: Path
) -> None:
    first, second = pictures(tmp_path, 2)
    viewer = make_napari_viewer()
    session = session_of(viewer)
    a = opened(session.workspace, first)
    edit(session.workspace, a, (1.25, 2))
    b = opened(session.workspace, second)
    edit(session.workspace, b, (9, 9), (10, 10))
    session.workspace.open(a)
    edit(session.workspace, a, (3, 4))
    session.workspace.undo(a)
    assert session.workspace.entry(a).annotation.yx.tolist() == [[1.25, 2]]
    session.keeper.close()
    viewer.close()
    again = session_of(make_napari_viewer()).workspace
    a, b = opened(again, first), opened(again, second)
    assert again.entry(b).annotation.yx.tolist() == [[9, 9], [10, 10]]
    again.redo(a)
    assert again.entry(a).annotation.yx.tolist() == [[1.25, 2], [3, 4]]
    assert len(again.entry(a).history.edits) == 2
    again.undo(a)
    again.undo(a)
    assert again.entry(a).history.state.equals(again.entry(a).history.base)
    assert again.entry(a).annotation is None
    assert isinstance(again.entry(b).annotation, PointTable)
