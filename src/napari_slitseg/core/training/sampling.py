"""Which example a patch is of, and where in it; pure functions of the patch's number."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.training.examples import Example

Doubles = NDArray[np.float64]

_SHUFFLES: Final = 1
_RIM: Final = 1 / 8
_OUTERMOST: Final = 1 / 32


def number_of_example(n_examples: int, seed: int, epoch: int, index: int) -> int:
    """Return which example a patch of an epoch is of.

    Any ``n_examples`` patches in a row from a multiple of it are of one example each, in an order
    that the seed draws anew every time.
    """
    turn, place = divmod(index, n_examples)
    order = np.random.default_rng([seed, epoch, turn, _SHUFFLES]).permutation(n_examples)
    return int(order[place])


def draw_middle(
    rng: np.random.Generator, example: Example, slit_share: float, matrix: Doubles, patch_px: int
) -> Doubles:
    """Draw the place (y, x) of an example, px, that a patch has in its middle.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the numbers; as many are drawn whatever the example.
    example : Example
        What the patch is of.
    slit_share : float
        How often the patch lies around a slit, which then is anywhere in it but near its rim, and
        nearer to it only where the patch would reach beyond the example. Of an example without
        slits, half of the patches lie around its membrane.
    matrix : (2, 2) float64
        From distances in the patch to distances in the example.
    patch_px : int
        Side of the patch.

    Returns
    -------
    (2,) float64
        Such that without a turn pixels of the patch are pixels of the example.
    """
    around, which = rng.random(2)
    in_patch = rng.uniform(_RIM - 0.5, 0.5 - _RIM, 2) * patch_px
    middle = rng.random(2) * example.shape - 0.5
    half_px = patch_px / 2 * math.sqrt(abs(float(np.linalg.det(matrix))))
    places, share = _places(example, slit_share)
    if around < share:
        place = places[int(which * len(places))]
        pushed = _pushed_inside(place - matrix @ in_patch, example.shape, half_px)
        moved = np.linalg.solve(matrix, place - pushed)
        middle = place - matrix @ _towards(in_patch, moved, (0.5 - _OUTERMOST) * patch_px)
    else:
        middle = _pushed_inside(middle, example.shape, half_px)
    half = (patch_px - 1) / 2
    result: Doubles = np.floor(middle - half + 0.5) + half
    return result


def _places(example: Example, slit_share: float) -> tuple[Doubles, float]:
    """Places to draw patches around, and how often."""
    if len(example.slits_yx):
        return example.slits_yx, slit_share
    places = example.membrane_places_yx
    return places, 0.5 if len(places) else 0.0


def _towards(start: Doubles, end: Doubles, limit: float) -> Doubles:
    """Go from a place towards another, as far as no coordinate is beyond the limit."""
    way = end - start
    too_far = np.abs(end) > limit
    allowed = (np.sign(end) * limit - start)[too_far] / way[too_far]
    reached: Doubles = start + float(allowed.min(initial=1.0)) * way
    return reached


def _pushed_inside(middle: Doubles, shape: tuple[int, int], half_px: float) -> Doubles:
    """Move a patch into the image, as far as it fits."""
    sides = np.array(shape)
    half = np.minimum(half_px, sides / 2)
    return np.clip(middle, half - 0.5, sides - half - 0.5)
