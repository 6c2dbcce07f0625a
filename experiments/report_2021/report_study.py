"""Fine-tune a dice-trained ForkNet as the report of 2021 did, and see which statements hold.

``python experiments/report_2021/report_study.py`` runs what is missing and writes tables and plots
again; ``--minutes 5`` stops before a run that would begin later than that.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from report_files import Results
from report_mechanism import PARTS, run_part
from report_plan import ARMS, FULL, QUICK, Arm, Size
from report_scenes import crops
from report_scores import measure, outputs
from report_training import Row, Weights, finetune, loaded, pretrained
from safetensors.torch import load_file, save_file

HERE = Path(__file__).parent
Job = tuple[str, int]


def main() -> None:
    """Run what the results lack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1e9, help="begin nothing after these")
    parser.add_argument("--quick", action="store_true", help="a few seconds, to try it out")
    parser.add_argument("--out", type=Path, default=None, help="folder of the results")
    parser.add_argument("--cache", type=Path, default=None, help="folder of crops and weights")
    parser.add_argument("--tables", action="store_true", help="only tables and plots")
    args = parser.parse_args()
    torch.set_num_threads(1)
    size = QUICK if args.quick else FULL
    temporary = Path(tempfile.gettempdir()) / "slitseg_report_2021"
    out = args.out or (temporary / "quick" if args.quick else HERE / "results")
    if not args.tables:
        run(size, Results(out), args.cache or temporary, args.minutes)
    if not args.quick:
        from report_tables import write_all

        write_all(out, HERE / "README.md")


def run(size: Size, results: Results, cache: Path, minutes: float = 1e9) -> None:
    """Run what is missing, in order, until the time is over."""
    end = time.monotonic() + 60 * minutes
    for name, seed in missing(size, results):
        if time.monotonic() > end:
            print("more is missing; start again to go on")
            return
        began = time.monotonic()
        if name in PARTS:
            run_part(name, seed, size, results, cache)
        else:
            run_arm(ARMS[name], seed, size, results, cache)
        results.close(name, seed, time.monotonic() - began)
        print(f"{name:<22} seed {seed}  {time.monotonic() - began:.0f} s", flush=True)


def missing(size: Size, results: Results) -> Iterator[Job]:
    """Yield runs that are not in the results: every seed of an arm before the next arm."""
    done = results.done()
    for name in size.runs:
        for seed in size.seeds[:1] if name in size.once else size.seeds:
            if (name, seed) not in done:
                yield name, seed


def run_arm(arm: Arm, seed: int, size: Size, results: Results, cache: Path) -> None:
    """Fine-tune, keep the best weights, and judge best and last on the test images."""
    rows, best, last = trained(arm, seed, size, cache)
    chosen = min(rows[1:], key=lambda row: row[arm.watched])
    test = crops(seed, "test", size, cache)
    judged: list[Row] = [
        {
            "epoch": row["epoch"],
            "rate": row["rate"],
            **measure(outputs(loaded(weights, size), test), test, row["threshold"]),
        }
        for row, weights in ((chosen, best), (rows[-1], last))
    ]
    parts = ("validation",) * len(rows) + ("test best", "test last")
    tags = [{"arm": arm.name, "seed": seed, "part": part} for part in parts]
    results.add("epochs", [tag | row for tag, row in zip(tags, rows + judged, strict=True)])


def trained(arm: Arm, seed: int, size: Size, cache: Path) -> tuple[list[Row], Weights, Weights]:
    """Return the rows of all epochs, the weights of the best epoch but the 0th, and the last."""
    start = best_of(arm.after, seed, size, cache)
    rows: list[Row] = []
    best: Weights = {}
    last: Weights = {}
    for row, weights in finetune(arm, start, seed, size, cache):
        rows.append(row)
        last = weights
        if row["epoch"] and row[arm.watched] <= min(each[arm.watched] for each in rows[1:]):
            best = weights
    save_file(best, _kept(arm.name, seed, size, cache))
    return rows, best, last


def best_of(name: str, seed: int, size: Size, cache: Path) -> Weights:
    """Return the best weights of an arm, trained again if they are not kept any more."""
    if not name:
        return pretrained(seed, size, cache)
    path = _kept(name, seed, size, cache)
    return dict(load_file(path)) if path.exists() else trained(ARMS[name], seed, size, cache)[1]


def _kept(name: str, seed: int, size: Size, cache: Path) -> Path:
    return cache / f"{size.name}_{name}_{seed}.safetensors"


if __name__ == "__main__":
    main()
