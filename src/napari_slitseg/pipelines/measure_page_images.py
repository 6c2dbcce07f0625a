"""Images, and what was not measured: tables of a page; part of `measure_page`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from napari_slitseg.core.morphometry import MEASURES
from napari_slitseg.pipelines.measure_page_table import NONE, PageTable, number, told_once
from napari_slitseg.pipelines.measure_phrases import share
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult

_OF_IMAGES: Final = {
    "membrane_length_um": "Length (µm)",
    "n_slits": "Slits",
    "slit_density_per_um": "Slits/µm",
    "fpw_mean_nm": "Mean FPW",
    "fpw_length_over_count_nm": "Length/slits",
}


def images_table(images: Sequence[MeasuredImage]) -> PageTable:
    """Return a row for each image."""
    measures = [MEASURES[name] for name in _OF_IMAGES]
    columns = (
        "Image", "Biopsy", "Glom.", "Slits from", "Membrane from", "Scale", *_OF_IMAGES.values(),
        "Edited", "Excluded (px)", "What to know",
    )  # fmt: skip
    full = {_OF_IMAGES[m.name]: f"{m.title} ({m.unit})" if m.unit else m.title for m in measures}
    rows = []
    for image in images:
        figures = (number(each.of(image.measures).value, each.unit or "n") for each in measures)
        scale = image.measures.scale
        rows.append(
            (
                image.name, image.sample.biopsy or NONE, image.sample.glomerulus or NONE,
                image.slits_from, image.membrane_from, "unknown" if scale is None else str(scale),
                *figures, share(image.edits.edited_share),
                number(image.measures.excluded_px, "px"), _to_know(image),
            )
        )  # fmt: skip
    full |= {"Edited": "share of points that people set, moved or took away"}
    table = PageTable("Images", columns, tuple(rows), "", 6, is_long=True, n_words=1, full=full)
    names = [name for name in columns if name != "Image" and name not in _OF_IMAGES.values()]
    return told_once(table, names)


def _to_know(image: MeasuredImage) -> str:
    """Return notices, and why figures of the table have no value."""
    reasons: dict[str, list[str]] = {}
    for measure in map(MEASURES.__getitem__, _OF_IMAGES):
        why = measure.of(image.measures).why
        if why:
            reasons.setdefault(why, []).append(measure.title)
    said = (f"{NONE} in {', '.join(titles)}: {why}" for why, titles in reasons.items())
    return " ".join((*image.notices, *said))


def failures_table(result: MeasureResult) -> PageTable:
    """Return what was not measured, and why."""
    rows = tuple((each.name, each.reason) for each in result.failures)
    return PageTable("Not measured", ("Image", "Why"), rows, "", 2)
