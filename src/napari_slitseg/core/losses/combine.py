"""Sums of losses, with fixed weights or with gradients of equal length; the loss of two heads."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Self

import torch
from torch import Tensor

from napari_slitseg.core.losses import LossSpec, build_loss
from napari_slitseg.core.losses.spec_combine import Term, TwoHeads, WeightedSum
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.models.base import Logits

_DEFAULT = WeightedSum()


class LossParts(NamedTuple):
    """A loss and what it is made of.

    Attributes
    ----------
    total : scalar tensor
        What to train with.
    parts : dict of str to scalar tensor
        Values to report, without weights and without gradient. A sum adds one for each term,
        such as ``"slit.dice"``; a loss that is there twice has a number.
    """

    total: Tensor
    parts: dict[str, Tensor]


class GradientBalance:
    """Running means of the lengths of the gradients of losses, by the names of the parts.

    What balanced sums remember from step to step. Keep one for a training, hand it to each step,
    and save its `state_dict` with the model. Losses that are new start afresh.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}

    def update(self, name: str, length: Tensor, memory: float) -> None:
        """Take in the length of a gradient; one that is not finite is ignored."""
        old = self._sums.get(name, length.new_zeros(2)).to(length)
        new = memory * old + (1 - memory) * torch.stack([length, torch.ones_like(length)])
        self._sums[name] = torch.where(length.isfinite(), new, old)

    def mean(self, name: str) -> Tensor | None:
        """Return the running mean of a loss, not biased by its start; None if there is none."""
        if name not in self._sums:
            return None
        both = self._sums[name]
        return both[0] / both[1]

    def copy(self) -> Self:
        """Return another one that remembers the same."""
        other = copy.copy(self)
        other._sums = dict(self._sums)
        return other

    def state_dict(self) -> dict[str, list[float]]:
        """Return all running sums as plain JSON values."""
        return {name: each.tolist() for name, each in self._sums.items()}

    def load_state_dict(self, state: Mapping[str, Sequence[float]]) -> None:
        """Replace all running sums by those of a `state_dict`."""
        self._sums = {name: torch.tensor(each) for name, each in state.items()}


def weighted_sum(
    logits: Tensor,
    target: Target,
    *,
    terms: tuple[Term, ...] = _DEFAULT.terms,
    balance: Literal["fixed", "grad_ema"] = "fixed",
    memory: float = 0.9,
    max_factor: float = 100.0,
) -> Tensor:
    """Return the sum of losses, each with its weight.

    ``L = sum_k w_k f_k L_k`` with ``f_k = 1``, or, balanced, the length of the gradient of the
    first term with a weight divided by that of term k, both by the logits. Called on its own it
    remembers nothing: the lengths are those of this step. `sum_of_terms` takes a memory.

    Parameters
    ----------
    logits : (B, C, H, W) tensor
        Raw outputs.
    target : Target
        With all that the terms compare with.
    terms : tuple of Term
        Losses and weights. A ramp counts as at its end. A term of weight 0 adds nothing.
    balance : {"fixed", "grad_ema"}
        Whether factors are 1 or make gradients equally long.
    memory : float
        Part of the running mean that each step keeps, in [0, 1).
    max_factor : float
        Factors are kept within ``[1 / max_factor, max_factor]``.

    Returns
    -------
    scalar tensor

    Raises
    ------
    ValueError
        If there is no term, or the target lacks what one compares with.
    """
    spec = WeightedSum(terms=terms, balance=balance, memory=memory, max_factor=max_factor)
    return sum_of_terms(spec, logits, target).total


