"""Which example a patch is of, and where in it; pure functions of the patch's number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.training.examples import Example

Doubles = NDArray[np.float64]

FEWEST_STEPS: Final = 10
MOST_STEPS: Final = 200
_SHUFFLES: Final = 1
_TRIES: Final = 8
_RIM: Final = 1 / 8


def number_of_example(n_examples: int, seed: int, epoch: int, index: int) -> int:
    """Return which example a patch of an epoch is of.

    Any ``n_examples`` patches in a row from a multiple of it are of one example each, in an order
    that the seed draws anew every time.
    """
    turn, place = divmod(index, n_examples)
    order = np.random.default_rng([seed, epoch, turn, _SHUFFLES]).permutation(n_examples)
    return int(order[place])


def default_steps(examples: Sequence[Example], patch_px: int, global_batch: int) -> int:
    """Return how many steps see about as much area as all examples have, from 10 to 200.

    Parameters
    ----------
    examples : sequence of Example
        To train with.
    patch_px : int
        Side of a patch.
    global_batch : int
        Patches of a step.
    """
    area = sum(math.prod(example.shape) for example in examples)
    steps = math.ceil(area / (patch_px**2 * global_batch))
    return min(max(steps, FEWEST_STEPS), MOST_STEPS)


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
        How often the patch lies around a slit, which then is anywhere in it but near its rim. Of an
        example without slits, half of the patches lie around its membrane.
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
    in_patch = rng.uniform(_RIM - 0.5, 0.5 - _RIM, (_TRIES, 2)) * patch_px
    anywhere = rng.random(2) * example.shape - 0.5
    half_px = patch_px / 2 * math.sqrt(abs(float(np.linalg.det(matrix))))
    places, share = _places(example, slit_share)
    if around < share:
        place = places[int(which * len(places))]
        middle = _least_outside(place - in_patch @ matrix.T, example.shape, half_px)
    else:
        middle = _pushed_inside(anywhere, example.shape, half_px)
    half = (patch_px - 1) / 2
    result: Doubles = np.floor(middle - half + 0.5) + half
    return result


def _places(example: Example, slit_share: float) -> tuple[Doubles, float]:
    """Places to draw patches around, and how often."""
    if len(example.slits_yx):
        return example.slits_yx, slit_share
    places = example.membrane_places_yx
    return places, 0.5 if len(places) else 0.0


def _least_outside(middles: Doubles, shape: tuple[int, int], half_px: float) -> Doubles:
    """First of those around which a patch reaches least beyond the image."""
    beyond = np.maximum(half_px - 0.5 - middles, middles - (np.array(shape) - 0.5 - half_px))
    best: Doubles = middles[np.argmin(np.clip(beyond, 0, None).sum(axis=1))]
    return best


def _pushed_inside(middle: Doubles, shape: tuple[int, int], half_px: float) -> Doubles:
    """Move a patch into the image, as far as it fits."""
    sides = np.array(shape)
    half = np.minimum(half_px, sides / 2)
    return np.clip(middle, half - 0.5, sides - half - 0.5)
