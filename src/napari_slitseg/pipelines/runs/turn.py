"""Wait for the devices of a run, and hold them while it works."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Sequence
from typing import Final

from napari_slitseg.events import Event, Finished, Notice, RunState
from napari_slitseg.events.training import Phase
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.runs.control import read_ask
from napari_slitseg.pipelines.runs.device_names import devices_of, is_given_devices
from napari_slitseg.pipelines.runs.device_queue import DeviceQueue, Ticket
from napari_slitseg.pipelines.runs.folder import Ask, RunFolder
from napari_slitseg.pipelines.runs.identity import Identity

_EVERY_S: Final = 0.25


@contextlib.contextmanager
def turn(
    folder: RunFolder,
    job: FinetuneJob,
    identity: Identity,
    ask: Callable[[], Ask],
    tell: Callable[[Event], None],
) -> Generator[Finished | None]:
    """Wait until the devices are free; within the block they are this run's.

    Yields
    ------
    Finished or None
        The end, where the person stopped the run before its turn came.
    """
    queue = DeviceQueue.of_this_machine()
    with contextlib.ExitStack() as stack:
        try:
            ticket = queue.join(folder, identity)
            stack.callback(queue.leave, ticket)
            finished = _wait(queue, queue.want(ticket, _devices(job)), ask, tell)
        except OSError as error:
            why = error.strerror or str(error)
            text = f"It does not wait for other runs: {queue.folder} cannot be used ({why})."
            tell(Notice(text=text))
            finished = None
        yield finished


def _devices(job: FinetuneJob) -> tuple[str, ...]:
    """Devices to wait for; none where somebody else has shared them out."""
    return () if is_given_devices() else devices_of(job)


def _wait(
    queue: DeviceQueue, ticket: Ticket, ask: Callable[[], Ask], tell: Callable[[Event], None]
) -> Finished | None:
    said = ""
    while True:
        asked = ask()
        if asked == "stop":
            return Finished(reason="stopped", message="It had not begun.")
        if asked == "cancel":
            return Finished(reason="cancelled", message="It had not begun.")
        if ticket.is_paused != (asked == "pause"):
            ticket = queue.change(ticket, is_paused=asked == "pause")
        first = () if ticket.is_paused else queue.begin(ticket)
        if not (first or ticket.is_paused):
            return None
        message = _place(ticket, first)
        if message != said:
            said = message
            phase: Phase = "paused" if ticket.is_paused else "queued"
            tell(RunState(phase=phase, time=time.time(), message=message))
        time.sleep(_EVERY_S)


def _place(ticket: Ticket, first: Sequence[Ticket]) -> str:
    device = ", ".join(ticket.devices or ())
    if ticket.is_paused:
        return f"Paused before it began; others go first on {device}."
    names = ", ".join(map(_name_of, first))
    return f"Waits for {names} on {device}; number {len(first) + 1} in the queue."


def _name_of(ticket: Ticket) -> str:
    is_paused = read_ask(RunFolder(ticket.run)) == "pause"
    return f"{ticket.run.name} (paused)" if is_paused else ticket.run.name
