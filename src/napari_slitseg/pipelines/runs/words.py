"""Events of a training in plain sentences."""

from __future__ import annotations

from typing import Final

from napari_slitseg import events
from napari_slitseg.events import Event

LEFT: Final = "The process leaves; the run can be resumed from where it was saved last."
"""What a run says last whose process the system ends."""

_PHASES: Final = {
    "training": "",
    "validating": "",
    "queued": "Waits for its turn.",
    "preparing": "Gets ready.",
    "paused": "Paused.",
    "stopping": "Stops, and keeps the best model.",
    "judging": "Compares the new model with the old one.",
}
_ENDS: Final = {
    "done": "Finished.",
    "stopped": "Stopped.",
    "cancelled": "Cancelled; the models are thrown away.",
    "failed": "Failed.",
    "refused": "Cannot be done.",
}
_SCORES: Final = (
    ("f1", "F1", 3, ""),
    ("chamfer_nm", "Chamfer", 1, " nm"),
    ("count_ratio", "found/annotated", 2, ""),
)


def sentence_of(event: Event) -> str:
    """Say an event in words; empty for those that a bar or the next event tells."""
    match event:
        case events.Attempt():
            return _attempt(event)
        case events.RunState():
            return event.message or _PHASES[event.phase]
        case events.EpochDone():
            return _epoch(event)
        case events.Alarm():
            return f"Alarm: {event.text} {event.cure}".strip()
        case events.Notice():
            return f"{event.item}: {event.text}" if event.item else event.text
        case events.VerdictReady():
            return f"{event.text} {event.advice}".strip()
        case events.Finished():
            return f"{_ENDS[event.reason]} {event.message}".strip()
        case _:
            return ""


def _attempt(event: events.Attempt) -> str:
    begin = f"Goes on from step {event.step}" if event.step else "Begins"
    parts = [f"{begin} of {event.total_steps} steps", f"{event.steps_per_epoch} an epoch"]
    if event.device:
        parts.append(f"on {event.device} {event.precision}".strip())
    return ", ".join(parts) + "."


def _epoch(event: events.EpochDone) -> str:
    parts = [f"Epoch {event.epoch}/{event.total_epochs}"]
    for title, figures in (("loss", event.train), ("validation", event.validation)):
        if figures.get("total") is not None:
            parts.append(f"{title} {figures['total']:.4g}")
    for name, title, digits, unit in _SCORES:
        value = event.scores.get(name)
        parts.append(f"{title} {'-' if value is None else f'{value:.{digits}f}'}{unit}")
    return ", ".join(parts) + (" (best so far)" if event.is_best else "")


def spelled(text: str) -> str:
    """Return text that every file and message takes: odd bytes of file names are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
