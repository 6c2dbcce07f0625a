"""The commands that look after runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter

from napari_slitseg.cli.lists import AsJson
from napari_slitseg.cli.view import say_error
from napari_slitseg.cli.work import with_run, work_on

if TYPE_CHECKING:
    from napari_slitseg.pipelines.runs.folder import Ask, RunFolder

runs: Final = App(
    name="runs",
    help="Look after runs: what slitseg finetune made. A run is given by its folder, or by its "
    "name where it lies in slitseg-runs in the home folder.",
)
"""The command ``slitseg runs``; further ones are added to it."""

_Flag = Parameter(negative=(), show_default=False)


@runs.command(name="list")
def list_(home: Path | None = None, /, *, as_json: AsJson = False) -> int:
    """List the runs in a folder, the newest first.

    Parameters
    ----------
    home
        Folder of runs. Default: slitseg-runs in the home folder.
    as_json
        Print a JSON list, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.run_tables import print_runs, to_values
    from napari_slitseg.cli.tables import say
    from napari_slitseg.pipelines.runs.folder import runs_folder
    from napari_slitseg.pipelines.runs.status import list_runs

    folder = (home or runs_folder()).expanduser().resolve()
    found = list_runs(folder)
    if as_json:
        say(json.dumps([to_values(status) for status in found], indent=2))
    elif found:
        print_runs(found)
    else:
        say(f"There are no runs in {folder}")
    return 0


@runs.command
def show(path: Path, /, *, as_json: AsJson = False) -> int:
    """Show how a run stands.

    Parameters
    ----------
    path
        Folder of the run, or its name in the folder of runs.
    as_json
        Print JSON, and nothing else, to the output stream.
    """

    def act(folder: RunFolder) -> int:
        from napari_slitseg.cli.run_tables import print_run, to_values
        from napari_slitseg.cli.tables import say
        from napari_slitseg.pipelines.runs.status import status_of

        folder.read_job()
        status = status_of(folder)
        if as_json:
            say(json.dumps(to_values(status), indent=2))
        else:
            print_run(status)
        return 0

    return with_run(path, act)


@runs.command
def follow(path: Path, /, *, quiet: Annotated[bool, _Flag] = False) -> int:
    """Show what a run tells until it ends; Ctrl-C ends the looking, not the run.

    Parameters
    ----------
    path
        Folder of the run, or its name in the folder of runs.
    quiet
        Show only what went wrong.
    """

    def act(folder: RunFolder) -> int:
        from napari_slitseg.cli.follow import follow_other

        folder.read_job()
        return follow_other(folder, quiet=quiet)

    return with_run(path, act)


@runs.command
def stop(path: Path, /) -> int:
    """Let a run stop, and keep its best model."""
    return _ask(path, "stop")


@runs.command
def cancel(path: Path, /) -> int:
    """Let a run end at once, and throw its models away."""

    def act(folder: RunFolder) -> int:
        from napari_slitseg.pipelines.runs.asking import ask, see_it_end
        from napari_slitseg.pipelines.runs.status import status_of

        ask(folder, "cancel")
        if not see_it_end(folder):
            say_error("It works on another machine, and will end there.")
            return 0
        state = status_of(folder).state
        if state != "cancelled":
            say_error(f"{folder.name} ended before it was cancelled ({state}); its files are kept.")
        return int(state != "cancelled")

    return with_run(path, act)


@runs.command
def pause(path: Path, /) -> int:
    """Let a run wait, until slitseg runs go; its state is saved."""
    return _ask(path, "pause")


@runs.command
def go(path: Path, /) -> int:
    """Let a paused run go on."""
    return _ask(path, "go")


@runs.command
def resume(
    path: Path,
    /,
    *,
    detach: Annotated[bool, _Flag] = False,
    quiet: Annotated[bool, _Flag] = False,
) -> int:
    """Go on with a run that was interrupted, stopped or failed, or begin a prepared one.

    Parameters
    ----------
    path
        Folder of the run, or its name in the folder of runs.
    detach
        Return at once; the training goes on by itself.
    quiet
        Show only what went wrong.
    """
    return work_on(path, detach=detach, quiet=quiet)


@runs.command
def duplicate(path: Path, /, *, name: str = "") -> int:
    """Make a new run with the job of another one, and print its folder; resume begins it.

    Parameters
    ----------
    path
        Folder of the run, or its name in the folder of runs.
    name
        Name of the new run. Default: that of the other with a number.
    """

    def act(folder: RunFolder) -> int:
        from napari_slitseg.cli.tables import say
        from napari_slitseg.pipelines.runs.folder import new_run
        from napari_slitseg.pipelines.runs.keeping import duplicate as copy

        job = copy(folder)
        say(str(new_run(job.model_copy(update={"name": name}) if name else job).path))
        return 0

    return with_run(path, act)


@runs.command
def delete(path: Path, /) -> int:
    """Move a run to the trash."""

    def act(folder: RunFolder) -> int:
        from napari_slitseg.pipelines.runs.keeping import delete as remove

        remove(folder)
        say_error(f"{folder.path} is in the trash.")
        return 0

    return with_run(path, act)


@runs.command
def command(path: Path, /) -> int:
    """Print the command that trains the same again, as a new run."""

    def act(folder: RunFolder) -> int:
        from napari_slitseg.cli.tables import say
        from napari_slitseg.pipelines.runs.keeping import command_of

        folder.read_job()
        say(command_of(folder))
        return 0

    return with_run(path, act)


def _ask(path: Path, what: Ask) -> int:
    def act(folder: RunFolder) -> int:
        from napari_slitseg.pipelines.runs.asking import ask

        ask(folder, what)
        return 0

    return with_run(path, act)
