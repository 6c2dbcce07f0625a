"""``slitseg runs compare``, and what it prints."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from napari_slitseg.cli.tables import make_console, say
from napari_slitseg.cli.view import printable

if TYPE_CHECKING:
    from napari_slitseg.pipelines.runs.compare import RunsComparison
    from napari_slitseg.pipelines.runs.compare_account import RunAccount

Row = dict[str, Any]
Columns = dict[str, Callable[[Row], str]]

_LOSSES_CAPTION: Final = (
    "Value and gradient after the first and the last epoch; rank correlations (Spearman) over the "
    "epochs. A loss that a training should follow has -1 with F1 and 1 with the others."
)


def compare_runs(
    runs: tuple[Path, ...],
    /,
    *,
    out: Annotated[Path | None, Parameter(show_default=False)] = None,
    losses: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=(), show_default=False)] = False,
) -> int:
    """Lay runs side by side: what they learned with, how far they came, how they were judged.

    Prints one row a run and, for every two runs that were judged by the same test images, the
    difference of F1 with its interval. Runs that still go on have no verdict yet.

    Exit code 0: all is well; 2: there is no such run, or the files cannot be written.

    Parameters
    ----------
    runs
        Folders of runs, or their names in the folder of runs.
    out
        Folder for runs.csv, curves.csv (every epoch of every curve), pairs.csv, losses.csv,
        curves.svg (curves of all runs together), losses-1.svg and so on (all losses of each run)
        and comparison.json (all of it).
    losses
        Also print every loss in the course of each run, those of --track-losses among them, and
        how it went with F1, Chamfer distance and point loss.
    as_json
        Print the comparison as JSON, and nothing else, to the output stream.
    """
    from napari_slitseg.core.json_text import to_json
    from napari_slitseg.pipelines.errors import JobError
    from napari_slitseg.pipelines.outputs import OutputError
    from napari_slitseg.pipelines.runs.compare import compare_runs as compare
    from napari_slitseg.pipelines.runs.compare_files import write_comparison
    from napari_slitseg.pipelines.runs.folder import find_run

    try:
        comparison = compare([find_run(each).path for each in runs])
        if out is not None:
            write_comparison(out, comparison)
    except (JobError, OutputError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if as_json:
        say(to_json(comparison.to_dict()))
        return 0
    print_runs(comparison)
    for run in comparison.runs if losses else ():
        print_losses(run)
    return 0


def print_runs(comparison: RunsComparison) -> None:
    """Print one row a run, then what may be said of their differences."""
    rows = comparison.rows()
    columns: Columns = {
        "run": lambda row: printable(row["run"], sys.stdout),
        "state": lambda row: row["state"],
        "loss": lambda row: row["loss"],
        "schedule": lambda row: row["schedule"],
        "best epoch": lambda row: f"{_text(row['best_epoch'])} of {row['epochs']}",
        "F1": lambda row: _number(row["validation_f1"], 3),
        "Chamfer (nm)": lambda row: _number(row["validation_chamfer_nm"], 1),
        "count ratio": lambda row: _number(row["validation_count_ratio"], 2),
        "test F1": _test_f1,
        "min": lambda row: _number(row["minutes"], 1),
    }
    caption = "F1, Chamfer distance and count ratio of the best epoch on the validation images."
    _print("Runs", caption, columns, rows)
    lines = [printable(pair.text, sys.stdout) for pair in comparison.pairs]
    lines += [
        printable(f"{row['run']}: {row['advice']}", sys.stdout)
        for row in rows
        if row["verdict"] is not None
    ]
    make_console().print("\n".join(lines), markup=False, highlight=False)


def print_losses(run: RunAccount) -> None:
    """Print one row a loss of a run."""
    columns: Columns = {
        "loss": lambda row: row["name"] + ("" if row["is_trained"] else " (noted)"),
        "first": lambda row: _number(row["first"], 4),
        "last": lambda row: _number(row["last"], 4),
        "gradient, first": lambda row: _number(row["first_gradient"], 4),
        "gradient, last": lambda row: _number(row["last_gradient"], 4),
        "F1": lambda row: _number(row["f1"], 2),
        "Chamfer": lambda row: _number(row["chamfer_nm"], 2),
        "point loss": lambda row: _number(row["point_loss"], 2),
        "epochs": lambda row: str(row["n_epochs"]),
    }
    rows = [each.to_dict() for each in run.losses]
    _print(f"Losses of {printable(run.name, sys.stdout)}", _LOSSES_CAPTION, columns, rows)


def _print(title: str, caption: str, columns: Columns, rows: Sequence[Row]) -> None:
    grid = Table(title=Text(title), caption=Text(caption))
    grid.title_justify = grid.caption_justify = "left"
    for number, heading in enumerate(columns):
        grid.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(value(row)) for value in columns.values()))
    make_console().print(grid)


def _test_f1(row: Row) -> str:
    value, low, high = (row[f"test_f1{end}"] for end in ("", "_low", "_high"))
    if value is None or low is None or math.isnan(low):
        return _number(value, 3)
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _text(value: object) -> str:
    return "-" if value is None else str(value)
