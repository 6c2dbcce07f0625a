"""How long napari's window waits while a training goes on beside it.

Run with ``python benchmarks/finetune_dock.py``; needs a screen (or a virtual one).
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from _report import Report

from napari_slitseg.events import Attempt, EpochDone, Event, Finished, StepDone
from napari_slitseg.jobs import FinetuneJob, SimulateJob
from napari_slitseg.pipelines.runs.asking import ask
from napari_slitseg.pipelines.runs.folder import RunFolder, new_run
from napari_slitseg.pipelines.runs.status import StatusReader, status_of
from napari_slitseg.pipelines.simulate import simulate_files

EVERY_MS = 10
SECONDS = 40.0
STEPS, STEPS_PER_EPOCH = 100_000, 500
N_IMAGES, SIDE_PX, BATCH, PATCH_PX = 6, 640, 4, 256
LONG_RUN_S = 15.0
PATIENCE_S = 300.0
GOAL_MS = 50.0


@dataclass
class Ticks:
    """When the event loop came round, and what the main thread did until then.

    Attributes
    ----------
    clock, worked : list of float
        Time, and the processor's time that the main thread took, s.
    queued : list of float
        How long it was ready to work and got no processor, s; NaN where the system does not tell.
    """

    clock: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    queued: list[float] = field(default_factory=list)

    def add(self) -> None:
        """Note one turn."""
        self.clock.append(time.perf_counter())
        self.worked.append(time.thread_time())
        self.queued.append(_queued())

    def late_ms(self) -> Any:
        """Return how much later than asked each turn came."""
        return np.maximum(1e3 * np.diff(self.clock) - EVERY_MS, 0)

    def own_ms(self) -> Any:
        """Return the same without the time in which other programs had the processors."""
        return np.maximum(1e3 * (np.diff(self.clock) - np.diff(self.queued)) - EVERY_MS, 0)

    def busy_ms(self) -> Any:
        """Return the processor's time that the main thread took in each turn."""
        return 1e3 * np.diff(self.worked)

    def share(self) -> float:
        """Return the share of the time that the main thread worked, in %."""
        return float(100 * np.ptp(self.worked) / np.ptp(self.clock))


def main() -> int:
    """Print all figures; return 1 if a goal was missed."""
    with tempfile.TemporaryDirectory(prefix="slitseg-") as home:
        os.environ.update(HOME=home, USERPROFILE=home, SLITSEG_STATE=f"{home}/state")
        report = Report("Fine-tune dock")
        images, runs = _simulated(Path(home) / "simulated"), Path(home) / "runs"
        _window(report, images, runs)
        return report.exit_code()


def _window(report: Report, images: Path, runs: Path) -> None:
    import napari

    from napari_slitseg.widgets.open_workspace import inner, open_workspace

    viewer = napari.Viewer(title="benchmark", show_welcome_screen=False)
    viewer.window.resize(1340, 900)
    open_workspace(viewer)
    dock: Any = inner(viewer, "Fine-tune")
    inner(viewer, "Load images").open_paths([images])
    dock.parentWidget().raise_()
    _watch(3)
    dock.tabs.setCurrentIndex(2)
    try:
        _say(report, "no job", _watch(SECONDS))
        _training(report, dock, images, runs)
        _long_run(report, dock, runs)
    finally:
        viewer.close()


def _training(report: Report, dock: Any, images: Path, runs: Path) -> None:
    """Watch the window while a process trains, as the button starts it."""
    folder = new_run(
        FinetuneJob(
            images=(images,),
            runs=runs,
            name="training",
            epochs=500,
            steps_per_epoch=5,
            batch=BATCH,
            patch_px=PATCH_PX,
            threads=1,
            device="cpu",
        )
    )
    dock.actions.begin(folder)
    dock.show_run(folder)
    try:
        _wait(lambda: status_of(folder).step > 2, folder)
        before = status_of(folder)
        ticks = _watch(SECONDS)
        after = status_of(folder)
    finally:
        ask(folder, "cancel")
    if not (dock.live.isVisible() and before.is_alive and after.is_alive):
        raise RuntimeError(f"The window or the training was not there: {after}")
    _say(report, "while it trains", ticks, goal_ms=GOAL_MS)
    report.figure("steps meanwhile", after.step - before.step, "{:.0f}")
    report.figure("validations meanwhile", after.epoch - before.epoch, "{:.0f}")
    _wait(lambda: not status_of(folder).is_alive, folder)


