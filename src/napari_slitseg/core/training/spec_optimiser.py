"""Optimisers by name: one frozen spec each. Learning rates are those of the schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from napari_slitseg.core.spec import Spec, from_table, setting


@dataclass(frozen=True, kw_only=True)
class About:
    """An optimiser in words, for menus and the documentation.

    Attributes
    ----------
    title : str
        Name in menus.
    use_when : str
        One sentence.
    formula : str
        LaTeX, without dollar signs; g is the gradient, r the learning rate, w the weights.
    source : str
        Paper it comes from.
    """

    title: str
    use_when: str
    formula: str
    source: str


@dataclass(frozen=True, kw_only=True)
class OptimiserSpec(Spec):
    """Base of the specs of optimisers.

    Weights decay in kernels only, not in norms and biases.
    """

    about: ClassVar[About]

    name: str = ""


@dataclass(frozen=True, kw_only=True)
class AdamW(OptimiserSpec):
    """Adam with weight decay apart from the gradient."""

    about: ClassVar[About] = About(
        title="AdamW",
        use_when="You have no reason for another one.",
        formula=r"w \leftarrow w - r\,(\hat m / (\sqrt{\hat v} + \epsilon) + \lambda w)",
        source="Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019",
    )

    name: Literal["adamw"] = "adamw"
    weight_decay: float = setting(0.01, "Weights shrink by this times the rate at each step.", ge=0)
    beta1: float = setting(0.9, "Memory of the mean of gradients.", ge=0, lt=1)
    beta2: float = setting(0.999, "Memory of the mean of squared gradients.", ge=0, lt=1)


@dataclass(frozen=True, kw_only=True)
class Adam(OptimiserSpec):
    """Adam; its weight decay is a part of the gradient."""

    about: ClassVar[About] = About(
        title="Adam",
        use_when="You repeat a study that used it, as that of 2021 did.",
        formula=r"w \leftarrow w - r\,\hat m / (\sqrt{\hat v} + \epsilon)",
        source="Kingma and Ba, Adam: A Method for Stochastic Optimization, ICLR 2015",
    )

    name: Literal["adam"] = "adam"
    weight_decay: float = setting(0.0, "This times the weights is added to the gradient.", ge=0)
    beta1: float = setting(0.9, "Memory of the mean of gradients.", ge=0, lt=1)
    beta2: float = setting(0.999, "Memory of the mean of squared gradients.", ge=0, lt=1)


@dataclass(frozen=True, kw_only=True)
class SGD(OptimiserSpec):
    """Stochastic gradient descent with momentum."""

    about: ClassVar[About] = About(
        title="SGD with momentum",
        use_when="Rates are found by trial, as with cyclical schedules; usually ten to a hundred "
        "times those of Adam.",
        formula=r"m \leftarrow \mu m + g,\quad w \leftarrow w - r\,m",
        source="Sutskever et al., On the importance of initialization and momentum, ICML 2013",
    )

    name: Literal["sgd"] = "sgd"
    momentum: float = setting(0.9, "Memory of the mean of gradients.", ge=0, lt=1)
    nesterov: bool = setting(True, "Look ahead along the momentum; without momentum no effect.")
    weight_decay: float = setting(0.0, "This times the weights is added to the gradient.", ge=0)


OPTIMISERS: Mapping[str, type[OptimiserSpec]] = MappingProxyType(
    {spec().name: spec for spec in (AdamW, Adam, SGD)}
)
"""Specs of all optimisers by name, in the order of menus."""


def optimiser_from_dict(values: Mapping[str, Any]) -> OptimiserSpec:
    """Build the spec of an optimiser from plain values such as JSON's.

    Raises
    ------
    ValueError
        If there is no optimiser of that name, or it has no such setting, or not that value.
    """
    return from_table(OPTIMISERS, values, "optimiser")
