"""The Fine-tune dock in a window, without any run."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from weakref import ref

import pytest
from qtpy.QtWidgets import QDockWidget

from napari_slitseg.widgets._run_ask import RunsGuard
from napari_slitseg.widgets.open_workspace import inner

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


def pollers() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("slitseg-poll")]


def guards(viewer) -> list[RunsGuard]:
    return viewer.window._qt_window.findChildren(RunsGuard)


def test_nothing_is_left_of_a_dock_that_was_closed(viewer, qtbot) -> None:
    before = len(pollers())
    dock = ref(inner(viewer, "Fine-tune"))
    qtbot.waitUntil(lambda: len(pollers()) > before, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: bool(guards(viewer)), timeout=WAIT_MS)
    around(dock()).destroyOnClose()

    def is_gone() -> bool:
        gc.collect()
        return dock() is None and len(pollers()) == before

    qtbot.waitUntil(is_gone, timeout=WAIT_MS)
    again = inner(viewer, "Fine-tune")
    (guard,) = guards(viewer)
    qtbot.waitUntil(lambda: again.actions.started is guard.started, timeout=WAIT_MS)
    assert guards(viewer) == [guard], "a window asks once as it closes"
