"""Membrane lines of an image: from a mask or a map to sub-pixel centre lines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_slitseg.core.membrane import ASSUMED_PIXEL_SIZE_NM, STRIPE_WIDTH_NM, Stripe
from napari_slitseg.core.morphometry.branches import skeleton_of
from napari_slitseg.core.morphometry.curve import resampled
from napari_slitseg.core.morphometry.ends import Piece
from napari_slitseg.core.morphometry.gaps import joined
from napari_slitseg.core.morphometry.path import MembranePath
from napari_slitseg.core.morphometry.settings import MeasureSettings
from napari_slitseg.core.morphometry.solid import stripe_in, without_holes, without_specks
from napari_slitseg.core.morphometry.trace import Ground, traced

THICKEST_NM: Final = 500.0
"""A stripe wider than this is hardly the stripe along a membrane."""

_MOST_COVERED: Final = 0.8
_LEAST_SMOOTH_PX: Final = 2.0
_BLUR_NM: Final = 9.0
_STEP_PX: Final = 1.5
_NONE_NOTICE: Final = (
    "There is no membrane in this image: no pixel of its mask or map is high enough. Draw the "
    "membrane, or lower the membrane threshold."
)


@dataclass(frozen=True, eq=False)
class Lines:
    """Membrane lines of an image.

    Attributes
    ----------
    paths : tuple of MembranePath
        The longest first.
    notices : tuple of str
        Sentences that the person should see.
    """

    paths: tuple[MembranePath, ...]
    notices: tuple[str, ...] = ()


def membrane_paths(
    membrane: NDArray[np.bool_] | NDArray[np.floating[Any]],
    settings: MeasureSettings,
    pixel_size_nm: float | None,
) -> Lines:
    """Return the centre lines of the membrane in an image.

    Parameters
    ----------
    membrane : (H, W) bool or float
        A mask, or a map of probabilities in [0, 1].
    settings : MeasureSettings
    pixel_size_nm : float or None
        None takes `ASSUMED_PIXEL_SIZE_NM` for the settings.

    Returns
    -------
    Lines
        Corners lie about 1.5 px apart. At the image's border a line ends at the centres of its
        outermost pixels, so every place lies in [0, H - 1] x [0, W - 1].

    Raises
    ------
    ValueError
        If the membrane is neither a mask nor a map of one value for each pixel.

    Notes
    -----
    Specks are dropped, small holes are closed, and the stripe is thinned to a skeleton, whose
    short side branches are dropped. At a fork the two straightest arms are one line. Each line is
    smoothed, moved along its normals into the middle between the stripe's edges, taken on to the
    border or to the stripe's end, and smoothed again in a way that does not shrink bends. Gaps are
    bridged last, and short lines dropped.
    """
    stripe = stripe_in(membrane, settings.membrane_threshold)
    nm = pixel_size_nm or ASSUMED_PIXEL_SIZE_NM
    if not stripe.any():
        return Lines((), (_NONE_NOTICE,))
    covered = float(stripe.mean())
    if covered > _MOST_COVERED:
        return Lines((), (_filled_notice(covered),))
    solid = without_specks(stripe, settings.spur_nm / nm)
    solid = without_holes(solid, (settings.hole_nm / nm) ** 2)
    skeleton = skeleton_of(solid, settings.spur_nm / nm, 2 * THICKEST_NM / nm)
    pieces = traced(skeleton.lines, _ground(solid, skeleton.width_px, settings, nm))
    whole = _whole(pieces, stripe.shape, skeleton.width_px, settings, nm)
    notices = [] if whole else [_short_notice(settings)]
    if skeleton.width_px * nm > THICKEST_NM:
        notices.append(_thick_notice(skeleton.width_px * nm))
    whole.sort(key=lambda piece: -piece.length_px)
    return Lines(tuple(_path(piece) for piece in whole), tuple(notices))


def _ground(solid: Stripe, width_px: float, settings: MeasureSettings, nm: float) -> Ground:
    sharp = solid.astype(np.float32)
    soft = ndimage.gaussian_filter(sharp, max(1.0, _BLUR_NM / nm), mode="nearest", truncate=3.0)
    smooth_px = max(_LEAST_SMOOTH_PX, settings.smooth_nm / nm) if settings.smooth_nm else 0.0
    return Ground(soft, sharp, width_px, smooth_px)


def _whole(
    pieces: list[Piece],
    shape: tuple[int, ...],
    width_px: float,
    settings: MeasureSettings,
    nm: float,
) -> list[Piece]:
    """Pieces sampled, joined over gaps, and without short ones."""
    speck_px = max(settings.spur_nm / nm, width_px)
    even = [replace(p, yx=resampled(p.yx, _STEP_PX)) for p in pieces if p.length_px >= speck_px]
    lines = joined(
        even,
        shape,
        widest_px=settings.join_nm / nm,
        angle_deg=settings.join_angle_deg,
        width_px=width_px,
    )
    return [line for line in lines if line.length_px >= settings.shortest_nm / nm]


def _path(piece: Piece) -> MembranePath:
    return MembranePath(piece.yx, piece.start, piece.end, piece.joined)


def _filled_notice(covered: float) -> str:
    return (
        f"The membrane covers {100 * covered:.0f} % of the image, so it has no line: a membrane "
        "is a stripe. Look at its mask or map, or raise the membrane threshold."
    )


def _thick_notice(width_nm: float) -> str:
    return (
        f"The membrane is {width_nm:.0f} nm thick on average, and its stripe should have about "
        f"{STRIPE_WIDTH_NM:.0f} nm: the pixel size may be wrong, or the mask is none of a membrane."
    )


def _short_notice(settings: MeasureSettings) -> str:
    return (
        f"All pieces of membrane are shorter than {settings.shortest_nm:g} nm, so there is no "
        "line. If they are real, lower the shortest line, or draw the membrane in one piece."
    )
