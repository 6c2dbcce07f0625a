"""Which project keeps the annotation of an image: beside it, above it, or where nobody writes."""

from __future__ import annotations

import contextlib
import os
import time
from hashlib import sha256
from pathlib import Path
from typing import Final

from platformdirs import user_state_path

from napari_slitseg.pipelines.runs.device_queue import STATE_VARIABLE
from napari_slitseg.store import PROJECT_FILE, Project, StoreError, merge

_LEVELS_UP: Final = 3
_WAITS_S: Final = 0.5
_REST_S: Final = 1.0
"""A project that another program holds is not tried again before."""
_NO_IMAGE: Final = (
    "{path} is not there, so no project begins beside it. Bring the image back and try again, or "
    "save its annotations to a file."
)


class Projects:
    """Projects of the folders of images, open for as long as they are needed.

    A project in a folder keeps the images of that folder and of those below it. Where nothing can
    be written, a project in the person's own folder stands in.
    """

    def __init__(self) -> None:
        self._open: dict[Path, Project] = {}
        self._homes: dict[Path, Path | None] = {}
        self._brought: set[Path] = set()
        self._held: dict[Path, tuple[float, StoreError | None]] = {}

    @property
    def opened(self) -> tuple[Project, ...]:
        """All that are open."""
        return tuple(self._open.values())

    def of(self, image: Path) -> Project | None:
        """Return the project that is there for an image, None where there is none.

        Raises
        ------
        StoreError
            If it cannot be read.
        """
        beside = self._beside(image.parent)
        if beside is not None and not beside.is_read_only:
            self._bring_home(image.parent, beside)
            return beside
        stand_in = stand_in_of(image.parent)
        if (stand_in / PROJECT_FILE).is_file():
            own = self._at(stand_in)
            if beside is None or own.image_id(image) is not None:
                return own
        return beside

    def begun(self, image: Path) -> Project:
        """Return a project that can be written for an image, made if need be.

        Raises
        ------
        StoreError
            If there is none and none can be made.
        """
        project = self.of(image)
        if project is not None and not project.is_read_only:
            return project
        if project is None:
            self._homes.pop(image.parent, None)
            if not image.exists():
                raise StoreError(_NO_IMAGE.format(path=image))
            with contextlib.suppress(ReadOnlyFolder):
                return self._made(image.parent)
        stand_in = stand_in_of(image.parent)
        stand_in.mkdir(parents=True, exist_ok=True)
        return self._at(stand_in)

    def look_again(self) -> None:
        """Look again for projects where there was none: another window may have begun one."""
        self._homes = {folder: home for folder, home in self._homes.items() if home is not None}

    def drop(self, project: Project) -> None:
        """Close a project, to be opened anew when it is needed again."""
        self._open = {at: each for at, each in self._open.items() if each is not project}
        self._homes.clear()
        project.close()

    def close(self) -> None:
        """Close all; they are opened anew when needed."""
        for project in self.opened:
            self.drop(project)

    def _bring_home(self, folder: Path, project: Project) -> None:
        """Take over what was kept elsewhere while nothing could be written in a folder."""
        if folder not in self._brought:
            stand_in = stand_in_of(folder)
            if (stand_in / PROJECT_FILE).is_file():
                merge(project.folder, stand_in)
            self._brought.add(folder)

    def _beside(self, folder: Path) -> Project | None:
        if folder not in self._homes:
            self._homes[folder] = _home(folder)
        home = self._homes[folder]
        return None if home is None else self._at(home)

    def _made(self, folder: Path) -> Project:
        try:
            self._open[folder] = Project.open_or_create(folder, waits_s=_WAITS_S)
        except StoreError as error:
            if error.is_read_only:
                raise ReadOnlyFolder(str(error)) from error
            raise
        self._homes[folder] = folder
        return self._open[folder]

    def _at(self, folder: Path) -> Project:
        if folder not in self._open:
            until, held = self._held.get(folder, (0.0, None))
            if held is not None and time.monotonic() < until:
                raise held
            try:
                self._open[folder] = Project.open_or_create(folder, waits_s=_WAITS_S)
            except StoreError as error:
                if error.is_busy:
                    self._held[folder] = (time.monotonic() + _REST_S, error)
                if not error.is_read_only:
                    raise
                self._open[folder] = Project.open(folder, read_only=True)
        return self._open[folder]


class ReadOnlyFolder(Exception):
    """No project can be made in a folder that cannot be written."""


def stand_in_of(folder: Path) -> Path:
    """Return the folder of the project that stands in for one in a folder nobody can write."""
    named = os.environ.get(STATE_VARIABLE)
    state = Path(named) if named else user_state_path("napari-slitseg")
    name = sha256(os.fsencode(folder.absolute())).hexdigest()[:12]
    return state / "projects" / f"{folder.name}-{name}"


def _home(folder: Path) -> Path | None:
    """Folder of the nearest project that is there already."""
    places = (folder, *list(folder.absolute().parents)[:_LEVELS_UP])
    return next((place for place in places if (place / PROJECT_FILE).is_file()), None)
