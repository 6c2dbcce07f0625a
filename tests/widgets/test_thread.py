from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from superqt.utils._qthreading import WorkerBase

from napari_slitseg.widgets._thread import Runner


class Log:
    """What a runner said, in order."""

    def __init__(self, runner: Runner) -> None:
        self.lines: list[tuple[str, Any]] = []
        for name in ("busy_changed", "event", "finished", "failed", "cancelled"):
            getattr(runner, name).connect(self._note(name))

    def _note(self, name: str):
        def note(*values: Any) -> None:
            self.lines.append((name, *values))

        self.__dict__[f"_{name}"] = note
        return note


@pytest.fixture
def runner(qtbot):
    runner = Runner()
    yield runner
    runner.cancel()
    qtbot.wait(20)


@pytest.fixture
def log(runner: Runner) -> Log:
    return Log(runner)


def test_events_then_the_answer_then_not_busy(qtbot, runner, log) -> None:
    def work(should_stop):
        yield 1
        yield 2
        return 3

    runner.start(work, "count")
    qtbot.waitUntil(lambda: ("busy_changed", False) in log.lines, timeout=5000)
    assert log.lines == [
        ("busy_changed", True),
        ("event", 1),
        ("event", 2),
        ("finished", 3),
        ("busy_changed", False),
    ]
    assert not runner.is_busy


@pytest.mark.parametrize("error", [RuntimeError, ValueError, MemoryError, KeyError])
@pytest.mark.parametrize("late", [False, True])
def test_every_error_is_told_and_ends_the_work(qtbot, runner, log, error, late) -> None:
    def work(should_stop):
        if late:
            yield "begun"
        raise error("out of memory")
        yield

    with qtbot.captureExceptions():
        runner.start(work, "fail")
        qtbot.waitUntil(lambda: ("busy_changed", False) in log.lines, timeout=5000)
    (failed,) = [line for line in log.lines if line[0] == "failed"]
    assert "out of memory" in failed[1]
    assert log.lines[-1] == ("busy_changed", False)
    assert not any(line[0] == "finished" for line in log.lines)


def test_cancel_ends_at_once_and_drops_the_answer(qtbot, runner, log) -> None:
    halted = threading.Event()

    def work(should_stop):
        yield "begun"
        while not should_stop():
            time.sleep(0.005)
        halted.set()
        raise RuntimeError("stopped in the middle")

    runner.start(work, "cancel")
    qtbot.waitUntil(lambda: ("event", "begun") in log.lines, timeout=5000)
    runner.cancel()
    assert log.lines[-2:] == [("cancelled",), ("busy_changed", False)]
    qtbot.waitUntil(halted.is_set, timeout=5000)
    qtbot.wait(50)
    assert log.lines[-1] == ("busy_changed", False)
    assert not any(line[0] == "failed" for line in log.lines)
    runner.cancel()
    assert log.lines.count(("cancelled",)) == 1


def test_a_newer_request_drops_the_answer_of_the_older(qtbot, runner, log) -> None:
    release = threading.Event()

    def slow(should_stop):
        release.wait(5)
        yield "old event"
        return "old"

    def quick(should_stop):
        yield "new event"
        return "new"

    runner.start(slow, "old")
    runner.start(quick, "new")
    release.set()
    qtbot.waitUntil(lambda: ("busy_changed", False) in log.lines, timeout=5000)
    qtbot.wait(50)
    assert [line for line in log.lines if line[0] in ("event", "finished")] == [
        ("event", "new event"),
        ("finished", "new"),
    ]
    assert log.lines.count(("busy_changed", False)) == 1


def test_work_stops_when_napari_asks_all_workers_to(qtbot, runner, log) -> None:
    """As it does when it closes; it then waits for them, and whatever begins later crashes."""
    begun, ended = threading.Event(), threading.Event()

    def work(should_stop):
        begun.set()
        while not should_stop():
            time.sleep(0.001)
        ended.set()
        yield from ()

    runner.start(work, "search")
    assert begun.wait(5)
    WorkerBase.await_workers(5000)
    assert ended.is_set()
    qtbot.waitUntil(lambda: not runner.is_busy, timeout=5000)
    assert log.lines == [("busy_changed", True), ("cancelled",), ("busy_changed", False)]
