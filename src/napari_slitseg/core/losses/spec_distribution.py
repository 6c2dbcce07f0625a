"""Specs of the losses that compare pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.losses.spec import About, LossSpec, Presets
from napari_slitseg.core.spec import setting

REDUCTION = "mean: over all pixels; sum: grows with the image; image_sum: mean over images of sums."
CLASS_WEIGHTS = "Weight of each class; none for equal weights."
ACTIVATION = (
    "How logits become probabilities. auto: sigmoid for one channel, softmax for more; none: "
    "values are compared as they are."
)


@dataclass(frozen=True, kw_only=True)
class BinaryCrossEntropy(LossSpec):
    """Binary cross-entropy of every channel."""

    function: ClassVar[str] = "distribution:binary_cross_entropy"
    about: ClassVar[About] = About(
        title="Binary cross-entropy",
        family="distribution",
        formula=r"-\frac{1}{N} \sum [w\, g \log p + (1 - g) \log (1 - p)]",
        use_when="A steady start is wanted for any mask, soft ones too; rare dots need a weight.",
        source="Maximum likelihood of independent pixels",
        compares_with="mask",
        erasure="inexact",
    )

    name: Literal["bce"] = "bce"
    pos_weight: float = setting(1.0, "How many times an annotated pixel counts.", ge=0)
    class_weights: tuple[float, ...] = setting((), CLASS_WEIGHTS, ge=0)
    reduction: Literal["mean", "sum", "image_sum"] = setting("mean", REDUCTION)


@dataclass(frozen=True, kw_only=True)
class CategoricalCrossEntropy(LossSpec):
    """Cross-entropy over classes that exclude each other."""

    function: ClassVar[str] = "distribution:categorical_cross_entropy"
    about: ClassVar[About] = About(
        title="Categorical cross-entropy",
        family="distribution",
        formula=r"-\frac{1}{N} \sum \sum_c w_c\, g_c \log p_c",
        use_when="Every pixel belongs to exactly one of several classes.",
        source="Maximum likelihood of independent pixels",
        compares_with="mask",
        erasure="inexact",
    )
    presets: ClassVar[Presets] = {"clipped": {"eps": 1e-7}}

    name: Literal["cce"] = "cce"
    class_weights: tuple[float, ...] = setting((), CLASS_WEIGHTS, ge=0)
    eps: float = setting(0.0, "Clip probabilities this far from 0 and 1; 0 is exact.", ge=0, lt=0.5)
    reduction: Literal["mean", "sum", "image_sum"] = setting("mean", REDUCTION)


@dataclass(frozen=True, kw_only=True)
class Focal(LossSpec):
    """Cross-entropy in which easy pixels count less."""

    function: ClassVar[str] = "distribution:focal"
    about: ClassVar[About] = About(
        title="Focal",
        family="distribution",
        formula=r"-\frac{1}{N} \sum \alpha_t (1 - p_t)^\gamma \log p_t",
        use_when="Background outnumbers slits so much that cross-entropy learns little else.",
        source="T.-Y. Lin et al., Focal loss for dense object detection, ICCV 2017",
        compares_with="mask",
        erasure="inexact",
    )
    presets: ClassVar[Presets] = {
        "lin": {"gamma": 2.0, "alpha": 0.25},
        "blog": {"gamma": 0.75, "alpha": 0.25, "reduction": "sum", "eps": 1e-3},
        "cross_entropy": {"gamma": 0.0, "alpha": None},
    }

    name: Literal["focal"] = "focal"
    gamma: float = setting(2.0, "How much easy pixels are discounted; 0: not at all.", ge=0)
    alpha: float | None = setting(
        0.25, "Weight of the foreground; the background has 1 - alpha. None: both 1.", ge=0, le=1
    )
    eps: float = setting(0.0, "Clip probabilities this far from 0 and 1; 0 is exact.", ge=0, lt=0.5)
    reduction: Literal["mean", "sum", "image_sum"] = setting("mean", REDUCTION)
    activation: Literal["auto", "sigmoid", "softmax"] = setting(
        "auto", "How logits become probabilities. auto: sigmoid for one channel, softmax for more."
    )


@dataclass(frozen=True, kw_only=True)
class MeanSquaredError(LossSpec):
    """Squared difference of probabilities and mask."""

    function: ClassVar[str] = "distribution:mean_squared_error"
    about: ClassVar[About] = About(
        title="Mean squared error",
        family="distribution",
        formula=r"\frac{1}{N} \sum (p - g)^2",
        use_when="Targets are smooth maps rather than classes.",
        source="Least squares; Brier score of probabilities",
        compares_with="mask",
        erasure="inexact",
    )
    presets: ClassVar[Presets] = {"dlstudio": {"activation": "none"}}

    name: Literal["mse"] = "mse"
    activation: Literal["auto", "sigmoid", "softmax", "none"] = setting("auto", ACTIVATION)
    reduction: Literal["mean", "sum", "image_sum"] = setting("mean", REDUCTION)
