"""The card of the bundled models says what their weights and scores say."""

from __future__ import annotations

import importlib
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from napari_slitseg.core.bundled import bundled_models, resolve_model
from napari_slitseg.core.checkpoint import (
    CheckpointInfo,
    load_checkpoint,
    read_checkpoint_info,
    save_checkpoint,
)

DOCS = Path(__file__).parents[1] / "docs"
CARD = (DOCS / "bundled-model.md").read_text(encoding="utf-8")
NAME = "slitseg-made"


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(DOCS)
    for each in ("_loss_markdown", "_model_card", "make_model_card"):
        monkeypatch.delitem(sys.modules, each, raising=False)
    return importlib.import_module("make_model_card")


@pytest.fixture
def card_of(make, monkeypatch, tmp_path):
    """The card of weights with a record of their own."""
    model, bundled = load_checkpoint(resolve_model(next(iter(bundled_models()))))
    file = tmp_path / f"{NAME}.safetensors"

    def made(**changes) -> tuple[str, CheckpointInfo]:
        info = save_checkpoint(file, model, replace(bundled, name=NAME, **changes))
        monkeypatch.setattr(sys.modules["_model_card"], "bundled_models", lambda: {NAME: file})
        assert make.main(["--to", str(tmp_path), "--results", str(tmp_path)]) == 0
        return (tmp_path / "bundled-model.md").read_text(encoding="utf-8"), info

    return made


def test_the_card_is_what_its_generator_writes(make, tmp_path) -> None:
    assert make.main(["--to", str(tmp_path)]) == 0
    written = (tmp_path / "bundled-model.md").read_text(encoding="utf-8")
    assert written == CARD, "run: python docs/make_model_card.py"


@pytest.mark.parametrize("name", tuple(bundled_models()))
def test_every_bundled_model_has_its_card(name: str) -> None:
    info = read_checkpoint_info(resolve_model(name))
    assert re.search(rf"^## {name}", CARD, re.M)
    assert info.sha256[:16] in CARD
    assert "**Research use only.**" in CARD
    for image in info.job["real_images"]:
        assert re.search(rf"^\| `{image}` \| .*MIT.* \| learned from \|$", CARD, re.M)


def test_pictures_are_there() -> None:
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", CARD):
        assert (DOCS / picture).is_file()


def test_what_is_not_known_is_said_not_to_be(card_of) -> None:
    card, _ = card_of(card={}, job={})
    assert "| hours | not recorded |" in card
    assert "| seed | not recorded |" in card
    assert "| learned from: not recorded |" in card
    for part in ("What it is in words", "Scores", "Pictures of what it gets wrong"):
        assert f"{part}: not recorded." in card


def test_the_record_of_a_training_is_told(card_of) -> None:
    scores = {"simulated_test": {"f1": 0.9, "images": 3, "f1_interval": [0.8, 0.95]}}
    job = {"seed": 7, "hours": 3.25, "plain": 80, "tissue": 300, "real_images": ["snider_A1_0024"]}
    card, _ = card_of(card={"about": "Words.", "scores": scores}, job=job)
    assert "| hours | 3.2 |" in card
    assert "learned from: 80 plain, 300 tissue" in card
    assert re.search(r"`snider_A1_0024` \|.*Daniel Snider\) \| learned from", card)
    assert re.search(r"`good` \| .* \| never seen in training", card)
    assert "| simulated test | 3 | not recorded |" in card
    assert "0.800 to 0.950" in card
    card, _ = card_of(job={**job, "started_from": {"seed": 8, "hours": 1.5, "steps": 60}})
    assert "| hours | 3.2 |" in card
    before = card.partition("It went on from weights that were made in this way:")[2]
    assert "| seed | 8 |" in before
    assert "| hours | 1.5 |" in before


def test_goals_of_other_weights_are_not_shown(card_of, tmp_path) -> None:
    figure = {"name": "file", "figure": "3.4 MB", "goal": "<= 15.0 MB", "met": False}
    kept = {"sha256": "0", "date": "today", "hardware": "a processor", "figures": [figure]}
    file = tmp_path / f"{NAME}_goals.json"
    file.write_text(json.dumps(kept))
    card, info = card_of()
    assert "**missed**" not in card
    file.write_text(json.dumps({**kept, "sha256": info.sha256}))
    card, _ = card_of()
    assert "| file | 3.4 MB | <= 15.0 MB | **missed** |" in card
