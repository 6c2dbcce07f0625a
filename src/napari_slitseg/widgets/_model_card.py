"""Choose a model and read its card."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any, Final

from psygnal import Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_slitseg.core.bundled import bundled_models, resolve_model
from napari_slitseg.core.checkpoint import CheckpointError, CheckpointInfo, read_checkpoint_info

_CHOOSE: Final = "Choose a file…"
_SETS: Final = {
    "simulated_test": "simulated test images",
    "real_held_out": "held-out real image",
    "real_left_out": "real images, by models trained without them",
}


class ModelChooser(QWidget):
    """Bundled models and checkpoints from files; `changed(info or None)` tells which."""

    changed = Signal(object)

    def __init__(self, model: str) -> None:
        super().__init__()
        self.combo = QComboBox()
        self.combo.setAccessibleName("Model")
        self.combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.card = QLabel()
        self.card.setWordWrap(True)
        self.card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.info: CheckpointInfo | None = None
        self._chosen = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.combo)
        layout.addWidget(self.card)
        for name in bundled_models():
            self.combo.addItem(name, name)
        self.combo.addItem(_CHOOSE, None)
        self._select(model)
        self.combo.activated.connect(self._on_activated)

    @property
    def model(self) -> str:
        """Bundled name or path of the chosen model, "" when there is none."""
        return str(self.combo.currentData() or "")

    def choose(self, model: str) -> None:
        """Choose a bundled model by name, or a checkpoint by path."""
        self._select(model)
        self.changed.emit(self.info)

    def _select(self, model: str) -> None:
        row = self.combo.findData(model)
        if row < 0 and Path(model).expanduser().is_file():
            row = 0
            self.combo.insertItem(row, Path(model).name, model)
        self.combo.setCurrentIndex(max(row, 0))
        self._read()

    def _on_activated(self) -> None:
        if self.combo.currentData() is None:
            name, _ = QFileDialog.getOpenFileName(
                self, "Open a model", "", "Models (*.safetensors)"
            )
            self._select(name or self._chosen)
        else:
            self._read()
        self.changed.emit(self.info)

    def _read(self) -> None:
        self.info, self._chosen = None, self.model
        if not self.model:
            self.card.setText("No model chosen. Pick a .safetensors file.")
            return
        try:
            self.info = read_checkpoint_info(resolve_model(self.model))
        except CheckpointError as error:
            self.card.setText(f"⚠ {escape(str(error))}")
            return
        self.card.setText(card_text(self.info))
        self.card.setToolTip(f"{_about(self.info)}\n\nWeights {self.info.sha256[:16]}…")


def card_text(info: CheckpointInfo) -> str:
    """Return a model's card as short rich text."""
    about = escape(_about(info).split(". ")[0].rstrip("."))
    lines = [
        f"<b>{escape(info.name)}</b>",
        f"{escape(info.spec.about.title)}, width {info.spec.width:g}, "
        f"trained at {info.pixel_size_nm:g} nm/px",
        *(_score_line(name, info.card) for name in _SETS),
        f"<small>{about}.</small>",
    ]
    return "<br>".join(line for line in lines if line)


def _about(info: CheckpointInfo) -> str:
    return str(info.card.get("about", "No description"))


def _score_line(name: str, card: dict[str, Any]) -> str:
    """F1 on one set of images, "" if the card does not tell."""
    scores = card.get("scores", {})
    figures = scores.get(name) if isinstance(scores, dict) else None
    if not isinstance(figures, dict) or "f1" not in figures:
        return ""
    tolerance = scores.get("tolerance_nm", 50)
    return f"F1 {figures['f1']:.2f} at {tolerance:g} nm on {_SETS[name]}"
