"""The card that tells, before a training begins, whether it can work and what it will cost."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.preflight_finding import Finding
from napari_slitseg.widgets import _preflight_words as words
from napari_slitseg.widgets._dock import Dock, Message, TaskBar
from napari_slitseg.widgets._finetune_fold import Fold
from napari_slitseg.widgets._thread import Runner
from napari_slitseg.widgets._workspace import Workspace

if TYPE_CHECKING:
    from napari_slitseg.pipelines.inputs import ShouldStop

_STALE: Final = "The form was changed since. Check again."
_COUNTED: Final = 200
"""Sets with more images than this are not read a second time to know the number of steps."""


@dataclass(frozen=True)
class Checked:
    """What was found about a job.

    Attributes
    ----------
    job : FinetuneJob
    findings : tuple of Finding
    steps : int or None
        Of an epoch, None where that is not known.
    """

    job: FinetuneJob
    findings: tuple[Finding, ...]
    steps: int | None


def check(job: FinetuneJob, should_stop: ShouldStop) -> Generator[Any, None, Checked]:
    """Look at everything that decides whether a training makes sense; nothing is changed."""
    from napari_slitseg.pipelines.preflight import preflight

    findings = yield from preflight(job, should_stop)
    steps = yield from _steps(job, findings, should_stop)
    return Checked(job, findings, steps)


def _steps(
    job: FinetuneJob, findings: Sequence[Finding], should_stop: ShouldStop
) -> Generator[Any, None, int | None]:
    from napari_slitseg.core.checkpoint import read_checkpoint_info
    from napari_slitseg.pipelines.dataset import collect, steps_per_epoch
    from napari_slitseg.pipelines.verdict import start_model

    if job.steps_per_epoch is not None or words.is_red(findings) or len(job.images) > _COUNTED:
        return job.steps_per_epoch
    try:
        model_nm = read_checkpoint_info(start_model(job.start)).pixel_size_nm
        data = yield from collect(job, should_stop)
    except (JobError, ValueError, OSError):
        return None
    return steps_per_epoch(job, data.train, model_nm)


class PreflightCard(Dock):
    """Findings, the worst first; those that are fine in one line.

    Attributes
    ----------
    changed : signal
        Whether a training may start has changed, or something was found.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        self.runner = Runner()
        self.checked: Checked | None = None
        self._job: FinetuneJob | None = None
        self.head = QLabel()
        self.head.setAccessibleName("Check")
        self.found, self.fine = _text(), _text()
        self.fold = Fold("Fine", self.fine, "What needs no attention.")
        self.tasks = TaskBar(self.runner)
        self.tasks.cancel.setToolTip("Stop the check.")
        self.message = Message()
        self.message.say("")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.head, self.tasks, self.found, self.fold, self.message):
            layout.addWidget(widget)
        self.link(self.runner.event, self._on_event)
        self.link(self.runner.finished, self._on_checked)
        self.link(self.runner.failed, self.message.warn)
        self.link(self.runner.busy_changed, self._on_busy)
        self.destroyed.connect(self.runner.cancel)
        self.refresh()

    @property
    def is_fresh(self) -> bool:
        """Whether what was found is about what the form says now."""
        return self.checked is not None and self.checked.job == self._job

    @property
    def may_start(self) -> bool:
        """Whether nothing is red, and the form is as it was checked."""
        held = self.checked
        return held is not None and self.is_fresh and not words.is_red(held.findings)

    def check(self, job: FinetuneJob) -> None:
        """Begin to look at a job, in a thread."""
        self._job, self.checked = job, None
        self.message.say("")
        self.runner.start(partial(check, job), "Check before training")
        self.refresh()

    def show_job(self, job: FinetuneJob | None) -> None:
        """Take what the form says now; None where something in it is wrong."""
        if job != self._job:
            self._job = job
            self.refresh()

    def refresh(self) -> None:
        """Show what was found, greyed where the form was changed since."""
        held = self.checked
        findings = () if held is None else held.findings
        told = words.worst_first(findings)
        fine = [each for each in told if each.status == "ok"]
        others = [each for each in told if each.status != "ok"]
        self.head.setText("" if held is None else f"<b>Check:</b> {words.summary(findings)}")
        self.found.setText("".join(f"<p>{words.rich_finding(each)}</p>" for each in others))
        self.fine.setText("".join(f"<p>{words.rich_finding(each)}</p>" for each in fine))
        self.fold.say(", ".join(each.title.lower() for each in fine))
        self.head.setVisible(held is not None)
        self.found.setVisible(bool(others))
        self.fold.setVisible(bool(fine))
        stale = held is not None and not self.is_fresh
        for widget in (self.found, self.fold):
            widget.setEnabled(not stale)
        if stale or self.message.text() == _STALE:
            self.message.say(_STALE if stale else "")
        self.changed.emit()

    def _on_busy(self, busy: bool) -> None:  # noqa: FBT001
        self.tasks.show_busy(busy)
        self.changed.emit()

    def _on_event(self, event: Any) -> None:
        if getattr(event, "kind", "") == "progress":
            self.tasks.progress(event.done, event.total or 0, event.message or "")

    def _on_checked(self, answer: Checked) -> None:
        self.checked = answer
        self.refresh()


def _text() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label
