"""Specs of the losses on claims: peaks that exist with a probability, and seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.losses.spec import About, LossSpec, Presets
from napari_slitseg.core.spec import setting

_STUDY = "Distance Loss for Improved Slit Segmentation (2021), in expectation"
_UNCLAIMED = "Weight of the probability that belongs to no peak, counted in dots."
_CAP = (
    "Largest distance that counts; also the cost of finding nothing, and how far a certain peak "
    "can move to an annotation."
)
_UNDER = "Power of the penalty on too few points; the study's k_l."
_OVER = "Power of the penalty on too many points; the study's k_s."
_PROPORTIONAL = "Whether the difference of the numbers is relative to the larger one."
_SCALE = "Multiplies a relative difference; from 1 / scale on, too few cost more than too many."


@dataclass(frozen=True, kw_only=True)
class ExpectedComposite(LossSpec):
    """The study's composite loss in expectation."""

    function: ClassVar[str] = "expected:expected_composite"
    about: ClassVar[About] = About(
        title="Expected composite",
        family="distance",
        formula=r"\alpha\,E[\mathrm{Chamfer}]+\beta\,E[|\Delta|^{k}]+w\,u/n",
        use_when="You want what the 2021 study wanted: to train for distance and number of slits, "
        "alone or beside an overlap loss.",
        source=_STUDY,
        compares_with="points",
        erasure="safe",
        needs_pretraining=True,
        recommended=True,
    )
    presets: ClassVar[Presets] = {"study": {"alpha": 1.0, "beta": 10.0, "proportional": False}}

    name: Literal["expected_composite"] = "expected_composite"
    alpha: float = setting(1.0, "Weight of the Chamfer distance.", unit="1/px", ge=0)
    beta: float = setting(0.025, "Weight of the point loss.", ge=0)
    under_power: float = setting(3.0, _UNDER, gt=0, le=10)
    over_power: float = setting(2.0, _OVER, gt=0, le=10)
    proportional: bool = setting(True, _PROPORTIONAL)
    scale: float = setting(10.0, _SCALE, gt=1, le=1000)
    cap_px: float = setting(25.0, _CAP, unit="px", gt=0)
    unclaimed_weight: float = setting(1.0, _UNCLAIMED, ge=0)


@dataclass(frozen=True, kw_only=True)
class ExpectedChamfer(LossSpec):
    """Chamfer distance in expectation."""

    function: ClassVar[str] = "expected:expected_chamfer"
    about: ClassVar[About] = About(
        title="Expected Chamfer distance",
        family="distance",
        formula=r"\frac{1}{2}E[\overline{\min_g d}]+\frac{1}{2}E[\overline{\min_k d}]+w\,u/n",
        use_when="Only distances matter and the numbers may take care of themselves.",
        source=_STUDY,
        compares_with="points",
        erasure="safe",
        needs_pretraining=True,
    )
    presets: ClassVar[Presets] = {"one_way": {"two_way": False, "unclaimed_weight": 0.0}}

    name: Literal["expected_chamfer"] = "expected_chamfer"
    two_way: bool = setting(
        True, "Whether missed annotations cost; without, the loss erases every point."
    )
    cap_px: float = setting(25.0, _CAP, unit="px", gt=0)
    unclaimed_weight: float = setting(1.0, _UNCLAIMED, ge=0)


@dataclass(frozen=True, kw_only=True)
class ExpectedPoint(LossSpec):
    """Point loss in expectation."""

    function: ClassVar[str] = "expected:expected_point"
    about: ClassVar[About] = About(
        title="Expected point loss",
        family="distance",
        formula=r"\sum_n P(n)\,|\Delta_n|^{k}",
        use_when="Another loss finds too few or too many points: as a small addition, since alone "
        "it knows nothing of places.",
        source=_STUDY,
        compares_with="points",
        erasure="inexact",
        needs_pretraining=True,
    )

    name: Literal["expected_point"] = "expected_point"
    under_power: float = setting(3.0, _UNDER, gt=0, le=10)
    over_power: float = setting(2.0, _OVER, gt=0, le=10)
    proportional: bool = setting(True, _PROPORTIONAL)
    scale: float = setting(10.0, _SCALE, gt=1, le=1000)


