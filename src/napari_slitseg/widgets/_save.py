"""Save edited annotations without ever overwriting a file unasked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget

from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._workspace import Workspace


def save_annotations(parent: QWidget, workspace: Workspace) -> str:
    """Write the edited annotations of all images; return what was done, for the person.

    A file that exists is overwritten only after the person agreed; one of another format (a mask,
    an ImageJ ROI) is never touched: a CSV is written beside it.
    """
    targets = {}
    for entry in workspace.entries:
        if entry.edited and (path := target_of(entry) or _ask_where(parent, entry)) is not None:
            targets[entry.key] = path
    existing = [path for path in targets.values() if path.exists()]
    if existing and not _may_overwrite(parent, existing):
        return "Nothing was saved."
    return _write(workspace, targets, write_points)


def target_of(entry: ImageEntry) -> Path | None:
    """Return where the annotation of an image belongs, None where the person has to say."""
    read_from = entry.annotation_path
    if read_from is not None and read_from.suffix.lower() == ".csv":
        return read_from
    if entry.path is None:
        return None
    page = f"_page{entry.page + 1}" if entry.page else ""
    return entry.path.with_name(f"{entry.path.stem}{page}_annotations.csv")


def _write(
    workspace: Workspace, targets: dict[int, Path], write: Callable[[Path, PointTable], None]
) -> str:
    saved, failed = [], []
    for key, path in targets.items():
        table = workspace.entry(key).annotation
        try:
            write(path, PointTable.empty() if table is None else table)
        except OSError as error:
            failed.append(f"{path.name} ({error.strerror or error})")
            continue
        workspace.update(key, edited=False, annotation_path=path)
        saved.append(path.name)
    lines = [f"Saved {', '.join(saved)}."] if saved else []
    if failed:
        lines.append(f"Not saved: {', '.join(failed)}. The annotations are still here.")
    return " ".join(lines) or "Nothing was saved."


def _ask_where(parent: QWidget, entry: ImageEntry) -> Path | None:
    name, _ = QFileDialog.getSaveFileName(
        parent,
        f"Save the annotations of {entry.name}",
        f"{entry.name}_annotations.csv",
        "Points (*.csv)",
        options=QFileDialog.Option.DontConfirmOverwrite,
    )
    return Path(name).with_suffix(".csv") if name else None


def _may_overwrite(parent: QWidget, paths: list[Path]) -> bool:
    names = "\n".join(str(path) for path in paths)
    answer = QMessageBox.question(
        parent,
        "Overwrite annotations?",
        f"These files exist and would be overwritten:\n\n{names}",
        QMessageBox.StandardButton.Save | QMessageBox.StandardButton.Cancel,
        QMessageBox.StandardButton.Cancel,
    )
    return bool(answer == QMessageBox.StandardButton.Save)
