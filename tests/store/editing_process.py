"""A process that has everything loaded and forks others which edit a project until killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from napari_slitseg.core.review import Annotation
from napari_slitseg.core.review.text import record_to_text
from napari_slitseg.store import SHARED, Project
from tests.store.edits import SHAPE, some_record

JOURNALS = [(name, track) for name in ("a.tif", "b.tif") for track in (SHARED, "Ada")]


def begin_journals(folder: Path) -> None:
    with Project.create(folder) as project:
        for name, track in JOURNALS:
            image = project.add_image(folder / name, 0, SHAPE)
            project.begin(image, track, Annotation())


def edit_for_ever(folder: Path, pipe: int, seed: int) -> None:
    """Append at random; say so on the pipe after each append returned."""
    rng = random.Random(seed)
    project = Project.open(folder)
    states = []
    for name, track in JOURNALS:
        image = project.image_id(folder / name)
        assert image is not None
        states.append((image, track, *project.history(image, track)))
    os.write(pipe, f"{os.getpid()}\n".encode())
    while True:
        which = rng.randrange(len(states))
        image, track, history, head = states[which]
        record = some_record(history, rng)
        head = project.append(image, track, record, head)
        os.write(pipe, f"{which} {head} {record_to_text(record)}\n".encode())
        states[which] = (image, track, history.follow(record), head)


def serve() -> None:
    """For each line "FOLDER|PIPE|SEED": fork a process that edits and tells on that pipe."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        folder, pipe, seed = line.strip().split("|")
        if os.fork() == 0:
            try:
                edit_for_ever(Path(folder), os.open(pipe, os.O_WRONLY), int(seed))
            finally:
                os._exit(1)


def started() -> subprocess.Popen[str]:
    """Process that runs `serve`."""
    return subprocess.Popen(
        [sys.executable, "-c", "from tests.store.editing_process import serve; serve()"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        text=True,
    )
