"""Events: one JSON line each, told apart by their kind."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from napari_slitseg.events import (
    Alarm,
    Attempt,
    EpochDone,
    Event,
    Finished,
    ImageDone,
    ImageFailed,
    ImageSkipped,
    Notice,
    Preview,
    Progress,
    RunState,
    Started,
    StepDone,
    VerdictReady,
    read_event,
)

EXAMPLES = [
    Started(total=3),
    Progress(done=1, total=4, message="a.tif"),
    Notice(text="two\nlines", item="a.tif"),
    ImageDone(name="a.tif", path=Path("x/a.tif"), n_slits=4, seconds=0.5, outputs=(Path("b"),)),
    ImageFailed(name="ö.tif", path=Path("x/ö.tif"), reason="empty"),
    ImageSkipped(name="a.tif", path=Path("x/a.tif"), reason="no annotation"),
    Attempt(step=7, time=1.5, total_steps=90, steps_per_epoch=30, device="cpu"),
    RunState(phase="validating", time=2.5, message="epoch 3"),
    StepDone(step=8, epoch=1, rate=1e-3, loss=None, parts={"slit": 0.5, "membrane": None}),
    EpochDone(epoch=1, step=30, total_epochs=3, scores={"f1": 0.5}, threshold=0.4, is_best=True),
    Alarm(name="erasure", text="Slits vanish.", cure="Take another loss.", epoch=2),
    Preview(epoch=1, image="a.tif", source=Path("a.tif"), maps=Path("m"), slits=Path("s")),
    VerdictReady(verdict=0, text="No difference.", advice="Keep the old one.", report=Path("r")),
    Finished(reason="cancelled", n_ok=1, n_failed=2, message="why"),
]


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.kind)
def test_a_line_becomes_the_same_event(event: Event) -> None:
    line = event.model_dump_json()
    assert "\n" not in line
    again = read_event(line)
    assert type(again) is type(event)
    assert again == event


def test_every_kind_has_an_example() -> None:
    assert {type(event) for event in EXAMPLES} == set(get_args(Event))
    assert len({event.kind for event in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        '{"kind": "explosion"}',
        '{"kind": "started", "total": -1}',
        '{"kind": "finished", "reason": "bored"}',
        '{"kind": "started", "total": 1, "extra": 2}',
    ],
)
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(ValidationError):
        read_event(line)
