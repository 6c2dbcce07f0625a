"""One proposed point to one annotation, the others empty."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional

from napari_slitseg.core.models.point_set import PointSet


def set_prediction(
    points: PointSet,
    annotations: Sequence[Tensor],
    *,
    empty_weight: float = 0.5,
    position_weight: float = 0.1,
    rounding_px: float = 1.0,
    position_cost: float = 0.2,
) -> Tensor:
    """Return the cost of the best one-to-one assignment of proposed points to annotations.

    The pairs minimise the sum of ``position_cost * distance - m``, where m is the probability that
    a point is a slit. The loss is the weighted mean of the cross-entropies, -log m with weight 1
    for points with a partner and -log(1 - m) with `empty_weight` for the others, plus
    `position_weight` times the mean rounded distance of the pairs; averaged over images.

    Parameters
    ----------
    points : PointSet
        N proposed points an image.
    annotations : sequence of (M, 2) tensors
        (y, x) in px, one tensor an image; M may be 0, and then all points should be empty. If
        there are more than N, those left over cost nothing.
    empty_weight : float
        Weight of a point that should be empty.
    position_weight : float
        Cost of one pixel of distance; 0 leaves positions alone.
    rounding_px : float
        Below this the distance is squared (smooth L1), px. With one above all distances the cost is
        ``position_weight / (2 * rounding_px)`` times the squared distance, as P2PNet has it.
    position_cost : float
        Cost of one pixel of distance in the choice of pairs.

    Returns
    -------
    () tensor
        At least 0; 0 without any point.

    Raises
    ------
    ValueError
        If there is not one list of annotations an image, or a position is not finite.

    Notes
    -----
    P2PNet (Song et al., ICCV 2021) has ``empty_weight=0.5``, ``position_cost=0.05`` and 2e-4 times
    the squared distance. With that cost a sure point takes an annotation 20 px away from a better
    placed one, and the next step makes it surer; where points stay within 8 px of their anchors,
    as here, it may never get there. The class weights divide as in DETR (Carion et al., ECCV 2020).
    There the means go over the points of a whole batch, here over those of each image, so that an
    image with many slits does not outweigh one with few.
    """
    if len(points.yx) != len(annotations):
        raise ValueError(
            f"{len(points.yx)} images but {len(annotations)} lists of points; give one each"
        )
    yx, logits = (_exact(each) for each in points)
    if not bool(yx.isfinite().all() and logits.isfinite().all()):
        raise ValueError("the model's points are not finite: lower the learning rate")
    losses = []
    for i, annotated in enumerate(annotations):
        wanted = _checked(annotated, i, yx)
        pairs = _pairs(yx[i], logits[i], wanted, position_cost)
        away = yx[i, pairs[0]] - wanted[pairs[1]]
        position = _rounded(away, rounding_px).sum() / max(1, away.shape[0])
        kind = _cross_entropy(logits[i], pairs[0], empty_weight)
        losses.append(kind + position_weight * position)
    return torch.stack(losses).mean()


def _exact(values: Tensor) -> Tensor:
    return values if values.dtype == torch.float64 else values.float()


def _checked(annotated: Tensor, image: int, like: Tensor) -> Tensor:
    if annotated.numel() == 0:
        return like.new_zeros((0, 2))
    if annotated.ndim != 2 or annotated.shape[1] != 2:
        raise ValueError(f"image {image}: points must be (N, 2), got {tuple(annotated.shape)}")
    if not bool(annotated.isfinite().all()):
        raise ValueError(f"image {image}: an annotated point is not finite")
    return annotated.detach().to(like)


@torch.no_grad()
def _pairs(yx: Tensor, logits: Tensor, wanted: Tensor, position_cost: float) -> Tensor:
    """Return the indices (2, P) of points and of their annotations."""
    distance = torch.cdist(wanted, yx, compute_mode="donot_use_mm_for_euclid_dist")
    cost = position_cost * distance - logits.softmax(-1)[:, 0]
    annotated, proposed = linear_sum_assignment(cost.double().cpu().numpy())
    return torch.stack([torch.from_numpy(each) for each in (proposed, annotated)]).to(yx.device)


def _cross_entropy(logits: Tensor, paired: Tensor, empty_weight: float) -> Tensor:
    is_empty = torch.ones(len(logits), dtype=torch.long, device=logits.device)
    is_empty[paired] = 0
    weight = torch.where(is_empty.bool(), empty_weight, 1.0).to(logits)
    each = functional.cross_entropy(logits, is_empty, reduction="none")
    total = weight.sum()
    return (weight * each).sum() / torch.where(total > 0, total, 1.0)


def _rounded(away: Tensor, rounding_px: float) -> Tensor:
    """Distances (P,) of offsets (P, 2); near 0 their squares, which have a gradient there."""
    square = (away**2).sum(-1)
    is_near = square < rounding_px**2
    far = torch.sqrt(torch.where(is_near, rounding_px**2, square)) - rounding_px / 2
    return torch.where(is_near, square / (2 * rounding_px), far)
