"""Events: one JSON line each, told apart by their kind."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from napari_slitseg.events import (
    Event,
    Finished,
    ImageDone,
    ImageFailed,
    ImageSkipped,
    Notice,
    Progress,
    Started,
    read_event,
)

EXAMPLES = [
    Started(total=3),
    Progress(done=1, total=4, message="a.tif"),
    Notice(text="two\nlines", item="a.tif"),
    ImageDone(name="a.tif", path=Path("x/a.tif"), n_slits=4, seconds=0.5, outputs=(Path("b"),)),
    ImageFailed(name="ö.tif", path=Path("x/ö.tif"), reason="empty"),
    ImageSkipped(name="a.tif", path=Path("x/a.tif"), reason="no annotation"),
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
