"""Start the demo in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from napari_slitseg.cli.view import say_error

_QT: Final = ("PyQt6", "PySide6", "PyQt5", "PySide2")
_MODULE: Final = "napari_slitseg.widgets.demo"


def run_demo(screenshots: Path | None) -> int:
    """Open napari on a sample image with its slits found.

    Parameters
    ----------
    screenshots : Path or None
        Folder for pictures of what a person would see; the demo then closes by itself.

    Returns
    -------
    int
        Exit code of the demo (128 and the number of a signal that ended it); 1 if there is no Qt.
    """
    if not any(find_spec(name) for name in _QT):
        say_error(
            "The demo opens a napari window and needs Qt, which is not installed. "
            'Install it with: pip install "napari-slitseg[all]"'
        )
        return 1
    options = [] if screenshots is None else ["--screenshots", str(screenshots)]
    code = subprocess.run([sys.executable, "-m", _MODULE, *options], check=False).returncode
    return code if code >= 0 else 128 - code
