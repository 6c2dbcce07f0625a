"""A run as it goes: curves, alarms, what it finds, and the verdict at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import QEvent, Qt, QTimer, Signal
from qtpy.QtWidgets import QCheckBox, QLabel, QProgressBar, QSlider, QVBoxLayout, QWidget

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.widgets._dock import Message, row
from napari_slitseg.widgets._finetune_words import with_labels
from napari_slitseg.widgets._live_layers import PreviewLayers
from napari_slitseg.widgets._live_plot import CurvePlot
from napari_slitseg.widgets._live_poll import Poll
from napari_slitseg.widgets._live_preview import PreviewPart
from napari_slitseg.widgets._live_reading import Follower, Snapshot
from napari_slitseg.widgets._live_verdict import VerdictPart
from napari_slitseg.widgets._run_buttons import RunButtons
from napari_slitseg.widgets._run_words import head_text, state_hint
from napari_slitseg.widgets._style import VERMILLION

_EVERY_MS: Final = 700
_ENDED_MS: Final = 3000
_NO_RUN: Final = "No run is shown. Start one in New run, or choose one in Runs and press Show."
_SMOOTH: Final = 98
_HALF: Final = 0.5
_RED_ON_DARK: Final = "#FF8C5A"
_PLOTS: Final = {
    "loss": ("Loss", "Loss: appears with the first steps."),
    "scores": ("F1 and count", "F1 and number of slits: appear with the first validation."),
    "distance": ("Chamfer distance", ""),
    "rate": ("Learning rate", ""),
}

_LIMITS: Final = {"scores": (0.0, 1.5)}


class LiveView(QWidget):
    """Follows one run, whoever started it.

    Attributes
    ----------
    asked : signal
        Emits what a person wants of the run, as `RunButtons` does.
    """

    asked = Signal(str, object)

    def __init__(self, layers: PreviewLayers) -> None:
        super().__init__()
        self.follower: Follower | None = None
        self.snapshot: Snapshot | None = None
        self.job: FinetuneJob | None = None
        self._make_widgets(layers)
        self._lay_out()
        self._connect()
        self.follow(None)

    def _make_widgets(self, layers: PreviewLayers) -> None:
        self.name, self.state = QLabel(), QLabel()
        self.name.setWordWrap(True)
        self.state.setWordWrap(True)
        self.state.setAccessibleName("State of the run")
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Steps done")
        self.alarm, self.notes = Message(), Message()
        self.alarm.setAccessibleName("Alarm")
        self.buttons = RunButtons(("pause", "stop", "cancel", "resume"))
        self.verdict = VerdictPart()
        self.plots = {key: CurvePlot(*texts, _LIMITS.get(key)) for key, texts in _PLOTS.items()}
        self.log = QCheckBox("Lo&garithmic loss")
        self.smooth = QSlider(Qt.Orientation.Horizontal)
        self.smooth.setRange(0, _SMOOTH)
        self.smooth.setAccessibleName("Smoothing of the training loss")
        self.smooth.setToolTip("Smooth the curves of the training loss.")
        self.preview = PreviewPart(layers)
        self.poll = Poll(_EVERY_MS, self)
        self._to_draw: list[str] = []
        self._drawing = QTimer(self)
        self._drawing.setInterval(0)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        for widget in (self.name, self.state, self.bar, self.alarm, self.buttons, self.verdict):
            layout.addWidget(widget)
        self.body = QWidget()
        inner = QVBoxLayout(self.body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.preview)
        for plot in self.plots.values():
            inner.addWidget(plot)
        label = QLabel("Smoo&thing")
        label.setBuddy(self.smooth)
        inner.addLayout(row(self.log, label, self.smooth, stretch=2))
        inner.addWidget(self.notes)
        layout.addWidget(self.body)
        layout.addStretch()

    def _connect(self) -> None:
        self.poll.answered.connect(self._on_snapshot)
        self.poll.failed.connect(self.notes.warn)
        self._drawing.timeout.connect(self._draw_next)
        self.log.toggled.connect(self._on_log)
        self.smooth.valueChanged.connect(self._on_smooth)
        self.buttons.asked.connect(self.asked)
        self.verdict.asked.connect(self._on_asked)

    def _on_asked(self, name: str) -> None:
        if self.snapshot is not None:
            self.asked.emit(name, self.snapshot.status)

    @property
    def folder(self) -> RunFolder | None:
        """The run that is shown."""
        return None if self.follower is None else self.follower.folder

    def follow(self, folder: RunFolder | None) -> None:
        """Show a run from its beginning on; None shows none."""
        self.snapshot = self.job = None
        self.preview.clear()
        for plot in self.plots.values():
            plot.show_lines((), None)
        self.notes.say("")
        self.alarm.say("")
        self.verdict.show_verdict(None, has_model=False)
        self.follower = None if folder is None else Follower(folder, self.smooth.value() / 100)
        self.name.setText("" if folder is None else f"<b>{folder.name}</b>")
        self.name.setVisible(folder is not None)
        self.state.setText(_NO_RUN if folder is None else "Reading…")
        for widget in (self.body, self.bar, self.buttons):
            widget.setVisible(False)
        if folder is not None:
            try:
                self.job = folder.read_job()
            except JobError as error:
                self.notes.warn(str(error))
        self.poll.follow(self.follower.look if self.follower else None)

    def look_now(self) -> None:
        """Look at the run without waiting."""
        self.poll.now()

    def _on_snapshot(self, found: Snapshot) -> None:
        self.snapshot = found
        status = found.status
        self.poll.set_pace(_EVERY_MS if status.is_alive else _ENDED_MS)
        self.state.setText(head_text(status, found.epochs))
        self.state.setToolTip(state_hint(status))
        self._show_bar(found)
        self._show_alarms(found)
        self.buttons.show_status(status)
        self.verdict.show_verdict(found.verdict, has_model=status.has_model and not status.is_alive)
        self.body.setVisible(status.state != "damaged")
        self._to_draw = list(self.plots)
        self._drawing.start()
        self.preview.show_previews(self.job, found.previews)

    def _draw_next(self) -> None:
        """Draw one plot, so that the window can do something else before the next."""
        found = self.snapshot
        if not self._to_draw or found is None:
            self._drawing.stop()
            return
        key = self._to_draw.pop(0)
        best = None if found.best is None else float(found.best.epoch)
        self.plots[key].show_lines(found.lines[key], best, found.epochs)

    def _show_bar(self, found: Snapshot) -> None:
        status = found.status
        self.bar.setVisible(status.is_alive)
        self.bar.setRange(0, status.total_steps)
        self.bar.setValue(min(status.step, status.total_steps))
        self.bar.setFormat(f"{status.step:,} of {status.total_steps:,} steps")

    def _show_alarms(self, found: Snapshot) -> None:
        """Say what goes wrong in red with a sign, and what else there is to know below."""
        status = found.status
        ended_badly = status.state in ("failed", "refused", "interrupted", "damaged")
        texts = [f"{alarm.text} {alarm.cure}".strip() for alarm in found.alarms]
        said = [*dict.fromkeys(texts)][-2:] + ([status.message] if ended_badly else [])
        self.alarm.colour = self._red()
        self.alarm.warn(with_labels("\n".join(_without_repeats(said))))
        waiting = [] if ended_badly or not status.message else [status.message]
        notices = [*waiting, *found.notices[-3:], *filter(None, [found.trouble])]
        self.notes.say(with_labels("\n".join(dict.fromkeys(notices))))

    def _red(self) -> str:
        is_dark = self.palette().color(self.foregroundRole()).lightnessF() > _HALF
        return _RED_ON_DARK if is_dark else VERMILLION

    def _on_log(self, on: bool) -> None:  # noqa: FBT001
        self.plots["loss"].set_log(on=on)

    def _on_smooth(self, value: int) -> None:
        if self.follower is not None:
            self.follower.memory = value / 100
            self.poll.now()

    def changeEvent(self, event: QEvent) -> None:
        """Qt: the theme may have changed."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange) and self.snapshot:
            self._on_snapshot(self.snapshot)


def _without_repeats(texts: Sequence[str]) -> list[str]:
    """Return texts without those that another one contains: an end often repeats its alarm."""
    once = dict.fromkeys(texts)
    return [text for text in once if not any(text in other != text for other in once)]
