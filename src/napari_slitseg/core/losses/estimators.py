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

from napari_slitseg.core.losses.counting import point_penalty

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


class Others(NamedTuple):
    """Each set as it is without each of the candidates.

    Attributes
    ----------
    n : (S, K) tensor
        Number of the others.
    total : (S, K) tensor
        Sum of their distances to the nearest annotation, px.
    back : (S, K, M) tensor
        Distance from each annotation to the nearest of them, px.
    """

    n: Tensor
    total: Tensor
    back: Tensor


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
        goal = torch.full_like(n, annotated)
        return point_penalty(n, goal, self.under_power, self.over_power, self.scale)

    def distance(self, exists: Tensor, apart: Tensor) -> Tensor:
        """Return the Chamfer distance (S,) of each set, from all distances (S, K, M)."""
        n = exists.sum(dim=1)
        if apart.shape[2] == 0:
            return self.farthest_px * (n > 0).to(apart)
        apart = apart.clamp(max=self.farthest_px)
        there = (exists * self._to_nearest(apart)).sum(dim=1) / n.clamp(min=1)
        back = torch.where(exists[..., None] > 0, apart, self.farthest_px).amin(dim=1).mean(dim=1)
        return torch.where(n > 0, (there + back) / 2, self.farthest_px)

    def others(self, exists: Tensor, apart: Tensor) -> Others:
        """Return for each candidate what the rest of each set is like."""
        n = exists.sum(dim=1, keepdim=True) - exists
        own = exists * self._to_nearest(apart)
        return Others(
            n=n,
            total=own.sum(dim=1, keepdim=True) - own,
            back=_nearest_other(exists, apart.clamp(max=self.farthest_px), self.farthest_px),
        )

    def distance_without(self, others: Others) -> Tensor:
        """Return the distance (S, K) of each set without each candidate."""
        if others.back.shape[2] == 0:
            return self.farthest_px * (others.n > 0).to(others.n)
        both = (others.total / others.n.clamp(min=1) + others.back.mean(dim=2)) / 2
        return torch.where(others.n > 0, both, self.farthest_px)

    def distance_with(self, others: Others, apart: Tensor) -> Tensor:
        """Return the distance (S, K) of each set with each candidate, this far from the truth."""
        if others.back.shape[2] == 0:
            return torch.full_like(others.n, self.farthest_px)
        there = (others.total + self._to_nearest(apart)) / (others.n + 1)
        return (there + torch.minimum(others.back, apart).mean(dim=2)) / 2

    def _to_nearest(self, apart: Tensor) -> Tensor:
        if apart.shape[-1] == 0:
            return torch.full_like(apart.sum(dim=-1), self.farthest_px)
        return apart.amin(dim=-1).clamp(max=self.farthest_px)


def _nearest_other(exists: Tensor, apart: Tensor, farthest_px: float) -> Tensor:
    """Return the distance (S, K, M) from annotation m to the nearest in the set but k."""
    present = torch.where(exists[..., None] > 0, apart, farthest_px)
    nobody = torch.full_like(present[:, :1], farthest_px)
    nearest, which = torch.cat([present, nobody], dim=1).topk(2, dim=1, largest=False)
    k = torch.arange(exists.shape[1], device=exists.device)[:, None]
    return torch.where(which[:, :1] == k, nearest[:, 1:], nearest[:, :1])


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
        each draw's loss less what it would be without the candidate (for its logit, and whether it
        exists is summed out) or with the candidate at its mean position (for that). Both are
        without bias; the second has less variance.
    """
    apart = _apart(candidates.yx.detach() + noise_px * draws.noise, points)
    if baseline == "counterfactual":
        return _counterfactual(candidates, points, apart, draws, rule, noise_px)
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
    candidates: Candidates, points: Tensor, apart: Tensor, draws: Draws, rule: Rule, noise_px: float
) -> tuple[Tensor, Tensor]:
    others, n = rule.others(draws.exists, apart), len(points)
    drawn = rule.distance_with(others, apart)
    still = rule.distance_with(others, _apart(candidates.yx.detach(), points))
    distance = rule.alpha * (drawn - rule.distance_without(others))
    count = rule.beta * (rule.count(others.n + 1, n) - rule.count(others.n, n))
    probability = torch.sigmoid(candidates.logit.detach())
    by_logit = probability * (1 - probability) * (distance + count).mean(dim=0)
    moved = rule.alpha * (drawn - still)[..., None] * draws.noise / noise_px
    return by_logit, probability[:, None] * moved.mean(dim=0)


def _apart(yx: Tensor, points: Tensor) -> Tensor:
    apart: Tensor = torch.linalg.vector_norm(yx[..., None, :] - points, dim=-1)
    return apart


def _centred(value: Tensor) -> Tensor:
    """Subtract from each draw the mean of the others."""
    samples = len(value)
    return (value - value.mean(dim=0)) * (samples / (samples - 1))
