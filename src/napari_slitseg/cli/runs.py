"""The commands that work on runs, and look after them."""

from __future__ import annotations

import sys
from pathlib import Path


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
        Folder of the run.
    """
    from napari_slitseg.pipelines.runs.execute import execute

    if not sys.stdout.isatty():
        return execute(path)
    from napari_slitseg.cli.training_view import make_training_view

    with make_training_view(quiet=False) as view:
        return execute(path, tell=view.show)
