"""Sets of points drawn at random, and how their composite loss changes with each point.

A field of logits is read as a distribution over sets of points: every candidate exists with a
probability of its own, at a position of its own plus Gaussian noise. The gradient of the expected
composite by those probabilities and positions is estimated from draws, without bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

WINDOW_PX = 3
EXISTENCE_SIGMA_PX, POSITION_SIGMA_PX = 1.0, 2.0
Baseline = Literal["counterfactual", "leave_one_out"]


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


class Draws(NamedTuple):
    """Sets of candidates.

    Attributes
    ----------
    exists : (S, K) tensor
        1 where the candidate is in the set, else 0.
    noise : (S, K, 2) tensor
        Displacement from the mean position, in standard deviations.
    """

    exists: Tensor
    noise: Tensor


@dataclass(frozen=True)
class Rule:
    """The composite loss of one image, for sets of points as tensors.

    Attributes
    ----------
    alpha, beta : float
        Weights of distance and point loss.
    farthest_px : float
        Most that a distance counts, and what it is where one side is empty, px.
    under_power, over_power : float
        Exponents of the point loss.
    scale : float or None
        Of the proportional point loss; None for the absolute one.
    """

    alpha: float
    beta: float
    farthest_px: float
    under_power: float
    over_power: float
    scale: float | None

    def count(self, n: Tensor, annotated: int) -> Tensor:
        """Return the point loss for numbers of points of any shape."""
        difference = n - annotated
        if self.scale is not None:
            difference = self.scale * difference / n.clamp(min=max(annotated, 1))
        power = torch.where(difference > 0, self.over_power, self.under_power)
        return difference.abs() ** power

    def distance(self, exists: Tensor, apart: Tensor) -> Tensor:
        """Return the Chamfer distance (S,) of each set, from all distances (S, K, M)."""
        n = exists.sum(dim=1)
        if apart.shape[2] == 0:
            return self.farthest_px * (n > 0)
        apart = apart.clamp(max=self.farthest_px)
        there = (exists * apart.amin(dim=2)).sum(dim=1) / n.clamp(min=1)
        back = torch.where(exists[..., None] > 0, apart, self.farthest_px).amin(dim=1).mean(dim=1)
        return torch.where(n > 0, (there + back) / 2, self.farthest_px)

    def distance_with_and_without(self, exists: Tensor, apart: Tensor) -> tuple[Tensor, Tensor]:
        """Return the distance (S, K) of each set with and without each candidate."""
        others = exists.sum(dim=1, keepdim=True) - exists
        if apart.shape[2] == 0:
            return torch.full_like(others, self.farthest_px), self.farthest_px * (others > 0)
        apart = apart.clamp(max=self.farthest_px)
        own = apart.amin(dim=2)
        total = (exists * own).sum(dim=1, keepdim=True) - exists * own
        back_without = _nearest_other(exists, apart, self.farthest_px)
        back_with = torch.minimum(back_without, apart).mean(dim=2)
        with_it = ((total + own) / (others + 1) + back_with) / 2
        without = (total / others.clamp(min=1) + back_without.mean(dim=2)) / 2
        return with_it, torch.where(others > 0, without, self.farthest_px)


def _nearest_other(exists: Tensor, apart: Tensor, farthest_px: float) -> Tensor:
    """Return the distance (S, K, M) from annotation m to the nearest in the set but k."""
    present = torch.where(exists[..., None] > 0, apart, farthest_px)
    nobody = torch.full_like(present[:, :1], farthest_px)
    nearest, which = torch.cat([present, nobody], dim=1).topk(2, dim=1, largest=False)
    k = torch.arange(exists.shape[1], device=exists.device)[:, None]
    return torch.where(which[:, :1] == k, nearest[:, 1:], nearest[:, :1])


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


def draw(candidates: Candidates, samples: int) -> Draws:
    """Draw sets of candidates from torch's generator."""
    probability = torch.sigmoid(candidates.logit.detach()).expand(samples, -1)
    return Draws(
        torch.bernoulli(probability), torch.randn_like(candidates.yx.expand(samples, -1, -1))
    )


def estimate(
    candidates: Candidates,
    points: Tensor,
    draws: Draws,
    rule: Rule,
    *,
    noise_px: float,
    baseline: Baseline,
) -> tuple[Tensor, Tensor]:
    """Estimate the gradient of the expected composite by logits (K,) and positions (K, 2).

    Parameters
    ----------
    candidates : Candidates
        Where points may be.
    points : (M, 2) tensor
        Annotations.
    draws : Draws
        At least 2 sets.
    rule : Rule
        The loss of a set.
    noise_px : float
        Standard deviation of the positions, px, above 0.
    baseline : str
        "leave_one_out": REINFORCE, each draw's loss less the mean of the others. "counterfactual":
        each draw's loss less what it would be without the candidate, and whether the candidate
        exists summed out. Both are without bias; the second has less variance.
    """
    yx = candidates.yx.detach() + noise_px * draws.noise
    apart = torch.linalg.vector_norm(yx[:, :, None] - points, dim=3)
    if baseline == "counterfactual":
        return _counterfactual(candidates.logit.detach(), apart, draws, rule, noise_px)
    return _leave_one_out(candidates.logit.detach(), apart, draws, rule, noise_px)


def _leave_one_out(
    logit: Tensor, apart: Tensor, draws: Draws, rule: Rule, noise_px: float
) -> tuple[Tensor, Tensor]:
    distance = rule.alpha * rule.distance(draws.exists, apart)
    count = rule.beta * rule.count(draws.exists.sum(dim=1), apart.shape[2])
    surprise = draws.exists - torch.sigmoid(logit)
    by_logit = (_centred(distance + count)[:, None] * surprise).mean(dim=0)
    moved = draws.exists[..., None] * draws.noise / noise_px
    return by_logit, (_centred(distance)[:, None, None] * moved).mean(dim=0)


def _counterfactual(
    logit: Tensor, apart: Tensor, draws: Draws, rule: Rule, noise_px: float
) -> tuple[Tensor, Tensor]:
    others = draws.exists.sum(dim=1, keepdim=True) - draws.exists
    with_it, without = rule.distance_with_and_without(draws.exists, apart)
    distance = rule.alpha * (with_it - without)
    n = apart.shape[2]
    count = rule.beta * (rule.count(others + 1, n) - rule.count(others, n))
    probability = torch.sigmoid(logit)
    by_logit = probability * (1 - probability) * (distance + count).mean(dim=0)
    by_yx = (_centred(distance)[..., None] * draws.noise / noise_px).mean(dim=0)
    return by_logit, probability[:, None] * by_yx


def _centred(value: Tensor) -> Tensor:
    """Subtract from each draw the mean of the others."""
    samples = len(value)
    return (value - value.mean(dim=0)) * (samples / (samples - 1))
