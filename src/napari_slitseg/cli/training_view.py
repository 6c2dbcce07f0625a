"""Show a training on the error stream: a bar for its steps on a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from napari_slitseg import events
from napari_slitseg.cli.view import Say, View, say_error
from napari_slitseg.events import Event
from napari_slitseg.pipelines.runs.words import sentence_of

_TITLES: Final = {
    "queued": "Waits",
    "preparing": "Gets ready",
    "training": "Trains",
    "validating": "Validates",
    "paused": "Paused",
    "stopping": "Stops",
    "judging": "Compares",
}
_BAD: Final = "bold red"
_GOOD: Final = "bold green"


def make_training_view(*, quiet: bool) -> View:
    """View that suits the error stream; a quiet one shows only what went wrong."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        return TrainingLines(say_error, quiet=quiet)
    return TrainingBar(console)


class TrainingLines:
    """One line for each epoch and each message."""

    def __init__(self, say: Say, *, quiet: bool) -> None:
        self._say, self._quiet = say, quiet
        self._said = ""

    def __enter__(self) -> TrainingLines:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, event: Event) -> None:
        """Write the line of an event, if it has one that was not written just before."""
        text = sentence_of(event)
        if text and text != self._said and (is_bad(event) or not self._quiet):
            self._said = text
            self._say(text)


class TrainingBar:
    """A bar for the steps with loss, rate and time left, and the lines above it."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[numbers]}", markup=False),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True)
        self._steps = self._progress.add_task(_TITLES["queued"], total=None, numbers="")
        self._items = self._progress.add_task("", total=None, visible=False, numbers="")
        self._style = ""
        self._lines = TrainingLines(self._print, quiet=False)

    def __enter__(self) -> TrainingBar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, event: Event) -> None:
        """Move the bars and write the line of an event, if it has one."""
        self._move(event)
        self._style = _style_of(event)
        self._lines.show(event)

    def _move(self, event: Event) -> None:
        match event:
            case events.Attempt():
                self._progress.update(self._steps, total=event.total_steps, completed=event.step)
            case events.RunState():
                self._progress.update(self._steps, description=_TITLES[event.phase])
                self._progress.update(self._items, visible=False)
            case events.StepDone():
                self._progress.update(self._steps, completed=event.step, numbers=_numbers(event))
            case events.Started():
                self._progress.reset(self._items, total=event.total, visible=True)
            case events.Progress():
                self._show_items(event)
            case events.Finished():
                self._progress.stop()
            case _:
                pass

    def _show_items(self, event: events.Progress) -> None:
        self._progress.update(
            self._items,
            description=f"  {event.message}",
            completed=event.done,
            total=event.total,
            visible=event.done < event.total,
        )

    def _print(self, text: str) -> None:
        self._progress.console.print(Text(text, style=self._style), soft_wrap=True)


def is_bad(event: Event) -> bool:
    """Whether an event tells that something went wrong."""
    if isinstance(event, events.Finished):
        return event.reason in ("failed", "refused")
    return isinstance(event, events.Alarm)


def _style_of(event: Event) -> str:
    if is_bad(event):
        return _BAD
    return _GOOD if isinstance(event, events.Finished) and event.reason == "done" else ""


def _numbers(event: events.StepDone) -> str:
    loss = "-" if event.loss is None else f"{event.loss:.4g}"
    return f"loss {loss}, rate {event.rate:.2g}"
