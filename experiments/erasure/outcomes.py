"""Measure one loss: what it leaves of the hard starts, and how far it pulls."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from cases import DISPLACEMENTS_PX, RATE, SEEDS, STEPS, THRESHOLD, cases

from napari_slitseg.core.losses.probes import (
    Loss,
    Outcome,
    Start,
    descend,
    hard_starts,
    pull,
    target_of,
    untrained_starts,
)
from napari_slitseg.core.losses.spec import Erasure

Row = dict[str, Any]
NO_GRADIENT = "no gradient"


@dataclass(frozen=True)
class Measured:
    """Rows of one loss for each file of results.

    Attributes
    ----------
    outcomes, pull, seeds, untrained : list of dict
        Rows without the name of the loss.
    seconds : float
        Time it took.
    """

    outcomes: list[Row]
    pull: list[Row]
    seeds: list[Row]
    untrained: list[Row]
    seconds: float


def measure(name: str) -> Measured:
    """Measure one case."""
    began = time.perf_counter()
    loss = cases()[name].loss()
    by_seed = {SEEDS[0]: outcomes_of(loss, SEEDS[0])}
    if all(row["right"] == "yes" for row in by_seed[SEEDS[0]]):
        by_seed |= {seed: outcomes_of(loss, seed) for seed in SEEDS[1:]}
    return Measured(
        outcomes=by_seed[SEEDS[0]],
        pull=pull_of(loss),
        seeds=[{"seed": seed, **summary(rows)} for seed, rows in by_seed.items()],
        untrained=untrained(name),
        seconds=time.perf_counter() - began,
    )


def untrained(name: str) -> list[Row]:
    """Return a row for each map of an untrained model."""
    return _outcomes(cases()[name].loss(), untrained_starts())


def outcomes_of(loss: Loss, seed: int) -> list[Row]:
    """Return a row for each start; without a gradient the field stays as it is."""
    torch.manual_seed(seed)
    return _outcomes(loss, hard_starts(seed))


def _outcomes(loss: Loss, starts: Sequence[Start]) -> list[Row]:
    trains = has_gradient(loss, starts)
    steps = STEPS if trains else 0
    outcomes, _ = descend(loss, starts, steps=steps, rate=RATE, threshold=THRESHOLD)
    return [_row(each, trains=trains) for each in outcomes]


def has_gradient(loss: Loss, starts: Sequence[Start]) -> bool:
    """Whether the loss of the starts depends on the logits in a way that torch can follow."""
    logits = torch.from_numpy(np.stack([each.logits for each in starts])[:, None])
    return loss(logits.requires_grad_(), target_of([each.points for each in starts])).requires_grad


def _row(outcome: Outcome, *, trains: bool) -> Row:
    right = "yes" if outcome.right else "no"
    return {
        "start": outcome.start,
        "count_ratio": round(outcome.count_ratio, 3),
        "chamfer_px": round(outcome.chamfer_px, 3),
        "steps": outcome.steps if trains else STEPS + 1,
        "right": right if trains else NO_GRADIENT,
    }


def pull_of(loss: Loss) -> list[Row]:
    """Return the cosine at each displacement; no row where there is no gradient."""
    torch.manual_seed(0)
    if not has_gradient(loss, hard_starts()[:1]):
        return []
    cosines = pull(loss, DISPLACEMENTS_PX)
    return [
        {"displacement_px": px, "cosine": round(float(cosine), 3)}
        for px, cosine in zip(DISPLACEMENTS_PX, cosines, strict=True)
    ]


def summary(rows: Sequence[Row]) -> Row:
    """Return the worst of all starts of one seed."""
    ratios = [row["count_ratio"] for row in rows]
    return {
        "right": sum(row["right"] == "yes" for row in rows),
        "starts": len(rows),
        "lowest_count_ratio": min(ratios),
        "highest_count_ratio": max(ratios),
        "largest_chamfer_px": max(row["chamfer_px"] for row in rows),
        "not_right": "; ".join(row["start"] for row in rows if row["right"] != "yes"),
    }


def verdict(rows: Sequence[Row], unchanged: Sequence[Row], by_seed: Sequence[Row] = ()) -> Erasure:
    """Return the word that a loss may say of itself, see `About.erasure`.

    Parameters
    ----------
    rows : sequence of dict
        Outcomes of the loss from the first draw of the starts.
    unchanged : sequence of dict
        Outcomes where nothing was trained, in the same order.
    by_seed : sequence of dict
        Summaries of the loss from every draw.

    Returns
    -------
    str
        ``"safe"``: right from every start of every draw. ``"erases"``: from some start with
        annotations, less than 0.9 of them are left although there were as many. ``"inexact"``:
        neither.
    """
    if all(row["right"] == NO_GRADIENT for row in rows):
        return "no gradient"
    if all(row["right"] == "yes" for row in rows):
        always = all(each["right"] == each["starts"] for each in by_seed)
        return "safe" if always else "inexact"
    lost = [
        row["count_ratio"] < 0.9 * min(1.0, before["count_ratio"])
        for row, before in zip(rows, unchanged, strict=True)
        if math.isfinite(before["count_ratio"])
    ]
    return "erases" if any(lost) else "inexact"
