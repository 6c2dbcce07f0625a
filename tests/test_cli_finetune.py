"""``slitseg finetune``, ``run`` and ``runs``: options, what they print, real processes."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from rich.console import Console

from napari_slitseg import events
from napari_slitseg.cli import finetune, main, training_view
from napari_slitseg.cli.app import app
from napari_slitseg.core.checkpoint import read_checkpoint_info
from napari_slitseg.core.curriculum.presets import CURRICULA
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.runs import process
from napari_slitseg.pipelines.runs.alive import write_alive
from napari_slitseg.pipelines.runs.device_queue import STATE_VARIABLE
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.identity import Identity
from napari_slitseg.pipelines.runs.status import status_of
from tests.pipelines.tiny_runs import make_images, make_model

STAND_IN = Path(__file__).parent / "pipelines" / "runs"


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let runs train with the stand-in, and wait in a queue of their own."""
    monkeypatch.setattr(process, "_MODULE", "stand_in")
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def prepared(capsys: pytest.CaptureFixture[str], *words: str) -> RunFolder:
    """Run that a command line prepares."""
    assert main(["finetune", *words, "--runs", "runs", "--prepare-only"]) == 0
    return RunFolder(Path(capsys.readouterr().out.strip()))


def words(text: str) -> str:
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())


# -- options


