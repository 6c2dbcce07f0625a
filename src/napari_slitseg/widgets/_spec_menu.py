"""Menus of specs and of their presets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QMenu, QPushButton, QSizePolicy

from napari_slitseg.core.spec import Spec
from napari_slitseg.widgets._spec_fields import QuietCombo
from napari_slitseg.widgets._spec_words import capital, in_words, title_of, value_text, wrapped

_RECOMMENDED: Final = "recommended"
_STAR: Final = "★ "
_LOOK: Final = (
    "QPushButton { padding: 3px 8px; } QPushButton::menu-indicator { image: none; width: 0px; }"
)


class SpecMenu(QuietCombo):
    """Specs by title: the recommended ones first, then family by family."""

    def __init__(self, specs: Mapping[str, type[Spec]]) -> None:
        super().__init__()
        families: dict[str, list[str]] = {}
        for name, spec in sorted(specs.items(), key=lambda each: not _is_recommended(each[1])):
            families.setdefault(_family(spec), []).append(name)
        for family, names in families.items():
            self._add_heading(family)
            for name in names:
                self._add(name, specs[name])
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 24)
        self.choose(next(iter(specs)))

    def choose(self, name: str) -> None:
        """Show the spec of this name."""
        self.setCurrentIndex(self.findData(name))

    def _add_heading(self, family: str) -> None:
        if family:
            self.addItem(capital(family))
            self.model().item(self.count() - 1).setFlags(Qt.ItemFlag.NoItemFlags)

    def _add(self, name: str, spec: type[Spec]) -> None:
        star = _STAR if _is_recommended(spec) else ""
        self.addItem(star + title_of(spec), name)
        about = getattr(spec, "about", None)
        if about is not None:
            tip = wrapped(about.use_when, f"Source: {about.source}")
            self.setItemData(self.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)


class PresetButton(QPushButton):
    """Menu of the presets of a spec; `picked(name)` tells which was chosen."""

    picked = Signal(str)

    def __init__(self, presets: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__("Presets ▾")
        self.values = presets
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setStyleSheet(_LOOK)
        self.setToolTip("Values that belong together, such as those of one publication.")
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for name, values in presets.items():
            action = menu.addAction(capital(in_words(name)))
            action.setData(name)
            action.setToolTip(wrapped(*(_told(key, value) for key, value in values.items())))
        menu.triggered.connect(lambda action: self.picked.emit(action.data()))
        self.setMenu(menu)
        self.setVisible(bool(presets))


def _told(key: str, value: Any) -> str:
    return f"{capital(in_words(key))}: {value_text(value)}"


def _is_recommended(spec: type[Spec]) -> bool:
    return bool(getattr(getattr(spec, "about", None), "recommended", False))


def _family(spec: type[Spec]) -> str:
    if _is_recommended(spec):
        return _RECOMMENDED
    return str(getattr(getattr(spec, "about", None), "family", ""))
