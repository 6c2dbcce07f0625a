"""Opening the docks must stay quick: torch waits until there is work."""

from __future__ import annotations

import subprocess
import sys

_CHECK = """
import sys
{action}
assert "torch" not in sys.modules
"""

_DOCKS = """
from napari_slitseg.widgets import _samples, demo, finetune, load, metrics, open_workspace, predict
"""

_MODEL = """
from napari_slitseg.widgets import _overlay, _work, _workspace
assert not any(m.startswith(("PyQt", "PySide", "qtpy", "napari.")) for m in sys.modules)
"""

_OPEN = """
import napari
viewer = napari.Viewer(show=False)
from napari_slitseg.widgets.open_workspace import open_workspace
open_workspace(viewer)
viewer.window.add_plugin_dock_widget("napari-slitseg", "Fine-tune")
assert len(viewer.window.dock_widgets) >= 4, list(viewer.window.dock_widgets)
assert "torch" not in sys.modules
viewer.close()
"""


def check_loads_no_torch(action: str) -> None:
    """Run lines in a fresh interpreter and check that it has not loaded torch."""
    code = _CHECK.format(action=action)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_importing_the_docks_loads_no_torch() -> None:
    check_loads_no_torch(_DOCKS)


def test_the_workspace_knows_neither_qt_nor_napari() -> None:
    check_loads_no_torch(_MODEL)


def test_opening_the_docks_loads_no_torch() -> None:
    check_loads_no_torch(_OPEN)