def test_help_is_what_the_fields_of_the_job_say_in_groups(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app.console = Console(width=300)
    assert main(["finetune", "--help"]) == 0
    page = words(capsys.readouterr().out)
    places = [page.index(f" {title} --") for title in finetune.GROUPS]
    assert places == sorted(places)
    for field, info in FinetuneJob.model_fields.items():
        assert f"--{field.replace('_', '-')}" in page
        assert info.description is not None
        assert words(info.description) in page
    assert "Settings of the optimiser, SETTING=VALUE: weight_decay, beta1" in page


def test_every_field_stands_in_one_group() -> None:
    grouped = [name for names in finetune.GROUPS.values() for name in names]
    assert len(grouped) == len(set(grouped))
    assert set(FinetuneJob.model_fields) - set(grouped) == {"images", "name", "start", "runs"}


def test_options_make_the_job_of_the_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    line = "a.tif b.tif --name mine --slit-loss one_to_one --schedule "
    more = "triangular2 --schedule-set low=1e-5 high=1e-3 --optimiser sgd --optimiser-set "
    last = "momentum=0.5 --augmentation-set invert_share=0.5 --clip-norm none --devices 2"
    folder = prepared(capsys, *(line + more + last).split())
    job = folder.read_job()
    assert folder.path == tmp_path / "runs" / "mine"
    assert job.images == (tmp_path / "a.tif", tmp_path / "b.tif")
    assert job.slit_loss["name"] == "one_to_one"
    assert (job.schedule["name"], job.schedule["high"]) == ("triangular2", 1e-3)
    assert (job.optimiser["name"], job.optimiser["momentum"]) == ("sgd", 0.5)
    assert (job.augmentation["name"], job.augmentation["invert_share"]) == ("tem", 0.5)
    assert (job.clip_norm, job.devices) == (None, 2)


def test_settings_alone_change_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    job = prepared(capsys, "a.tif", "--schedule-set", "rate=1e-3").read_job()
    assert (job.schedule["name"], job.schedule["rate"]) == ("cosine", 1e-3)


def test_documents_and_jobs_come_from_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    curriculum = CURRICULA["dice_then_distance"].curriculum.to_dict()
    (tmp_path / "c.json").write_text(json.dumps(curriculum))
    first = prepared(capsys, "a.tif", "--curriculum", "c.json", "--epochs", "7", "--name", "one")
    assert first.read_job().curriculum == curriculum
    again = prepared(capsys, "--job", str(first.job), "--batch", "2", "--name", "two")
    changes = {"batch": 2, "name": "two"}
    assert again.read_job() == first.read_job().model_copy(update=changes)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "images: Field required"),
        ("a --slit-loss dise", "did you mean 'dice'?"),
        ("a --curriculum nothing.json", "nothing.json cannot be read: No such file"),
        ("a --job list.json", "list.json holds no document"),
        ("a --schedule-set name=cosine", "say --schedule cosine"),
        ("a --schedule-set rate", "--schedule-set needs NAME=VALUE such as rate=1e-3"),
        ("a --epochs 0", "epochs: Input should be greater than or equal to 1"),
        ("a --runs list.json/runs", "No run can be made in"),
        (os.fsdecode(b"\xff.tif"), "bytes that are no letters"),
    ],
)
def test_what_makes_no_sense_ends_with_2(
    line: str, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "list.json").write_text("[]")
    assert main(["finetune", *line.split()]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_run_is_known_by_its_name_where_runs_are_made(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert main(["finetune", "a", "--name", "mine", "--prepare-only"]) == 0
    made = tmp_path / "home" / "slitseg-runs" / "mine"
    assert capsys.readouterr().out.strip() == str(made)
    for name in ("show", "command"):
        assert main(["runs", name, "mine"]) == 0
        assert str(made) in capsys.readouterr().out
    assert main(["runs", "cancel", "mine"]) == 0
    assert main(["runs", "resume", "mine"]) == 2
    assert "mine cannot go on. The run is cancelled" in capsys.readouterr().err
    assert main(["runs", "compare", "mine"]) == 0
    capsys.readouterr()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "job.json").write_text((made / "job.json").read_text())
    assert main(["runs", "command", "mine"]) == 0
    assert str(tmp_path / "mine" / "job.json") in capsys.readouterr().out
    for command in (["runs", "show"], ["runs", "compare"], ["run"]):
        assert main([*command, "yours"]) == 2
        assert "There is no run called yours, neither here nor in" in capsys.readouterr().err


# -- real processes


def test_a_run_is_followed_to_its_end(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = "a --name mine --runs runs --epochs 2 --device cpu"
    assert main(["finetune", *line.split()]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "Epoch 2/2" in said.err
    assert f"The run is {tmp_path / 'runs' / 'mine'}" in said.err
    model = tmp_path / "runs" / "mine" / "checkpoints" / "best.safetensors"
    assert f"slitseg predict IMAGES --out results --model {model}" in said.err
    assert main(["runs", "resume", "runs/mine"]) == 2
    assert "The run is finished" in capsys.readouterr().err


def test_a_detached_run_is_looked_after_with_other_commands(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    line = "a --name mine --runs runs --epochs 1000 --device cpu --detach"
    assert main(["finetune", *line.split()]) == 0
    run = str(tmp_path / "runs" / "mine")
    folder = RunFolder(Path(run))
    assert f"slitseg runs follow {run}" in capsys.readouterr().err
    try:
        until(lambda: status_of(folder).epoch > 0)
        assert main(["runs", "pause", run]) == 0
        until(lambda: status_of(folder).state == "paused")
        assert main(["runs", "delete", run]) == 2
        assert "cancel it first" in capsys.readouterr().err
        assert main(["runs", "go", run]) == 0
        assert main(["runs", "list", "runs", "--json"]) == 0
        (listed,) = json.loads(capsys.readouterr().out)
        assert (listed["path"], listed["is_alive"]) == (run, True)
    finally:
        assert main(["runs", "cancel", run]) == 0
    assert not status_of(folder).is_alive
    assert main(["runs", "show", run]) == 0
    assert "state    cancelled" in capsys.readouterr().out
    assert main(["runs", "follow", run]) == 1
    assert "Cancelled" in capsys.readouterr().err
    assert main(["runs", "stop", run]) == 2
    assert "it has ended (cancelled)" in capsys.readouterr().err
    assert main(["runs", "duplicate", run]) == 0
    assert capsys.readouterr().out.strip() == f"{run}-2"
    assert main(["runs", "command", run]) == 0
    assert capsys.readouterr().out.strip() == f"slitseg finetune --job {folder.job}"


def test_a_run_that_works_on_another_machine_is_followed_while_it_tells(
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = prepared(capsys, "a", "--name", "mine")
    assert main(["runs", "follow", str(folder.path)]) == 1
    assert "It has not begun. Begin it with: slitseg runs resume" in capsys.readouterr().err
    elsewhere = {**Identity.of(os.getpid()).to_dict(), "host": "elsewhere"}
    write_alive(folder, Identity.from_dict(elsewhere), 0)
    follower = Thread(target=main, args=(["runs", "follow", str(folder.path)],))
    follower.start()
    for text in ("It trains there.", "Still."):
        time.sleep(0.3)
        tell(folder, events.Notice(text=text))
    tell(folder, events.Finished(reason="stopped", message="Enough."))
    folder.alive.unlink()
    follower.join(20)
    assert not follower.is_alive()
    said = capsys.readouterr().err
    assert "Still." in said
    assert "Enough." in said


def tell(folder: RunFolder, *told: events.Event) -> None:
    with folder.events.open("a") as file:
        file.writelines(f"{event.model_dump_json()}\n" for event in told)


FOLLOWER = """
import os, signal, sys
from napari_slitseg.cli import main
from napari_slitseg.pipelines.runs import process
process._MODULE = "stand_in"
if len(sys.argv) > 1 and sys.argv[1] == "at once":
    spawn = process._spawn
    def interrupted(*words):
        child = spawn(*words)
        os.kill(os.getpid(), signal.SIGINT)
        return child
    process._spawn = interrupted
    del sys.argv[1]
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("signals", "code", "state"),
    [
        ([signal.SIGINT], 130, "stopped"),
        ([], 130, "stopped"),
        ([signal.SIGINT, signal.SIGINT], 130, "interrupted"),
        ([signal.SIGTERM], 143, "interrupted"),
    ],
)
def test_signals_stop_a_run_or_leave_it_to_be_resumed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    signals: list[signal.Signals],
    code: int,
    state: str,
) -> None:
    if len(signals) > 1:
        monkeypatch.setenv("STAND_IN", "hashing")
    line = "finetune a --name mine --runs runs --epochs 1000 --device cpu"
    folder = RunFolder(tmp_path / "runs" / "mine")
    command = [sys.executable, "-c", FOLLOWER, *([] if signals else ["at once"]), *line.split()]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as follower:
        until(lambda: not signals or (folder.exists and status_of(folder).epoch > 0))
        for number in signals:
            time.sleep(0.5)
            os.kill(follower.pid, number)
        _, said = follower.communicate(timeout=30)
    assert follower.returncode == code, said
    status = status_of(folder)
    assert (status.state, status.is_alive) == (state, False)
    assert folder.best.exists() or not signals
    assert f"Go on with: slitseg runs resume {folder.path}" in said


def test_run_trains_in_its_own_process_and_tells_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    make_images(tmp_path / "images")
    make_model(tmp_path / "tiny.safetensors")
    line = "images --device cpu --epochs 1 --steps-per-epoch 2 --patch-px 64 --batch 1"
    more = "--start tiny.safetensors --threads 1 --name mine"
    folder = prepared(capsys, *line.split(), *more.split())
    command = [sys.executable, "-m", "napari_slitseg", "run", str(folder.path)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    told = [events.read_event(line) for line in done.stdout.splitlines()]
    assert [each.step for each in told if isinstance(each, events.StepDone)] == [1, 2]
    assert isinstance(told[-1], events.Finished)
    assert status_of(folder).state == "finished"
    assert json.loads(folder.environment.read_text())["command"][-1] == str(folder.path)
    assert read_checkpoint_info(folder.best).name == "mine"


def test_run_says_where_there_is_no_run(tmp_path: Path) -> None:
    assert main(["run", str(tmp_path)]) == 2


# -- the view


def shown(terminal: bool) -> str:
    told: list[events.Event] = [
        events.RunState(phase="queued", time=0, message="Waits for other on cpu."),
        events.Attempt(step=0, time=0, total_steps=10, steps_per_epoch=5, device="cpu"),
        events.RunState(phase="training", time=0),
        events.StepDone(step=3, epoch=1, rate=1e-3, loss=0.25),
        events.Alarm(name="erasure", text="Slits vanish.", cure="Take dice."),
        events.EpochDone(epoch=1, step=5, total_epochs=2, scores={"f1": 0.5}, is_best=True),
        events.Finished(reason="failed", message="It broke."),
    ]
    stream = io.StringIO()
    if terminal:
        console = Console(file=stream, force_terminal=True, width=100, color_system="standard")
        view: Any = training_view.TrainingBar(console)
    else:
        view = training_view.TrainingLines(lambda text: _write(stream, text), quiet=False)
    with view:
        for event in told:
            view.show(event)
            if terminal:
                view._progress.refresh()
    return stream.getvalue()


def _write(stream: io.StringIO, text: str) -> None:
    stream.write(f"{text}\n")


def test_a_terminal_shows_a_bar_with_loss_and_rate_and_alarms_in_colour() -> None:
    text = shown(terminal=True)
    assert "3/10" in text
    assert "loss 0.25, rate 0.001" in text
    assert "\x1b[1;31mAlarm: Slits vanish. Take dice." in text
    assert "Epoch 1/2" in text


def test_elsewhere_there_is_a_line_for_what_matters() -> None:
    assert shown(terminal=False).splitlines() == [
        "Waits for other on cpu.",
        "Begins of 10 steps, 5 an epoch, on cpu.",
        "Alarm: Slits vanish. Take dice.",
        "Epoch 1/2, F1 0.500, Chamfer - nm, found/annotated - (best so far)",
        "Failed. It broke.",
    ]


def until(condition: Any, timeout_s: float = 30) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not come true")
        time.sleep(0.02)