def _long_run(report: Report, dock: Any, runs: Path) -> None:
    """Watch the window while it reads a long run and the run tells more all the time."""
    from qtpy.QtCore import QTimer

    folder = _told(runs)
    begun = time.perf_counter()
    reader = StatusReader(folder)
    reader.look()
    report.figure(f"status, {STEPS:,} steps, first", 1e3 * _since(begun), "{:.0f} ms")
    begun = time.perf_counter()
    reader.look()
    report.figure(f"status, {STEPS:,} steps, again", 1e3 * _since(begun), "{:.1f} ms", 20)

    told = iter(range(STEPS + 1, 2 * STEPS))
    dock.show_run(folder)
    _say(report, f"opening {STEPS:,} steps", _watch(LONG_RUN_S), goal_ms=GOAL_MS)
    telling = QTimer()
    telling.timeout.connect(lambda: _tell(folder, [_step(next(told))]))
    telling.start(200)
    _say(report, f"following {STEPS:,} steps", _watch(LONG_RUN_S), goal_ms=GOAL_MS)
    telling.stop()
    if dock.live.snapshot.status.step <= STEPS:
        raise RuntimeError("The window did not follow.")


def _say(report: Report, name: str, ticks: Ticks, goal_ms: float | None = None) -> None:
    late, own, busy = ticks.late_ms(), ticks.own_ms(), ticks.busy_ms()
    report.figure(f"{name}: waits, median of {len(late)}", np.median(late), "{:.1f} ms")
    report.figure(f"{name}: waits, 99 of 100", np.percentile(late, 99), "{:.1f} ms", goal_ms)
    report.figure(f"{name}: longest wait", late.max(), "{:.0f} ms")
    name_own = f"{name}: of it not for a processor"
    report.figure(f"{name_own}, 99 of 100", np.percentile(own, 99), "{:.1f} ms")
    report.figure(f"{name_own}, longest", own.max(), "{:.0f} ms")
    report.figure(f"{name}: main thread, longest work", busy.max(), "{:.0f} ms")
    report.figure(f"{name}: main thread, share of its time", ticks.share(), "{:.1f} %")


def _watch(seconds: float) -> Ticks:
    """Let the window work for a while and note when its loop comes round."""
    from qtpy.QtCore import QEventLoop, Qt, QTimer

    ticks, loop, timer = Ticks(), QEventLoop(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(ticks.add)
    QTimer.singleShot(round(1e3 * seconds), loop.quit)
    timer.start(EVERY_MS)
    loop.exec()
    timer.stop()
    return ticks


def _queued() -> float:
    try:
        return 1e-9 * float(Path("/proc/thread-self/schedstat").read_text().split()[1])
    except (OSError, IndexError):
        return math.nan


def _wait(done: Callable[[], bool], folder: RunFolder) -> None:
    begun = time.perf_counter()
    while not done():
        _watch(0.2)
        if _since(begun) > PATIENCE_S:
            raise RuntimeError(f"{folder.name} does not come on: {status_of(folder)}")


def _since(begun: float) -> float:
    return time.perf_counter() - begun


def _told(runs: Path) -> RunFolder:
    """Write a run that told of many steps and has no process."""
    folder = new_run(FinetuneJob(images=(runs,), runs=runs, name="long"))
    total, per = 2 * STEPS, STEPS_PER_EPOCH
    events: list[Event] = [Attempt(step=0, time=1.0, total_steps=total, steps_per_epoch=per)]
    for number in range(1, STEPS + 1):
        events.append(_step(number))
        if number % per == 0:
            events.append(_epoch(number // per, total // per))
    _tell(folder, events)
    return folder


def _step(number: int) -> StepDone:
    parts: dict[str, float | None] = {"slit": 1 / number, "membrane": 0.5 / number}
    return StepDone(
        step=number,
        epoch=1 + number // STEPS_PER_EPOCH,
        rate=1e-3,
        loss=1.5 / number,
        parts=parts,
        seconds=0.5,
    )


def _epoch(number: int, total: int) -> EpochDone:
    return EpochDone(
        epoch=number,
        step=STEPS_PER_EPOCH * number,
        total_epochs=total,
        train={"total": 1 / number},
        validation={"total": 1 / number, "slit": 0.6 / number, "membrane": 0.4 / number},
        scores={"f1": 1 - 1 / (number + 1), "count_ratio": 1.1, "chamfer_nm": 30 / number},
        is_best=True,
    )


def _tell(folder: RunFolder, events: list[Event]) -> None:
    with folder.events.open("a", encoding="utf-8") as file:
        file.writelines(f"{event.model_dump_json()}\n" for event in events)


def _simulated(folder: Path) -> Path:
    """Draw annotated micrographs and return their folder."""
    for event in simulate_files(SimulateJob(out=folder, n=N_IMAGES, shape=(SIDE_PX, SIDE_PX))):
        if isinstance(event, Finished) and event.reason != "done":
            raise RuntimeError(event.message)
    return folder / "images"


if __name__ == "__main__":
    sys.exit(main())
