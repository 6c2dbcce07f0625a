"""Show events on the error stream: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from napari_slitseg import events
from napari_slitseg.events import Event

Say = Callable[[str], None]


class View(Protocol):
    """Shows events while they come; a context manager."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def show(self, event: Event) -> None:
        """Show one event."""


def make_view(*, quiet: bool) -> View:
    """View that suits the error stream; a quiet one shows only what went wrong."""
    if quiet:
        return Lines(say_error, quiet=True)
    console = Console(stderr=True)
    return Bars(console) if console.is_terminal else Lines(say_error, quiet=False)


def say_error(text: str) -> None:
    """Write a line to the error stream."""
    sys.stderr.write(printable(text, sys.stderr) + "\n")
    sys.stderr.flush()


def printable(text: str, stream: TextIO) -> str:
    """Text whose letters a stream can print; odd bytes of file names are spelled out."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


class Lines:
    """One line for each image and each message."""

    def __init__(self, say: Say, *, quiet: bool) -> None:
        self._say, self._quiet = say, quiet
        self._number = self._total = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, event: Event) -> None:
        """Write the line of an event, if it has one."""
        if isinstance(event, events.Started):
            self._total = event.total
        if isinstance(event, events.ImageDone | events.ImageFailed | events.ImageSkipped):
            self._number += 1
        bad = isinstance(event, events.ImageFailed) or _is_bad_end(event)
        text = _text(event)
        if text and (bad or not self._quiet):
            self._say(self._prefix(event) + text)

    def _prefix(self, event: Event) -> str:
        if isinstance(event, events.Notice | events.Finished):
            return ""
        return f"[{self._number}/{self._total}] "


class Bars:
    """A bar for the images, one for the tiles of the image at work, and the lines above them."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True)
        self._images = self._progress.add_task("Images", total=None)
        self._tiles = self._progress.add_task("Tiles", total=None, visible=False)
        self._lines = Lines(self._print, quiet=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, event: Event) -> None:
        """Move the bars and write the line of an event, if it has one."""
        if isinstance(event, events.Started):
            self._progress.update(self._images, total=event.total)
        elif isinstance(event, events.Progress):
            self._update_tiles(
                description=event.message, completed=event.done, total=event.total, visible=True
            )
        elif isinstance(event, events.ImageDone | events.ImageFailed | events.ImageSkipped):
            self._progress.advance(self._images)
            self._update_tiles(visible=False)
        elif isinstance(event, events.Finished):
            self._progress.stop()
        self._lines.show(event)

    def _update_tiles(self, **values: Any) -> None:
        self._progress.update(self._tiles, **values)

    def _print(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _is_bad_end(event: Event) -> bool:
    return isinstance(event, events.Finished) and event.reason in ("failed", "refused")


def _text(event: Event) -> str:
    match event:
        case events.Notice():
            return f"{event.item}: {event.text}" if event.item else event.text
        case events.ImageDone():
            slits = "1 slit" if event.n_slits == 1 else f"{event.n_slits} slits"
            return f"{event.name}: {slits}, {event.seconds:.1f} s"
        case events.ImageFailed():
            return f"{event.name}: failed. {event.reason}"
        case events.ImageSkipped():
            return f"{event.name}: skipped. {event.reason}"
        case events.Finished():
            return _end(event)
        case _:
            return ""


def _end(event: events.Finished) -> str:
    counts = f"{event.n_ok} done"
    if event.n_failed:
        counts += f", {event.n_failed} failed"
    if event.n_skipped:
        counts += f", {event.n_skipped} skipped"
    match event.reason:
        case "done":
            return f"{counts}."
        case "cancelled":
            return f"Cancelled: {counts}; {event.message or 'what was finished stays'}."
        case "failed":
            return f"Error: {event.message} ({counts})"
        case _:
            return f"Error: {event.message}"
