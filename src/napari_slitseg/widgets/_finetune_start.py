"""Choose what a fine-tuning starts from: a model, or the best one of an earlier run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.widgets._job_fields import default_of, description_of
from napari_slitseg.widgets._model_card import ModelChooser

_PREFIX: Final = "Best of run "


class StartChooser(ModelChooser):
    """Bundled models, files, and the best models of earlier runs."""

    def __init__(self) -> None:
        super().__init__(default_of(FinetuneJob, "start"))
        self.combo.setAccessibleName("Start from")
        self.combo.setToolTip(description_of(FinetuneJob, "start"))
        self._runs: dict[str, Path] = {}

    def show_runs(self, best: Mapping[str, Path]) -> None:
        """Offer the best models of these runs, by the name of the run; the choice stays."""
        if best == self._runs:
            return
        chosen = self.model
        for path in self._runs.values():
            self.combo.removeItem(self.combo.findData(str(path)))
        self._runs = dict(best)
        for name, path in best.items():
            self.combo.insertItem(self.combo.count() - 1, _PREFIX + name, str(path))
        if chosen != self.model:
            self.choose(chosen)

    def choose(self, model: str) -> None:
        """Choose a model; one that is not there is shown as that, and never replaced."""
        is_offered = self.combo.findData(model) >= 0 or Path(model).expanduser().is_file()
        if model and not is_offered:
            self.combo.insertItem(0, f"{Path(model).name} (not there)", model)
        super().choose(model)

    def setValue(self, start: str) -> None:
        """Show what a job starts from; the folder of a run means its best model."""
        best = Path(start).expanduser() / "checkpoints" / "best.safetensors"
        self.choose(str(best) if best.is_file() else start)
