"""The settings of one spec, a field each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_slitseg.core.spec import Spec
from napari_slitseg.widgets._dock import row
from napari_slitseg.widgets._spec_fields import Caption, Field, small_button
from napari_slitseg.widgets._spec_menu import PresetButton
from napari_slitseg.widgets._spec_words import FieldInfo, error_text, infos_of, names_in


class SpecPage(QWidget):
    """Fields for the settings of one spec.

    Parameters
    ----------
    spec : type of Spec
        Whose settings.
    make_field : callable
        Returns the field of a setting.
    tools : bool
        Whether there are presets, and a button for the defaults.
    """

    edited = Signal()

    def __init__(
        self, spec: type[Spec], make_field: Callable[[FieldInfo], Field], *, tools: bool
    ) -> None:
        super().__init__()
        self.spec = spec
        self.infos = {each.setting.name: each for each in infos_of(spec)}
        self.fields: Mapping[str, Field] = {
            name: make_field(info) for name, info in self.infos.items()
        }
        self.captions: dict[str, Any] = {}
        self.presets = PresetButton(getattr(spec, "presets", {}))
        self.defaults = small_button("Defaults", "Give every setting of this choice its default.")
        self._has_tools = tools and bool(self.fields)
        self._is_setting = False
        self._lay_out()
        self.setValue(spec())
        for field in self.fields.values():
            field.edited.connect(self._on_edited)
        self.presets.picked.connect(self.use_preset)
        self.defaults.clicked.connect(self.reset)

    def value(self) -> Spec:
        """Return the spec with what is in the fields.

        Raises
        ------
        ValueError
            If a field holds no value, or the spec does not take it.
        """
        values, wrong = self._read()
        if wrong:
            raise ValueError(next(iter(wrong.values())))
        try:
            return self.spec(**values)
        except ValueError as error:
            raise ValueError(error_text(self.spec, error)) from error

    def setValue(self, spec: Spec) -> None:
        """Show a spec.

        Raises
        ------
        ValueError
            If it holds a spec that its field cannot show.
        """
        self._is_setting = True
        try:
            for name, value in spec.settings().items():
                self.fields[name].setValue(value)
        finally:
            self._is_setting = False
            self._on_edited()

    def is_default(self) -> bool:
        """Whether every setting has its default."""
        values, _ = self._read()
        return all(values.get(name, self) == info.default for name, info in self.infos.items())

    def reset(self) -> None:
        """Give every setting its default."""
        self.setValue(self.spec())

    def use_preset(self, name: str) -> None:
        """Give every setting what a preset says, or its default."""
        self.setValue(self.spec(**self.presets.values[name]))

    def mark(self, *, wrong: bool) -> None:
        """Do nothing: the fields of this page are marked one by one."""

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        tools = [self.presets, self.defaults] if self._has_tools else []
        return tools + [stop for field in self.fields.values() for stop in field.stops()]

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        tools = QWidget(self)
        tools.setLayout(row(self.presets, self.defaults, QWidget(), stretch=2))
        tools.setVisible(self._has_tools)
        outer.addWidget(tools)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        outer.addLayout(grid)
        for name, field in self.fields.items():
            self._add_row(grid, self.infos[name], field)

    def _add_row(self, grid: QGridLayout, info: FieldInfo, field: Any) -> None:
        """Add a caption, the field and the unit; or what a field that is a form has of these."""
        at = grid.rowCount()
        columns = 3 if any(each.setting.unit for each in self.infos.values()) else 2
        caption = field.caption if info.is_spec else Caption(info)
        self.captions[info.setting.name] = caption
        if not info.is_spec:
            caption.setBuddy(field)
            grid.addWidget(caption, at, 0)
            grid.addWidget(field, at, 1)
            if info.setting.unit:
                grid.addWidget(QLabel(info.setting.unit), at, 2)
            return
        grid.addWidget(caption, at, 0)
        if field.head is not None:
            grid.addWidget(field.head, at, 1, 1, columns - 1)
        grid.addWidget(field, at + 1, 0, 1, columns)

    def _read(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the values of the fields, and what is wrong with the others."""
        values, wrong = {}, {}
        for name, field in self.fields.items():
            try:
                values[name] = field.value()
            except ValueError as error:
                wrong[name] = self._placed(self.infos[name], error)
        return values, wrong

    def _placed(self, info: FieldInfo, error: ValueError) -> str:
        """Say whose error it is, unless only one field can have such errors."""
        forms = [each for each in self.infos.values() if each.is_spec and not each.optional]
        return str(error) if forms == [info] else f"{info.label}: {error}"

    def _on_edited(self) -> None:
        if not self._is_setting:
            self._mark_all()
            self.edited.emit()

    def _mark_all(self) -> None:
        values, unread = self._read()
        wrong = unread or self._refused(values)
        for name, field in self.fields.items():
            field.mark(wrong=name in wrong)
            changed = name not in values or values[name] != self.infos[name].default
            self.captions[name].show_changed(changed=changed)
        self.defaults.setEnabled(not self.is_default())

    def _refused(self, values: Mapping[str, Any]) -> list[str]:
        try:
            self.spec(**values)
        except ValueError as error:
            return names_in(self.spec, error)
        return []
