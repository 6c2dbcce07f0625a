"""Edits of the membrane: each is computed from the stripe as it is and changes nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.membrane import Box, Stripe, box_around, stripe_from_map, stripe_in
from napari_slitseg.core.review import Edit, Signature, StripeChange

Shape = tuple[int, int]


def repaint(
    kind: str, shape: Shape, box: Box, before: Stripe | None, after: Stripe, by: Signature
) -> Edit:
    """Return the edit that gives a box of the stripe other pixels.

    Parameters
    ----------
    kind : str
        What it is called, such as "paint membrane".
    shape : (int, int)
        Rows and columns of the image.
    box : (slice, slice)
        Which pixels `after` holds.
    before : (H, W) bool or None
        The whole stripe before it; None where nobody drew one.
    after : (h, w) bool
        The pixels of the box after it.
    by : Signature
        Who does it, and when.

    Raises
    ------
    ValueError
        If the stripe is not of the image's size, or the pixels not of the box's.
    """
    if before is not None and before.shape != shape:
        raise ValueError(f"The stripe has {before.shape} px, but its image {shape}.")
    old = np.zeros(after.shape, np.bool_) if before is None else before[box]
    if old.shape != after.shape:
        raise ValueError(f"The box has {old.shape} px, but what goes into it {after.shape}.")
    inner = StripeChange.between(old, after)
    corner = (box[0].start + inner.corner[0], box[1].start + inner.corner[1])
    change = StripeChange(shape, corner if inner.flipped.size else (0, 0), inner.flipped)
    return Edit(kind, stripe=change, editor=by.editor, time=by.time)


def replace_stripe(kind: str, before: Stripe | None, after: Stripe, by: Signature) -> Edit:
    """Return the edit that gives the image another stripe."""
    shape = (after.shape[0], after.shape[1])
    return repaint(kind, shape, _whole(shape), before, after, by)


def draw_line(
    before: Stripe | None, line: ArrayLike, shape: Shape, width_px: float, by: Signature
) -> Edit:
    """Return the edit that adds the stripe around a line (K, 2)."""
    box, drawn = _around([line], shape, width_px)
    after = drawn if before is None else before[box] | drawn
    return repaint("draw membrane", shape, box, before, after, by)


def erase_line(
    before: Stripe | None, line: ArrayLike, shape: Shape, width_px: float, by: Signature
) -> Edit:
    """Return the edit that takes the stripe around a line (K, 2) away."""
    box, drawn = _around([line], shape, width_px)
    after = np.zeros_like(drawn) if before is None else before[box] & ~drawn
    return repaint("erase membrane", shape, box, before, after, by)


def start_from_map(
    before: Stripe | None,
    probability: NDArray[np.floating[Any]],
    by: Signature,
    *,
    threshold: float = 0.5,
    smallest_px: int = 0,
) -> Edit:
    """Return the edit that replaces the stripe by the model's: see `stripe_from_map`."""
    after = stripe_from_map(probability, threshold=threshold, smallest_px=smallest_px)
    return replace_stripe("take membrane from model", before, after, by)


def clear(before: Stripe, by: Signature) -> Edit:
    """Return the edit that takes the whole stripe away."""
    return replace_stripe("clear membrane", before, np.zeros_like(before), by)


def _whole(shape: Shape) -> Box:
    return slice(0, shape[0]), slice(0, shape[1])


def _around(lines: Sequence[ArrayLike], shape: Shape, width_px: float) -> tuple[Box, Stripe]:
    box = box_around(lines, shape, width_px)
    return box, stripe_in(lines, box, width_px)
