"""Run a pipeline in a terminal: events shown, Ctrl-C heeded, an exit code at the end."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from napari_slitseg.cli.stopping import Stopper
from napari_slitseg.cli.view import make_view
from napari_slitseg.events import Event, Finished

_Result = TypeVar("_Result")
Pipeline = Callable[[Callable[[], bool]], Generator[Event, None, _Result]]


def run_pipeline(pipeline: Pipeline[_Result], *, quiet: bool) -> tuple[_Result, Finished, int]:
    """Run a pipeline to its end.

    Parameters
    ----------
    pipeline : callable
        Takes `should_stop` and yields events, `Finished` last.
    quiet : bool
        Show only what went wrong.

    Returns
    -------
    result
        What the pipeline returns.
    finished : Finished
        Its last event.
    exit_code : int
        0 if all is well, 1 if something failed, 2 if the job was refused, 128 and the number of
        the signal if it was stopped (130 for Ctrl-C).
    """
    last: Event | None = None
    with make_view(quiet=quiet) as view, Stopper() as stopper:
        events = pipeline(stopper)
        while True:
            try:
                last = next(events)
            except StopIteration as stop:
                result: _Result = stop.value
                break
            view.show(last)
    if not isinstance(last, Finished):
        last = Finished(reason="failed", message="It ended without saying how.")
    return result, last, _exit_code(last, stopper)


def _exit_code(finished: Finished, stopper: Stopper) -> int:
    if finished.reason == "cancelled":
        return stopper.exit_code
    if finished.reason == "refused":
        return 2
    return 1 if finished.reason == "failed" or finished.n_failed else 0
