"""How images were measured, as a paragraph for a paper's methods section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from napari_slitseg.core.morphometry import MEASURES, MeasureSettings
from napari_slitseg.pipelines.measure_phrases import count, listed, share, split
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult, ModelUsed
from napari_slitseg.pipelines.measure_words_numbers import comparison_of, scales_of, statistics_of

__all__ = ["edited_words", "methods_of", "share"]

_LIBRARIES: Final = MappingProxyType(
    {"python": "Python", "numpy": "numpy", "scipy": "scipy", "torch": "PyTorch"}
)
_SLITS_FROM: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reviewed": "those of a finished review",
        "annotation": "those of a person's annotation",
        "decisions and unjudged proposals": "those a person decided on, with what a model found "
        "elsewhere",
        "proposals": "those that a model found",
        "none": "not known",
    }
)
_MEMBRANE_FROM: Final[Mapping[str, str]] = MappingProxyType(
    {
        "drawn": "drawn by a person",
        "model": "where a model's map reaches a probability of {:g}",
        "none": "not known",
    }
)
_NOT_RECORDED: Final = "a model that was not recorded"
_DEFINED: Final = ("slit_density_per_um", "fpw_mean_nm", "fpw_length_over_count_nm")


def methods_of(result: MeasureResult) -> str:
    """Return the paragraph; it names nothing that was not done.

    Parameters
    ----------
    result : MeasureResult
        Its `methods` is not looked at.
    """
    if not result.images:
        return ""
    sentences = (
        _what(result),
        _slits(result),
        *(_model(each, result) for each in result.models),
        _people(result),
        _membrane(result.images, result.settings),
        _assigned(result.images, result.settings),
        *_figures(result.images, result.settings),
        scales_of(result.images),
        statistics_of(result),
        comparison_of(result),
        _failed(result),
    )
    return " ".join(filter(None, sentences))


def edited_words(result: MeasureResult) -> str:
    """Say how many of the points people edited, confirmed, and did not judge."""
    edits = result.edits
    n = edits.n_slits + edits.taken_away
    if not n:
        return "There are no points, so nobody edited any."
    confirmed, unjudged = edits.accepted / n, edits.unjudged / n
    return (
        f"Of {count(n, 'point')}, people set, moved or took away {share(edits.edited_share)} and "
        f"confirmed {share(confirmed)}; {share(unjudged)} are a model's that nobody judged."
    )


def _what(result: MeasureResult) -> str:
    images = result.images
    biopsies = {image.sample.biopsy for image in images} - {""}
    glomeruli = {
        (image.sample.biopsy, image.sample.glomerulus)
        for image in images
        if image.sample.glomerulus
    }
    of = [
        count(len(glomeruli), "glomerulus", "glomeruli") if glomeruli else "",
        count(len(biopsies), "biopsy", "biopsies") if biopsies else "",
    ]
    shown = " of ".join(filter(None, (count(len(images), "image"), *of)))
    versions = result.versions
    told = [name for name in _LIBRARIES if name in versions and (name != "torch" or result.models)]
    with_ = ", ".join(f"{_LIBRARIES[name]} {versions[name]}" for name in told)
    ours = versions.get("napari-slitseg", "")
    return f"Slits and membrane in {shown} were measured with napari-slitseg {ours} ({with_})."


def _slits(result: MeasureResult) -> str:
    said = split((i.slits_from for i in result.images), _SLITS_FROM)
    of = "" if result.track == "shared" else f", as the reader {result.track} saw them"
    return f"The slits are {said}{of}."


def _model(model: ModelUsed, result: MeasureResult) -> str:
    the = "The model" if len(result.models) == 1 else "One model"
    told = f"{the} is {model.name} (SHA-256 {model.sha256})"
    if not any(image.model == model and _has_found_slits(image) for image in result.images):
        return f"{told}; none of its slits that nobody judged were measured."
    return (
        f"{told} with the detector {model.detector}, "
        f"slits from a probability of {model.threshold:.4g} and at least "
        f"{model.min_distance_nm:g} nm apart."
    )


def _has_found_slits(image: MeasuredImage) -> bool:
    return image.edits.unjudged > 0 or image.slits_from == "proposals"


def _people(result: MeasureResult) -> str:
    images = result.images
    reviewed = sum(image.review == "done" for image in images)
    unknown = sum(i.model is None and _shows_model(i) for i in images)
    texts = [edited_words(result)]
    if unknown:
        texts.append(f"Which model it is was not recorded in {count(unknown, 'image')}.")
    if result.edits.uncertain:
        texts.append(
            f"Somebody was not sure of {count(result.edits.uncertain, 'slit')}; such slits count."
        )
    proposed_by = sorted({name for image in images for name in image.proposed_by})
    if proposed_by:
        names = [_NOT_RECORDED if name == "unknown" else name for name in proposed_by]
        texts.append(f"Points that people confirmed or moved were found by {listed(names)}.")
    if reviewed:
        texts.append(f"The review of {reviewed} of {count(len(images), 'image')} was finished.")
    return " ".join(texts)


def _shows_model(image: MeasuredImage) -> bool:
    return image.edits.unjudged > 0 or image.membrane_from == "model"


def _membrane(images: Sequence[MeasuredImage], settings: MeasureSettings) -> str:
    told = {key: text.format(settings.membrane_threshold) for key, text in _MEMBRANE_FROM.items()}
    said = split((image.membrane_from for image in images), told)
    if all(image.membrane_from == "none" for image in images):
        return f"The membrane is {said}."
    bridged = (
        f"gaps of at most {settings.join_nm:g} nm bridged where both lines turn by at most "
        f"{settings.join_angle_deg:g} degrees"
        if settings.join_nm
        else "no gap bridged"
    )
    return (
        f"The membrane is {said}; its centre line was found by thinning, with holes below "
        f"({settings.hole_nm:g} nm)\N{SUPERSCRIPT TWO} closed, side branches below "
        f"{settings.spur_nm:g} nm dropped, smoothed with a standard deviation of "
        f"{settings.smooth_nm:g} nm, {bridged}, and lines below "
        f"{settings.shortest_nm:g} nm dropped."
    )


def _assigned(images: Sequence[MeasuredImage], settings: MeasureSettings) -> str:
    slits = [image.measures.slits for image in images]
    away = sum(int((~each.is_on_line & ~each.is_excluded).sum()) for each in slits)
    n_excluded = sum(int(each.is_excluded.sum()) for each in slits)
    touched = sum(image.measures.excluded_px > 0 for image in images)
    texts = [
        f"A slit belongs to the nearest line within {settings.assign_nm:g} nm; {away} of "
        f"{count(sum(len(each.ids) for each in slits), 'slit')} lie on none and were not counted."
    ]
    if touched or n_excluded:
        texts.append(
            f"A person excluded stretches of membrane in {count(touched, 'image')}, with "
            f"{count(n_excluded, 'slit')}."
        )
    return " ".join(texts)


def _figures(images: Sequence[MeasuredImage], settings: MeasureSettings) -> list[str]:
    if not any(image.measures.paths for image in images):
        return []
    texts = [f"{MEASURES[name].title}: {MEASURES[name].definition}" for name in _DEFINED]
    effaced = MEASURES["effaced_fraction"]
    limit = f"The limit is {settings.effaced_nm:g} nm."
    return [*texts, f"{effaced.title}: {effaced.definition} {limit}"]


def _failed(result: MeasureResult) -> str:
    n = len(result.failures)
    return f"{count(n, 'further image')} {'was' if n == 1 else 'were'} not measured." if n else ""
