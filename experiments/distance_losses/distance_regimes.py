"""Kinds of data, and the pictures of one draw of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from distance_scenes import Scene, Scenery, draw_scenes

TRAIN, VALIDATION, TEST = 60, 32, 64
_PLAIN: Final = Scenery()


@dataclass(frozen=True, kw_only=True)
class Regime:
    """One kind of data.

    Attributes
    ----------
    title : str
        For tables.
    trained, tested : Scenery
        Pictures to train with, and to tune the threshold and to test with.
    radius_px : float
        Radius of the dots of the target.
    images : int
        Pictures to train with.
    trained_as : str
        Regime whose training is this one's, too: only the test differs. Empty: its own.
    """

    title: str
    trained: Scenery = _PLAIN
    tested: Scenery = _PLAIN
    radius_px: float = 1.9
    images: int = TRAIN
    trained_as: str = ""


_CROWDED: Final = Scenery(spacing_px=(4.0, 6.0))
_OTHER: Final = Scenery(contrast=0.75, gamma=1.5, noise=0.1)

REGIMES: Final = {
    "ordinary": Regime(title="ordinary (labels 1 px off)"),
    "contrast": Regime(title="unseen contrast", tested=_OTHER, trained_as="ordinary"),
    "jitter": Regime(
        title="jittered labels (2-4 px off)",
        trained=replace(_PLAIN, jitter_px=0.0, offset_px=(2.0, 4.0)),
    ),
    "missing": Regime(title="missing labels (30 %)", trained=replace(_PLAIN, missing=0.3)),
    "crowded": Regime(title="crowded (4-6 px apart)", trained=_CROWDED, tested=_CROWDED),
    "few": Regime(title="few images (4)", images=4),
    "tiny": Regime(title="tiny dots (radius 1 px)", radius_px=1.0),
}


@dataclass(frozen=True, eq=False)
class Draw:
    """Pictures of one regime and seed."""

    train: list[Scene]
    validation: list[Scene] = field(default_factory=list)
    test: list[Scene] = field(default_factory=list)


@lru_cache(maxsize=32)
def draw(regime: str, seed: int) -> Draw:
    """Return the pictures of a regime; those to tune the threshold with look like trained ones.

    Truth is known of all; training sees labels only, thresholds and scores see the truth. Where
    only the test differs, the pictures that choose the threshold are those of the training's kind.
    """
    about = REGIMES[regime]
    source = REGIMES[about.trained_as] if about.trained_as else about
    return Draw(
        draw_scenes(about.images, about.trained, (seed, 0)),
        draw_scenes(VALIDATION, source.tested, (seed, 1)),
        draw_scenes(TEST, about.tested, (seed, 2)),
    )
