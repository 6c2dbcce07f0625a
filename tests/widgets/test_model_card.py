"""What the dock tells of a model."""

from __future__ import annotations

from typing import Any

import pytest

from napari_slitseg.core.checkpoint import CheckpointInfo
from napari_slitseg.core.image import Normalisation
from napari_slitseg.core.models import UNetSpec
from napari_slitseg.widgets._model_card import card_text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("simulated_test", "F1 0.81 at 40 nm on simulated test images"),
        ("real_held_out", "F1 0.81 at 40 nm on held-out real image"),
        ("real_left_out", "F1 0.81 at 40 nm on real images, by models trained without them"),
        ("other", ""),
    ],
)
def test_scores_are_told_with_what_they_were_measured_on(name: str, words: str) -> None:
    card: dict[str, Any] = {"about": "Ours. Yes.", "scores": {name: {"f1": 0.811}}}
    card["scores"]["tolerance_nm"] = 40
    info = CheckpointInfo("m", UNetSpec(), Normalisation(), 10.0, 0.5, 80.0, card=card)
    lines = card_text(info).split("<br>")
    assert (words in lines) == bool(words)
    assert any("F1" in line for line in lines) == bool(words)
    assert lines[-1] == "<small>Ours.</small>"
