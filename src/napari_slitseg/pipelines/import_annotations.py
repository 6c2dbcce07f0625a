"""Take annotations from files into a project, with a report; edits are never overwritten."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Final

from napari_slitseg.core.image import Micrograph, read_image
from napari_slitseg.core.review import Annotation, Edit, Record, Signature, StripeChange
from napari_slitseg.events import Event, Finished, ImageDone, ImageFailed, ImageSkipped, Notice
from napari_slitseg.jobs.project import ImportAnnotationsJob
from napari_slitseg.pipelines.each import BrokenOff, describe, work_on_each
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.fingerprints import fingerprint_of, sha256_of
from napari_slitseg.pipelines.import_annotations_pairs import Pairing, Sources, pair_files
from napari_slitseg.pipelines.import_annotations_read import Found, oddities, read_sources
from napari_slitseg.pipelines.import_annotations_report import (
    ImageReport,
    ImportReport,
    Outcome,
)
from napari_slitseg.pipelines.inputs import ShouldStop, find_images, never
from napari_slitseg.pipelines.save_plan_merge import read_back
from napari_slitseg.store import PROJECT_FILE, SHARED, Project, StoreError

_EDITED: Final = (
    "The project has an annotation of it already; --replace makes it what the file says."
)
_KIND: Final = "import"


def import_annotations(
    job: ImportAnnotationsJob, should_stop: ShouldStop = never
) -> Generator[Event, None, ImportReport]:
    """Take annotations from files into the project of a folder of images.

    Parameters
    ----------
    job : ImportAnnotationsJob
        What to import. An image that the project has an annotation of is skipped, or becomes what
        the file says by an edit that can be undone (`replace`).
    should_stop : callable
        Asked between images; what was imported stays.

    Yields
    ------
    Started, Notice, ImageDone, ImageSkipped, ImageFailed
        Nothing at all before `Finished` if the job is refused.
    Finished
        Always the last.

    Returns
    -------
    ImportReport
        What came of each image; of a dry run, what would.
    """
    with ExitStack() as stack:
        try:
            run = _Run.begin(job, stack)
        except (JobError, StoreError) as error:
            yield Finished(reason="refused", message=str(error))
            return ImportReport(is_dry=job.dry_run)
        tally = yield from work_on_each(tuple(run.pairing.sources), run.import_one, should_stop)
        for file in run.pairing.unmatched:
            yield Notice(text="It belongs to no image.", item=file.name)
        yield tally.finished()
        return run.report()


@dataclass
class _Run:
    """An import at work."""

    job: ImportAnnotationsJob
    pairing: Pairing
    project: Project | None
    images: list[ImageReport] = field(default_factory=list)

    @classmethod
    def begin(cls, job: ImportAnnotationsJob, stack: ExitStack) -> _Run:
        """Pair files with images, then open the project; a dry run makes none."""
        if not job.folder.is_dir():
            raise JobError(f"There is no folder {job.folder}. Give the folder of the images.")
        pairing = pair_files(find_images([job.folder]), job.files, job.pairs)
        if not job.dry_run:
            return cls(job, pairing, stack.enter_context(Project.open_or_create(job.folder)))
        there = (job.folder / PROJECT_FILE).is_file()
        project = Project.open(job.folder, read_only=True) if there else None
        return cls(job, pairing, project and stack.enter_context(project))

    def import_one(self, image: Path) -> Generator[Event, None, None]:
        """Import the annotation of one image."""
        sources = self.pairing.sources[image]
        if sources.is_none:
            yield self._skipped(image, sources, "no annotation", "There is no annotation of it.")
        elif sources.problem:
            yield self._skipped(image, sources, "skipped", sources.problem)
        else:
            yield from self._from_files(image, sources)

    def report(self) -> ImportReport:
        """Say what came of it."""
        read = (one for one in self.pairing.sources.values() if not one.problem)
        unused = dict.fromkeys(file for one in read for file in one.others)
        return ImportReport(self.images, self.pairing.unmatched, tuple(unused), self.job.dry_run)

    def _from_files(self, image: Path, sources: Sources) -> Generator[Event, None, None]:
        start = monotonic()
        try:
            micrograph = read_image(image)
            found = read_sources(sources, micrograph.shape)
        except (ValueError, OSError) as error:
            yield self._failed(image, sources, describe(error))
            return
        notes = oddities(found, micrograph.shape)
        for text in notes:
            yield Notice(text=f"{_name(sources)}: {text}", item=image.name)
        try:
            outcome = self._keep(image, micrograph, found, sources)
        except StoreError as error:
            yield self._failed(image, sources, str(error))
            if error.is_full or error.is_read_only or error.is_gone or error.is_damaged:
                raise BrokenOff(str(error)) from error
            return
        if outcome == "skipped":
            yield self._skipped(image, sources, outcome, _EDITED)
            return
        self.images.append(_report(image, sources, found, outcome, notes))
        n_slits = 0 if found.points is None else int(found.points.is_slit.sum())
        yield ImageDone(name=image.name, path=image, n_slits=n_slits, seconds=monotonic() - start)

    def _keep(self, image: Path, micrograph: Micrograph, found: Found, sources: Sources) -> Outcome:
        """Bring an annotation into the project; return what became of it, or would."""
        number = None if self.project is None else _number(self.project, image)
        if self.project is None or number is None or self.project.base(number, SHARED) is None:
            self._begin(image, micrograph, found, sources)
            return "imported"
        return self._change(self.project, number, found)

    def _begin(self, image: Path, micrograph: Micrograph, found: Found, sources: Sources) -> None:
        if self.project is None or self.job.dry_run:
            return
        size_nm = micrograph.pixel_size_nm
        number = self.project.add_image(image, 0, micrograph.shape, size_nm, sha256_of(image))
        self.project.begin(number, SHARED, Annotation(found.points, found.membrane))
        if sources.points is not None:
            seen = fingerprint_of(sources.points)
            self.project.remember_file(
                sources.points, number, seen["sha256"], seen["bytes"], seen["mtime_ns"]
            )

    def _change(self, project: Project, number: int, found: Found) -> Outcome:
        """Make an annotation that is there what the files say, if that was asked for."""
        history, head = project.history(number, SHARED)
        edit = _edit(history.state, found, Signature.now(self.job.editor))
        if edit.is_empty:
            return "same already"
        is_blank = history.state.equals(Annotation())
        if not self.job.replace and not is_blank:
            return "skipped"
        if not self.job.dry_run:
            project.append(number, SHARED, Record("edit", edit), head)
        return "imported" if is_blank else "replaced"

    def _skipped(self, image: Path, sources: Sources, outcome: Outcome, why: str) -> ImageSkipped:
        self.images.append(_report(image, sources, None, outcome, (why,)))
        return ImageSkipped(name=image.name, path=image, reason=why)

    def _failed(self, image: Path, sources: Sources, why: str) -> ImageFailed:
        self.images.append(_report(image, sources, None, "failed", (why,)))
        return ImageFailed(name=image.name, path=image, reason=why)


def _number(project: Project, image: Path) -> int | None:
    """Return the number of an image, also of one that was renamed since."""
    number = project.image_id(image)
    if number is not None or not project.images():
        return number
    moved = [each for each in project.find_moved(sha256_of(image)) if not each.path.exists()]
    if len(moved) != 1:
        return None
    if not project.is_read_only:
        project.relocate(moved[0].id, image)
    return moved[0].id


def _edit(state: Annotation, found: Found, by: Signature) -> Edit:
    """Return the edit that makes an annotation what files say; what they do not tell of stays."""
    edit = Edit(_KIND, editor=by.editor, time=by.time)
    if found.file is not None and found.file.table is not None:
        edit = replace(read_back(state.points, found.file, None, by), kind=_KIND)
    if found.membrane is None:
        return edit
    before = found.membrane & False if state.membrane is None else state.membrane
    return replace(edit, stripe=StripeChange.between(before, found.membrane))


def _report(
    image: Path, sources: Sources, found: Found | None, outcome: Outcome, notes: tuple[str, ...]
) -> ImageReport:
    table = None if found is None else found.points
    membrane = None if found is None else found.membrane
    return ImageReport(
        image=image,
        outcome=outcome,
        points_file=sources.points,
        membrane_file=sources.membrane,
        n_points=0 if table is None else len(table),
        n_uncertain=0 if table is None else int(table.uncertain.sum()),
        n_membrane_px=None if membrane is None else int(membrane.sum()),
        notes=notes,
    )


def _name(sources: Sources) -> str:
    return sources.points.name if sources.points is not None else ""
