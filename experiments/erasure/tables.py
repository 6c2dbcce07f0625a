"""The tables of the README, written from the files of results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from cases import RATE, SEEDS, STEPS, THRESHOLD, cases
from outcomes import NO_GRADIENT, Row, verdict
from results import rows, runs
from study_page import fill, markdown

README = Path(__file__).parent / "README.md"
SHOWN_PX = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20)


def write_tables() -> None:
    """Replace what stands between the marks in the README."""
    fill(README, tables())


def tables() -> dict[str, str]:
    """Return what stands between each pair of marks."""
    return {
        "run": run_text(),
        "outcomes": outcomes_table(),
        "pull": pull_table(),
        "seeds": seeds_table(),
        "untrained": untrained_table(),
    }


def run_text() -> str:
    """Return how, when and with which versions the results were made."""
    done = runs().values()
    dates = sorted({each["date"] for each in done})
    when = " to ".join(sorted({dates[0], dates[-1]}))
    versions = sorted({", ".join(f"{k} {v}" for k, v in each["versions"].items()) for each in done})
    return (
        f"{len(done)} losses and sums; Adam, {STEPS} steps, rate {RATE:g} falling to 0 as a half "
        f"cosine, detections at p >= {THRESHOLD:g};\nmeasured {when} with "
        f"{' / '.join(versions)}."
    )


def outcomes_table() -> str:
    """Return one line a loss: what it leaves of every start."""
    outcomes, seeds = rows("outcomes"), rows("seeds")
    unchanged = next(each for each in outcomes.values() if is_unchanged(each))
    starts = [row["start"] for row in unchanged]
    lines = [["(the starts themselves)", "", *map(_shown, unchanged)]]
    for name in cases():
        if name in outcomes and not is_unchanged(outcomes[name]):
            found = outcomes[name]
            cells = ["right" if row["right"] == "yes" else _shown(row) for row in found]
            word = verdict(found, unchanged, seeds.get(name, ()))
            lines.append([f"`{name}`", word, *cells])
    silent = [f"`{name}`" for name, each in outcomes.items() if is_unchanged(each)]
    table = markdown(["loss", "", *starts], lines)
    return f"{table}\n\nNo gradient: {', '.join(silent)}."


def is_unchanged(found: Sequence[Row]) -> bool:
    """Whether nothing was trained for want of a gradient."""
    return all(row["right"] == NO_GRADIENT for row in found)


def pull_table() -> str:
    """Return one line a loss: the cosine by displacement, on a free field."""
    pull = rows("pull")
    lines = []
    for name in (name for name, case in cases().items() if case.field == "free" and name in pull):
        cosines = {row["displacement_px"]: row["cosine"] for row in pull[name]}
        cells = [f"{cosines[px]:.2f}" for px in SHOWN_PX]
        lines.append([f"`{name}`", *cells, f"{min(cosines.values()):.2f}"])
    return markdown(["loss", *(f"{px} px" for px in SHOWN_PX), "least"], lines)


def seeds_table() -> str:
    """Return one line a loss with several seeds: right starts of each, and the worst figures."""
    lines = []
    for name, found in rows("seeds").items():
        if len(found) > 1:
            right = [f"{row['right']}/{row['starts']}" for row in found]
            wrong = {str(row["not_right"]) for row in found} - {"nan"}
            chamfer = max(row["largest_chamfer_px"] for row in found)
            lines.append([f"`{name}`", *right, f"{chamfer:.2f}", "; ".join(sorted(wrong))])
    heads = [f"seed {seed}" for seed in SEEDS]
    return markdown(["loss", *heads, "largest Chamfer, px", "not right"], lines)


def untrained_table() -> str:
    """Return one line a loss: what it makes of untrained maps."""
    lines = []
    for name, found in rows("untrained").items():
        if not is_unchanged(found):
            cells = ["right" if row["right"] == "yes" else _shown(row) for row in found]
            lines.append([f"`{name}`", *cells])
    return markdown(["loss", "7 points", "40 points"], lines)


def _shown(row: Row) -> str:
    ratio = "inf" if math.isinf(row["count_ratio"]) else f"{row['count_ratio']:.2f}"
    return f"{ratio} / {row['chamfer_px']:.1f}"
