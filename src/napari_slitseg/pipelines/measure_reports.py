"""Reports of a measuring: which files are written, by whom, and what they may replace."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from napari_slitseg.core.json_text import to_json
from napari_slitseg.events import Event, Progress
from napari_slitseg.pipelines.each import describe
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.measure_book import is_measure_book, write_measure_book
from napari_slitseg.pipelines.measure_json import FORMAT, to_dict
from napari_slitseg.pipelines.measure_page import is_measure_page, write_measure_page
from napari_slitseg.pipelines.measure_result import MeasureResult
from napari_slitseg.pipelines.measure_tables import (
    is_measure_table,
    table_files,
    write_measure_tables,
)
from napari_slitseg.pipelines.outputs import OutputError, prepare_folder, write_text

NAME: Final = "measure"
"""Name of the files in a folder of reports."""

_NOT_WRITTEN: Final = "{} could not be written: {}. What was written before is untouched."


@dataclass(frozen=True)
class Kind:
    """A kind of report.

    Attributes
    ----------
    write : callable
        Writes it, as a whole or not at all; yields what it is at now and then.
    is_ours : callable
        Whether a file is such a report of this program.
    files : callable
        All files of a report, by the name that was asked for.
    """

    write: Callable[[Path, MeasureResult], Iterator[str]]
    is_ours: Callable[[Path], bool]
    files: Callable[[Path], tuple[Path, ...]] = lambda path: (path,)


def _write_json(path: Path, result: MeasureResult) -> Iterator[str]:
    yield path.name
    write_text(path, to_json(to_dict(result)))


def _write_page(path: Path, result: MeasureResult) -> Iterator[str]:
    yield path.name
    write_measure_page(path, result)


def _is_json(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        ".xlsx": Kind(write_measure_book, is_measure_book),
        ".csv": Kind(write_measure_tables, is_measure_table, table_files),
        ".html": Kind(_write_page, is_measure_page),
        ".pdf": Kind(_write_page, is_measure_page),
        ".json": Kind(_write_json, _is_json),
    }
)
"""Kinds of reports by ending; a folder gets all of them."""


@dataclass(frozen=True)
class Report:
    """One report.

    Attributes
    ----------
    path : Path
        The file that was asked for.
    """

    path: Path

    @property
    def kind(self) -> Kind:
        """What it is."""
        return KINDS[self.path.suffix.lower()]

    @property
    def files(self) -> tuple[Path, ...]:
        """All files of it."""
        return self.kind.files(self.path)

    def check(self) -> None:
        """Make sure that it can be written, and replaces nothing but an earlier one.

        Raises
        ------
        JobError
            If not.
        """
        prepare_folder(self.path.parent)
        for file in self.files:
            if file.exists() and not self.kind.is_ours(file):
                raise JobError(
                    f"{file} would be replaced, but is none of this program's reports, or was "
                    "changed since. Move it away or choose another name."
                )

    def write(self, result: MeasureResult) -> Generator[Event, None, None]:
        """Write it, as a whole or not at all.

        Raises
        ------
        OutputError
            If it cannot be written, for whatever reason: other reports still can.
        """
        try:
            for number, step in enumerate(self.kind.write(self.path, result)):
                yield Progress(done=number, total=number + 1, message=f"{self.path.name}: {step}")
        except OutputError:
            raise
        except Exception as error:
            why = describe(error)
            text = _NOT_WRITTEN.format(self.path, why)
            raise OutputError(text, why, concerns_all=False) from error


@dataclass(frozen=True)
class Reports:
    """The reports of a job, checked.

    Attributes
    ----------
    files : tuple of Report
    """

    files: tuple[Report, ...]

    @classmethod
    def of(cls, out: Sequence[Path]) -> Reports:
        """Look at what a job asks for; nothing is written yet.

        Raises
        ------
        JobError
            If a report cannot be written, or a file in its place is none of ours.
        """
        paths = [path for asked in out for path in _meant(asked)]
        reports = cls(tuple(map(Report, dict.fromkeys(paths))))
        for report in reports.files:
            report.check()
        return reports


def _meant(path: Path) -> list[Path]:
    if path.suffix.lower() in KINDS and not path.is_dir():
        return [path]
    return [path / f"{NAME}{kind}" for kind in KINDS]
