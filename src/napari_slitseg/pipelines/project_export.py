"""Write the annotations of a project as files, and a table of all its images."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final

from napari_slitseg.core.atomic import open_atomically, write_atomically
from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.core.review import Annotation
from napari_slitseg.events import Event, Finished, ImageDone, ImageFailed, ImageSkipped, Notice
from napari_slitseg.jobs.project import ExportProjectJob
from napari_slitseg.pipelines.each import Tally, work_on_each
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.inputs import ShouldStop, never
from napari_slitseg.pipelines.outputs import OutputError, prepare_folder, writing
from napari_slitseg.pipelines.project_images import ROW_TITLES, columns_of, image_rows
from napari_slitseg.pipelines.save_plan_file import look_at
from napari_slitseg.pipelines.save_plan_membrane import look_at_membrane, png_of
from napari_slitseg.pipelines.score_book_sheet import Sheet, write_sheets
from napari_slitseg.store import Project, StoredImage, StoreError

_DAMAGED: Final = (
    "Edits that cannot be read, and are missing: {}. 'slitseg project check' tells more."
)
FORMAT: Final = "slitseg-project-images"
_KEPT: Final = "{} is there already and says something else. Choose another folder, or --replace."


def export_project(
    job: ExportProjectJob, should_stop: ShouldStop = never
) -> Generator[Event, None, tuple[Path, ...]]:
    """Write the annotations of a project, and a table of all its images.

    Parameters
    ----------
    job : ExportProjectJob
        What to export. A file that is there and says something else is kept unless `replace`.
    should_stop : callable
        Asked between images; what was written stays, and no table is written.

    Yields
    ------
    Started, ImageDone, ImageSkipped, ImageFailed
        Nothing at all before `Finished` if the job is refused.
    Finished
        Always the last.

    Returns
    -------
    tuple of Path
        Files that were written.
    """
    with ExitStack() as stack:
        try:
            run = _Run.begin(job, stack)
        except (JobError, StoreError) as error:
            yield Finished(reason="refused", message=str(error))
            return ()
        tally = yield from work_on_each(tuple(run.images), run.export_one, should_stop)
        if tally.reason == "done":
            run.write_tables(tally)
        yield tally.finished()
        return tuple(run.written)


@dataclass
class _Run:
    """An export at work."""

    job: ExportProjectJob
    project: Project
    images: dict[Path, StoredImage]
    written: list[Path] = field(default_factory=list)

    @classmethod
    def begin(cls, job: ExportProjectJob, stack: ExitStack) -> _Run:
        """Open the project, and the folder to write to."""
        project = stack.enter_context(Project.open(job.folder, read_only=True))
        tracks = sorted({track for _, track in project.tracks()})
        if job.track not in tracks:
            there = ", ".join(tracks) or "none"
            raise JobError(f"The project {project.path} has no track {job.track}; it has: {there}.")
        prepare_folder(job.out)
        run = cls(job, project, _named(project.images()))
        run.check_tables()
        return run

    def export_one(self, name: Path) -> Generator[Event, None, None]:
        """Write the annotation of one image."""
        start, image = monotonic(), self.images[name]
        try:
            history = self.project.history(image.id, self.job.track)[0]
        except StoreError as error:
            yield ImageFailed(name=image.path.name, path=image.path, reason=str(error))
            return
        state = history.state
        if damaged := [edit for edit in history.edits if edit.kind == "unreadable"]:
            yield Notice(text=_DAMAGED.format(len(damaged)), item=image.path.name)
        if state.equals(Annotation()):
            why = "Nobody annotated it."
            yield ImageSkipped(name=image.path.name, path=image.path, reason=why)
            return
        points = self._points(name, state.points)
        files = [file for file in (points, self._membrane(name, state)) if file is not None]
        self.written += files
        yield ImageDone(
            name=image.path.name,
            path=image.path,
            n_slits=0 if state.points is None else int(state.points.is_slit.sum()),
            seconds=monotonic() - start,
            outputs=tuple(files),
        )

    def check_tables(self) -> None:
        """Refuse a folder whose tables are none of ours."""
        json_file, book = self._tables()
        is_ours = _is_ours(json_file)
        for file in (json_file, book):
            if file.exists() and not is_ours and not self.job.replace:
                raise JobError(
                    f"{file} is there, and no table of a project. Choose another folder."
                )

    def write_tables(self, tally: Tally) -> None:
        """Write the table of all images, as JSON and as a workbook."""
        json_file, book = self._tables()
        rows = image_rows(self.project, self.job.track)
        content = {"format": FORMAT, "project": str(self.project.path), "track": self.job.track}
        try:
            with writing(json_file):
                write_atomically(json_file, to_json(content | {"images": rows}).encode())
            with writing(book), open_atomically(book) as file:
                sheet = _sheet(rows)
                for _ in write_sheets(file, [sheet]):
                    continue
        except OutputError as error:
            tally.reason, tally.message = "failed", str(error)
            return
        self.written += [json_file, book]

    def _tables(self) -> tuple[Path, Path]:
        return self.job.out / "images.json", self.job.out / "images.xlsx"

    def _points(self, name: Path, table: PointTable | None) -> Path | None:
        if table is None:
            return None
        path = self.job.out / f"{name}_annotations.csv"
        table = table if self.job.all else table.living
        found = look_at(path)
        if found.exists and not self.job.replace:
            if found.table is None or not found.table.equals(table):
                raise OutputError(_KEPT.format(path), "it is kept", concerns_all=False)
            return path
        with writing(path):
            write_points(path, table)
        return path

    def _membrane(self, name: Path, state: Annotation) -> Path | None:
        mask = state.membrane
        if mask is None:
            return None
        path = self.job.out / f"{name}_membrane.png"
        found = look_at_membrane(path, (mask.shape[0], mask.shape[1]))
        if found.exists and not self.job.replace:
            if found.mask is None or (found.mask != mask).any():
                raise OutputError(_KEPT.format(path), "it is kept", concerns_all=False)
            return path
        with writing(path):
            write_atomically(path, png_of(mask))
        return path


def _named(images: Sequence[StoredImage]) -> dict[Path, StoredImage]:
    """Images by the names of their files without ending; names that come twice get a number."""
    named: dict[str, tuple[Path, StoredImage]] = {}
    for image in images:
        page = f"_page{image.page + 1}" if image.page else ""
        name = f"{image.path.stem}{page}"
        while name.casefold() in named:
            name = f"{name}_{image.id}"
        named[name.casefold()] = Path(name), image
    return dict(named.values())


def _sheet(rows: Sequence[dict[str, Any]]) -> Sheet:
    names = columns_of(rows)
    titles = [ROW_TITLES[name] for name in names]
    return Sheet("Images", titles, [[row.get(name) for name in names] for row in rows])


def _is_ours(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False
