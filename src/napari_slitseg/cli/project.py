"""The commands that look after projects."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from napari_slitseg.cli.lists import AsJson
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
Quiet = Annotated[
    bool, Parameter(help="Show only what went wrong.", negative=(), show_default=False)
]


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
    """List what was done in a project, oldest first: when, who, and what it changed.

    Exit code 2 if there is no such project or image.

    Parameters
    ----------
    folder
        Folder of the project.
    image
        File of an image, or its name; all images by default.
    limit
        Only the last so many edits; 0 for all.
    as_json
        Print a JSON list, and nothing else, to the output stream.
    """

    def act() -> int:
        from napari_slitseg.cli.project_tables import print_steps
        from napari_slitseg.cli.tables import say
        from napari_slitseg.pipelines.project_history import steps_of
        from napari_slitseg.store import Project

        with Project.open(folder, read_only=True) as opened:
            steps = steps_of(opened, image, max(limit, 0))
        if as_json:
            say(json.dumps([step.to_dict() for step in steps], indent=2))
        else:
            print_steps(steps)
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
