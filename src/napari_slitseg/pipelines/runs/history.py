"""What a run told so far, as curves, after resumes and all."""

from __future__ import annotations

import math
import os
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Self

from pydantic_core import from_json

from napari_slitseg.events import (
    Alarm,
    Attempt,
    EpochDone,
    Event,
    Figures,
    Finished,
    Notice,
    Preview,
    RunState,
    StepDone,
    VerdictReady,
)
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.reading import parse_lines, read_lines
from napari_slitseg.pipelines.runs.step_curves import StepCurves

_NAN: Final = math.nan
_STEP: Final = b'{"kind":"step_done",'
_AT_ONCE: Final = 2000
_RECENT: Final = 20
_HEAD_BYTES: Final = 512


@dataclass
class History:
    """Everything a run told, in order; what a later attempt repeats replaces the earlier.

    Attributes
    ----------
    steps : StepCurves
    epochs : list of EpochDone
        Rising by epoch.
    alarms, notices, previews, attempts : list
    phase : RunState or None
        The latest.
    verdict : VerdictReady or None
    finished : Finished or None
        The end; None while there is none, also after a resume.
    n_skipped : int
        Lines that were no events.
    offset : int
        Place in the file up to which it was read.
    """

    steps: StepCurves = field(default_factory=StepCurves)
    epochs: list[EpochDone] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    previews: list[Preview] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    phase: RunState | None = None
    verdict: VerdictReady | None = None
    finished: Finished | None = None
    n_skipped: int = 0
    offset: int = 0

    @classmethod
    def of(cls, events: Iterable[Event]) -> Self:
        """Return the history that events tell."""
        history = cls()
        history.add(events)
        return history

    def add(self, events: Iterable[Event]) -> None:
        """Take further events, as `read_events` returns them."""
        for is_step, group in groupby(events, lambda event: isinstance(event, StepDone)):
            if is_step:
                self.steps.extend([vars(event) for event in group])
            else:
                self._add_others(group)

    def read_on(self, folder: RunFolder) -> int:
        """Take what a run told since the last time; return how many lines that were.

        The same as `read_events` and `add`, but faster: steps are not checked one by one.
        """
        lines, self.offset = read_lines(folder, self.offset)
        self.add_lines(lines)
        return len(lines)

    @property
    def best(self) -> EpochDone | None:
        """The epoch whose model is kept."""
        return next((each for each in reversed(self.epochs) if each.is_best), None)

    @property
    def last_step(self) -> int:
        """How many steps are done."""
        known = [int(self.steps.step[-1])] if self.steps.step else []
        known += [epoch.step for epoch in self.epochs[-1:]]
        known += [attempt.step for attempt in self.attempts[-1:]]
        return max(known, default=0)

    @property
    def seconds_left(self) -> float | None:
        """How long the steps and validations that are left will take, going by the latest."""
        recent = [each for each in self.steps.columns["seconds"][-_RECENT:] if each == each]
        if not (self.attempts and recent):
            return None
        latest, attempt = self.epochs[-1:], self.attempts[-1]
        steps = attempt.total_steps - self.last_step
        validations = math.ceil(steps / attempt.steps_per_epoch)
        seconds = latest[0].validation_seconds if latest else 0.0
        return steps * sum(recent) / len(recent) + validations * seconds

    def step_curve(self, name: str) -> tuple[array[float], array[float]]:
        """Return steps and their values of one column; empty where there is no such column."""
        if name not in self.steps.columns:
            return array("d"), array("d")
        return self.steps.step, self.steps.columns[name]

    def epoch_curve(self, group: str, name: str) -> tuple[list[int], list[float]]:
        """Return steps and values of one figure of all epochs; NaN where an epoch has none.

        Parameters
        ----------
        group : str
            "train", "validation", "scores" or "tracked".
        name : str
            Such as "f1".
        """
        found: list[Figures] = [getattr(epoch, group) for epoch in self.epochs]
        values = [figures.get(name) for figures in found]
        steps = [epoch.step for epoch in self.epochs]
        return steps, [_NAN if value is None else value for value in values]

    def add_lines(self, lines: Sequence[bytes]) -> None:
        """Take further events as lines of the file."""
        for first in range(0, len(lines), _AT_ONCE):
            self._add_some(lines[first : first + _AT_ONCE])

    def _add_some(self, lines: Sequence[bytes]) -> None:
        for is_step, group in groupby(lines, lambda line: line.startswith(_STEP)):
            some = list(group)
            if not is_step or not self._add_step_lines(some):
                read = parse_lines(some)
                self.n_skipped += read.n_skipped
                self.add(read.events)

    def _add_step_lines(self, lines: list[bytes]) -> bool:
        try:
            self.steps.extend(from_json(b"[" + b",".join(lines) + b"]"))
        except (ValueError, KeyError, TypeError, AttributeError):
            return False
        return True

    def _add_others(self, events: Iterable[Event]) -> None:
        for event in events:
            self._add_other(event)

    def _add_other(self, event: Event) -> None:
        match event:
            case EpochDone():
                self._forget_epochs(event.epoch - 1)
                self.epochs.append(event)
            case Attempt():
                self._begin(event)
            case RunState():
                self.phase, self.finished = event, None
            case Alarm():
                self.alarms.append(event)
            case Notice():
                self.notices.append(event)
            case Preview():
                self.previews.append(event)
            case VerdictReady():
                self.verdict = event
            case Finished():
                self.finished = event
            case _:
                pass

    def _begin(self, attempt: Attempt) -> None:
        """Go on from a step: what was told of later ones is void."""
        self.attempts.append(attempt)
        self.finished = self.verdict = None
        self.steps.keep_to(attempt.step)
        kept = [each.epoch for each in self.epochs if each.step <= attempt.step]
        last = kept[-1] if kept else 0
        self._forget_epochs(last)
        self.alarms = [each for each in self.alarms if each.epoch <= last]
        self.previews = [each for each in self.previews if each.epoch <= last]

    def _forget_epochs(self, last: int) -> None:
        while self.epochs and self.epochs[-1].epoch > last:
            self.epochs.pop()


class BriefReader:
    """Reads on where it stopped: all that a run told, with none but the latest steps.

    For one thread at a time.

    Parameters
    ----------
    folder : RunFolder
    start : int
        Place in the file of events, in bytes, before which nothing matters.
    """

    def __init__(self, folder: RunFolder, start: int = 0) -> None:
        self.folder, self.start = folder, start
        self._history, self._head = History(offset=start), b""

    def look(self) -> History:
        """Return what the run told until now; the same history grows with each call."""
        if not self._is_same_file():
            self._history, self._head = History(offset=self.start), b""
        history = self._history
        lines, history.offset = read_lines(self.folder, history.offset)
        numbers = [i for i, line in enumerate(lines) if line.startswith(_STEP)]
        dropped = set(numbers[:-_RECENT])
        history.add_lines([line for i, line in enumerate(lines) if i not in dropped])
        history.steps.keep_latest(_RECENT)
        return history

    def _is_same_file(self) -> bool:
        """Whether it is still the file that was read, perhaps longer, and no other in its place."""
        try:
            with self.folder.events.open("rb") as file:
                head, size = file.read(_HEAD_BYTES), file.seek(0, os.SEEK_END)
        except OSError:
            return not self._head
        known, self._head = self._head, head
        return size >= self._history.offset and head.startswith(known)


def brief_history(folder: RunFolder, start: int = 0) -> History:
    """Return what a run told behind a place in the file, with none but the latest steps."""
    return BriefReader(folder, start).look()
