"""Specs of losses with distance maps and heatmaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from napari_slitseg.core.losses.spec import About, LossSpec, Presets
from napari_slitseg.core.spec import setting


@dataclass(frozen=True, kw_only=True)
class DistanceWeighted(LossSpec):
    """Overlap errors, in which false positives cost more with their distance."""

    function: ClassVar[str] = "distance_maps:distance_weighted"
    about: ClassVar[About] = About(
        title="Distance-weighted area",
        family="distance",
        formula=(r"\frac{\sum p\,(1-g)\,\min(D,c)/c+\sum (1-p)\,g}{\sum g}"),
        use_when="Far false positives should cost more than near ones, at hardly any cost in time.",
        source="This project; D is the distance to the nearest annotated point",
        compares_with="points",
        erasure="inexact",
    )

    name: Literal["distance_weighted"] = "distance_weighted"
    radius_px: float = setting(1.9, "Radius of the dots.", unit="px", gt=0, le=100)
    cap_px: float = setting(10.0, "Distance from which on weights stop growing.", unit="px", gt=0)


@dataclass(frozen=True, kw_only=True)
class Boundary(LossSpec):
    """Mean of the probability times the signed distance to the outline."""

    function: ClassVar[str] = "distance_maps:boundary"
    about: ClassVar[About] = About(
        title="Boundary",
        family="distance",
        formula=r"\mathrm{mean}(p\,\phi_g)",
        use_when="Outlines matter: only beside an overlap loss, with a weight that grows.",
        source="Kervadec et al., MIDL 2019",
        compares_with="mask",
        erasure="erases",
    )

    name: Literal["boundary"] = "boundary"
    empty: Literal["zero", "diagonal"] = setting(
        "zero", "Distance where a mask is empty or full. zero: 0; diagonal: that of the image."
    )


@dataclass(frozen=True, kw_only=True)
class HausdorffDT(LossSpec):
    """Squared errors, weighted with their distance to both outlines."""

    function: ClassVar[str] = "distance_maps:hausdorff_dt"
    about: ClassVar[About] = About(
        title="Hausdorff by distance transforms",
        family="distance",
        formula=r"\mathrm{mean}\,(p-g)^2\,(D_p^\alpha+D_g^\alpha)",
        use_when="Single far errors must not stay: as an addition to an overlap loss.",
        source="Karimi & Salcudean, IEEE TMI 2020",
        compares_with="mask",
        erasure="inexact",
    )

    name: Literal["hausdorff_dt"] = "hausdorff_dt"
    alpha: float = setting(2.0, "Power of the distances.", gt=0, le=10)
    empty: Literal["zero", "diagonal"] = setting(
        "zero", "Distance where a mask is empty or full. zero: 0; diagonal: that of the image."
    )
    log: bool = setting(default=False, description="Take log(1 + loss).")


@dataclass(frozen=True, kw_only=True)
class CenterNetFocal(LossSpec):
    """Focal loss of a map of Gaussians, as CenterNet has it."""

    function: ClassVar[str] = "heatmaps:centernet_focal"
    about: ClassVar[About] = About(
        title="CenterNet focal",
        family="heatmap",
        formula=(
            r"-\frac{1}{n}(\sum_{g=1}(1-p)^\alpha\log p"
            r"+\sum_{g<1}(1-g)^\beta p^\alpha\log(1-p))"
        ),
        use_when="A map with one sharp peak at each slit is wanted and training is long.",
        source="Zhou et al., Objects as points, 2019",
        compares_with="points",
        erasure="safe",
    )

    name: Literal["centernet_focal"] = "centernet_focal"
    sigma_px: float = setting(1.5, "Standard deviation of the Gaussians.", unit="px", gt=0, le=100)
    alpha: float = setting(2.0, "Power that makes right predictions count less.", ge=0)
    beta: float = setting(4.0, "Power that spares pixels near a centre.", ge=0)
    reduce: Literal["image", "batch"] = setting(
        "image", "Divide by the number of points. image: of each image; batch: of the batch."
    )


@dataclass(frozen=True, kw_only=True)
class HeatmapBCE(LossSpec):
    """Cross-entropy with a map of Gaussians, weighted where either has a slit."""

    function: ClassVar[str] = "heatmaps:heatmap_bce"
    about: ClassVar[About] = About(
        title="Heatmap cross-entropy",
        family="heatmap",
        formula=r"\mathrm{mean}\,(1+w\,[g\geq t\;\mathrm{or}\;p\geq t])\,\mathrm{BCE}(p,g)",
        use_when="A smooth map with a peak at each slit is wanted.",
        source="Dominguez Mantes et al., Spotiflow, Nature Methods 2025",
        compares_with="points",
        erasure="safe",
    )
    presets: ClassVar[Presets] = {"spotiflow": {"sigma_px": 1.0, "compared": "logit"}}

    name: Literal["heatmap_bce"] = "heatmap_bce"
    sigma_px: float = setting(1.5, "Standard deviation of the Gaussians.", unit="px", gt=0, le=100)
    pos_weight: float = setting(10.0, "Additional weight of what is not background.", ge=0)
    weight_above: float = setting(0.01, "Lowest value that is not background.", gt=0, lt=1)
    compared: Literal["probability", "logit"] = setting(
        "probability", "What of the prediction is compared with the lowest value."
    )


@dataclass(frozen=True, kw_only=True)
class AdaptiveWing(LossSpec):
    """Wing loss of a map of Gaussians, steeper in the foreground."""

    function: ClassVar[str] = "heatmaps:adaptive_wing"
    about: ClassVar[About] = About(
        title="Adaptive wing",
        family="heatmap",
        formula=(
            r"\mathrm{mean}\;\omega\ln(1+|\frac{g-p}{\epsilon}|^{\alpha-g})\;"
            r"\mathrm{if}\;|g-p|<\theta,\;\mathrm{else}\;A|g-p|-C"
        ),
        use_when="A heatmap should be right at its peaks and may be rough in the background.",
        source="Wang, Bo & Fuxin, ICCV 2019",
        compares_with="points",
        erasure="safe",
    )
    presets: ClassVar[Presets] = {"weighted_map": {"pos_weight": 10.0}}

    name: Literal["adaptive_wing"] = "adaptive_wing"
    sigma_px: float = setting(1.5, "Standard deviation of the Gaussians.", unit="px", gt=0, le=100)
    omega: float = setting(14.0, "Scale of the loss.", gt=0)
    theta: float = setting(0.5, "Error above which the loss is linear.", gt=0)
    epsilon: float = setting(1.0, "Error below which the curved part flattens.", gt=0)
    alpha: float = setting(2.1, "Power of an error in the background.", gt=2)
    pos_weight: float = setting(0.0, "Additional weight of the foreground.", ge=0)
    weight_above: float = setting(0.2, "Lowest value of the foreground.", gt=0, lt=1)
