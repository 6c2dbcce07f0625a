"""Processes that work on runs: started, watched, asked and killed for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs import process
from napari_slitseg.pipelines.runs.asking import ask
from napari_slitseg.pipelines.runs.control import write_ask
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.history import History
from napari_slitseg.pipelines.runs.process import start
from napari_slitseg.pipelines.runs.reading import read_events
from napari_slitseg.pipelines.runs.status import status_of
from tests.pipelines.runs.conftest import Make, until

LONG = 1000


def group_of(pid: int) -> list[psutil.Process]:
    """Processes of a process group that live."""
    found = []
    for each in psutil.process_iter(["status"]):
        try:
            if os.getpgid(each.pid) == pid and each.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(each)
        except ProcessLookupError:
            continue
    return found


def history_of(folder: RunFolder) -> History:
    history = History()
    history.read_on(folder)
    return history


def is_training(folder: RunFolder) -> bool:
    status = status_of(folder)
    return status.state == "training" and status.epoch >= 1


def test_a_run_works_to_its_end_and_leaves_a_record(make: Make) -> None:
    folder = make()
    assert status_of(folder).state == "new"
    running = start(folder)
    assert running.wait(30)
    status = status_of(folder)
    assert (status.state, status.is_alive, status.epoch) == ("finished", False, 2)
    assert status.best is not None
    assert status.best.scores == {"f1": 1.0}
    left = {path.name for path in folder.path.iterdir()}
    wanted = {"job.json", "env.json", "events.jsonl", "log.txt", "checkpoints"}
    assert left - {"run.lock", "stderr.txt"} == wanted
    assert "Epoch 2/2" in folder.log.read_text()
    assert running.why_it_died() == ""


def test_a_killed_run_is_interrupted_and_goes_on_from_its_last_save(make: Make) -> None:
    folder = make(epochs=LONG)
    running = start(folder)
    until(lambda: is_training(folder))
    os.kill(running.identity.pid, signal.SIGKILL)
    until(lambda: not running.is_living)
    status = status_of(folder)
    assert (status.state, status.is_alive, status.can_resume) == ("interrupted", False, True)
    assert status.total_epochs == LONG
    again = start(folder)
    until(lambda: len(history_of(folder).attempts) == 2)
    until(lambda: is_training(folder))
    history = history_of(folder)
    assert history.attempts[1].step >= 5
    assert list(history.steps.step) == list(range(1, len(history.steps) + 1))
    ask(folder, "stop")
    assert again.wait(20)
    assert status_of(folder).state == "stopped"
    assert folder.best.exists()
    with pytest.raises(JobError, match=r"cannot be paused: it has ended \(stopped\)"):
        ask(folder, "pause")


@pytest.mark.parametrize("behaviour", ["hashing", "forward", "helped"])
def test_cancel_ends_a_busy_run_with_its_group_and_its_weights(
    make: Make, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    monkeypatch.setenv("STAND_IN", behaviour)
    folder = make(epochs=LONG)
    running = start(folder)
    until((folder.path / "busy").exists, 60)
    child = folder.path / "child"
    family = [running.identity.pid, *([int(child.read_text())] if child.exists() else [])]
    assert {each.pid for each in group_of(running.identity.pid)} == set(family)
    ask(folder, "cancel")
    until(lambda: not running.is_living)
    until(lambda: not group_of(running.identity.pid))
    assert not folder.checkpoints.exists()
    status = status_of(folder)
    assert (status.state, status.can_resume) == ("cancelled", False)
    assert not folder.control.exists()


def test_a_run_that_lets_no_thread_run_is_ended_by_the_one_who_cancels(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "counting")
    folder = make(epochs=LONG)
    running = start(folder)
    until((folder.path / "busy").exists)
    ask(folder, "cancel")
    until(lambda: not running.is_living)
    until(lambda: status_of(folder).state == "cancelled")
    assert not folder.checkpoints.exists()


ASKER = """
import os, signal, sys, time
from pathlib import Path
from napari_slitseg.pipelines.runs import process
from napari_slitseg.pipelines.runs.asking import ask
from napari_slitseg.pipelines.runs.control import write_ask
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.process import start
process._MODULE = "stand_in"
folder = RunFolder(Path(sys.argv[1]))
print(start(folder).identity.pid, flush=True)
while not (folder.path / "busy").exists():
    time.sleep(0.02)
