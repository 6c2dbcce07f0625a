"""Squared error and Dice on shapes: ``python experiments/shapes_overlap/shapes_run.py``.

Trains what the results lack, one network after the other, then writes tables and plots again. With
``--minutes N`` it starts no network after that time; ``--quick --out FOLDER`` is a reduced run.
"""

from __future__ import annotations

import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "shared_study"))
import numpy as np
from shapes_cases import SEEDS, SETTINGS, Setting
from shapes_data import Shapes, draw
from shapes_page import write_page
from shapes_scores import labels, outputs_of, scores
from shapes_training import BATCH, POINTS_PER_EPOCH, train
from study_command import make_in_folder
from study_results import append, is_done

HERE = Path(__file__).parent
TRAIN, TEST, SHOWN = 120, 60, 4
QUICK_TRAIN, QUICK_TEST = BATCH * POINTS_PER_EPOCH, 6
TRAIN_SEED, TEST_SEED = 1000, 2000


def main() -> None:
    """Train what is missing, then write tables and plots."""
    quick = "two settings, one seed, few images"
    make_in_folder(__doc__, quick, HERE, train_missing, write_page)


def train_missing(folder: Path, until: float, *, quick: bool) -> None:
    """Train the networks that the files lack, and append each when it is done."""
    settings, seeds = (SETTINGS[1:3], SEEDS[:1]) if quick else (SETTINGS, SEEDS)
    test = draw(QUICK_TEST if quick else TEST, TEST_SEED)
    keep_example(folder, "image", test.images[:SHOWN].astype(np.uint8))
    truth = np.where(test.masks.any(1), test.masks.argmax(1) + 1, 0)
    keep_example(folder, "truth", truth[:SHOWN].astype(np.uint8))
    for seed, setting in product(seeds, settings):
        if time.monotonic() < until and not is_done(folder, which(setting, seed)):
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
    run = which(setting, seed)
    append(folder / "curves.csv", [{**run, **row} for row in rows], "%.5g")
    append(folder / "runs.csv", [{**run, **end, "seconds": round(seconds, 1)}], "%.5g")
    return f"IoU {end['iou']:.2f}, {seconds:.0f} s"


def which(setting: Setting, seed: int) -> dict[str, Any]:
    """Return the columns that tell a run."""
    return {**vars(setting), "seed": seed}


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
