"""The dock that runs a model and cuts its map into slits."""

from __future__ import annotations

from functools import partial
from typing import Any

import napari.viewer
from qtpy.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_slitseg.core.checkpoint import CheckpointInfo
from napari_slitseg.jobs import PredictJob
from napari_slitseg.pipelines.region import Part
from napari_slitseg.widgets import _predict_texts as texts
from napari_slitseg.widgets._cut import CutPart
from napari_slitseg.widgets._detector import DetectorPart
from napari_slitseg.widgets._device import DeviceCombo
from napari_slitseg.widgets._dock import Dock, Message, TaskBar, line, row, scrollable
from napari_slitseg.widgets._entry import ImageEntry, Status
from napari_slitseg.widgets._job_fields import description_of
from napari_slitseg.widgets._model_card import ModelChooser
from napari_slitseg.widgets._session import session_of
from napari_slitseg.widgets._settings import settings
from napari_slitseg.widgets._thread import Runner
from napari_slitseg.widgets._work import (
    ItemFailed,
    ItemPredicted,
    ItemStarted,
    PredictPlan,
    predict_all,
    window_around,
)


class PredictDock(Dock):
    """Model, device, threshold; predict one image, all, or around a click."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.session = session_of(viewer)
        self.workspace = self.session.workspace
        self.runner = Runner()
        self._progress = (0, 1)
        self._left_out = ""
        self._make_widgets()
        self._lay_out()
        self._connect()
        self._on_model(self.model.info, self.workspace.cut)
        self.refresh()

    def _make_widgets(self) -> None:
        chosen = settings()
        self.model = ModelChooser(chosen.model)
        self.model.combo.setToolTip(description_of(PredictJob, "model"))
        self.device = DeviceCombo(chosen.device)
        self.device.setToolTip(description_of(PredictJob, "device"))
        self.this = QPushButton("Predict this &image")
        self.this.setToolTip("Find membrane and slits in the image that is shown (Alt+I).")
        self.all = QPushButton("Predict &all")
        self.all.setToolTip("Predict every image of the list (Alt+A).")
        self.click = QCheckBox("Predict where I &click")
        self.click.setToolTip("Each click on the image predicts a window around it.")
        self.cut = CutPart()
        self.threshold, self.slider = self.cut.threshold, self.cut.slider
        self.distance = self.cut.distance
        self.detector = DetectorPart(self.workspace)
        self.count = QLabel()
        self.count.setWordWrap(True)
        self.tasks = TaskBar(self.runner)
        self.message = Message()
        self.message.say("")

    def _lay_out(self) -> None:
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.model)
        form = QFormLayout()
        form.addRow("Device", self.device)
        layout.addLayout(form)
        layout.addLayout(row(self.this, self.all, stretch=0))
        layout.addWidget(self.click)
        layout.addWidget(self.tasks)
        layout.addWidget(self.message)
        layout.addWidget(line())
        layout.addWidget(self.cut)
        layout.addWidget(self.count)
        layout.addWidget(self.detector)
        layout.addStretch()
        scrollable(self, content)

    def _connect(self) -> None:
        self.this.clicked.connect(self.predict_this)
        self.all.clicked.connect(self.predict_all)
        self.click.toggled.connect(self._on_click_mode)
        self.cut.changed.connect(self.workspace.set_cut)
        self.link(self.workspace.cut_changed, self.cut.show_cut)
        self.link(self.model.changed, self._on_model)
        self.link(self.workspace.entries_changed, self.refresh)
        self.link(self.workspace.entry_changed, self.refresh)
        self.link(self.workspace.current_changed, self.refresh)
        self.link(self.runner.busy_changed, self._on_busy)
        self.link(self.runner.event, self._on_event)
        self.link(self.runner.failed, self.message.warn)
        self.link(self.runner.cancelled, self._on_cancelled)

    # -- what a person does

    def predict_this(self) -> None:
        """Predict the current image, if it was read."""
        current = self.workspace.current
        if texts.can_predict(current):
            self._start([current])

    def predict_all(self) -> None:
        """Predict every image that was read; say how many were not."""
        entries = self.workspace.entries
        self._start(
            [e for e in entries if texts.can_predict(e)], left_out=texts.left_out_text(entries)
        )

    def predict_at(self, y: float, x: float) -> None:
        """Predict a window around a pixel of the current image."""
        current = self.workspace.current
        if current is None or self.model.info is None or self.workspace.blind is not None:
            return
        size = current.pixel_size_nm or self.model.info.pixel_size_nm
        region = window_around((y, x), current.shape, 1600 / size)
        if region is not None:
            self._start([current], region)

    def _start(
        self,
        entries: list[ImageEntry],
        region: tuple[slice, slice] | None = None,
        left_out: str = "",
    ) -> None:
        if self.model.info is None or not entries:
            self.message.warn(left_out if self.model.info else "Choose a model first.")
            return
        self._left_out = left_out
        self.detector.settle()
        plan = PredictPlan(
            images={e.key: self.workspace.opener(e.key) for e in entries},
            model=self.model.model,
            device=self.device.device,
            threshold=self.threshold.value(),
            min_distance_nm=self.distance.value(),
            detector=self.detector.detector,
            part=None if region is None else Part(region, entries[0].prediction),
        )
        work = partial(predict_all, plan, self.session.predictors)
        self.runner.start(work, f"Predict {len(entries)} images")

    # -- what follows

    def _on_model(
        self, info: CheckpointInfo | None, cut: tuple[float, float] | None = None
    ) -> None:
        """Take the model's own threshold and distance, or those that were chosen before."""
        if info is not None:
            threshold, distance = cut or (info.threshold, info.min_distance_nm)
            self.cut.setValue(threshold, distance)
        self.refresh()

    def _on_click_mode(self, on: bool) -> None:  # noqa: FBT001
        self.session.layers.clicks.listen(self.predict_at if on else None)
        self.message.say("Click on the image to predict around that spot." if on else "")

    def _on_busy(self, busy: bool) -> None:  # noqa: FBT001
        self.tasks.show_busy(busy)
        if not busy:
            self._settle_status()
        if busy:
            self.message.say(f"Loading the model…\n{self._left_out}".strip())
        self.refresh()

    def _on_event(self, event: Any) -> None:
        if isinstance(event, ItemStarted):
            if event.number == 0:
                self.message.say(self._left_out)
            self._progress = (event.number, event.total)
            self.workspace.set_status(event.key, Status.PREDICTING)
            self._show_progress(0)
        elif isinstance(event, ItemPredicted):
            self.workspace.set_prediction(event.key, event.prediction)
            self.message.add("\n".join(event.prediction.notices))
            self.message.add(texts.size_text(self.workspace, event.key))
        elif isinstance(event, ItemFailed):
            self.workspace.set_status(event.key, Status.FAILED, event.reason)
            self.message.add(event.reason, bad=True)
        elif getattr(event, "kind", "") == "progress" and event.total:
            self._show_progress(event.done / event.total)

    def _show_progress(self, part: float) -> None:
        number, total = self._progress
        text = "%p%" if total == 1 else f"Image {number + 1} of {total}"
        self.tasks.progress(number + part, total, text)

    def _on_cancelled(self) -> None:
        self.message.say("Cancelled. Images that were done keep their slits.")

    def _settle_status(self) -> None:
        """Images that were begun but not finished are as they were before."""
        for entry in self.workspace.entries:
            if entry.status is Status.PREDICTING:
                done = entry.prediction is not None
                self.workspace.set_status(entry.key, Status.PREDICTED if done else Status.READY)

    def refresh(self) -> None:
        """Show what can be done now and how many slits there are."""
        current = self.workspace.current
        is_blind = self.workspace.blind is not None
        if is_blind:
            self.message.say("Blinded reading: the model has a rest.")
        ready = self.model.info is not None and not self.runner.is_busy and not is_blind
        self.this.setEnabled(ready and texts.can_predict(current))
        self.all.setEnabled(ready and any(map(texts.can_predict, self.workspace.entries)))
        self.count.setText(texts.count_text(current))
