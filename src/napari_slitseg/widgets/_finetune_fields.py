"""Fields for single settings of a job, from the job's own descriptions and limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, Final, get_args, get_origin

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QGridLayout, QLabel, QLineEdit, QWidget

from napari_slitseg.core.spec_settings import Setting
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.widgets._dock import row
from napari_slitseg.widgets._spec_fields import Caption, Field, simple_field, small_button
from napari_slitseg.widgets._spec_words import FieldInfo

_SIGNS: Final[Mapping[str, str]] = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
_UNITS: Final = ("px", "nm")
_FOLDERS: Final = frozenset({"annotations", "runs"})
_LABELS: Final[Mapping[str, str]] = {
    "ema": "Mean of weights",
    "clip_norm": "Longest gradient",
    "devices": "Devices",
    "page": "Page, from 0",
    "track_losses": "Also note",
    "preview_every": "Preview every",
    "batch_norm": "Batch statistics",
    "runs": "Folder of runs",
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
        description=(field.description or "").replace("--test-share", "test share"),
    )
    return FieldInfo(setting=found, hint=hint, default=field.default, optional=optional)


def _limits(metadata: Sequence[Any]) -> str:
    told = [(sign, getattr(rule, key, None)) for rule in metadata for key, sign in _SIGNS.items()]
    return ", ".join(f"{sign} {limit:g}" for sign, limit in told if limit is not None)


class TextField(QLineEdit):
    """A text; empty where nothing was typed."""

    edited = Signal()

    def __init__(self, placeholder: str = "") -> None:
        super().__init__()
        self.setPlaceholderText(placeholder)
        self.textChanged.connect(self.edited)

    def value(self) -> Any:
        """Return the text."""
        return self.text().strip()

    def setValue(self, value: Any) -> None:
        """Show a text."""
        self.setText(str(value or ""))
        self.setCursorPosition(0)

    def mark(self, *, wrong: bool) -> None:
        """Do nothing: any text is a text."""

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        return [self]


class NamesField(TextField):
    """Several names with commas between them."""

    def value(self) -> tuple[str, ...]:
        """Return the names."""
        return tuple(each.strip() for each in self.text().split(",") if each.strip())

    def setValue(self, value: Sequence[str]) -> None:
        """Show names."""
        super().setValue(", ".join(value))


class PathField(QWidget):
    """A file or folder, or several files, typed or chosen; empty is none."""

    edited = Signal()

    def __init__(self, info: FieldInfo) -> None:
        super().__init__()
        self.info = info
        self.line = TextField("none" if info.is_tuple else "automatic")
        self.browse = small_button("…", "Choose.")
        self.browse.setAccessibleName(f"Choose {info.label.lower()}")
        self.browse.clicked.connect(self._choose)
        self.line.edited.connect(self.edited)
        self.setLayout(row(self.line, self.browse, stretch=0))
        self.setFocusProxy(self.line)

    def value(self) -> Any:
        """Return the path, or None; several where there may be several."""
        parts = [Path(each.strip()) for each in self.line.text().split(";") if each.strip()]
        if self.info.is_tuple:
            return tuple(parts)
        return parts[0] if parts else None

    def setValue(self, value: Any) -> None:
        """Show a path, several, or none."""
        paths = value if isinstance(value, tuple) else filter(None, (value,))
        self.line.setValue("; ".join(map(str, paths)))

    def setAccessibleName(self, name: str) -> None:
        """Qt: name the line."""
        self.line.setAccessibleName(name)

    def setAccessibleDescription(self, text: str) -> None:
        """Qt: describe the line."""
        self.line.setAccessibleDescription(text)

    def mark(self, *, wrong: bool) -> None:
        """Do nothing: whether it is there is found out by the check."""

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        return [self.line, self.browse]

    def _choose(self) -> None:
        title = self.info.label
        if self.info.is_tuple:
            self.line.setValue("; ".join(QFileDialog.getOpenFileNames(self, title)[0]))
        elif self.info.setting.name in _FOLDERS:
            self._take(QFileDialog.getExistingDirectory(self, title))
        else:
            self._take(QFileDialog.getOpenFileName(self, title, "", "Tables (*.csv)")[0])

    def _take(self, name: str) -> None:
        if name:
            self.line.setValue(name)


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
        return simple_field(info)
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
                raise ValueError(f"{self.label(name)}: {error}") from error
        return values

    def setValue(self, values: Mapping[str, Any]) -> None:
        """Show values of these settings; others stay."""
        for name in self.fields.keys() & values.keys():
            self.fields[name].setValue(values[name])
        self._show_changes()

    def label(self, name: str) -> str:
        """Return what a setting is called."""
        return _LABELS.get(name, self.infos[name].label)

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
        caption.setText(self.label(name))
        caption.setBuddy(field)
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
