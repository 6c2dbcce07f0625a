"""The Fine-tune dock in a window, without any run."""

from __future__ import annotations

import gc
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from weakref import ref

import pytest
from qtpy.QtWidgets import QAbstractButton, QDockWidget, QLabel

from napari_slitseg.events import Finished
from napari_slitseg.widgets._run_ask import RunsGuard
from napari_slitseg.widgets.finetune import LIVE
from napari_slitseg.widgets.open_workspace import inner
from tests.widgets.finetune_runs import course, make_run, tell

WAIT_MS = 30_000


@pytest.fixture
def viewer(make_napari_viewer_proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A window; runs are in a folder of their own."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("SLITSEG_STATE", str(tmp_path / "state"))
    made = make_napari_viewer_proxy().__wrapped__
    made.window._qt_window.show()
    yield made
    gc.collect()


def around(widget) -> QDockWidget:
    """The dock of napari around a widget of ours."""
    while not isinstance(widget, QDockWidget):
        widget = widget.parentWidget()
    return widget


def pollers() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name.startswith("slitseg-poll")}


def guards(viewer) -> list[RunsGuard]:
    return viewer.window._qt_window.findChildren(RunsGuard)


def test_nothing_is_left_of_a_dock_that_was_closed(viewer, qtbot) -> None:
    before = pollers()
    dock = ref(inner(viewer, "Fine-tune"))
    qtbot.waitUntil(lambda: bool(pollers() - before), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: bool(guards(viewer)), timeout=WAIT_MS)
    around(dock()).destroyOnClose()

    def is_gone() -> bool:
        gc.collect()
        return dock() is None and not pollers() - before

    qtbot.waitUntil(is_gone, timeout=WAIT_MS)
    again = inner(viewer, "Fine-tune")
    (guard,) = guards(viewer)
    qtbot.waitUntil(lambda: again.actions.started is guard.started, timeout=WAIT_MS)
    assert guards(viewer) == [guard], "a window asks once as it closes"


def is_among(other: QDockWidget, own: QDockWidget) -> bool:
    return other in own.parentWidget().tabifiedDockWidgets(own)


def is_seen(dock: QDockWidget) -> bool:
    return not dock.visibleRegion().isEmpty()


def test_docks_that_are_opened_later_leave_it_its_height(viewer, qtbot) -> None:
    dock = inner(viewer, "Fine-tune")
    qtbot.waitUntil(lambda: bool(guards(viewer)), timeout=WAIT_MS)
    window = viewer.window._qt_window
    own = around(dock)
    assert window.tabifiedDockWidgets(own) == []
    for name in ("Load images", "Metrics"):
        other = around(inner(viewer, name))
        qtbot.waitUntil(partial(is_among, other, own), timeout=WAIT_MS)
        qtbot.waitUntil(partial(is_seen, other), timeout=WAIT_MS)


def test_no_letter_opens_two_things(viewer, qtbot, tmp_path: Path) -> None:
    make_run(tmp_path / "slitseg-runs", "died", course(2))
    dock = inner(viewer, "Fine-tune")
    qtbot.waitUntil(lambda: len(dock.runs.rows) == 1, timeout=WAIT_MS)
    dock.show_run(dock.runs.rows[0].status.folder)
    qtbot.waitUntil(lambda: dock.live.snapshot is not None, timeout=WAIT_MS)
    menus = [action.text() for action in viewer.window._qt_window.menuBar().actions()]
    tabs = [dock.tabs.tabText(at) for at in range(dock.tabs.count())]
    for at in range(dock.tabs.count()):
        dock.tabs.setCurrentIndex(at)
        page = dock.tabs.widget(at)
        shown = [each for each in page.findChildren(QAbstractButton) if each.isVisible()]
        labels = [each for each in page.findChildren(QLabel) if each.isVisible() and each.buddy()]
        texts = [*menus, *tabs, *(each.text() for each in (*shown, *labels))]
        letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
        assert len(shown) > 1 or tabs[at] == "Compare"
        assert sorted(letters) == sorted(set(letters)), texts


@pytest.mark.parametrize(("reason", "sign"), [("done", ""), ("failed", "⚠ ")])
def test_it_says_when_a_run_of_this_window_has_ended(
    viewer, qtbot, tmp_path: Path, reason: str, sign: str
) -> None:
    folder = make_run(tmp_path / "slitseg-runs", "mine", course(2))
    dock = inner(viewer, "Fine-tune")
    qtbot.waitUntil(lambda: len(dock.runs.rows) == 1, timeout=WAIT_MS)
    dock.runs.poll.follow(None)
    (row,) = dock.runs.rows
    dock.actions.started[folder.path] = SimpleNamespace(is_living=False, folder=folder)
    alive = replace(row.status, is_alive=True, state="training")
    tell(folder, [Finished(reason=reason, message="Give --batch 2.")])
    dock.runs.listed.emit([replace(row, status=alive)])
    assert "mine" not in dock.message.text()
    dock.runs.poll.follow(dock.runs.lister.look)
    qtbot.waitUntil(lambda: "mine: " in dock.message.text(), timeout=WAIT_MS)
    assert dock.message.text().startswith(f"{sign}mine: ")
    assert "Give “Batch” 2." in dock.message.text()


def test_a_dock_on_its_own_is_wide_enough_for_what_it_shows(viewer, qtbot) -> None:
    dock = inner(viewer, "Fine-tune")
    dock.tabs.setCurrentIndex(LIVE)
    area = dock.tabs.widget(LIVE)
    qtbot.waitUntil(
        lambda: area.viewport().width() >= dock.live.minimumSizeHint().width() > 0,
        timeout=WAIT_MS,
    )
