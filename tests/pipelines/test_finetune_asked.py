"""What a person asks of a training under way."""

from __future__ import annotations

import threading
from pathlib import Path

from napari_slitseg.core.checkpoint import load_checkpoint
from napari_slitseg.core.training.state_file import read_state
from napari_slitseg.events import EpochDone, Event, Finished, RunState, StepDone, VerdictReady
from napari_slitseg.pipelines.finetune import finetune
from napari_slitseg.pipelines.runs.folder import Ask, RunFolder
from tests.pipelines.tiny_runs import make_run, of_kind, train


class Person:
    """Asks something once some steps were seen."""

    def __init__(self, folder: RunFolder, after: int, wish: Ask) -> None:
        self.wish: Ask = "go"
        self.events: list[Event] = []
        for event in finetune(folder, lambda: self.wish):
            self.events.append(event)
            if len(of_kind(self.events, StepDone)) == after:
                self.wish = wish

    @property
    def end(self) -> Finished:
        assert isinstance(self.events[-1], Finished)
        return self.events[-1]


def phases(events: list[Event]) -> list[str]:
    return [each.phase for each in of_kind(events, RunState)]


def test_a_stopped_training_keeps_its_best_model_and_is_judged(tmp_path: Path) -> None:
    folder = make_run(tmp_path, epochs=5)
    person = Person(folder, 4, "stop")
    assert person.end.reason == "stopped"
    assert len(of_kind(person.events, StepDone)) == 4
    assert phases(person.events)[-2:] == ["stopping", "judging"]
    assert of_kind(person.events, VerdictReady)
    load_checkpoint(folder.best)
    _, numbers = read_state(folder.last)
    assert numbers["course"]["step"] == 4
    assert [each.epoch for each in of_kind(train(folder), EpochDone)] == [2, 3, 4, 5]


def test_a_cancelled_training_ends_at_once_and_judges_nothing(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    person = Person(folder, 2, "cancel")
    assert person.end.reason == "cancelled"
    assert len(of_kind(person.events, StepDone)) == 2
    assert not folder.report.exists()


def test_it_can_be_ended_before_it_has_begun(tmp_path: Path) -> None:
    for wish, message in (("stop", "no model to keep"), ("cancel", "")):
        events: list[Event] = []
        asked: Ask = "go"
        for event in finetune(make_run(tmp_path), lambda: asked):  # noqa: B023
            events.append(event)
            if "training" in phases(events):
                asked = wish  # type: ignore[assignment]
        assert isinstance(events[-1], Finished)
        assert events[-1].reason == {"stop": "stopped", "cancel": "cancelled"}[wish]
        assert message in events[-1].message
        assert not of_kind(events, StepDone)


def test_looking_for_images_can_be_cancelled(tmp_path: Path) -> None:
    [*_, end] = train(make_run(tmp_path), lambda: "cancel")
    assert isinstance(end, Finished)
    assert end.reason == "cancelled"


def test_a_pause_keeps_everything_and_waits(tmp_path: Path) -> None:
    folder, events, wish = make_run(tmp_path), list[Event](), ["go"]
    paused, n_asked = threading.Event(), [0]

    def ask() -> Ask:
        n_asked[0] += 1
        return wish[0]  # type: ignore[return-value]

    def work() -> None:
        for event in finetune(folder, ask):
            events.append(event)
            if len(of_kind(events, StepDone)) == 2 and wish[0] == "go" and not paused.is_set():
                wish[0] = "pause"
            if phases(events)[-1] == "paused":
                paused.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert paused.wait(60)
    _, numbers = read_state(folder.last)
    assert numbers["course"]["step"] == 2
    before = n_asked[0]
    threading.Event().wait(0.7)
    assert 1 <= n_asked[0] - before <= 8
    assert len(of_kind(events, StepDone)) == 2
    wish[0] = "go"
    thread.join(120)
    assert not thread.is_alive()
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "done"
    at = phases(events).index("paused")
    assert phases(events)[at + 1] == "training"


def test_no_thread_is_left(tmp_path: Path) -> None:
    before = threading.active_count()
    steps = finetune(make_run(tmp_path), lambda: "go")
    for event in steps:
        if isinstance(event, StepDone):
            break
    steps.close()
    assert threading.active_count() == before