ask(folder, "cancel")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_cancel_is_heeded_when_who_started_the_run_is_killed(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "helped")
    folder = make(epochs=LONG)
    command = [sys.executable, "-c", ASKER, str(folder.path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    until(lambda: not group_of(int(done.stdout)))
    assert status_of(folder).state == "cancelled"
    assert not folder.checkpoints.exists()


WATCHER = """
import sys
from pathlib import Path
from napari_slitseg.pipelines.runs.asking import ask
from napari_slitseg.pipelines.runs.control import write_ask
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.history import History
from napari_slitseg.pipelines.runs.status import list_runs
status, = list_runs(Path(sys.argv[1]))
history = History()
history.read_on(status.folder)
print(status.state, status.is_alive, status.pid, len(history.epochs) > 0)
ask(status.folder, "stop")
"""


def test_another_process_finds_a_run_follows_it_and_stops_it(make: Make) -> None:
    folder = make(epochs=LONG)
    running = start(folder)
    until(lambda: is_training(folder))
    command = [sys.executable, "-c", WATCHER, str(folder.path.parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["training", "True", str(running.identity.pid), "True"]
    assert running.wait(20)
    assert status_of(folder).state == "stopped"
    assert folder.best.exists()


def test_a_run_pauses_goes_on_and_belongs_to_one_process(make: Make) -> None:
    folder = make(epochs=LONG)
    running = start(folder)
    until(lambda: is_training(folder))
    ask(folder, "pause")
    until(lambda: status_of(folder).state == "paused")
    with pytest.raises(JobError, match=f"already, by process {running.identity.pid}"):
        start(folder)
    done = _work_on(folder)
    assert done.returncode == 2
    assert f"Process {running.identity.pid} on" in done.stderr
    ask(folder, "go")
    until(lambda: status_of(folder).state == "training")
    running.kill()
    until(lambda: status_of(folder).state == "interrupted")
    ask(folder, "cancel")
    assert status_of(folder).state == "cancelled"
    assert not folder.checkpoints.exists()
    done = _work_on(folder)
    assert (done.returncode, "run was cancelled" in done.stderr) == (2, True)
    assert status_of(folder).state == "cancelled"


@pytest.mark.parametrize("state", ["training", "paused"])
def test_the_system_ends_a_run_and_it_can_be_resumed(make: Make, state: str) -> None:
    folder = make(epochs=LONG)
    running = start(folder)
    until(lambda: is_training(folder))
    if state == "paused":
        ask(folder, "pause")
        until(lambda: status_of(folder).state == "paused")
    os.kill(running.identity.pid, signal.SIGTERM)
    assert running.wait(20)
    status = status_of(folder)
    assert status.state == "interrupted"
    assert status.message.startswith("The process leaves; the run can be resumed")
    assert int(folder.last.read_text()) == history_of(folder).last_step
    assert "can be resumed" in folder.log.read_text()


@pytest.mark.parametrize(("times", "state"), [(1, "stopped"), (2, "interrupted")])
def test_ctrl_c_stops_a_run_in_a_terminal_and_twice_ends_it(
    make: Make, monkeypatch: pytest.MonkeyPatch, times: int, state: str
) -> None:
    monkeypatch.setenv("STAND_IN", "slow" if times == 2 else "steps")
    folder = make(epochs=LONG)
    command = [sys.executable, "-m", "stand_in", "run", str(folder.path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        until(lambda: is_training(folder))
        for _ in range(times):
            running.send_signal(signal.SIGINT)
            time.sleep(0.3)
        assert running.wait(20) == 130
    assert status_of(folder).state == state
    assert folder.best.exists()


def test_an_error_is_a_sentence_and_its_origin_is_in_the_log(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "broken")
    folder = make()
    done = _work_on(folder)
    assert done.returncode == 1
    status = status_of(folder)
    assert status.state == "failed"
    assert status.message.startswith("KeyError: 'no such weight'.")
    assert "Traceback" not in folder.events.read_text()
    assert 'raise KeyError("no such weight")' in folder.log.read_text()
    assert "A part of it broke" in folder.log.read_text()
    assert int(folder.last.read_text()) == 5


@pytest.mark.parametrize("how", ["started", "in a terminal"])
def test_what_was_asked_of_an_earlier_process_too_late_is_forgotten(make: Make, how: str) -> None:
    folder = make()
    write_ask(folder, "stop")
    if how == "started":
        assert start(folder).wait(30)
    else:
        assert _work_on(folder).returncode == 0
    assert status_of(folder).state == "finished"


def test_what_cannot_be_done_is_refused(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN", "refusing")
    folder = make()
    assert _work_on(folder).returncode == 2
    status = status_of(folder)
    assert (status.state, status.message) == ("refused", "There are no images.")
    monkeypatch.setenv("STAND_IN_WORDS", os.fsdecode(b"No image is called \xff."))
    assert _work_on(folder).returncode == 2
    status = status_of(folder)
    assert (status.state, status.message) == ("refused", "No image is called ?.")
    assert "Cannot be done. No image is called \\udcff." in folder.log.read_text()


def test_a_process_that_dies_at_once_says_why(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_MODULE", "no_such_module")
    folder = make()
    running = start(folder)
    assert running.wait(20)
    assert running.why_it_died().endswith("No module named no_such_module")
    status = status_of(folder)
    assert (status.state, status.message) == ("interrupted", running.why_it_died())


def test_nobody_need_read_the_output_stream(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN", "talkative")
    for closed in (True, False):
        folder = make(epochs=10)
        command = [sys.executable, "-m", "stand_in", "run", str(folder.path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
            assert running.stdout is not None
            if closed:
                running.stdout.readline()
                running.stdout.close()
            assert running.wait(30) == 0
        assert status_of(folder).state == "finished"


def test_a_full_disk_ends_the_run_and_keeps_what_was_saved(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "talkative")
    monkeypatch.setenv("STAND_IN_FILE_BYTES", "20000")
    folder = make(epochs=20)
    assert _work_on(folder).returncode == 1
    status = status_of(folder)
    assert status.state == "failed"
    assert "The disk is full" in status.message
    assert folder.last.exists()
    assert read_events(folder).n_skipped == 0
    monkeypatch.delenv("STAND_IN_FILE_BYTES")
    monkeypatch.setenv("STAND_IN", "fast")
    assert _work_on(folder).returncode == 0
    assert status_of(folder).state == "finished"


def _work_on(folder: RunFolder) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stand_in", "run", str(folder.path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
