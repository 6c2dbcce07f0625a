"""Fields for single settings of a job, from the job's own descriptions and limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, Final, get_args, get_origin

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_slitseg.core.spec_settings import Setting
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.widgets._finetune_typed import NamesField, PathField, TextField
from napari_slitseg.widgets._finetune_words import label_of, with_labels
from napari_slitseg.widgets._spec_fields import Caption, Field, NumberEdit, simple_field
from napari_slitseg.widgets._spec_words import FieldInfo

_SIGNS: Final[Mapping[str, str]] = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
_UNITS: Final = ("px", "nm")
_UNSET: Final[Mapping[str, str]] = {
    "steps_per_epoch": "automatic",
    "threads": "all cores",
    "patience": "never stops early",
    "pixel_size_nm": "as files say",
}


def info_of(name: str) -> FieldInfo:
    """Return what a field needs to know of a setting of the job."""
    field = FinetuneJob.model_fields[name]
    hint: Any = field.annotation
    optional = NoneType in get_args(hint)
    if optional:
        hint = next(each for each in get_args(hint) if each is not NoneType)
    unit = name.rpartition("_")[2]
    found = Setting(
        name=name,
        default=field.default,
        unit=unit if unit in _UNITS else "",
        limits=_limits(field.metadata),
        description=with_labels(field.description or ""),
    )
    return FieldInfo(setting=found, hint=hint, default=field.default, optional=optional)


def _limits(metadata: Sequence[Any]) -> str:
    told = [(sign, getattr(rule, key, None)) for rule in metadata for key, sign in _SIGNS.items()]
    return ", ".join(f"{sign} {limit:g}" for sign, limit in told if limit is not None)


def field_of(info: FieldInfo) -> Field:
    """Return the field of a setting of the job."""
    field: Any
    if get_origin(info.hint) is tuple and get_args(info.hint)[0] is not Path:
        field = NamesField("none, or names with commas")
    elif info.element is Path:
        field = PathField(info)
    elif info.hint is str:
        field = TextField("automatic")
    else:
        field = simple_field(info)
        if info.optional and isinstance(field, NumberEdit):
            field.setPlaceholderText(_UNSET.get(info.setting.name, "none"))
        return field
    field.setToolTip(info.tooltip)
    field.setAccessibleName(info.label)
    field.setAccessibleDescription(info.setting.description)
    result: Field = field
    return result


class JobFields(QWidget):
    """Some settings of the job below each other.

    Parameters
    ----------
    names : sequence of str
        Which ones, in order.
    make : mapping, optional
        Functions that make a field of its own kind, by name.
    """

    edited = Signal()

    def __init__(
        self, names: Sequence[str], make: Mapping[str, Callable[[], Field]] | None = None
    ) -> None:
        super().__init__()
        made = make or {}
        self.infos = {name: info_of(name) for name in names}
        self.fields: dict[str, Any] = {
            name: made[name]() if name in made else field_of(info)
            for name, info in self.infos.items()
        }
        self.captions: dict[str, Caption] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        for at, name in enumerate(names):
            self._add_row(grid, at, name)
        self.setValue({name: info.default for name, info in self.infos.items()})
        for field in self.fields.values():
            field.edited.connect(self._on_edited)

    def value(self) -> dict[str, Any]:
        """Return the values by name.

        Raises
        ------
        ValueError
            If something that was typed is no value; the message names the field.
        """
        values = {}
        for name, field in self.fields.items():
            try:
                values[name] = field.value()
            except ValueError as error:
                raise ValueError(f"{label_of(name)}: {error}") from error
        return values

    def setValue(self, values: Mapping[str, Any]) -> None:
        """Show values of these settings; others stay."""
        for name in self.fields.keys() & values.keys():
            self.fields[name].setValue(values[name])
        self._show_changes()

    def mark(self, names: Sequence[str]) -> None:
        """Frame the fields of these settings and no others."""
        for name, field in self.fields.items():
            field.mark(wrong=name in names or not _can_read(field))

    def changed(self) -> list[str]:
        """Return the names of the settings that are not as they are by default."""
        return [
            name
            for name, info in self.infos.items()
            if not _can_read(self.fields[name]) or self.fields[name].value() != info.default
        ]

    def _add_row(self, grid: QGridLayout, at: int, name: str) -> None:
        info, field = self.infos[name], self.fields[name]
        caption = self.captions[name] = Caption(info)
        caption.setText(label_of(name))
        caption.setBuddy(field)
        field.setAccessibleName(f"{label_of(name)} {info.setting.unit}".rstrip())
        grid.addWidget(caption, at, 0)
        grid.addWidget(field, at, 1)
        if info.setting.unit:
            grid.addWidget(QLabel(info.setting.unit), at, 2)

    def _on_edited(self) -> None:
        self._show_changes()
        self.edited.emit()

    def _show_changes(self) -> None:
        changed = self.changed()
        for name, caption in self.captions.items():
            caption.show_changed(changed=name in changed)


def _can_read(field: Any) -> bool:
    try:
        field.value()
    except ValueError:
        return False
    return True
