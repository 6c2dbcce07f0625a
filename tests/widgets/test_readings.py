"""Blinded readings of a window: what is hidden, what is kept, and what is written down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from napari_slitseg.core.blinding import ReadingSettings
from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.image import read_image
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Signature
from napari_slitseg.core.review.operations_points import add
from napari_slitseg.pipelines import readers_plans as plans
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.readers import agree
from napari_slitseg.store import Project
from napari_slitseg.widgets import _blind_dialog
from napari_slitseg.widgets._blind_dialog import Asked, BeginDialog, EndDialog
from napari_slitseg.widgets._entry import Status
from napari_slitseg.widgets._keeper_state import KeeperState
from napari_slitseg.widgets._reading_banner import ReadingBanner
from napari_slitseg.widgets._reading_part import ReadingPart, write_key
from napari_slitseg.widgets._review_keeping import texts_of
from napari_slitseg.widgets._session import Session, session_of
from napari_slitseg.widgets._work import ItemFailed
from napari_slitseg.widgets.open_workspace import inner

NAMES = ("secret_a", "secret_b", "secret_c", "secret_d")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "biopsy_77"
    folder.mkdir()
    for n, name in enumerate(NAMES):
        pixels = np.random.default_rng(n).integers(0, 255, (64, 64)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def window(images: Path, predicted: Callable[..., Any]) -> SimpleNamespace:
    """A viewer without a window; the folder's images are read, annotated and predicted."""
    viewer = ViewerModel()
    session = session_of(viewer)
    keys = listed(session, images)
    for key in keys:
        session.workspace.set_prediction(key, predicted([[20, 20], [40, 40]]))
    session.workspace.open(keys[0])
    return SimpleNamespace(viewer=viewer, session=session, keys=keys, folder=images)


def listed(session: Session, folder: Path) -> list[int]:
    """List and read the images of a folder, as the Load dock does."""
    keys = session.workspace.add_paths(sorted(folder.glob("*.png")))
    for key in keys:
        path = session.workspace.unblinded(key).path
        annotation = PointTable.from_yx([[10, 10], [20, 21]])
        image = read_image(path).with_pixel_size(10.0)
        session.workspace.set_read(key, image, annotation=annotation, annotation_path=path)
    return keys


def set_points(session: Session, key: int, yx: Any) -> None:
    """Do what a reader does: add points."""
    workspace = session.workspace
    table = workspace.entry(key).annotation
    workspace.apply(key, add(table, yx, Signature.now(workspace.editor)))


def everything_shown(window: SimpleNamespace) -> str:
    """Every word and number that the window could show of its images and layers."""
    workspace, viewer = window.session.workspace, window.viewer
    words = [viewer.title, str(viewer.status)]
    for layer in viewer.layers:
        words += [layer.name, str(layer.metadata), str(getattr(layer.source, "path", ""))]
    for entry in (*workspace.entries, workspace.current):
        told = (entry.name, entry.path, entry.annotation_path, entry.message, entry.notices)
        words += [str(each) for each in told]
    return "\n".join(words)


def begin(window: SimpleNamespace, reader: str = "Ada", **settings: Any) -> None:
    window.session.readings.begin(reader, window.keys, ReadingSettings(**settings))


def test_nothing_of_files_model_or_others_is_left(window: SimpleNamespace) -> None:
    assert "secret" in everything_shown(window)
    begin(window, scale_hidden=True)
    workspace = window.session.workspace
    told = everything_shown(window)
    assert "secret" not in told
    assert "biopsy_77" not in told
    assert [entry.name for entry in workspace.entries] == [f"Image 00{n}" for n in (1, 2, 3, 4)]
    for key in window.keys:
        entry = workspace.entry(key)
        assert entry.prediction is None
        assert entry.scores is None
        assert entry.annotation is None
        assert entry.pixel_size_nm is None
        assert not entry.overlay.counts()
    shown = {layer.name: layer for layer in window.viewer.layers}
    assert len(shown["Detected slits"].data if "Detected slits" in shown else []) == 0
    for layer in window.viewer.layers:
        if hasattr(layer, "size"):
            assert len(layer.data) == 0


def test_the_model_cannot_come_in_during_a_reading(
    window: SimpleNamespace, predicted: Callable[..., Any]
) -> None:
    begin(window)
    workspace = window.session.workspace
    key = workspace.current.key
    workspace.set_prediction(key, predicted([[5, 5], [9, 9], [30, 30]]))
    workspace.set_cut(0.1, 10.0)
    workspace.set_tolerance(80.0)
    assert workspace.entry(key).prediction is None
    assert workspace.current.scores is None
    assert not workspace.current.overlay.counts()
    window.session.readings.end("Chief")
    assert len(workspace.entry(key).prediction.candidates.yx) == 3


