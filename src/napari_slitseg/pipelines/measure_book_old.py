"""Our figures under the published tool's headings, and what its own rules give beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from napari_slitseg.core.morphometry import (
    FPW_DL_V1_COLUMNS,
    FpwDlV1Image,
    Value,
    fpw_dl_v1_file_row,
    fpw_dl_v1_folder_row,
)
from napari_slitseg.core.morphometry.fpw_dl_v1_report import NOTHING
from napari_slitseg.core.morphometry.reasons import NO_SCALE
from napari_slitseg.core.morphometry.value import no_value
from napari_slitseg.pipelines.measure_book_table import Column, Table, number
from napari_slitseg.pipelines.measure_old import OldFigures, frame_nm, ours_as_old
from napari_slitseg.pipelines.measure_phrases import SCALE_FROM, scale_kinds
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult

_NOT_ASKED: Final = "The published tool's rules were not applied."
_NO_WIDTH: Final = "There is no width: the published tool writes a negative number or 0."
_MIXED: Final = "Not every image has a known scale."
_PX: Final = "Ours, in px of the tool's frame: 16 nm, or 1.6 px of an image of unknown scale."
_RULES: Final = ", rules of fpw-dl-v1"
_THEIRS: Final = "What the published tool's rules give on the same membrane and slits."
_FILES: Final = ("Membrane", "Distances", "Min FPW", "Max FPW", "Count")
_FOLDERS: Final = (
    *("Average File Slit Count", "Average FPW", "STD FPW", "Membrane Length"),
    *("Average Attachment", "STD Attachment", "Fraction FPW"),
)


@dataclass(frozen=True, eq=False)
class OldRow:
    """Figures of a file or of a folder under the tool's headings.

    Attributes
    ----------
    biopsy, glomerulus, file : str
    ours, theirs : mapping of str to float
        In px of the tool's frame; `theirs` is empty where its rules were not applied.
    nm_per_px : float
        Of the frame; NaN where it is unknown.
    scale_from : str
        How the scale is known.
    is_cut : bool
        Whether the tool would not have seen all of it.
    """

    biopsy: str
    glomerulus: str
    file: str
    ours: Mapping[str, float]
    theirs: Mapping[str, float]
    nm_per_px: float
    is_cut: bool = False
    scale_from: str = ""


def old_tables(result: MeasureResult) -> tuple[Table, Table]:
    """Return the tables of files and of biopsies, as the tool's two workbooks have them.

    Where its rules were applied to no image, only ours are there, under its headings.
    """
    has_old = any(image.old is not None for image in result.images)
    return _tables(result, has_old=has_old)


def old_headings() -> Iterator[list[str]]:
    """Yield the headings of these tables in a CSV file, with and without the tool's own figures."""
    for has_old in (False, True):
        for table in _tables(MeasureResult(Path(), ()), has_old=has_old):
            yield table.names


def _tables(result: MeasureResult, *, has_old: bool) -> tuple[Table, Table]:
    files = Table(
        "fpw_dl_v1_files",
        "As fpw-dl-v1, files",
        (*_NAMES, *_columns(_FILES, has_old=has_old)),
        map(_of_file, result.images),
        frozen=3,
    )
    folders = Table(
        "fpw_dl_v1_biopsies",
        "As fpw-dl-v1, biopsies",
        (_FOLDER, *_columns(_FOLDERS, has_old=has_old)),
        _of_biopsies(result),
    )
    return files, folders


def _of_file(image: MeasuredImage) -> OldRow:
    old: OldFigures | None = image.old
    return OldRow(
        image.sample.biopsy,
        image.sample.glomerulus,
        image.name,
        _file_row(ours_as_old(image.measures)),
        {} if old is None else _file_row(old.found),
        frame_nm(image.measures),
        old is not None and old.is_cut,
        scale_kinds([image.measures.scale]),
    )


