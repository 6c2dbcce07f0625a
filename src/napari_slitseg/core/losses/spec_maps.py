"""Specs of losses with distance maps and heatmaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from napari_slitseg.core.losses.spec import About, LossSpec
from napari_slitseg.core.spec import setting


@dataclass(frozen=True, kw_only=True)
class DistanceWeighted(LossSpec):
    """Settings of `distance_maps.distance_weighted`."""

    function: ClassVar[str] = "distance_maps:distance_weighted"
    about: ClassVar[About] = About(
        title="Distance-weighted area",
        family="distance",
        formula=(r"\frac{\sum p\,(1-g)\,\min(D,c)/c+\sum (1-p)\,g}{\sum g}"),
        use_when="Far false positives should cost more than near ones, at hardly any cost in time.",
        source="Own; D is the distance to the nearest annotated point.",
        compares_with="points",
        erasure="safe",
    )

    name: Literal["distance_weighted"] = "distance_weighted"
    radius_px: float = setting(1.9, "Radius of the dots.", unit="px", gt=0)
    cap_px: float = setting(10.0, "Distance from which on weights stop growing.", unit="px", gt=0)


@dataclass(frozen=True, kw_only=True)
class Boundary(LossSpec):
    """Settings of `distance_maps.boundary`."""

    function: ClassVar[str] = "distance_maps:boundary"
    about: ClassVar[About] = About(
        title="Boundary",
        family="distance",
        formula=r"\mathrm{mean}(p\,\phi_g)",
        use_when="Only as an addition to an overlap loss, with a weight that grows.",
        source="Kervadec et al., MIDL 2019",
        compares_with="mask",
        erasure="erases",
    )

    name: Literal["boundary"] = "boundary"
    empty: Literal["zero", "diagonal"] = setting(
        "zero", "Distance where a mask is empty or full: 0, or the diagonal of the image."
    )


@dataclass(frozen=True, kw_only=True)
class HausdorffDT(LossSpec):
    """Settings of `distance_maps.hausdorff_dt`."""

    function: ClassVar[str] = "distance_maps:hausdorff_dt"
    about: ClassVar[About] = About(
        title="Hausdorff by distance transforms",
        family="distance",
        formula=r"\mathrm{mean}\,(p-g)^2\,(D_p^\alpha+D_g^\alpha)",
        use_when="An addition to an overlap loss when single far errors must not stay.",
        source="Karimi & Salcudean, IEEE TMI 2020",
        compares_with="mask",
        erasure="inexact",
    )

    name: Literal["hausdorff_dt"] = "hausdorff_dt"
    alpha: float = setting(2.0, "Power of the distances.", gt=0)
    empty: Literal["zero", "diagonal"] = setting(
        "zero", "Distance where a mask is empty or full: 0, or the diagonal of the image."
    )
    log: bool = setting(default=False, description="Take log(1 + loss).")


@dataclass(frozen=True, kw_only=True)
class CenterNetFocal(LossSpec):
    """Settings of `heatmaps.centernet_focal`."""

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
    sigma_px: float = setting(1.5, "Standard deviation of the Gaussians.", unit="px", gt=0)
    alpha: float = setting(2.0, "Power that makes right predictions count less.", ge=0)
    beta: float = setting(4.0, "Power that spares pixels near a centre.", ge=0)
    reduce: Literal["image", "batch"] = setting(
        "image", "Divide by the number of points of each image, or of the batch."
    )


@dataclass(frozen=True, kw_only=True)
class HeatmapBCE(LossSpec):
    """Settings of `heatmaps.heatmap_bce`."""

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
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
        {"spotiflow": MappingProxyType({"sigma_px": 1.0, "compared": "logit"})}
    )

    name: Literal["heatmap_bce"] = "heatmap_bce"
    sigma_px: float = setting(1.5, "Standard deviation of the Gaussians.", unit="px", gt=0)
    pos_weight: float = setting(10.0, "Additional weight of what is not background.", ge=0)
    weight_above: float = setting(0.01, "Lowest value that is not background.", gt=0, lt=1)
    compared: Literal["probability", "logit"] = setting(
        "probability", "What of the prediction is compared with the lowest value."
    )


@dataclass(frozen=True, kw_only=True)
class AdaptiveWing(LossSpec):
    """Settings of `heatmaps.adaptive_wing`."""

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
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
        {"weighted_map": MappingProxyType({"pos_weight": 10.0})}
    )

    name: Literal["adaptive_wing"] = "adaptive_wing"
    sigma_px: float = setting(1.5, "Standard deviation of the Gaussians.", unit="px", gt=0)
    omega: float = setting(14.0, "Scale of the loss.", gt=0)
    theta: float = setting(0.5, "Error above which the loss is linear.", gt=0)
    epsilon: float = setting(1.0, "Error below which the curved part flattens.", gt=0)
    alpha: float = setting(2.1, "Power of an error in the background.", gt=2)
    pos_weight: float = setting(0.0, "Additional weight of the foreground.", ge=0)
    weight_above: float = setting(0.2, "Lowest value of the foreground.", gt=0, lt=1)
