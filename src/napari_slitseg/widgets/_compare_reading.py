"""Read runs and prepare their comparison for the screen. Knows no Qt; runs in a thread."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.compare import NOT_COMPARABLE, RunsComparison, compare_runs
from napari_slitseg.pipelines.runs.compare_account import RunAccount
from napari_slitseg.pipelines.runs.compare_curves import Curve
from napari_slitseg.pipelines.runs.compare_files import write_comparison
from napari_slitseg.pipelines.runs.compare_losses import GRADIENT
from napari_slitseg.pipelines.runs.curves import Curve as Drawn
from napari_slitseg.pipelines.runs.curves import thinned
from napari_slitseg.widgets import _compare_words as words

Points = tuple[Drawn, Drawn]

_COLUMNS: Final = 200
_SCORES: Final = {
    "f1": "F1, validation",
    "chamfer_nm": "Chamfer distance, nm, validation",
    "count_ratio": "Slits found / annotated, validation",
    "point_loss": "Point loss, validation",
}
_LOSSES: Final = {"train": "Training loss", "validation": "Validation loss"}
_HEADS: Final = {"slit": " of slits", "membrane": " of membranes"}
_TOTAL: Final = {"total": ""}
_ONE_RUN: Final = "f1", "chamfer_nm", "point_loss"
_SHORT: Final = "Min-max normalised: see when a curve moves, not which is better."


@dataclass(frozen=True, eq=False)
class Trace:
    """One line of a plot.

    Attributes
    ----------
    number : int
        Place among the names, which has a colour and a mark.
    name : str
    plain, min_max : (x, y)
        Epochs and values, NaN where there is none; the same with values between 0 and 1.
    latest : float
    """

    number: int
    name: str
    plain: Points
    min_max: Points
    latest: float


@dataclass(frozen=True, eq=False)
class Panel:
    """One plot.

    Attributes
    ----------
    title : str
    traces : tuple of Trace
    may_scale : bool
        Whether the lines may have different units, so that only their course can be seen together.
    """

    title: str
    traces: tuple[Trace, ...]
    may_scale: bool


@dataclass(frozen=True, eq=False)
class Compared:
    """What the screen shows of some runs, or of all losses of one.

    Attributes
    ----------
    title : str
    names : tuple of str
        Of the lines; their numbers give colours and marks.
    panels : tuple of Panel
    table : Table
    caption : str
        What the table is of.
    texts : tuple of str
        What may be said of the differences.
    share_units : bool
        Whether all lines of each plot have the same unit.
    note : str
        What curves with different units do not tell.
    csv : str
        The table.
    comparison : RunsComparison
        For the files.
    """

    title: str
    names: tuple[str, ...]
    panels: tuple[Panel, ...]
    table: words.Table
    caption: str
    texts: tuple[str, ...]
    share_units: bool
    note: str
    csv: str
    comparison: RunsComparison


@dataclass(frozen=True)
class Refusal:
    """Why something that was asked cannot be done, for the person."""

    text: str


def compared(paths: Sequence[Path]) -> Compared:
    """Read runs and prepare them; one run alone shows all its losses.

    Raises
    ------
    JobError
        If there is no run, one is given twice, or a job cannot be read.
    """
    found = compare_runs(paths)
    return _of_runs(found) if len(found.runs) > 1 else _of_one(found)


def compare_work(
    paths: Sequence[Path], should_stop: Callable[[], bool]
) -> Generator[Any, None, Compared | Refusal]:
    """Do `compared` in a thread; what is wrong comes as an answer."""
    yield from ()
    try:
        return compared(paths)
    except JobError as error:
        return Refusal(str(error))


def write_work(
    out: Path, comparison: RunsComparison, should_stop: Callable[[], bool]
) -> Generator[Any, None, str | Refusal]:
    """Write all files of a comparison in a thread; return what was written, or why not."""
    yield from ()
    try:
        files = write_comparison(out, comparison)
    except (JobError, OSError) as error:
        return Refusal(str(error))
    return f"Wrote {len(files)} files into {out}: {', '.join(path.name for path in files)}."


def _of_runs(found: RunsComparison) -> Compared:
    runs = found.runs
    scores = [_panel(runs, "scores", name) for name in ("f1", "chamfer_nm", "count_ratio")]
    has_heads = any(run.curve(group, name) for run in runs for group in _LOSSES for name in _HEADS)
    heads = _HEADS if has_heads else _TOTAL
    losses = [_panel(runs, group, name) for name in heads for group in _LOSSES]
    return Compared(
        title=f"{len(runs)} runs",
        names=tuple(run.name for run in runs),
        panels=tuple(panel for panel in (*scores, *losses) if panel.traces),
        table=words.runs_table(found.rows()),
        caption=words.RUNS_CAPTION,
        texts=tuple(words.pair_text(pair) for pair in found.pairs),
        share_units=len({run.loss for run in runs}) == 1,
        note=NOT_COMPARABLE,
        csv=found.to_csv(),
        comparison=found,
    )


def _of_one(found: RunsComparison) -> Compared:
    """All losses of one run, their gradients, and what matters."""
    (run,) = found.runs
    names = tuple(each.name for each in run.losses)
    values = [run.curve("tracked", name) or run.curve("validation", name) for name in names]
    gradients = [run.curve("tracked", f"{name}{GRADIENT}") for name in names]
    panels = (
        Panel("Values of all losses", _traces(values, names), may_scale=True),
        Panel("Lengths of their gradients", _traces(gradients, names), may_scale=True),
        *(_panel((run,), "scores", name, len(names)) for name in _ONE_RUN),
    )
    return Compared(
        title=f"All losses of {run.name}",
        names=names,
        panels=tuple(panel for panel in panels if panel.traces),
        table=words.losses_table(run.losses),
        caption=words.LOSSES_CAPTION,
        texts=(),
        share_units=False,
        note=_SHORT,
        csv=found.losses_csv(),
        comparison=found,
    )


def _panel(runs: Sequence[RunAccount], group: str, name: str, first: int = 0) -> Panel:
    """One figure of all runs; lines are numbered from `first`."""
    title = _SCORES[name] if group == "scores" else _LOSSES[group] + {**_HEADS, **_TOTAL}[name]
    curves = [run.curve(group, name) for run in runs]
    traces = _traces(curves, [run.name for run in runs], first)
    return Panel(title, traces, may_scale=group != "scores")


def _traces(
    curves: Sequence[Curve | None], names: Sequence[str], first: int = 0
) -> tuple[Trace, ...]:
    pairs = enumerate(zip(curves, names, strict=True), start=first)
    return tuple(
        _trace(number, name, curve)
        for number, (curve, name) in pairs
        if curve is not None and np.isfinite(curve.values).any()
    )


def _trace(number: int, name: str, curve: Curve) -> Trace:
    plain = thinned(curve.epochs, curve.values, _COLUMNS)
    scaled = thinned(curve.epochs, curve.min_max, _COLUMNS)
    return Trace(number, name, plain, scaled, float(curve.values[-1]))
