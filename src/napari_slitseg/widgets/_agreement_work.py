"""Compare the readers of a project in a thread, with what only the window knows."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_slitseg.core.points import PointTable
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.readers import MODEL, Agreement, agree
from napari_slitseg.pipelines.readers_files import as_slits
from napari_slitseg.store import SHARED, Project, StoreError
from napari_slitseg.widgets._entry import ImageEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_slitseg.store import StoredImage

Place = tuple[Path, int]
"""A file and its page."""


@dataclass(frozen=True)
class Question:
    """What is compared.

    Attributes
    ----------
    project : Path
        File of the project.
    tolerance_nm : float
        Largest distance of a matched pair.
    by_window : dict
        Points that the window knows, by reader and place: the shared annotation and the model.
    """

    project: Path
    tolerance_nm: float
    by_window: dict[str, dict[Place, PointTable]] = field(default_factory=dict)


def question_of(
    project: Path, entries: Iterable[ImageEntry], tolerance_nm: float, *, with_model: bool
) -> Question:
    """Return what is to be compared, with the points of the images of a window."""
    shared: dict[Place, PointTable] = {}
    model: dict[Place, PointTable] = {}
    for entry in entries:
        if entry.path is None:
            continue
        place = (entry.path.absolute(), entry.page)
        if entry.annotation is not None and entry.annotation.is_slit.any():
            shared[place] = entry.annotation
        if with_model and entry.prediction is not None:
            model[place] = as_slits(entry.prediction.table)
    return Question(project, tolerance_nm, {SHARED: shared} | ({MODEL: model} if model else {}))


class _StoppedError(Exception):
    """Nobody waits for the answer any more."""


def compare_readers(
    question: Question, should_stop: Callable[[], bool]
) -> Generator[Any, None, Agreement | str]:
    """Compare all readers of a project; the answer is a text where that cannot be done."""
    also = {name: _finder(places) for name, places in question.by_window.items()}

    def on_image() -> None:
        if should_stop():
            raise _StoppedError

    yield None
    try:
        with Project.open(question.project, read_only=True) as project:
            return agree(project, tolerance_nm=question.tolerance_nm, also=also, on_image=on_image)
    except _StoppedError:
        return ""
    except (JobError, StoreError) as error:
        return str(error)


def _finder(places: dict[Place, PointTable]) -> Callable[[StoredImage], PointTable | None]:
    def points_of(stored: StoredImage) -> PointTable | None:
        return places.get((stored.path.absolute(), stored.page))

    return points_of
