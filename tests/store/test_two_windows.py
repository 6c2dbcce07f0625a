"""Two windows, two processes, one project."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_slitseg.core.review import Annotation, EditConflict, History, Record
from napari_slitseg.store import SHARED, Presence, Project, Stale
from tests.store.edits import added, project_with_image, same

HERE = Path(__file__).parents[2]
EACH = 60

APPENDING = """
import sys
from pathlib import Path
from napari_slitseg.core.review import Record
from napari_slitseg.store import SHARED, Project, Stale
from tests.store.edits import added
folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
project = Project.open(folder)
project.editor = name
image = project.images()[0].id
history, head = project.history(image, SHARED)
print("ready", flush=True)
sys.stdin.readline()
stale = 0
for number in range(count):
    while True:
        edit = added(history.state.points, (number, 0 if name == "Ada" else 1), name)
        try:
            head = project.append(image, SHARED, Record("edit", edit), head)
        except Stale as late:
            stale += 1
            head = late.head
            for record in late.records:
                history = history.follow(record)
            continue
        history = history.push(edit)
        break
print(stale, flush=True)
sys.stdin.readline()
"""


def window(folder: Path, name: str, count: int = EACH) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", APPENDING, str(folder), name, str(count)],
        cwd=HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process


@pytest.fixture
def windows() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes to be ended after the test."""
    running: list[subprocess.Popen[str]] = []
    yield running
    for process in running:
        with process:
            process.kill()


def say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_two_processes_that_append_at_once_lose_nothing(
    tmp_path: Path, windows: list[subprocess.Popen[str]]
) -> None:
    project, image = project_with_image(tmp_path)
    windows.extend(window(tmp_path, name) for name in ("Ada", "Bob"))
    assert [hear(process) for process in windows] == ["ready", "ready"]
    for process in windows:
        say(process)
    late = [int(hear(process)) for process in windows]
    history, head = project.history(image, SHARED)
    replayed = History.replay(Annotation(), project.records_since(image, SHARED, 0))
    assert head == 2 * EACH == len(history.edits)
    assert same(history, replayed)
    table = history.state.points
    assert table is not None
    for column, name in enumerate(("Ada", "Bob")):
        own = table.take(table.editor == name)
        assert own.yx[own.yx[:, 1] == column, 0].tolist() == list(range(EACH))
    assert sum(late) > 0
    for process in windows:
        say(process)
        assert process.wait(30) == 0
    project.close()


def test_windows_know_of_each_other_until_they_end(
    tmp_path: Path, windows: list[subprocess.Popen[str]]
) -> None:
    project, _ = project_with_image(tmp_path)
    assert project.others == ()
    process = window(tmp_path, "Ada", 0)
    windows.append(process)
    assert hear(process) == "ready"
    (other,) = project.others
    assert other.pid == process.pid
    assert "another window" in project.notices[0]
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert project.others == ()
    assert project.notices == ()
    project.close()
    with Project.open(tmp_path) as again:
        assert again._database.value("SELECT count(*) FROM windows") == 1


def test_a_window_that_closes_is_gone_at_once(tmp_path: Path) -> None:
    project, _ = project_with_image(tmp_path)
    with Project.open(tmp_path) as other:
        other.editor = "Bob"
        other.beat()
        assert [each.editor for each in project.others] == ["Bob"]
        assert "Bob on this computer" in str(project.others[0])
    assert project.others == ()
    project.close()


def test_windows_of_other_machines_are_judged_by_their_last_beat(tmp_path: Path) -> None:
    project, _ = project_with_image(tmp_path)
    with project._database.transaction():
        for host, seen in (
            ("far", time.time() + 3600),
            ("dead", time.time() - 3600),
            ("never", time.time() + 1e7),
        ):
            values = (host, host, os.getpid(), 0.0, "Eve", "2026-01-01T00:00:00Z", seen)
            project._database.run("INSERT INTO windows VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    assert project.others == (Presence("far", os.getpid(), "Eve", "2026-01-01T00:00:00Z"),)
    assert "Eve on far" in project.notices[0]
    project.close()


def test_a_window_that_slept_beats_with_its_next_edit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, image = project_with_image(tmp_path)
    later = time.time() + 7200
    monkeypatch.setattr(time, "time", lambda: later)
    project.append(image, SHARED, Record("edit", added(None, (1, 1))), 0)
    assert project._database.value("SELECT max(seen) FROM windows") == later
    project.close()


def test_a_number_given_to_another_process_is_not_taken_for_a_window(tmp_path: Path) -> None:
    project, _ = project_with_image(tmp_path)
    with Project.open(tmp_path), project._database.transaction():
        project._database.run("UPDATE windows SET started = started - 100")
    assert project.others == ()
    project.close()


def test_the_log_is_not_shared_while_another_machine_is_there(tmp_path: Path) -> None:
    with Project.create(tmp_path) as project:
        values = ("far", "far", 1, 0.0, "Eve", "2026-01-01T00:00:00Z", time.time())
        with project._database.transaction():
            project._database.run("INSERT INTO windows VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    with Project.open(tmp_path) as project:
        assert project._database.value("PRAGMA journal_mode") == "delete"


def test_edits_of_two_windows_to_different_points_both_stay(tmp_path: Path) -> None:
    project, image = project_with_image(tmp_path)
    mine = Record("edit", added(None, (1, 1)))
    project.append(image, SHARED, mine, 0)
    with Project.open(tmp_path) as other:
        history, head = other.history(image, SHARED)
        theirs = added(history.state.points, (2, 2))
        other.append(image, SHARED, Record("edit", theirs), head)
    with pytest.raises(Stale) as late:
        project.append(image, SHARED, Record("undo"), 1)
    assert late.value.head == 2
    follows = History().follow(mine)
    for record in late.value.records:
        follows = follows.follow(record)
    with pytest.raises(EditConflict):
        follows.push(theirs)
    assert same(follows, project.history(image, SHARED)[0])
    assert follows.state.points is not None
    np.testing.assert_array_equal(follows.state.points.yx, [[1, 1], [2, 2]])
    project.close()
