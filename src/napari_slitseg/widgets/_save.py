"""Save edited annotations without ever overwriting a file unasked."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget

from napari_slitseg.core.points import COLUMNS, PointTable, write_points
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._pairs import file_name, other_owner, refusal
from napari_slitseg.widgets._workspace import Workspace


def save_annotations(parent: QWidget, workspace: Workspace) -> str:
    """Write the edited annotations of all images; return what was done, for the person.

    A file that exists is overwritten only after the person agreed; one of another format (a mask,
    an ImageJ ROI) is never touched: a CSV is written beside it. No file is written for two images:
    the person is asked where the second goes.
    """
    targets, refused = _targets(parent, workspace)
    existing = [path for path in targets.values() if path.exists()]
    if existing and not _may_overwrite(parent, existing):
        return "Nothing was saved."
    return "\n".join([_write(workspace, targets, write_points), *refused])


def _targets(parent: QWidget, workspace: Workspace) -> tuple[dict[int, Path], list[str]]:
    """File of each edited image, none for two images, and what to say of those left out."""
    targets: dict[int, Path] = {}
    refused = []
    for entry in workspace.entries:
        if not entry.edited:
            continue
        path = target_of(entry)
        owner = other_owner(path, entry, workspace.entries, targets)
        if path is None or owner is not None:
            path = _ask_where(parent, entry) or path
            owner = other_owner(path, entry, workspace.entries, targets)
        if path is not None and owner is not None:
            refused.append(refusal(path, entry, owner))
        elif path is not None:
            targets[entry.key] = path
    return targets, refused


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
            write(path, PointTable.empty() if table is None else table.living)
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
        f"Save the annotations of {file_name(entry)}",
        f"{entry.name}_annotations.csv",
        "Points (*.csv)",
        options=QFileDialog.Option.DontConfirmOverwrite,
    )
    return Path(name).with_suffix(".csv") if name else None


def _may_overwrite(parent: QWidget, paths: list[Path]) -> bool:
    answer = QMessageBox.question(
        parent,
        "Overwrite annotations?",
        "These files exist and would be overwritten:\n\n" + "\n".join(map(_what_goes, paths)),
        QMessageBox.StandardButton.Save | QMessageBox.StandardButton.Cancel,
        QMessageBox.StandardButton.Cancel,
    )
    return bool(answer == QMessageBox.StandardButton.Save)


def _what_goes(path: Path) -> str:
    """Path of a file, and the columns of it that we do not write."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            line = file.readline()
    except OSError:
        return str(path)
    cells = next(csv.reader([line], delimiter=max(",;\t", key=line.count)), [])
    lost = [name for cell in cells if (name := cell.strip()) and name not in COLUMNS]
    return f"{path}\n    Its columns {', '.join(lost)} would be lost." if lost else str(path)
