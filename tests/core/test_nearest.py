"""Unknown names: the nearest known one is proposed."""

from __future__ import annotations

import pytest

from napari_slitseg.core.losses import LOSSES
from napari_slitseg.core.nearest import choices, nearest


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("dise", "dice"),
        ("Dice", "dice"),
        ("one-to-one", "one_to_one"),
        ("OneToOne", "one_to_one"),
        ("expected chamfer", "expected_chamfer"),
        ("hausdorf", "hausdorff_dt"),
        ("cosine", None),
        ("", None),
    ],
)
def test_the_nearest_name(name: str, meant: str | None) -> None:
    assert nearest(name, LOSSES) == meant


def test_a_message_names_the_nearest_and_then_all() -> None:
    assert choices("rat", ["rate", "low"], they="it has") == "did you mean 'rate'? It has rate, low"
    assert choices("gamma", ["rate", "low"], they="it has") == "it has rate, low"
