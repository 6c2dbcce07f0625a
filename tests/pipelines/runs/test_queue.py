"""Runs that want one device work one after the other."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from napari_slitseg.events import Event, Notice, RunState
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.runs import device_names
from napari_slitseg.pipelines.runs.asking import ask
from napari_slitseg.pipelines.runs.control import write_ask
from napari_slitseg.pipelines.runs.device_names import devices_of
from napari_slitseg.pipelines.runs.device_queue import DeviceQueue, Ticket
from napari_slitseg.pipelines.runs.folder import Ask, RunFolder
from napari_slitseg.pipelines.runs.identity import Identity
from napari_slitseg.pipelines.runs.process import start
from napari_slitseg.pipelines.runs.status import status_of
from napari_slitseg.pipelines.runs.turn import turn
from tests.pipelines.runs.conftest import Make, until

LONG = 1000


@pytest.fixture(autouse=True)
def nobody_gives_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in device_names._CLUSTERS:
        monkeypatch.delenv(name, raising=False)


def state(folder: RunFolder) -> str:
    return status_of(folder).state


def test_runs_wait_for_each_other_in_order_also_when_one_is_killed(make: Make) -> None:
    folders = [make(name, epochs=LONG) for name in ("first", "second", "third")]
    running = [start(folder) for folder in folders]
    until(lambda: status_of(folders[0]).step > 0)
    until(lambda: [state(each) for each in folders[1:]] == ["queued", "queued"])
    assert status_of(folders[1]).message == "Waits for first on cpu; number 2 in the queue."
    assert status_of(folders[2]).message == "Waits for first, second on cpu; number 3 in the queue."
    os.kill(running[0].identity.pid, signal.SIGKILL)
    until(lambda: status_of(folders[1]).step > 0)
    assert [state(each) for each in folders] == ["interrupted", "training", "queued"]
    assert status_of(folders[2]).step == 0
    ask(folders[2], "pause")
    until(lambda: state(folders[2]) == "paused")
    ask(folders[1], "stop")
    until(lambda: state(folders[1]) == "stopped")
    again = start(folders[0])
    until(lambda: state(folders[0]) == "training")
    ask(folders[2], "go")
    until(lambda: state(folders[2]) == "queued")
    ask(folders[2], "cancel")
    assert running[2].wait(20)
    assert state(folders[2]) == "cancelled"
    assert status_of(folders[2]).step == 0
    assert not folders[2].checkpoints.exists()
    again.kill()


@pytest.fixture
def processes() -> Iterator[list[Identity]]:
    started = [subprocess.Popen(["sleep", "60"]) for _ in range(3)]
    yield [Identity.of(each.pid) for each in started]
    for each in started:
        each.kill()
        each.wait()


def join(queue: DeviceQueue, identity: Identity, *devices: str) -> Ticket:
    ticket = queue.join(RunFolder(Path(f"run-{identity.pid}")), identity)
    return queue.want(ticket, devices) if devices else ticket


def test_only_those_who_share_a_device_wait(tmp_path: Path, processes: list[Identity]) -> None:
    queue = DeviceQueue(tmp_path / "queue")
    first = join(queue, processes[0], "cuda:0", "cuda:1")
    second = join(queue, processes[1], "cpu")
    third = join(queue, processes[2], "cuda:1")
    assert [each.number for each in queue.begin(third)] == [first.number]
    assert queue.begin(second) == ()
    assert queue.begin(first) == ()
    queue.leave(first)
    assert queue.begin(third) == ()


def test_a_place_is_kept_before_the_devices_are_known(
    tmp_path: Path, processes: list[Identity]
) -> None:
    queue = DeviceQueue(tmp_path / "queue")
    first, second = join(queue, processes[0]), join(queue, processes[1], "cpu")
    assert join(queue, processes[0]) == first
    assert queue.begin(second) == (first,)
    join(queue, processes[0], "cuda:0")
    assert queue.begin(second) == ()


def test_a_paused_one_lets_others_pass_and_cannot_take_back_what_they_began(
    tmp_path: Path, processes: list[Identity]
) -> None:
    queue = DeviceQueue(tmp_path / "queue")
    first, second = join(queue, processes[0], "cpu"), join(queue, processes[1], "cpu")
    third = join(queue, processes[2], "cpu")
    queue.change(first, is_paused=True)
    assert queue.begin(second) == ()
    first = queue.change(first, is_paused=False)
    assert [each.number for each in queue.begin(first)] == [second.number]
    queue.leave(second)
    assert [each.number for each in queue.begin(third)] == [first.number]


def test_the_ticket_of_a_number_that_belongs_to_another_process_now_is_void(
    tmp_path: Path, processes: list[Identity]
) -> None:
    queue = DeviceQueue(tmp_path / "queue")
    values = processes[0].to_dict()
    before = Identity.from_dict(values | {"started": values["started"] - 100})
    dead = join(queue, before, "cpu")
    assert queue.begin(join(queue, processes[1], "cpu")) == ()
    assert dead not in queue._living()


def test_a_run_works_at_once_where_the_queue_breaks_down(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> tuple[Ticket, ...]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(DeviceQueue, "begin", no_room)
    told: list[Event] = []
    folder = make()
    me = Identity.of(os.getpid())
    with turn(folder, folder.read_job(), me, lambda: "go", told.append) as finished:
        assert finished is None
    (notice,) = told
    assert isinstance(notice, Notice)
    assert "No space left on device" in notice.text
    assert not list(tmp_path.glob("state/queue/*/*.ticket"))


def test_who_waits_is_told_that_the_first_is_paused(make: Make, processes: list[Identity]) -> None:
    first, second = make("first"), make("second")
    write_ask(first, "pause")
    queue = DeviceQueue.of_this_machine()
    queue.begin(queue.want(queue.join(first, processes[0]), ("cpu",)))
    told: list[Event] = []
    asked = iter(("go", "stop"))
    with turn(
        second, second.read_job(), processes[1], lambda: cast("Ask", next(asked)), told.append
    ) as finished:
        assert finished is not None
    (waiting,) = told
    assert isinstance(waiting, RunState)
    assert waiting.message.startswith("Waits for first (paused) on cpu")


@pytest.mark.parametrize(
    ("device", "n", "visible", "expected"),
    [
        ("cpu", 4, "", ("cpu",)),
        ("mps", 1, "", ("mps",)),
        ("cuda", 1, "", ("cuda:0",)),
        ("cuda", 2, "", ("cuda:0", "cuda:1")),
        ("cuda:1", 1, "", ("cuda:1",)),
        ("cuda", 2, "3, 5", ("cuda:3", "cuda:5")),
    ],
)
def test_devices_have_the_names_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, device: str, n: int, visible: str, expected: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    job = FinetuneJob(images=("a",), device=device, devices=n)
    assert devices_of(job) == expected
