"""Look at what is missed: ``python experiments/distance_losses/distance_failures.py``, a minute.

Trains dice and another recipe on one draw of the ordinary regime, and asks of the misses whether
they were faint, found in the wrong place, or lost by the threshold.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from distance_recipes import ALL, BASE
from distance_regimes import draw
from distance_results import FOLDER, Results
from distance_scoring import Found, f1_of, look_at
from distance_study import STARTS
from distance_training import Lengths, Setting, finetuned, pretrained
from matplotlib.figure import Figure

from napari_slitseg.core.matching import match

TOLERANCES_PX: Final = (2.0, 3.0, 5.0, 8.0)
STRENGTHS: Final = (0.2, 0.4, 0.6, 0.8, 1.0)
SHOWN: Final = 8


def main() -> None:
    """Train, measure, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", default=[BASE, "dice + one_to_one"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--starts", type=Path, default=STARTS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for seed in args.seeds:
        for name in args.recipes:
            tuned_on, tested = trained(name, seed, args.starts)
            rows.append({"recipe": name, "seed": seed, **measured(tuned_on, tested)})
            if name == BASE and seed == args.seeds[0]:
                pictures(tested, tuned_on.tuned()).savefig(FOLDER / "misses.png", dpi=70)
    pd.DataFrame(rows).round(3).to_csv(FOLDER / "failures.csv", index=False)


def trained(name: str, seed: int, starts: Path) -> tuple[Found, Found]:
    """Return what a network finds in the pictures to tune with and to test with."""
    rate, weight = Results(FOLDER).chosen()[name]
    setting = Setting(regime="ordinary", recipe=name, rate=rate, weight=weight, seed=seed)
    start = pretrained("ordinary", ALL[name], seed, Lengths(), starts)
    model = finetuned(start, ALL[name], setting, Lengths(), lambda *_: None)
    data = draw("ordinary", seed)
    return look_at(model, data.validation), look_at(model, data.test)


def measured(tuned_on: Found, tested: Found) -> dict[str, float]:
    """Return F1 by tolerance, recall by brightness, and what the best threshold would give."""
    points = tested.points(tuned_on.tuned())
    ideal = tested.points(tested.tuned())
    f1 = {f"f1_{px:g}px": f1_of(tested.pairs(points), px) for px in TOLERANCES_PX}
    strength = np.concatenate([each.strength for each in tested.scenes])
    hit = np.concatenate([_hit(yx, true) for yx, true in tested.pairs(points)])
    bands = {
        f"recall_{low:g}-{high:g}": float(hit[(strength >= low) & (strength <= high)].mean())
        for low, high in pairwise(STRENGTHS)
    }
    return f1 | {"f1_3px_ideal_threshold": f1_of(tested.pairs(ideal), 3.0)} | bands


def _hit(yx: Any, true: Any) -> Any:
    found = np.zeros(len(true), dtype=bool)
    found[match(yx, true, 3.0).pairs[:, 1]] = True
    return found


def pictures(tested: Found, threshold: float) -> Figure:
    """Draw the pictures with the most errors: true slits, found ones, and the map."""
    pairs = tested.pairs(tested.points(threshold))
    errors = [len(yx) + len(true) - 2 * len(match(yx, true, 3.0)) for yx, true in pairs]
    worst = np.argsort(errors)[::-1][:SHOWN]
    figure = Figure(figsize=(2 * SHOWN, 4.4), layout="constrained")
    for column, i in zip(figure.subplots(2, SHOWN).T, worst, strict=True):
        column[0].imshow(tested.scenes[i].pixels, cmap="gray")
        column[1].imshow(tested.maps[i], cmap="viridis", vmin=0, vmax=1)
        for axes in column:
            axes.plot(*pairs[i][1].T[::-1], "o", mfc="none", color="#E69F00", ms=8)
            axes.plot(
                *pairs[i][0].T[::-1], "x", color="#D55E00" if axes is column[1] else "#56B4E9"
            )
            axes.set_axis_off()
    figure.suptitle("circles: true slits; crosses: found; below: map of probabilities, 48 x 48 px")
    return figure


if __name__ == "__main__":
    main()
