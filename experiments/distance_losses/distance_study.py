"""Run the study ``python experiments/distance_losses/distance_study.py``, from where it stopped.

``--minutes`` stops it in time, ``--quick`` is a taste of it in ``--out``, ``--tables`` writes
tables and plots of what there is.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

sys.path.append(str(Path(__file__).parents[1] / "shared_study"))
from distance_pages import write_pages
from distance_plan import plan
from distance_recipes import ALL
from distance_regimes import REGIMES, draw
from distance_results import FIRST_TUNING_SEED, FOLDER, Results
from distance_scoring import Found, Row, look_at, scored
from distance_training import Lengths, Setting, finetuned, pretrained, settled

from napari_slitseg.core.models.base import SegmentationModel

STARTS: Final = Path(tempfile.gettempdir()) / "slitseg_distance_losses"
SEEN: Final = 16
QUICK: Final = Lengths(pretrain=4, longest=4, finetune=2, look_every=2)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing."""
    args = _arguments(arguments)
    torch.set_num_threads(1)
    results = Results(args.out)
    ends = time.monotonic() + 60 * args.minutes
    if args.quick:
        run_all(_quick_settings(), results, QUICK, args.starts, ends)
    elif not args.tables:
        run_all(plan(results, args.stages), results, Lengths(), args.starts, ends)
    write_pages(results, readme=args.out == FOLDER)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so many")
    parser.add_argument("--stages", nargs="+", default=None, help="parts of the plan, in order")
    parser.add_argument("--quick", action="store_true", help="some steps of some recipes")
    parser.add_argument("--tables", action="store_true", help="train nothing")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the results")
    parser.add_argument("--starts", type=Path, default=STARTS, help="folder of pretrained networks")
    return parser.parse_args(arguments)


def _quick_settings() -> list[Setting]:
    return [
        Setting(regime=regime, recipe=recipe, rate=rate, weight=weight, seed=seed)
        for regime, seed in (("ordinary", FIRST_TUNING_SEED), ("ordinary", 0))
        for recipe in ("dice", "dice + one_to_one")
        for rate, weight in ALL[recipe].grid[:1]
    ]


def run_all(
    settings: Iterable[Setting], results: Results, lengths: Lengths, starts: Path, ends: float
) -> None:
    """Run settings one after the other until the time is over; those that are done are left out."""
    longest = 0.0
    for setting in settings:
        began = time.monotonic()
        if began + longest > ends:
            print("time is over; the same command goes on")
            return
        if setting in results.done():
            continue
        run(setting, results, lengths, starts)
        longest = max(longest, time.monotonic() - began)


def run(setting: Setting, results: Results, lengths: Lengths, starts: Path) -> None:
    """Train, score, and write down one run; where only the test differs, that as well."""
    began, recipe = time.perf_counter(), ALL[setting.recipe]
    tune_with = draw(setting.regime, setting.seed).validation
    model = settled(pretrained(setting.regime, recipe, setting.seed, lengths, starts), setting)
    first = look_at(model, tune_with, windows=recipe.windows).tuned()
    looks: list[Row] = []

    def watch(step: int, network: SegmentationModel) -> None:
        if setting.seed < FIRST_TUNING_SEED:
            found = look_at(network, tune_with[:SEEN], windows=recipe.windows)
            looks.append({"step": step, **_seen(found, first)})

    model = finetuned(model, recipe, setting, lengths, watch)
    threshold = look_at(model, tune_with, windows=recipe.windows).tuned()
    for regime in _judged_as(setting):
        row = _scored(model, setting, regime, threshold, first)
        row["seconds"] = time.perf_counter() - began
        results.add("runs", replace(setting, regime=regime), [row])
    print(
        f"{setting.regime:<9} {setting.recipe:<30} {setting.rate:g} {setting.weight:g} "
        f"seed {setting.seed}: F1 {row['f1']:.3f}, {row['seconds']:.1f} s",
        flush=True,
    )
    results.add("epochs", setting, looks)


def _scored(
    model: SegmentationModel, setting: Setting, regime: str, threshold: float, first: float
) -> Row:
    scenes = draw(regime, setting.seed).test
    found = look_at(model, scenes, windows=ALL[setting.recipe].windows)
    return scored(found, threshold, first, REGIMES[regime].radius_px)


def _judged_as(setting: Setting) -> list[str]:
    """Return the regimes whose training this is; tuning is judged in its own alone."""
    others = [name for name, about in REGIMES.items() if about.trained_as == setting.regime]
    return [setting.regime, *(others if setting.seed < FIRST_TUNING_SEED else ())]


def _seen(found: Found, first_threshold: float) -> Row:
    """Return how many slits a network finds in pictures to tune with, and how well."""
    threshold = found.tuned()
    return {
        "ratio_tuned": found.count_ratio(threshold),
        "ratio_first": found.count_ratio(first_threshold),
        "threshold": threshold,
    }


if __name__ == "__main__":
    main()
