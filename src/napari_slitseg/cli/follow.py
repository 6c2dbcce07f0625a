"""Follow a run in the terminal until it ends."""

from __future__ import annotations

import signal
import time
from typing import Final

from napari_slitseg.cli.stopping import Stopper
from napari_slitseg.cli.training_view import make_training_view
from napari_slitseg.cli.view import View, say_error
from napari_slitseg.events import Event, Finished
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.alive import read_alive
from napari_slitseg.pipelines.runs.asking import ask
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.keeping import quoted
from napari_slitseg.pipelines.runs.process import RunProcess
from napari_slitseg.pipelines.runs.reading import read_events
from napari_slitseg.pipelines.runs.status import status_of

_EVERY_S: Final = 0.2
_CODES: Final = {"done": 0, "stopped": 0, "cancelled": 1, "failed": 1, "refused": 2}


def follow_own(running: RunProcess, offset: int, stopper: Stopper, *, quiet: bool) -> int:
    """Show what a run tells that was started here, until it ends.

    Ctrl-C asks it to stop and keep the best model, a second one ends it at once; SIGTERM is passed
    on to it, so that it saves its state.

    Returns
    -------
    int
        Exit code: 0 finished or stopped, 1 failed, cancelled or died, 2 refused, 128 and the
        number of the signal if it was ended by one.
    """
    folder = running.folder
    with make_training_view(quiet=quiet) as view:
        try:
            finished = _watch(folder, offset, view, running, stopper)
        except KeyboardInterrupt:
            running.kill()
            say_error(f"Ended at once. Go on with: {_command('resume', folder)}")
            return stopper.exit_code
    if finished is None:
        say_error(running.why_it_died())
        say_error(f"Go on with: {_command('resume', folder)}")
        return stopper.exit_code if stopper() else 1
    if not quiet:
        say_next_steps(folder)
        if finished.reason in ("stopped", "failed"):
            say_error(f"Go on with: {_command('resume', folder)}")
    return stopper.exit_code if stopper() else _CODES[finished.reason]


def follow_other(folder: RunFolder, *, quiet: bool) -> int:
    """Show what a run tells, from its beginning; Ctrl-C ends the looking, not the run.

    Returns
    -------
    int
        Exit code as that of `follow_own`; 0 if the looking was ended.
    """
    with make_training_view(quiet=quiet) as view:
        try:
            finished = _watch(folder, 0, view)
        except KeyboardInterrupt:
            return 0
    if finished is None:
        is_new = status_of(folder).state == "new"
        said = "It has not begun. Begin it" if is_new else "It was interrupted. Go on"
        say_error(f"{said} with: {_command('resume', folder)}")
        return 1
    return _CODES[finished.reason]


def say_where(folder: RunFolder) -> None:
    """Say where a run is that works by itself, and how to look after it."""
    say_error(f"The run is {folder.path} and works by itself.")
    say_error(f"Look at it with: {_command('follow', folder)}")
    say_error(f"Stop it and keep the best model with: {_command('stop', folder)}")


def say_next_steps(folder: RunFolder) -> None:
    """Say where a run is, and how to use its model if there is one."""
    say_error(f"The run is {folder.path}")
    if folder.best.is_file():
        words = ["--out", "results", "--model", str(folder.best)]
        say_error(f"Use its model with: slitseg predict IMAGES {quoted(words)}")


def _watch(
    folder: RunFolder,
    offset: int,
    view: View,
    running: RunProcess | None = None,
    stopper: Stopper | None = None,
) -> Finished | None:
    """Show events until the end; None if the process dies without one."""
    was_told = False
    last: Event | None = None
    while True:
        is_living = _is_worked_on(folder) if running is None else running.is_living
        read = read_events(folder, offset)
        offset = read.offset
        for last in read.events:
            view.show(last)
        if isinstance(last, Finished) and (running is not None or not is_living):
            return last
        if not is_living:
            return None
        if running and stopper and stopper() and not was_told:
            was_told = True
            _pass_on(running, stopper)
        time.sleep(_EVERY_S)


def _is_worked_on(folder: RunFolder) -> bool:
    """Whether a process works on a run, on this machine or another one."""
    alive = read_alive(folder)
    return alive is not None and alive.is_living


def _pass_on(running: RunProcess, stopper: Stopper) -> None:
    if stopper.signal == signal.SIGTERM:
        running.terminate()
        return
    say_error("Stops, and keeps the best model; Ctrl-C once more ends it at once.")
    try:
        ask(running.folder, "stop")
    except JobError as error:
        say_error(str(error))


def _command(name: str, folder: RunFolder) -> str:
    return quoted(["slitseg", "runs", name, str(folder.path)])