def test_the_model_may_be_shown_if_that_is_wanted(window: SimpleNamespace) -> None:
    begin(window, model_hidden=False)
    entry = window.session.workspace.current
    assert entry.prediction is not None
    assert entry.scores is None


def test_each_reader_has_an_order_of_their_own(window: SimpleNamespace) -> None:
    readings, workspace = window.session.readings, window.session.workspace
    orders = []
    for reader in ("Ada", "Ben", "Cleo"):
        begin(window, reader)
        orders.append([entry.key for entry in workspace.entries])
        readings.leave()
    assert len({tuple(order) for order in orders}) > 1
    readings.resume("Ada")
    assert [entry.key for entry in workspace.entries] == orders[0]


def test_steps_follow_the_reader_and_stay_in_the_reading(window: SimpleNamespace) -> None:
    window.session.readings.begin("Ada", window.keys[:3], ReadingSettings(seed=2))
    workspace = window.session.workspace
    order = [entry.key for entry in workspace.entries]
    assert set(order) == set(window.keys[:3])
    visited = [workspace.current.key]
    for _ in range(5):
        workspace.step(1)
        visited.append(workspace.current.key)
    assert visited == [*order, *[order[-1]] * 3]
    workspace.open(window.keys[3])
    assert workspace.current.key == order[-1]
    assert window.session.readings.place() == (3, 3)


def test_what_a_reader_says_is_in_a_track_of_their_own(window: SimpleNamespace) -> None:
    workspace, readings = window.session.workspace, window.session.readings
    key = window.keys[0]
    shared = workspace.entry(key).annotation
    begin(window, "Ada")
    set_points(window.session, key, [[1, 2], [3, 4]])
    assert workspace.entry(key).annotation.editor.tolist() == ["Ada", "Ada"]
    readings.leave()
    assert workspace.entry(key).annotation is shared
    begin(window, "Ben")
    assert workspace.entry(key).annotation is None
    set_points(window.session, key, [[7, 7]])
    readings.end("Chief")
    assert workspace.entry(key).annotation is shared
    assert not workspace.entry(key).edited
    readings.resume("Ada")
    assert workspace.entry(key).annotation.yx.tolist() == [[1, 2], [3, 4]]
    workspace.undo(key)
    assert workspace.entry(key).annotation is None


def test_an_image_opened_counts_as_read_without_points(window: SimpleNamespace) -> None:
    readings, workspace = window.session.readings, window.session.workspace
    for reader in ("Ada", "Ben"):
        begin(window, reader)
        for _ in NAMES:
            workspace.step(1)
        readings.end("Chief")
    with Project.open(window.folder, read_only=True) as project:
        (pair,) = agree(project, readers=["Ada", "Ben"]).found.pairs
    assert len(pair.images) == 4
    assert pair.f1.value == 1


def test_unblinding_is_written_down_and_gives_the_key(window: SimpleNamespace) -> None:
    begin(window)
    readings, workspace = window.session.readings, window.session.workspace
    codes = {entry.name: entry.key for entry in workspace.entries}
    with pytest.raises(JobError, match="Say who"):
        readings.end("")
    assert workspace.blind is not None
    over = readings.end("Chief")
    names = {key: workspace.entry(key).path.name for key in window.keys}
    assert {row["code"]: row["image"] for row in over.plan.key_rows()} == {
        code: names[key] for code, key in codes.items()
    }
    kept = readings.here()["Ada"]
    assert [(each.what, each.by) for each in kept.log] == [("begun", "Ada"), ("ended", "Chief")]
    with pytest.raises(JobError, match="no reading of Ada to go on"):
        readings.resume("Ada")


def test_unsaved_work_is_never_put_away(window: SimpleNamespace) -> None:
    workspace = window.session.workspace
    workspace.add_image(read_image(window.folder / "secret_a.png"))
    key = workspace.entries[-1].key
    set_points(window.session, key, [[1, 1]])
    assert workspace.entry(key).edited
    with pytest.raises(JobError, match="Save the annotations of secret_a first"):
        begin(window)
    assert workspace.blind is None


def test_one_reading_at_a_time_and_only_of_files(window: SimpleNamespace) -> None:
    with pytest.raises(JobError, match="needs images"):
        window.session.readings.begin("Ada", [], ReadingSettings())
    begin(window)
    with pytest.raises(JobError, match="Ada goes on"):
        begin(window, "Ben")


