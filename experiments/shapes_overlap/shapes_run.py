"""Squared error and Dice on shapes: ``python experiments/shapes_overlap/shapes_run.py``.

Trains what the results lack, one network after the other, then writes tables and plots again. With
``--minutes N`` it starts no network after that time; ``--quick --out FOLDER`` is a reduced run.
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from shapes_cases import SEEDS, SETTINGS, Setting
from shapes_data import Shapes, draw
from shapes_page import write_page
from shapes_scores import labels, outputs_of, scores
from shapes_training import BATCH, POINTS_PER_EPOCH, train

HERE = Path(__file__).parent
TRAIN, TEST, SHOWN = 120, 60, 4
QUICK_TRAIN, QUICK_TEST = BATCH * POINTS_PER_EPOCH, 6
TRAIN_SEED, TEST_SEED = 1000, 2000
Row = dict[str, Any]


def main() -> None:
    """Train what is missing, then write tables and plots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--quick", action="store_true", help="two settings, one seed, few images")
    parser.add_argument("--out", type=Path, default=HERE / "results", metavar="FOLDER")
    args = parser.parse_args()
    if args.quick and args.out == HERE / "results":
        parser.error("--quick would mix reduced runs into the results; name a folder with --out")
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    train_missing(args.out, time.monotonic() + 60 * args.minutes, quick=args.quick)
    write_page(args.out, None if args.quick else HERE / "README.md")


def train_missing(folder: Path, until: float, *, quick: bool) -> None:
    """Train the networks that the files lack, and append each when it is done."""
    settings, seeds = (SETTINGS[1:3], SEEDS[:1]) if quick else (SETTINGS, SEEDS)
    test = draw(QUICK_TEST if quick else TEST, TEST_SEED)
    keep_example(folder, "image", test.images[:SHOWN].astype(np.uint8))
    truth = np.where(test.masks.any(1), test.masks.argmax(1) + 1, 0)
    keep_example(folder, "truth", truth[:SHOWN].astype(np.uint8))
    for seed, setting in product(seeds, settings):
        if time.monotonic() < until and not is_done(folder, setting, seed):
            data = draw(QUICK_TRAIN if quick else TRAIN, TRAIN_SEED + seed)
            print(setting, seed, train_one(folder, setting, seed, (data, test)), flush=True)


def train_one(folder: Path, setting: Setting, seed: int, data: tuple[Shapes, Shapes]) -> str:
    """Train one network, append what it does to the files, and return a line about it."""
    began = time.process_time()
    net, rows = train(setting, data[0], seed)
    seconds = time.process_time() - began
    outputs = outputs_of(setting, net, data[1])
    end = scores(setting, outputs, data[1])
    if seed == SEEDS[0]:
        keep_example(folder, name_of(setting), labels(outputs, data[1])[:SHOWN])
    which = {**vars(setting), "seed": seed}
    append(folder / "curves.csv", [{**which, **row} for row in rows])
    append(folder / "runs.csv", [{**which, **end, "seconds": round(seconds, 1)}])
    return f"IoU {end['iou']:.2f}, {seconds:.0f} s"


def is_done(folder: Path, setting: Setting, seed: int) -> bool:
    """Whether the file of runs has this network."""
    path = folder / "runs.csv"
    if not path.exists():
        return False
    rows = pd.read_csv(path)
    same = [rows[name] == value for name, value in {**vars(setting), "seed": seed}.items()]
    return bool(pd.concat(same, axis=1).all(axis=1).any())


def append(path: Path, rows: list[Row]) -> None:
    """Add rows to a file of results."""
    table = pd.DataFrame(rows)
    table.to_csv(path, mode="a", header=not path.exists(), index=False, float_format="%.5g")


def keep_example(folder: Path, name: str, found: np.ndarray[Any, Any]) -> None:
    """Keep what a network says of some test images, for the picture."""
    path = folder / "examples.npz"
    known = dict(np.load(path)) if path.exists() else {}
    everything: dict[str, Any] = {**known, name: found}
    np.savez_compressed(path, **everything)


def name_of(setting: Setting) -> str:
    """Return a name for a setting, such as ``"dice, right, no skips"``."""
    marks = {"right": setting.right, "sparse": setting.sparse, "no skips": not setting.skips}
    words = [setting.loss, f"rate {setting.rate:g}", *(mark for mark in marks if marks[mark])]
    return ", ".join(words)


if __name__ == "__main__":
    main()
