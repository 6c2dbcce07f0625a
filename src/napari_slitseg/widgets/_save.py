"""Save edited annotations; nothing that a file holds is lost unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_slitseg.core.review import EditConflict
from napari_slitseg.pipelines.save_plan import plan_points
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._pairs import file_name, other_owner, refusal
from napari_slitseg.widgets._save_dialog import ask as _ask
from napari_slitseg.widgets._save_plans import (
    Answer,
    Draft,
    carry_out,
    drafts_of,
    settle,
)
from napari_slitseg.widgets._workspace import Workspace

_NO_PLACE: Final = (
    "The membrane of {} was not saved: it goes beside the image, which has no file. Save the image "
    "as a file and open that."
)
_NO_NAME: Final = "{} was not saved: no file name was chosen. The annotations are still here."
_DONE: Final[dict[Answer, str]] = {
    "merge": "both put together",
    "read back": "taken over from the file",
}


def save_annotations(parent: QWidget, workspace: Workspace) -> str:
    """Write the edited annotations of all images; return what was done, for the person.

    Where a file would lose something, one window shows first what would become of each file; what
    only adds to a file of ours is written at once, and told. A file that another program changed
    is put together with ours, taken over, or left, never overwritten; one of another format (a
    mask, an ImageJ ROI) is never touched: a CSV is written beside it. No file is written for two
    images: the person is asked where the second goes.
    """
    targets, refused = _targets(parent, workspace)
    drafts = [
        draft for key, path in targets.items() for draft in drafts_of(workspace.entry(key), path)
    ]
    answers = _answers(parent, drafts)
    if answers is None or not (drafts or targets):
        return "\n".join(["Nothing was saved.", *refused])
    saving = _Saving(parent, workspace)
    for draft, answer in zip(drafts, answers, strict=True):
        saving.do(draft, answer)
    homeless = [entry for entry in map(workspace.entry, targets) if _has_no_place(entry)]
    left = saving.open | {entry.key for entry in homeless}
    settle(workspace, [key for key in targets if key not in left])
    return "\n".join([saving.told(), *refused, *map(_NO_PLACE.format, map(file_name, homeless))])


def _has_no_place(entry: ImageEntry) -> bool:
    """Whether the membrane of an image cannot be saved, for want of an image file beside it."""
    return entry.path is None and entry.membrane is not None


def target_of(entry: ImageEntry) -> Path | None:
    """Return where the annotation of an image belongs, None where the person has to say."""
    read_from = entry.annotation_path
    if read_from is not None and read_from.suffix.lower() == ".csv" and not _is_found(entry):
        return read_from
    if entry.path is None:
        return None
    page = f"_page{entry.page + 1}" if entry.page else ""
    return entry.path.with_name(f"{entry.path.stem}{page}_annotations.csv")


def _is_found(entry: ImageEntry) -> bool:
    """Whether an annotation was read from what a model found, which the next run replaces."""
    table, path = None if entry.seen is None else entry.seen.table, entry.annotation_path
    named = path is not None and path.stem.lower().endswith("_slits")
    return named and table is not None and bool((table.status == "proposed").any())


class _Saving:
    """Does what was answered, file by file; what goes wrong with one leaves the others alone."""

    def __init__(self, parent: QWidget, workspace: Workspace) -> None:
        self._parent, self._workspace = parent, workspace
        self._saved: list[str] = []
        self._failed: list[str] = []
        self.open: set[int] = set()

    def do(self, draft: Draft, answer: Answer) -> None:
        """Do what was answered about a file."""
        if answer == "other":
            self._elsewhere(draft)
        elif answer == "leave":
            self._fail(draft, draft.plan.refusal or "left as it is")
        else:
            self._try(draft, answer)

    def told(self) -> str:
        """Say what was saved, and what was not."""
        lines = [f"Saved {', '.join(self._saved)}."] if self._saved else []
        if self._failed:
            failed = ", ".join(self._failed)
            lines.append(f"Not saved: {failed}. The annotations are still here.")
        return " ".join(lines) or "The files say already what the annotations say."

    def _try(self, draft: Draft, answer: Answer) -> None:
        try:
            carry_out(self._workspace, draft, answer)
        except OSError as error:
            self._fail(draft, error.strerror or str(error))
        except (EditConflict, ValueError) as error:
            self._fail(draft, str(error))
        else:
            self._saved.append(f"{draft.title} ({_DONE.get(answer, draft.plan.words)})")

    def _elsewhere(self, draft: Draft) -> None:
        """Write the points to a file that is not there yet; nothing else has another name."""
        entry = self._workspace.entry(draft.key)
        path = _ask_where(self._parent, entry)
        if path is None:
            self._fail(draft, "left as it is")
        elif path.exists():
            self._fail(draft, f"{path.name} is there already; choose a new name")
        elif draft.plan.path.suffix != ".csv":
            self._fail(draft, "a membrane is saved beside its image only")
        else:
            plan = plan_points(path, entry.annotation)
            self._try(Draft(draft.key, path.name, plan), "save")

    def _fail(self, draft: Draft, why: str) -> None:
        self.open.add(draft.key)
        self._failed.append(f"{draft.title} ({why.rstrip('.')})")


def _answers(parent: QWidget, drafts: list[Draft]) -> list[Answer] | None:
    """Ask what to do with each file, where there is something to decide."""
    if any(draft.needs_answer for draft in drafts):
        return _ask(parent, drafts)
    return [draft.answers[0] for draft in drafts]


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
        if path is None:
            refused.append(_NO_NAME.format(file_name(entry)))
        elif owner is not None:
            refused.append(refusal(path, entry, owner))
        else:
            targets[entry.key] = path
    return targets, refused


def _ask_where(parent: QWidget, entry: ImageEntry) -> Path | None:
    name, _ = QFileDialog.getSaveFileName(
        parent,
        f"Save the annotations of {file_name(entry)}",
        f"{entry.name}_annotations.csv",
        "Points (*.csv)",
        options=QFileDialog.Option.DontConfirmOverwrite,
    )
    return Path(name).with_suffix(".csv") if name else None
