"""What a report page says in sentences; part of `measure_page`."""

from __future__ import annotations

from dataclasses import dataclass

from napari_slitseg.core.morphometry import Rollup
from napari_slitseg.pipelines.measure_comparisons import OF_BIOPSIES, comparisons
from napari_slitseg.pipelines.measure_phrases import count, counted, scale_kinds
from napari_slitseg.pipelines.measure_result import MeasureResult
from napari_slitseg.pipelines.measure_words import edited_words

TITLE = "Slit density and foot process width"


@dataclass(frozen=True)
class Paragraphs:
    """A heading and what is below it, one sentence or more a paragraph."""

    title: str
    texts: tuple[str, ...]


def first_words(result: MeasureResult, rolled: Rollup) -> list[Paragraphs]:
    """Return what is said before the figures."""
    every = [
        Paragraphs("", (_where(result),)),
        Paragraphs("Who decided", (edited_words(result), *_sources(result))),
        Paragraphs("Scale", tuple(_scales(result))),
        Paragraphs("What to know", tuple(_notices(result, rolled))),
        Paragraphs("Groups", tuple(_groups(rolled))),
    ]
    return [each for each in every if each.texts]


def _where(result: MeasureResult) -> str:
    version = result.versions.get("napari-slitseg", "")
    track = "" if result.track == "shared" else f", annotation of the reader {result.track}"
    failed = f", {len(result.failures)} not measured (listed below)" if result.failures else ""
    return (
        f"Folder {result.folder}{track}: {count(len(result.images), 'image')} measured{failed}. "
        f"napari-slitseg {version}, {result.date}."
    )


def _sources(result: MeasureResult) -> list[str]:
    said = []
    for what, values in (
        ("Slits", [image.slits_from for image in result.images]),
        ("Membrane", [image.membrane_from for image in result.images]),
        ("Review", [image.review or "no project" for image in result.images]),
    ):
        said.append(f"{what}: {counted(values)}.")
    editors = sorted({name for image in result.images for name in image.editors})
    if editors:
        said.append(f"Edited by {', '.join(editors)}.")
    return said if result.images else []


def _scales(result: MeasureResult) -> list[str]:
    scales = [image.measures.scale for image in result.images]
    said = [f"Where the scale comes from: {scale_kinds(scales)}."] if scales else []
    sizes = sorted({scale.nm_per_px for scale in scales if scale is not None})
    if sizes:
        ends = f"{sizes[0]:.4g}" if len(sizes) == 1 else f"{sizes[0]:.4g} to {sizes[-1]:.4g}"
        said.append(f"Pixels have {ends} nm. The table of images tells it of each.")
    if None in scales:
        said.append(
            "Images of unknown scale have figures in pixels only, and are part of no figure of a "
            "glomerulus, biopsy or group."
        )
    return said


def _notices(result: MeasureResult, rolled: Rollup) -> list[str]:
    n_cut = sum(image.measures.excluded_px > 0 for image in result.images)
    cut = (
        [f"Stretches of membrane were excluded by a person in {count(n_cut, 'image')}."]
        if n_cut
        else []
    )
    of_figures = [
        f"{each.figure.title}: {each.note}"
        for name, each in rolled.everything.estimates.items()
        if each.note and name in ("fpw_mean_nm", "fpw_length_over_count_nm")
    ]
    return list(dict.fromkeys([*result.notices, *rolled.notices, *cut, *of_figures]))


def _groups(rolled: Rollup) -> list[str]:
    found = comparisons(rolled)
    if not found:
        only = [unit.name for unit in rolled.groups]
        return [f"There is only one group, {name}: nothing to compare it with." for name in only]
    return [
        pair.words(f"{figure.title} ({OF_BIOPSIES})", figure.unit)
        for figure, pairs in found
        for pair in pairs
    ]
