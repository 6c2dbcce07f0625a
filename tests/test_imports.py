"""What is loaded when: seen from a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import napari_slitseg

PACKAGE = Path(napari_slitseg.__file__).parent
WINDOW = {"napari", "qtpy", "superqt", "magicgui", "PyQt5", "PyQt6", "PySide2", "PySide6", "vispy"}
WITH_TORCH = {
    "core.checkpoint_tensors",
    "core.detection.blobs",
    "core.detection.responses",
    "core.detection.scale_maxima",
    "core.detection.scale_space",
    "core.detection.scales",
    "core.detection.separable",
    "core.devices",
    "core.inference",
    "core.network",
}
"""Modules that need torch as soon as they are imported, besides those of losses and models."""


COMPUTING = ("core.losses", "core.models", "core.training", "pipelines.training")
"""Packages whose modules may load torch, but for specs and those in `TORCH_FREE`."""

TORCH_FREE = {
    "core.models.reach",
    "core.training.augment_grey",
    "core.training.deformation",
    "core.training.examples",
    "core.training.patches",
    "core.training.prefetch",
    "core.training.sampling",
    "core.training.store",
    "core.training.warp",
}


def needs_torch(module: str) -> bool:
    """Whether a module may load torch: networks and losses, but for specs and arithmetic."""
    package, _, name = module.rpartition(".")
    computes = package in COMPUTING and not name.startswith("spec")
    return module in WITH_TORCH or (computes and module not in TORCH_FREE)


def modules_below(*names: str) -> list[str]:
    """Names of modules and everything in them, without the package's own name."""
    files = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))]
    found = [".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files]
    return [module for module in found if module.startswith(names)]


def loaded_by(modules: list[str]) -> set[str]:
    """Top-level packages in a fresh interpreter that has imported some of our modules."""
    program = (
        "import importlib, json, sys\n"
        "for name in json.loads(sys.argv[1]):\n"
        "    importlib.import_module('napari_slitseg.' + name)\n"
        "print(json.dumps([name.partition('.')[0] for name in sys.modules]))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, json.dumps(modules)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return set(json.loads(result.stdout))


def test_nothing_but_docks_loads_qt_or_napari() -> None:
    modules = modules_below("core", "jobs", "events", "store", "pipelines", "cli")
    assert len(modules) > 50
    assert loaded_by(modules) & WINDOW == set()


def test_torch_is_loaded_only_where_networks_run() -> None:
    modules = modules_below("core", "jobs", "events", "store", "pipelines", "cli")
    assert set(modules) >= WITH_TORCH
    assert "torch" not in loaded_by([name for name in modules if not needs_torch(name)])


def test_the_command_line_starts_light() -> None:
    heavy = {"torch", "numpy", "scipy", "pandas", "tifffile", "skimage", "dask"}
    assert loaded_by(["jobs", "events", "cli", "cli.app"]) & heavy == set()
