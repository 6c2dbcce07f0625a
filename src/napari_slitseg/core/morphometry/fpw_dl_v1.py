"""The measuring rules of the published tool fpw-dl-v1, to explain why its numbers differ from ours.

An independent implementation of what najafian-lab/fpw-dl-v1 (MIT licence; Smerkous et al., Kidney
Int 2024;105:165-176; ``najafian/membrane.py``, ``slits.py``, ``analysis.py`` at f3d17f4, with
OpenCV 3.4) computes from a membrane map and a slit map, oddities included. Everything is in pixels
of its frame of 690 x 640 px (rows x columns), which are 1.6 pixels of the micrograph wide.

Its rules, and what they do to the figures:

* **Lines are chains of pixels.** The lines are drawn again pixel by pixel and the steps of 1 and
  1.414 px are added up: up to 8 % too long, for a line at 22.5 degrees, 5.5 % on average over all
  directions. Lengths and widths alike. Ours are sub-pixel curves.
* **The ends of a line are corners.** A line reaches from the strongest corner of its picture to the
  second strongest, at least 20 px away. A sharp bend can be a stronger corner than an end: what
  lies beyond is left out. A closed loop has no end, so it is cut at two of its corners and may lose
  any part of its length; a round one gives no line. Pieces of a loop that are all joined end to
  end leave no loose end, and so no line. A piece inside a closed loop is not seen at all.
* **Branches are cut**: 7 x 7 px around each, so that a side branch leaves a gap in the line.
* **Gaps up to 150 px are bridged**, whatever the directions (we ask for both), unless the end lies
  within 10 px of the image's border.
* **Pieces shorter than 40 px are dropped**, counted with what was joined to them.
* **Every dot counts** as a slit if there is any line at all, however far away. Dots are those of
  OpenCV's SimpleBlobDetector: an area of 3 to 100 px at two levels or more, from 55 in steps of 10.
* **Slits are consumed.** Each line takes all slits within 3 px, or nearest within 15 px, from one
  list for all lines: a slit between two lines goes to the line that is walked along first, not to
  the nearest one.
* **A line to which fewer than two dots are counted gives nothing.** Effaced stretches, wide and cut
  by the border, are left out where ours are censored: the mean width is too low there. The length
  over the count ("Fraction FPW") has not got that fault.
* **A line is taken for a polygon** when dots are counted to lines: a dot in the belly of a curved
  line is counted to that line, however far away it is.
* **A slit that lies behind the one before** along its line gives a width of 0, which is counted.

Where the source leaves a choice, this is the reading taken: the corner detector is asked once for
two corners (a loop that asks again is never entered, as its counter of failures is never raised);
a side branch is no branch in the image's outermost pixels (mahotas' rule); an empty list of lines
gives no slits. Of corners that are equally strong to the last bit of a float, the one that comes
last in reading order is taken, as in OpenCV; there the tool's own outcome hangs on rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.morphometry.fpw_dl_v1_blobs import slit_dots
from napari_slitseg.core.morphometry.fpw_dl_v1_borders import Corners, chain_length
from napari_slitseg.core.morphometry.fpw_dl_v1_frame import eight_bit
from napari_slitseg.core.morphometry.fpw_dl_v1_lines import membrane_lines
from napari_slitseg.core.morphometry.fpw_dl_v1_slits import (
    FEWEST_SLITS,
    nearest_lines,
    take_in_order,
    widths_between,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FpwDlV1Image:
    """What the tool's rules give for one image; lengths in px of the maps that were measured.

    Attributes
    ----------
    lines : tuple of (K, 2) int64
        Membrane lines, pixel after pixel (y, x).
    lengths_px : (L,) float64
        Of each line.
    dots : (N, 2) float64
        Every dot of the slit map (y, x), px.
    n_slits : int
        Dots, if there is any line; else 0.
    slits : tuple of (M, 2) float64
        Those that each line took, in its order.
    widths_px : tuple of (M - 1,) float64
        Foot process widths along each line, from slit to slit; empty for fewer than two slits.
    """

    lines: tuple[Corners, ...]
    lengths_px: Floats
    dots: Floats
    n_slits: int
    slits: tuple[Floats, ...]
    widths_px: tuple[Floats, ...]

    @property
    def all_widths_px(self) -> Floats:
        """Widths of all lines, in the tool's order."""
        return np.concatenate([np.zeros(0), *self.widths_px])

    @property
    def covered_px(self) -> Floats:
        """Sum of the widths along each line; 0 for a line that gave none."""
        return np.array([widths.sum() for widths in self.widths_px])

    @property
    def membrane_px(self) -> float:
        """Length of all lines."""
        return float(self.lengths_px.sum())

    @property
    def fpw_px(self) -> float | None:
        """Mean width; None where there is none."""
        widths = self.all_widths_px
        return float(widths.mean()) if len(widths) else None

    @property
    def attachment_px(self) -> float | None:
        """What the tool calls attachment: `covered_px`, mean over lines; None without a line."""
        return float(self.covered_px.mean()) if len(self.lines) else None


def measure_fpw_dl_v1(membrane: ArrayLike, slits: ArrayLike) -> FpwDlV1Image:
    """Measure two maps by the published tool's rules.

    The maps are taken as they are; `to_fpw_dl_v1_frame` brings those of a micrograph to the
    tool's own frame, to which its limits in pixels belong.

    Parameters
    ----------
    membrane, slits : (H, W) array_like
        Masks, maps of probabilities [0, 1], or 8 bits.

    Raises
    ------
    ValueError
        If they are no maps, or not of the same size.
    """
    membrane, slits = eight_bit(membrane), eight_bit(slits)
    if membrane.shape != slits.shape:
        raise ValueError(
            f"The maps of membrane and slits must have the same size, not {membrane.shape} and "
            f"{slits.shape}."
        )
    lines, dots = membrane_lines(membrane), slit_dots(slits)
    ordered = _slits_along(lines, dots)
    return FpwDlV1Image(
        lines=tuple(lines),
        lengths_px=np.array([chain_length(line) for line in lines]),
        dots=dots,
        n_slits=len(dots) if any(len(line) for line in lines) else 0,
        slits=ordered,
        widths_px=tuple(widths_between(*pair) for pair in zip(lines, ordered, strict=True)),
    )


def _slits_along(lines: Sequence[Corners], dots: Floats) -> tuple[Floats, ...]:
    counted, left, found = nearest_lines(lines, dots), dots, []
    for index, line in enumerate(lines):
        mine = np.zeros((0, 2))
        if (counted == index).sum() >= FEWEST_SLITS:
            mine, left = take_in_order(line, left)
        found.append(mine)
    return tuple(found)
