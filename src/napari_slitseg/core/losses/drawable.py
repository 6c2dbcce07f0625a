"""Candidates: places of a map where a point may be, read off differentiably."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from napari_slitseg.core.detection.peaks import Detections
from napari_slitseg.core.losses.study_values import as_array
from napari_slitseg.core.matching import match

MOST_CANDIDATES, REACH_PX, RIVAL_PX, WINDOW_PX = 1024, 4.0, 6.0, 3
EXISTENCE_SIGMA_PX, POSITION_SIGMA_PX = 1.0, 2.0
DIP = 1.0


class Candidates(NamedTuple):
    """Where points may be.

    Attributes
    ----------
    logit : (K,) tensor
        Logits of the probabilities of existing.
    yx : (K, 2) tensor
        Mean positions, px.
    """

    logit: Tensor
    yx: Tensor


class Places(NamedTuple):
    """Pixels around which to look.

    Attributes
    ----------
    pixel : (K, 2) tensor of int
        Detections, then annotations that no detection can serve.
    rival : (K,) tensor of int
        For such an annotation the index of the nearest detection, if it is within 6 px: only with
        a dip between the two would a detector see both. Else -1.
    """

    pixel: Tensor
    rival: Tensor


def places_of(found: Detections, annotated: Tensor, shape: Sequence[int]) -> Places:
    """Return where points may be; a detection serves one annotation, at most 4 px away.

    Parameters
    ----------
    found : Detections
        Of them the 1024 best count.
    annotated : (M, 2) tensor
        Annotations (y, x) in px.
    shape : sequence of int
        (H, W).
    """
    best, truth = found.yx[:MOST_CANDIDATES], as_array(annotated)
    missed = truth[match(best, truth, REACH_PX).missed]
    pixel = np.rint(np.concatenate([best, missed])).astype(np.int64)
    rival = np.full(len(pixel), -1)
    if len(best) and len(missed):
        apart, nearest = cKDTree(best).query(missed)
        rival[len(best) :] = np.where(apart <= RIVAL_PX, nearest, -1)
    pixel = np.clip(pixel, 0, np.array(shape) - 1)
    device = annotated.device
    return Places(torch.from_numpy(pixel).to(device), torch.from_numpy(rival).to(device))


def read_candidates(logits: Tensor, places: Places) -> Candidates:
    """Read probabilities and positions off a map, differentiably.

    Parameters
    ----------
    logits : (H, W) tensor
        One image.
    places : Places
        Where to look, 3 px to every side.

    Returns
    -------
    Candidates
        Logit: mean with Gaussian weights of sigma 1 px; where there is a rival, less what is
        missing for the half way to be lower by 1. Position: soft-argmax, with a Gaussian prior of
        sigma 2 px.
    """
    centre = places.pixel.to(logits)
    z, pixel, square = _window(logits, centre)
    share = torch.softmax(z - square / (2 * POSITION_SIGMA_PX**2), dim=1)
    logit = _mean(z, square)
    half_way = _mean(*_window(logits, (centre + centre[places.rival]) / 2)[::2])
    lacking = torch.relu(half_way - logit + DIP)
    return Candidates(
        logit=logit - torch.where(places.rival >= 0, lacking, 0.0),
        yx=(share[..., None] * pixel).sum(dim=1),
    )


def _mean(z: Tensor, square: Tensor) -> Tensor:
    weight = torch.softmax(-square / (2 * EXISTENCE_SIGMA_PX**2), dim=1)
    return (weight * z).sum(dim=1)


def _window(logits: Tensor, centre: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return values (K, 49), pixels (K, 49, 2), and squared distances, infinite outside."""
    step = torch.arange(-WINDOW_PX, WINDOW_PX + 1, device=logits.device)
    pixel = centre.round().long()[:, None] + torch.cartesian_prod(step, step)
    limit = torch.tensor(logits.shape, device=logits.device) - 1
    inside = ((pixel >= 0) & (pixel <= limit)).all(dim=2)
    y, x = pixel.clamp(min=torch.zeros_like(limit), max=limit).unbind(dim=2)
    square = (pixel - centre[:, None]).square().sum(dim=2)
    return logits[y, x], pixel, square.masked_fill(~inside, torch.inf)
