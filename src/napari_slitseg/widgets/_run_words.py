"""How runs are told of: states with a sign and a word, times, losses. Knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from napari_slitseg.core.losses import loss_from_dict
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.runs.curves import time_text
from napari_slitseg.pipelines.runs.status import RunStatus, State
from napari_slitseg.widgets._finetune_losses import loss_words

SIGNS: Final[Mapping[State, str]] = MappingProxyType(
    {
        "new": "○",
        "queued": "…",
        "preparing": "…",
        "training": "▶",
        "paused": "‖",
        "stopping": "…",
        "finished": "✔",
        "stopped": "■",
        "cancelled": "✖",
        "failed": "✖",
        "refused": "✖",
        "interrupted": "⚠",
        "damaged": "⚠",
    }
)
_MEANINGS: Final[Mapping[State, str]] = MappingProxyType(
    {
        "new": "Made, but not started. Resume begins it.",
        "queued": "Waits until the device is free.",
        "preparing": "Reads images and loads the model.",
        "training": "Learns.",
        "paused": "Waits until you continue it; it holds its memory.",
        "stopping": "Ends, and keeps its best model if it is stopped.",
        "finished": "Done, with a verdict.",
        "stopped": "Stopped by a person; the best model so far is kept.",
        "cancelled": "Cancelled; its models were thrown away.",
        "failed": "Ended by an error; what was saved is kept.",
        "refused": "Cannot be done as it was asked.",
        "interrupted": "Its process died, as in a power cut. Resume goes on exactly.",
        "damaged": "Its folder cannot be read.",
    }
)


def state_text(status: RunStatus) -> str:
    """Return the state as a sign and a word."""
    return f"{SIGNS[status.state]} {phase_word(status)}"


def phase_word(status: RunStatus) -> str:
    """Return the state in a word, in more detail while it trains."""
    detailed = status.state == "training" and status.phase in ("validating", "judging")
    return str(status.phase if detailed else status.state)


def state_hint(status: RunStatus) -> str:
    """Return what a state means, and what the run says of itself."""
    return f"{_MEANINGS[status.state]} {status.message}".strip()


def epoch_text(status: RunStatus) -> str:
    """Return how far a run is: "12/30"; empty before it began."""
    return f"{status.epoch}/{status.total_epochs}" if status.total_epochs else ""


def left_text(status: RunStatus) -> str:
    """Return the time that is left, empty where it is not known."""
    return time_text(status.seconds_left)


def best_f1(status: RunStatus) -> float | None:
    """Return the F1 of the best epoch on the validation images."""
    return None if status.best is None else status.best.scores.get("f1")


def loss_text(job: FinetuneJob | None) -> str:
    """Return what a job minimises, in a few words."""
    if job is None:
        return ""
    return "stages" if job.curriculum else loss_words(loss_from_dict(job.slit_loss))


def started_text(seconds: float) -> str:
    """Return when a run was made: the time today, else the day too."""
    if not seconds:
        return ""
    when, now = datetime.fromtimestamp(seconds), datetime.now()
    if when.date() == now.date():
        return f"{when:%H:%M}"
    return f"{when:%d %b %H:%M}" if when.year == now.year else f"{when:%Y-%m-%d}"


def head_text(status: RunStatus, epochs: int) -> str:
    """Return in a line how a run stands: state, epoch, time that is left."""
    told = [state_text(status)]
    if epochs and status.is_alive:
        told.append(f"epoch {min(status.epoch + 1, epochs)} of {epochs}")
    elif epochs:
        told.append(f"{status.epoch} of {epochs} epochs")
    if left := left_text(status):
        told.append(f"{left} left")
    return ", ".join(told)