def test_images_are_not_removed_or_rescaled_during_a_reading(window: SimpleNamespace) -> None:
    begin(window)
    workspace = window.session.workspace
    workspace.remove(window.keys[0])
    workspace.set_pixel_size(window.keys[0], 3.0)
    assert workspace.has(window.keys[0])
    assert workspace.unblinded(window.keys[0]).pixel_size_nm == 10


def test_the_source_of_a_scale_does_not_tell_a_name_during_a_reading(
    window: SimpleNamespace,
) -> None:
    scale = Scale(9.7, "grating", "secret_grating.tif")
    window.session.keeper.scales.give(window.keys, scale)
    begin(window)
    seen = window.session.workspace.entries
    assert seen
    assert {each.scale and each.scale.nm_per_px for each in seen} == {9.7}
    assert not any("secret" in str((each.scale, each.file_scale)) for each in seen)
    assert window.session.workspace.unblinded(window.keys[0]).scale == scale


def test_a_file_that_cannot_be_read_does_not_tell_its_name(window: SimpleNamespace) -> None:
    begin(window)
    workspace = window.session.workspace
    key = window.keys[0]
    workspace.set_status(key, Status.FAILED, f"{window.folder}/secret_a.png is gone.")
    assert "secret" not in everything_shown(window)
    assert workspace.entry(key).status is Status.FAILED
    assert workspace.entry(key).message


CRASH = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from napari.components import ViewerModel
from napari_slitseg.core.blinding import ReadingSettings
from napari_slitseg.widgets._session import session_of
from test_readings import listed, set_points
viewer = ViewerModel()
session = session_of(viewer)
keys = listed(session, Path({folder!r}))
session.readings.begin("Ada", keys, ReadingSettings(seed=4))
set_points(session, keys[1], [[5, 6], [7, 8]])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_window_that_was_killed_comes_back_blinded(images: Path) -> None:
    code = CRASH.format(tests=str(Path(__file__).parent), folder=str(images))
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    viewer = ViewerModel()
    session = session_of(viewer)
    names = []
    session.workspace.entry_changed.connect(
        lambda key: names.append(session.workspace.entry(key).name)
    )
    keys = listed(session, images)
    assert session.workspace.blind is not None
    assert session.workspace.track == session.workspace.editor == "Ada"
    assert not [name for name in names if "secret" in name]
    assert session.workspace.entry(keys[1]).annotation.yx.tolist() == [[5, 6], [7, 8]]
    assert session.workspace.entry(keys[0]).annotation is None
    set_points(session, keys[1], [[9, 9]])
    session.readings.end("Chief")
    assert session.workspace.entry(keys[0]).annotation.yx.tolist() == [[10, 10], [20, 21]]
    with Project.open(images, read_only=True) as project:
        (reading,) = plans.readings(project).values()
        history, _ = project.history(project.image_id(images / "secret_b.png"), "Ada")
    assert len(history.state.points) == 3
    assert reading.plan.is_over


def test_leaving_does_not_blind_the_next_window(window: SimpleNamespace, images: Path) -> None:
    begin(window)
    window.session.readings.leave()
    viewer = ViewerModel()
    other = session_of(viewer)
    listed(other, images)
    assert other.workspace.blind is None
    assert list(other.readings.here()) == ["Ada"]


# -- the part of the dock


@pytest.fixture
def banner(window: SimpleNamespace, qtbot: Any) -> ReadingBanner:
    banner = ReadingBanner(window.session)
    qtbot.addWidget(banner)
    return banner


@pytest.fixture
def part(window: SimpleNamespace, qtbot: Any) -> ReadingPart:
    part = ReadingPart(window.session)
    qtbot.addWidget(part)
    part.show()
    return part


def test_the_banner_tells_who_reads_what(
    banner: ReadingBanner, part: ReadingPart, window: SimpleNamespace
) -> None:
    assert not banner.isVisible()
    assert part.begin.isEnabled()
    begin(window, "Ben <b>", scale_hidden=True)
    window.session.workspace.step(1)
    banner.refresh()
    assert banner.isVisible()
    assert not part.begin.isEnabled()
    assert not part.agree.isEnabled()
    told = banner.text.text()
    assert "Blinded reading of Ben &lt;b>: image 2 of 4" in told
    assert "Names, the model, the scale, all scores and other annotations are hidden." in told


