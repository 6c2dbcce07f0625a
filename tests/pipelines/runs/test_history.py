"""What runs told, read while it is written and after resumes."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from napari_slitseg.events import (
    Alarm,
    Attempt,
    EpochDone,
    Event,
    Finished,
    Notice,
    Preview,
    RunState,
    StepDone,
)
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.history import BriefReader, History, brief_history
from napari_slitseg.pipelines.runs.reading import read_events, read_lines


def step(number: int, loss: float | None = 1.0, **parts: float | None) -> StepDone:
    return StepDone(step=number, epoch=1 + number // 10, rate=0.1, loss=loss, parts=parts)


def epoch(number: int, *, is_best: bool = False, **scores: float | None) -> EpochDone:
    return EpochDone(epoch=number, step=10 * number, total_epochs=5, scores=scores, is_best=is_best)


def attempt(at: int) -> Attempt:
    return Attempt(step=at, time=0.0, total_steps=50, steps_per_epoch=10)


def lines(*events: Event) -> str:
    return "".join(f"{event.model_dump_json()}\n" for event in events)


def told(path: Path, text: str) -> RunFolder:
    folder = RunFolder(path)
    with folder.events.open("a") as file:
        file.write(text)
    return folder


def test_a_half_written_line_waits_and_others_are_skipped(tmp_path: Path) -> None:
    whole = lines(Notice(text="a"), step(1))
    folder = told(tmp_path, whole + "no event\n\n" + '{"kind":"step_done","st')
    read = read_events(folder)
    assert [event.kind for event in read.events] == ["notice", "step_done"]
    assert read.n_skipped == 1
    history = History()
    history.read_on(folder)
    assert (len(history.steps), history.n_skipped) == (1, 1)
    told(tmp_path, step(2).model_dump_json().removeprefix('{"kind":"step_done","st') + "\n")
    again = read_events(folder, read.offset)
    assert again.events == [step(2)]
    assert read_events(folder, again.offset) == ([], again.offset, 0)
    history.read_on(folder)
    assert list(history.steps.step) == [1, 2]


def test_no_file_is_no_events(tmp_path: Path) -> None:
    assert read_events(RunFolder(tmp_path / "nothing")) == ([], 0, 0)


def test_reading_line_by_line_or_fast_gives_the_same(tmp_path: Path) -> None:
    events = [attempt(0), *(step(i, 1 / i, slit=0.5) for i in range(1, 21)), epoch(1), step(21)]
    broken = '{"kind":"step_done","step":22,"epoch":3,"rate":"fast","loss":1}\n'
    folder = told(tmp_path, lines(*events) + broken + lines(step(23)))
    fast = History()
    fast.read_on(folder)
    slow = History.of(read_events(folder).events)
    assert repr(fast.steps) == repr(slow.steps)
    assert list(fast.steps.step) == [*range(1, 22), 23]
    assert fast.n_skipped == 1
    assert fast.epochs == slow.epochs == [epoch(1)]


def test_a_resume_replaces_what_it_repeats() -> None:
    first = [attempt(0), *(step(i, 1.0) for i in range(1, 26)), epoch(1), epoch(2, is_best=True)]
    alarms = [Alarm(name="erasure", text="x", epoch=1), Alarm(name="erasure", text="y", epoch=2)]
    source = {"image": "a", "source": Path("a"), "maps": Path("b"), "slits": Path("c")}
    previews = [Preview(epoch=each, **source) for each in (1, 2)]
    events = [*first, *alarms, *previews, Finished(reason="failed")]
    history = History.of(events)
    assert history.finished is not None
    assert history.best == epoch(2, is_best=True)
    history.add([RunState(phase="preparing", time=1.0)])
    assert history.finished is None
    history.add([attempt(15), *(step(i, 2.0) for i in range(16, 19))])
    assert list(history.steps.step) == list(range(1, 19))
    assert list(history.step_curve("loss")[1]) == [1.0] * 15 + [2.0] * 3
    assert history.epochs == [epoch(1)]
    assert history.best is None
    assert [each.text for each in history.alarms] == ["x"]
    assert [each.epoch for each in history.previews] == [1]
    history.add([epoch(2)])
    assert history.epochs == [epoch(1), epoch(2)]


def test_steps_that_come_again_without_a_word_replace_the_earlier() -> None:
    history = History.of([step(1, 1.0), step(2, 1.0), step(3, 1.0), step(2, 5.0)])
    assert list(history.steps.step) == [1, 2]
    assert list(history.step_curve("loss")[1]) == [1.0, 5.0]


def test_parts_that_come_and_go_leave_gaps() -> None:
    history = History.of([step(1, slit=0.5), step(2, None, membrane=0.25), step(3, slit=None)])
    assert _shown(history.step_curve("slit")[1]) == [0.5, None, None]
    assert _shown(history.step_curve("membrane")[1]) == [None, 0.25, None]
    assert _shown(history.step_curve("loss")[1]) == [1.0, None, 1.0]
    assert len(history.step_curve("nothing")[0]) == 0


def test_figures_of_epochs_have_gaps_where_they_are_not_defined() -> None:
    history = History.of([epoch(1, f1=0.5), epoch(2, f1=None), epoch(3)])
    steps, values = history.epoch_curve("scores", "f1")
    assert steps == [10, 20, 30]
    assert _shown(values) == [0.5, None, None]


def test_a_brief_history_knows_all_but_early_steps(tmp_path: Path) -> None:
    events = [attempt(0), *(step(i) for i in range(1, 101)), epoch(1), step(101)]
    brief = brief_history(told(tmp_path, lines(*events)))
    assert brief.last_step == 101
    assert len(brief.steps) == 20
    assert brief.epochs == [epoch(1)]


def test_a_reader_goes_on_where_it_stopped(tmp_path: Path, monkeypatch) -> None:
    events = [attempt(0), *(step(i) for i in range(1, 101)), epoch(1), step(101)]
    folder = told(tmp_path, lines(*events))
    reader = BriefReader(folder)
    reader.look()
    places = []

    def noted(of: RunFolder, offset: int) -> tuple[list[bytes], int]:
        places.append(offset)
        return read_lines(of, offset)

    monkeypatch.setattr("napari_slitseg.pipelines.runs.history.read_lines", noted)
    size = folder.events.stat().st_size
    told(tmp_path, lines(*(step(i) for i in range(102, 150)), attempt(120), step(121), epoch(2)))
    history = reader.look()
    assert places == [size], "what was read is not read again"
    assert (history.last_step, len(history.steps)) == (121, 20)
    assert history.epochs == [epoch(1), epoch(2)]
    told(tmp_path, lines(*(step(i) for i in range(122, 150))))
    assert list(reader.look().steps.step) == list(range(130, 150))


@pytest.mark.parametrize("n_steps", [1, 400])
def test_a_reader_begins_anew_with_another_file_of_the_same_name(
    tmp_path: Path, n_steps: int
) -> None:
    folder = told(tmp_path, lines(attempt(0), *(step(i) for i in range(1, 101)), epoch(1)))
    reader = BriefReader(folder)
    assert reader.look().epochs == [epoch(1)]
    folder.events.unlink()
    told(tmp_path, lines(Notice(text="other"), *(step(i) for i in range(1, n_steps + 1))))
    assert reader.look().epochs == []
    assert reader.look().last_step == n_steps
    folder.events.unlink()
    assert reader.look().last_step == 0


def _shown(values: object) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values]  # type: ignore[attr-defined]
