"""Results of the erasure test and of the range of the pull, as tables of the page."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from _loss_markdown import link, table
from _loss_words import ERASURE_TEXT, PULL_TEXT, VARIANTS_TEXT

from napari_slitseg.core.losses import LOSSES

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "experiments" / "erasure" / "results"
FILES: Final = ("outcomes.csv", "pull.csv")
T = TypeVar("T")
NO_GRADIENT: Final = "no gradient"
GOAL: Final = 0.3
SHOWN_PX: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20)


@dataclass(frozen=True)
class End:
    """How one start of the erasure test ended.

    Attributes
    ----------
    count_ratio : float
        Detections / annotations; infinite where nothing is annotated and something is detected.
    chamfer_px : float
        Chamfer distance, px.
    steps : int or None
        First step from which on the map was right; None where it was not.
    is_trained : bool
        Whether there was a gradient; if not, this is the start itself.
    """

    count_ratio: float
    chamfer_px: float
    steps: int | None = None
    is_trained: bool = True


Ends = Mapping[str, End]
Cosines = Mapping[float, float]


@dataclass(frozen=True)
class Results:
    """Measured outcomes of losses by name; empty where nothing was measured.

    Attributes
    ----------
    ends : mapping
        For each loss, how each start ended.
    pulls : mapping
        For each loss with a gradient, the cosine at each displacement in px.
    draws : mapping
        For each loss, from how many starts of each draw of the points it ended right.
    """

    ends: Mapping[str, Ends] = field(default_factory=dict)
    pulls: Mapping[str, Cosines] = field(default_factory=dict)
    draws: Mapping[str, Sequence[int]] = field(default_factory=dict)


def read_results(folder: Path = RESULTS) -> Results:
    """Return what the files of results in a folder hold; any may be missing."""
    ends: dict[str, dict[str, End]] = {}
    for row in _rows(folder / "outcomes.csv"):
        ends.setdefault(row["loss"], {})[row["start"]] = _end(row)
    pulls: dict[str, dict[float, float]] = {}
    for row in _rows(folder / "pull.csv"):
        if row["cosine"]:
            pulls.setdefault(row["loss"], {})[float(row["displacement_px"])] = float(row["cosine"])
    draws: dict[str, list[int]] = {}
    for row in _rows(folder / "seeds.csv"):
        draws.setdefault(row["loss"], []).append(int(row["right"]))
    return Results(_in_order(ends), _in_order(pulls), draws)


def missing(folder: Path = RESULTS) -> list[str]:
    """Return the names of the files of results that are not there."""
    return [name for name in FILES if not (folder / name).exists()]


def title_of(name: str) -> str:
    """Return the title of a loss, or the name of a variant."""
    return LOSSES[name].about.title if name in LOSSES else name


def is_recommended(name: str) -> bool:
    """Whether menus show the loss first."""
    return name in LOSSES and LOSSES[name].about.recommended


def pulled_from(cosines: Cosines) -> str:
    """Return at which displacements the pull meets the goal, in words.

    Parameters
    ----------
    cosines : mapping
        Cosine at each displacement, px.
    """
    runs: list[list[float]] = []
    was_met = False
    for distance in sorted(cosines):
        is_met = cosines[distance] >= GOAL
        if is_met and was_met:
            runs[-1][1] = distance
        elif is_met:
            runs.append([distance, distance])
        was_met = is_met
    ranges = [f"{first:g} to {last:g}" if last > first else f"{first:g}" for first, last in runs]
    return f"{', '.join(ranges)} px" if ranges else "nowhere"


def verdict(ends: Ends, unchanged: Ends, draws: Sequence[int] = ()) -> str:
    """Return the word for what a loss did to the starts.

    Parameters
    ----------
    ends : mapping
        How each start ended.
    unchanged : mapping
        The starts themselves.
    draws : sequence of int
        From how many starts of each draw of the points it ended right.

    Returns
    -------
    str
        "safe": right from every start of every draw. "erases": from some start with annotations,
        less than 0.9 of them are left although there were as many. "inexact": neither.
    """
    if not any(end.is_trained for end in ends.values()):
        return NO_GRADIENT
    if all(end.steps is not None for end in ends.values()):
        return "safe" if all(right == len(ends) for right in draws) else "inexact"
    kept = {name: min(1.0, start.count_ratio) for name, start in unchanged.items()}
    lost = [
        ends[name].count_ratio < 0.9 * before
        for name, before in kept.items()
        if name in ends and math.isfinite(unchanged[name].count_ratio)
    ]
    return "erases" if any(lost) else "inexact"


def measured_words(name: str, results: Results) -> list[str]:
    """Return what was measured of a loss, in a sentence; nothing where it was not."""
    ends, words = results.ends.get(name, {}), []
    if not any(end.is_trained for end in ends.values()):
        return []
    wrong = [f"*{start}* ({_cell(end)})" for start, end in ends.items() if end.steps is None]
    but = f", not from {' or '.join(wrong)}" if wrong else ""
    words.append(f"right from {len(ends) - len(wrong)} of {len(ends)} starts{but}")
    draws = results.draws.get(name, ())
    if len(draws) > 1:
        words.append(
            f"from {sum(draws)} of {len(draws) * len(ends)} with three draws of the points"
        )
    if name in results.pulls:
        words.append(f"a pull of 0.3 or more: {pulled_from(results.pulls[name])}")
    return [f"**Measured:** {'; '.join(words)}.", ""]


def erasure_section(results: Results) -> list[str]:
    """Return the section on erasing."""
    lines = ["## What erases, and what does not", "", ERASURE_TEXT, ""]
    if not results.ends:
        return [*lines, _not_yet("outcomes.csv"), ""]
    unchanged = _unchanged(results)
    starts = list(dict.fromkeys(start for ends in results.ends.values() for start in ends))
    rows = [["*the starts themselves*", "", *_cells(unchanged, starts)]] if unchanged else []
    for name, ends in results.ends.items():
        word = verdict(ends, unchanged, results.draws.get(name, ()))
        if word != NO_GRADIENT:
            rows.append([_name(name), word, *_cells(ends, starts)])
    lines += [*table(["loss", "shown here", *starts], rows), ""]
    if any(name not in LOSSES for name in results.ends):
        lines += [VARIANTS_TEXT, ""]
    return [*lines, *_left_out(results)]


def pull_section(results: Results) -> list[str]:
    """Return the section on the range of the pull."""
    lines = ["## Range of the pull", "", PULL_TEXT, ""]
    if not results.pulls:
        return [*lines, _not_yet("pull.csv"), ""]
    picture = "![Cosine of the pull by distance, as lines and as a map of all losses]"
    lines += [f"{picture}(losses/pull.png)", ""]
    shown = [d for d in SHOWN_PX if any(d in each for each in results.pulls.values())]
    rows = [
        [_name(name), *_cosines(cosines, shown), pulled_from(cosines)]
        for name, cosines in results.pulls.items()
    ]
    return [*lines, *table(["loss", *(f"{d} px" for d in shown), "0.3 or more"], rows), ""]


def _end(row: Mapping[str, str]) -> End:
    return End(
        count_ratio=float(row["count_ratio"]),
        chamfer_px=float(row["chamfer_px"]),
        steps=int(float(row["steps"])) if row["right"] == "yes" else None,
        is_trained=row["right"] != NO_GRADIENT,
    )


def _in_order(found: Mapping[str, T]) -> dict[str, T]:
    """Return losses in the order of menus, then variants as they come."""
    names = [*(name for name in LOSSES if name in found), *found]
    return {name: found[name] for name in names}


def _unchanged(results: Results) -> Ends:
    for ends in results.ends.values():
        if not any(end.is_trained for end in ends.values()):
            return ends
    return {}


def _name(name: str) -> str:
    if name not in LOSSES:
        return f"`{name}`"
    return link(title_of(name), bold=is_recommended(name))


def _cells(ends: Ends, starts: Sequence[str]) -> list[str]:
    return [_cell(ends[start]) if start in ends else "" for start in starts]


def _cell(end: End) -> str:
    if end.steps is not None:
        return f"✓ {end.steps}"
    if math.isinf(end.count_ratio):
        return "dots are left"
    return f"{end.count_ratio:.3g}, {end.chamfer_px:.1f} px"


def _left_out(results: Results) -> list[str]:
    silent = [link(s.about.title) for s in LOSSES.values() if s.about.erasure == NO_GRADIENT]
    later = [
        link(spec.about.title)
        for name, spec in LOSSES.items()
        if name not in results.ends and spec.about.erasure != NO_GRADIENT
    ]
    lines = [f"Not in the table, having no gradient: {', '.join(silent)}."]
    return [*lines, "", *([f"Not measured yet: {', '.join(later)}.", ""] if later else [])]


def _cosines(cosines: Cosines, shown: Sequence[float]) -> list[str]:
    return [f"{cosines[d]:.2f}".replace("-0.00", "0.00") if d in cosines else "" for d in shown]


def _not_yet(name: str) -> str:
    return f"**Not measured yet:** `experiments/erasure/results/{name}` is missing."


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
