"""Scores of reviewed images, kept in the project with how they came about."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from napari_slitseg.store import StoreError
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._keeper_projects import Projects
from napari_slitseg.widgets._workspace import Workspace


class KeptResults:
    """Puts the scores of images into their projects, where they are others than before."""

    def __init__(self, workspace: Workspace, projects: Projects) -> None:
        self._workspace = workspace
        self._projects = projects
        self._last: dict[tuple[int, str], Any] = {}
        self._shown: int | None = None

    def put(self, keys: Collection[int]) -> str:
        """Keep the scores of images; return why that failed, "" if it did not.

        Images that have none, that no project knows, or that are behind the settings keep those of
        before; so do all in a blinded reading and while the window only looks.
        """
        workspace = self._workspace
        if workspace.blind is not None or workspace.locked:
            return ""
        try:
            for key in filter(workspace.has, set(keys) - workspace.stale):
                self._put(workspace.entry(key), workspace.track)
        except StoreError as error:
            return str(error)
        return ""

    def put_last(self, current: int | None) -> str:
        """Keep the scores of the image that was shown before this one, as `put` does."""
        last, self._shown = self._shown, current
        return "" if last is None else self.put([last])

    def _put(self, entry: ImageEntry, track: str) -> None:
        if entry.path is None or entry.scores is None or entry.prediction is None:
            return
        said = _scores(entry), _settings(entry)
        project = self._projects.of(entry.path)
        if project is None or project.is_read_only or self._last.get((entry.key, track)) == said:
            return
        image_id = project.image_id(entry.path, entry.page)
        if image_id is not None:
            project.put_result(image_id, track, *said)
            self._last[entry.key, track] = said


def _scores(entry: ImageEntry) -> dict[str, Any]:
    """Figures by name; None where one is not defined."""
    figures = {} if entry.scores is None else entry.scores.to_dict()
    return {
        name: None if value is None or not math.isfinite(value) else value
        for name, value in figures.items()
    }


def _settings(entry: ImageEntry) -> dict[str, Any]:
    prediction = entry.prediction
    if prediction is None:
        return {}
    return {
        "model": prediction.model_name,
        "model_sha256": prediction.model_sha256,
        "detector": prediction.detector.to_dict(),
        "threshold": prediction.threshold,
        "min_distance_nm": prediction.min_distance_nm,
    }
