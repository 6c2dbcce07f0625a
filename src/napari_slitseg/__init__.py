"""Find and review podocyte slits in electron micrographs, in napari."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("napari-slitseg")
except PackageNotFoundError:
    __version__ = "unknown"
