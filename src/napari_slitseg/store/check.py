"""Is a project sound, and are its images still what they were? Nothing is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from napari_slitseg.core.review import EditConflict, History
from napari_slitseg.core.review.text import annotation_from_bytes, record_from_text
from napari_slitseg.store.errors import StoreError
from napari_slitseg.store.images import StoredImage
from napari_slitseg.store.project import Project
from napari_slitseg.store.statement_words import is_readable

_PIECE: Final = 1 << 20
_COPY_FIRST: Final = (
    "Copy the project's file, and those beside it whose names begin alike, to a safe place. Then "
    "put a backup in its place; without one, SQLite's own command '.recover' reads what it can."
)


@dataclass(frozen=True)
class Finding:
    """Something that was looked at.

    Attributes
    ----------
    level : str
        "ok", "warn" or "fail".
    text : str
        What was found.
    cure : str
        What to do; "" where nothing needs to be done.
    """

    level: Literal["ok", "warn", "fail"]
    text: str
    cure: str = ""


def check(folder: Path, sha256_of: Callable[[Path], str] | None = None) -> list[Finding]:
    """Look a project over: the file, every journal, images, and files that were written.

    Parameters
    ----------
    folder : Path
        Of the project.
    sha256_of : callable or None
        SHA-256 of a file in hexadecimal; None to compute it here.
    """
    try:
        project = Project.open(folder, read_only=True)
    except StoreError as error:
        return [Finding("fail", str(error), _COPY_FIRST if error.is_damaged else "")]
    with project:
        digest = sha256_of or file_sha256
        looks = (
            _integrity(project),
            _journals(project),
            _statements(project),
            _images(project, digest),
            _files(project, digest),
            _windows(project),
        )
        return [finding for look in looks for finding in _carefully(look)]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _carefully(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Pass findings on; where the file cannot be read further, that is one."""
    try:
        yield from findings
    except StoreError as error:
        yield Finding("fail", str(error), _COPY_FIRST)


def _integrity(project: Project) -> Iterator[Finding]:
    complaints = [text for (text,) in project.query("PRAGMA integrity_check(20)")]
    if complaints == ["ok"]:
        yield Finding("ok", f"The file {project.path} is sound.")
    else:
        told = "; ".join(complaints)
        yield Finding("fail", f"The file {project.path} is damaged: {told}.", _COPY_FIRST)
    for image, track in project.query(
        "SELECT DISTINCT image, track FROM records WHERE image NOT IN (SELECT id FROM images)"
    ):
        text = f"A journal (track {track}) belongs to image {image}, which is unknown."
        yield Finding("fail", text, _COPY_FIRST)


def _journals(project: Project) -> Iterator[Finding]:
    journals, sound = project.tracks(), 0
    names = {image.id: image.path.name for image in project.images()}
    for image, track in journals:
        trouble = _trouble_of(project, image, track)
        sound += not trouble
        if trouble:
            name = f"{names.get(image, f'image {image}')} ({track})"
            yield Finding(
                "fail",
                f"The journal of {name}: {trouble}.",
                "What can be told of it is shown all the same. Look at this image's points, and at "
                "'slitseg project history'; a backup of the project may have the missing edits.",
            )
    if sound:
        yield Finding("ok", f"{sound} of {len(journals)} journals replay, edit by edit.")


def _trouble_of(project: Project, image: int, track: str) -> str:
    """Tell what keeps a journal from being replayed; "" where nothing does."""
    history = History()
    rows = project.query(
        "SELECT head, does, content FROM records WHERE image = ? AND track = ? ORDER BY head",
        (image, track),
    )
    for expected, (head, does, content) in enumerate(rows):
        if head != expected:
            return f"records {expected} to {head - 1} are missing"
        try:
            if does == "begin":
                history = History.of(annotation_from_bytes(content))
            else:
                history = history.follow(record_from_text(content.decode("ascii")))
        except EditConflict as error:
            return f"record {head} does not fit ({error})"
        except ValueError as error:
            return f"record {head} cannot be read or done ({error})"
    return ""


def _statements(project: Project) -> Iterator[Finding]:
    rows = project.query(
        "SELECT topic, content, statements.time, path, image FROM statements "
        "LEFT JOIN images ON images.id = statements.image ORDER BY statements.time, statements.uid"
    )
    sound = 0
    for topic, content, time, path, image in rows:
        name = path or ("the whole folder" if image is None else f"image {image}, which is unknown")
        is_fine = is_readable(topic, content) and (path is not None or image is None)
        sound += is_fine
        if not is_fine:
            yield Finding(
                "fail",
                f"What was said of the {topic} of {name} ({time}) cannot be read.",
                "What was said before counts. Say it again; a backup of the project may have it.",
            )
    if sound:
        yield Finding(
            "ok", f"{sound} of {len(rows)} statements on scales, stretches and samples are sound."
        )


def _images(project: Project, sha256_of: Callable[[Path], str]) -> Iterator[Finding]:
    images = project.images()
    fine = 0
    for image in images:
        finding = _image_finding(project, image, sha256_of)
        fine += finding is None
        if finding is not None:
            yield finding
    if fine:
        yield Finding("ok", f"{fine} of {len(images)} images are where they were, unchanged.")


def _files(project: Project, sha256_of: Callable[[Path], str]) -> Iterator[Finding]:
    for file in project.known_files():
        if not file.path.is_file():
            yield Finding("warn", f"{file.path} is no longer there.", "Save the annotations again.")
        elif sha256_of(file.path) != file.sha256:
            yield Finding(
                "warn",
                f"{file.path} was changed by something else since this project read or wrote it.",
                "Open the image: what the file says and what the project says can be compared.",
            )


def _image_finding(
    project: Project, image: StoredImage, sha256_of: Callable[[Path], str]
) -> Finding | None:
    if not image.path.is_file():
        return Finding(
            "warn",
            f"The image {image.path} is not where it was.",
            "Bring it back, or open it at its new place: it is recognised by its content.",
        )
    if image.sha256 and sha256_of(image.path) != image.sha256:
        return Finding(
            "warn",
            f"The image {image.path} is not the one that was annotated: its content changed.",
            "Check that its points still lie where they should.",
        )
    return None


def _windows(project: Project) -> Iterator[Finding]:
    for other in project.others:
        yield Finding("warn", f"The project is open in another window: {other}.")
