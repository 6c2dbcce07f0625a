from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import napari_slitseg.widgets

_COLLECTED = """
import ctypes, gc
from functools import partial
from types import FunctionType
from psygnal import Signal
from qtpy.QtWidgets import QApplication, QWidget

from napari_slitseg.widgets._dock import Dock

class News:
    told = Signal()

def count(pointer_function, things):
    for thing in things:
        pointer_function(ctypes.py_object(thing))

app, news = QApplication([]), News()
gc.disable()
gc.collect()
dock, window = Dock(), QWidget()
dock.link(news.told, dock.refresh)
made = [o for o in gc.get_objects() if isinstance(o, (FunctionType, partial))]
first = [o for o in made if "_dock" in str(getattr(o, "__module__", "")) and "<" in str(o)[10:]]
first.append(window)
dock.setParent(window)
dock.itself, window.itself = dock, window
box = [dock]
box.append(box)
count(ctypes.pythonapi.Py_IncRef, first)
del made, dock
gc.collect()
count(ctypes.pythonapi.Py_DecRef, first)
del first, window, box
gc.collect()
news.told.emit()
print("still here")
"""


def test_a_window_that_is_collected_with_its_dock_does_not_end_the_process() -> None:
    """Whatever Qt calls as the dock dies stands before it in the list of the collector."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", _COLLECTED],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == "still here", done.stderr


def test_qt_calls_methods_only_when_a_widget_is_destroyed() -> None:
    """PyQt holds methods weakly; a function may have been collected before it is called."""
    called = [
        ast.unparse(node.args[0])
        for path in Path(napari_slitseg.widgets.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("destroyed.connect")
    ]
    assert "self._links.end" in called
    assert [each for each in called if not each.replace(".", "").isidentifier()] == []
