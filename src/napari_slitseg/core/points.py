"""Slits as points: the table, and everything it is read from and written to."""

from napari_slitseg.core.points_formats import POINT_SUFFIXES, read_membrane, read_points
from napari_slitseg.core.points_pairs import find_annotation
from napari_slitseg.core.points_source import PointsReadError
from napari_slitseg.core.points_table import (
    COLUMNS,
    NOT_SLITS,
    STATUSES,
    TOMBSTONES,
    PointTable,
)
from napari_slitseg.core.points_write import write_points

__all__ = [
    "COLUMNS",
    "NOT_SLITS",
    "POINT_SUFFIXES",
    "STATUSES",
    "TOMBSTONES",
    "PointTable",
    "PointsReadError",
    "find_annotation",
    "read_membrane",
    "read_points",
    "write_points",
]
