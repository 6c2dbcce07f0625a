"""Sums of losses, and what the two heads of a model are trained with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

from napari_slitseg.core.losses.spec import About, LossSpec, Presets
from napari_slitseg.core.losses.spec_distribution import BinaryCrossEntropy
from napari_slitseg.core.losses.spec_expected import OneToOne
from napari_slitseg.core.losses.spec_maps import Boundary, DistanceWeighted
from napari_slitseg.core.losses.spec_overlap import Dice, LovaszHinge
from napari_slitseg.core.losses.spec_transport import Kernel
from napari_slitseg.core.ramp import Ramp
from napari_slitseg.core.spec import Spec, setting


@dataclass(frozen=True, kw_only=True)
class Term(Spec):
    """One loss of a sum and its weight."""

    weight: float = setting(1.0, "What the loss is multiplied by; 0 only reports it.", ge=0)
    loss: LossSpec = setting(Dice(), "Which loss, with its settings.")
    ramp: Ramp | None = setting(
        None, "Multiplies the weight by a number that changes during the training."
    )

    def at(self, progress: float) -> Self:
        """Return the term in force at a fraction of the training: without a ramp."""
        factor = 1.0 if self.ramp is None else self.ramp.at(progress)
        loss = in_force(self.loss, progress)
        return replace(self, weight=self.weight * factor, loss=loss, ramp=None)


@dataclass(frozen=True, kw_only=True)
class WeightedSum(LossSpec):
    """Sum of losses, each with its weight; what it erases is said of the default terms."""

    function: ClassVar[str] = "combine:weighted_sum"
    about: ClassVar[About] = About(
        title="Weighted sum",
        family="compound",
        formula=r"L = \sum_k w_k\, f_k\, L_k,\quad "
        r"f_k = 1\ \mathrm{or}\ \|\nabla L_1\| / \|\nabla L_k\|",
        use_when="One loss alone lacks something, as Dice lacks a pull on far dots.",
        source="This project; the balance by gradient norms is after Z. Chen et al., GradNorm, "
        "ICML 2018, with a running mean instead of a trained weight",
        compares_with="target",
        erasure="inexact",
    )
    presets: ClassVar[Presets] = {
        "lovasz_and_dice": {"terms": (Term(loss=LovaszHinge()), Term())},
        "dice_and_distance": {
            "terms": (Term(), Term(loss=DistanceWeighted())),
            "balance": "grad_ema",
        },
        "dice_and_one_to_one": {
            "terms": (Term(), Term(loss=OneToOne())),
            "balance": "grad_ema",
        },
        "dice_and_kernel": {"terms": (Term(), Term(loss=Kernel())), "balance": "grad_ema"},
        "dice_and_boundary": {
            "terms": (Term(), Term(loss=Boundary(), ramp=Ramp(begin=0.01, end=1.0)))
        },
    }

    name: Literal["sum"] = "sum"
    terms: tuple[Term, ...] = setting(
        (Term(), Term(loss=BinaryCrossEntropy())), "Losses and their weights; at least one."
    )
    balance: Literal["fixed", "grad_ema"] = setting(
        "fixed",
        "fixed: weights multiply losses. grad_ema: weights multiply losses whose gradients were "
        "made as long as that of the first, by a running mean of their lengths.",
    )
    memory: float = setting(
        0.9, "How much of the running mean each step keeps, with grad_ema.", ge=0, lt=1
    )
    max_factor: float = setting(100.0, "Most that grad_ema multiplies or divides a loss by.", ge=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.terms:
            raise ValueError("WeightedSum.terms is empty; give at least one")

    def at(self, progress: float) -> Self:
        """Return the sum in force at a fraction of the training: without ramps."""
        return replace(self, terms=tuple(term.at(progress) for term in self.terms))


@dataclass(frozen=True, kw_only=True)
class TwoHeads(Spec):
    """What the two heads of a model are trained with: w_m L_m(membrane) + w_s L_s(slits).

    The 2021 study used dice for the membrane and gave no weights; they are 1 here.
    """

    membrane: LossSpec = setting(Dice(), "Loss of the membrane head.")
    slit: LossSpec = setting(Dice(), "Loss of the slit head.")
    membrane_weight: float = setting(
        1.0, "Weight of the membrane head; 0 trains without annotated membranes.", ge=0
    )
    slit_weight: float = setting(1.0, "Weight of the slit head.", ge=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.membrane_weight + self.slit_weight:
            raise ValueError("both weights of TwoHeads are 0; raise one")

    def at(self, progress: float) -> Self:
        """Return the losses in force at a fraction of the training: without ramps."""
        membrane, slit = in_force(self.membrane, progress), in_force(self.slit, progress)
        return replace(self, membrane=membrane, slit=slit)


def in_force(loss: LossSpec, progress: float) -> LossSpec:
    """Return a loss with the weights it has at a fraction of the training."""
    return loss.at(progress) if isinstance(loss, WeightedSum) else loss
