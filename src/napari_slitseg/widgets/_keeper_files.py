"""What a file beside an image says, where the journal of the image says more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import History
from napari_slitseg.pipelines.fingerprints import sha256_of
from napari_slitseg.pipelines.save_plan_file import PointsFile
from napari_slitseg.pipelines.save_plan_known import file_as_known
from napari_slitseg.store import Project
from napari_slitseg.widgets._entry import ImageEntry

_CHANGED: Final = (
    "{name} was changed by another program. What the project keeps is shown; saving lets you put "
    "the two together or take the file's points over."
)
_ANOTHER: Final = (
    "The file of this image was changed since it was annotated first. Look whether the annotation "
    "still belongs to what you see."
)
_LARGEST_BYTES: Final = 2**27


class FileWatch:
    """Remembers in a project how files were when they were read or written here last."""

    def __init__(self) -> None:
        self._last: dict[int, PointsFile] = {}
        self._misses: dict[Path, bool] = {}

    def remember(self, project: Project, image_id: int, entry: ImageEntry) -> None:
        """Remember the file of an image, unless it is known to be as it was.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        seen = entry.seen
        if seen is None or self._last.get(entry.key) is seen or "sha256" not in seen.fingerprint:
            return
        was = seen.fingerprint
        known = project.known_file(seen.path)
        if known is None or known.sha256 != was["sha256"]:
            project.remember_file(
                seen.path, image_id, was["sha256"], int(was["bytes"]), int(was["mtime_ns"])
            )
        self._last[entry.key] = seen

    def look_again(self) -> None:
        """Look again which files are missing: images were listed or removed."""
        self._misses.clear()

    def sha256(self, image: Path) -> str:
        """SHA-256 of an image's file, by which it is found again elsewhere; "" of a large one."""
        try:
            return sha256_of(image) if image.stat().st_size <= _LARGEST_BYTES else ""
        except OSError:
            return ""

    def image_id(self, project: Project, entry: ImageEntry) -> int | None:
        """Return the number of an image in a project, also of one whose file was moved or renamed.

        Raises
        ------
        StoreError
            If the project cannot be read.
        """
        if entry.path is None:
            return None
        known = project.image_id(entry.path, entry.page)
        if known is not None or not self._misses_files(project):
            return known
        for image in project.find_moved(self.sha256(entry.path), entry.page):
            if not image.path.exists():
                if not project.is_read_only:
                    project.relocate(image.id, entry.path)
                return image.id
        return None

    def content_told(
        self, project: Project, image_id: int, entry: ImageEntry, values: Mapping[str, Any]
    ) -> dict[str, str]:
        """Return a notice where a file holds another picture than the one that was annotated."""
        stored = project.image(image_id)
        now = "" if entry.path is None else self.sha256(entry.path)
        if stored is None or not (now and stored.sha256) or now == stored.sha256:
            return {}
        return {"notices": "\n".join(filter(None, (values.get("notices", ""), _ANOTHER)))}

    def _misses_files(self, project: Project) -> bool:
        """Whether the file of any image of a project is not where it was."""
        if project.path not in self._misses:
            self._misses[project.path] = any(not i.path.exists() for i in project.images())
        return self._misses[project.path]

    def compared(
        self, project: Project, values: Mapping[str, Any], history: History
    ) -> dict[str, Any]:
        """Return what follows for an image from its file, and what was kept of it.

        The journal wins. A file that another program changed is not taken for known, so that
        nobody writes over it unasked.
        """
        seen: PointsFile | None = values.get("seen")
        points = history.state.points
        if seen is None or seen.table is None:
            return {"edited": history.position > 0}
        if _says_the_same(seen.table, points):
            return {"edited": False}
        known = project.known_file(seen.path)
        is_ours = known is not None and known.sha256 == seen.fingerprint.get("sha256")
        if is_ours or _says_the_same(seen.table, history.base.points):
            return {"edited": True}
        told = _CHANGED.format(name=seen.path.name)
        notices = "\n".join(filter(None, (values.get("notices", ""), told)))
        before = None if known is None else file_as_known(seen.path, known.sha256, history)
        return {"edited": True, "seen": before, "notices": notices}


def _says_the_same(file: PointTable, points: PointTable | None) -> bool:
    """Whether a file has the points of a table, in any order."""
    return np.array_equal(_rows(file), _rows(PointTable.empty() if points is None else points))


def _rows(table: PointTable) -> Any:
    living = table.living
    rows = np.column_stack([living.yx.round(3), living.uncertain])
    return rows[np.lexsort(rows.T)]