def test_a_reading_is_begun_and_ended_by_hand(
    banner: ReadingBanner,
    part: ReadingPart,
    window: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    asked = Asked("Ada", tuple(window.keys[:2]), ReadingSettings())
    monkeypatch.setattr(_blind_dialog, "ask_begin", lambda *_: asked)
    monkeypatch.setattr(_blind_dialog, "ask_end", lambda *_: "Chief")
    monkeypatch.setattr(_blind_dialog, "ask_key_file", lambda *_: tmp_path / "key.csv")
    part.begin.click()
    assert len(window.session.workspace.entries) == 2
    banner.leave.click()
    part.fill_menu()
    (go_on,) = part.menu.actions()
    assert go_on.text() == "Go on with Ada"
    go_on.trigger()
    assert banner.isVisible()
    banner.end.click()
    assert not banner.isVisible()
    part.fill_menu()
    (key,) = part.menu.actions()
    assert "unblinded by Chief" in key.text()
    key.trigger()
    assert "secret_a.png" in (tmp_path / "key.csv").read_text()
    part.begin.click()
    assert "Ada has a reading" in part.message.text()


def test_thinking_better_of_it_changes_nothing(
    banner: ReadingBanner,
    part: ReadingPart,
    window: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("ask_begin", "ask_end", "ask_key_file"):
        monkeypatch.setattr(_blind_dialog, name, lambda *_: None)
    part.begin.click()
    assert window.session.readings.shown is None
    begin(window)
    banner.end.click()
    assert window.session.readings.shown is not None


def test_no_key_is_written_while_a_reading_goes_on(window: SimpleNamespace, tmp_path: Path) -> None:
    begin(window)
    with pytest.raises(JobError, match="goes on"):
        write_key(tmp_path / "key.csv", window.session.readings.shown.plan)
    assert not (tmp_path / "key.csv").exists()


def test_the_dialog_asks_for_reader_and_images(window: SimpleNamespace, qtbot: Any) -> None:
    dialog = BeginDialog("", window.session.readings.readable())
    qtbot.addWidget(dialog)
    assert not dialog.go.isEnabled()
    dialog.reader.setText("shared")
    assert "means something else" in dialog.message.text()
    dialog.reader.setText("Ada")
    assert dialog.go.isEnabled()
    dialog.tick_none()
    assert "Tick the images" in dialog.message.text()
    dialog.tick_all()
    dialog.seed.setValue(7)
    dialog.shuffled.setChecked(False)
    asked = dialog.asked()
    assert asked.keys == tuple(window.keys)
    assert (asked.reader, asked.settings.seed, asked.settings.shuffled) == ("Ada", 7, False)


def test_unblinding_takes_a_name(qtbot: Any) -> None:
    dialog = EndDialog("Ada")
    qtbot.addWidget(dialog)
    assert not dialog.go.isEnabled()
    dialog.by.setText("Chief")
    assert dialog.go.isEnabled()


def test_docks_tell_no_names_and_run_no_model(desk: SimpleNamespace, images: Path) -> None:
    session = session_of(desk.viewer)
    keys = listed(session, images)
    desk.load.message.warn("secret_a.png is damaged.")
    session.readings.begin("Ada", keys, ReadingSettings())
    for dock in (desk.load, desk.predict, desk.metrics, inner(desk.viewer, "Review")):
        dock.refresh()
    broken = ItemFailed(keys[0], f"{images / 'secret_a.png'} cannot be read.")
    desk.load._on_event(broken)
    desk.load.refresh()
    desk.predict.predict_at(20, 20)
    assert not desk.predict.runner.is_busy
    assert not desk.predict.this.isEnabled()
    assert not desk.predict.all.isEnabled()
    assert not desk.load.remove.isEnabled()
    assert not desk.metrics.export.isEnabled()
    shown = desk.viewer.window._qt_window.findChildren(QLabel)
    told = "\n".join(label.text() + label.toolTip() for label in shown)
    table = desk.load.table
    for row in range(table.rowCount()):
        for column in range(table.columnCount()):
            index = table.index(row, column)
            told += f"\n{table.data(index)} {table.data(index, Qt.ItemDataRole.ToolTipRole)}"
    told += desk.viewer.window._qt_window.windowTitle()
    told += everything_shown(SimpleNamespace(session=session, viewer=desk.viewer))
    assert "Image 001" in told
    assert "secret" not in told
    assert "biopsy_77" not in told
    assert desk.metrics.empty.text() == "Blinded reading: scores are hidden."
    assert "Scores appear here" not in told
    session.readings.end("Chief")
    desk.load.refresh()
    desk.metrics.refresh()
    assert "Scores appear here" in desk.metrics.empty.text()
    assert desk.load.remove.isEnabled()


def test_where_edits_are_kept_is_not_told_to_a_blinded_reader(images: Path) -> None:
    state = KeeperState(project=images / "slitseg-project.sqlite")
    assert "biopsy_77" in texts_of(state).kept
    assert texts_of(state, blinded=True).kept == "Kept in the project"
