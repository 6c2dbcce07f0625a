"""Specs of the losses that compare areas, and of their sums with pixel losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.losses.spec import About, LossSpec, Presets
from napari_slitseg.core.losses.spec_distribution import ACTIVATION
from napari_slitseg.core.spec import setting

_SMOOTH = "Area added to the fraction: keeps empty images finite and gives them a gradient."
_SMOOTH_IN = "both: added to numerator and denominator; denominator: to that alone."
_AREA_REDUCTION = (
    "image: one index for each image and class; batch: for each class; flat: for all together."
)
_CLASSES = (
    "foreground: without the background; all: with it, 1 - p where there is one channel; "
    "channels: as they are."
)
_SQUARED = "Sum squares of probabilities and mask in the denominator."
_PER_IMAGE = "One index for each image rather than for the batch."
_TINY_BELOW = {"smooth": 1e-6, "smooth_in": "denominator"}
_DLSTUDIO = {
    "squared": True,
    "reduction": "flat",
    "classes": "channels",
    "activation": "none",
    **_TINY_BELOW,
}
_BATCH = {"reduction": "batch", "smooth": 1e-7}


@dataclass(frozen=True, kw_only=True)
class _Overlap(LossSpec):
    smooth: float = setting(1.0, _SMOOTH, unit="px", ge=0)
    smooth_in: Literal["both", "denominator"] = setting("both", _SMOOTH_IN)
    reduction: Literal["image", "batch", "flat"] = setting("image", _AREA_REDUCTION)
    classes: Literal["foreground", "all", "channels"] = setting("foreground", _CLASSES)
    sign: Literal["one_minus", "negative"] = setting(
        "one_minus", "one_minus: 1 minus the index, best is 0; negative: minus it, best is -1."
    )
    activation: Literal["auto", "sigmoid", "softmax", "none"] = setting("auto", ACTIVATION)


@dataclass(frozen=True, kw_only=True)
class _Squares(LossSpec):
    squared: bool = setting(default=False, description=_SQUARED)


@dataclass(frozen=True, kw_only=True)
class _Errors(LossSpec):
    fp_weight: float = setting(0.3, "Weight of false positives.", ge=0)
    fn_weight: float = setting(0.7, "Weight of false negatives.", ge=0)


@dataclass(frozen=True, kw_only=True)
class _PowerOfErrors(_Errors):
    exponent: float = setting(
        0.75, "Below 1, nearly perfect images keep a gradient; above, they lose it.", gt=0
    )


@dataclass(frozen=True, kw_only=True)
class Dice(_Overlap, _Squares):
    """One minus the Dice index.

    Presets name the conventions of others: ``study`` of the 2021 study, ``fpw_eval`` of foot
    process width evaluations, ``milletari`` of V-Net, ``dice``, ``dice_square``, ``dicefg`` and
    ``dicefg_square`` of a comparison with cross-entropy, ``two_class`` with a term for background,
    ``dlstudio`` on raw values.
    """

    function: ClassVar[str] = "overlap:dice"
    about: ClassVar[About] = About(
        title="Dice",
        family="overlap",
        formula=r"1 - \frac{2 \sum p g + s}{\sum p + \sum g + s}",
        use_when="Slits are small dots on a large background: the baseline. It sees no dot beyond "
        "about 5 px.",
        source="F. Milletari et al., V-Net, 3DV 2016 (squared); the 2021 study (negative)",
        compares_with="mask",
        erasure="inexact",
    )
    presets: ClassVar[Presets] = {
        "study": {"sign": "negative"},
        "fpw_eval": {"smooth": 1.0, "reduction": "image"},
        "milletari": {"squared": True, "smooth": 1e-7},
        "dice": {**_BATCH, "classes": "all"},
        "dice_square": {**_BATCH, "classes": "all", "squared": True},
        "dicefg": _BATCH,
        "dicefg_square": {**_BATCH, "squared": True},
        "two_class": {"classes": "all", "smooth": 1e-7},
        "dlstudio": _DLSTUDIO,
    }

    name: Literal["dice"] = "dice"


@dataclass(frozen=True, kw_only=True)
class Jaccard(_Overlap, _Squares):
    """One minus the Jaccard index (IoU)."""

    function: ClassVar[str] = "overlap:jaccard"
    about: ClassVar[About] = About(
        title="Jaccard (IoU)",
        family="overlap",
        formula=r"1 - \frac{\sum p g + s}{\sum p + \sum g - \sum p g + s}",
        use_when="IoU is the score: stricter than Dice, with the same optimum.",
        source="Ratio of intersection and union",
        compares_with="mask",
        erasure="inexact",
    )

    name: Literal["jaccard"] = "jaccard"


@dataclass(frozen=True, kw_only=True)
class Tversky(_Overlap, _Errors):
    """One minus the Tversky index: Dice with weights for both kinds of error."""

    function: ClassVar[str] = "overlap:tversky"
    about: ClassVar[About] = About(
        title="Tversky",
        family="overlap",
        formula=r"1 - \frac{tp + s}{tp + a\, fp + b\, fn + s}",
        use_when="Missed slits are worse than false ones, or the other way round.",
        source="S. Salehi et al., Tversky loss function, MLMI 2017",
        compares_with="mask",
        erasure="inexact",
    )
    presets: ClassVar[Presets] = {"dice": {"fp_weight": 0.5, "fn_weight": 0.5, "smooth": 0.5}}

    name: Literal["tversky"] = "tversky"


@dataclass(frozen=True, kw_only=True)
class FocalTversky(_Overlap, _PowerOfErrors):
    """A power of one minus the Tversky index."""

    function: ClassVar[str] = "overlap:focal_tversky"
    about: ClassVar[About] = About(
        title="Focal Tversky",
        family="overlap",
        formula=r"(1 - T)^{3/4}",
        use_when="Tversky stalls before the last slits are right.",
        source="N. Abraham, N. Khan, A novel focal Tversky loss function, ISBI 2019",
        compares_with="mask",
        erasure="inexact",
    )

    name: Literal["focal_tversky"] = "focal_tversky"


@dataclass(frozen=True, kw_only=True)
class LovaszHinge(LossSpec):
    """Lovász extension of the Jaccard index at hinge errors."""

    function: ClassVar[str] = "lovasz:lovasz_hinge"
    about: ClassVar[About] = About(
        title="Lovász hinge",
        family="overlap",
        formula=r"\sum_i \max(0, m_i)\, [F_i - F_{i-1}], \quad m = 1 - z (2 g - 1)",
        use_when="A model is fine-tuned towards IoU; this hardly clears images without slits.",
        source="J. Yu, M. Blaschko, ICML 2015; M. Berman et al., CVPR 2018",
        compares_with="mask",
        erasure="inexact",
    )

    name: Literal["lovasz_hinge"] = "lovasz_hinge"
    per_image: bool = setting(default=True, description=_PER_IMAGE)


@dataclass(frozen=True, kw_only=True)
class LovaszSoftmax(LossSpec):
    """Lovász extension of the Jaccard index at errors of probabilities."""

    function: ClassVar[str] = "lovasz:lovasz_softmax"
    about: ClassVar[About] = About(
        title="Lovász softmax",
        family="overlap",
        formula=r"\frac{1}{K} \sum_c \sum_i e_i\, [F_i - F_{i-1}], \quad e = |g_c - p_c|",
        use_when="Several classes are fine-tuned towards IoU after a smoother loss.",
        source="M. Berman et al., The Lovász-Softmax loss, CVPR 2018",
        compares_with="mask",
        erasure="inexact",
    )

    name: Literal["lovasz_softmax"] = "lovasz_softmax"
    classes: Literal["present", "all", "foreground"] = setting(
        "present",
        "present: mean over the classes in the mask; all: over all; foreground: over all but "
        "the background.",
    )
    per_image: bool = setting(default=True, description=_PER_IMAGE)
    activation: Literal["auto", "sigmoid", "softmax", "none"] = setting("auto", ACTIVATION)


@dataclass(frozen=True, kw_only=True)
class DiceBCE(LossSpec):
    """Cross-entropy plus Dice."""

    function: ClassVar[str] = "compound:dice_bce"
    about: ClassVar[About] = About(
        title="Dice + cross-entropy",
        family="compound",
        formula=r"w_1\, BCE + w_2\, Dice",
        use_when="A robust first choice is wanted: steady gradients and a sense of small areas.",
        source="J. Ma, Segmentation loss odyssey, 2020",
        compares_with="mask",
        erasure="inexact",
    )

    name: Literal["dice_bce"] = "dice_bce"
    bce_weight: float = setting(1.0, "Weight of the cross-entropy.", ge=0)
    dice_weight: float = setting(1.0, "Weight of the Dice loss.", ge=0)
    squared: bool = setting(default=False, description=_SQUARED)
    smooth: float = setting(1.0, _SMOOTH, unit="px", ge=0)
    reduction: Literal["image", "batch", "flat"] = setting("image", _AREA_REDUCTION)


@dataclass(frozen=True, kw_only=True)
class MSEDice(LossSpec):
    """Mean squared error plus a multiple of Dice."""

    function: ClassVar[str] = "compound:mse_dice"
    about: ClassVar[About] = About(
        title="Squared error + Dice",
        family="compound",
        formula=r"w\, MSE + scale \times Dice",
        use_when="You compare with work that adds a multiple of Dice to a squared error.",
        source="DLStudio exercises: raw values, scale 20 or 400",
        compares_with="mask",
        erasure="inexact",
    )
    presets: ClassVar[Presets] = {
        "dlstudio_20": {**_DLSTUDIO, "scale": 20.0},
        "dlstudio_400": {**_DLSTUDIO, "scale": 400.0},
    }

    name: Literal["mse_dice"] = "mse_dice"
    mse_weight: float = setting(1.0, "Weight of the mean squared error.", ge=0)
    scale: float = setting(20.0, "Weight of the Dice loss.", ge=0)
    squared: bool = setting(default=False, description=_SQUARED)
    smooth: float = setting(1.0, _SMOOTH, unit="px", ge=0)
    smooth_in: Literal["both", "denominator"] = setting("both", _SMOOTH_IN)
    reduction: Literal["image", "batch", "flat"] = setting("image", _AREA_REDUCTION)
    classes: Literal["foreground", "all", "channels"] = setting("foreground", _CLASSES)
    activation: Literal["auto", "sigmoid", "softmax", "none"] = setting("auto", ACTIVATION)
