"""The command that trains a model further."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Final

from cyclopts import Parameter

from napari_slitseg.cli.lists import AsJson
from napari_slitseg.cli.options import options_of
from napari_slitseg.cli.view import say_error
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.jobs.base import ImageSettings
from napari_slitseg.jobs.learning import DataSettings, LearningSettings

_HOW_MUCH: Final = (
    *("epochs", "steps_per_epoch", "batch", "accumulation", "patch_px", "augmentation"),
    *("dot_radius_nm", "clip_norm", "ema", "freeze", "batch_norm"),
)
_BEST: Final = ("keep_best_by", "patience", "tolerance_nm", "ignore_radius_nm", "preview_every")
_MACHINE: Final = ("device", "devices", "nodes", "precision", "threads", "seed")
_IMAGES: Final = tuple(DataSettings.__annotations__) + tuple(ImageSettings.__annotations__)
_LOSSES: Final = tuple(name for name in LearningSettings.__annotations__ if name not in _HOW_MUCH)
GROUPS: Final = MappingProxyType(
    {
        "Images": tuple(name for name in _IMAGES if name != "images"),
        "What is learned": (*_LOSSES, "track_losses"),
        "How": _HOW_MUCH,
        "Which model is kept": _BEST,
        "Machine": _MACHINE,
    }
)
"""Groups of options in the help."""

_Flag = Parameter(negative=(), show_default=False)


@options_of(FinetuneJob, positional=("images",), groups=GROUPS, from_file=True)
def finetune(
    job: FinetuneJob,
    *,
    check: Annotated[bool, _Flag] = False,
    as_json: AsJson = False,
    prepare_only: Annotated[bool, _Flag] = False,
    detach: Annotated[bool, _Flag] = False,
    quiet: Annotated[bool, _Flag] = False,
) -> int:
    """Train a model further on annotated images, and prove whether it is better.

    Makes the folder of a run and trains in a process of its own. A loss or schedule is a name, as
    slitseg losses and slitseg schedules list them, or a JSON file. Ctrl-C stops the training and
    keeps the best model; twice, it ends at once. Either way slitseg runs resume goes on.

    Exit code 0: all is well; 1: it failed, or was cancelled; 2: it cannot be done; 130: stopped
    with Ctrl-C; 143: ended by the system, to be resumed.

    Parameters
    ----------
    check
        Only look at images, settings, memory and time, and say what is wrong.
    as_json
        With --check: print a JSON list, and nothing else, to the output stream.
    prepare_only
        Only make the folder of the run, print its path, and leave the training to slitseg run.
    detach
        Return at once; the training goes on by itself.
    quiet
        Show only what went wrong.
    """
    from napari_slitseg.cli.findings import check as look
    from napari_slitseg.cli.tables import say
    from napari_slitseg.pipelines.errors import JobError
    from napari_slitseg.pipelines.runs.folder import new_run

    if check:
        return look(job, as_json=as_json)
    try:
        folder = new_run(job)
    except JobError as error:
        say_error(f"Error: {error}")
        return 2
    if prepare_only:
        say(str(folder.path))
        return 0
    from napari_slitseg.cli.work import work_on

    return work_on(folder.path, detach=detach, quiet=quiet)
