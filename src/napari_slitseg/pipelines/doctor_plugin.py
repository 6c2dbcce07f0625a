"""Whether napari can find the plugin and everything it offers."""

from __future__ import annotations

from importlib import metadata
from importlib.util import find_spec
from typing import Final

_NAME: Final = "napari-slitseg"


def plugin_problem() -> str:
    """Say what keeps napari from finding the plugin and its commands; empty if nothing does.

    Neither napari nor Qt is imported.
    """
    points = metadata.entry_points(group="napari.manifest", name=_NAME)
    if not points:
        return "napari does not know it: this installation has no entry point napari.manifest"
    from npe2 import PluginManifest

    try:
        manifest = PluginManifest.from_distribution(_NAME)
    except (ValueError, OSError) as error:
        return f"its manifest cannot be read: {error}"
    modules = {
        str(command.python_name).partition(":")[0]
        for command in manifest.contributions.commands or ()
    }
    missing = sorted(module for module in modules if not _exists(module))
    return f"parts of it are missing: {', '.join(missing)}" if missing else ""


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