def _file_row(found: FpwDlV1Image) -> dict[str, float]:
    widths = found.all_widths_px
    ends = (widths.min(), widths.max()) if len(widths) else (NOTHING, NOTHING)
    return fpw_dl_v1_file_row(found) | dict(zip(("Min FPW", "Max FPW"), ends, strict=True))


def _of_biopsies(result: MeasureResult) -> Iterator[OldRow]:
    biopsies: dict[str, list[MeasuredImage]] = {}
    for image in result.images:
        if image.measures.paths:
            biopsies.setdefault(image.sample.biopsy, []).append(image)
    for name, images in biopsies.items():
        old: list[OldFigures] = [image.old for image in images if image.old is not None]
        sizes = [frame_nm(image.measures) for image in images]
        yield OldRow(
            name,
            "",
            "",
            _folder_row([ours_as_old(image.measures) for image in images]),
            _folder_row([each.found for each in old]) if len(old) == len(images) else {},
            sizes[0] if np.ptp(sizes) < 1e-6 else float("nan"),
            any(each.is_cut for each in old),
            scale_kinds(image.measures.scale for image in images),
        )


def _folder_row(images: Sequence[FpwDlV1Image]) -> dict[str, float]:
    has_width = any(len(image.all_widths_px) for image in images)
    row = fpw_dl_v1_folder_row(images)
    unknown = dict.fromkeys(row, NOTHING) | {"Membrane Length": row["Membrane Length"]}
    return row if has_width else unknown


def _columns(names: Iterable[str], *, has_old: bool) -> Iterator[Column]:
    """Yield ours under each of the tool's headings, its own beside it, and lengths in nm."""
    for name in names:
        old = FPW_DL_V1_COLUMNS[name]
        told = " ".join(filter(None, (old.meaning, old.differs)))
        key, is_length = name.lower().replace(" ", "_"), old.unit == "px"
        ours = Column(key, name, f"{_PX} {told}" if is_length else f"Ours. {told}", _ours(name))
        theirs = Column(f"{key}_old_rules", f"{name}{_RULES}", _THEIRS, _theirs(name))
        for column in (ours, theirs) if has_old else (ours,):
            yield column
            if is_length:
                title = f"{column.title} (nm)"
                yield Column(f"{column.name}_nm", title, "The same in nm.", _in_nm(column.of))
    yield Column("scale_from", "Scale from", SCALE_FROM, lambda row: row.scale_from)
    if has_old:
        yield _CUT


def _cell(name: str, figures: Mapping[str, float]) -> Value:
    if not figures:
        return no_value(_NOT_ASKED)
    return no_value(_NO_WIDTH) if figures[name] < 0 else number(figures[name], _NO_WIDTH)


def _ours(name: str) -> Callable[[OldRow], Value]:
    return lambda row: _cell(name, row.ours)


def _theirs(name: str) -> Callable[[OldRow], Value]:
    return lambda row: _cell(name, row.theirs)


def _in_nm(of: Callable[[OldRow], Value]) -> Callable[[OldRow], Value]:
    def cell(row: OldRow) -> Value:
        found = of(row)
        if not found.is_known:
            return found
        return number(found.value * row.nm_per_px, NO_SCALE if row.file else _MIXED)

    return cell


_NAMES: Final = (
    Column("biopsy", "Biopsy", FPW_DL_V1_COLUMNS["Biopsy"].meaning, lambda row: row.biopsy),
    Column("glom", "Glom", FPW_DL_V1_COLUMNS["Glom"].meaning, lambda row: row.glomerulus),
    Column("file", "File", FPW_DL_V1_COLUMNS["File"].meaning, lambda row: row.file),
)
_FOLDER: Final = Column(
    "report_folder",
    "Report Folder",
    "The biopsy. Means of files are means of their means, as in the paper (--use_file_average).",
    lambda row: row.biopsy or "of no known biopsy",
)
_CUT: Final = Column(
    "is_cut",
    "Cut by fpw-dl-v1",
    "yes where part of an image lies beyond the 1104 x 1024 px that the tool looks at: ours counts "
    "it all.",
    lambda row: "yes" if row.is_cut else "no",
)
