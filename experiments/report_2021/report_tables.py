"""Tables of the README, the summary and the statements, written from the results."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any, Final

import pandas as pd
from report_checks import facts
from report_figures import START, epochs_of, summary
from report_numbers import numbers, range_text, table_of
from report_plan import ARMS, Arm
from report_plots import write_plots
from report_statements import STATEMENTS
from study_page import fill, markdown

from napari_slitseg.core.schedules import ReduceOnPlateau

NOT_RUN: Final = "(not run)"
COLUMNS: Final = ("seed", "nr", "statement", "verdict", "evidence")


class _NotRun:
    """What stands for a number that there is not."""

    def __format__(self, _: str) -> str:
        return NOT_RUN


class Known(dict[str, Any]):
    """Numbers by name; what was not run reads as such."""

    def __missing__(self, _: str) -> _NotRun:
        return _NotRun()


def write_all(folder: Path, readme: Path) -> None:
    """Write summary, statements, plots, and what stands between marks in the README."""
    epochs = epochs_of(folder)
    summary(epochs).to_csv(folder / "summary.csv", index=False, float_format="%.4g")
    known = known_of(folder)
    rows = statements(known)
    with (folder / "statements.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    write_plots(epochs, folder)
    fill(readme, tables(folder, known))


def known_of(folder: Path) -> Known:
    """Return every number that there is, by name."""
    return Known({**numbers(folder), **facts()})


def statements(known: Known) -> list[dict[str, object]]:
    """Return every statement with its verdict and evidence; unclear where a number lacks."""
    rows: list[dict[str, object]] = []
    for nr, (words, verdict, template) in enumerate(STATEMENTS, 1):
        evidence = " ".join(template.split()).format_map(known)
        shown = "unclear" if NOT_RUN in evidence else verdict
        row = {"seed": "000", "nr": nr, "statement": words, "verdict": shown}
        rows.append({**row, "evidence": evidence})
    return rows


def tables(folder: Path, known: Known) -> dict[str, str]:
    """Return what stands between each pair of marks."""
    return {
        "arms": arms_table(folder),
        "reloading": reloading_table(known),
        "moves": moves_table(folder),
        "detectors": detectors_table(folder, known),
        "statements": statements_table(known),
        "time": time_text(folder),
    }


def arms_table(folder: Path) -> str:
    """Return one line an arm, means over seeds."""
    head = (
        *(
            "arm",
            "seeds",
            "gradient on the slits",
            "rate",
            "lowest ratio (worst seed)",
            "last ratio",
        ),
        *("last ratio, tuned", "F1, test: best by CL", "last", "last - M_orig", "last - dice"),
    )
    return markdown(head, [_arm_cells(row) for _, row in summary(epochs_of(folder)).iterrows()])


def _arm_cells(row: pd.Series) -> list[str]:
    is_start = row.arm == START
    arm = None if is_start else ARMS[str(row.arm)]
    gain, against = (
        _interval(row[name], row[f"{name}_low"], row[f"{name}_high"])
        for name in ("gain", "against_dice")
    )
    return [
        "M_orig" if is_start else f"`{row.arm}`",
        str(row.seeds),
        "" if arm is None else {"nothing": "none", "dice": "dice"}[arm.slit],
        "" if arm is None else _rate(arm),
        f"{row.lowest_ratio:.2f} ({row.lowest_of_all:.2f})",
        *(f"{row[name]:.2f}" for name in ("last_ratio", "last_ratio_tuned")),
        *(f"{row[name]:.3f}" for name in ("test_f1_best", "test_f1_last")),
        "" if is_start else gain,
        "" if row.arm == "dice" else against,
    ]


def _rate(arm: Arm) -> str:
    schedule = arm.schedule
    if isinstance(schedule, ReduceOnPlateau):
        factor = f"plateau {schedule.rate:.2g} / {schedule.decay_factor:g}"
        return f"{factor}, patience {schedule.patience}"
    return f"triangular2, {getattr(schedule, 'low', 0):g} to {getattr(schedule, 'high', 0):g}"


def _interval(mean: float, low: float, high: float) -> str:
    return "" if math.isnan(mean) else f"{mean:+.3f} {range_text(low, high)}"


def reloading_table(known: Known) -> str:
    """Return the composite loss of each model of section 4.3."""
    words = {
        "orig": "M_orig",
        "A": "M_A: from M_orig, plateau from 1e-3, best of its epochs",
        "B": "M_B: from M_A, plateau from 3.3e-4, best of its epochs",
        "B_control": "control: from M_orig, as M_B",
        "dice": "control: from M_orig, as M_A, dice on the slits",
    }
    lines = [
        [text, f"{known[f'cl_{name}']:.1f}", f"{known[f'cl_test_{name}']:.1f}"]
        for name, text in words.items()
    ]
    return markdown(("model", "CL, validation", "CL, test"), lines)


def moves_table(folder: Path) -> str:
    """Return how far the maps of slits moved, by what was held fixed."""
    rows = table_of(folder, "moves")
    lines = [
        [
            str(name),
            f"{each.mean_change.mean():.2g}",
            f"{each.largest_change.max():.2g}",
            f"{each.ratio_doh.mean():.2f}",
        ]
        for name, each in (rows.groupby("variant", sort=False) if len(rows) else ())
    ]
    head = ("what was held fixed", "mean change of p", "largest", "detections / annotations")
    return markdown(head, lines)


def detectors_table(folder: Path, known: Known) -> str:
    """Return time and quality of each detector."""
    rows = table_of(folder, "detectors")
    lines = []
    for name, each in rows.groupby("detector", sort=False) if len(rows) else ():
        mean = each.mean(numeric_only=True)
        step = f"{known[f'ms_{name}']:.0f}" if f"ms_{name}" in known else ""
        seen = not math.isnan(mean.f1_tuned)
        quality = [f"{mean.f1_tuned:.3f}", f"{mean.ratio:.2f}"] if seen else ["", ""]
        lines.append([str(name), step, f"{mean.ms_640:.0f}", *quality])
    head = ("detector", "ms a step in the loop", "ms, 640 x 640", "F1", "ratio at 0.5")
    alone = f"A step with no loss on the slits takes {known['ms_alone']:.0f} ms."
    return f"{markdown(head, lines)}\n\n{alone}"


def statements_table(known: Known) -> str:
    """Return the table of statements."""
    lines = [
        [str(row["nr"]), *(str(row[name]) for name in COLUMNS[2:])] for row in statements(known)
    ]
    return markdown(("nr", "statement", "", "evidence"), lines)


def time_text(folder: Path) -> str:
    """Return what the study took."""
    rows = pd.read_csv(folder / "runs.csv")
    return f"{len(rows)} runs, {rows.seconds.sum() / 60:.0f} minutes of wall time."
