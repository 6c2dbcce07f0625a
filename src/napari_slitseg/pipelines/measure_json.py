"""What measuring a folder gave, as plain values."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry import (
    MEASURES,
    EditCounts,
    ImageMeasures,
    figures,
    fpw_dl_v1_file_row,
)
from napari_slitseg.pipelines.measure_book_groups import groups_table
from napari_slitseg.pipelines.measure_book_units import unit_tables
from napari_slitseg.pipelines.measure_old import frame_nm, ours_as_old
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult

FORMAT: Final = "napari-slitseg measurement"
"""What the JSON of a measuring calls itself."""

VERSION: Final = 1


def to_dict(result: MeasureResult) -> dict[str, Any]:
    """Return everything as plain values; a figure without a value tells why.

    Parameters
    ----------
    result : MeasureResult
    """
    return {
        "format": FORMAT,
        "format_version": VERSION,
        "date": result.date,
        "folder": str(result.folder),
        "project": None if result.project is None else str(result.project),
        "track": result.track,
        "versions": dict(result.versions),
        "models": [asdict(model) for model in result.models],
        "settings": asdict(result.settings),
        "job": dict(result.job),
        "methods": result.methods,
        "edits": _edits(result.edits),
        "notices": list(result.notices),
        "images": [_image(image) for image in result.images],
        **_of_units(result),
        "failures": [
            {"name": each.name, "path": str(each.path), "reason": each.reason}
            for each in result.failures
        ],
    }


def _of_units(result: MeasureResult) -> dict[str, list[dict[str, Any]]]:
    """Return glomeruli, biopsies, groups and pairs of groups, as the tables of a workbook do."""
    tables = (*unit_tables(result), groups_table(result))
    return {
        table.name: [dict(zip(table.names, row, strict=True)) for row in table.rows()]
        for table in tables
    }


def _image(image: MeasuredImage) -> dict[str, Any]:
    return {
        "name": image.name,
        "path": str(image.path),
        "page": image.page,
        "shape": list(image.shape),
        "sample": asdict(image.sample),
        "review": image.review,
        "slits_from": image.slits_from,
        "membrane_from": image.membrane_from,
        "edits": _edits(image.edits),
        "editors": list(image.editors),
        "scale": _scale(image.measures.scale),
        "model": None if image.model is None else asdict(image.model),
        "proposed_by": list(image.proposed_by),
        "figures": {
            name: {"value": value.value, "unit": MEASURES[name].unit, "why": value.why}
            for name, value in figures(image.measures).items()
        },
        "fpw_dl_v1": _old(image),
        "intervals": _intervals(image.measures),
        "notices": list(image.notices),
    }


def _old(image: MeasuredImage) -> dict[str, Any] | None:
    """Return figures of the published tool, and ours as it counts, in px of its frame."""
    if image.old is None:
        return None
    measures = image.measures
    return {
        "frame_nm_per_px": frame_nm(measures),
        "is_cut": image.old.is_cut,
        "theirs": fpw_dl_v1_file_row(image.old.found),
        "ours": fpw_dl_v1_file_row(ours_as_old(measures)),
    }


def _edits(edits: EditCounts) -> dict[str, Any]:
    shares = {"edited_share": edits.edited_share, "judged_share": edits.judged_share}
    return asdict(edits) | {"n_slits": edits.n_slits} | shares


def _scale(scale: Scale | None) -> dict[str, Any] | None:
    return None if scale is None else asdict(scale)


def _intervals(measures: ImageMeasures) -> dict[str, list[Any]]:
    """Return the columns of the table of intervals."""
    intervals = measures.intervals
    columns = {
        "line": intervals.line,
        "kind": intervals.kind,
        "start_px": intervals.start,
        "end_px": intervals.end,
        "length_px": intervals.length_px,
        "length_nm": intervals.length_px * measures.nm_per_px,
        "first_slit": intervals.first,
        "last_slit": intervals.last,
    }
    return {name: column.tolist() for name, column in columns.items()}
