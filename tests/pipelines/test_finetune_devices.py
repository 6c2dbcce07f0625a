"""On which devices a training runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch

from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.training import team
from tests.pipelines.tiny_runs import go, make_job

N_CARDS = 2


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is asked of Fabric on a machine with two graphics cards, which are not there."""
    found: dict[str, Any] = {}

    def fabric(**settings: object) -> NoReturn:
        found.update(settings)
        raise JobError("seen")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: N_CARDS)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (9, 0))
    monkeypatch.setattr(team, "Fabric", fabric)
    return found


@pytest.mark.parametrize(
    ("device", "number", "devices"),
    [("auto", 1, 1), ("auto", 2, 2), ("cuda", 2, 2), ("cuda:1", 1, [1]), ("cuda:0", 1, [0])],
)
def test_graphics_cards_are_those_that_were_asked_for(
    tmp_path: Path, asked: dict[str, Any], device: str, number: int, devices: object
) -> None:
    job = make_job(tmp_path, device=device, devices=number)
    with pytest.raises(JobError, match="seen"), team.launched(job, go):
        pass
    assert asked["accelerator"] == "cuda"
    assert asked["devices"] == devices
    assert asked["precision"] == "bf16-mixed"


@pytest.mark.parametrize(("device", "number"), [("cuda:1", 2), ("auto", 3)])
def test_more_graphics_cards_than_that_are_refused(
    tmp_path: Path, asked: dict[str, Any], device: str, number: int
) -> None:
    job = make_job(tmp_path, device=device, devices=number)
    with pytest.raises(JobError, match="--device"), team.launched(job, go):
        pass
    assert not asked
