"""The form of a fine-tuning: fields in, a job out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_slitseg.jobs import FinetuneJob, explain
from napari_slitseg.pipelines.runs.folder import runs_folder
from napari_slitseg.pipelines.runs.sizes import keep_pixel_sizes
from napari_slitseg.widgets._device import DeviceCombo
from napari_slitseg.widgets._finetune_fields import JobFields
from napari_slitseg.widgets._finetune_fold import Fold
from napari_slitseg.widgets._finetune_images import ImagesPart
from napari_slitseg.widgets._finetune_losses import LossesPart
from napari_slitseg.widgets._finetune_more import MorePart
from napari_slitseg.widgets._finetune_schedule import SchedulePart
from napari_slitseg.widgets._finetune_start import StartChooser
from napari_slitseg.widgets._finetune_words import label_of, with_labels
from napari_slitseg.widgets._spec_words import capital
from napari_slitseg.widgets._workspace import Workspace

MAIN: Final = ("epochs", "batch", "patch_px", "device", "name")
_ASSUMED_STEPS: Final = 50


class DeviceField(DeviceCombo):
    """The menu of devices as a field of the job."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__("auto")
        self.currentIndexChanged.connect(lambda _: self.edited.emit())

    def value(self) -> str:
        """Return the chosen device."""
        return self.device

    def setValue(self, device: str) -> None:
        """Show a device, also one that this machine lacks."""
        if self.findText(device) < 0:
            self.addItem(device)
        self.setCurrentText(device)

    def mark(self, *, wrong: bool) -> None:
        """Do nothing: whether it is there is found out by the check."""

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        return [self]


class FinetuneForm(QWidget):
    """Everything that a fine-tuning can be told.

    Attributes
    ----------
    edited : signal
        Something was changed.
    """

    edited = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.images = ImagesPart(workspace)
        self.start = StartChooser()
        self.losses, self.schedule, self.more = LossesPart(), SchedulePart(), MorePart()
        self.main = JobFields(MAIN, {"device": DeviceField})
        self.folds = {
            "losses": Fold("Lo&ss", self.losses, "What is minimised, for each head of the model."),
            "schedule": Fold("Learning &rate", self.schedule, "How far each step goes."),
            "more": Fold("&More", self.more, "Everything else, with its usual values."),
        }
        self._steps: tuple[int, bool] = (_ASSUMED_STEPS, False)
        self._is_setting = False
        self._lay_out()
        self._connect()
        self._show(FinetuneJob(images=(Path(),)))

    def value(self) -> FinetuneJob:
        """Return the job.

        Raises
        ------
        ValueError
            If something is wrong or missing; the message says what and what to do.
        """
        values = self._values()
        try:
            return FinetuneJob(**values)
        except ValidationError as error:
            raise ValueError(_in_labels(explain(error))) from error

    def setValue(self, job: FinetuneJob) -> None:
        """Show a job."""
        self.images.setValue(job.images)
        self._show(job)

    def _show(self, job: FinetuneJob) -> None:
        """Show all of a job but its images."""
        self._is_setting = True
        try:
            self.start.setValue(job.start)
            self.losses.setValue(job)
            self.schedule.setValue(job.schedule)
            self.main.setValue(job.model_dump())
            self.more.setValue(job)
        finally:
            self._is_setting = False
            self._on_edited()

    def error(self) -> str:
        """Return what is wrong, in sentences, and frame its fields; empty for nothing."""
        told, wrong = "", list[str]()
        try:
            self.value()
        except ValueError as error:
            told, wrong = str(error), _names_in(error.__cause__)
        self.main.mark(wrong)
        for name, part in (("losses", self.losses), ("more", self.more)):
            if part.mark(wrong):
                self.folds[name].mark_wrong()
        return told

    def know_steps(self, per_epoch: int | None) -> None:
        """Take how many steps an epoch has, as the check found; None while it is not known."""
        self._steps = (per_epoch or _ASSUMED_STEPS, per_epoch is not None)
        self._show_steps()

    def _values(self) -> dict[str, Any]:
        found = {
            **self.main.value(),
            **self.more.value(),
            **self.losses.value(),
            "schedule": self.schedule.value(),
            "start": self.start.model,
        }
        images = self.images.value()
        if "pixel_size_nm" in images:
            found["pixel_size_nm"] = found["pixel_size_nm"] or images["pixel_size_nm"]
        if "pixel_sizes" in images and found["pixel_sizes"] is None:
            home = found["runs"] or runs_folder()
            found["pixel_sizes"] = keep_pixel_sizes(Path(home), images["pixel_sizes"])
        if not found["start"]:
            raise ValueError("Choose a model to start from.")
        return {**found, "images": images["images"]}

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.images)
        label = QLabel("Start fr&om")
        label.setBuddy(self.start.combo)
        layout.addWidget(label)
        layout.addWidget(self.start)
        layout.addWidget(self.folds["losses"])
        layout.addWidget(self.folds["schedule"])
        layout.addWidget(self.main)
        layout.addWidget(self.folds["more"])

    def _connect(self) -> None:
        for part in (self.images, self.losses, self.schedule, self.main, self.more):
            part.edited.connect(self._on_edited)
        self.start.changed.connect(self._on_started_from)

    def _on_started_from(self, _: object) -> None:
        self._on_edited()

    def _on_edited(self) -> None:
        if self._is_setting:
            return
        for name, part in (
            ("losses", self.losses),
            ("schedule", self.schedule),
            ("more", self.more),
        ):
            _tell(self.folds[name], part.summary, part.value)
        self._show_steps()
        self.edited.emit()

    def _show_steps(self) -> None:
        try:
            epochs = int(self.main.value()["epochs"])
            given = self.more.groups["Steps"].value()["steps_per_epoch"]
        except ValueError:
            return
        known, is_exact = (given, True) if given else self._steps
        self.schedule.show_steps(max(epochs, 1), max(known, 1), is_exact=is_exact)


def _tell(fold: Fold, summary: Callable[[], str], value: Callable[[], Any]) -> None:
    try:
        value()
        fold.say(summary())
    except ValueError:
        fold.mark_wrong()


def _names_in(error: BaseException | None) -> list[str]:
    """Return the settings that an error of the job is about."""
    told = error.errors() if isinstance(error, ValidationError) else []
    return [str(each["loc"][0]) for each in told if each["loc"]]


def _in_labels(text: str) -> str:
    """Put the labels of fields in the place of their names at the beginning of lines."""
    lines = []
    for line in text.split("\n"):
        name, colon, rest = line.partition(": ")
        known: Mapping[str, Any] = FinetuneJob.model_fields
        label = label_of(name) if name in known else name
        lines.append(f"{label}{colon}{capital(rest)}" if colon else capital(line))
    return with_labels("\n".join(lines))
