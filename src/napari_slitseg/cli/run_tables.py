"""Runs on the output stream."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from napari_slitseg.cli.explain import print_rows
from napari_slitseg.cli.tables import say
from napari_slitseg.cli.view import printable

if TYPE_CHECKING:
    from napari_slitseg.pipelines.runs.status import RunStatus


def print_runs(found: Sequence[RunStatus]) -> None:
    """Print one row a run."""
    columns = ("run", "state", "begun", "epoch", "best F1", "left", "message")
    rows = [_row(status) for status in found]
    print_rows(columns, rows, caption=f"In {found[0].folder.path.parent}", spare="message")


def print_run(status: RunStatus) -> None:
    """Print how a run stands, one line for each thing that is known."""
    best = status.best
    lines = {
        "run": str(status.folder.path),
        "state": status.state + (f" ({status.phase})" if status.phase else ""),
        "": status.message,
        "process": f"{status.pid} on {status.host}" if status.is_alive else "",
        "device": status.device,
        "epoch": _epoch(status),
        "left": _left(status),
        "best": f"epoch {best.epoch}, threshold {best.threshold:.3g}{_scores(best.scores)}"
        if best
        else "",
        "model": str(status.folder.best) if status.has_model else "",
        "verdict": f"{status.verdict.text} {status.verdict.advice}" if status.verdict else "",
    }
    for name, text in lines.items():
        if text:
            say(printable(f"{name:<8} {text}", sys.stdout))


def to_values(status: RunStatus) -> dict[str, Any]:
    """Return how a run stands as JSON values."""
    plain = ("state", "is_alive", "message", "phase", "step", "total_steps", "epoch")
    more = ("total_epochs", "device", "created", "changed", "seconds_left", "pid", "host")
    best, verdict = status.best, status.verdict
    return {
        "path": str(status.folder.path),
        **{name: getattr(status, name) for name in (*plain, *more)},
        "model": str(status.folder.best) if status.has_model else None,
        "best": best.model_dump(mode="json") if best else None,
        "verdict": verdict.model_dump(mode="json") if verdict else None,
    }


def _row(status: RunStatus) -> tuple[str, ...]:
    f1 = status.best.scores.get("f1") if status.best else None
    begun = datetime.fromtimestamp(status.created)
    return (
        status.folder.name,
        status.state,
        f"{begun:%Y-%m-%d %H:%M}",
        _epoch(status),
        "-" if f1 is None else f"{f1:.3f}",
        _left(status),
        status.message,
    )


def _epoch(status: RunStatus) -> str:
    return f"{status.epoch}/{status.total_epochs}" if status.total_epochs else "-"


def _left(status: RunStatus) -> str:
    if status.seconds_left is None:
        return ""
    minutes = round(status.seconds_left / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _scores(scores: dict[str, float | None]) -> str:
    return "".join(f", {name} {value:.3g}" for name, value in scores.items() if value is not None)