def sum_of_terms(
    spec: WeightedSum,
    logits: Tensor,
    target: Target,
    *,
    state: GradientBalance | None = None,
    prefix: str = "",
) -> LossParts:
    """Return a sum of losses and the value of each.

    Parameters
    ----------
    spec : WeightedSum
        The sum; a ramp counts as at its end, so take ``spec.at(progress)`` while training.
    logits : (B, C, H, W) tensor
        Raw outputs.
    target : Target
        With all that the terms compare with.
    state : GradientBalance, optional
        Running means of earlier steps, brought up to date where gradients are enabled. Without
        it, balanced sums use the gradients of this step alone.
    prefix : str
        What the names of parts begin with.
    """
    wide = logits if logits.dtype == torch.float64 else logits.float()
    state = state or GradientBalance()
    parts: dict[str, Tensor] = {}
    added: list[Tensor] = []
    first = None
    for name, term in zip(_names(spec.terms, prefix), spec.terms, strict=True):
        weight = term.weight * (term.ramp.end if term.ramp else 1)
        value, inner = _value(term.loss, wide, target, state, name, trained=weight > 0)
        parts |= {name: value.detach(), **inner}
        if not weight:
            continue
        if spec.balance == "grad_ema":
            _look(state, name, value, wide, spec.memory)
            first = first or name
            value = value * _factor(state.mean(first), state.mean(name), spec.max_factor)
        added.append(weight * value)
    total = torch.stack(added).sum() if added else wide.sum() * 0
    return LossParts(total, parts)


def two_head_loss(
    logits: Logits,
    membrane_target: Target | None,
    slit_target: Target | None,
    *,
    spec: TwoHeads,
    state: GradientBalance | None = None,
) -> LossParts:
    """Return the loss of a model with two heads and the value of each part.

    Parameters
    ----------
    logits : Logits
        Raw outputs of both heads, each (B, 1, H, W).
    membrane_target, slit_target : Target or None
        What each head is compared with; None only where the head has weight 0.
    spec : TwoHeads
        Losses and weights; a ramp counts as at its end, so take ``spec.at(progress)`` or
        `Curriculum.at` while training.
    state : GradientBalance, optional
        Running means of earlier steps, for balanced sums.

    Returns
    -------
    LossParts
        With parts ``"membrane"`` and ``"slit"``, and those of sums.

    Raises
    ------
    ValueError
        If a head with a weight has no target, or not what its loss compares with.
    """
    state = state or GradientBalance()
    heads = (
        ("membrane", spec.membrane, spec.membrane_weight, logits.membrane, membrane_target),
        ("slit", spec.slit, spec.slit_weight, logits.slit, slit_target),
    )
    parts: dict[str, Tensor] = {}
    total = logits.slit.new_zeros((), dtype=torch.float32)
    for name, loss, weight, raw, target in heads:
        if target is None and weight:
            raise ValueError(f"the {name} head has a weight of {weight:g} and no target")
        if target is not None:
            value, inner = _value(loss, raw, target, state, name, trained=weight > 0)
            parts |= {name: value.detach(), **inner}
            total = total + weight * value if weight else total
    return LossParts(total, parts)


def _value(
    loss: LossSpec,
    logits: Tensor,
    target: Target,
    state: GradientBalance,
    name: str,
    *,
    trained: bool,
) -> LossParts:
    """Return the value of a loss and its inner parts; without gradient if only reported."""
    with torch.set_grad_enabled(trained and torch.is_grad_enabled()):
        if isinstance(loss, WeightedSum):
            return sum_of_terms(loss, logits, target, state=state, prefix=f"{name}.")
        return LossParts(build_loss(loss)(logits, target), {})


def _look(state: GradientBalance, name: str, value: Tensor, logits: Tensor, memory: float) -> None:
    if value.requires_grad and logits.requires_grad:
        [gradient] = torch.autograd.grad(value, logits, retain_graph=True, allow_unused=True)
        length = logits.new_zeros(()) if gradient is None else gradient.norm()
        state.update(name, length.detach(), memory)


def _factor(first: Tensor | None, own: Tensor | None, most: float) -> Tensor | float:
    """Return first / own within its limits, and 1 where either is unknown or 0."""
    if first is None or own is None:
        return 1.0
    factor = (first / own).clamp(1 / most, most)
    return torch.where((first > 0) & (own > 0), factor, torch.ones_like(factor))


def _names(terms: Sequence[Term], prefix: str) -> list[str]:
    names = [term.loss.name for term in terms]
    seen = [names[:i].count(name) for i, name in enumerate(names)]
    return [f"{prefix}{name}{n + 1 if n else ''}" for name, n in zip(names, seen, strict=True)]
