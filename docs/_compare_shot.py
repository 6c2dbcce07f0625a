"""Pictures of runs side by side in the Fine-tune dock, from two short trainings.

Run with ``tools/virtual_display.sh .venv/bin/python docs/_compare_shot.py``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from _finetune_pictures import _make_images

_WINDOW: Final = (1340, 900)
_DOCK_PX: Final = 400
_N_IMAGES: Final = 14
_PATIENCE_S: Final = 60.0
_RUNS: Final = {
    "usual-losses": {"track_losses": ("dice", "focal", "bce")},
    "dice-alone": {"slit_loss": "dice"},
}


def main() -> int:
    """Train twice in a home folder of its own and save the pictures; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="slitseg-") as home:
        os.environ.update(HOME=home, USERPROFILE=home, SLITSEG_STATE=f"{home}/state")
        images = Path(home) / "inverted"
        _make_images(images, _N_IMAGES, inverted=True)
        for name, change in _RUNS.items():
            _train(images, name, change)
        return _take(Path(__file__).parent)


def _train(images: Path, name: str, change: dict[str, Any]) -> None:
    from napari_slitseg.events import Finished
    from napari_slitseg.jobs import FinetuneJob
    from napari_slitseg.pipelines.finetune import finetune
    from napari_slitseg.pipelines.runs.folder import new_run
    from napari_slitseg.pipelines.runs.json_lines import line_of

    quick = {"epochs": 5, "steps_per_epoch": 8, "patch_px": 128, "test_share": 0.5}
    folder = new_run(FinetuneJob(images=(images,), name=name, device="cpu", **quick, **change))
    with folder.events.open("wb") as file:
        for event in finetune(folder, lambda: "go"):
            file.write(line_of(event) + b"\n")
            if isinstance(event, Finished) and event.reason != "done":
                raise RuntimeError(event.message)


def _take(out: Path) -> int:
    """Save what the dock shows of two runs, and of all losses of one."""
    import napari
    from qtpy.QtCore import Qt

    from napari_slitseg.widgets.demo import wait_until
    from napari_slitseg.widgets.open_workspace import inner

    viewer = napari.Viewer(title="SlitSeg", show_welcome_screen=False)
    viewer.window.resize(*_WINDOW)
    dock: Any = inner(viewer, "Fine-tune")
    around = dock.parentWidget()
    dock.window().resizeDocks([around], [_DOCK_PX], Qt.Orientation.Horizontal)
    home, is_done = Path.home() / "slitseg-runs", True
    for file, names in (("finetune_compare", list(_RUNS)), ("finetune_losses", list(_RUNS)[:1])):
        dock.show_comparison([home / name for name in names])
        is_done &= wait_until(lambda: dock.compare.found is not None, _PATIENCE_S)
        wait_until(lambda: False, 1)
        for theme in ("light", "dark"):
            viewer.theme = theme
            _snap(out / f"{file}_{theme}.png", dock)
    viewer.close()
    return 0 if is_done else 1


def _snap(path: Path, dock: Any) -> None:
    """Save the dock, with as few colours as it needs."""
    from PIL import Image

    from napari_slitseg.widgets.demo import wait_until

    wait_until(lambda: False, 1)
    dock.grab().save(str(path))
    shot = Image.open(path).convert("RGB")
    shot.quantize(200, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
