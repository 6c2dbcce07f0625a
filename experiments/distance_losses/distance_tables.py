"""Tables of the page, from the files of results."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from distance_paired import against_dice
from distance_recipes import ALL, BASE
from distance_regimes import REGIMES
from distance_results import FIRST_TUNING_SEED, Results, looks_of

ORDINARY_HEAD = (
    *("recipe", "n", "F1 at 3 px", "difference", "better", "P", "F1 at 2 px, difference"),
    *("Chamfer px", "change %", "count error", "change %", "found / true (least-most)"),
    *("lowest on the way", "soft dice"),
)
HARD_HEAD = ("regime", "recipe", "n", "F1", "difference", "Chamfer px", "change %", "found / true")
GOAL_A = {"f1": 0.015, "chamfer_px": -8.0, "count_error": -10.0}


def tables(results: Results) -> dict[str, str]:
    """Return every table by the mark of its place in the page."""
    return {
        "ordinary": ordinary(results),
        "goals": goals(results),
        "hard": hard(results),
        "tuning": tuning(results),
    }


def ordinary(results: Results) -> str:
    """Every recipe in the ordinary regime, the highest F1 first."""
    tested = results.tested("ordinary")
    ways = looks_of(results, tested)
    rows = [_ordinary_row(tested, ways, name) for name in _ranked(tested)]
    return _markdown(ORDINARY_HEAD, rows)


def _ordinary_row(tested: pd.DataFrame, ways: pd.DataFrame, name: str) -> list[str]:
    own, way = tested[tested.recipe == name], ways[ways.recipe == name]
    f1 = against_dice(tested, name, "f1")
    is_base = name == BASE
    return [
        name,
        str(len(own)),
        f"{own.f1.mean():.3f}",
        "" if is_base else str(f1),
        "" if is_base else f"{f1.better} of {len(f1.differences)}",
        "" if is_base else f"{f1.sign_p:.3f}",
        "" if is_base else str(against_dice(tested, name, "f1_2px")),
        f"{own.chamfer_px.mean():.2f}",
        "" if is_base else _percent(tested, name, "chamfer_px"),
        f"{own.count_error.mean():.2f}",
        "" if is_base else _percent(tested, name, "count_error"),
        f"{own.count_ratio.mean():.2f} ({own.count_ratio.min():.2f}-{own.count_ratio.max():.2f})",
        f"{way.ratio_tuned.min():.2f}" if len(way) else "",
        f"{own.soft_dice.mean():.3f}",
    ]


def goals(results: Results) -> str:
    """Say which goals of the ordinary regime each recipe reaches."""
    tested, rows = results.tested("ordinary"), []
    for name in _ranked(tested):
        own = tested[tested.recipe == name]
        if name != BASE:
            rows.append([name, *_goal_a(tested, name), *_goal_b(tested, own, name)])
    head = ("recipe", "F1 +.015", "Chamfer -8 %", "count error -10 %", "P < .05", "(b) F1 / dice's")
    return _markdown((*head, "(b) .95-1.05 on every seed"), rows)


def _goal_a(tested: pd.DataFrame, name: str) -> list[str]:
    means = {
        figure: against_dice(tested, name, figure, percent=figure != "f1").mean for figure in GOAL_A
    }
    reached = [
        means[figure] >= least if least > 0 else means[figure] <= least
        for figure, least in GOAL_A.items()
    ]
    f1 = against_dice(tested, name, "f1")
    return [_yes(ok=each) for each in (*reached, f1.sign_p < 0.05 and f1.mean > 0)]


def _goal_b(tested: pd.DataFrame, own: pd.DataFrame, name: str) -> list[str]:
    if ALL[name].kind != "alone":
        return ["", ""]
    base = tested[(tested.recipe == BASE) & tested.seed.isin(own.seed)].f1.mean()
    return [f"{own.f1.mean() / base:.3f}", _yes(ok=bool(own.count_ratio.between(0.95, 1.05).all()))]


def hard(results: Results) -> str:
    """Every other regime."""
    rows: list[list[str]] = []
    for regime, about in REGIMES.items():
        tested = results.tested(regime)
        if regime != "ordinary" and len(tested):
            rows += [_hard_row(tested, about.title, name) for name in _ranked(tested)]
    return _markdown(HARD_HEAD, rows)


def _hard_row(tested: pd.DataFrame, title: str, name: str) -> list[str]:
    own, is_base = tested[tested.recipe == name], name == BASE
    return [
        title,
        name,
        str(len(own)),
        f"{own.f1.mean():.3f}",
        "" if is_base else str(against_dice(tested, name, "f1")),
        f"{own.chamfer_px.mean():.2f}",
        "" if is_base else _percent(tested, name, "chamfer_px"),
        f"{own.count_ratio.mean():.2f} ({own.count_ratio.min():.2f}-{own.count_ratio.max():.2f})",
    ]


def tuning(results: Results) -> str:
    """F1 of the tuning seeds at the four corners of each grid; the chosen one is bold."""
    runs, chosen = results.runs(), results.chosen()
    tuned = runs[runs.seed >= FIRST_TUNING_SEED]
    rows = []
    for name in dict.fromkeys(tuned.recipe):
        own = tuned[tuned.recipe == name]
        cells = [_corner(own, corner, chosen[name]) for corner in ALL[name].grid]
        weights = " / ".join(f"{each:g}" for each in ALL[name].weights)
        rows.append([name, weights, *cells])
    slow, fast = (f"{rate:g}, {which}" for rate, which in ((1.5e-3, "lower"), (4e-3, "lower")))
    heads = (slow, slow.replace("lower", "higher"), fast, fast.replace("lower", "higher"))
    return _markdown(("recipe", "weights", *heads), rows)


def _corner(own: pd.DataFrame, corner: tuple[float, float], best: tuple[float, float]) -> str:
    there = own[(own.rate == corner[0]) & (own.weight == corner[1])].f1
    if not len(there):
        return ""
    return f"**{there.mean():.3f}**" if corner == best else f"{there.mean():.3f}"


def _ranked(tested: pd.DataFrame) -> list[str]:
    mean = tested.groupby("recipe").f1.mean().sort_values(ascending=False)
    return [str(name) for name in mean.index]


def _percent(tested: pd.DataFrame, name: str, figure: str) -> str:
    return against_dice(tested, name, figure, percent=True).told(0)


def _yes(*, ok: bool) -> str:
    return "yes" if ok else "no"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
