"""How a run stands, from its files and the processes of this machine."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from napari_slitseg.events import (
    Attempt,
    EpochDone,
    Event,
    Finished,
    Notice,
    RunState,
    StepDone,
)
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs import keeping
from napari_slitseg.pipelines.runs.alive import SILENT_S, write_alive
from napari_slitseg.pipelines.runs.asking import ask, see_it_end
from napari_slitseg.pipelines.runs.control import read_ask
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.identity import Identity
from napari_slitseg.pipelines.runs.journal import EventFile, Journal
from napari_slitseg.pipelines.runs.keeping import command_of, delete, duplicate
from napari_slitseg.pipelines.runs.locking import locked
from napari_slitseg.pipelines.runs.process import start
from napari_slitseg.pipelines.runs.reading import read_events
from napari_slitseg.pipelines.runs.status import list_runs, status_of
from tests.pipelines.runs.conftest import Make


def tell(folder: RunFolder, *events: Event) -> None:
    with folder.events.open("a") as file:
        file.writelines(f"{event.model_dump_json()}\n" for event in events)


def begun(step: int = 0) -> tuple[Event, ...]:
    attempt = Attempt(step=step, time=0.0, total_steps=100, steps_per_epoch=10)
    return attempt, RunState(phase="training", time=0.0)


def me(**changes: object) -> Identity:
    return Identity.from_dict(Identity.of(os.getpid()).to_dict() | changes)


def test_a_living_process_is_told_from_a_later_one_of_the_same_number(make: Make) -> None:
    folder = make()
    tell(folder, *begun())
    write_alive(folder, me(), 0)
    assert (status_of(folder).state, status_of(folder).is_alive) == ("training", True)
    started = Identity.of(os.getpid()).started
    write_alive(folder, me(started=started - 100), 0)
    assert (status_of(folder).state, status_of(folder).is_alive) == ("interrupted", False)
    write_alive(folder, me(boot="another start of this machine"), 0)
    assert status_of(folder).state == "interrupted"


def test_a_process_of_another_machine_is_judged_by_its_last_sign_of_life(make: Make) -> None:
    folder = make()
    tell(folder, *begun())
    write_alive(folder, me(host="elsewhere"), 0)
    assert status_of(folder).is_alive
    values = json.loads(folder.alive.read_text())
    folder.alive.write_text(json.dumps(values | {"time": time.time() - 2 * SILENT_S}))
    assert status_of(folder).state == "interrupted"


def test_what_an_earlier_process_told_is_no_matter_once_another_lives(make: Make) -> None:
    folder = make()
    tell(folder, *begun(), Finished(reason="failed", message="Bad luck."))
    assert (status_of(folder).state, status_of(folder).message) == ("failed", "Bad luck.")
    write_alive(folder, me(), folder.events.stat().st_size)
    assert status_of(folder).state == "preparing"
    tell(folder, RunState(phase="queued", time=0.0, message="Waits for other."))
    assert (status_of(folder).state, status_of(folder).message) == ("queued", "Waits for other.")


def test_what_a_run_has_done_and_has_left(make: Make) -> None:
    folder = make()
    epoch = {"total_epochs": 10, "validation_seconds": 2.0}
    steps = [StepDone(step=i, epoch=1, rate=1.0, loss=1.0, seconds=0.5) for i in range(1, 11)]
    tell(folder, *begun(), *steps)
    tell(folder, EpochDone(epoch=1, step=10, is_best=True, **epoch))
    tell(folder, StepDone(step=11, epoch=2, rate=1.0, loss=1.0, seconds=0.5))
    write_alive(folder, me(), 0)
    status = status_of(folder)
    assert (status.step, status.total_steps, status.epoch, status.total_epochs) == (11, 100, 1, 10)
    assert status.best is not None
    assert status.best.epoch == 1
    assert status.seconds_left == pytest.approx(89 * 0.5 + 9 * 2.0)


def test_runs_are_listed_newest_first_and_damaged_ones_too(make: Make, tmp_path: Path) -> None:
    old, new, damaged = make("old"), make("new"), make("damaged")
    for i, folder in enumerate((old, new, damaged)):
        if folder is damaged:
            folder.job.write_text('{"images": [')
        os.utime(folder.job, (i, i))
    (tmp_path / "runs" / "no run").mkdir()
    (tmp_path / "runs" / "a file").touch()
    new.events.write_bytes(b"\x00\xff no event\n{}\n")
    found = {status.folder.name: status for status in list_runs(tmp_path / "runs")}
    assert sorted(found) == ["damaged", "new", "old"]
    assert [name for name in found if name != "damaged"] == ["new", "old"]
    assert found["damaged"].state == "damaged"
    assert "job.json is not valid" in found["damaged"].message
    assert list_runs(tmp_path / "nowhere") == []


def test_what_nothing_works_on_can_only_be_cancelled(make: Make) -> None:
    folder = make()
    with pytest.raises(JobError, match="cannot be stopped: it has not begun"):
        ask(folder, "stop")
    tell(folder, *begun())
    with pytest.raises(JobError, match="cannot be paused: its process died"):
        ask(folder, "pause")
    folder.best.write_text("weights")
    ask(folder, "cancel")
    assert status_of(folder).state == "cancelled"
    assert not folder.checkpoints.exists()
    with pytest.raises(JobError, match=r"it has ended \(cancelled\)"):
        ask(folder, "cancel")
    with pytest.raises(JobError, match=r"cannot go on\. The run is cancelled"):
        start(folder)


def test_word_is_left_also_where_a_file_that_is_read_cannot_be_replaced_at_once(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, refused = os.replace, iter((True, True, False))

    def at_third(old: Path, new: Path) -> None:
        if next(refused):
            raise PermissionError(errno.EACCES, "Access is denied")
        replace(old, new)

    folder = make()
    write_alive(folder, me(), 0)
    monkeypatch.setattr(os, "replace", at_third)
    ask(folder, "stop")
    assert read_ask(folder) == "stop"
    assert not list(folder.path.glob(".*.part"))


def test_a_run_that_dies_while_it_is_cancelled_is_cancelled(make: Make) -> None:
    folder = make()
    tell(folder, *begun())
    folder.best.write_text("weights")
    with subprocess.Popen(["sleep", "0.3"]) as dying:
        write_alive(folder, Identity.of(dying.pid), 0)
        ask(folder, "cancel")
        assert status_of(folder).state == "stopping"
        assert see_it_end(folder, patience_s=20)
    assert status_of(folder).state == "cancelled"
    assert not folder.checkpoints.exists()
    write_alive(folder, me(host="elsewhere"), folder.events.stat().st_size)
    ask(folder, "cancel")
    assert not see_it_end(folder)


def test_a_duplicate_is_a_new_run_beside_the_old_one(make: Make) -> None:
    folder = make("mine", epochs=7)
    job = duplicate(folder)
    assert (job.epochs, job.runs, job.name) == (7, folder.path.parent, "mine")


def test_the_command_of_a_run_is_quoted_for_the_shell(make: Make, tmp_path: Path) -> None:
    folder = make(runs=tmp_path / "my runs")
    assert command_of(folder) == f"slitseg finetune --job '{folder.job}'"


def test_only_runs_that_nothing_works_on_go_to_the_trash(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thrown: list[Path] = []
    monkeypatch.setattr(keeping, "send2trash", thrown.append)
    with pytest.raises(JobError, match="is no run, so it is left alone"):
        delete(RunFolder(tmp_path))
    folder = make()
    write_alive(folder, me(), 0)
    with pytest.raises(JobError, match=f"Process {os.getpid()} works on run; cancel it first"):
        delete(folder)
    folder.alive.unlink()
    assert thrown == []
    delete(folder)
    assert thrown == [folder.path]


def test_a_run_that_is_locked_is_not_thrown_away_whatever_its_files_say(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    thrown: list[Path] = []
    monkeypatch.setattr(keeping, "send2trash", thrown.append)
    folder = make()
    with locked(folder), pytest.raises(JobError, match="A process works on the run run already"):
        delete(folder)
    write_alive(folder, me(), 0)
    folder.job.write_text("{")
    status = status_of(folder)
    assert (status.state, status.is_alive, status.pid) == ("damaged", True, os.getpid())
    with pytest.raises(JobError, match=f"Process {os.getpid()} works on run; cancel it first"):
        delete(folder)
    assert thrown == []
    ask(folder, "stop")
    assert read_ask(folder) == "stop"


def test_without_a_trash_a_run_stays(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_trash(path: Path) -> None:
        raise OSError("there is no trash on this disk")

    monkeypatch.setattr(keeping, "send2trash", no_trash)
    folder = make()
    with pytest.raises(JobError, match=r"no trash on this disk\). It is as it was"):
        delete(folder)
    assert folder.exists


def test_where_events_have_no_room_the_end_stands_beside_them(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = make()
    tell(folder, *begun())
    with contextlib.closing(Journal(folder, lambda _: None)) as journal:
        monkeypatch.setattr(EventFile, "append", no_room)
        journal.add(Notice(text="a"))
        assert journal.error is not None
        assert journal.end(Finished(reason="failed", message="The disk is full."))
        assert not journal.end(Finished(reason="done"))
    assert read_events(folder).events == list(begun())
    assert (status_of(folder).state, status_of(folder).message) == ("failed", "The disk is full.")
