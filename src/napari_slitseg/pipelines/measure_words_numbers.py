"""What a methods paragraph says of scales and of statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from napari_slitseg.core.calibration import ScaleKind
from napari_slitseg.core.metrics.bootstrap_interval import Bootstrap
from napari_slitseg.core.morphometry import Estimate
from napari_slitseg.core.morphometry.nested import FEW_UNITS
from napari_slitseg.pipelines.measure_phrases import count, listed
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult

_SCALE_FROM: Final[Mapping[ScaleKind, str]] = MappingProxyType(
    {
        "file": "the metadata of the image files",
        "typed": "a size that a person gave",
        "table": "a table of sizes",
        "scale bar": "a scale bar in the image",
        "grating": "a photograph of a diffraction grating",
    }
)
_LEVELS: Final = MappingProxyType(
    {"biopsy": "biopsies", "glomerulus": "glomeruli", "image": "images"}
)
_METHODS: Final = MappingProxyType(
    {"bca": "bias-corrected and accelerated", "percentile": "percentile"}
)


def scales_of(images: Sequence[MeasuredImage]) -> str:
    """Say how the scales of images are known, and how well."""
    kinds = Counter(i.measures.scale.kind for i in images if i.measures.scale is not None)
    unknown = len(images) - sum(kinds.values())
    said = [f"{_SCALE_FROM[kind]} in {count(n, 'image')}" for kind, n in kinds.items()]
    texts = []
    if said:
        texts.append(f"The scale is known from {listed(said)}{_uncertainty(images)}.")
    if unknown:
        what = "It" if said else "The scale"
        texts.append(
            f"{what} is unknown in {count(unknown, 'image')}: lengths in the settings were read at "
            "an assumed 10 nm per pixel there, and no figure in nm includes them."
        )
    return " ".join(texts)


def _uncertainty(images: Sequence[MeasuredImage]) -> str:
    scales = [i.measures.scale for i in images if i.measures.scale is not None]
    known = [s.relative_uncertainty for s in scales if s.relative_uncertainty is not None]
    if not known:
        return ", with an uncertainty that is not known"
    low, high = (f"{100 * end:.2g} %" for end in (min(known), max(known)))
    range_ = low if low == high else f"{low} to {high}"
    rest = "" if len(known) == len(scales) else f" where it is known ({count(len(known), 'image')})"
    return f", with a standard uncertainty of {range_}{rest}"


def statistics_of(result: MeasureResult) -> str:
    """Say how figures of several images, and their intervals, come about."""
    rolled = result.rollups
    units = () if rolled is None else tuple(unit for unit in rolled.units if unit.estimates)
    every = [each for unit in units for each in unit.estimates.values()]
    hows = {each.shown.how for each in every} - {""}
    if not hows:
        return ""
    levels = _levels(result)
    means = f"means of means ({' of '.join(levels)})" if len(levels) > 1 else "means over images"
    told = []
    if "t" in hows:
        few = f" where these are fewer than {FEW_UNITS}" if len(hows) > 1 else ""
        told.append(
            f"by Student's t over the units right below each figure{few}, cut off at values that "
            "are possible"
        )
    if "bootstrap" in hows:
        told.append(_drawn_anew(result, every, levels))
    return (
        f"Figures of several images are {means}; their {100 * every[0].mean.confidence:g} % "
        f"intervals are {', else '.join(told)}."
    )


def _levels(result: MeasureResult) -> list[str]:
    named = {image.sample.biopsy for image in result.images} - {""}
    glomeruli = {image.sample.glomerulus for image in result.images} - {""}
    there = {"biopsy": bool(named), "glomerulus": bool(glomeruli), "image": True}
    return [many for level, many in _LEVELS.items() if there[level]]


def _drawn_anew(result: MeasureResult, every: Sequence[Estimate], levels: Sequence[str]) -> str:
    how = Bootstrap()
    n_drawn, seed = result.job.get("resamples", how.n_resamples), result.job.get("seed", how.seed)
    methods = {_METHODS[each.mean.method] for each in every if each.shown.how == "bootstrap"}
    return (
        f"{listed(sorted(methods))} bootstrap intervals, drawn anew {n_drawn} times from "
        f"{', then '.join(levels)} (seed {seed})"
    )


def comparison_of(result: MeasureResult) -> str:
    """Say how groups were compared; nothing where there were no two of two biopsies each."""
    rolled = result.rollups
    biopsies = () if rolled is None else rolled.biopsies
    sizes = Counter(unit.sample.group for unit in biopsies if unit.rows and unit.sample.group)
    if sum(n > 1 for n in sizes.values()) < 2:
        return ""
    holm = ", with Holm's correction for all pairs of groups" if len(sizes) > 2 else ""
    return (
        "Groups were compared by the means of means of their biopsies, each biopsy once: two-sided "
        f"permutation test of the difference of means{holm}, and its range by Welch's t."
    )
