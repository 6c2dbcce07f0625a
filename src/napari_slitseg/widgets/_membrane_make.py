"""The two layers of the membrane: the stripe that people paint, and the line they draw."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from napari.layers import Labels, Layer, Vectors
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from napari_slitseg.core.membrane import Box, Line
from napari_slitseg.widgets._style import BLUISH_GREEN, ORANGE

STRIPE: Final = "membrane stripe"
LINE: Final = "membrane line"

NO_STRIPE: Final = np.zeros((1, 1), np.uint8)
"""Data of the stripe's layer where there is nothing to paint on."""


def empty(name: str) -> Layer:
    """Return one of the two layers, without data."""
    if name == LINE:
        nothing = np.zeros((0, 2, 2))
        return Vectors(
            nothing, ndim=2, name=name, edge_color=ORANGE, vector_style="line", opacity=0.6
        )
    layer = Labels(NO_STRIPE.copy(), name=name, opacity=0.4)
    colours = {0: "transparent", None: BLUISH_GREEN}
    layer.colormap = DirectLabelColormap(color_dict=colours)
    layer.n_edit_dimensions = 2
    return layer


def as_labels(stripe: NDArray[np.bool_] | None, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return labels of their own, which may be painted on."""
    return np.zeros(shape, np.uint8) if stripe is None else stripe.astype(np.uint8)


def segments_of(line: Line) -> NDArray[np.float64]:
    """Return starts and directions (K - 1, 2, 2) of the steps of a line (K, 2)."""
    return np.stack([line[:-1], np.diff(line, axis=0)], axis=1)


def box_of(atoms: Any, shape: tuple[int, ...]) -> Box:
    """Return the pixels that an event of napari's paint tools may have changed.

    Parameters
    ----------
    atoms : list
        The event's value: each has slices (since napari 0.9), or indices, first.
    shape : tuple of int
        Of the image.

    Returns
    -------
    (slice, slice)
        All of the image where the event does not tell.
    """
    corners = list(_corners(atoms))
    if not corners or any(len(low) != 2 for low, _ in corners):
        return slice(0, shape[0]), slice(0, shape[1])
    low = np.min([low for low, _ in corners], axis=0).clip(0, shape)
    high = np.max([high for _, high in corners], axis=0).clip(low, shape)
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))


def _corners(atoms: Iterable[Any]) -> Iterable[tuple[list[int], list[int]]]:
    for where, *_ in atoms:
        if all(isinstance(side, slice) for side in where):
            yield [side.start for side in where], [side.stop for side in where]
        elif all(np.size(side) for side in where):
            yield [int(np.min(side)) for side in where], [int(np.max(side)) + 1 for side in where]
