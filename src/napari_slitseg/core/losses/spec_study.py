"""Specs of the 2021 study's losses: their exact values, and one with an estimated gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.losses.spec import About, LossSpec, Presets
from napari_slitseg.core.spec import setting

STUDY = "Distance Loss for Improved Slit Segmentation (2021)"
DetectorName = Literal["peaks", "log", "dog", "doh"]
Truth = Literal["points", "map"]
Empty = Literal["diagonal", "cap"]

_NO_GRADIENT = "it has no gradient, so beside another loss it changes only the value that is shown."
_UNDER = "Power of the penalty on too few points; the study's k_l."
_OVER = "Power of the penalty on too many points; the study's k_s."
_PROPORTIONAL = "Whether the difference of the numbers is relative to the larger one."
_SCALE = "Multiplies a relative difference; from 1 / scale on, too few cost more than too many."
_EMPTY = "Distance to an empty side. diagonal: that of the image; cap: cap_px."
_CAP = "Largest distance that counts, where empty is cap."
_AS_REPORTED = {"detector": "doh", "truth": "map"}


@dataclass(frozen=True, kw_only=True)
class Detecting(LossSpec):
    """What every loss of detected points can be told."""

    presets: ClassVar[Presets] = {"report": _AS_REPORTED}

    detector: DetectorName = setting("peaks", "How points are detected in the map.")
    threshold: float = setting(0.5, "Lowest probability of a detection.", ge=0, le=1)
    truth: Truth = setting("points", "points: the annotations; map: what is detected in the mask.")


@dataclass(frozen=True, kw_only=True)
class Measuring(Detecting):
    """What losses of distances can be told."""

    two_way: bool = setting(
        default=True,
        description="Whether missed annotations cost; without, only detections are judged.",
    )
    squared: bool = setting(default=False, description="Square each distance.")
    empty: Empty = setting("diagonal", _EMPTY)
    cap_px: float = setting(20.0, _CAP, unit="px", gt=0)


@dataclass(frozen=True, kw_only=True)
class Counting(Detecting):
    """What losses of numbers of points can be told."""

    under_power: float = setting(3.0, _UNDER, gt=0, le=10)
    over_power: float = setting(2.0, _OVER, gt=0, le=10)


@dataclass(frozen=True, kw_only=True)
class VanillaDistance(Measuring):
    """Chamfer distance of detected and annotated points."""

    function: ClassVar[str] = "study:vanilla_distance"
    about: ClassVar[About] = About(
        title="Vanilla distance (2021 study)",
        family="study",
        formula=r"\frac{1}{2}\left(\frac{1}{|P|}\sum_{p \in P} \min_{g \in G} \|p - g\| + "
        r"\frac{1}{|G|}\sum_{g \in G} \min_{p \in P} \|p - g\|\right)",
        use_when="You watch the distance in px while another loss trains: " + _NO_GRADIENT,
        source=f"{STUDY}, algorithm 1",
        compares_with="target",
        erasure="no gradient",
    )
    name: Literal["vanilla_distance"] = "vanilla_distance"


@dataclass(frozen=True, kw_only=True)
class PointLoss(Counting):
    """Penalty on the difference of the numbers of points."""

    function: ClassVar[str] = "study:point"
    about: ClassVar[About] = About(
        title="Point loss (2021 study)",
        family="study",
        formula=r"|n_P - n_G|^{k}, \quad k = 2 \; (n_P > n_G), \; k = 3 \; (n_P < n_G)",
        use_when="You watch the number of points while another loss trains: " + _NO_GRADIENT,
        source=f"{STUDY}, algorithm 2",
        compares_with="target",
        erasure="no gradient",
    )
    name: Literal["point"] = "point"


@dataclass(frozen=True, kw_only=True)
class ProportionalPointLoss(Counting):
    """Penalty on the relative difference of the numbers of points."""

    function: ClassVar[str] = "study:proportional_point"
    about: ClassVar[About] = About(
        title="Proportional point loss (2021 study)",
        family="study",
        formula=r"\left|s \, \frac{n_P - n_G}{\max(n_P, n_G)}\right|^{k}",
        use_when="You watch the number of points where images hold few and many: " + _NO_GRADIENT,
        source=f"{STUDY}, section 2.2",
        compares_with="target",
        erasure="no gradient",
    )
    name: Literal["proportional_point"] = "proportional_point"
    scale: float = setting(10.0, _SCALE, gt=1, le=1000)


@dataclass(frozen=True, kw_only=True)
class Composite(Counting, Measuring):
    """Weighted sum of vanilla distance and point loss."""

    function: ClassVar[str] = "study:composite"
    about: ClassVar[About] = About(
        title="Composite (2021 study)",
        family="study",
        formula=r"\alpha \, \mathrm{distance} + \beta \, \mathrm{point\ loss}",
        use_when="You repeat the 2021 study or compare with its figures: " + _NO_GRADIENT,
        source=f"{STUDY}, algorithm 3",
        compares_with="target",
        erasure="no gradient",
    )
    presets: ClassVar[Presets] = {
        "report": _AS_REPORTED,
        "report_literal": {**_AS_REPORTED, "alpha": 0.0, "beta": 10.0},
    }

    name: Literal["composite"] = "composite"
    alpha: float = setting(1.0, "Weight of the distance.", ge=0)
    beta: float = setting(10.0, "Weight of the point loss.", ge=0)
    proportional: bool = setting(default=False, description=_PROPORTIONAL)
    scale: float = setting(10.0, _SCALE, gt=1, le=1000)


@dataclass(frozen=True, kw_only=True)
class BijectiveChamfer(Counting):
    """Mean distance of pairs where the numbers are equal, a point penalty where not."""

    function: ClassVar[str] = "bijective:bijective_chamfer"
    about: ClassVar[About] = About(
        title="Strongly bijective Chamfer (2021 study)",
        family="study",
        formula=r"\min_{\pi} \frac{1}{n}\sum_{i} \|p_i - g_{\pi(i)}\| \; (n_P = n_G), "
        r"\quad \beta \, \mathrm{point\ loss} \; (n_P \neq n_G)",
        use_when="You watch one-to-one distances once the numbers are right: " + _NO_GRADIENT,
        source=f"{STUDY}, section 6",
        compares_with="target",
        erasure="no gradient",
    )
    name: Literal["bijective_chamfer"] = "bijective_chamfer"
    squared: bool = setting(default=False, description="Square each distance.")
    beta: float = setting(10.0, "Weight of the point loss where the numbers differ.", ge=0)
    unequal: Literal["penalty", "above"] = setting(
        "penalty",
        "Where the numbers differ. penalty: that alone; above: it and the image's diagonal.",
    )


@dataclass(frozen=True, kw_only=True)
class StochasticComposite(LossSpec):
    """The composite's exact value with a gradient estimated from draws."""

    function: ClassVar[str] = "stochastic:stochastic_composite"
    about: ClassVar[About] = About(
        title="Composite with an estimated gradient",
        family="study",
        formula=r"\alpha \, \mathrm{distance} + \beta \, \mathrm{point\ loss}, \quad "
        r"\nabla = \mathrm{E}[(L - b) \, \nabla \log p]",
        use_when="The 2021 study's own loss is to get a fair trial: its value is exact, its "
        "gradient noisier and slower than that of the expected composite.",
        source=f"{STUDY}, algorithm 3; score function estimator of Williams, Machine Learning 1992",
        compares_with="points",
        erasure="inexact",
        needs_pretraining=True,
    )
    presets: ClassVar[Presets] = {"report": {"alpha": 1.0, "beta": 10.0, "empty": "diagonal"}}

    name: Literal["stochastic_composite"] = "stochastic_composite"
    alpha: float = setting(1.0, "Weight of the distance.", ge=0)
    beta: float = setting(0.003, "Weight of the point loss.", ge=0)
    estimator: Literal["score", "perturbation"] = setting(
        "score",
        "score: draw sets of candidates; perturbation: disturb the map and detect again (slow).",
    )
    samples: int = setting(16, "Draws an image.", ge=2)
    baseline: Literal["counterfactual", "leave_one_out"] = setting(
        "counterfactual",
        "Subtracted from a draw's loss. counterfactual: the loss without the point; leave_one_out: "
        "the mean of the other draws.",
    )
    noise_px: float = setting(1.0, "Standard deviation of drawn positions.", unit="px", gt=0)
    noise_logit: float = setting(1.0, "Standard deviation of a perturbation, in logits.", gt=0)
    grid_px: int = setting(4, "Side of a perturbation's cells.", unit="px", ge=1)
    detector: DetectorName = setting("peaks", "How points are detected in the map.")
    threshold: float = setting(0.5, "Lowest probability of a detection.", ge=0, le=1)
    empty: Empty = setting("cap", _EMPTY)
    cap_px: float = setting(30.0, _CAP, unit="px", gt=0)
    under_power: float = setting(3.0, _UNDER, gt=0, le=10)
    over_power: float = setting(2.0, _OVER, gt=0, le=10)
    proportional: bool = setting(default=False, description=_PROPORTIONAL)
    scale: float = setting(10.0, _SCALE, gt=1, le=1000)
