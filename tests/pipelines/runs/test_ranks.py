"""Processes that help the first one of several."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest

from napari_slitseg.pipelines.runs import ranks
from napari_slitseg.pipelines.runs.alive import Alive, write_alive
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.identity import Identity
from napari_slitseg.pipelines.runs.ranks import is_helper
from tests.pipelines.runs.conftest import Make, until

LAUNCHER = """
import subprocess, sys
print(subprocess.Popen([sys.executable, "-m", "stand_in", *sys.argv[1:]]).pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("name", ["LOCAL_RANK", "RANK", "SLURM_PROCID"])
def test_a_helper_is_known_by_its_number(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert not is_helper()
    monkeypatch.setenv(name, "0")
    assert not is_helper()
    monkeypatch.setenv(name, "1")
    assert is_helper()


def test_a_helper_writes_nothing_and_leaves_when_its_launcher_is_killed(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("STAND_IN", "hashing")
    folder = make()
    command = [sys.executable, "-c", LAUNCHER, "run", str(folder.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout is not None
        helper = int(launcher.stdout.readline())
        until((folder.path / "busy").exists)
        os.kill(helper, signal.SIGTERM)
        assert psutil.pid_exists(helper)
        launcher.kill()
    until(lambda: not psutil.pid_exists(helper))
    assert not folder.events.exists()
    assert not folder.alive.exists()
    assert not folder.lock.exists()


def test_a_helper_leaves_when_the_first_process_is_no_more(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("STAND_IN", "hashing")
    monkeypatch.setenv("STAND_IN_GRACE_S", "1")
    folder = make()
    with subprocess.Popen(["sleep", "60"]) as first:
        write_alive(folder, Identity.of(first.pid), 0)
        command = [sys.executable, "-m", "stand_in", "run", str(folder.path)]
        with subprocess.Popen(command) as helper:
            until((folder.path / "busy").exists)
            assert helper.poll() is None
            first.kill()
            assert helper.wait(30) == 1


class Clock:
    """Time that passes only in sleep; from some second on, something else is seen."""

    def __init__(self, seen: dict[float, Alive | None]) -> None:
        self.now, self._seen = 0.0, seen

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def read_alive(self, _: RunFolder) -> Alive | None:
        return self._seen[max(second for second in self._seen if second <= self.now)]


def test_a_helper_bears_a_gap_and_does_not_take_another_for_the_first(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(code: int) -> None:
        raise SystemExit(code)

    first, other = (Alive(Identity.of(os.getpid(), token), 0.0, 0) for token in "ab")
    clock = Clock({0: None, 20: first, 30: None, 34: first, 40: other})
    monkeypatch.setattr(ranks, "time", clock)
    monkeypatch.setattr(ranks, "read_alive", clock.read_alive)
    monkeypatch.setattr(os, "_exit", leave)
    with pytest.raises(SystemExit):
        ranks._watch(make(), os.getppid())
    assert 44 <= clock.now <= 46
