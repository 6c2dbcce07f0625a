"""Whether Qt starts. Asked in a process of its own, since a broken Qt ends the process."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Final, Literal

_PROGRAM: Final = """
import qtpy
from qtpy.QtWidgets import QApplication
application = QApplication([])
print(qtpy.API_NAME, qtpy.QT_VERSION)
"""
_NONE: Final = "QtBindingsNotFoundError"
_INSTALL: Final = 'pip install "napari-slitseg[all]"'


@dataclass(frozen=True)
class QtFound:
    """How Qt does: see `napari_slitseg.pipelines.doctor.Check`."""

    status: Literal["ok", "warn", "fail"]
    detail: str
    cure: str = ""


def examine_qt(timeout_s: float = 60.0) -> QtFound:
    """Start Qt without a screen, in another process.

    Returns
    -------
    QtFound
        A missing Qt is a warning (the command line works without), a broken one a failure.
    """
    try:
        result = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return QtFound("fail", f"it did not start within {timeout_s:g} s", _INSTALL)
    if result.returncode == 0:
        return QtFound("ok", result.stdout.strip())
    if _NONE in result.stderr:
        return QtFound("warn", "not installed, so napari cannot open a window", _INSTALL)
    lines = result.stderr.strip().splitlines() or [f"it ended with code {result.returncode}"]
    cure = "On Linux, install the system libraries Qt needs (the README lists them), or another Qt."
    return QtFound("fail", f"it does not start: {lines[-1]}", cure)


def has_screen(platform: str) -> bool:
    """Whether a window could open, as far as the environment tells."""
    if not platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
