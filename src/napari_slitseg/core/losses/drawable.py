"""Candidates: places of a map where a point may be, read off differentiably."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from napari_slitseg.core.detection.peaks import Detections
from napari_slitseg.core.losses.study_values import as_array
from napari_slitseg.core.matching import match

MOST_CANDIDATES, REACH_PX, WINDOW_PX = 1024, 4.0, 3
EXISTENCE_SIGMA_PX, POSITION_SIGMA_PX = 1.0, 2.0


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


def candidate_pixels(found: Detections, annotated: Tensor, shape: Sequence[int]) -> Tensor:
    """Return pixels (K, 2) of detections, and of annotations that no detection can serve.

    A detection serves one annotation, at most 4 px away.
    """
    best = found.yx[:MOST_CANDIDATES]
    truth = as_array(annotated)
    missed = truth[match(best, truth, REACH_PX).missed]
    pixel = np.rint(np.concatenate([best, missed])).astype(np.int64)
    pixel = np.clip(pixel, 0, np.array(shape) - 1)
    return torch.from_numpy(pixel).to(annotated.device)


def read_candidates(logits: Tensor, at: Tensor) -> Candidates:
    """Read probabilities and positions off a map, differentiably.

    Parameters
    ----------
    logits : (H, W) tensor
        One image.
    at : (K, 2) tensor of int
        Pixels around which to look, 3 px to every side.

    Returns
    -------
    Candidates
        Logit: mean with Gaussian weights of sigma 1 px. Position: soft-argmax, with a Gaussian
        prior of sigma 2 px.
    """
    step = torch.arange(-WINDOW_PX, WINDOW_PX + 1, device=logits.device)
    step = torch.cartesian_prod(step, step)
    square = step.square().sum(dim=1).to(logits)
    pixel = at[:, None] + step
    limit = torch.tensor(logits.shape, device=logits.device) - 1
    inside = ((pixel >= 0) & (pixel <= limit)).all(dim=2)
    y, x = pixel.clamp(min=torch.zeros_like(limit), max=limit).unbind(dim=2)
    z = logits[y, x]
    weight = inside * torch.exp(-square / (2 * EXISTENCE_SIGMA_PX**2))
    prior = (-square / (2 * POSITION_SIGMA_PX**2)).masked_fill(~inside, -torch.inf)
    share = torch.softmax(z + prior, dim=1)
    return Candidates(
        logit=(weight * z).sum(dim=1) / weight.sum(dim=1),
        yx=(share[..., None] * pixel).sum(dim=1),
    )
