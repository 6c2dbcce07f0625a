"""The part of a fine-tuning's form with everything that rarely needs a choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_slitseg.core.training.spec_augmentation import AUGMENTATIONS, augmentation_from_dict
from napari_slitseg.core.training.spec_optimiser import OPTIMISERS, optimiser_from_dict
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.widgets._finetune_fields import JobFields
from napari_slitseg.widgets._finetune_words import label_of
from napari_slitseg.widgets._job_fields import default_of, description_of
from napari_slitseg.widgets._spec_form import SpecForm
from napari_slitseg.widgets._spec_words import wrapped

GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Steps": (
            "steps_per_epoch",
            "accumulation",
            "clip_norm",
            "ema",
            "batch_norm",
            "freeze",
            "dot_radius_nm",
        ),
        "Which images train, choose and judge": (
            "validation_share",
            "test_share",
            "validation_images",
            "test_images",
            "split_by",
            "biopsies",
            "seed",
        ),
        "Files": ("annotations", "pixel_size_nm", "pixel_sizes", "page", "runs"),
        "Judging": (
            "keep_best_by",
            "patience",
            "tolerance_nm",
            "ignore_radius_nm",
            "preview_every",
            "track_losses",
        ),
        "Machine": ("precision", "threads", "devices", "nodes"),
    }
)
"""Settings of the job by heading, in the order of the form."""

_SPECS: Final = (
    ("optimiser", OPTIMISERS, optimiser_from_dict),
    ("augmentation", AUGMENTATIONS, augmentation_from_dict),
)


class MorePart(QWidget):
    """Optimiser, augmentation, and all other settings under headings."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, SpecForm] = {}
        self.groups = {title: JobFields(names) for title, names in GROUPS.items()}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for name, table, _ in _SPECS:
            form = self.forms[name] = SpecForm(table)
            form.choice.menu.setAccessibleName(name.capitalize())
            form.choice.edited.connect(self.edited)
            layout.addWidget(_heading(name.capitalize(), description_of(FinetuneJob, name)))
            layout.addWidget(form)
        for title, group in self.groups.items():
            group.edited.connect(self.edited)
            layout.addWidget(_heading(title, ""))
            layout.addWidget(group)

    def value(self) -> dict[str, Any]:
        """Return the settings by the names of the job; raises ValueError if one is wrong."""
        values: dict[str, Any] = {}
        for name, form in self.forms.items():
            try:
                values[name] = form.value().to_dict()
            except ValueError as error:
                raise ValueError(f"{name.capitalize()}: {error}") from error
        for group in self.groups.values():
            values.update(group.value())
        return values

    def setValue(self, job: FinetuneJob) -> None:
        """Show the settings of a job."""
        for name, _, from_dict in _SPECS:
            self.forms[name].setValue(from_dict(getattr(job, name)))
        for group in self.groups.values():
            group.setValue({name: getattr(job, name) for name in group.fields})
        self.edited.emit()

    def mark(self, names: Sequence[str]) -> bool:
        """Frame the fields of these settings and no others; return whether any is here."""
        for group in self.groups.values():
            group.mark(names)
        return any(name in group.fields for group in self.groups.values() for name in names)

    def summary(self) -> str:
        """Return which settings are not as they are by default."""
        changed = [label_of(name) for group in self.groups.values() for name in group.changed()]
        changed += [name for name, form in self.forms.items() if _is_changed(name, form)]
        return ", ".join(name.lower() for name in changed)


def _is_changed(name: str, form: SpecForm) -> bool:
    if not form.is_valid():
        return True
    value, default = form.value(), default_of(FinetuneJob, name)
    return value.to_dict()["name"] != default or value != type(value)()


def _heading(title: str, tooltip: str) -> QLabel:
    label = QLabel(f"<b>{title}</b>")
    label.setContentsMargins(0, 6, 0, 0)
    label.setToolTip(wrapped(tooltip) if tooltip else "")
    return label
