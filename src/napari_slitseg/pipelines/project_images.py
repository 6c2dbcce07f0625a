"""The images of a project: found by name, and as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry import Sample
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Annotation, History
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.store import (
    LISTED,
    Excluded,
    JournalEntry,
    Project,
    Review,
    StoredImage,
    StoreError,
)
from napari_slitseg.store.reviews import Result

ROW_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "image": "Image",
        "page": "Page",
        "file": "File",
        "file_exists": "File is there",
        "pixel_size_nm": "Pixel size (nm)",
        "scale": "Scale comes from",
        "biopsy": "Biopsy",
        "glomerulus": "Glomerulus",
        "group": "Group",
        "review": "Review",
        "reviewed_by": "Reviewed by",
        "reviewed_at": "Reviewed at (UTC)",
        "slits": "Slits",
        "uncertain": "Uncertain",
        "proposed": "Proposed",
        "rejected": "Rejected",
        "deleted": "Deleted",
        "membrane_px": "Membrane (px)",
        "excluded": "Excluded stretches",
        "edits": "Edits",
        "last_editor": "Last editor",
        "last_edit": "Last edit (UTC)",
        "chamfer_px": "Chamfer (px)",
        "chamfer_nm": "Chamfer (nm)",
        "point_loss": "Point loss",
        "precision": "Precision",
        "recall": "Recall",
        "f1": "F1",
        "tolerance_nm": "Tolerance (nm)",
        "threshold": "Threshold",
        "model": "Model",
        "scored_at": "Scored at (UTC)",
    }
)
"""Headings of the columns, by name."""

_SCORED: Final = tuple(ROW_TITLES)[tuple(ROW_TITLES).index("chamfer_px") :]
_MEASURING: Final = ("scale", "biopsy", "glomerulus", "group", "excluded")


def image_rows(project: Project, track: str) -> list[dict[str, Any]]:
    """Return a row for each image of a project, with the names of `ROW_TITLES`.

    Parameters
    ----------
    project : Project
        An open project.
    track : str
        Whose annotations.

    Raises
    ------
    napari_slitseg.store.StoreError
        If the project cannot be read; an image whose journal is damaged has empty cells.
    """
    reviews, results, measuring = project.reviews(), project.results(), _Measuring.of(project)
    rows = []
    for image in project.images():
        rows.append(
            _about(image)
            | measuring.row(image, track)
            | _reviewed(reviews.get((image.id, track)))
            | _of_journal(project, image.id, track)
            | _scored(results.get((image.id, track)))
        )
    return rows


def columns_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns worth showing: what not all projects know only where one image has it."""
    rare = (*_SCORED, *_MEASURING)
    empty = {name for name in rare if all(row.get(name) is None for row in rows)}
    return [name for name in ROW_TITLES if name not in empty]


def find_stored(project: Project, image: Path) -> list[StoredImage]:
    """Return the images of a project that a file or a name means.

    Parameters
    ----------
    project : Project
        An open project.
    image : Path
        File of an image, or its name with or without its ending, whatever its capitals.

    Raises
    ------
    JobError
        If there are none.
    """
    images, wanted = project.images(), image.name.casefold()
    found = [each for each in images if each.path.resolve() == image.resolve()]
    found = found or [
        each for each in images if wanted in (each.path.name.casefold(), each.path.stem.casefold())
    ]
    if not found:
        raise JobError(
            f"The project {project.path} has no image {image} among its {len(images)}. Give the "
            "name of a file, with or without its ending."
        )
    return found


def journal_of(project: Project, image: Path | None = None, limit: int = 0) -> list[JournalEntry]:
    """Return what people did in a project, oldest first.

    Parameters
    ----------
    project : Project
        An open project.
    image : Path or None
        Only to images that `find_stored` finds; None for all.
    limit : int
        Only the last so many; 0 for all.

    Raises
    ------
    JobError
        If there is no such image.
    """
    numbers = [None] if image is None else [each.id for each in find_stored(project, image)]
    told = [entry for number in numbers for entry in project.journal(number, limit or -1)]
    told.sort(key=lambda entry: entry.time, reverse=True)
    return list(reversed(told[: limit or None]))


@dataclass(frozen=True)
class _Measuring:
    """What a project knows for measuring its images."""

    scales: Mapping[int, Scale]
    samples: Mapping[int, Sample]
    excluded: Mapping[tuple[int, str], Excluded]

    @classmethod
    def of(cls, project: Project) -> _Measuring:
        return cls(project.scales_of_images(), project.samples(), project.excluded())

    def row(self, image: StoredImage, track: str) -> dict[str, Any]:
        """Return what concerns one image; what is not known is None."""
        sample = self.samples.get(image.id, Sample())
        excluded = self.excluded.get((image.id, track))
        return self._scale(image) | {
            "biopsy": sample.biopsy or None,
            "glomerulus": sample.glomerulus or None,
            "group": sample.group or None,
            "excluded": len(excluded.polygons) or None if excluded else None,
        }

    def _scale(self, image: StoredImage) -> dict[str, Any]:
        scale = self.scales.get(image.id)
        if scale is None:
            return {"pixel_size_nm": image.pixel_size_nm, "scale": None}
        is_told = scale.source != LISTED
        return {"pixel_size_nm": scale.nm_per_px, "scale": str(scale) if is_told else None}


def _about(image: StoredImage) -> dict[str, Any]:
    return {
        "image": image.path.stem,
        "page": image.page + 1,
        "file": str(image.path),
        "file_exists": image.path.is_file(),
    }


def _of_journal(project: Project, image_id: int, track: str) -> dict[str, Any]:
    """Tell what the journal of an image says; nothing where it is damaged."""
    try:
        history, _ = project.history(image_id, track)
    except StoreError as error:
        if not error.is_damaged:
            raise
        return _annotated(Annotation()) | dict.fromkeys(("edits", "last_editor", "last_edit"))
    return _annotated(history.state) | _edited(history)


def _scored(result: Result | None) -> dict[str, Any]:
    if result is None:
        return dict.fromkeys(_SCORED)
    told = result.settings | result.scores | {"scored_at": result.time}
    return {name: told.get(name) for name in _SCORED}


def _reviewed(review: Review | None) -> dict[str, Any]:
    if review is None:
        return {"review": "open", "reviewed_by": "", "reviewed_at": ""}
    return {"review": review.status, "reviewed_by": review.editor, "reviewed_at": review.time}


def _annotated(state: Annotation) -> dict[str, Any]:
    """Count points by what became of them; empty cells where nobody annotated."""
    if state.points is None:
        counts: dict[str, Any] = dict.fromkeys(
            ("slits", "uncertain", "proposed", "rejected", "deleted")
        )
    else:
        counts = _counts(state.points)
    return counts | {"membrane_px": None if state.membrane is None else int(state.membrane.sum())}


def _counts(table: PointTable) -> dict[str, Any]:
    return {
        "slits": int(table.is_slit.sum()),
        "uncertain": int((table.uncertain & table.is_slit).sum()),
        **{
            status: int((table.status == status).sum())
            for status in ("proposed", "rejected", "deleted")
        },
    }


def _edited(history: History) -> dict[str, Any]:
    last = history.undoes
    return {
        "edits": history.position,
        "last_editor": "" if last is None else last.editor,
        "last_edit": "" if last is None else last.time,
    }
