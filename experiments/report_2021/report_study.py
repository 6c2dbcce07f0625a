"""Fine-tune a dice-trained ForkNet as the report of 2021 did, and see which statements hold.

``python experiments/report_2021/report_study.py`` runs what is missing and writes tables and plots
again; ``--minutes 5`` stops before a run that would begin later than that, ``--only dice loops``
runs nothing else.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "shared_study"))
import torch
from report_files import Results
from report_parts import PARTS, run_part
from report_plan import ARMS, FULL, LOSSES, QUICK, Arm, Size
from report_scenes import crops
from report_scores import measure, outputs
from report_training import Point, Row, Walks, Weights, finetune, loaded, pretrained
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
    parser.add_argument("--only", nargs="+", default=None, metavar="RUN", help="of what is missing")
    parser.add_argument("--tables", action="store_true", help="only tables and plots")
    args = parser.parse_args()
    torch.set_num_threads(1)
    size = QUICK if args.quick else FULL
    wanted = replace(size, runs=tuple(args.only), later=()) if args.only else size
    temporary = Path(tempfile.gettempdir()) / "slitseg_report_2021"
    out = args.out or (temporary / "quick" if args.quick else HERE / "results")
    if not args.tables:
        run(wanted, Results(out), args.cache or temporary, args.minutes)
    if args.tables or not (args.quick or list(missing(size, Results(out)))):
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
            run_arms(LOSSES if name == "losses" else (name,), seed, size, results, cache)
        results.close(name, seed, time.monotonic() - began)
        print(f"{name:<22} seed {seed}  {time.monotonic() - began:.0f} s", flush=True)


def missing(size: Size, results: Results) -> Iterator[Job]:
    """Yield runs that are not in the results, one seed after the other."""
    done = results.done()
    for names in (size.runs, size.later):
        for seed, name in product(size.seeds, names):
            is_wanted = name not in size.once or seed == size.seeds[0]
            if is_wanted and (name, seed) not in done:
                yield name, seed


def run_arms(names: tuple[str, ...], seed: int, size: Size, results: Results, cache: Path) -> None:
    """Fine-tune, keep the best weights, and judge best and last on the test images."""
    walks: Walks = {}
    judged: dict[int, Row] = {}
    rows: list[dict[str, object]] = []
    for arm in map(ARMS.__getitem__, names):
        points, best = trained(arm, seed, size, cache, walks)
        tags = {"arm": arm.name, "seed": seed}
        rows += [{**tags, "part": "validation", **point.row} for point in points]
        for part, point in (("test best", best), ("test last", points[-1])):
            if id(point) not in judged:
                judged[id(point)] = judge(point, seed, size, cache)
            rows.append({**tags, "part": part, **judged[id(point)]})
    results.add("epochs", rows)


def judge(point: Point, seed: int, size: Size, cache: Path) -> Row:
    """Return the figures on the test images, at the threshold of the validation images."""
    test = crops(seed, "test", size, cache)
    figures = measure(outputs(loaded(point.weights, size), test), test, point.row["threshold"])
    return {"epoch": point.row["epoch"], "rate": point.row["rate"], **figures}


def trained(
    arm: Arm, seed: int, size: Size, cache: Path, walks: Walks
) -> tuple[list[Point], Point]:
    """Return all points of a training and the first that is best; the start does not count."""
    start = best_of(arm.after, seed, size, cache)
    points = finetune(arm, start, seed, size, cache, walks)
    best = min(points[1:], key=lambda point: point.row[arm.watched])
    save_file(best.weights, _kept(arm.name, seed, size, cache))
    return points, best


def best_of(name: str, seed: int, size: Size, cache: Path) -> Weights:
    """Return the best weights of an arm, trained again if they are not kept any more."""
    if not name:
        return pretrained(seed, size, cache)
    path = _kept(name, seed, size, cache)
    if not path.exists():
        trained(ARMS[name], seed, size, cache, {})
    return dict(load_file(path))


def _kept(name: str, seed: int, size: Size, cache: Path) -> Path:
    return cache / f"{size.name}_{name}_{seed}.safetensors"


if __name__ == "__main__":
    main()
