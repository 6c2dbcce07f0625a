"""FCN, U-Net and DeepLabv3, and four courses of losses: ``python experiments/architectures/arch_run.py``.

Makes the runs that are missing, then tables and plots. ``--minutes N`` stops early; the next start
goes on. ``--quick`` makes a reduced study in some seconds.
"""  # noqa: E501

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch
from arch_results import FOLDER, append, missing
from arch_train import run

QUICK_KEYS = [("unet", "dice, then lovasz + dice", 0), ("deeplabv3", "dice", 0)]
QUICK_SPLIT, QUICK_STEPS = (2, 1, 1), 4


def main(arguments: list[str] | None = None) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--quick", action="store_true", help="two short runs into --out")
    parser.add_argument("--out", type=Path, help="folder of results; for --quick a temporary one")
    args = parser.parse_args(arguments)
    if args.quick:
        quick(args.out or Path(tempfile.mkdtemp(prefix="architectures_")))
    else:
        train_missing(args.out or FOLDER, args.minutes)


def train_missing(folder: Path, minutes: float) -> None:
    """Make the missing runs one after the other; each is in the file as soon as it is done."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    end = time.monotonic() + 60 * minutes
    for key in missing(folder):
        if time.monotonic() >= end:
            break
        append(run(*key), folder)
        print(*key, flush=True)
    print(f"{len(missing(folder))} runs are missing")


def quick(folder: Path) -> None:
    """Train two networks for a few steps."""
    for network, losses, seed in QUICK_KEYS:
        row = run(network, losses, seed, split=QUICK_SPLIT, steps=QUICK_STEPS)
        append(row, folder)
        print(row)
    print(f"results are in {folder}")


if __name__ == "__main__":
    main()
