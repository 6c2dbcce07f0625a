"""How the figures of a workbook were computed, in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from napari_slitseg.core.morphometry import MEASURES
from napari_slitseg.pipelines.measure_book_table import WHY_EMPTY, Column, Table
from napari_slitseg.pipelines.measure_phrases import count
from napari_slitseg.pipelines.measure_result import MeasureResult
from napari_slitseg.pipelines.score_book_sheet import Sheet

Row = tuple[str, Any, Any]
_FAILURES: Final = (
    Column("file", "File", "Path below the folder of the images.", lambda each: each.name),
    Column("why", "Why", "Why it was not measured, and what to do.", lambda each: each.reason),
    Column("path", "Path", "Where the file is.", lambda each: str(each.path)),
)
TITLE: Final = "How these were computed"


def how_sheet(result: MeasureResult, tables: Sequence[Table]) -> Sheet:
    """Return methods, people's share, settings, scales, and what every column means."""
    titles = [column.title for column in _HOW]
    return Sheet(TITLE, titles, list(_how(result, tables)), frozen=1, wrapped=True)


def how_table(result: MeasureResult, tables: Sequence[Table]) -> Table:
    """Return the same as a table."""
    return Table("how", TITLE, _HOW, _how(result, tables), has_reasons=False)


def _how(result: MeasureResult, tables: Sequence[Table]) -> Iterator[Row]:
    yield from _methods(result)
    yield from _people(result)
    yield from _made(result)
    yield from _models(result)
    yield from _settings(result)
    yield from _scales(result)
    yield from _definitions(tables)


_HOW: Final = (
    Column("about", "About", "", lambda row: row[0]),
    Column("what", "What", "", lambda row: row[1]),
    Column("value", "Value or meaning", "", lambda row: row[2]),
)


def failures_table(result: MeasureResult) -> Table:
    """Return the images that were not measured, with reasons."""
    return Table("not_measured", "Not measured", _FAILURES, result.failures, has_reasons=False)


def _methods(result: MeasureResult) -> Iterator[Row]:
    yield "Methods", "To paste into a paper", result.methods
    for notice in result.notices:
        yield "Notices", "", notice


def _people(result: MeasureResult) -> Iterator[Row]:
    """How much of what was measured people decided."""
    edits, about = result.edits, "Points of all images"
    no_point = "" if edits.n_slits + edits.taken_away else ": there are none"
    yield about, f"Share edited by a person{no_point}", edits.edited_share
    yield about, f"Share edited or confirmed by a person{no_point}", edits.judged_share
    for name, number in asdict(edits).items():
        yield about, name.replace("_", " "), number
    editors = dict.fromkeys(name for image in result.images for name in image.editors)
    yield about, "Editors, as far as known", ", ".join(sorted(editors)) or "nobody is known"
    for what, of in (
        ("Slits from", Counter(image.slits_from for image in result.images)),
        ("Membrane from", Counter(image.membrane_from for image in result.images)),
    ):
        for source, number in sorted(of.items()):
            yield "Images", f"{what}: {source}", number
    yield "Images", "Measured", len(result.images)
    yield "Images", "Not measured, see the sheet Not measured", len(result.failures)


def _made(result: MeasureResult) -> Iterator[Row]:
    yield "Made", "Date (UTC)", result.date or "not known"
    yield "Made", "Annotation measured", result.track
    yield "Made", "Folder", str(result.folder)
    yield "Made", "Project", "there is none" if result.project is None else str(result.project)
    for name, version in result.versions.items():
        yield "Made", f"Version of {name}", version
    if result.job:
        yield "Made", "The whole job as JSON", json.dumps(dict(result.job), default=str)


def _models(result: MeasureResult) -> Iterator[Row]:
    if not result.models:
        yield "Model", "", "No model's slits or membrane are among what was measured."
    for model in result.models:
        yield "Model", "Name", model.name
        yield "Model", "SHA-256", model.sha256
        yield "Model", "Detector", model.detector
        yield "Model", "Threshold (lowest score of a slit)", model.threshold
        yield "Model", "Smallest distance of two slits (nm)", model.min_distance_nm


def _settings(result: MeasureResult) -> Iterator[Row]:
    for name, value in asdict(result.settings).items():
        yield "Settings", name, value


def _scales(result: MeasureResult) -> Iterator[Row]:
    known = [image.measures.scale for image in result.images]
    for scale, number in Counter(map(str, filter(None, known))).items():
        yield "Scales", scale, count(number, "image")
    if unknown := sum(scale is None for scale in known):
        yield "Scales", "not known: no figure in nm has a value", count(unknown, "image")


def _definitions(tables: Sequence[Table]) -> Iterator[Row]:
    """Tell each column once, with the sheets it is on."""
    sheets: dict[tuple[str, str], dict[str, None]] = {}
    for table in tables:
        for column in table.columns:
            name = f" ({column.name})" if column.name in MEASURES else ""
            told = (column.title, f"{column.meaning}{name}")
            sheets.setdefault(told, {})[table.title] = None
    for (title, meaning), on in sheets.items():
        yield f"Column of {', '.join(on)}", title, meaning
    yield "Columns", WHY_EMPTY, "A number that is not there has an empty cell; why is here."
