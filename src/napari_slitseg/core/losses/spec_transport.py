"""Specs of the losses that carry predicted mass to points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.losses.spec import About, LossSpec
from napari_slitseg.core.spec import setting


@dataclass(frozen=True, kw_only=True)
class Kernel(LossSpec):
    """Multi-scale maximum mean discrepancy."""

    function: ClassVar[str] = "kernel:mmd"
    about: ClassVar[About] = About(
        title="Kernel distance (MMD)",
        family="distance",
        formula=(
            r"\frac{1}{n} \, \mathrm{mean}_s \; "
            r"4 \pi s^2 \| G_s * (p / A - \Sigma_g \delta_g) \|^2"
        ),
        use_when=(
            "Annotations are scattered around the true places: alone or with Dice, it settles on "
            "their density and keeps the count."
        ),
        source="Gretton et al., A kernel two-sample test, JMLR 2012",
        compares_with="points",
        erasure="safe",
        needs_pretraining=True,
    )

    name: Literal["mmd"] = "mmd"
    sigmas_px: tuple[float, ...] = setting(
        (1.0, 2.0, 4.0, 8.0), "Standard deviations of the Gaussians.", unit="px", gt=0
    )
    area_px: float = setting(11.34, "Area of one full dot.", unit="px²", gt=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.sigmas_px:
            raise ValueError("Kernel.sigmas_px is empty; give at least one")


@dataclass(frozen=True, kw_only=True)
class Energy(LossSpec):
    """Energy distance with a count term."""

    function: ClassVar[str] = "kernel:energy"
    about: ClassVar[About] = About(
        title="Energy distance",
        family="distance",
        formula=r"n (E_k + v E_1) + w \log^2 \frac{1 + \Sigma p / A}{1 + n}",
        use_when="Dots lie far from their annotations: its pull hardly fades.",
        source="Szekely and Rizzo, Energy statistics, J. Stat. Plan. Inference 2013",
        compares_with="points",
        erasure="safe",
        recommended=True,
    )

    name: Literal["energy"] = "energy"
    exponent: float = setting(
        0.5, "Power of the distance; lower tells close pairs apart.", gt=0, lt=2
    )
    power: float = setting(
        2.0, "Power of the probability; above 1, faint background weighs little.", ge=1
    )
    linear_weight: float = setting(
        0.3, "Weight of the same distance of plain probability, which lets dots begin.", ge=0
    )
    count_weight: float = setting(1.0, "Weight of the count term.", ge=0)
    area_px: float = setting(11.34, "Area of one full dot.", unit="px²", gt=0)


@dataclass(frozen=True, kw_only=True)
class Sinkhorn(LossSpec):
    """Debiased unbalanced Sinkhorn divergence."""

    function: ClassVar[str] = "sinkhorn:sinkhorn"
    about: ClassVar[About] = About(
        title="Sinkhorn divergence",
        family="distance",
        formula=(
            r"\frac{1}{n} [ OT(a, b) - OT(a, a) / 2 - OT(b, b) / 2 "
            r"+ \varepsilon (m_a - m_b)^2 / 2 ]"
        ),
        use_when="Places must be exact, even of close pairs, and there is time for it.",
        source="Sejourne et al., arXiv:1910.12958",
        compares_with="points",
        erasure="safe",
    )

    name: Literal["sinkhorn"] = "sinkhorn"
    reach_px: float = setting(
        6.0, "Distance from which mass disappears rather than moves.", unit="px", gt=0, le=100
    )
    blur_px: float = setting(
        1.0, "Distance below which masses count as one.", unit="px", gt=0, le=100
    )
    iterations: int = setting(25, "Sinkhorn steps.", ge=1)
    window_reaches: float = setting(
        3.0, "Mass moves at most this many reaches; time grows with its square.", gt=0, le=10
    )
    support: float = setting(
        0.03, "Probability below which pixels far from every point are left out.", ge=0, lt=1
    )
    area_px: float = setting(11.34, "Area of one full dot.", unit="px²", gt=0)


@dataclass(frozen=True, kw_only=True)
class WeightedHausdorff(LossSpec):
    """Weighted Hausdorff distance with a count term."""

    function: ClassVar[str] = "weighted_hausdorff:weighted_hausdorff"
    about: ClassVar[About] = About(
        title="Weighted Hausdorff distance",
        family="distance",
        formula=(
            r"\frac{\Sigma_x p_x d(x, G)}{\Sigma_x p_x} "
            r"+ \mathrm{mean}_g M_a [ (1 - p_x) d_{max} + p_x d(x, g) ]"
        ),
        use_when="You compare with the paper; it hardly moves dots and joins close pairs.",
        source="Ribera et al., Locating Objects Without Bounding Boxes, CVPR 2019",
        compares_with="points",
        erasure="inexact",
        needs_pretraining=True,
    )

    name: Literal["weighted_hausdorff"] = "weighted_hausdorff"
    power: float = setting(
        -9.0, "Power of the generalised mean over pixels; lower is closer to the minimum.", lt=0
    )
    support_px: float | None = setting(
        None,
        "Half side of the square around a point that the mean covers; none: all pixels.",
        unit="px",
        gt=0,
        le=10_000,
    )
    count_weight: float = setting(1.0, "Weight of the error of the count.", unit="px", ge=0)
    area_px: float = setting(11.34, "Area of one full dot.", unit="px²", gt=0)
