"""Read what a run told, and prepare it for the screen. Knows no Qt; runs in a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from napari_slitseg.core.metrics.verdict import Verdict
from napari_slitseg.events import Alarm, EpochDone, Preview
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.curves import Curve, smoothed, standing_alarms, thinned
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.history import History
from napari_slitseg.pipelines.runs.status import RunStatus, StatusReader

_COLUMNS: Final = 150
_HEADS: Final = ("slit", "membrane")


@dataclass(frozen=True, eq=False)
class Line:
    """One curve of a plot.

    Attributes
    ----------
    name : str
        Of the figure, as events have it: "slit", "f1".
    source : str
        "train", "validation", "scores" or "rate".
    x, y : (N,) array
        Epochs done, as a number with decimals; values, NaN where there is none.
    latest : float
        Last value before it was smoothed, NaN for none.
    """

    name: str
    source: str
    x: Curve
    y: Curve
    latest: float

    def is_same(self, other: Line) -> bool:
        """Whether another curve looks the same."""
        return (self.name, self.source) == (other.name, other.source) and all(
            np.array_equal(one, two, equal_nan=True)
            for one, two in ((self.x, other.x), (self.y, other.y))
        )


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A run at a moment.

    Attributes
    ----------
    status : RunStatus
    lines : dict
        Curves by plot: "loss", "scores", "distance", "rate".
    best : EpochDone or None
    alarms : tuple of Alarm
    notices : tuple of str
    previews : tuple of Preview
    verdict : Verdict or None
        As the report has it.
    epochs : int
        How many the training will have, 0 while that is not known.
    trouble : str
        What could not be read.
    """

    status: RunStatus
    lines: Mapping[str, tuple[Line, ...]]
    best: EpochDone | None
    alarms: tuple[Alarm, ...]
    notices: tuple[str, ...]
    previews: tuple[Preview, ...]
    verdict: Verdict | None
    epochs: int
    trouble: str = ""


@dataclass
class Follower:
    """Reads on where it stopped last time; for one thread at a time.

    Attributes
    ----------
    folder : RunFolder
    memory : float
        How much the curves of the training are smoothed, from 0 to below 1.
    """

    folder: RunFolder
    memory: float = 0.0
    _history: History = field(default_factory=History)
    _reader: StatusReader | None = None
    _verdict: Verdict | None = None

    def look(self) -> Snapshot:
        """Return the run as it is now."""
        history = self._read_on()
        trouble = self._read_verdict()
        if self._reader is None:
            self._reader = StatusReader(self.folder)
        attempt = history.attempts[-1] if history.attempts else None
        return Snapshot(
            status=self._reader.look(),
            lines=self._lines(attempt.steps_per_epoch if attempt else 1),
            best=history.best,
            alarms=standing_alarms(history.alarms, history.epochs),
            notices=tuple(dict.fromkeys(notice.text for notice in history.notices)),
            previews=tuple(history.previews),
            verdict=self._verdict,
            epochs=attempt.total_steps // attempt.steps_per_epoch if attempt else 0,
            trouble=trouble,
        )

    def _read_on(self) -> History:
        """Return all that the run told; a file that is shorter than before is another one."""
        known = self._history.offset
        self._history.read_on(self.folder)
        if self._history.offset < known:
            self._history = History()
            self._history.read_on(self.folder)
        return self._history

    def _read_verdict(self) -> str:
        """Read the report once the run says that there is one; return what is wrong with it."""
        from napari_slitseg.pipelines.verdict import read_verdict

        if self._history.verdict is None:
            self._verdict = None
        elif self._verdict is None:
            try:
                self._verdict = read_verdict(self.folder)
            except JobError as error:
                return str(error)
        return ""

    def _lines(self, per_epoch: int) -> dict[str, tuple[Line, ...]]:
        names: list[str] = [head for head in _HEADS if head in self._history.steps.columns]
        train = [self._step_line(name, "train", per_epoch) for name in names or ["loss"]]
        validation = [
            self._epoch_line(name, "validation", per_epoch) for name in names or ["total"]
        ]
        scores = [self._epoch_line(name, "scores", per_epoch) for name in ("f1", "count_ratio")]
        return {
            "loss": (*train, *validation),
            "scores": tuple(scores),
            "distance": (self._epoch_line("chamfer_nm", "scores", per_epoch),),
            "rate": (self._step_line("rate", "rate", per_epoch),),
        }

    def _step_line(self, name: str, source: str, per_epoch: int) -> Line:
        steps, values = (np.array(each) for each in self._history.step_curve(name))
        memory = self.memory if source == "train" else 0.0
        x, y = thinned(steps / per_epoch, smoothed(values, memory), _COLUMNS)
        return Line(name, source, x, y, _latest(values))

    def _epoch_line(self, name: str, source: str, per_epoch: int) -> Line:
        steps, values = (
            np.array(each, np.float64) for each in self._history.epoch_curve(source, name)
        )
        x, y = thinned(steps / per_epoch, values, _COLUMNS)
        return Line(name, source, x, y, _latest(values))


def _latest(values: Curve) -> float:
    return float(values[-1]) if len(values) else float("nan")