@dataclass(frozen=True, kw_only=True)
class OneToOne(LossSpec):
    """One-to-one matching of points."""

    function: ClassVar[str] = "one_to_one:one_to_one"
    about: ClassVar[About] = About(
        title="One-to-one matching",
        family="distance",
        formula=r"\frac{1}{n}[\sum_{pairs}(-\log m+w_d\,d)-w_s\sum_{others}\log(1-m)]+w\,u/n",
        use_when="Slits lie close together or many pixels off their annotations: every annotation "
        "gets one peak and pulls it from as far as 25 px.",
        source="The strongly bijective distance proposed by the 2021 study; Carion et al. 2020, "
        "End-to-End Object Detection with Transformers",
        compares_with="points",
        erasure="safe",
        recommended=True,
    )

    name: Literal["one_to_one"] = "one_to_one"
    position_weight: float = setting(1.0, "Cost of one pixel of distance.", unit="1/px", ge=0)
    rounding_px: float = setting(
        1.0, "Distance below which its cost is squared, above linear.", unit="px", gt=0
    )
    surplus_weight: float = setting(1.0, "Weight of peaks without an annotation.", ge=0)
    unclaimed_weight: float = setting(1.0, _UNCLAIMED, ge=0)
    reach_px: float = setting(
        25.0, "How far a certain peak can move to an annotation.", unit="px", ge=0
    )


@dataclass(frozen=True, kw_only=True)
class PeakChamfer(LossSpec):
    """Chamfer distance of the soft coordinates of peaks."""

    function: ClassVar[str] = "peak_chamfer:peak_chamfer"
    about: ClassVar[About] = About(
        title="Peak Chamfer distance",
        family="distance",
        formula=r"\mathrm{Chamfer}_{soft}(c,m;g)+w_n\log^2\frac{1+\sum m}{1+n}+w\,u/n",
        use_when="Slits are off by many pixels, or too many are found: it pulls and counts.",
        source="Chamfer distance on soft-argmax coordinates; this project",
        compares_with="points",
        erasure="safe",
        needs_pretraining=True,
        recommended=True,
    )

    name: Literal["peak_chamfer"] = "peak_chamfer"
    count_weight: float = setting(
        10.0, "Weight of the squared logarithm of the ratio of the numbers.", unit="px", ge=0
    )
    temperature_px: float = setting(
        1.0, "Peaks whose costs differ by less share an annotation.", unit="px", gt=0
    )
    cap_px: float = setting(25.0, _CAP, unit="px", gt=0)
    unclaimed_weight: float = setting(1.0, _UNCLAIMED, ge=0)


@dataclass(frozen=True, kw_only=True)
class SoftPoint(LossSpec):
    """Point loss of the probability mass."""

    function: ClassVar[str] = "counting:soft_point"
    about: ClassVar[About] = About(
        title="Soft point loss",
        family="distance",
        formula=r"|\Delta|^{k},\quad\Delta=s\,(\sum p/A-n)/\max(\sum p/A,\,n)",
        use_when="Another loss finds too little or too much: as a small addition, since alone it "
        "knows nothing of places.",
        source="Point loss of the 2021 study on a differentiable count; this project",
        compares_with="points",
        erasure="erases",
        needs_pretraining=True,
    )

    name: Literal["soft_point"] = "soft_point"
    area_px: float = setting(11.34, "Area of one full dot.", unit="px²", gt=0)
    under_power: float = setting(3.0, _UNDER, gt=0, le=10)
    over_power: float = setting(2.0, _OVER, gt=0, le=10)
    proportional: bool = setting(True, _PROPORTIONAL)
    scale: float = setting(10.0, _SCALE, gt=1, le=1000)
