"""Patches to learn from: pure functions of examples, settings and a number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from napari_slitseg.core.training.augment_grey import GreyChange
from napari_slitseg.core.training.deformation import Deformation
from napari_slitseg.core.training.examples import Example
from napari_slitseg.core.training.sampling import draw_middle, number_of_example
from napari_slitseg.core.training.spec_augmentation import Augmentation
from napari_slitseg.core.training.warp import Sampler, Warp

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Patch:
    """A square of an example, varied, with what is known of it.

    Attributes
    ----------
    pixels : (S, S) float32
        Grey values for the network.
    slits_yx : (N, 2) float32
        Certain annotations at pixels that are known, px.
    membrane : (S, S) float32
        Stripe in [0, 1]; 0 where it is not known.
    slit_known : (S, S) bool
        False outside the image and near uncertain annotations, but where a certain one is nearer.
    membrane_known : (S, S) bool
        False outside the image, and everywhere where nobody drew the membrane.
    """

    pixels: Floats
    slits_yx: Floats
    membrane: Floats
    slit_known: Flags
    membrane_known: Flags


def draw_patch(
    examples: Sequence[Example],
    augmentation: Augmentation,
    *,
    patch_px: int,
    uncertain_radius_px: float,
    seed: int,
    epoch: int,
    index: int,
) -> Patch:
    """Draw one patch; the same arguments give the same patch, to the last bit.

    Parameters
    ----------
    examples : sequence of Example
        Each is drawn equally often.
    augmentation : Augmentation
        How patches are varied and where they lie.
    patch_px : int
        Side of the patch.
    uncertain_radius_px : float
        Slits are not known this near to an uncertain annotation, px of the patch.
    seed, epoch, index : int
        Number of the patch; any from 0 up.

    Raises
    ------
    ValueError
        If there is no example.
    """
    if not examples:
        raise ValueError("Patches need at least one example to be drawn from.")
    example = examples[number_of_example(len(examples), seed, epoch, index)]
    rng = np.random.default_rng([seed, epoch, index])
    scale, matrix = _draw_matrix(rng, augmentation)
    middle_yx = draw_middle(rng, example, augmentation.slit_share, matrix, patch_px)
    grey = GreyChange.draw(rng, augmentation)
    deformation = Deformation.draw(
        rng, augmentation.elastic_px, augmentation.elastic_grid_px, patch_px
    )
    warp = Warp(middle_yx, matrix, deformation)
    sampler = Sampler(*warp.places(), example.shape)
    known = sampler.known
    slit_known = known & ~_unsure(warp, example, uncertain_radius_px)
    pixels = sampler.read(example.pixels, _smoothing_px(scale))
    return Patch(
        pixels=grey.apply(pixels, rng),
        slits_yx=_on_known(warp.to_patch(example.slits_yx), slit_known),
        membrane=_membrane(example, sampler, known),
        slit_known=slit_known,
        membrane_known=known if example.membrane is not None else np.zeros_like(known),
    )


def _draw_matrix(
    rng: np.random.Generator, augmentation: Augmentation
) -> tuple[float, NDArray[np.float64]]:
    """Enlargement of the patch, and the matrix from its distances to those in the image."""
    turn, flip, size = rng.random(3)
    angle = 2 * math.pi * turn if augmentation.rotation else 0.0
    sign = -1.0 if augmentation.flip and flip < 0.5 else 1.0
    smallest, largest = augmentation.min_scale, augmentation.max_scale
    scale = smallest * (largest / smallest) ** size
    cos, sin = math.cos(angle), math.sin(angle)
    return scale, np.array([[cos, -sin * sign], [sin, cos * sign]]) / scale


def _smoothing_px(scale: float) -> float:
    """Return what widens a pixel of the image to one of a patch that shows it smaller."""
    return 0.5 * math.sqrt(1 / scale**2 - 1) if scale < 1 else 0.0


def _on_known(yx: NDArray[np.float64], known: Flags) -> Floats:
    """Points whose pixel is known, also after rounding to float32."""
    short_yx = yx.astype(np.float32)
    row, column = np.rint(short_yx).astype(np.intp).T
    last = len(known) - 1
    in_patch = (short_yx < last + 0.5).all(axis=1)
    kept: Floats = short_yx[in_patch & known[row.clip(0, last), column.clip(0, last)]]
    return kept


def _membrane(example: Example, sampler: Sampler, known: Flags) -> Floats:
    if example.membrane is None:
        return np.zeros(known.shape, np.float32)
    return np.where(known, sampler.read(example.membrane), np.float32(0))


def _unsure(warp: Warp, example: Example, radius_px: float) -> Flags:
    """Pixels of the patch whose nearest annotation is uncertain and within the radius."""
    axis = np.arange(warp.patch_px)
    unsure = np.zeros((warp.patch_px, warp.patch_px), bool)
    uncertain_yx = warp.to_patch(example.uncertain_yx, radius_px)
    for y, x in uncertain_yx:
        unsure |= (axis[:, None] - y) ** 2 + (axis[None, :] - x) ** 2 <= radius_px**2
    near_yx = np.argwhere(unsure)
    certain_yx = warp.to_patch(example.slits_yx, radius_px)
    if len(near_yx) and len(certain_yx):
        (to_certain, _), (to_uncertain, _) = (
            KDTree(yx).query(near_yx) for yx in (certain_yx, uncertain_yx)
        )
        unsure[unsure] = to_uncertain < to_certain
    return unsure
