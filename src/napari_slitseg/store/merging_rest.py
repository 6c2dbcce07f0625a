"""What another project knows besides journals: settings, figures and remembered files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from napari_slitseg.store.project import Project


class RestMerge:
    """Takes over what is lacking, inside a transaction of the project that is merged into.

    Parameters
    ----------
    into, other : Project
        Open projects.
    numbers : mapping of int to int
        Number here of each image there.
    """

    def __init__(self, into: Project, other: Project, numbers: Mapping[int, int]) -> None:
        self._into, self._other, self._numbers = into, other, numbers

    def run(self) -> tuple[int, list[str]]:
        """Take everything over; return how many settings that were, and conflicts in words."""
        self._take_results()
        self._take_files()
        return self._take_settings()

    def _take_settings(self) -> tuple[int, list[str]]:
        taken, conflicts = 0, []
        for key, text in self._other.query("SELECT key, value FROM settings ORDER BY key"):
            mine, theirs = self._into.get(key), json.loads(text)
            joined = joined_settings(mine, theirs)
            if joined != mine:
                taken += 1
                values = (key, json.dumps(joined))
                self._into._database.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", values)
            elif "log" in _dictionary(mine) and not goes_on(theirs, mine):
                conflicts.append(f"The {key} went on in both; what is known here is kept.")
        return taken, conflicts

    def _take_results(self) -> None:
        """Keep the newer figures of each image."""
        rows = "SELECT image, track, scores, settings, time FROM results"
        for there, *result in self._other.query(rows):
            self._into._database.run(
                "INSERT INTO results (image, track, scores, settings, time) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (image, track) DO UPDATE SET scores = excluded.scores, "
                "settings = excluded.settings, time = excluded.time WHERE excluded.time > time",
                (self._numbers[there], *result),
            )

    def _take_files(self) -> None:
        """Remember files of which nothing is known here."""
        for file in self._other.known_files():
            relative = self._other.stored_path(file.path)
            values = (relative, self._numbers[file.image_id], file.sha256, file.size)
            self._into._database.run(
                "INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?, ?, ?)",
                (*values, file.mtime_ns, file.time),
            )


def joined_settings(mine: Any, theirs: Any) -> Any:
    """Return a setting as it follows from both: lists are joined, a log that goes on is newer."""
    if mine is None or (goes_on(mine, theirs) and not goes_on(theirs, mine)):
        return theirs
    if isinstance(mine, list) and isinstance(theirs, list):
        return mine + [each for each in theirs if each not in mine]
    return mine


def goes_on(mine: Any, theirs: Any) -> bool:
    """Whether the log of a setting goes on there where the one here ends."""
    ours, others = (_dictionary(each).get("log") for each in (mine, theirs))
    if not isinstance(ours, list) or not isinstance(others, list):
        return False
    return others[: len(ours)] == ours


def _dictionary(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
