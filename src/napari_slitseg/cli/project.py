"""The commands that look after projects."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from napari_slitseg.cli.lists import AsJson, Quiet
from napari_slitseg.cli.options import options_of
from napari_slitseg.cli.run import run_pipeline
from napari_slitseg.cli.view import say_error
from napari_slitseg.jobs.project import ExportProjectJob, ImportAnnotationsJob

project: Final = App(
    name="project",
    help="Look after projects: the annotations of a folder of images with every edit, in the file "
    "slitseg-project.sqlite beside the images.",
)
"""The command ``slitseg project``; further ones are added to it."""

_Flag = Parameter(negative=(), show_default=False)


@project.command
def check(folder: Path, /, *, as_json: AsJson = False) -> int:
    """Look a project over: its file, every edit, its images, and files that were saved.

    Nothing is changed. Exit code 0: nothing is broken; 1: something is, and what to do about it;
    2: there is no project.

    Parameters
    ----------
    folder
        Folder of the project.
    as_json
        Print a JSON list, and nothing else, to the output stream.
    """

    def act() -> int:
        from napari_slitseg.cli.project_tables import print_findings
        from napari_slitseg.cli.tables import say
        from napari_slitseg.pipelines.errors import JobError
        from napari_slitseg.store import PROJECT_FILE
        from napari_slitseg.store.check import check as look_over

        if not (folder / PROJECT_FILE).is_file() and not folder.is_file():
            raise JobError(f"There is no project in {folder}.")
        findings = look_over(folder)
        if as_json:
            say(json.dumps([asdict(finding) for finding in findings], indent=2))
        else:
            print_findings(findings)
        return int(any(finding.level == "fail" for finding in findings))

    return _with_project(act)


@project.command
def merge(
    into: Path,
    other: Path,
    /,
    *,
    dry_run: Annotated[bool, _Flag] = False,
    as_json: AsJson = False,
) -> int:
    """Take over what another project has and this one lacks, such as a colleague's copy.

    Nothing is lost: what both said differently is kept in both versions, and listed. Doing it
    again changes nothing. The other project is only read.

    Exit code 2 if one of the two cannot be used; nothing is changed then.

    Parameters
    ----------
    into
        Folder of the project that grows.
    other
        Folder, or file, of the other one.
    dry_run
        Only tell what would be done.
    as_json
        Print the report as JSON, and nothing else, to the output stream.
    """

    def act() -> int:
        from napari_slitseg.cli.project_tables import print_merge
        from napari_slitseg.cli.tables import say
        from napari_slitseg.store.merge import merge as take_over

        report = take_over(into, other, dry_run=dry_run)
        if as_json:
            say(json.dumps(asdict(report), indent=2))
        else:
            print_merge(report)
        return 0

    return _with_project(act)


@project.command(name="import")
@options_of(ImportAnnotationsJob, positional=("folder", "files"))
def import_(job: ImportAnnotationsJob, *, as_json: AsJson = False, quiet: Quiet = False) -> int:
    """Take annotations from files into the project of a folder of images, with a report.

    Files are paired with images by name; a file that fits two images is given to neither. What the
    project has already is never overwritten: see --replace. Try --dry-run first.

    Exit code 0: all is well; 1: some file could not be read, the others are imported; 2: the
    command makes no sense; 130: stopped with Ctrl-C, what was imported stays.

    Parameters
    ----------
    as_json
        Print the report as JSON, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.project_tables import print_import
    from napari_slitseg.cli.tables import say
    from napari_slitseg.core.json_text import to_json
    from napari_slitseg.pipelines.import_annotations import import_annotations

    report, finished, code = run_pipeline(partial(import_annotations, job), quiet=quiet or as_json)
    if as_json:
        end = {"reason": finished.reason, "message": finished.message}
        say(to_json(end | report.to_dict()))
    elif finished.reason != "refused":
        print_import(report)
    return code


@project.command
@options_of(ExportProjectJob, positional=("folder",))
def export(job: ExportProjectJob, *, quiet: Quiet = False) -> int:
    """Write the annotations of a project as files, and a table of all its images.

    For each image a_annotations.csv (as saved from napari) and, where the membrane is drawn,
    a_membrane.png; for all of them images.xlsx and images.json with review status and counts.

    Exit code 0: all is well; 1: some file was not written, such as one that is there and says
    something else; 2: the command makes no sense; 130: stopped with Ctrl-C.
    """
    from napari_slitseg.pipelines.project_export import export_project

    _, _, code = run_pipeline(partial(export_project, job), quiet=quiet)
    return code


@project.command
def history(
    folder: Path,
    image: Path | None = None,
    /,
    *,
    limit: int = 50,
    as_json: AsJson = False,
) -> int:
    """List what was done in a project, oldest first: when, by whom, to which image, and what.

    Exit code 2 if there is no such project or image.

    Parameters
    ----------
    folder
        Folder of the project.
    image
        File of an image, or its name; all images by default.
    limit
        Only the last so many lines; 0 for all.
    as_json
        Print a JSON list, and nothing else, to the output stream.
    """

    def act() -> int:
        from napari_slitseg.cli.project_tables import print_journal
        from napari_slitseg.cli.tables import say
        from napari_slitseg.pipelines.project_images import journal_of
        from napari_slitseg.store import Project

        with Project.open(folder, read_only=True) as opened:
            entries = journal_of(opened, image, max(limit, 0))
        if as_json:
            say(json.dumps([asdict(entry) for entry in entries], indent=2))
        else:
            print_journal(entries)
        return 0

    return _with_project(act)


def _with_project(act: Callable[[], int]) -> int:
    """Do something with a project; 2 where there is none, or it cannot be used."""
    from napari_slitseg.pipelines.errors import JobError
    from napari_slitseg.store import StoreError

    try:
        return act()
    except (JobError, StoreError) as error:
        say_error(f"Error: {error}")
        return 2
