"""Reports of a measuring: which files are written, by whom, and what they may replace."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from napari_slitseg.core.json_text import to_json
from napari_slitseg.events import Event, Progress
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.measure_json import FORMAT, to_dict
from napari_slitseg.pipelines.measure_result import MeasureResult
from napari_slitseg.pipelines.outputs import prepare_folder, write_text

NAME: Final = "measure"
"""Name of the files in a folder of reports."""


@dataclass(frozen=True)
class Report:
    """One file, or several of one kind.

    Attributes
    ----------
    path : Path
        The file; of several their common beginning with the ending.
    """

    path: Path

    def write(self, result: MeasureResult) -> Generator[Event, None, None]:
        """Write it, as a whole or not at all.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        yield Progress(done=0, total=1, message=self.path.name)
        _WRITERS[self.path.suffix.lower()](self.path, result)

    def check(self) -> None:
        """Make sure that it can be written, and replaces nothing but an earlier one.

        Raises
        ------
        JobError
            If not.
        """
        prepare_folder(self.path.parent)
        for file in self.files:
            if file.exists() and not _is_ours(file):
                raise JobError(
                    f"{file} would be replaced, but is none of this program's reports. Move it "
                    "away or choose another name."
                )

    @property
    def files(self) -> tuple[Path, ...]:
        """All files of it."""
        return (self.path,)


@dataclass(frozen=True)
class Reports:
    """The reports of a job."""

    files: tuple[Report, ...]

    @classmethod
    def of(cls, out: Sequence[Path]) -> Reports:
        """Look at what a job asks for.

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
    if path.suffix.lower() in _WRITERS and not path.is_dir():
        return [path]
    return [path / f"{NAME}{kind}" for kind in _WRITERS]


def _write_json(path: Path, result: MeasureResult) -> None:
    write_text(path, to_json(to_dict(result)))


_WRITERS: Final[Mapping[str, Callable[[Path, MeasureResult], None]]] = MappingProxyType(
    {".json": _write_json}
)
"""What writes a report, by its ending; a folder gets all of them."""


def _is_ours(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False
