"""What a project tells of scales and excluded stretches."""

from __future__ import annotations

from dataclasses import dataclass

from napari_slitseg.core.calibration import Scale
from napari_slitseg.store.statement_text import Polygons


@dataclass(frozen=True)
class KeptScale:
    """The scale of an image, or of the whole folder.

    Attributes
    ----------
    scale : Scale
        Side of a pixel, and where it comes from.
    before_file : bool
        Whether it holds even where the file of an image says another; meant for the folder.
    editor : str
        Who said so.
    time : str
        When, ISO 8601 in UTC.
    """

    scale: Scale
    before_file: bool
    editor: str
    time: str


@dataclass(frozen=True)
class Excluded:
    """Stretches of an image that are not measured.

    Attributes
    ----------
    polygons : tuple of (K, 2) arrays
        Corners (y, x) in px; the membrane inside is not measured.
    editor : str
        Who said so.
    time : str
        When, ISO 8601 in UTC.
    """

    polygons: Polygons
    editor: str
    time: str
