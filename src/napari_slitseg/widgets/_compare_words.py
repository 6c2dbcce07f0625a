"""What a comparison says in tables. Knows no Qt."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from napari_slitseg.pipelines.runs.compare import Pair
from napari_slitseg.pipelines.runs.compare_losses import LossAccount

_SIGNS: Final = {1: "▲", 0: "○", -1: "▼"}
_NONE: Final = "—"


@dataclass(frozen=True)
class Table:
    """Cells as texts.

    Attributes
    ----------
    columns : tuple of str
    rows : tuple of (str, tuple of str)
        Title and cells.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def number_text(value: float | None, digits: int) -> str:
    """Return a number with so many decimals, a dash where there is none."""
    return _NONE if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _best_epoch(row: Mapping[str, Any]) -> str:
    best = row["best_epoch"]
    return f"{_NONE if best is None else best} of {row['epochs']}"


def _test_f1(row: Mapping[str, Any]) -> str:
    value, low, high = (row[f"test_f1{end}"] for end in ("", "_low", "_high"))
    if value is None or low is None or math.isnan(low):
        return number_text(value, 3)
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


_FIGURES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = MappingProxyType(
    {
        "State": lambda row: str(row["state"]),
        "Losses": lambda row: str(row["loss"]),
        "Learning rate": lambda row: str(row["schedule"]),
        "Best epoch": _best_epoch,
        "F1": lambda row: number_text(row["validation_f1"], 3),
        "Chamfer, nm": lambda row: number_text(row["validation_chamfer_nm"], 1),
        "Found / annotated": lambda row: number_text(row["validation_count_ratio"], 2),
        "Test F1": _test_f1,
        "Test images": lambda row: str(row["test_images"] or _NONE),
        "Minutes": lambda row: number_text(row["minutes"], 1),
        "Verdict": lambda row: str(row["advice"]),
    }
)

RUNS_CAPTION: Final = (
    "F1, Chamfer distance and found / annotated are those of the best epoch on validation images."
)
LOSSES_CAPTION: Final = (
    "Value and gradient after the first and the last epoch; rank correlations (Spearman) over the "
    "epochs. A loss that a training should follow has -1 with F1 and 1 with the others."
)


def runs_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return the final table: one column a run, so that it fits a dock."""
    return Table(
        tuple(str(row["run"]) for row in rows),
        tuple((title, tuple(text(row) for row in rows)) for title, text in _FIGURES.items()),
    )


def losses_table(losses: Sequence[LossAccount]) -> Table:
    """Return one row for every loss of a run."""
    columns = ("First", "Last", "Gradient, first", "Gradient, last", "F1", "Chamfer", "Point loss")
    return Table(columns, tuple((_loss_title(each), _loss_cells(each)) for each in losses))


def _loss_title(loss: LossAccount) -> str:
    return loss.name if loss.is_trained else f"{loss.name} (noted)"


def _loss_cells(loss: LossAccount) -> tuple[str, ...]:
    values = (loss.first, loss.last, loss.first_gradient, loss.last_gradient)
    against = (loss.f1, loss.chamfer_nm, loss.point_loss)
    told = (_NONE if math.isnan(value) else f"{value:.3g}" for value in values)
    return (*told, *(number_text(value, 2) for value in against))


def pair_text(pair: Pair) -> str:
    """Return what may be said of two runs, with a sign before it."""
    if pair.comparison is None:
        return f"⚠ {pair.text}"
    return f"{_SIGNS[pair.comparison.figures[0].verdict]} {pair.text}"
