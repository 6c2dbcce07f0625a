"""Shared fixtures and settings of the test suite."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, and all that need the screen in one."""
    for item in items:
        needs_screen = "widgets" in item.path.parts
        item.add_marker(pytest.mark.xdist_group("screen" if needs_screen else str(item.path)))
