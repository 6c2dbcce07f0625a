"""What a prediction says on its way, and how it ends early. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TileProgress:
    """Tiles done so far, of how many."""

    done: int
    total: int


@dataclass(frozen=True)
class InferenceNotice:
    """Something the person should know; the prediction goes on."""

    text: str


class InferenceError(RuntimeError):
    """A prediction cannot be made; the message says why and what to do."""


class Cancelled(Exception):
    """The prediction was stopped because ``should_stop`` said so."""


class OutOfMemory(Exception):
    """A batch of tiles does not fit into the memory; answered within the predictor."""


class NotFinite(Exception):
    """The network's output holds NaN or infinity; answered within the predictor."""
