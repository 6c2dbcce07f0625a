"""Work on a run: in this process, or in one of its own that is followed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from napari_slitseg.cli.view import say_error

if TYPE_CHECKING:
    from napari_slitseg.pipelines.runs.folder import RunFolder


def run(path: Path, /) -> int:
    """Work on a run in this process, from where it was left; for launchers and clusters.

    Several processes train together under torchrun or srun: the first one writes, the others help.
    Events go to the output stream as JSON lines. SIGTERM saves the state and ends the process;
    the same command goes on from there.

    Exit code 0: finished, or stopped with slitseg runs stop; 1: it failed, or was cancelled; 2: it
    cannot be done; 130: stopped with Ctrl-C, the best model is kept; 143: left for SIGTERM.

    Parameters
    ----------
    path
        Folder of the run, or its name in the folder of runs.
    """

    def act(folder: RunFolder) -> int:
        from napari_slitseg.pipelines.runs.execute import execute

        if not sys.stdout.isatty():
            return execute(folder.path)
        from napari_slitseg.cli.training_view import make_training_view

        with make_training_view(quiet=False) as view:
            return execute(folder.path, tell=view.show)

    return with_run(path, act)


def work_on(path: Path, *, detach: bool, quiet: bool) -> int:
    """Start the process of a run, and follow it until its end unless it is to work by itself."""

    def act(folder: RunFolder) -> int:
        from napari_slitseg.cli.follow import follow_own, say_where
        from napari_slitseg.cli.stopping import Stopper
        from napari_slitseg.pipelines.runs.alive import events_size
        from napari_slitseg.pipelines.runs.process import start

        offset = events_size(folder)
        with Stopper() as stopper:
            running = start(folder)
            if not detach:
                return follow_own(running, offset, stopper, quiet=quiet)
        say_where(folder)
        return 0

    return with_run(path, act)


def with_run(path: Path, act: Callable[[RunFolder], int]) -> int:
    """Do something with a run, given by its folder or name; 2 for what makes no sense."""
    from napari_slitseg.pipelines.errors import JobError
    from napari_slitseg.pipelines.runs.folder import find_run

    try:
        return act(find_run(path))
    except JobError as error:
        say_error(f"Error: {error}")
        return 2
