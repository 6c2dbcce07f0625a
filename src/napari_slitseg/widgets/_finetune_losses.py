"""The part of a fine-tuning's form that says what is minimised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_slitseg.core.curriculum.presets import CURRICULA
from napari_slitseg.core.losses import LOSSES, loss_from_dict
from napari_slitseg.core.losses.spec import LossSpec
from napari_slitseg.core.losses.spec_combine import WeightedSum
from napari_slitseg.core.spec import Spec
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.widgets._dock import line
from napari_slitseg.widgets._evidence import EvidenceButton
from napari_slitseg.widgets._finetune_fields import JobFields
from napari_slitseg.widgets._finetune_formula import rich_formula
from napari_slitseg.widgets._job_fields import description_of
from napari_slitseg.widgets._spec_fields import QuietCombo
from napari_slitseg.widgets._spec_form import SpecForm
from napari_slitseg.widgets._spec_words import title_of, wrapped

_ONE_EACH: Final = "One loss for each head"
_OTHER: Final = "Stages of the other run"
_HEADS: Final = {"membrane": "Membrane", "slit": "Slits"}


def loss_words(loss: LossSpec) -> str:
    """Return a loss in a few words: "Dice + One-to-one matching, balanced"."""
    if not isinstance(loss, WeightedSum):
        return title_of(type(loss))
    terms = " + ".join(title_of(type(term.loss)) for term in loss.terms)
    return f"{terms}, balanced" if loss.balance == "grad_ema" else terms


def formula_label() -> QLabel:
    """Return a line for a formula, as wide as the dock."""
    label = QLabel()
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    label.setAccessibleName("Formula")
    return label


def show_formula(label: QLabel, spec: Spec) -> None:
    """Show the formula of a spec."""
    about: Any = getattr(type(spec), "about", None)
    label.setText(f"<i>{rich_formula(about.formula)}</i>")
    label.setToolTip(wrapped(f"Source: {about.source}"))


class HeadPart(QWidget):
    """The loss of one head, with its formula and its weight."""

    edited = Signal()

    def __init__(self, head: str) -> None:
        super().__init__()
        self.head = head
        self.form = SpecForm(LOSSES)
        self.form.choice.menu.setAccessibleName(f"Loss of the {head}")
        self.weight = JobFields([f"{head}_weight"])
        self.formula = formula_label()
        title = QLabel(f"<b>{_HEADS[head]}</b>")
        title.setToolTip(wrapped(description_of(FinetuneJob, f"{head}_loss")))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (title, self.formula, self.form, self.weight):
            layout.addWidget(widget)
        self.form.choice.edited.connect(self._on_edited)
        self.weight.edited.connect(self.edited)
        show_formula(self.formula, self.form.value())

    def value(self) -> dict[str, Any]:
        """Return loss and weight by the names of the job; raises ValueError if one is wrong."""
        try:
            loss = self.form.value().to_dict()
        except ValueError as error:
            raise ValueError(f"{_HEADS[self.head]}: {error}") from error
        return {f"{self.head}_loss": loss, **self.weight.value()}

    def setValue(self, values: Mapping[str, Any]) -> None:
        """Show loss and weight of a job."""
        self.form.setValue(loss_from_dict(values[f"{self.head}_loss"]))
        self.weight.setValue(values)
        self._on_edited()

    def words(self) -> str:
        """Return the loss in a few words."""
        loss: Any = self.form.value()
        return loss_words(loss) if self.weight.value()[f"{self.head}_weight"] else "none"

    def _on_edited(self) -> None:
        if self.form.is_valid():
            show_formula(self.formula, self.form.value())
        self.edited.emit()


class LossesPart(QWidget):
    """One loss for each head, or stages of losses by name."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.menu = QuietCombo()
        self.menu.setAccessibleName("Stages of losses")
        self.menu.addItem(_ONE_EACH, None)
        for name, preset in CURRICULA.items():
            self.menu.addItem(preset.title, name)
            tip = wrapped(f"Use when: {preset.use_when}", f"Source: {preset.source}")
            self.menu.setItemData(self.menu.count() - 1, tip, 3)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.heads = {head: HeadPart(head) for head in _HEADS}
        self.evidence = EvidenceButton("Why Dice + one-to-one matching?", "losses")
        self._other: dict[str, Any] = {}
        self._lay_out()
        self.menu.currentIndexChanged.connect(self._on_menu)
        for part in self.heads.values():
            part.edited.connect(self.edited)
        self._on_menu()

    def value(self) -> dict[str, Any]:
        """Return the settings by the names of the job; raises ValueError if one is wrong."""
        name = self.menu.currentData()
        if name is None:
            return {
                "curriculum": None,
                **self.heads["membrane"].value(),
                **self.heads["slit"].value(),
            }
        return {"curriculum": self._other if name == _OTHER else name}

    def setValue(self, job: FinetuneJob) -> None:
        """Show the losses of a job."""
        for part in self.heads.values():
            part.setValue(job.model_dump())
        names = [n for n, p in CURRICULA.items() if p.curriculum.to_dict() == job.curriculum]
        if job.curriculum is not None and not names:
            self._other, names = job.curriculum, [_OTHER]
            if self.menu.findData(_OTHER) < 0:
                self.menu.addItem(_OTHER, _OTHER)
        self.menu.setCurrentIndex(self.menu.findData(names[0]) if names else 0)
        self.edited.emit()

    def mark(self, names: Sequence[str]) -> bool:
        """Frame the fields of these settings and no others; return whether any is here."""
        weights = [part.weight for part in self.heads.values()]
        for weight in weights:
            weight.mark(names)
        return any(name in weight.fields for weight in weights for name in names)

    def summary(self) -> str:
        """Return what is chosen in a line; raises ValueError if something is wrong."""
        if self.menu.currentData() is not None:
            return str(self.menu.currentText())
        self.value()
        slit, membrane = self.heads["slit"].words(), self.heads["membrane"].words()
        return slit if slit == membrane else f"{slit}; membrane: {membrane}"

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        form = QFormLayout()
        form.addRow("St&ages", self.menu)
        layout.addLayout(form)
        layout.addWidget(self.note)
        self.each = QWidget()
        inner = QVBoxLayout(self.each)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.heads["slit"])
        inner.addWidget(self.evidence)
        inner.addWidget(line())
        inner.addWidget(self.heads["membrane"])
        layout.addWidget(self.each)

    def _on_menu(self) -> None:
        preset = CURRICULA.get(self.menu.currentData() or "")
        self.note.setText(f"Use when: {preset.use_when}" if preset else "")
        self.note.setVisible(preset is not None)
        self.each.setVisible(self.menu.currentData() is None)
        self.edited.emit()
