"""Shared fixtures and settings of the test suite."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import screens

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NAPARI_STRICT_QT", "1")
for _name in ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(_name, None)
os.environ["TERM"] = "xterm"

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "podocyte_tem"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real micrographs; the test is skipped where there is none."""
    if not REAL_DATA.is_dir():
        pytest.skip("real micrographs (../shared/data/podocyte_tem) are not on this machine")
    return REAL_DATA


def pytest_configure() -> None:
    """Give each process of a divided run its own screen, before any window opens."""
    if "PYTEST_XDIST_WORKER" in os.environ and screens.each_process_has_its_own():
        screens.open_screen()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, and all that need the screen where there is one."""
    share_a_screen = not screens.each_process_has_its_own()
    for item in items:
        needs_screen = share_a_screen and "widgets" in item.path.parts
        item.add_marker(pytest.mark.xdist_group("screen" if needs_screen else str(item.path)))
