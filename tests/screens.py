"""A virtual screen for each process that tests windows, so that they do not take the focus away."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys


def each_process_has_its_own() -> bool:
    """Whether tests run on a virtual screen that can be had more than once."""
    is_virtual = os.environ.get("QT_QPA_PLATFORM") == "xcb"
    return sys.platform == "linux" and is_virtual and shutil.which("Xvfb") is not None


def open_screen() -> None:
    """Start a virtual screen for this process alone; it ends with the process."""
    reader, writer = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(writer),
        "-screen",
        "0",
        "1920x1200x24",
        "-nolisten",
        "tcp",
    ]
    screen = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    atexit.register(screen.terminate)
    os.close(writer)
    with os.fdopen(reader, encoding="ascii") as numbers:
        os.environ["DISPLAY"] = f":{numbers.readline().strip()}"
